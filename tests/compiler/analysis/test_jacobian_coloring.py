"""Derivatives of several species of site along one direction, told apart, against one at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import potentia
import pytest
from ase import Atoms
from ase.build import bulk
from potentia.compiler import pipeline
from potentia.compiler.analysis.jacobian_coloring import jacobian_coloring
from potentia.runtime.residuals.derivatives import Derivatives
from potentia.runtime.residuals.outputs import Outputs, outputs_of, xla_outputs
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.structures.batches import Batch
from potentia.runtime.structures.structure import Structure, from_atoms

HEAD = "species Cu, Au, O\nE = "
NEP = "nep(rc = 4 Å, rc_angular = 3 Å, n_max = [1, 1], basis_size = [2, 2], l_max = [2, 0, 0], neuron = 3)"
OF_NEP = {"nep.c_radial", "nep.c_angular", "nep.W1", "nep.b1", "nep.w"}
# a formula, and which of its parameters act through sites of their species alone
CASES = {
    "nep": (NEP.replace("[2, 0, 0]", "[2, 2, 0]"), OF_NEP),
    "shared network": (NEP[:-1] + ", network = shared)", {"nep.c_radial", "nep.c_angular"}),
    "nn": ("nn(bessel(3), hidden = [3, 3], rc = 4 Å)", {"nn.W1", "nn.b1", "nn.W2", "nn.b2", "nn.w"}),
    "reference": (
        f"{NEP} + reference()",
        OF_NEP | {"reference.e0"},
    ),
    "atoms alone": ("reference()", set()),
    "pairs": ("pair(bessel(3), rc = 4 Å)", set()),
    "beside pairs": (
        "nn(bessel(3), hidden = [3], rc = 4 Å) + pair(bessel(3), rc = 3 Å)",
        {"nn.W1", "nn.b1", "nn.w"},
    ),
}


def crowd(seed: int, periodic: bool = True) -> Structure:
    rng = np.random.default_rng(seed)
    atoms: Atoms = bulk("Cu", "fcc", a=3.9, cubic=True).repeat((1, 1, 2))
    atoms.symbols = rng.permutation(["Cu", "Au", "O"] * 3)[: len(atoms)]
    atoms.rattle(0.2, rng=rng)
    atoms.pbc = periodic
    found = from_atoms(atoms, "crowd")
    n = len(atoms)
    return replace(found, energy=0.0, forces=np.zeros((n, 3)), stress=np.zeros((3, 3)) if periodic else None)


@pytest.mark.parametrize("name", CASES)
def test_which_parameters_are_of_a_species_of_site(name: str) -> None:
    formula, own = CASES[name]
    model = pipeline.optimize(potentia.compile(HEAD + formula).model)
    assert set(jacobian_coloring(model)) == own


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_one_at_a_time(name: str) -> None:
    compare(name, [crowd(0), crowd(1)])


def test_derivatives_in_open_boundaries() -> None:
    compare("nn", [crowd(2, periodic=False)])


def compare(name: str, structures: list[Structure]) -> None:
    """Derivatives by XLA along shared directions, told apart, with those by C++ of one number at a time."""
    potential = potentia.compile(HEAD + CASES[name][0])
    theta = potential.theta + 0.3 * np.random.default_rng(0).normal(size=len(potential.theta))
    numbers = potential.free
    chosen = np.sort(np.random.default_rng(1).choice(numbers, len(numbers) // 2, replace=False))
    by = xla_outputs(potential, "float64"), outputs_of(potential, "cpp")
    found = [list(residuals(potential, structures, target).batches()) for target in by]
    for (arrays, batch, _), (others, other, _) in zip(*found, strict=True):
        assert np.array_equal(batch.n_atoms[batch.n_atoms > 0], other.n_atoms)
        there = of_atoms(batch)
        exact = by[1].derivatives(theta, others, numbers)[:, of_atoms(other)]
        close = {"rtol": 0, "atol": 1e-11 * max(1.0, np.abs(exact).max())}
        np.testing.assert_allclose(by[0].derivatives(theta, arrays, numbers)[:, there], exact, **close)
        part = by[0].derivatives(theta, arrays, chosen)[:, there]
        np.testing.assert_allclose(part, exact[np.searchsorted(numbers, chosen)], **close)
    assert by[0].n_directions(numbers) == by[1].n_directions(numbers)


def residuals(potential: potentia.Potential, structures: list[Structure], outputs: Outputs) -> Residuals:
    return Residuals(potential, structures, Sigmas(1.0, 1.0, 1.0), outputs=outputs)


def of_atoms(batch: Batch) -> np.ndarray:
    """The places of outputs that are of no padding."""
    structures = batch.n_atoms > 0
    return np.flatnonzero(np.concatenate([structures, np.tile(batch.real, 3), np.tile(structures, 6)]))


def test_directions_are_fewer_where_species_have_parameters_of_their_own() -> None:
    potential = potentia.compile(HEAD + NEP)
    derivatives = Derivatives(potential.kernel())
    numbers = potential.free
    assert derivatives.n_directions(numbers) * 3 == len(numbers)
    assert derivatives.n_directions(numbers[:1]) == 1


def test_one_species_has_nothing_to_tell_apart() -> None:
    model = pipeline.optimize(potentia.compile("species Cu\nE = " + NEP).model)
    assert jacobian_coloring(model) == {}
