"""Outputs and their derivatives by generated C++ against XLA, and both targets as a fit takes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import potentia
import pytest
from ase import Atoms
from ase.build import bulk
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.residuals.cpp import CppOutputs
from potentia.runtime.residuals.gradients import summed
from potentia.runtime.residuals.outputs import Outputs, outputs_of, xla_outputs
from potentia.runtime.residuals.residuals import Residuals, Sigmas
from potentia.runtime.structures.structure import Structure, from_atoms

JOINED = (
    "species Cu, Au\n"
    "E = morse(D = {Cu-Cu: 0.5, Cu-Au: 0.6, Au-Au: fixed 0.5}, a = fixed 1.4, rc = 4.5 Å) + reference()"
)
COEFFICIENTS = "species Cu, Au\nE = pair(bessel(2), rc = 4 Å)"


def crowd(symbols: list[str], seed: int, periodic: bool = True) -> Structure:
    """A labelled structure of eight atoms."""
    rng = np.random.default_rng(seed)
    atoms: Atoms = bulk("Cu", "fcc", a=3.9, cubic=True).repeat((1, 1, 2))
    atoms.symbols = rng.permutation((symbols * len(atoms))[: len(atoms)])
    atoms.rattle(0.2, rng=rng)
    atoms.pbc = periodic
    found = from_atoms(atoms, "crowd")
    stress = np.zeros((3, 3)) if periodic else None
    return replace(found, energy=0.0, forces=np.zeros((len(atoms), 3)), stress=stress)


def rows(potential: potentia.Potential, outputs: Outputs, structures: list[Structure]) -> np.ndarray:
    """Residuals and Jacobian, structures in order."""
    problem = Residuals(potential, structures, Sigmas(1.0, 1.0, 1.0), outputs=outputs)
    theta = potential.theta + 0.3 * np.random.default_rng(0).normal(size=len(potential.theta))
    found = list(problem.rows(theta[problem.free], np.arange(len(problem.free))))
    order = np.argsort(np.concatenate([r.structure * 3 + r.quantity for r in found]), kind="stable")
    return np.concatenate([np.column_stack([r.residual, r.jacobian]) for r in found])[order]


def test_targets_agree_on_rows() -> None:
    """Labels of all kinds, weights, numbers that rows of a table share."""
    potential = potentia.compile(JOINED)
    structures = [crowd(["Cu", "Au"], 0), crowd(["Cu", "Au"], 1, periodic=False), crowd(["Cu"], 2)]
    structures[0] = replace(structures[0], weight=0.3)
    ours = outputs_of(potential, "cpp")
    assert isinstance(ours, CppOutputs)
    got, want = (rows(potential, o, structures) for o in (ours, xla_outputs(potential, "float64")))
    assert want.any(axis=0).all()
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-11 * (1.0 + np.abs(want).max()))


def test_targets_agree_on_the_gradient_of_a_loss() -> None:
    """And it is Jᵀ r."""
    potential = potentia.compile(JOINED)
    structures = [crowd(["Cu", "Au"], 0), crowd(["Cu", "Au"], 1, periodic=False), crowd(["Cu"], 2)]
    structures[0] = replace(structures[0], weight=0.3)
    found = []
    for outputs in (outputs_of(potential, "cpp", in_reverse=True), xla_outputs(potential, "float64")):
        problem = Residuals(potential, structures, Sigmas(1.0, 1.0, 1.0), outputs=outputs)
        found.append(summed(problem, potential.theta[problem.free]))
    every = list(problem.rows(potential.theta[problem.free], np.arange(len(problem.free))))
    want = sum(r.jacobian.T @ r.residual for r in every)
    for loss, gradient in found:
        assert loss == pytest.approx(found[1][0], rel=1e-12)
        np.testing.assert_allclose(gradient, want, rtol=0, atol=1e-11 * np.abs(want).max())


def test_single_precision_is_near() -> None:
    potential = potentia.compile(COEFFICIENTS)
    structures = [crowd(list(potential.species), 0)]
    got, want = (rows(potential, outputs_of(potential, "cpp", p), structures) for p in ("float32", "float64"))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-4 * np.abs(want).max())
    assert (got != want).any()


def test_what_is_kept_is_bounded() -> None:
    potential = potentia.compile(COEFFICIENTS)
    structures = [crowd(["Cu", "Au"], seed) for seed in range(40)]
    kept = []
    for memory in (1000.0, 50e-3):
        problem = Residuals(potential, structures, Sigmas(1.0, 1.0, 1.0), memory)
        loss = problem.loss(potential.theta[problem.free])
        kept.append((loss, len(problem._kept)))
    assert kept[0][0] == kept[1][0]
    assert kept[0][1] > kept[1][1]


def test_targets_that_cannot_be_had() -> None:
    potential = potentia.compile(COEFFICIENTS)
    with pytest.raises(DataError, match="is not a target"):
        outputs_of(potential, "gpu")


@pytest.mark.parametrize("memory", [1000.0, 0.01])
def test_a_second_pass_has_the_rows_of_the_first(memory: float) -> None:
    potential = potentia.compile(COEFFICIENTS)
    structures = [crowd(["Cu", "Au"], seed) for seed in range(70)]
    problem = Residuals(potential, structures, Sigmas(1.0, 1.0, 1.0), memory)
    theta = potential.theta[problem.free]
    first, second = (list(problem.rows_again(theta)) for _ in range(2))
    assert len(problem.plan.groups) > 1
    for a, b in zip(first, second, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
        assert (a is b) is (memory > 1.0)
