"""Tables: all that depends on parameters and species alone, worked out by the reference in double precision.

A table has a row for each species of the atom, for each pair (atom, neighbour) of species, or for each
triple, in order; its components are the fastest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...ir import ops
from ...ir.graph import Model, Node, topological
from ...ir.types import LISTS, Domain
from ...schedule.sweep import Sweep
from ..reference import rules
from ..reference.geometry import Neighbors
from ..reference.interpreter import Evaluation

Array = NDArray[np.float64]
_Rows = tuple[NDArray[np.intp], NDArray[np.intp]]
_LETTERS = {"site": 1, "pair": 2, "edge": 2, "triple": 3}


@dataclass(frozen=True)
class Tables:
    """Places of tables in the constants of a kernel.

    size: of all constants.
    """

    model: Model
    nodes: tuple[Node, ...]
    places: dict[Node, int]
    size: int

    @classmethod
    def of(cls, sweep: Sweep, read: Sequence[Node]) -> Tables:
        """The tables that are read; known numbers are not among them."""
        species, size = len(sweep.model.species), 0
        places: dict[Node, int] = {}
        for node in read:
            places[node] = size
            size += species ** species_letters(node) * node.kind.components
        return cls(sweep.model, tuple(read), places, size)

    def constants(self, theta: Array) -> Array:
        """The constants (size,) of parameters theta (P,)."""
        values = static_values(self.model, self.nodes, theta)
        return np.concatenate([np.zeros(0), *(v.ravel() for v in values)])


def species_letters(node: Node) -> int:
    """How many species the row of a table depends on."""
    return _LETTERS.get(node.kind.domain.name, 0)


def known_numbers(model: Model, node: Node) -> list[float] | None:
    """The components of a value that depends on no parameter and no species; None of any other."""
    if any(n.op is ops.param or (len(n.args) == 0 and n.op is not ops.const) for n in topological([node])):
        return None
    (value,) = static_values(model, [node], np.zeros(sum(len(p.start) for p in model.parameters)))
    rows = value.reshape(-1, node.kind.components)
    return [float(x) for x in rows[0]] if (rows == rows[0]).all() else None


def static_values(model: Model, nodes: Sequence[Node], theta: Array) -> list[Array]:
    """The values (rows, components) of nodes that depend on parameters and species alone."""
    run = Evaluation(model, np.asarray(theta, float), _EachSpecies(len(model.species)))  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        values = run.values(nodes, topological(nodes))
    return [
        np.asarray(v.real, float).reshape(-1, n.kind.components) for v, n in zip(values, nodes, strict=True)
    ]


class _EachSpecies:
    """An atom of each species, all neighbours of one another and of themselves."""

    def __init__(self, species: int) -> None:
        n = species
        self.positions, self.species = np.zeros((n, 3)), np.arange(n)
        i, j = (a.ravel() for a in np.indices((n, n)))
        self._near = Neighbors(i, j, np.zeros((n * n, 3)))
        a, b, c = (x.ravel() for x in np.indices((n, n, n)))
        both = a * n + b, a * n + c
        self.triples: Mapping[float | None, _Rows] = defaultdict(lambda: both)  # the same for each cutoff

    def list_of(self, domain: Domain) -> Neighbors:
        return self._near

    def atoms(self, domain: Domain) -> dict[str, NDArray[np.intp]]:
        if domain.name not in LISTS:
            return {"i": np.arange(len(self.species))}
        if domain.name != "triple":
            return {"i": self._near.i, "j": self._near.j}
        ij, ik = self.triples[domain.rc]
        return {"i": self._near.i[ij], "j": self._near.j[ij], "k": self._near.j[ik]}


__all__ = ["Tables", "known_numbers", "rules", "species_letters", "static_values"]
