"""What each operation is, in NumPy rows."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from ...diagnostics.diagnostic import InternalError
from ...ir import ops
from ...ir.bsplines import WIDTH, Knots, derivative, functions, pieces
from ...ir.contraction import parsed
from ...ir.graph import Node
from ...ir.triads import size
from ...ir.types import TABLES, entries
from . import hyperharmonics
from .geometry import Array
from .harmonics import DEGREE, harmonics
from .interpreter import REFUSED, Evaluation, RowsOfTable, lowers, pointwise

__all__ = ["REFUSED", "lowers"]

# --- elementwise -------------------------------------------------------------------------------

pointwise(ops.add)(operator.add)
pointwise(ops.mul)(operator.mul)
pointwise(ops.neg)(operator.neg)
pointwise(ops.exp)(np.exp)
pointwise(ops.log)(np.log)


@pointwise(ops.erfc)
def _(x: Array) -> Array:
    from scipy.special import erfc  # a third of a second to import

    return np.asarray(erfc(x))


pointwise(ops.sin)(np.sin)
pointwise(ops.cos)(np.cos)
pointwise(ops.tanh)(np.tanh)
pointwise(ops.abs)(lambda x: np.where(x.real < 0, -x, x))
pointwise(ops.sign)(lambda x: np.sign(x.real))
pointwise(ops.step)(lambda x: (x.real > 0).astype(float))
pointwise(ops.max)(lambda a, b: _chosen(a.real > b.real, a, b))
pointwise(ops.min)(lambda a, b: _chosen(a.real < b.real, a, b))
pointwise(ops.select)(lambda c, a, b: _chosen(c.real > 0, a, b))


def _chosen(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b)


@pointwise(ops.power)
def _fractional(x: Array, p: Array | float) -> Array:
    """x^p, 0 at 0."""
    zero = x == 0
    return np.where(zero, 0.0, np.where(zero, 1.0, x).astype(complex) ** p)


@pointwise(ops.pow)
def _(x: Array, exponent: float) -> Array:
    if exponent != int(exponent):
        return _fractional(x, exponent)
    return np.asarray(x.astype(np.result_type(x, float)) ** int(exponent))


# --- leaves ------------------------------------------------------------------------------------


@lowers(ops.const)
def _(run: Evaluation, node: Node) -> Array:
    domain = node.kind.domain
    rows = entries(domain, len(run.model.species)) if domain.name in TABLES else 1
    return np.array(node["values"], dtype=float).reshape(rows, *node.kind.shape)


@lowers(ops.param)
def _(run: Evaluation, node: Node) -> Array:
    return run.tables[node["name"]]


@lowers(ops.displacement)
def _(run: Evaluation, node: Node) -> Array:
    return run.geometry.vectors(node.kind.domain)


@lowers(ops.distance)
def _(run: Evaluation, node: Node) -> Array:
    return run.geometry.distances(node.kind.domain)


# --- moves -------------------------------------------------------------------------------------


@lowers(ops.to_i, ops.to_j)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    near = run.geometry.list_of(node.kind.domain)
    return run.all_rows(value, node.args[0])[near.i if node.op is ops.to_i else near.j]


@lowers(ops.to_ij, ops.to_ik)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    ij, ik = run.geometry.triples[node.kind.domain.rc]
    return run.all_rows(value, node.args[0])[ij if node.op is ops.to_ij else ik]


@lowers(ops.of_structure)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    return value


@lowers(ops.sum_i, ops.sum_j)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    near = run.geometry.list_of(node.args[0].kind.domain)
    owner = near.i if node.op is ops.sum_i else near.j
    return run.onto(value, node.args[0], owner, len(run.geometry.positions), node["within"])


@lowers(ops.sum_to_ij, ops.sum_to_ik)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    ij, ik = run.geometry.triples[node.kind.domain.rc]
    owner = ij if node.op is ops.sum_to_ij else ik
    return run.onto(value, node.args[0], owner, run.rows(node.kind.domain), node["within"])


@lowers(ops.total)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    (inner,) = node.args
    owner = np.zeros(run.rows(inner.kind.domain), int)
    return run.onto(value, inner, owner, 1, dict(node.attrs).get("within"))


# --- tables ------------------------------------------------------------------------------------


@lowers(ops.at)
def _(run: Evaluation, node: Node, table: Array) -> Array:
    species = run.species_of(node.kind.domain, node["of"])
    return table[run.rows_of_table(node.args[0].kind.domain, species)]


@lowers(ops.sum_at)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    (inner,) = node.args
    table, domain = node.kind.domain, inner.kind.domain
    if node["of"]:
        owner = run.rows_of_table(table, run.species_of(domain, node["of"]))
    else:
        owner = np.zeros(run.rows(domain), int)
    return run.onto(value, inner, owner, run.rows(table), dict(node.attrs).get("within"))


@lowers(ops.row, ops.of_row)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    return value[:1]


@lowers(ops.rows_of)
def _(run: Evaluation, node: Node, table: Array) -> Array:
    return table[run.own_rows(node.args[0].kind.domain)]


@lowers(ops.sum_rows_of)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    out = np.zeros((run.rows(node.kind.domain), *node.kind.shape), dtype=value.dtype)
    np.add.at(out, run.own_rows(node.kind.domain), run.all_rows(value, node.args[0]))
    return out


@lowers(ops.to_species)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    near = run.geometry.list_of(node.kind.domain)
    return run.all_rows(value, node.args[0])[near.i, run.geometry.species[near.j]]


@lowers(ops.sum_species)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    near, n = run.geometry.list_of(node.args[0].kind.domain), node["species"]
    owner = near.i * n + run.geometry.species[near.j]
    atoms = len(run.geometry.positions)
    return run.onto(value, node.args[0], owner, atoms * n, node["within"]).reshape(atoms, *node.kind.shape)


# --- features ----------------------------------------------------------------------------------


@lowers(ops.einsum)
def _(run: Evaluation, node: Node, *args: Array) -> Array:
    rows = next((len(a) for a in args if len(a) != 1), 1)
    wide = (np.broadcast_to(a, (rows, *a.shape[1:])) for a in args)
    return np.einsum(str(parsed(node["spec"]).batched("Z")), *wide)


@lowers(ops.take)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    return value[..., list(node["indices"])]


@lowers(ops.put)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    out = np.zeros((*value.shape[:-1], node["size"]), dtype=value.dtype)
    for column, index in enumerate(node["indices"]):
        out[..., index] += value[..., column]
    return out


@lowers(ops.stack)
def _(run: Evaluation, node: Node, *args: Array) -> Array:
    return np.stack(np.broadcast_arrays(*args), axis=1)


@lowers(ops.reshape)
def _(run: Evaluation, node: Node, value: Array) -> Array:
    return value.reshape(len(value), *node["shape"])


# --- splines -----------------------------------------------------------------------------------


def _between(x: Array, n: int) -> tuple[Array, Array, Array]:
    """The number of the knot before x, the place after it, in 0…1, and how far x is beyond the knots."""
    inside = np.clip(x.real, 0.0, n - 1.0)
    first = np.clip(np.nan_to_num(inside).astype(int), 0, n - 2)
    within = (x.real >= 0.0) & (x.real <= n - 1.0)
    place = np.where(within, x, inside)
    return first, place - first, x - place


def _weights(u: Array, beyond: Array, order: int) -> Array:
    """Of both values and both slopes in turn, (rows, 4), in the derivative of an order."""
    cubic = np.array([[1, 0, -3, 2], [0, 1, -2, 1], [0, 0, 3, -2], [0, 0, -1, 1]], float)
    each = [Polynomial(c) for c in cubic]
    found = np.stack([p.deriv(order)(u) if order else p(u) for p in each], axis=1)
    if order == 0:
        return found + np.stack([p.deriv()(u) for p in each], axis=1) * beyond[:, None]
    return found if order == 1 else np.where(beyond[:, None] == 0.0, found, 0.0 * beyond[:, None])


@lowers(ops.interpolate)
def _(run: Evaluation, node: Node, x: Array, knots: Array | RowsOfTable) -> Array:
    table, rows = knots if isinstance(knots, RowsOfTable) else (knots, np.arange(len(knots)))
    first, u, beyond = _between(x, table.shape[1] // 2)
    numbers = table[rows[:, None], 2 * first[:, None] + np.arange(4)]
    return (_weights(u, beyond, node["order"]) * numbers).sum(axis=1)


@lowers(ops.to_knots)
def _(run: Evaluation, node: Node, g: Array, x: Array) -> Array:
    first, u, beyond = _between(x, node["size"] // 2)
    weights = g[:, None] * _weights(u, beyond, node["order"])
    out = np.zeros((len(weights), node["size"]), dtype=weights.dtype)
    places = np.broadcast_to(2 * first[:, None] + np.arange(4), weights.shape)
    np.put_along_axis(out, places, weights, axis=1)
    return out


def _four(knots: Knots, x: Array, order: int) -> tuple[Array, list[Array]]:
    """The first of the four functions that count at x, and their derivatives of an order."""
    own, t = pieces(knots), np.array(knots)
    inside = np.clip(x.real, t[0], t[-1])
    k = np.clip(np.searchsorted(t, inside, side="right") - 1, 0, own.functions - 1)
    place = np.where((x.real >= t[0]) & (x.real <= t[-1]), x, inside)
    u, beyond = place - t[k], x - place

    def derivatives(n: int) -> list[Array]:
        p = np.array([[derivative(w, n) for w in four] for four in own.weights])
        return [
            np.asarray(reduce(lambda total, a: total * u + a[k], p[:, f].T[::-1], 0.0)) for f in range(WIDTH)
        ]

    found = derivatives(order)
    if order == 0:
        found = [w + s * beyond for w, s in zip(found, derivatives(1), strict=True)]
    elif order > 1:
        found = [np.where(beyond == 0.0, w, 0.0 * beyond) for w in found]
    return np.array(own.first)[k], found


def _products(node: Node, places: Sequence[Array]) -> Iterator[tuple[Array, Array]]:
    """Of each product of functions that counts the coefficient's place in a row, and the value."""
    fours = [_four(*own) for own in zip(node["knots"], places, node["orders"], strict=True)]
    for chosen in product(range(WIDTH), repeat=len(fours)):
        at, value = np.zeros(1, int), np.ones(1)
        for knots, (first, weights), q in zip(node["knots"], fours, chosen, strict=True):
            at, value = at * (len(knots) - 1) + first + q, value * weights[q]
        yield at, value


