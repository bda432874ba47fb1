"""Arithmetic of normal forms: sums, products, powers.

Products of sums are multiplied out, up to `LONGEST` products; what would be longer stays a factor.
Identities hold for every value of the atoms for which both sides are numbers, and also where a fractional
power is 0 at 0: x·x⁻¹ = 1 is used only where x cannot be 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ir import ops
from .forms import (
    CLOSE,
    GROUP,
    LONG,
    NEIGHBOURS,
    NO_NUMBER,
    Atom,
    Factor,
    Forms,
    Made,
    Product,
    Sum,
    ordered,
)

LONGEST = 4000  # products in a sum that is multiplied out
DIGITS = 10  # of exponents, after the point
_HIGHEST = 24  # a whole power beyond it is not multiplied out


class Arithmetic:
    """The operations, on forms of one `Forms`."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self._products = forms.products

    # --- sums ------------------------------------------------------------------------------

    def add(self, *summands: Sum) -> Sum:
        total: dict[Product, float] = {}
        for summand in summands:
            _accumulate(total, summand.terms.items())
        return self.forms.sum(self._collected(total))

    def scaled(self, factor: float, x: Sum) -> Sum:
        return self.forms.sum({p: factor * c for p, c in x.terms.items()})

    def minus(self, a: Sum, b: Sum) -> Sum:
        return self.add(a, self.scaled(-1.0, b))

    # --- products --------------------------------------------------------------------------

    def mul(self, a: Sum, b: Sum) -> Sum:
        found = self.forms.multiplied.get((a, b))
        if found is None:
            found = self.forms.multiplied[a, b] = self._multiplied(a, b)
        return found

    def _multiplied(self, a: Sum, b: Sum) -> Sum:
        if len(a.terms) * len(b.terms) > LONGEST:
            return self._unopened(a, b)
        total: dict[Product, float] = {}
        for p, c in a.terms.items():
            joined = [(self.join(p, q), d) for q, d in b.terms.items()]
            _accumulate(total, ((product, c * d * factor) for (product, factor), d in joined))
        return self.forms.sum(self._collected(self._opened(total)))

    def _opened(self, total: dict[Product, float]) -> dict[Product, float]:
        """Sums that have become factors with a whole exponent, as √(a + b)·√(a + b), multiplied out."""
        for product in [p for p in total if any(map(_is_open, p))]:
            c = total.pop(product)
            value = self.forms.sum({tuple(f for f in product if not _is_open(f)): c})
            for atom, _, e in filter(_is_open, product):
                value = self.mul(value, self.power(atom.args[0], e))
            _accumulate(total, value.terms.items())
        return total

    def _unopened(self, a: Sum, b: Sum) -> Sum:
        """A product that would be too long: its factors as they are."""
        scale, factors = 1.0, [self.split(x) for x in (a, b)]
        result = self.forms.one
        for coefficient, common, rest in factors:
            scale *= coefficient
            kept = () if rest is self.forms.one else ((self._group(rest, LONG), 0.0, 1.0),)
            product, number = self.join(common, kept)
            result = self.mul(result, self.forms.sum({product: number}))
        return self.scaled(scale, result)

    def join(self, p: Product, q: Product) -> tuple[Product, float]:
        """The product of two, and the number that comes out of it."""
        if not p or not q:
            return p or q, 1.0
        found = self._products.get((p, q))
        if found is None:
            factors: dict[Factor, float] = {}
            for atom, kind, e in (*p, *q):
                factors[atom, kind] = round(factors.get((atom, kind), 0.0) + e, DIGITS)
            found = self._products[p, q] = self._settled(factors)
        return found

    def _settled(self, factors: dict[Factor, float]) -> tuple[Product, float]:
        """x·x = x of what is 0 or 1; e^a·e^b = e^(a+b); rows of numbers multiplied."""
        for atom, kind in factors:
            if atom.binary and kind == 0.0 and factors[atom, kind] > 0.0:
                factors[atom, kind] = 1.0
        number = 1.0
        exponentials = {f: e for f, e in factors.items() if f[0].op is ops.exp and e != 0.0}
        if len(exponentials) > 1 or any(e != 1.0 for e in exponentials.values()):
            for f in exponentials:
                del factors[f]
            inner = self.add(*(self.scaled(e, f[0].args[0]) for f, e in exponentials.items()))
            _accumulate_factors(factors, self.exp(inner))
        rows = [f for f in factors if f[0].op is ops.const and factors[f] != 0.0]
        if len(rows) > 1 or any(factors[f] != 1.0 or f[1] != 0.0 for f in rows):
            number *= self._joined_rows(factors, rows)
        return ordered(factors), number

    # --- sums over neighbours --------------------------------------------------------------

    def neighbours(self, attrs: tuple[Any, ...], body: Sum, signature: Sum) -> Sum:
        """Σ body over neighbours. attrs: the operation, its cutoff, its list.

        signature: the common part of its products beside polynomials.
        """
        if not body.terms:
            return body
        c, scaled = self.signed(body)
        inside = [a for p in scaled.terms for a, _, _ in p]
        atom = self.forms.atom(
            NEIGHBOURS,
            attrs,
            (scaled, signature),
            label=repr((attrs[0].name, *attrs[1:])).encode(),
            scalar=all(a.scalar for a in inside),
            positive=all(v > 0.0 and all(a.positive for a, _, _ in p) for p, v in scaled.terms.items()),
        )
        return self.scaled(c, self.forms.of(atom))

    def _collected(self, total: dict[Product, float]) -> dict[Product, float]:
        """a·Σx + b·Σy = Σ(a·x + b·y), sums over the same neighbours with the same signature."""
        first: dict[tuple[object, ...], Product] = {}
        for product in list(total):
            for k, (atom, kind, e) in enumerate(product):
                if atom.op is not NEIGHBOURS or kind != 0.0 or e != 1.0:
                    continue
                rest = product[:k] + product[k + 1 :]
                other = first.setdefault((rest, atom.attrs, atom.args[1]), product)
                if other is not product:
                    one = next(a for a, _, _ in other if _alike(a, atom))
                    parts = (total.pop(other), one.args[0]), (total.pop(product), atom.args[0])
                    body = self.add(*(self.scaled(c, x) for c, x in parts))
                    joined = self.neighbours(atom.attrs, body, atom.args[1])
                    _accumulate(total, self.mul(joined, self.forms.sum({rest: 1.0})).terms.items())
                    return self._collected(total)
        return total

    # --- factors ---------------------------------------------------------------------------

    def _joined_rows(self, factors: dict[Factor, float], rows: list[Factor]) -> float:
        """Rows of numbers multiplied, component by component, where they are of one shape."""
        groups: dict[tuple[object, ...], list[tuple[Factor, float]]] = {}
        for f in rows:
            groups.setdefault(f[0].attrs[:-1], []).append((f, factors[f]))
        number = 1.0
        for kind, members in groups.items():
            values = [1.0] * len(members[0][0][0].attrs[-1])
            for (atom, cls), e in members:
                power = exponent(cls, e)
                if power < 0.0 and 0.0 in atom.attrs[-1]:
                    return number
                values = [v * x**power for v, x in zip(values, atom.attrs[-1], strict=True)]
            for f, _ in members:
                del factors[f]
            for product, c in self.row(kind, tuple(values)).terms.items():
                number *= c
                for atom, cls, e in product:
                    factors[atom, cls] = e
        return number

    def row(self, kind: tuple[object, ...], values: tuple[float, ...]) -> Sum:
        """Numbers of a table or of components: a number times the row whose first entry other than 0 is 1."""
        if all(abs(v - values[0]) <= CLOSE * abs(v) for v in values):
            return self.forms.constant(values[0])
        first = next(v for v in values if v != 0.0)
        scaled = tuple(self.forms.numbers.one(v / first) for v in values)
        atom = self.forms.atom(
            ops.const,
            (*kind, scaled),
            scalar=not kind[1],
            everywhere=False,
            nonzero=0.0 not in scaled,
            positive=min(scaled) >= 0.0,
            binary=set(scaled) <= {0.0, 1.0},
        )
        return self.scaled(first, self.forms.of(atom))

    def exp(self, x: Sum) -> Sum:
        if not x.terms:
            return self.forms.one
        flat = all(a.scalar for p in x.terms for a, _, _ in p)
        here = all(a.everywhere for p in x.terms for a, _, _ in p)
        return self.forms.of(
            self.forms.atom(ops.exp, (), (x,), scalar=flat, everywhere=here, nonzero=True, positive=True)
        )

    # --- powers ----------------------------------------------------------------------------

    def power(self, x: Sum, p: float) -> Sum:
        """x^p. A fractional power is 0 at 0."""
        value = x.number()
        if value is not None and (value > 0.0 or (value < 0.0 and p == int(p))):
            return self.forms.constant(float(value**p))
        if p == 0.0:
            return self.forms.one
        if not x.terms:  # 0, whose inverse is no number
            return x if p > 0.0 else self.forms.of(self.forms.atom(NO_NUMBER, everywhere=True))
        whole = p == int(p)
        if len(x.terms) == 1:
            ((product, c),) = x.terms.items()
            return self._product_power(product, c, p, whole)
        if whole and 0.0 < p <= _HIGHEST:
            return x if p == 1.0 else self.mul(self.power(x, p - 1.0), x)
        coefficient, common, rest = self.split(x)
        if not whole and coefficient < 0.0:
            coefficient, rest = -coefficient, self.scaled(-1.0, rest)
        inside: Product = ((self._group(rest), 0.0, 1.0),)
        product, number = self.join(common, inside)
        return self._product_power(product, coefficient * number, p, whole)

    def _product_power(self, product: Product, c: float, p: float, whole: bool) -> Sum:
        """(c·∏ a^e)^p, factor by factor where that is allowed: whole powers, and of what is not negative."""
        out = [f for f in product if whole or f[0].positive or _only(product, c)]
        kept = tuple(f for f in product if f not in out)
        if c < 0.0 and not whole:
            out, kept, c = (
                [f for f in out if f[0].positive],
                tuple(f for f in product if not f[0].positive),
                c,
            )
            return self._kept_power(out, self.forms.sum({kept: -1.0}), abs(c), p)
        if kept:
            return self._kept_power(out, self.forms.sum({kept: 1.0}), c, p)
        return self._raised(out, float(c**p), p)

    def _kept_power(self, out: list[tuple[Atom, float, float]], kept: Sum, c: float, p: float) -> Sum:
        ((product, sign),) = kept.terms.items()
        atom = product[0][0] if _only(product, sign) else self._group(kept)
        return self._raised([*out, (atom, 0.0, 1.0)], float(c**p), p)

    def _raised(self, factors: list[tuple[Atom, float, float]], c: float, p: float) -> Sum:
        result = self.forms.constant(c)
        for atom, kind, e in factors:
            cls, count = _classed(atom, round(exponent(kind, e) * p, DIGITS))
            product, number = self._settled({(atom, cls): count})
            result = self.mul(result, self.forms.sum({product: number}))
        return result

    def _group(self, x: Sum, op: Made = GROUP) -> Atom:
        """A sum as an atom, of the kind GROUP or LONG."""
        inside = [a for p in x.terms for a, _, _ in p]
        return self.forms.atom(
            op,
            (),
            (x,),
            scalar=all(a.scalar for a in inside),
            everywhere=all(a.everywhere for a in inside),
            nonzero=_above_zero(x),
            positive=_above_zero(x),
        )

    def split(self, x: Sum) -> tuple[float, Product, Sum]:
        """x = coefficient · common product · rest, the rest with leading coefficient 1."""
        common = _common(list(x.terms))
        if common:
            inverse = ordered({(a, kind): -e for a, kind, e in common})
            x = self.forms.sum({_without(p, inverse): c for p, c in x.terms.items()})
        coefficient = x.terms[x.leading]
        return coefficient, common, self.scaled(1.0 / coefficient, x)

    def signed(self, x: Sum) -> tuple[float, Sum]:
        """x = s·|c|·y with y of leading coefficient 1; s·|c| and y."""
        if not x.terms:
            return 1.0, x
        coefficient = x.terms[x.leading]
        return coefficient, self.scaled(1.0 / coefficient, x)


