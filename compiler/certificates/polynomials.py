"""Polynomials of components of multiplets, and the proof that rotations and mirrors do not change one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from .rotations import generators

_ROUNDING = 1e-11
MOST = 100_000  # products of terms that are worked out


class Component(NamedTuple):
    """Component m of a multiplet of degree l: one of those in a row of a value."""

    value: int
    row: int
    basis: str
    l: int  # noqa: E741
    m: int


Monomial = tuple[Component, ...]  # sorted
Polynomial = Mapping[Monomial, float]


class TooLarge(Exception):
    """A polynomial of more terms than are worked out."""


def number(x: float) -> Polynomial:
    return {(): x} if x else {}


def added(a: Polynomial, b: Polynomial) -> Polynomial:
    found = Counter(a)
    for monomial, x in b.items():
        found[monomial] += x  # type: ignore[assignment]
    return {k: x for k, x in found.items() if x}


def multiplied(a: Polynomial, b: Polynomial) -> Polynomial:
    """Raises TooLarge."""
    if len(a) * len(b) > MOST:
        raise TooLarge
    found: Counter[Monomial] = Counter()
    for first, x in a.items():
        for second, y in b.items():
            found[tuple(sorted(first + second))] += x * y  # type: ignore[assignment]
    return dict(found)


def is_invariant(p: Polynomial) -> bool:
    """Whether it is even and both generators of rotations take it to 0, but for rounding."""
    if any(sum(c.l for c in monomial) % 2 for monomial in p):
        return False
    return all(_is_kept(p, axis) for axis in (0, 1))


def _is_kept(p: Polynomial, axis: int) -> bool:
    changed: Counter[Monomial] = Counter()
    size = sum(map(abs, p.values()))
    for monomial, x in p.items():
        for place, c in enumerate(monomial):
            rest = monomial[:place] + monomial[place + 1 :]
            for m, g in enumerate(generators(c.basis, c.l)[axis][c.m]):
                if g:
                    key = tuple(sorted((*rest, c._replace(m=m))))
                    changed[key] += x * float(g)  # type: ignore[assignment]
    return all(abs(x) <= _ROUNDING * size for x in changed.values())
