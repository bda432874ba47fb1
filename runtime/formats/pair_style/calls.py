"""Calls of terms as text, with the numbers of a foreign potential as tables by species."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from ....compiler.ir.parameter import Parameter
from ....compiler.ir.types import row_number
from ....compiler.program import Program
from ...potential.potential import Potential, at_start
from ...structures.arrays import Floats

Row = tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A call of a term of the library.

    species: those it acts among, empty for all. arguments: as they are written. numbers: of each parameter,
    by the species of a row. fixed: rows that stand for nothing and are not to be trained. tables: numbers of
    parameters that are too many for a text, by the species of a row: the potential has them alone. kept:
    those tables whose other rows have no numbers.
    """

    term: str
    species: tuple[str, ...]
    arguments: Mapping[str, str]
    numbers: Mapping[str, Mapping[Row, float]]
    fixed: frozenset[Row] = frozenset()
    pinned: bool = False
    tables: Mapping[str, Mapping[Row, Floats]] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()

    def text(self) -> str:
        """`lj(Nb, rc = 5 Å, epsilon = {Nb-Nb: 0.1, …})`."""
        declared = _declared(self.term)
        parts = [*self.species, *(f"{name} = {value}" for name, value in self.arguments.items())]
        parts += [f"{name} = {self._table(declared[name], rows)}" for name, rows in self.numbers.items()]
        parts += [f"{name} = {_kept(self.tables[name])}" for name in sorted(self.kept)]
        return f"{'pin ' if self.pinned else ''}{self.term}({', '.join(parts)})"

    def _table(self, declared: Parameter, rows: Mapping[Row, float]) -> str:
        texts = {row: self._row(declared, row, value) for row, value in rows.items()}
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        return "{" + ", ".join(f"{'-'.join(row)}: {text}" for row, text in texts.items()) + "}"

    def _row(self, declared: Parameter, row: Row, value: float) -> str:
        if row in self.fixed:
            return f"fixed {number(value)}{_widened(declared, value)}"
        return f"{number(value)}{_widened(declared, value)}"


def spec_of(name: str, species: Sequence[str], calls: Iterable[Call]) -> str:
    """A spec whose energy is the sum of these terms. name: of the file, for its first line."""
    terms = " + ".join(call.text() for call in calls)
    return f"# Read from {name}\nspecies {', '.join(species)}\nE = {terms}\n"


def potential_of(name: str, species: Sequence[str], calls: Sequence[Call]) -> Potential:
    """The potential whose energy is the sum of these terms, with the numbers of their tables.

    Rows of a table that are not given are 0.
    """
    made = at_start(Program.of(spec_of(name, species, calls)).self_contained())
    given: dict[str, Mapping[Row, Floats]] = {}
    for term, call in zip(made.model.terms, calls, strict=True):
        given |= {f"{term.name}.{parameter}": rows for parameter, rows in call.tables.items()}
    theta = made.theta.copy()
    places = made.model.vector.tables(np.arange(len(theta)), lambda flat, at: flat[list(at)])
    for p in made.model.parameters:
        for row, numbers in given.get(p.name, {}).items():
            atoms = [made.species.index(s) for s in row]
            theta[places[p.name][row_number(p.kind.domain, atoms, len(made.species))]] = numbers
    return made.with_theta(theta)


def _kept(rows: Mapping[Row, Floats]) -> str:
    """A table in which these rows start at 0, and others are no numbers."""
    names = {"-".join(row): "0" for row in rows}
    others = "-".join("*" * len(next(iter(rows))))
    return "{" + ", ".join(f"{name}: {text}" for name, text in {**names, others: "keep()"}.items()) + "}"


def number(value: float) -> str:
    """A number in as many digits as it takes to read it back unchanged."""
    return np.format_float_positional(value, unique=True, trim="-")


def length(value: float) -> str:
    """A length in Å."""
    return f"{number(value)} Å"


@cache
def _declared(term: str) -> Mapping[str, Parameter]:
    """The parameters of a term as the library declares them."""
    switch = "switch = hard" if term in ("lj", "morse", "buckingham", "born") else ""
    model = Program.of(f"species H\nE = {term}({switch})\n").model
    return {p.name.removeprefix(f"{term}."): p for p in model.parameters}


def _widened(declared: Parameter, value: float) -> str:
    """Bounds that hold a number which is out of those that are declared, else nothing."""
    low, high = declared.lower[0], declared.upper[0]
    if low <= value <= high:
        return ""
    if value > high:
        return f" in ({number(low)}, {number(2.0 * value)})"
    return f" in ({number(2.0 * value if value < 0.0 else 0.0)}, {number(high)})"
