"""The constants of several sets of parameters, for kernels of derivatives along directions.

A direction in the parameters changes few of a kernel's constants, and a unit direction one or two. So a set
is a base and the constants in which it differs. All constants are affine in the direction, as the derivative
is linear in it: one evaluation tells the slopes of all constants that depend on one parameter of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Places = NDArray[np.int64]
# the constants of a kernel, of its 2P parameters: θ, then a direction
Constants = Callable[[Float[Floats, " 2P"]], Float[Floats, " n"]]


@dataclass(frozen=True, eq=False)
class Sets:
    """D sets of n constants: set k is the base but for values[first[k] : first[k + 1]] at those places."""

    base: Float[Floats, " n"]
    first: Int[Places, " D+1"]
    places: Int[Integers, " m"]
    values: Float[Floats, " m"]

    def __len__(self) -> int:
        return len(self.first) - 1

    @classmethod
    def of_rows(cls, base: Float[Floats, " n"], rows: Float[Floats, "D n"]) -> Sets:
        """From all constants of each set."""
        differ = rows != base
        first = np.concatenate([[0], np.cumsum(differ.sum(axis=1))])
        return cls(base, first.astype(np.int64), np.nonzero(differ)[1].astype(np.int32), rows[differ])


@dataclass(frozen=True, eq=False)
class Owners:
    """The parameters of a direction that constants depend on.

    owner (n,): the one parameter that a constant depends on; −1 where there is none, −2 for several.
    sharing: the parameters of the latter.
    """

    owner: Int[Places, " n"]
    n_parameters: int
    sharing: frozenset[int]

    @classmethod
    def of(cls, constants: Constants, n_parameters: int) -> Owners:
        """Found by directions that have half of the parameters each, by the digits of their numbers."""
        rng = np.random.default_rng(0)
        theta, v = rng.uniform(0.5, 1.5, (2, n_parameters))
        base = constants(np.concatenate([theta, np.zeros(n_parameters)]))
        owner = np.zeros(len(base), np.int64)
        none, several = np.ones(len(base), bool), np.zeros(len(base), bool)
        for digit in range(max(1, (n_parameters - 1).bit_length())):
            has = (np.arange(n_parameters) >> digit) % 2 == 1
            one, other = (constants(np.concatenate([theta, v * half])) != base for half in (has, ~has))
            none &= ~one & ~other
            several |= one & other
            owner |= one.astype(np.int64) << digit
        owner[none], owner[several] = -1, -2

        def touched(first: int, end: int) -> bool:
            part = np.where((np.arange(n_parameters) >= first) & (np.arange(n_parameters) < end), v, 0.0)
            return bool((constants(np.concatenate([theta, part])) != base)[several].any())

        sharing = frozenset(_found(touched, 0, n_parameters)) if several.any() else frozenset()
        return cls(owner, n_parameters, sharing)

    @cached_property
    def _by_owner(self) -> tuple[Integers, Places]:
        """Constants of one owner each, by owner, and where those of each parameter begin."""
        order = np.argsort(self.owner, kind="stable").astype(np.int32)
        order = order[self.owner[order] >= 0]
        return order, np.searchsorted(self.owner[order], np.arange(self.n_parameters + 1))

    def of_parameter(self, number: int) -> Integers:
        """The constants that depend on this parameter alone."""
        order, first = self._by_owner
        return order[first[number] : first[number + 1]]


class Directions:
    """The constants along directions in the parameters, at one θ (P,)."""

    def __init__(self, constants: Constants, owners: Owners, theta: Float[Floats, " P"]) -> None:
        self._constants, self._owners, self.theta = constants, owners, theta
        self.base = self._at(np.zeros_like(theta))
        self._slopes = self._at(np.ones_like(theta)) - self.base

    def _at(self, direction: Float[Floats, " P"]) -> Float[Floats, " n"]:
        return self._constants(np.concatenate([self.theta, direction]))

    def _along_unit(self, number: int) -> Float[Floats, " n"]:
        return self._at((np.arange(len(self.theta)) == number).astype(np.float64))

    def along_each(self, numbers: Int[NDArray[np.intp], " D"]) -> Sets:
        """Along each of these parameters."""
        parts = [self._along_one(number) for number in numbers.tolist()]
        first = np.concatenate([[0], np.cumsum([len(places) for places, _ in parts])]).astype(np.int64)
        places = np.concatenate([np.zeros(0, np.int32), *(p for p, _ in parts)])
        return Sets(self.base, first, places, np.concatenate([np.zeros(0), *(v for _, v in parts)]))

    def _along_one(self, number: int) -> tuple[Integers, Floats]:
        """The constants that differ along a parameter, and their values."""
        if number not in self._owners.sharing:
            places = self._owners.of_parameter(number)
            return places, self.base[places] + self._slopes[places]
        found = self._along_unit(number)
        places = np.flatnonzero(found != self.base).astype(np.int32)
        return places, found[places]

    def pulled_back(self, adjoints: Float[Floats, " n"]) -> Float[Floats, " P"]:
        """Σ over the constants, adjoint times derivative, for each parameter: constants that are derivatives
        along a direction, and so 0 without one.
        """
        owner = self._owners.owner
        alone = owner >= 0
        weights = adjoints[alone] * self._slopes[alone]
        found: Floats = np.zeros_like(self.theta)
        np.add.at(found, owner[alone], weights)
        for number in self._owners.sharing:
            found[number] = self._along_unit(number) @ adjoints
        return found

    def along(self, directions: Float[Floats, "D P"]) -> Sets:
        """Along each of these directions."""
        return Sets.of_rows(self.base, np.stack([self._at(v) for v in directions]))


def _found(touched: Callable[[int, int], bool], first: int, end: int) -> list[int]:
    """The numbers from `first` to `end` of which intervals are touched, by halving."""
    if not touched(first, end):
        return []
    middle = (first + end) // 2
    if middle == first:
        return [first]
    return _found(touched, first, middle) + _found(touched, middle, end)
