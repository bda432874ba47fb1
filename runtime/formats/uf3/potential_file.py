"""The content of a file of `pair_style uf3`: cubic B-splines on knots, of pairs and of triples of elements.

The first and the last knot are there four times in a file, and once here. The coefficients of the last three
functions of each distance are 0 in a file (its trailing trim), and left out here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...structures.arrays import Floats

Knots = tuple[float, ...]
TRIMMED = 3


@dataclass(frozen=True, eq=False)
class Pair:
    """Of two elements: the functions end at the last knot. coefficients (n,): eV, half of a pair's energy."""

    knots: Knots
    coefficients: Floats


@dataclass(frozen=True, eq=False)
class Triple:
    """Of an element i and its neighbours j and k. coefficients (n_ij, n_ik, n_jk): eV."""

    ij: Knots
    ik: Knots
    jk: Knots
    coefficients: Floats


@dataclass(frozen=True, eq=False)
class UltraFast:
    """pairs: by their elements. triples: by i, j and k, each pair j, k in the one order that the file has."""

    pairs: dict[tuple[str, str], Pair]
    triples: dict[tuple[str, str, str], Triple]

    @property
    def species(self) -> tuple[str, ...]:
        """The elements in the order in which they appear."""
        return tuple(dict.fromkeys(s for elements in (*self.pairs, *self.triples) for s in elements))
