"""The calculator of ASE: derivatives, changing atoms, and what it does not compile again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.potential.calculator import PotentiaCalculator
from potentia.runtime.potential.potential import Potential, compile

SPEC = "species Nb, W\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å) + nn(bessel(3), hidden=[3], rc=4)"


@pytest.fixture(scope="module")
def potential() -> Potential:
    return compile(SPEC)


def crystal(seed: int = 0) -> Atoms:
    atoms = make_supercell(bulk("Nb", "bcc", 3.3, cubic=True), np.diag([2, 1, 1]))
    atoms.rattle(0.1, seed=seed)
    atoms.symbols[0] = "W"
    return atoms


def test_forces_and_stress_are_derivatives_of_the_energy(potential: Potential) -> None:
    atoms = crystal()
    atoms.calc = potential.calculator()
    np.testing.assert_allclose(atoms.get_forces(), calculate_numerical_forces(atoms, 1e-4), atol=2e-6)
    np.testing.assert_allclose(atoms.get_stress(), calculate_numerical_stress(atoms, 1e-5), atol=2e-6)


def test_a_slab_has_the_stress_in_its_plane(potential: Potential) -> None:
    atoms = crystal()
    atoms.center(vacuum=6, axis=2)
    atoms.pbc = [True, True, False]
    atoms.calc = potential.calculator()
    found = atoms.get_stress()
    numerical = calculate_numerical_stress(atoms, 1e-5)
    np.testing.assert_allclose(found[[0, 1, 5]], numerical[[0, 1, 5]], atol=2e-6)
    assert abs(found[0]) > 1e-3 and found[[2, 3, 4]].tolist() == [0, 0, 0]


def test_all_properties(potential: Potential) -> None:
    atoms = crystal()
    atoms.calc = potential.calculator()
    energy = atoms.get_potential_energy()
    assert atoms.get_potential_energy(force_consistent=True) == energy
    np.testing.assert_allclose(atoms.get_potential_energies().sum(), energy, rtol=1e-12)
    assert atoms.get_stress(voigt=False).shape == (3, 3)


@pytest.mark.parametrize("target", ["cpp", "xla"])
def test_lists_are_kept_while_they_hold_and_the_answer_is_the_same(
    target: str, potential: Potential, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    evaluator = potential.evaluator(target)
    lists = evaluator.lists
    monkeypatch.setattr(evaluator, "lists", lambda *args: made.append(args) or lists(*args))
    atoms = crystal()
    atoms.calc = potential.calculator(skin=0.6, target=target)
    start = atoms.positions.copy()
    source = np.random.default_rng(0)
    counts = []
    for step in range(12):
        way = source.normal(size=3)
        atoms.positions[:] = start + 0.07 * step * way / np.linalg.norm(way)
        fresh = crystal()
        fresh.positions[:] = atoms.positions
        fresh.calc = potential.calculator(skin=0.0, target=target)
        np.testing.assert_allclose(atoms.get_forces(), fresh.get_forces(), atol=1e-10)
        counts.append(sum(1 for args in made if args[-1] == 0.6))
    assert counts[0] == counts[4] == 1
    assert counts[-1] > 1


def test_no_compilation_a_step(potential: Potential) -> None:
    atoms = crystal()
    calculator = potential.calculator(target="xla")
    potential.evaluator("xla")._singles.known.clear()
    atoms.calc = calculator
    atoms.get_forces()
    for seed in range(5):
        atoms.positions[:] = crystal(seed).positions
        atoms.set_cell(atoms.cell * (1 + 0.001 * seed), scale_atoms=True)
        atoms.get_forces()
    assert len(potential.evaluator("xla")._singles.known) == 1


def test_atoms_cell_and_species_may_change(potential: Potential) -> None:
    calculator = potential.calculator()
    dimer = Atoms("NbW", [[0, 0, 0], [0, 0, 2.6]])
    for atoms in (crystal(), crystal(1) * (1, 2, 1), bulk("W", "bcc", 3.2), dimer):
        expected = atoms.copy()
        expected.calc = PotentiaCalculator(potential)
        atoms.calc = calculator
        np.testing.assert_allclose(atoms.get_forces(), expected.get_forces(), atol=1e-10)
        np.testing.assert_allclose(atoms.get_potential_energy(), expected.get_potential_energy(), rtol=1e-12)


def test_a_cell_that_is_smaller_than_the_cutoff(potential: Potential) -> None:
    one, many = bulk("Nb", "bcc", 3.3), bulk("Nb", "bcc", 3.3) * (3, 3, 3)
    calculator = potential.calculator()
    one.calc, many.calc = calculator, calculator
    np.testing.assert_allclose(many.get_potential_energy(), 27 * one.get_potential_energy(), rtol=1e-10)
    np.testing.assert_allclose(many.get_stress(), one.get_stress(), atol=1e-10)


def test_single_precision_is_near(potential: Potential) -> None:
    atoms, rough = crystal(), crystal()
    atoms.calc, rough.calc = potential.calculator(), potential.calculator(precision="float32")
    np.testing.assert_allclose(rough.get_forces(), atoms.get_forces(), atol=2e-4)
    assert np.abs(rough.get_forces() - atoms.get_forces()).max() > 0


def test_no_stress_without_a_periodic_cell(potential: Potential) -> None:
    atoms = Atoms("NbW", [[0, 0, 0], [0, 0, 2.6]])
    atoms.calc = potential.calculator()
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()
    assert atoms.get_forces().shape == (2, 3)


def refused(atoms: Atoms, calculator: Any) -> tuple[str, str, str | None]:
    atoms.calc = calculator
    with pytest.raises(DataError) as caught:
        atoms.get_potential_energy()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_what_cannot_be_calculated(potential: Potential) -> None:
    calculator = potential.calculator()
    assert refused(bulk("Cu"), calculator) == (
        "unknown-species-in-data",
        "the data has Cu, which is not a species of the potential",
        "species of the potential: Nb, W",
    )
    assert refused(Atoms("Nb2", [[0, 0, 0], [0, 0, 0]]), calculator) == (
        "not-finite",
        "the energy or a force is not finite",
        "are two atoms at the same place?",
    )
    lost = bulk("Nb", cubic=True)
    lost.positions[1, 2] = np.nan
    assert refused(lost, calculator) == (
        "not-finite",
        "the position of atom 2 along z is nan",
        "has a simulation or a relaxation broken down before?",
    )
    for cell in (np.zeros((3, 3)), [[3, 0, 0], [3, 0, 0], [0, 0, 3]]):
        assert refused(Atoms("Nb", cell=cell, pbc=True), calculator) == (
            "flat-cell",
            "the cell is periodic along a, b, c but its vectors there span no volume",
            "give the cell, or say in which directions it is periodic (`pbc`)",
        )
    assert refused(Atoms(), calculator) == ("no-atoms", "there are no atoms to calculate", None)


def test_options_are_checked(potential: Potential) -> None:
    with pytest.raises(DataError, match="`half` is not a precision"):
        potential.calculator(precision="half")
    with pytest.raises(DataError, match="a skin of -1 Å is not a distance of 0 or more"):
        potential.calculator(skin=-1)
    with pytest.raises(TypeError):
        potential.calculator(cutof=3)