@lowers(ops.bspline)
def _(run: Evaluation, node: Node, *args: Any) -> Array:
    *places, row = args
    table, rows = row if isinstance(row, RowsOfTable) else (row, np.arange(len(row)))
    return reduce(operator.add, (value * table[rows, at] for at, value in _products(node, places)))


@lowers(ops.to_bspline)
def _(run: Evaluation, node: Node, g: Array, *places: Array) -> Array:
    parts = [np.broadcast_arrays(at, g * value) for at, value in _products(node, places)]
    rows = np.arange(max(len(value) for _, value in parts))
    out = np.zeros((len(rows), functions(node["knots"])), dtype=parts[0][1].dtype)
    for at, value in parts:
        out[rows, at] = value
    return out


# --- families ----------------------------------------------------------------------------------


@lowers(ops.sines)
def _(run: Evaluation, node: Node, x: Array) -> Array:
    return np.sin(x[:, None] * np.arange(1, node["n"] + 1))


@lowers(ops.cosines)
def _(run: Evaluation, node: Node, x: Array) -> Array:
    return np.cos(x[:, None] * np.arange(node["n"]))


@lowers(ops.chebyshev)
def _(run: Evaluation, node: Node, x: Array) -> Array:
    return np.stack([Chebyshev.basis(k)(x) for k in range(node["n"])], axis=1)


