"""The syntax tree: the text in its parts, before any name has a meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..diagnostics.source import Source, Span

Sharing = Literal["species", "pair", "ordered pair", "triple", "ordered triple", "model"]


# --- expressions -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Number:
    """A number, with its unit where one is written: `5`, `5 Å`, `2 Å^2` (exponent 2)."""

    value: float
    unit: str | None
    exponent: int
    span: Span


@dataclass(frozen=True, eq=False)
class Name:
    name: str
    span: Span


@dataclass(frozen=True, eq=False)
class Shared:
    """`core.sigma`: a parameter of the term that `let core` names, where it is given to another term."""

    owner: str
    parameter: str
    span: Span

    @property
    def owner_span(self) -> Span:
        return Span(self.span.source, self.span.start, self.span.start + len(self.owner))

    @property
    def parameter_span(self) -> Span:
        return Span(self.span.source, self.span.end - len(self.parameter), self.span.end)


@dataclass(frozen=True, eq=False)
class Text:
    value: str
    span: Span


@dataclass(frozen=True, eq=False)
class Negative:
    operand: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Chain:
    """`first op1 operand1 op2 operand2 …`, all of one precedence: + - or * /."""

    operands: tuple[Expr, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Power:
    base: Expr
    exponent: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Neighbours:
    """`sum(j) body`: over the neighbours j of the atom in hand; `sum(j, cutoff) body`: within that cutoff."""

    index: str
    body: Expr
    span: Span
    cutoff: Expr | None = None


@dataclass(frozen=True, eq=False)
class Pin:
    operand: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class List:
    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Table:
    """`{Nb-Nb: 1 eV, Nb-W = W-W: fixed 2 eV}`: of each entry the keys, the value, the place."""

    entries: tuple[tuple[tuple[tuple[str, ...], ...], Expr, Span], ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Setting:
    """The value of a parameter as an argument: `fixed 0.1 eV`, `0.1 eV in (0 eV, 1 eV)`."""

    value: Expr
    fixed: bool
    bounds: tuple[Expr, Expr] | None
    span: Span


@dataclass(frozen=True, eq=False)
class Argument:
    name: str | None
    value: Expr
    span: Span
    name_span: Span | None = None


@dataclass(frozen=True, eq=False)
class Call:
    name: str
    arguments: tuple[Argument, ...]
    name_span: Span
    span: Span


Expr = (
    Number
    | Name
    | Shared
    | Text
    | Negative
    | Chain
    | Power
    | Neighbours
    | Pin
    | List
    | Table
    | Setting
    | Call
)


def unpinned(expr: Expr) -> Expr:
    """The expression within its pins."""
    while isinstance(expr, Pin):
        expr = expr.operand
    return expr


# --- declarations ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Import:
    path: str
    span: Span


@dataclass(frozen=True, eq=False)
class Species:
    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Let:
    name: str
    value: Expr
    name_span: Span
    span: Span


@dataclass(frozen=True, eq=False)
class Energy:
    """`E = …`."""

    value: Expr
    span: Span


@dataclass(frozen=True, eq=False)
class Formal:
    """A formal argument of a term, with its default."""

    name: str
    default: Expr | None
    span: Span


@dataclass(frozen=True, eq=False)
class Param:
    name: str
    size: Expr | None
    value: Expr
    bounds: tuple[Expr, Expr] | None
    sharing: Sharing | None
    fixed: bool
    name_span: Span
    span: Span


@dataclass(frozen=True, eq=False)
class Definition:
    """`rho(i) = …`, `pair(r) = …`, or a constant `q = …` (formals None)."""

    name: str
    formals: tuple[str, ...] | None
    value: Expr
    name_span: Span
    span: Span


@dataclass(frozen=True, eq=False)
class Term:
    """`term name(formals) { members }`, or `term name(formals) = alias`."""

    name: str
    formals: tuple[Formal, ...]
    members: tuple[Param | Definition, ...]
    alias: Expr | None
    name_span: Span
    span: Span


Item = Import | Species | Let | Energy | Term


@dataclass(frozen=True, eq=False)
class File:
    source: Source
    items: tuple[Item, ...]
    comments: tuple[Span, ...]
