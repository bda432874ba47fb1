"""The streamed least-squares system against NumPy on the whole matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.runtime.optimize.qr_system import (
    Accumulator,
    Array,
    TriangularSystem,
    independent_columns,
    solve,
    solve_bounded,
    stacked,
    undetermined,
)
from scipy.optimize import lsq_linear

seeds = st.integers(0, 2**32 - 1)


def accumulated(jacobian: Array, residual: Array, block: int = 37) -> TriangularSystem:
    accumulator = Accumulator(jacobian.shape[1])
    for first in range(0, len(residual), block):
        accumulator.add(residual[first : first + block], jacobian[first : first + block])
    return accumulator.system()


def ill_conditioned(rng: np.random.Generator, rows: int, columns: int, condition: float) -> Array:
    """Columns of norm about 1 and singular values from 1 to 1/condition: no scaling of columns repairs it."""
    left = np.linalg.qr(rng.normal(size=(rows, columns)))[0]
    right = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    return np.asarray(left * np.geomspace(1, 1 / condition, columns) @ right.T)


@given(seed=seeds, rows=st.integers(0, 1500), columns=st.integers(0, 9), block=st.integers(1, 1300))
@settings(max_examples=30, deadline=None)
def test_a_streamed_system_is_the_whole_one(seed: int, rows: int, columns: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    jacobian, residual = rng.normal(size=(rows, columns)), rng.normal(size=rows)
    system = accumulated(jacobian, residual, block)
    assert system.n_rows == rows
    assert system.loss == pytest.approx(0.5 * residual @ residual, rel=1e-12)
    np.testing.assert_allclose(system.gradient, jacobian.T @ residual, atol=1e-10)
    np.testing.assert_allclose(system.matrix, jacobian.T @ jacobian, atol=1e-10)
    np.testing.assert_allclose(system.norms, np.linalg.norm(jacobian, axis=0), rtol=1e-9)


@given(seed=seeds, columns=st.integers(1, 40), rows=st.lists(st.integers(0, 90), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_factors_and_rows_are_stacked(seed: int, columns: int, rows: list[int]) -> None:
    rng = np.random.default_rng(seed)
    blocks = [rng.normal(size=(m, columns)) for m in rows]
    triangles = [stacked([block]) for block in blocks]
    for parts in (blocks, triangles, [*blocks[::2], *triangles[1::2]]):
        found = stacked(parts)
        assert not np.tril(found, -1).any()
        np.testing.assert_allclose(found.T @ found, sum(b.T @ b for b in blocks), atol=1e-11)


@given(seed=seeds, columns=st.integers(1, 12), exponent=st.floats(-8, 8))
@settings(max_examples=30, deadline=None)
def test_the_solution_is_that_of_lstsq_whatever_the_units(seed: int, columns: int, exponent: float) -> None:
    rng = np.random.default_rng(seed)
    jacobian, residual = rng.normal(size=(columns + 40, columns)), rng.normal(size=columns + 40)
    units = 10 ** (exponent * rng.uniform(-1, 1, columns))
    system = accumulated(jacobian * units, residual)
    step = solve(system.jacobian, system.residual, system.noise)
    np.testing.assert_allclose(step * units, -np.linalg.lstsq(jacobian, residual)[0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("condition", [1e6, 1e9, 1e12])
def test_qr_keeps_what_squaring_loses(condition: float) -> None:
    rng = np.random.default_rng(3)
    jacobian = ill_conditioned(rng, 400, 30, condition)
    truth = rng.normal(size=30)
    system = accumulated(jacobian, -jacobian @ truth)
    step = solve(system.jacobian, system.residual, system.noise)
    assert np.abs(step - truth).max() < 1e-14 * condition
    assert not undetermined(system, [str(j) for j in range(30)])


def test_unreached_and_redundant_parameters_are_named() -> None:
    rng = np.random.default_rng(0)
    jacobian = rng.normal(size=(200, 6)) * [1, 1e3, 1, 1e-4, 1, 1]
    jacobian[:, 2] = 0  # a core under the shortest distance of the data
    jacobian[:, 4] = jacobian[:, 0] - jacobian[:, 1] / 1e3
    system = accumulated(jacobian, rng.normal(size=200))
    found = undetermined(system, list("abcdef"))
    assert found.unreached == ("c",)
    (combination,) = found.combinations
    direction = dict(combination)
    assert set(direction) == {"a", "b", "e"}
    assert direction["a"] / direction["e"] == pytest.approx(-1, rel=1e-6)
    assert direction["b"] / direction["e"] == pytest.approx(1e-3, rel=1e-6)
    step = solve(system.jacobian, system.residual, system.noise)
    assert step[2] == 0
    assert np.isfinite(step).all()


def test_the_diagnostics_say_which() -> None:
    jacobian = np.array([[1.0, 2, 0, 1], [2, 4, 0, 1], [3, 6, 0, 5], [1, 2, 0, 3]])
    found = undetermined(accumulated(jacobian, np.ones(4)), ["lj.A", "lj.B", "zbl.Z", "shift"])
    unreached, redundant = found.diagnostics()
    assert unreached.message == "no label depends on `zbl.Z`: kept at the start values"
    assert redundant.severity == "warning"
    assert sorted(redundant.message.split("`")[1::2]) == ["lj.A", "lj.B"]
    assert redundant.message.startswith("the data cannot tell `")


@given(seed=seeds, columns=st.integers(2, 8), rank=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_singular_solve_reaches_the_least_loss(seed: int, columns: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    rank = min(rank, columns)
    jacobian = rng.normal(size=(50, rank)) @ rng.normal(size=(rank, columns))
    residual = rng.normal(size=50)
    system = accumulated(jacobian, residual)
    step = solve(system.jacobian, system.residual, system.noise)
    best = residual - jacobian @ np.linalg.lstsq(jacobian, residual)[0]
    assert np.linalg.norm(jacobian @ step + residual) == pytest.approx(np.linalg.norm(best), rel=1e-9)
    kept, dependent = independent_columns(system)
    assert (len(kept), len(dependent)) == (rank, columns - rank)


@given(seed=seeds, columns=st.integers(1, 10), copies=st.booleans())
@settings(max_examples=60, deadline=None)
def test_bounds_as_scipy(seed: int, columns: int, copies: bool) -> None:
    rng = np.random.default_rng(seed)
    jacobian, residual = rng.normal(size=(30, columns)), rng.normal(size=30) * 3
    if copies and columns > 1:
        jacobian[:, -1] = jacobian[:, 0]
    low, high = -rng.exponential(0.2, columns), rng.exponential(0.2, columns)
    low[rng.random(columns) < 0.2] = -np.inf
    system = accumulated(jacobian, residual)
    step = solve_bounded(system.jacobian, system.residual, low, high, system.noise)
    assert np.all((low <= step) & (step <= high))
    reference = lsq_linear(jacobian, -residual, (low, high), method="bvls", tol=1e-14).x
    ours, theirs = (0.5 * np.sum((jacobian @ x + residual) ** 2) for x in (step, reference))
    assert ours <= theirs * (1 + 1e-9)


def test_equal_bounds_hold_a_parameter() -> None:
    rng = np.random.default_rng(1)
    system = accumulated(rng.normal(size=(30, 3)), rng.normal(size=30))
    low, high = np.array([0.7, -np.inf, -1.0]), np.array([0.7, np.inf, 1.0])
    assert solve_bounded(system.jacobian, system.residual, low, high, system.noise)[0] == pytest.approx(0.7)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_marked_and_nothing_is_laundered(bad: float) -> None:
    jacobian, residual = np.ones((5, 3)), np.ones(5)
    jacobian[2, 1] = bad
    system = accumulated(jacobian, residual)
    assert system.broken.tolist() == [False, True, False, False]
    assert not system.finite and system.loss == np.inf


@pytest.mark.parametrize("large", [1e200, 1e308])
def test_what_has_no_finite_square_is_marked_too(large: float) -> None:
    residual = np.ones(5)
    residual[2] = large
    system = accumulated(np.eye(5)[:, :3], residual)
    assert system.broken.tolist() == [False, False, False, True]
    assert system.loss == np.inf and np.isfinite(system.factor).all()


def rows_of(
    change: Callable[[TriangularSystem], TriangularSystem], jacobian: Array, residual: Array
) -> Array:
    factor = change(accumulated(jacobian, residual)).factor
    return np.asarray(factor.T @ factor)


def test_operations_on_systems_are_those_on_rows() -> None:
    rng = np.random.default_rng(5)
    jacobian, residual, step = rng.normal(size=(40, 4)), rng.normal(size=40), rng.normal(size=4)
    order = np.array([2, 0])

    def gram(j: Array, r: Array) -> Array:
        whole = np.column_stack([j, r])
        return np.asarray(whole.T @ whole)

    def close(left: Array, right: Array) -> None:
        np.testing.assert_allclose(left, right, atol=1e-11)

    close(rows_of(lambda s: s.take(order), jacobian, residual), gram(jacobian[:, order], residual))
    close(rows_of(lambda s: s.moved(step), jacobian, residual), gram(jacobian, residual + jacobian @ step))
    more = np.vstack([jacobian, np.diag(step)]), np.append(residual, step)
    close(rows_of(lambda s: s.with_diagonal(step, step), jacobian, residual), gram(*more))
