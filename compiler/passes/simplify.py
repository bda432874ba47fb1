"""Simplify: local algebra, a table of rules, each ending in its equation."""

from __future__ import annotations

from dataclasses import replace

from ..chemistry.units import ONE
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Model, Node
from ..ir.rewrite import Rule, apply_rules, remake, rewrite_model
from ..ir.rows import row_of
from ..ir.traits import Trait
from ..ir.types import LISTS, NONE, TABLES, entries
from .fold import fold_constants


def simplify_model(model: Model) -> Model:
    """Fold constants and apply the rules until nothing changes."""
    species = len(model.species)

    def single_row(node: Node) -> Node | None:
        """at(table) = its only row, everywhere"""
        if node.op is ops.at and entries(node.args[0].kind.domain, species) == 1:
            return alg.mul(ops.constant(1.0, domain=node.kind.domain), ops.row(node.args[0]))
        return None

    return rewrite_model(model, apply_rules((fold_constants, single_row, *RULES)))


def _value(node: Node) -> float | None:
    """The number that a constant is throughout, None for any other node."""
    if node.op is not ops.const:
        return None
    values = node["values"]
    return values[0] if all(v == values[0] for v in values) else None


def _is(node: Node, value: float) -> bool:
    return _value(node) == value


def _covers(other: Node, node: Node) -> bool:
    """Whether `other` has the domain and the shape of the result already."""
    return other.kind.domain == node.kind.domain and other.kind.shape == node.kind.shape


def add_zero(node: Node) -> Node | None:
    """x + 0 = x"""
    if node.op is ops.add:
        for x, y in (node.args, node.args[::-1]):
            if _is(y, 0.0) and _covers(x, node):
                return x
    return None


def mul_one(node: Node) -> Node | None:
    """1·x = x"""
    if node.op is ops.mul:
        for x, y in (node.args, node.args[::-1]):
            if _is(y, 1.0) and _covers(x, node) and x.kind.unit == node.kind.unit:
                return x
    return None


def mul_zero(node: Node) -> Node | None:
    """0·x = 0"""
    if node.op is ops.mul and node.kind.domain.name not in TABLES and any(_is(a, 0.0) for a in node.args):
        return _zero(node)
    return None


def _zero(node: Node) -> Node:
    return ops.const(kind=node.kind, values=(0.0,) * node.kind.components)


def move_zero(node: Node) -> Node | None:
    """a sum, move or rearrangement of 0 is 0"""
    alone = Trait.LINEAR in node.op.traits and len(node.args) == 1
    if (alone or node.op is ops.einsum) and any(
        _is(a, 0.0) and a.kind.domain.name not in TABLES for a in node.args
    ):
        return _zero(node)
    return None


def neg_neg(node: Node) -> Node | None:
    """−(−x) = x"""
    if node.op is ops.neg and node.args[0].op is ops.neg:
        return node.args[0].args[0]
    return None


def neg_const_product(node: Node) -> Node | None:
    """−(c·x) = (−c)·x"""
    if node.op is ops.neg and node.args[0].op is ops.mul:
        a, b = node.args[0].args
        if a.op is ops.const and a.kind.domain == NONE:
            return alg.mul(_negated(a), b)
    return None


def _negated(a: Node) -> Node:
    return ops.const(kind=a.kind, values=tuple(-v for v in a["values"]))


def mul_neg(node: Node) -> Node | None:
    """x·(−y) = −(x·y)"""
    if node.op is ops.mul:
        for x, y in (node.args, node.args[::-1]):
            if y.op is ops.neg:
                return ops.neg(alg.mul(x, y.args[0]))
    return None


def constants_first(node: Node) -> Node | None:
    """x·c = c·x; c·(d·x) = (c·d)·x; x·(c·y) = c·(x·y)"""
    if node.op is not ops.mul:
        return None
    a, b = node.args
    if b.op is ops.const and a.op is not ops.const:
        return alg.mul(b, a)
    if b.op is ops.mul and _scalar(b.args[0]):
        if _scalar(a):
            return alg.mul(alg.mul(a, b.args[0]), b.args[1])
        return alg.mul(b.args[0], alg.mul(a, b.args[1]))
    if a.op is ops.mul and _scalar(a.args[0]) and not _scalar(b):
        return alg.mul(a.args[0], alg.mul(a.args[1], b))
    return None


def _scalar(node: Node) -> bool:
    return node.op is ops.const and node.kind.domain == NONE and not node.kind.shape


def ones_in_product(node: Node) -> Node | None:
    """1_D·x ∘ y = x ∘ y, for elementwise ∘, where y has the domain D itself"""
    if node.op not in (ops.mul, ops.add, ops.max, ops.min):
        return None
    for x, y in (node.args, node.args[::-1]):
        inner = _spread(x)
        if inner is not None and y.kind.domain == node.kind.domain and _spread(y) is None:
            made = node.op(inner, y)
            return made if made.kind == node.kind else None
    return None


def _spread(node: Node) -> Node | None:
    """x of 1_D·x, a value of the model repeated over a domain."""
    if node.op is ops.mul:
        for one, x in (node.args, node.args[::-1]):
            if _is(one, 1.0) and one.kind.unit == ONE and one.kind.domain != NONE and x.kind.domain == NONE:
                return x
    return None


