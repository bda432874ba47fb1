"""The statistics against a known truth: intervals, information, predicted losses, predicted deviations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from numpy.typing import NDArray
from potentia.compiler.backends.reference import predict
from potentia.compiler.reduction.quadratic_model import Restriction
from potentia.runtime.fitting.fit import fit
from potentia.runtime.fitting.result import FitResult
from potentia.runtime.information.calibration import (
    LEVELS,
    Errors,
    calibrated,
    coverage,
    errors_of,
    scale_of,
)
from potentia.runtime.information.cross_validation import FOLDS, quadratic_model_and_errors
from potentia.runtime.information.fisher_information import of_system, quadratic_model
from potentia.runtime.information.folds import folds_of
from potentia.runtime.information.uncertainty import Uncertainty
from potentia.runtime.optimize.least_squares_problem import LeastSquaresOptions
from potentia.runtime.optimize.levenberg_marquardt import minimize
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.residuals.config import load_config
from potentia.runtime.residuals.residuals import Item, Residuals, Sigmas
from potentia.runtime.structures.batches import make_labels
from potentia.runtime.structures.structure import Structure, from_atoms
from scipy.stats import binom, t

Array = NDArray[np.float64]

CONFIG = load_config(
    None, {"weights": {"sigma_energy": 0.002, "sigma_forces": 0.05, "sigma_stress": 0.3}, "tolerance": 1e-10}
)
SIGMAS = Sigmas.of(CONFIG.weights)


def crystals(n: int, seed: int = 0) -> list[Structure]:
    """Rattled cells of an alloy, of two and of four atoms."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(n):
        cell = "bcc" if k % 2 else "fcc"
        atoms = bulk("Nb", cell, (3.2 if k % 2 else 4.1) * rng.uniform(0.95, 1.1), cubic=True)
        atoms.rattle(0.12, seed=seed + k)
        atoms.symbols[rng.integers(len(atoms))] = "W"
        found.append(from_atoms(atoms, f"structure {k}"))
    return found


def labelled(potential: Potential, structures: list[Structure], noise: int | None = None) -> list[Structure]:
    """The structures with the labels of the potential."""
    found = []
    for s, p in zip(structures, potential.predict(structures), strict=True):
        found.append(replace(s, energy=p.energy, forces=p.forces, stress=p.stress))
    return found if noise is None else noisy(found, noise)


def noisy(structures: list[Structure], seed: int) -> list[Structure]:
    """Labels with the noise that the weights assume."""
    rng = np.random.default_rng(seed)
    found = []
    for s in structures:
        assert s.energy is not None and s.forces is not None and s.stress is not None
        stress = np.triu(rng.normal(size=(3, 3)))
        found.append(
            replace(
                s,
                energy=s.energy + rng.normal() * SIGMAS.energy * s.n_atoms,
                forces=s.forces + rng.normal(size=s.forces.shape) * SIGMAS.forces,
                stress=s.stress + (stress + np.triu(stress, 1).T) * SIGMAS.stress,
            )
        )
    return found


class Relabelled(Residuals):
    """Residuals whose labels can be exchanged: compiled once for many sets of them."""

    labels: list[Structure]

    def batches(self, chosen: Sequence[int] | None = None) -> Iterator[Item]:
        groups = self.plan.groups if chosen is None else [self.plan.groups[k] for k in chosen]
        for (arrays, batch, _), (_, indices) in zip(super().batches(chosen), groups, strict=True):
            yield arrays, batch, make_labels(self.labels, batch, indices)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    trials, level = 150, 0.95
    spec = "species Nb, W\nE = morse(D = {Nb-Nb: 0.5, Nb-W: 0.6, W-W: fixed 0.5}, a = fixed 1.4, rc = 4.5)"
    truth = compile(spec + " + reference()")
    truth = truth.with_theta(np.where(truth.theta == 0.0, 0.3, truth.theta))
    exact = labelled(truth, crystals(4))
    problem = Relabelled(truth, exact, SIGMAS)
    start = truth.theta[problem.free]
    inside = np.zeros(len(start))
    for trial in range(trials):
        problem.labels = noisy(exact, trial)
        found = minimize(problem, start, LeastSquaresOptions(decrease_tolerance=1e-6))
        assert found.converged
        known = of_system(found.system, problem.names, found.theta)
        half = t.ppf(0.5 + level / 2, known.n_dof) * known.deviations
        inside += np.abs(found.theta - start) <= half
    low, high = binom.interval(1 - 1e-4, trials, level)
    assert len(start) >= 5
    assert ((low <= inside) & (inside <= high)).all(), inside / trials


