"""Normal forms of formulas: sums of products of atoms, interned, so that equal forms are one object.

An atom is a leaf (a parameter, a distance) or an operation on forms (an exponential, a sum over neighbours).
A product has each atom once, with its exponent; a sum has each product once, with its coefficient. Nothing in
a form says in which order a formula was written or what its parts are called.

Numbers are doubles that came about in different orders of arithmetic: two that agree to ten digits are one
number here (`Numbers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite, log
from typing import Any

from ..analysis.budget import Budget
from ..ir.graph import Op
from ..ir.traits import Trait

CLOSE = 1e-10  # relative; doubles have 2e-16, of which long sums of products lose some


class Numbers:
    """Numbers by their first appearance: what lies within `CLOSE` of one that was seen is that one."""

    def __init__(self) -> None:
        self._seen: dict[tuple[bool, int], float] = {}
        self._known: dict[float, float] = {}

    def one(self, x: float) -> float:
        """The number that x is taken for."""
        found = self._known.get(x)
        if found is None:
            found = self._known[x] = self._found(x)
        return found

    def _found(self, x: float) -> float:
        if x == 0.0 or not isfinite(x):
            return x + 0.0  # −0 is 0
        place = round(log(abs(x)) / CLOSE)
        for near in (0, -1, 1):
            found = self._seen.get((x > 0.0, place + near))
            if found is not None and abs(found - x) <= CLOSE * abs(x):
                return found
        self._seen[x > 0.0, place] = x
        return x


@dataclass(frozen=True, eq=False)
class Made:
    """A function of forms, or a leaf, that is no operation of the IR. Each is one object."""

    name: str
    traits: Trait = Trait.NONE


GROUP = Made("group", Trait.LOCAL)  # a sum as a factor
LONG = Made("long", Trait.LOCAL)  # one that is never multiplied out
POSITIVE = Made("positive", Trait.LOCAL)  # max(x, 0)
NEIGHBOURS = Made("neighbours")  # a sum over neighbours
TERM = Made("term")  # a term taken as a whole
NO_NUMBER = Made("no number")  # 0 to a negative power


class Atom:
    """An operation on forms, or a leaf.

    key: a digest that names of parameters enter only as labels; orders are by it. nonzero, positive: what is
    known of its sign (positive: ≥ 0). binary: it is 0 or 1. everywhere: one value for the whole model.
    """

    __slots__ = ("args", "attrs", "binary", "everywhere", "key", "nonzero", "op", "positive", "scalar")

    op: Op | Made
    attrs: tuple[Any, ...]
    args: tuple[Sum, ...]
    key: bytes
    scalar: bool
    everywhere: bool
    nonzero: bool
    positive: bool
    binary: bool


# A factor is an atom with the class of its exponent: 0 an ordinary one; −1 the inverse of an atom that may be
# 0, which does not cancel; another number the negative fractional power that it is, which is 0 at 0 and does
# not join others.
Factor = tuple[Atom, float]
Product = tuple[tuple[Atom, float, float], ...]  # atom, class, exponent; in order


class Sum:
    """Products with their coefficients, none of them 0."""

    __slots__ = ("_key", "_leading", "terms")

    terms: Mapping[Product, float]

    def __init__(self, terms: Mapping[Product, float]) -> None:
        self.terms = terms
        self._key: bytes | None = None
        self._leading: Product | None = None

    @property
    def key(self) -> bytes:
        """A digest in which parameters are labels."""
        if self._key is None:
            self._key = digest(*sorted(b"%s*%r" % (product_key(p), c) for p, c in self.terms.items()))
        return self._key

    @property
    def leading(self) -> Product:
        """The product that decides signs and scales: the same one however the sum was come by."""
        if self._leading is None:
            self._leading = max(self.terms, key=lambda p: (p != (), product_key(p)))
        return self._leading

    def number(self) -> float | None:
        """The number that it is, None where it is not one."""
        if not self.terms:
            return 0.0
        return self.terms.get(()) if len(self.terms) == 1 else None


def product_key(product: Product) -> bytes:
    return b"".join(b"%s^%r,%r" % (a.key, kind, e) for a, kind, e in product)


def digest(*parts: bytes) -> bytes:
    return blake2b(b"|".join(parts), digest_size=12).digest()


class Forms:
    """The store of forms: equal atoms are one object, equal sums too."""

    def __init__(self, work: Budget) -> None:
        self.numbers = Numbers()
        self._work = work
        self._atoms: dict[tuple[Any, ...], Atom] = {}
        self._sums: dict[frozenset[tuple[Product, float]], Sum] = {}
        # what was multiplied before: two specs have most of their products in common
        self.products: dict[tuple[Product, Product], tuple[Product, float]] = {}
        self.multiplied: dict[tuple[Sum, Sum], Sum] = {}
        self.zero = self.sum({})
        self.one = self.constant(1.0)

    def atom(
        self,
        op: Op | Made,
        attrs: tuple[Any, ...] = (),
        args: tuple[Sum, ...] = (),
        *,
        label: bytes | None = None,
        scalar: bool = True,
        everywhere: bool = False,
        nonzero: bool = False,
        positive: bool = False,
        binary: bool = False,
    ) -> Atom:
        """The one atom of these fields. label: what its key says of it, in place of `attrs`."""
        identity = (op, attrs, args, label)
        found = self._atoms.get(identity)
        if found is None:
            found = Atom()
            found.op, found.attrs, found.args = op, attrs, args
            found.scalar, found.everywhere = scalar, everywhere
            found.nonzero, found.positive, found.binary = nonzero, positive, binary
            said = label if label is not None else repr(attrs).encode()
            found.key = digest(op.name.encode(), said, *(a.key for a in args))
            self._atoms[identity] = found
        return found

    def sum(self, terms: Mapping[Product, float]) -> Sum:
        """The one sum of these products. Raises Exhausted."""
        self._work.spend(1 + len(terms) // 8)
        settled = {p: self.numbers.one(c) for p, c in terms.items() if c != 0.0}
        identity = frozenset(settled.items())
        found = self._sums.get(identity)
        if found is None:
            found = self._sums[identity] = Sum(settled)
        return found

    def constant(self, value: float) -> Sum:
        return self.sum({(): value})

    def of(self, atom: Atom) -> Sum:
        """An atom as a form."""
        return self.sum({((atom, 0.0, 1.0),): 1.0})


def ordered(factors: Mapping[Factor, float]) -> Product:
    """Factors as a product, in the one order."""
    return tuple(
        (a, kind, e)
        for (a, kind), e in sorted(factors.items(), key=lambda f: (f[0][0].key, f[0][1], f[1]))
        if e != 0.0
    )


def atoms_of(roots: Iterable[Sum]) -> dict[Atom, None]:
    """Every atom under the roots once, those of arguments before what they are arguments of."""
    found: dict[Atom, None] = {}
    stack: list[tuple[Atom, bool]] = [(a, False) for root in roots for a in _direct(root)]
    while stack:
        atom, ready = stack.pop()
        if atom in found:
            continue
        if ready:
            found[atom] = None
        else:
            stack.append((atom, True))
            stack.extend((inner, False) for arg in atom.args for inner in _direct(arg))
    return found


def _direct(form: Sum) -> list[Atom]:
    return [a for product in form.terms for a, _, _ in product]
