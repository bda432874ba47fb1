"""A formula that is a plain sum of terms, with what the arguments and parameters of each are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...compiler.declarations import library
from ...compiler.diagnostics.source import Source
from ...compiler.elaborate.model_builder import Builder
from ...compiler.elaborate.scope import TermScope
from ...compiler.elaborate.values import Function, Quantity, Value, Values
from ...compiler.ir import ops
from ...compiler.ir.graph import Model, Node, TermInstance
from ...compiler.program import Program
from ..structures.arrays import Floats
from .potential import Potential


@dataclass(frozen=True)
class Term:
    """A term of the formula, with what its arguments are worth."""

    instance: TermInstance
    scope: TermScope

    @property
    def called(self) -> str:
        return self.instance.called

    @property
    def is_of_library(self) -> bool:
        return self.scope.term is library.term(self.called)

    @property
    def only(self) -> bool:
        """Whether it acts among some of the species alone."""
        return bool(self.scope.only)

    def number(self, name: str) -> float:
        value = self.scope.formals[name]
        assert isinstance(value, Quantity)
        return value.value

    def whole(self, name: str) -> tuple[int, ...]:
        value: Value = self.scope.formals[name]
        items = value.items if isinstance(value, Values) else (value,)
        return tuple(int(item.value) for item in items if isinstance(item, Quantity))

    def word(self, name: str) -> str:
        value = self.scope.formals[name]
        assert isinstance(value, Function)
        return value.name


def terms_of(potential: Potential) -> tuple[Model, list[Term]]:
    """The model as built, and its terms, those within others left out."""
    checked = Program.of(Source(potential.text, "spec.pes")).checked
    builder = Builder(checked, potential.species)
    model = builder.model()
    terms = [Term(i, builder.scopes[i.name]) for i in model.terms]
    return model, [t for t in terms if t.scope.term.alias is None]


def is_plain_sum(energy: Node, terms: Sequence[Term]) -> bool:
    """Whether the energy is the sum of these terms, each once."""
    left = [t.instance.energy for t in terms]
    for part in summands(energy, set(left)):
        if part not in left:
            return False
        left.remove(part)
    return not left


def summands(node: Node, whole: set[Node]) -> Iterator[Node]:
    """What is added up in a node; nodes of `whole` are not taken apart."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part.op is ops.add and part not in whole:
            stack.extend(part.args)
        else:
            yield part


class Numbers:
    """The numbers of parameters, written out: what is not kept is 0, what is joined is repeated."""

    def __init__(self, model: Model, theta: Floats) -> None:
        self.model = model
        self.found = model.vector.tables(theta, lambda flat, places: np.append(flat, 0.0)[list(places)])
        self.kept = {p.name: p.components for p in model.parameters if p.components is not None}

    def of(self, term: Term, name: str, shape: tuple[int, ...] = (), rows: int | None = None) -> Floats:
        """(rows, *shape). rows: how many, where nothing is left of a table to tell, else those of species."""
        leaf = term.scope.declared.get(name)  # of another term, where the parameter is shared
        full = leaf["name"] if leaf is not None and leaf.op is ops.param else f"{term.instance.name}.{name}"
        if full not in self.found:
            return np.zeros((rows or len(self.model.species), *shape))
        table = self.found[full]
        if full in self.kept:
            whole = np.zeros((len(table), int(np.prod(shape))))
            whole[:, list(self.kept[full] or ())] = table
            table = whole
        return table.reshape(len(table), *shape)