def reference_rows(potential: Potential, theta: Array, structures: list[Structure]) -> Array:
    """Weighted predictions (m,) of the reference backend, which shares no code with the fit."""
    rows: list[Array] = []
    for s in structures:
        kinds = np.array([potential.species.index(x) for x in s.symbols])
        p = predict(potential.model, theta, s.positions, s.cell, s.pbc, kinds)
        stress = (p.virial / s.volume)[np.triu_indices(3)]
        root = np.sqrt(s.weight)
        rows.append(np.array([root * p.energy / s.n_atoms / SIGMAS.energy]))
        rows += [root * p.forces.ravel() / SIGMAS.forces, root * stress / SIGMAS.stress]
    return np.concatenate(rows)


SPECS = [
    "E = morse(rc=3.6) + eam(rc=3.4, basis=bessel(2)) + reference()",
    "E = three_body(bessel(1), l=1, rc=3.2) + nn(bessel(1), hidden=[2], rc=3.2)",
]


@pytest.mark.parametrize("spec", SPECS)
def test_the_information_is_that_of_finite_differences(spec: str) -> None:
    potential = compile("species Nb, W\n" + spec)
    rng = np.random.default_rng(5)
    potential = potential.with_theta(potential.theta + 0.05 * rng.normal(size=len(potential.theta)))
    structures = [replace(crystals(2, 3)[1], weight=2.5)]
    known = quadratic_model(potential, labelled(potential, structures, noise=1), CONFIG)
    columns = []
    for k in range(len(potential.theta)):
        step = np.zeros(len(potential.theta))
        step[k] = 1e-5
        sides = [reference_rows(potential, potential.theta + sign * step, structures) for sign in (1, -1)]
        columns.append((sides[0] - sides[1]) / 2e-5)
    jacobian = np.column_stack(columns)
    expected, found = jacobian.T @ jacobian, known.factor.T @ known.factor
    norms = np.linalg.norm(jacobian, axis=0)
    scale = np.outer(norms, norms) + 1e-300
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-6)
    assert known.n_rows == len(jacobian)
    np.testing.assert_allclose(known.theta, potential.theta)


# --- linear models: everything is exact -------------------------------------------------------------

START = "species Nb, W\nE = reference()"
OTHER = " + pair(gaussian(3), rc=3.8)"


@pytest.fixture(scope="module")
def full() -> Potential:
    return compile(START + " + pair(bessel(4), rc=4.5)" + OTHER)


@pytest.fixture(scope="module")
def truth() -> Potential:
    """A potential that the linear model is no description of."""
    return compile("species Nb, W\nE = eam(rc=4.5)")


@pytest.fixture(scope="module")
def data(truth: Potential) -> list[Structure]:
    return labelled(truth, crystals(15, 7), noise=3)


@pytest.fixture(scope="module")
def fitted(full: Potential, data: list[Structure]) -> FitResult:
    return fit(full, data, CONFIG)


# the formula after a rewrite, the numbers that are gone, those that have become one
REWRITES = {
    "a term": (" + pair(bessel(4), rc=4.5)", r"pair_2\..*", ()),
    "a function": (" + pair(bessel(4), rc=4.5, c=keep(0, 1, 3))" + OTHER, r"pair\.c\[.*,2\]", ()),
    "two rows made one": (
        " + pair(bessel(4), rc=4.5, c={Nb-Nb = Nb-W: 0, W-W: 0})" + OTHER,
        "nothing",
        tuple((f"pair.c[Nb-Nb,{k}]", f"pair.c[Nb-W,{k}]") for k in range(4)),
    ),
}


@pytest.mark.parametrize(("text", "gone", "tied"), REWRITES.values(), ids=REWRITES.keys())
def test_the_predicted_loss_is_that_of_the_fit_after_the_rewrite(
    data: list[Structure], fitted: FitResult, text: str, gone: str, tied: tuple[tuple[str, str], ...]
) -> None:
    known = fitted.quadratic_model
    assert known is not None and known.loss == fitted.loss
    zero = {k: 0.0 for k, name in enumerate(known.names) if re.fullmatch(gone, name)}
    chosen = Restriction(zero, tuple(tuple(known.names.index(name) for name in group) for group in tied))
    refitted = fit(compile(START + text), data, CONFIG)
    assert refitted.potential.n_parameters == known.size - chosen.removes < known.size
    assert known.cost(chosen) == pytest.approx(refitted.loss - known.loss, rel=1e-8)