def _is_open(factor: tuple[Atom, float, float]) -> bool:
    atom, kind, e = factor
    return atom.op is GROUP and kind == 0.0 and 0.0 < e <= _HIGHEST and e == int(e)


def _alike(a: Atom, b: Atom) -> bool:
    return a.op is b.op and a.attrs == b.attrs and a.args[1] is b.args[1]


def exponent(kind: float, e: float) -> float:
    """The power that a factor of this class and exponent is."""
    return e if kind == 0.0 else -e if kind == -1.0 else kind * e


def _accumulate(total: dict[Product, float], items: Iterable[tuple[Product, float]]) -> None:
    """Add up coefficients; what cancels to rounding is 0."""
    for product, c in items:
        before = total.get(product)
        if before is None:
            total[product] = c
            continue
        after = before + c
        if abs(after) <= CLOSE * max(abs(before), abs(c)):
            del total[product]
        else:
            total[product] = after


def _accumulate_factors(factors: dict[Factor, float], x: Sum) -> None:
    for product in x.terms:
        for atom, kind, e in product:
            factors[atom, kind] = factors.get((atom, kind), 0.0) + e


def _only(product: Product, c: float) -> bool:
    """One atom to the first power: its fractional power is its own."""
    return len(product) == 1 and product[0][1] == 0.0 and product[0][2] == 1.0 and c > 0.0


