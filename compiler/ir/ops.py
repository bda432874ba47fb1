"""The operations of the IR: a table from the name to the rule that infers the kind of the result.

| group | operations |
|---|---|
| leaves | const param distance displacement |
| elementwise | add mul neg exp log erfc sin cos tanh abs sign step pow power max min select |
| features | einsum take put stack reshape |
| families | sines cosines chebyshev chebyshev2 chain sphericals spherical_slopes |
| structure | at row to_i to_j sum_i sum_j to_ij to_ik sum_to_ij sum_to_ik total |
| by species | rows_of to_species sum_species |
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from math import prod
from typing import Any

from ..chemistry.units import ANGSTROM, ONE, Unit
from ..diagnostics.source import Span
from .graph import Node, intern
from .types import (
    LARGEST,
    LISTS,
    NONE,
    SITE,
    STRUCTURE,
    TABLES,
    Domain,
    Kind,
    KindError,
    join_domains,
    join_shapes,
)

Rule = Callable[..., Kind]
RULES: dict[str, Rule] = {}


def make(op: str, *args: Node, origin: Span | None = None, **attrs: Any) -> Node:
    """The node `op(*args, **attrs)`. Raises KindError where the arguments do not fit."""
    kind = RULES[op](*args, **attrs)
    if kind.components > LARGEST:
        raise too_large("a value here", kind.components)
    return intern(op, args, tuple(sorted(attrs.items())), kind, origin)


def too_large(what: str, count: float) -> KindError:
    return KindError(
        "too-large",
        f"{what} would have {count:g} numbers; {LARGEST} at most are compiled",
        "choose a smaller size",
    )


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return register


# --- leaves ------------------------------------------------------------------------------------


@_rule("const", "param")
def _leaf(*, kind: Kind, **_: Any) -> Kind:
    return kind


@_rule("distance")
def _distance(*, domain: Domain) -> Kind:
    return Kind(domain, (), ANGSTROM)


@_rule("displacement")
def _displacement(*, domain: Domain) -> Kind:
    """x_j + S·h − x_i."""
    return Kind(domain, (3,), ANGSTROM)


def const(
    value: float | tuple[float, ...], unit: Unit = ONE, domain: Domain = NONE, shape: tuple[int, ...] = ()
) -> Node:
    """A constant; a tuple fills the table rows slowest, features fastest."""
    values = (float(value),) if isinstance(value, (int, float)) else tuple(map(float, value))
    return make("const", kind=Kind(domain, shape, unit), values=values)


# --- elementwise -------------------------------------------------------------------------------


def _joined(*args: Node) -> tuple[Domain, tuple[int, ...]]:
    return (
        reduce(join_domains, (a.kind.domain for a in args)),
        reduce(join_shapes, (a.kind.shape for a in args)),
    )


def _same_unit(verb: str, *args: Node) -> Unit:
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


@_rule("add", "max", "min")
def _add(a: Node, b: Node) -> Kind:
    domain, shape = _joined(a, b)
    return Kind(domain, shape, _same_unit("add or compare", a, b))


@_rule("mul")
def _mul(a: Node, b: Node) -> Kind:
    domain, shape = _joined(a, b)
    return Kind(domain, shape, a.kind.unit * b.kind.unit)


@_rule("select")
def _select(condition: Node, positive: Node, other: Node) -> Kind:
    """`positive` where condition > 0, else `other`."""
    domain, shape = _joined(condition, positive, other)
    return Kind(domain, shape, _same_unit("choose between", positive, other))


@_rule("neg", "abs")
def _neg(a: Node) -> Kind:
    return a.kind


@_rule("sign", "step")
def _sign(a: Node) -> Kind:
    """sign(0) = 0; step(x) = 1 where x > 0, else 0."""
    return a.kind.of_unit(ONE)


@_rule("exp", "log", "erfc", "sin", "cos", "tanh")
def _function(a: Node) -> Kind:
    _need_plain("the argument of a function", a)
    return a.kind


@_rule("pow")
def _pow(a: Node, *, exponent: float) -> Kind:
    """a^exponent. A fractional power is 0 at 0, and so is its derivative: no neighbours, no density, no
    force.
    """
    power = Fraction(exponent).limit_denominator(24)
    if a.kind.unit != ONE and abs(float(power) - exponent) > 1e-12:
        raise KindError(
            "wrong-unit", f"{a.kind.unit} cannot be raised to {exponent:g}", "divide by a unit first"
        )
    return a.kind.of_unit(a.kind.unit**power)


@_rule("power")
def _power(a: Node, exponent: Node) -> Kind:
    """a^exponent for a ≥ 0 and any dimensionless exponent; 0 at a = 0."""
    _need_plain("the base of a general power", a)
    _need_plain("an exponent", exponent)
    domain, shape = _joined(a, exponent)
    return Kind(domain, shape, ONE)


def _need_plain(what: str, a: Node) -> None:
    if a.kind.unit != ONE:
        raise KindError(
            "wrong-unit",
            f"{what} is a plain number, not {a.kind.unit}",
            f"divide it by a value in {a.kind.unit}",
        )


# --- features ----------------------------------------------------------------------------------


@_rule("einsum")
def _einsum(*args: Node, spec: str) -> Kind:
    """Sums of products over feature axes, in the notation of numpy.einsum."""
    ins, out = spec.split("->")
    sizes: dict[str, int] = {}
    for letters, arg in zip(ins.split(","), args, strict=True):
        if len(letters) != len(arg.kind.shape):
            raise KindError(
                "shape-mismatch", f"a value with {len(letters)} axes is needed, not {arg.kind.shape}"
            )
        for letter, size in zip(letters, arg.kind.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise KindError("shape-mismatch", f"{sizes[letter]} components do not pair with {size}")
    domain = reduce(join_domains, (a.kind.domain for a in args))
    unit = reduce(Unit.__mul__, (a.kind.unit for a in args))
    return Kind(domain, tuple(sizes[c] for c in out), unit)


@_rule("take")
def _take(a: Node, *, indices: tuple[int, ...]) -> Kind:
    """Components of the last feature axis."""
    *before, size = a.kind.shape
    if any(not 0 <= k < size for k in indices):
        raise KindError("index-out-of-range", f"components run from 0 to {size - 1}")
    return Kind(a.kind.domain, (*before, len(indices)), a.kind.unit)


@_rule("put")
def _put(a: Node, *, indices: tuple[int, ...], size: int) -> Kind:
    """Adjoint of take: component k goes to indices[k], adding up."""
    return Kind(a.kind.domain, (*a.kind.shape[:-1], size), a.kind.unit)


@_rule("stack")
def _stack(*args: Node) -> Kind:
    """Single values become the components of one feature axis."""
    domain, shape = _joined(*args)
    if shape:
        raise KindError("shape-mismatch", "only single values are stacked")
    return Kind(domain, (len(args),), _same_unit("stack", *args))


@_rule("reshape")
def _reshape(a: Node, *, shape: tuple[int, ...]) -> Kind:
    if prod(a.kind.shape) != prod(shape):
        raise KindError("shape-mismatch", f"{a.kind.shape} does not reshape to {shape}")
    return Kind(a.kind.domain, shape, a.kind.unit)


@_rule("sines", "cosines", "chebyshev", "chebyshev2")
def _family(a: Node, *, n: int) -> Kind:
    """sines: sin kx, k = 1…n. cosines: cos kx, k = 0…n−1. chebyshev: T_k, chebyshev2: U_k, k = 0…n−1."""
    _need_plain("the argument of a family", a)
    return Kind(a.kind.domain, (n,), ONE)


@_rule("chain")
def _chain(first: Node, second: Node, factor: Node, *, n: int) -> Kind:
    """f_0 = first, f_1 = second, f_k = factor·f_{k−1} − f_{k−2}; n of them."""
    domain, _ = _joined(first, second, factor)
    return Kind(domain, (n,), ONE)


@_rule("sphericals")
def _sphericals(direction: Node, *, l: int) -> Kind:  # noqa: E741
    """Real solid harmonics of a unit vector, (l+1)² of them, so normalised that Σ_m Y_lm(u) Y_lm(v) =
    P_l(u·v).
    """
    _need_plain("a direction", direction)
    return Kind(direction.kind.domain, ((l + 1) ** 2,), ONE)


@_rule("spherical_slopes")
def _spherical_slopes(direction: Node, *, l: int) -> Kind:  # noqa: E741
    """Derivatives of `sphericals`, as polynomials of the three components: shape ((l+1)², 3)."""
    _need_plain("a direction", direction)
    return Kind(direction.kind.domain, ((l + 1) ** 2, 3), ONE)


# --- structure ---------------------------------------------------------------------------------


@_rule("at")
def _at(table: Node, *, domain: Domain, of: str) -> Kind:
    """Rows of a table picked by the species of atoms: of = i (sites), ij (pairs, edges), jk or ijk
    (triples).
    """
    if table.kind.domain.name not in TABLES:
        raise KindError("domain-mismatch", f"{table.kind.domain} is not a table")
    return Kind(domain, table.kind.shape, table.kind.unit)


@_rule("row")
def _row(table: Node) -> Kind:
    """The only row of a table, in a model of one species."""
    return Kind(NONE, table.kind.shape, table.kind.unit)


@_rule("rows_of")
def _rows_of(table: Node, *, species: int) -> Kind:
    """The rows of a table of pairs that belong to an atom, one for each species of neighbour."""
    if table.kind.domain.name not in ("species_pair", "species_pair_ordered"):
        raise KindError("domain-mismatch", f"{table.kind.domain} is not a table of pairs")
    return Kind(SITE, (species, *table.kind.shape), table.kind.unit)


@_rule("to_i", "to_j")
def _to_list(a: Node, *, domain: Domain) -> Kind:
    _need_domain(a, "site")
    return Kind(domain, a.kind.shape, a.kind.unit)


@_rule("sum_i", "sum_j")
def _sum_list(a: Node, *, within: float) -> Kind:
    """Onto the centre (sum_i) or the neighbour (sum_j), over neighbours nearer than `within` Å."""
    _need_domain(a, "pair", "edge")
    return Kind(SITE, a.kind.shape, a.kind.unit)


@_rule("to_species")
def _to_species(a: Node, *, domain: Domain) -> Kind:
    """Of the rows of an atom, one for each species of neighbour, that of each neighbour."""
    _need_domain(a, "site")
    return Kind(domain, a.kind.shape[1:], a.kind.unit)


@_rule("sum_species")
def _sum_species(a: Node, *, within: float, species: int) -> Kind:
    """Onto the centre, over neighbours nearer than `within` Å, those of each species apart."""
    _need_domain(a, "edge")
    return Kind(SITE, (species, *a.kind.shape), a.kind.unit)


@_rule("to_ij", "to_ik")
def _to_triple(a: Node) -> Kind:
    _need_domain(a, "edge")
    return Kind(Domain("triple", a.kind.domain.rc), a.kind.shape, a.kind.unit)


@_rule("sum_to_ij", "sum_to_ik")
def _sum_triple(a: Node, *, within: float) -> Kind:
    """Over k onto ij (sum_to_ij), over j onto ik (sum_to_ik); both neighbours nearer than `within` Å, j ≠
    k.
    """
    _need_domain(a, "triple")
    return Kind(Domain("edge", a.kind.domain.rc), a.kind.shape, a.kind.unit)


@_rule("total")
def _total(a: Node, *, within: float | None = None) -> Kind:
    """Over all sites, pairs or edges of a structure."""
    _need_domain(a, "site", *LISTS)
    return Kind(STRUCTURE, a.kind.shape, a.kind.unit)


def _need_domain(a: Node, *names: str) -> None:
    if a.kind.domain.name not in names:
        raise KindError(
            "domain-mismatch",
            f"a value for each {' or '.join(names)} is needed, not for each {a.kind.domain}",
        )