def move_spread(node: Node) -> Node | None:
    """carrying 1_D·x to domain D' gives 1_D'·x; so with constants"""
    if Trait.MOVE in node.op.traits:
        inner = _spread(node.args[0])
        if (
            inner is None
            and node.args[0].op is ops.const
            and node.args[0].kind.domain.name in ("site", *LISTS)
        ):
            inner = ops.const(kind=replace(node.args[0].kind, domain=NONE), values=node.args[0]["values"])
        if inner is not None:
            return alg.mul(ops.constant(1.0, domain=node.kind.domain), inner)
    return None


def same_knots(node: Node) -> Node | None:
    """interpolate(x, 1_D·t) = interpolate(x, t)"""
    row = row_of(node)
    if row is not None:
        inner, places = _spread(row), node.args[:-1]
        if inner is not None and any(x.kind.domain == node.kind.domain for x in places):
            return remake(node, (*places, inner))
    return None


def pow_of(node: Node) -> Node | None:
    """x^1 = x; x^0 = 1; (x^m)^n = x^(m·n) for whole m, n"""
    if node.op is not ops.pow:
        return None
    p, x = node["exponent"], node.args[0]
    if p == 1.0:
        return x
    if p == 0.0 and not x.kind.shape:
        return ops.constant(1.0, domain=x.kind.domain)
    if x.op is ops.pow and p == int(p) and x["exponent"] == int(x["exponent"]):
        return ops.pow(x.args[0], exponent=x["exponent"] * p)
    return None


def mul_powers(node: Node) -> Node | None:
    """x^m·x^n = x^(m+n) for m, n of one sign; so within x^m·(x^n·y). Not x^−½·x^−½, which is 0 at 0"""
    if node.op is not ops.mul:
        return None
    a, b = node.args
    joined = _joined_power(a, b)
    if joined is not None:
        return joined
    if b.op is ops.mul:
        for x, y in (b.args, b.args[::-1]):
            joined = _joined_power(a, x)
            if joined is not None:
                return alg.mul(joined, y)
    return None


def _joined_power(a: Node, b: Node) -> Node | None:
    (x, m), (y, n) = _as_power(a), _as_power(b)
    whole = m == int(m) and n == int(n)
    if x is y and x.op is not ops.const and m * n > 0 and (whole or m > 0 or m + n != int(m + n)):
        return ops.pow(x, exponent=m + n)
    return None


def _as_power(node: Node) -> tuple[Node, float]:
    return (node.args[0], node["exponent"]) if node.op is ops.pow else (node, 1.0)


def factor_into_product(node: Node) -> Node | None:
    """s·(x ⊗ y) = (s·x) ⊗ y, x the argument with fewer components: a switch meets rows, not all their
    products
    """
    if node.op is not ops.mul or not node.kind.shape:
        return None
    for s, product in (node.args, node.args[::-1]):
        if (
            product.op is ops.einsum
            and not s.kind.shape
            and s.kind.domain == product.kind.domain
            and len(product.args) > 1
        ):
            least = min(
                range(len(product.args)),
                key=lambda k: (product.args[k].kind.domain != s.kind.domain, product.args[k].kind.components),
            )
            args = [alg.mul(s, a) if k == least else a for k, a in enumerate(product.args)]
            return ops.einsum(*args, spec=product["spec"])
    return None


def take_put(node: Node) -> Node | None:
    """take(put(x)) = x for the same components; take(stack(x…))_k = x_k; taking all in order changes
    nothing
    """
    if node.op is not ops.take:
        return None
    x, indices = node.args[0], node["indices"]
    if indices == tuple(range(x.kind.shape[-1])):
        return x
    if x.op is ops.put and x["indices"] == indices and len(set(indices)) == len(indices):
        return x.args[0]
    if x.op is ops.take:
        return ops.take(x.args[0], indices=tuple(x["indices"][k] for k in indices))
    if x.op is ops.stack:
        return ops.stack(*(x.args[k] for k in indices))
    return None


def reshape_of(node: Node) -> Node | None:
    """reshape to the same shape changes nothing; only the last of two counts; the one component of a stack
    is itself
    """
    if node.op is not ops.reshape:
        return None
    x = node.args[0]
    if x.kind.shape == node["shape"]:
        return x
    if x.op is ops.reshape:
        return ops.reshape(x.args[0], shape=node["shape"])
    if x.op is ops.stack and len(x.args) == 1 and node["shape"] == ():
        return x.args[0]
    return None


def select_same(node: Node) -> Node | None:
    """where(c, x, x) = x"""
    if node.op is ops.select and node.args[1] is node.args[2] and _covers(node.args[1], node):
        return node.args[1]
    return None


RULES: tuple[Rule, ...] = (
    add_zero,
    mul_zero,
    move_zero,
    mul_one,
    neg_neg,
    neg_const_product,
    mul_neg,
    ones_in_product,
    move_spread,
    same_knots,
    constants_first,
    pow_of,
    mul_powers,
    factor_into_product,
    take_put,
    reshape_of,
    select_same,
)
