"""The quadratic model that rewrites are judged by, against dense least squares on the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.reduction.quadratic_model import QuadraticModel, Restriction

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)
seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Rows:
    """Residuals r + J δ (m,) around theta (F,)."""

    jacobian: Array
    residual: Array
    theta: Array

    @property
    def loss(self) -> float:
        return 0.5 * float(self.residual @ self.residual)

    def best(self, table: Array, constant: Array) -> float:
        """min over φ of ½‖J (T φ + t − θ) + r‖², by a decomposition of all rows."""
        scale = np.where((norms := np.linalg.norm(self.jacobian @ table, axis=0)) > 0, norms, 1.0)
        offset = self.jacobian @ (constant - self.theta) + self.residual
        left, values, _ = np.linalg.svd(self.jacobian @ table / scale, full_matrices=False)
        left = left[:, values > 1e-11 * values.max(initial=1e-300)]
        rest = offset - left @ (left.T @ offset)
        return 0.5 * float(rest @ rest)


def problem(
    seed: int, size: int, condition: float = 1.0, redundant: int = 0, dead: int = 0, optimal: bool = True
) -> Rows:
    """Random rows: singular values from 1 to 1/condition, columns in units of their own, some that repeat
    others, some without any row.
    """
    rng = np.random.default_rng(seed)
    rows = 3 * size + 20
    left = np.linalg.qr(rng.normal(size=(rows, size)))[0]
    right = np.linalg.qr(rng.normal(size=(size, size)))[0]
    jacobian = left * np.geomspace(1.0, 1.0 / condition, size) @ right.T
    columns = rng.permutation(size)
    jacobian[:, columns[redundant : redundant + dead]] = 0.0
    for k in columns[:redundant]:
        jacobian[:, k] = jacobian[:, columns[redundant:]] @ rng.normal(size=size - redundant)
    units = 10.0 ** rng.uniform(-3, 3, size)
    jacobian = jacobian * units
    residual = rng.normal(size=rows)
    if optimal:
        residual -= jacobian / units @ np.linalg.lstsq(jacobian / units, residual)[0]
    return Rows(jacobian, residual, rng.normal(size=size) / units)


def quadratic_model(rows: Rows) -> QuadraticModel:
    size = len(rows.theta)
    triangle = np.linalg.qr(np.column_stack([rows.jacobian, rows.residual]), mode="r")
    names = tuple(f"p{k}" for k in range(size))
    factor, residual = np.triu(triangle[:size, :size]), triangle[:size, size]
    noise = 4 * (size + 1) * EPS
    return QuadraticModel(names, rows.theta, factor, residual, rows.loss, len(rows.residual), noise)


def restriction(rng: np.random.Generator, size: int) -> Restriction:
    """Some numbers fixed, some of the others tied in groups."""
    order = rng.permutation(size).tolist()
    n_fixed = int(rng.integers(0, size + 1))
    rest, groups = order[n_fixed:], []
    while len(rest) > 1 and rng.random() < 0.7:
        n = int(rng.integers(2, len(rest) + 1))
        groups.append(tuple(rest[:n]))
        rest = rest[n:]
    return Restriction({k: float(rng.normal()) for k in order[:n_fixed]}, tuple(groups))


problems = st.builds(
    problem,
    seeds,
    size=st.integers(4, 9),
    condition=st.sampled_from([1.0, 1e3, 1e6]),
    redundant=st.integers(0, 2),
    dead=st.integers(0, 2),
    optimal=st.booleans(),
)


@given(rows=problems, seed=seeds)
@settings(max_examples=150, deadline=None)
def test_the_cost_of_a_restriction_is_that_of_the_rows(rows: Rows, seed: int) -> None:
    size = len(rows.theta)
    chosen = restriction(np.random.default_rng(seed), size)
    table, constant = chosen.map(size)
    assert table.shape == (size, size - chosen.removes)
    left = quadratic_model(rows).restricted(chosen)
    expected = rows.best(table, constant)
    assert left.loss == pytest.approx(expected, rel=1e-8)
    assert quadratic_model(rows).cost(chosen) == pytest.approx(
        expected - rows.loss, rel=1e-8, abs=1e-8 * expected
    )
    after = rows.jacobian @ (table @ left.theta + constant - rows.theta) + rows.residual
    assert 0.5 * after @ after == pytest.approx(expected, rel=1e-8)


@given(rows=problems)
@settings(max_examples=100, deadline=None)
def test_zeroing_each_number_alone(rows: Rows) -> None:
    model = quadratic_model(rows)
    each = [model.zeroed([k]) for k in range(model.size)]
    np.testing.assert_allclose(model.each_zeroed(), each, rtol=1e-6, atol=1e-8 * max(rows.loss, *each))


@given(rows=problems, seed=seeds)
@settings(max_examples=100, deadline=None)
def test_the_unique_information_of_a_block(rows: Rows, seed: int) -> None:
    """S_b = I_bb − I_br I_rr⁺ I_rb, of the rows projected off all other columns."""
    rng = np.random.default_rng(seed)
    size = len(rows.theta)
    block = rng.permutation(size)[: int(rng.integers(1, size + 1))]
    others = np.setdiff1d(np.arange(size), block)
    norms = np.linalg.norm(rows.jacobian, axis=0)
    scaled = rows.jacobian / np.where(norms > 0, norms, 1.0)
    left, values, _ = np.linalg.svd(scaled[:, others], full_matrices=False)
    left = left[:, values > 1e-11 * values.max(initial=1e-300)]
    rest = scaled[:, block] - left @ (left.T @ scaled[:, block])
    root = quadratic_model(rows).unique(block.tolist()) / np.where(norms > 0, norms, 1.0)[block]
    assert root.shape == (len(block), len(block))
    np.testing.assert_allclose(root.T @ root, rest.T @ rest, atol=1e-8)


@given(seed=seeds, size=st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_at_the_optimum_the_cost_of_a_block_is_the_quadratic_form_of_its_unique_information(
    seed: int, size: int
) -> None:
    model = quadratic_model(problem(seed, size))
    block = np.random.default_rng(seed).permutation(size)[: size // 2 + 1].tolist()
    root = model.unique(block) @ model.theta[block]
    assert model.zeroed(block) == pytest.approx(0.5 * root @ root, rel=1e-8)


@given(rows=problems)
@settings(max_examples=50, deadline=None)
def test_a_number_that_no_row_depends_on_costs_nothing_and_has_no_deviation(rows: Rows) -> None:
    model = quadratic_model(rows)
    dead = np.flatnonzero(np.linalg.norm(rows.jacobian, axis=0) == 0)
    assert np.flatnonzero(np.isinf(model.deviations)).tolist() == dead.tolist()
    gained = model.cost(Restriction())
    assert model.zeroed(dead.tolist()) == pytest.approx(gained, abs=1e-8 * rows.loss)


@given(seed=seeds, size=st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_deviations_spectrum_and_loss_elsewhere(seed: int, size: int) -> None:
    rows = problem(seed, size, condition=100.0, optimal=False)
    model = quadratic_model(rows)
    norms = np.linalg.norm(rows.jacobian, axis=0)
    information = (rows.jacobian / norms).T @ (rows.jacobian / norms)
    variance = 2 * rows.loss / (len(rows.residual) - size)
    expected = np.sqrt(variance * np.diag(np.linalg.inv(information))) / norms
    np.testing.assert_allclose(model.deviations, expected, rtol=1e-8)
    np.testing.assert_allclose(model.singular_values**2, np.linalg.eigvalsh(information)[::-1], rtol=1e-8)
    scaled = model.modes @ np.diag(1 / model.singular_values**2) @ model.modes.T
    assert scaled.shape == (size, size)
    np.testing.assert_allclose(
        model.modes.T @ np.diag(model.singular_values**2) @ model.modes, information, atol=1e-10
    )
    elsewhere = model.theta + np.random.default_rng(seed).normal(size=size) / norms
    residual = rows.residual + rows.jacobian @ (elsewhere - rows.theta)
    assert model.loss_at(elsewhere) == pytest.approx(0.5 * residual @ residual, rel=1e-10)
    np.testing.assert_allclose(model.gradient, rows.jacobian.T @ rows.residual, atol=1e-10 * norms.max())


@given(rows=problems, seed=seeds)
@settings(max_examples=50, deadline=None)
def test_a_restriction_of_a_restriction_is_both_at_once(rows: Rows, seed: int) -> None:
    size = len(rows.theta)
    rng = np.random.default_rng(seed)
    first, second = rng.permutation(size)[:2].tolist()
    both = quadratic_model(rows).restricted(Restriction({first: 0.0, second: 0.3}))
    one = quadratic_model(rows).restricted(Restriction({first: 0.0}))
    then = one.restricted(Restriction({one.names.index(f"p{second}"): 0.3}))
    assert then.names == both.names
    assert then.loss == pytest.approx(both.loss, rel=1e-8)


@given(seed=seeds, size=st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_a_redundant_number_changes_no_deviation_of_a_prediction(seed: int, size: int) -> None:
    rows = problem(seed, size)
    rng = np.random.default_rng(seed)
    place = int(rng.integers(size))
    columns = np.column_stack([rows.jacobian, -3.0 * rows.jacobian[:, place]])
    twice = Rows(columns, rows.residual, np.append(rows.theta, 1.0))
    one, both = quadratic_model(rows).root, quadratic_model(twice).root
    single = np.linalg.norm(rows.jacobian @ one, axis=1)
    np.testing.assert_allclose(np.linalg.norm(twice.jacobian @ both, axis=1), single, rtol=1e-6, atol=1e-7)
    assert quadratic_model(twice).undetermined.tolist() == [k in (place, size) for k in range(size + 1)]
    alone = np.zeros(size + 1)
    alone[-1] = np.linalg.norm(twice.jacobian[:, -1])
    assert np.linalg.norm(alone @ both) > 1e6  # a label that tells the two apart


def test_tied_numbers_share_one_value_and_keep_the_first_name() -> None:
    rows = problem(1, 4)
    tied = quadratic_model(rows).restricted(Restriction({0: 2.0}, ((1, 3),)))
    assert tied.names == ("p1", "p2") and tied.size == 2
    table, constant = Restriction({0: 2.0}, ((1, 3),)).map(4)
    assert table.tolist() == [[0, 0], [1, 0], [0, 1], [1, 0]]
    assert constant.tolist() == [2, 0, 0, 0]


@pytest.mark.parametrize(("fixed", "tied"), [({}, ((0, 1), (1, 2))), ({1: 0.0}, ((0, 1),)), ({}, ((0, 0),))])
def test_groups_that_share_a_number_or_hold_a_fixed_one_are_refused(
    fixed: dict[int, float], tied: tuple[tuple[int, ...], ...]
) -> None:
    with pytest.raises(InternalError, match="once"):
        Restriction(fixed, tied)


def test_nothing_left_and_nothing_there() -> None:
    rows = problem(2, 3)
    none = quadratic_model(rows).restricted(Restriction({0: 0.0, 1: 0.0, 2: 0.0}))
    offset = rows.residual - rows.jacobian @ rows.theta
    assert none.size == 0 and none.loss == pytest.approx(0.5 * offset @ offset, rel=1e-10)
    assert none.singular_values.size == none.deviations.size == none.each_zeroed().size == 0
    assert none.cost(Restriction()) == 0.0