def test_errors_held_out_are_those_of_fits_to_the_others(
    full: Potential, data: list[Structure], fitted: FitResult
) -> None:
    seen = quadratic_model_and_errors(fitted.potential, data, CONFIG)[1]
    part = folds_of(len(data), FOLDS, CONFIG.seed)
    assert np.unique(part, return_counts=True)[1].tolist() == [3] * 5
    others = [s for s, p in zip(data, part, strict=True) if p != 2]
    own = [s for s, p in zip(data, part, strict=True) if p == 2]
    again = fit(full, others, CONFIG)
    assert again.root is not None
    energy, deviation = [], []
    raw = Uncertainty(again.potential, again.root).predict(own)
    for s, p, d in zip(own, again.potential.predict(own), raw, strict=True):
        assert s.energy is not None
        energy.append((p.energy - s.energy) / s.n_atoms)
        deviation.append(d.energy / s.n_atoms)
    nearest = [int(np.argmin(np.abs(seen["energy"].error - e))) for e in energy]
    np.testing.assert_allclose(seen["energy"].error[nearest], energy, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(seen["energy"].raw[nearest], deviation, rtol=1e-6)


# --- deviations of predictions ----------------------------------------------------------------------


def test_deviations_are_the_root_of_the_diagonal_of_the_covariance_carried_over(
    data: list[Structure], fitted: FitResult
) -> None:
    covariance, root = fitted.covariance, fitted.root
    assert covariance is not None and root is not None
    found = Uncertainty(fitted.potential, root).predict(data)
    problem = Residuals(fitted.potential, data, Sigmas(1.0, 1.0, 1.0))
    theta = fitted.potential.theta
    for rows in problem.rows(theta, np.arange(len(theta))):
        sigma = np.linalg.norm(rows.jacobian @ root, axis=1)
        formed = np.einsum("mi,ij,mj->m", rows.jacobian, covariance, rows.jacobian)
        np.testing.assert_allclose(formed, sigma**2, rtol=1e-2, atol=1e-9)  # forming the matrix costs digits
        for k in np.unique(rows.structure):
            own = rows.structure == k
            per_atom = found[k].energy / data[k].n_atoms
            assert per_atom == pytest.approx(sigma[own & (rows.quantity == 0)][0], rel=1e-8)
            expected = sigma[own & (rows.quantity == 1)].reshape(3, -1).T
            np.testing.assert_allclose(found[k].forces, expected, rtol=1e-7, atol=1e-12)


def test_what_no_label_reached_is_unknown_where_it_takes_part(full: Potential, data: list[Structure]) -> None:
    pure = [replace(s, numbers=np.full_like(s.numbers, 41)) for s in data]
    known = quadratic_model(full, pure, CONFIG)
    endless = [n for n, d in zip(known.names, known.deviations, strict=True) if np.isinf(d)]
    assert endless == [n for n in known.names if "W" in n]
    found = Uncertainty(full, known.spread).predict([*data[:1], *pure[1:]])
    assert np.isinf(found[0].energy) and np.isinf(found[0].forces).any()
    assert all(0 < d.energy < 10 and (d.forces < 10).all() for d in found[1:])


@pytest.mark.parametrize(("floor", "factor"), [(0.1, 0.0), (0.0, 3.0), (0.05, 2.0)])
def test_the_calibration_finds_how_errors_were_made(floor: float, factor: float) -> None:
    rng = np.random.default_rng(4)
    raw = 0.02 * rng.lognormal(sigma=1.0, size=20_000)
    seen = Errors(rng.normal(size=len(raw)) * np.hypot(floor, factor * raw), raw)
    scale = scale_of(seen)
    assert scale.floor == pytest.approx(floor, rel=0.05, abs=2e-3)
    assert scale.factor == pytest.approx(factor, rel=0.05, abs=0.2)
    covered = coverage(seen, scale)
    assert covered is not None
    for expected, observed in zip(LEVELS, covered.observed, strict=True):
        low, high = binom.interval(1 - 1e-6, len(raw), expected)
        assert low / len(raw) - 0.005 <= observed <= high / len(raw) + 0.005
    assert covered.rms_error == pytest.approx(covered.rms_sigma, rel=0.1)


def test_errors_that_say_nothing_are_left_out() -> None:
    raw = np.array([np.inf, np.nan, 1e-17, 0.1, 0.2])
    seen = Errors(np.array([9.0, 9.0, 0.0, 0.1, -0.2]), raw)
    assert seen.n_unknown == 2 and seen.telling.raw.tolist() == [0.1, 0.2]
    none = Errors(np.zeros(0), np.zeros(0))
    assert coverage(none) is None
    found = calibrated({"energy": seen, "forces": none})
    assert (found.n_energy, found.n_forces) == (2, 0)
    assert np.isinf(found.energy(np.array(np.inf))) and found.forces(np.array(2.0)) == 2.0


def test_model_error_is_in_the_calibrated_deviations(
    truth: Potential, data: list[Structure], fitted: FitResult
) -> None:
    """The labels are of another formula: raw deviations are too small, calibrated ones cover new data."""
    calibration = calibrated(quadratic_model_and_errors(fitted.potential, data, CONFIG)[1])
    new = labelled(truth, crystals(15, 90), noise=8)
    assert fitted.root is not None
    raw = Uncertainty(fitted.potential, fitted.root).predict(new)
    seen = errors_of(new, fitted.potential.predict(new), raw)["forces"]
    plain, best = coverage(seen), coverage(seen, calibration.forces)
    assert plain is not None and best is not None
    at = LEVELS.index(0.95)
    assert plain.observed[at] < 0.75 and best.observed[at] > 0.88
