"""Stresses and virials of atoms: their sums, halves of pairs, the heat flux by its definition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import potentia
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import PropertyNotImplementedError, get_calculator_class
from ase.calculators.lj import LennardJones
from ase.units import fs
from documents import blocks
from places import ROOT
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.runs.run_folder import save

PAIR = "species Ar\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å, switch = hard)"
MANY = "species Nb, W\nE = zbl() + eam(rc = 4.5) + nn_angular(bessel(3), hidden = [3], rc = 4)"


@pytest.fixture(scope="module")
def many() -> Potential:
    return compile(MANY)


def crystal(seed: int = 0) -> Atoms:
    atoms = bulk("Nb", "bcc", 3.3, cubic=True).repeat((2, 1, 1))
    atoms.rattle(0.1, seed=seed)
    atoms.symbols[0] = "W"
    return atoms


def test_pairs_are_shared_in_halves_as_by_ase() -> None:
    atoms = bulk("Ar", "fcc", 3.9, cubic=True).repeat((2, 2, 2))
    atoms.rattle(0.1, seed=0)
    atoms.calc = LennardJones(epsilon=0.4, sigma=2.5, rc=4.5, smooth=False)
    expected = atoms.get_stresses()
    atoms.calc = compile(PAIR).calculator(target="cpp")
    np.testing.assert_allclose(atoms.get_stresses(), expected, atol=1e-12)


@pytest.mark.parametrize("pbc", [True, (True, True, False)], ids=["crystal", "slab"])
def test_shares_add_up(many: Potential, pbc: bool | tuple[bool, ...]) -> None:
    atoms = crystal()
    atoms.pbc = pbc
    atoms.calc = many.calculator(target="cpp")
    shares, stress = atoms.get_stresses(), atoms.get_stress()
    assert shares.shape == (len(atoms), 6)
    np.testing.assert_allclose(shares.sum(axis=0), stress, atol=1e-13)
    assert np.abs(shares - stress / len(atoms)).max() > 1e-4
    virials = atoms.calc.get_property("virials", atoms)
    if pbc is True:
        whole = atoms.get_volume() * atoms.get_stress(voigt=False)
        np.testing.assert_allclose(virials.sum(axis=0), whole, atol=1e-11)
    np.testing.assert_allclose(atoms.get_potential_energies().sum(), atoms.get_potential_energy(), rtol=1e-13)


def heat_flux() -> Callable[[Atoms], np.ndarray]:
    """The function on the page."""
    text = (ROOT / "docs" / "ase.md").read_text(encoding="utf-8")
    (code,) = [b.text for b in blocks(text) if b.text.startswith("def heat_flux")]
    names: dict[str, Callable[[Atoms], np.ndarray]] = {}
    exec(code, {"np": np}, names)
    return names["heat_flux"]


def test_the_heat_flux_is_the_derivative_of_its_definition(many: Potential) -> None:
    """V J = d/dt Σ x_i e_i in a cluster: by central differences along its motion."""
    atoms = crystal(1)
    atoms.pbc = False
    atoms.set_velocities(np.random.default_rng(0).normal(0.0, 0.02, (len(atoms), 3)))
    atoms.calc = many.calculator(target="cpp")
    x, v, force = atoms.positions.copy(), atoms.get_velocities(), atoms.get_forces()
    masses = atoms.get_masses()[:, None]

    def moment(t: float) -> np.ndarray:
        moved = atoms.copy()
        moved.calc = atoms.calc
        moved.positions = x + t * v + 0.5 * t**2 * force / masses
        speed = v + t * force / masses
        e = moved.get_potential_energies() + 0.5 * masses[:, 0] * (speed**2).sum(axis=1)
        return e @ moved.positions

    step = 1e-3 * fs
    expected = (moment(step) - moment(-step)) / (2 * step)
    np.testing.assert_allclose(heat_flux()(atoms), expected, rtol=1e-6, atol=1e-7)


def test_who_has_no_shares(many: Potential) -> None:
    atoms = crystal()
    atoms.calc = many.calculator(target="reference")
    with pytest.raises(
        PropertyNotImplementedError, match="the target `reference` has no stresses and virials"
    ):
        atoms.get_stresses()
    atoms.pbc = False
    atoms.calc = many.calculator(target="cpp")
    with pytest.raises(PropertyNotImplementedError, match="a cell with a volume"):
        atoms.get_stresses()
    assert atoms.calc.get_property("virials", atoms).shape == (len(atoms), 3, 3)


def test_the_calculator_has_a_name(tmp_path: Path, many: Potential) -> None:
    save(tmp_path / "run", many)
    named = potentia.Calculator
    assert get_calculator_class("potentia") is named
    atoms = crystal()
    atoms.calc = named(tmp_path / "run")
    energy = atoms.get_potential_energy()
    atoms.calc = many.calculator()
    assert atoms.get_potential_energy() == energy