@lowers(ops.chebyshev2)
def _(run: Evaluation, node: Node, x: Array) -> Array:
    """U_k = T'_{k+1}/(k + 1)"""
    return np.stack([Chebyshev.basis(k).deriv()(x) / k for k in range(1, node["n"] + 1)], axis=1)


@lowers(ops.chain)
def _(run: Evaluation, node: Node, first: Array, second: Array, factor: Array) -> Array:
    rows = list(np.broadcast_arrays(first, second, factor)[:2])
    while len(rows) < node["n"]:
        rows.append(factor * rows[-1] - rows[-2])
    return np.stack(rows[: node["n"]], axis=1)


@lowers(ops.sphericals)
def _(run: Evaluation, node: Node, u: Array) -> Array:
    return _harmonics(node, u)


@lowers(ops.spherical_slopes)
def _(run: Evaluation, node: Node, u: Array) -> Array:
    """Differences over two steps to each side, exact for polynomials of degree four."""
    slopes = []
    for way in np.eye(3):
        f = {k: _harmonics(node, u + k * way) for k in (-2, -1, 1, 2)}
        slopes.append((8 * (f[1] - f[-1]) - (f[2] - f[-2])) / 12)
    return np.stack(slopes, axis=-1)


def _harmonics(node: Node, u: Array) -> Array:
    if node["l"] > DEGREE:
        raise InternalError(f"the reference has harmonics to l = {DEGREE}, not {node['l']}")
    return np.stack(harmonics(u[:, 0], u[:, 1], u[:, 2])[: (node["l"] + 1) ** 2], axis=1)


# --- in four dimensions ------------------------------------------------------------------------


@lowers(ops.hyperharmonics)
def _(run: Evaluation, node: Node, c: Array, v: Array) -> Array:
    return hyperharmonics.harmonics(c, v, node["top"])


@lowers(ops.triads)
def _(run: Evaluation, node: Node, x: Array, y: Array, z: Array) -> Array:
    degrees = node["degrees"]
    parts = zip(degrees, hyperharmonics.coupled(x, y, degrees), strict=True)
    return np.stack([(part * z[:, size(c - 1) : size(c)]).sum(axis=1) for (_, _, c), part in parts], axis=1)


@lowers(ops.couple)
def _(run: Evaluation, node: Node, w: Array, x: Array, y: Array) -> Array:
    out = np.zeros((hyperharmonics.rows_of(w, x, y), node.kind.components), np.result_type(w, x, y))
    degrees = node["degrees"]
    for k, ((_, _, c), part) in enumerate(zip(degrees, hyperharmonics.coupled(x, y, degrees), strict=True)):
        out[:, size(c - 1) : size(c)] += w[:, k, None] * part
    return out
