"""Signs and units of stress labels, found from the energies of strained cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones
from places import ROOT
from potentia.compiler.chemistry.constants import GPA
from potentia.compiler.diagnostics.diagnostic import Diagnostic
from potentia.runtime.data.labels import LabelKeys, tensor
from potentia.runtime.data.readers import read
from potentia.runtime.data.stress_convention import check_stress
from potentia.runtime.structures.structure import Structure, from_atoms

NB_DFT = ROOT.parent / "shared/data/nb_dft.xyz"
BULK_MODULUS = 1.0  # eV/Å³
VOLUME = 36.0


def strained(n: int = 12) -> list[Structure]:
    """Cells with E = ½ K V₀ (v − 1)², v = V/V₀, so that σ = K (v − 1): exactly consistent labels."""
    made = []
    for v in np.linspace(0.9, 1.15, n):
        cell = np.eye(3) * (VOLUME * v) ** (1 / 3)
        bare = from_atoms(Atoms("Nb2", scaled_positions=[[0, 0, 0], [0.5] * 3], cell=cell, pbc=True))
        energy = BULK_MODULUS * VOLUME * (v - 1) ** 2 / 2
        made.append(replace(bare, energy=energy, stress=np.eye(3) * BULK_MODULUS * (v - 1)))
    return made


def scaled(structures: Sequence[Structure], factor: Callable[[Structure], float]) -> list[Structure]:
    return [replace(s, stress=s.stress * factor(s)) for s in structures if s.stress is not None]


def only(diagnostics: list[Diagnostic]) -> Diagnostic:
    (d,) = diagnostics
    assert d.severity == "warning"
    return d


def test_right_labels_are_silent() -> None:
    assert check_stress(strained()) == []


def test_wrong_sign() -> None:
    d = only(check_stress(scaled(strained(), lambda s: -1)))
    assert (d.code, d.message) == ("stress-sign", "the stress labels have the wrong sign")
    assert d.help == (
        "over 22 pairs of strained cells the energy changes by -0.945 times V*stress:strain; "
        "say `--stress-sign compression`"
    )


@pytest.mark.parametrize(
    ("factor", "declared", "expected"),
    [
        (GPA, "eV/Å^3", "the stress labels seem to be in GPa, not in eV/Å^3"),
        (10 * GPA, "eV/Å^3", "the stress labels seem to be in kbar, not in eV/Å^3"),
        (-10 * GPA, "eV/Å^3", "the stress labels seem to be in kbar, not in eV/Å^3, and have the wrong sign"),
        (10, "GPa", "the stress labels seem to be in kbar, not in GPa"),
        (1 / GPA, "GPa", "the stress labels seem to be in eV/Å^3, not in GPa"),
        (5, "eV/Å^3", "the stress labels are about 5.29 times too large for the energies"),
    ],
)
def test_wrong_unit(factor: float, declared: str, expected: str) -> None:
    d = only(check_stress(scaled(strained(), lambda s: factor), LabelKeys(stress_unit=declared)))
    assert (d.code, d.message) == ("stress-unit", expected)


def test_a_virial_read_as_a_stress() -> None:
    d = only(check_stress(scaled(strained(), lambda s: -s.volume)))
    assert d.message == "the stress labels seem to be virials in eV, not stresses"


def test_a_virial_of_the_other_sign() -> None:
    d = only(check_stress(scaled(strained(), lambda s: -1), LabelKeys(virial="virial")))
    assert d.message == "the virial labels have the wrong sign"
    assert d.help is not None and d.help.endswith("say `--virial-sign plus`")


def test_silent_where_nothing_can_be_said() -> None:
    backwards = scaled(strained(), lambda s: -1)
    rng = np.random.default_rng(0)
    shaken = [replace(s, positions=s.positions + rng.normal(0, 0.1, (2, 3))) for s in backwards]
    assert check_stress(shaken) == []  # molecular dynamics: no two alike
    assert check_stress(backwards[:2]) == []  # too few
    assert check_stress([]) == []
    assert check_stress([replace(s, energy=None) for s in backwards]) == []
    assert check_stress(scaled(backwards, lambda s: rng.normal())) == []  # no correlation
    slab = np.array([True, True, False])
    assert check_stress([replace(s, pbc=slab) for s in backwards]) == []


def shaken_argon(n: int) -> list[Structure]:
    rng = np.random.default_rng(3)
    made = []
    for _ in range(n):
        atoms = bulk("Ar", "fcc", 5.3, cubic=True)
        atoms.positions += rng.normal(0, 0.25, atoms.positions.shape)
        atoms.calc = LennardJones(epsilon=0.0104, sigma=3.4, rc=5.0, smooth=True)
        energy, forces, stress = (
            atoms.get_potential_energy(),
            atoms.get_forces(),
            atoms.get_stress(voigt=False),
        )
        made.append(replace(from_atoms(atoms), energy=energy, forces=forces, stress=stress))
    return made


def test_forces_between_near_atoms_tell_a_sign_where_no_cell_is_strained() -> None:
    structures = shaken_argon(12)
    assert check_stress(structures) == []
    backwards = scaled(structures, lambda s: -1)
    d = only(check_stress(backwards))
    assert (d.code, d.message) == ("stress-sign", "the stress labels seem to have the wrong sign")
    assert d.help == (
        "the shear that the forces between near atoms imply is against them (-1.00); "
        "say `--stress-sign compression`"
    )
    assert check_stress(backwards[:4]) == []  # too few
    rng = np.random.default_rng(0)
    assert check_stress([replace(s, forces=rng.normal(0, 1, (4, 3))) for s in backwards]) == []


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (10 * GPA, "the stress labels seem to be in kbar, not in eV/Å^3"),
        (-10 * GPA, "the stress labels seem to be in kbar, not in eV/Å^3, and have the wrong sign"),
    ],
)
def test_forces_between_near_atoms_tell_a_unit_where_no_cell_is_strained(
    factor: float, expected: str
) -> None:
    d = only(check_stress(scaled(shaken_argon(12), lambda s: factor)))
    assert (d.code, d.message) == ("stress-unit", expected)
    assert d.help is not None and "times the shear that the forces between near atoms imply" in d.help


def test_forces_between_near_atoms_tell_another_order_of_six_numbers() -> None:
    made = []
    for s in shaken_argon(12):
        assert s.stress is not None
        xx, yy, zz, yz, zx, xy = s.stress[[0, 1, 2, 1, 2, 0], [0, 1, 2, 2, 0, 1]]
        made.append(replace(s, stress=tensor([xx, yy, zz, xy, yz, zx])))
    d = only(check_stress(made))
    assert (d.code, d.message) == (
        "stress-order",
        "the stress labels seem to be in the order of VASP, xx yy zz xy yz zx",
    )
    assert d.help == (
        "the shear that the forces between near atoms imply agrees with them so (1.00), and not as "
        "xx yy zz yz xz xy; write all nine numbers"
    )
    assert check_stress(made[:4]) == []  # too few


def test_niobium() -> None:
    if not NB_DFT.exists():
        pytest.skip(f"{NB_DFT} is absent")
    structures = read(NB_DFT).structures
    assert check_stress(structures) == []
    assert only(check_stress(scaled(structures, lambda s: -1))).code == "stress-sign"
    dynamics = [s for s in structures if s.config_type == "Nb_AIMD"]
    assert check_stress(scaled(dynamics, lambda s: -1)) == []