def _classed(atom: Atom, power: float) -> tuple[float, float]:
    """Class and exponent of atom^power."""
    if atom.nonzero or power > 0.0:
        return 0.0, power
    if power == int(power):
        return -1.0, -power
    return power, 1.0


def _above_zero(x: Sum) -> bool:
    """Whether all products are ≥ 0 and one is > 0."""
    if not all(c > 0.0 and all(a.positive for a, _, _ in p) for p, c in x.terms.items()):
        return False
    return any(all(a.nonzero for a, _, _ in p) for p in x.terms)


def _common(products: list[Product]) -> Product:
    """The factors that all products have, with the least exponent, which may be negative of what cannot
    be 0.
    """
    tables = [{(a, kind): e for a, kind, e in p} for p in products]
    found: dict[Factor, float] = {}
    for factor in {f for table in tables for f in table}:
        atom = factor[0]
        exponents = [table.get(factor, 0.0) for table in tables]
        if min(exponents) > 0.0 or (atom.nonzero and atom.op is not ops.exp and min(exponents) < 0.0):
            found[factor] = min(exponents)
    return ordered(found)


def _without(product: Product, inverse: Product) -> Product:
    factors = {(a, kind): e for a, kind, e in product}
    for a, kind, e in inverse:
        factors[a, kind] = factors.get((a, kind), 0.0) + e
    return ordered(factors)
