"""Rules that several operations share: kinds of joined arguments, costs, derivatives of linear operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod

from ...chemistry.units import ONE, Unit
from ...diagnostics.diagnostic import InternalError
from ..contraction import parsed
from ..graph import Lazy, Node
from ..interval import ALL, Range
from ..types import Domain, KindError, join_domains, join_shapes

# --- kinds -------------------------------------------------------------------------------------


def domain_of(*args: Node) -> Domain:
    """That of an operation of these arguments. Raises KindError."""
    return reduce(join_domains, (a.kind.domain for a in args))


def unit_of_product(*args: Node) -> Unit:
    return reduce(Unit.__mul__, (a.kind.unit for a in args))


def joined(*args: Node) -> tuple[Domain, tuple[int, ...]]:
    """Domain and feature shape of an elementwise operation."""
    return domain_of(*args), reduce(join_shapes, (a.kind.shape for a in args))


def same_unit(verb: str, *args: Node) -> Unit:
    unit = args[0].kind.unit
    for other in args[1:]:
        if other.kind.unit != unit:
            raise KindError(
                "wrong-unit", f"cannot {verb} {unit} and {other.kind.unit}", _unit_help(unit, other.kind.unit)
            )
    return unit


def _unit_help(a: Unit, b: Unit) -> str | None:
    if ONE in (a, b):
        return f"one side is a plain number: give it a unit, or divide the other by 1 {b if a == ONE else a}"
    return None


def need_plain(subject: str, a: Node) -> None:
    if a.kind.unit != ONE:
        raise KindError(
            "wrong-unit",
            f"{subject} is a plain number, not {a.kind.unit}",
            f"divide it by a value in {a.kind.unit}",
        )


def need_domain(a: Node, *names: str) -> None:
    if a.kind.domain.name not in names:
        raise KindError(
            "domain-mismatch",
            f"a value for each {' or '.join(names)} is needed, not for each {a.kind.domain}",
        )


# --- intervals ---------------------------------------------------------------------------------


def unbounded(node: Node, args: Sequence[Range]) -> Range:
    return ALL


def first(node: Node, args: Sequence[Range]) -> Range:
    """Some of the values of the argument, and no others."""
    return args[0]


def of_arguments(rule: Callable[..., Range]) -> Callable[[Node, Sequence[Range]], Range]:
    """A rule that reads no attribute."""
    return lambda node, args: rule(*args)


# --- costs -------------------------------------------------------------------------------------

# operations that a call of an elementary function stands for (polynomials of this length, docs/benchmarks.md)
CALL = 10


def free(node: Node) -> float:
    return 0.0


def each(node: Node) -> float:
    """One operation a component."""
    return float(node.kind.components)


def call(node: Node) -> float:
    return float(CALL * node.kind.components)


def contraction(node: Node) -> float:
    """A multiplication and an addition for each combination of letters."""
    return 2.0 * prod(parsed(node["spec"]).sizes(a.kind.shape for a in node.args).values())


# --- derivatives -------------------------------------------------------------------------------


def no_adjoints(node: Node, g: Node) -> Sequence[Lazy]:
    return ()


def no_tangent(node: Node, tangents: Sequence[Node | None]) -> None:
    return None


def again(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The tangent of a linear operation of one argument is the operation of the tangent."""
    (t,) = tangents
    return None if t is None else node.op(t, **dict(node.attrs))


class Refused:
    """A derivative that does not exist, with the reason; calling it raises InternalError."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, node: Node, *_: object) -> Sequence[Lazy]:
        raise InternalError(f"no derivative of `{node.op.name}`: {self.reason}")


class RefusedTangent(Refused):
    """The same of a tangent."""

    def __call__(self, node: Node, *_: object) -> None:  # type: ignore[override]
        super().__call__(node)
