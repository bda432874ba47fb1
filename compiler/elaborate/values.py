"""Values of expressions while a model is built."""

from __future__ import annotations

from dataclasses import dataclass

from ..chemistry.units import ONE, Unit
from ..diagnostics.source import Span
from ..ir import ops
from ..ir.graph import Node
from ..syntax import tree as syntax


@dataclass(frozen=True)
class Quantity:
    """A number known at compile time, in eV, Å, e. `bare`: written without a unit, so it takes the one
    expected.
    """

    value: float
    unit: Unit = ONE
    bare: bool = True


@dataclass(frozen=True)
class Basis:
    """A family of functions of the distance: `bessel(n=8)`. `start` (Å) is the first centre, for local
    families.
    """

    family: str
    n: int
    start: float = 0.0


@dataclass(frozen=True)
class Values:
    """A list of compile-time values: `[8, 8]`."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Function:
    """A function by name: one of the language's, or a definition of the term at hand."""

    name: str


@dataclass(frozen=True)
class Elements:
    """Chemical species given as an argument."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A choice of components of a parameter, `keep(0, 3)`. start: their values, None for those declared."""

    components: tuple[int, ...]
    start: Value | None


@dataclass(frozen=True)
class Random:
    """A start value drawn for each number of a parameter: normal about 0, `spread` its deviation."""

    spread: Quantity


@dataclass(frozen=True, eq=False)
class Override:
    """The value of a parameter, given where the term is called."""

    value: syntax.Expr
    fixed: bool
    bounds: tuple[syntax.Expr, syntax.Expr] | None
    span: Span


Value = Quantity | Basis | Values | Function | Elements | Kept | Random | Node


def as_node(value: Quantity | Node) -> Node:
    return value if isinstance(value, Node) else ops.constant(value.value, value.unit)
