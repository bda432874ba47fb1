"""A plan as data: the steps of an evaluation in order, one for each node."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..ir.graph import Node
from ..ir.types import Domain


class Layout(Enum):
    """How a value lies in memory."""

    STACKED = "stacked"  # one array, feature axes first
    ROWS = "rows"  # an array for each component of its one feature axis


class Storage(Enum):
    """Whether a value is written to memory."""

    INLINE = "inline"  # the target may work it out in every loop that reads it
    STORED = "stored"


class Algorithm(Enum):
    """How an operation is carried out where there is a choice."""

    PLAIN = "plain"  # the one way there is
    # contractions
    WRITTEN_OUT = "written_out"  # product by product
    MATRIX_PRODUCT = "matrix_product"
    BY_SPECIES = "by_species"  # with the coefficients of every species, and the choice after it
    # components
    PICK = "pick"  # whole rows
    SLICE = "slice"
    PAD = "pad"  # a slice of zeros
    LAY = "lay"  # row by row onto zeros
    # moves and lookups
    GATHER = "gather"  # by an array of indices
    SPREAD = "spread"  # an axis of length one
    # sums
    REDUCE = "reduce"  # over an axis
    SCATTER = "scatter"  # onto owners
    REVERSED = "reversed"  # gathered through the list of reversed edges, then over an axis
    OUTER = "outer"  # of a ⊗ b from a and b; totals so where the batch has one structure


@dataclass(frozen=True)
class Step:
    """How one node is evaluated.

    neighbors: the list that it reads. cutoff (Å): a sum counts neighbours nearer than this. operand: by
    species, the argument that is a matrix of coefficients.
    """

    node: Node
    layout: Layout
    storage: Storage = Storage.INLINE
    algorithm: Algorithm = Algorithm.PLAIN
    neighbors: Domain | None = None
    cutoff: float | None = None
    operand: int | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that a target decides about a model before it runs.

    species: how many. lists: the neighbour lists that it reads, in the order of `Model.lists`. steps:
    arguments first. outputs: by name.
    """

    target: str
    species: int
    lists: tuple[Domain, ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, Node], ...]
