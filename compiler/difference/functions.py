"""Functions of normal forms: of numbers one by one, and of their components."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as combinations
from math import prod

from ..ir import ops
from ..ir.contraction import parsed
from ..ir.graph import Node, Op
from ..ir.traits import Trait
from ..ir.types import NONE, Kind
from .arithmetic import DIGITS, Arithmetic
from .forms import POSITIVE, Forms, Made, Product, Sum

_MOST = 400  # products of arguments of an einsum that are told apart


def is_local(op: Op | Made) -> bool:
    """Whether an operation is a function of one place: a value can be carried into its arguments."""
    return Trait.LOCAL in op.traits


class Functions:
    """The rule of each operation: the form of a node, from those of its arguments."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.algebra = Arithmetic(forms)

    def function(self, op: Op | Made, attrs: tuple[object, ...], args: list[Sum], kind: Kind) -> Sum:
        """An operation that is left as it is."""
        inside = [a for x in args for p in x.terms for a, _, _ in p]
        atom = self.forms.atom(
            op,
            attrs,
            tuple(args),
            scalar=not kind.shape,
            everywhere=kind.domain == NONE or (is_local(op) and all(a.everywhere for a in inside)),
        )
        return self.forms.of(atom)

    # --- elementwise -----------------------------------------------------------------------

    def add(self, node: Node, args: list[Sum]) -> Sum:
        return self.algebra.add(*args)

    def mul(self, node: Node, args: list[Sum]) -> Sum:
        return self.algebra.mul(*args)

    def neg(self, node: Node, args: list[Sum]) -> Sum:
        return self.algebra.scaled(-1.0, args[0])

    def pow(self, node: Node, args: list[Sum]) -> Sum:
        return self.algebra.power(args[0], round(node["exponent"], DIGITS))

    def exp(self, node: Node, args: list[Sum]) -> Sum:
        return self.algebra.exp(args[0])

    def row(self, node: Node, args: list[Sum]) -> Sum:
        return args[0]

    def odd(self, node: Node, args: list[Sum]) -> Sum:
        """f(−x) = −f(x)"""
        sign, x = self._sign(args[0], whole=node.op is ops.sign)
        return self.algebra.scaled(sign, self.function(node.op, sizes(node), [x], node.kind))

    def even(self, node: Node, args: list[Sum]) -> Sum:
        """cos(−x) = cos(x)"""
        return self.function(node.op, sizes(node), [self._sign(args[0])[1]], node.kind)

    def erfc(self, node: Node, args: list[Sum]) -> Sum:
        """erfc(−x) = 2 − erfc(x)"""
        sign, x = self._sign(args[0])
        made = self.function(ops.erfc, (), [x], node.kind)
        return made if sign > 0 else self.algebra.minus(self.forms.constant(2.0), made)

    def step(self, node: Node, args: list[Sum]) -> Sum:
        """step(c·x) = step(x) for c > 0"""
        x = args[0]
        if x.number() is not None:
            return self.forms.constant(float((x.number() or 0.0) > 0.0))
        c, y = self.algebra.signed(x)
        y = y if c > 0 else self.algebra.scaled(-1.0, y)
        made = self.function(ops.step, (), [y], node.kind)
        ((product, _),) = made.terms.items()
        product[0][0].binary = product[0][0].positive = True
        return made

    def _sign(self, x: Sum, whole: bool = False) -> tuple[float, Sum]:
        """x = ±y with a positive leading coefficient in y; whole: with coefficient 1, for what no scale
        changes.
        """
        c, y = self.algebra.signed(x)
        return (1.0 if c > 0 else -1.0), (y if whole else self.algebra.scaled(abs(c), y))

    def max(self, node: Node, args: list[Sum]) -> Sum:
        """max(a, b) = b + (a − b)₊"""
        a, b = args
        return self.algebra.add(b, self.positive_part(self.algebra.minus(a, b)))

    def min(self, node: Node, args: list[Sum]) -> Sum:
        """min(a, b) = a − (a − b)₊"""
        a, b = args
        return self.algebra.minus(a, self.positive_part(self.algebra.minus(a, b)))

    def abs(self, node: Node, args: list[Sum]) -> Sum:
        """|x| = 2·x₊ − x"""
        double = self.algebra.scaled(2.0, self.positive_part(args[0]))
        return self.algebra.minus(double, args[0])

    def positive_part(self, x: Sum) -> Sum:
        """x₊ = max(x, 0): (c·x)₊ = c·x₊ for c > 0, (−x)₊ = x₊ − x."""
        value = x.number()
        if value is not None:
            return self.forms.constant(max(value, 0.0))
        c, y = self.algebra.signed(x)
        inside = [a for p in y.terms for a, _, _ in p]
        atom = self.forms.atom(
            POSITIVE,
            (),
            (y,),
            scalar=all(a.scalar for a in inside),
            everywhere=all(a.everywhere for a in inside),
            positive=True,
        )
        part = self.forms.of(atom)
        return self.algebra.scaled(abs(c), part if c > 0 else self.algebra.minus(part, y))

    def select(self, node: Node, args: list[Sum]) -> Sum:
        """where(c·x, a, b) = where(x, a, b) for c > 0"""
        condition, a, b = args
        if a is b:
            return a
        if condition.number() is not None:
            return a if (condition.number() or 0.0) > 0.0 else b
        c, y = self.algebra.signed(condition)
        y = y if c > 0 else self.algebra.scaled(-1.0, y)
        return self.function(ops.select, (), [y, a, b], node.kind)

    # --- components ------------------------------------------------------------------------

    def rearranged(self, node: Node, args: list[Sum]) -> Sum:
        """take, put and reshape of a sum of products with single values as factors, part by part."""
        attrs = (*sizes(node), node.args[0].kind.shape)
        return self._linear(args[0], lambda rest: self.function(node.op, attrs, [rest], node.kind))

    def _linear(self, x: Sum, change: Callable[[Sum], Sum]) -> Sum:
        total = []
        for product, c in x.terms.items():
            outside = self.forms.sum({tuple(f for f in product if f[0].scalar): c})
            inside = self.forms.sum({tuple(f for f in product if not f[0].scalar): 1.0})
            total.append(self.algebra.mul(outside, change(inside)))
        return self.algebra.add(*total)

    def einsum(self, node: Node, args: list[Sum]) -> Sum:
        """Linear in each argument; the order of two that are treated alike does not matter."""
        shapes = [a.kind.shape for a in node.args]
        if prod(len(x.terms) for x in args) > _MOST:
            return self.function(ops.einsum, (node["spec"], *shapes), args, node.kind)
        total = []
        for products in combinations(*(x.terms.items() for x in args)):
            outside, inside = self.forms.one, []
            for product, c in products:
                scalars: Product = tuple(f for f in product if f[0].scalar)
                outside = self.algebra.mul(outside, self.forms.sum({scalars: c}))
                inside.append(self.forms.sum({tuple(f for f in product if not f[0].scalar): 1.0}))
            total.append(self.algebra.mul(outside, self._contracted(node, inside, shapes)))
        return self.algebra.add(*total)

    def _contracted(self, node: Node, args: list[Sum], shapes: list[tuple[int, ...]]) -> Sum:
        spec = node["spec"]
        return self.function(ops.einsum, (spec, *shapes), list(exchanged(spec, tuple(args))), node.kind)


def exchanged(spec: str, args: tuple[Sum, ...]) -> tuple[Sum, ...]:
    """Σ_n a_n b_n = Σ_n b_n a_n: two arguments with the same letters, in order."""
    return tuple(sorted(args, key=lambda x: x.key)) if len(set(parsed(spec).inputs)) == 1 else args


def sizes(node: Node) -> tuple[object, ...]:
    return tuple(node.attrs)
