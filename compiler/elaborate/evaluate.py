"""Expressions to values and IR nodes: arithmetic, neighbours, geometry. Names and calls are the scope's
business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from math import isfinite

from ..chemistry.units import ANGSTROM, ONE, UNITS, lookup
from ..diagnostics.diagnostic import Diagnostic, Fix, SpecError, did_you_mean, respelt
from ..diagnostics.source import Span
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node, TermInstance
from ..ir.types import NONE, SITE, Domain, DomainName, KindError
from ..syntax import tree as syntax
from .scope import Atoms, Env
from .values import Quantity, Value, Values, as_node

LONGEST = 1000.0  # Å, of a cutoff
_MANY = 50  # faults, after which no more are looked for
MOST_STEPS = 50_000  # expressions that are evaluated for one model


def evaluate(expr: syntax.Expr, env: Env) -> Value:
    """The value of an expression. Raises SpecError with the span of the smallest part at fault."""
    _count(expr, env)
    try:
        match expr:
            case syntax.Number():
                return number(expr)
            case syntax.Name():
                return env.scope.name(expr, env)
            case syntax.Call():
                return env.scope.call(expr, env)
            case syntax.Chain():
                return _chain(expr, env)
            case syntax.Negative():
                return _negative(arithmetic(expr.operand, env))
            case syntax.Power():
                return _power(expr, env)
            case syntax.Neighbours():
                return _neighbours(expr, env)
            case syntax.Pin():
                return _pinned(expr, env)
            case syntax.Shared():
                raise _misplaced(expr)
            case syntax.List():
                return Values(tuple(evaluate(e, env) for e in expr.items))
            case _:
                raise fault("misplaced-value", "this value has no place here", expr.span)
    except KindError as error:
        raise fault(error.code, error.message, expr.span, error.help) from None


def _misplaced(expr: syntax.Shared) -> SpecError:
    return fault(
        "misplaced-value",
        f"`{expr.span.text}` is a parameter of another term, which has no place in a formula or a table",
        expr.span,
        f"give it to a parameter of a call as its whole value: `sigma = {expr.span.text}`",
    )


def _count(expr: syntax.Expr, env: Env) -> None:
    """Raise SpecError too-large where a formula never ends, such as definitions that each double another."""
    env.top.steps += 1
    if env.top.steps > MOST_STEPS:
        message = f"the formula takes more than {MOST_STEPS} steps to write out"
        raise fault("too-large", message, expr.span, "name a value that is used often, and read it")


def fault(
    code: str, message: str, span: Span, help: str | None = None, label: str = "", fix: Fix | None = None
) -> SpecError:
    return SpecError(Diagnostic(code, message, primary=span, help=help, label=label, fix=fix))


def number(expr: syntax.Number) -> Quantity:
    if expr.unit is None:
        return Quantity(expr.value)
    found = lookup(expr.unit)
    if found is None:
        longer = [u for u in UNITS if len(expr.unit) > 2 and u.lower().startswith(expr.unit.lower())]
        longer = [u for u in UNITS if u.lower() == expr.unit.lower()] or longer
        close = f"did you mean `{longer[0]}`?" if longer else did_you_mean(expr.unit, UNITS)
        help = close or f"a product is written with `*`: `{expr.value:g}*{expr.unit}`"
        place = _unit_span(expr)
        fix = Fix(place, longer[0]) if longer else respelt(place, expr.unit, UNITS)
        raise fault("unknown-unit", f"there is no unit `{expr.unit}`", expr.span, help, fix=fix)
    factor, unit = found
    try:
        return Quantity(expr.value * factor**expr.exponent, unit**expr.exponent, bare=False)
    except OverflowError:
        raise fault(
            "not-a-number", f"{expr.unit}^{expr.exponent} is too large for a number", expr.span
        ) from None


def _unit_span(expr: syntax.Number) -> Span:
    start = expr.span.start + expr.span.text.index(expr.unit or "")
    return Span(expr.span.source, start, start + len(expr.unit or ""))


def arithmetic(expr: syntax.Expr, env: Env) -> Quantity | Node:
    """The value of an expression that has to be a number or an IR value."""
    value = evaluate(expr, env)
    if not isinstance(value, (Quantity, Node)):
        raise fault("not-a-number", "a number or an energy is needed here", expr.span)
    return value


def _negative(value: Quantity | Node) -> Quantity | Node:
    if isinstance(value, Quantity):
        return Quantity(-value.value, value.unit, value.bare)
    return ops.neg(value)


def _chain(expr: syntax.Chain, env: Env) -> Quantity | Node:
    first, *others = _all_of(expr.operands, env)
    total = first
    for operator, operand, value in zip(expr.operators, expr.operands[1:], others, strict=True):
        try:
            total = combine(operator, total, value)
        except KindError as error:
            fix = _with_unit(expr, total, operand, env) if operator in "+-" else None
            raise fault(error.code, error.message, operand.span, error.help, fix=fix) from None
    return total


def _all_of(operands: Iterable[syntax.Expr], env: Env) -> list[Quantity | Node]:
    """The values of several expressions. Raises SpecError with the faults of all."""
    values, faults = list[Quantity | Node](), list[Diagnostic]()
    for operand in operands:
        try:
            values.append(arithmetic(operand, env))
        except SpecError as error:
            faults += [d for d in error.diagnostics if d not in faults]
            if len(faults) > _MANY or any(d.code == "too-large" for d in faults):
                break
    if faults:
        raise SpecError(faults)
    return values


def _with_unit(expr: syntax.Chain, total: Quantity | Node, operand: syntax.Expr, env: Env) -> Fix | None:
    """The unit of the other side for a plain number of a sum; None where neither is one."""
    number, other = operand, total
    if operand is expr.operands[1] and isinstance(expr.operands[0], syntax.Number):
        number, other = expr.operands[0], arithmetic(operand, env)
    unit = other.kind.unit if isinstance(other, Node) else other.unit
    if not isinstance(number, syntax.Number) or number.unit is not None or unit == ONE or "(" in str(unit):
        return None
    return Fix(number.span, f"{number.span.text} {unit}")


_OPERATORS: dict[str, Callable[[Node, Node], Node]] = {
    "+": alg.add,
    "-": alg.sub,
    "*": alg.mul,
    "/": alg.div,
}


def combine(operator: str, a: Quantity | Node, b: Quantity | Node) -> Quantity | Node:
    """a op b. A bare 0 takes the unit of the other side. Raises KindError."""
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return _combine_numbers(operator, a, b)
    if operator in "+-":
        a, b = adopt_zero(a, b), adopt_zero(b, a)
    if operator == "/" and isinstance(b, Quantity) and b.value == 0.0:
        raise KindError("division-by-zero", "division by zero")
    return _OPERATORS[operator](as_node(a), as_node(b))


def adopt_zero(a: Quantity | Node, other: Quantity | Node) -> Quantity | Node:
    if isinstance(a, Quantity) and a.bare and a.value == 0.0:
        return Quantity(0.0, other.kind.unit if isinstance(other, Node) else other.unit)
    return a


def _combine_numbers(operator: str, a: Quantity, b: Quantity) -> Quantity:
    bare = a.bare and b.bare
    if operator == "*":
        return Quantity(a.value * b.value, a.unit * b.unit, bare)
    if operator == "/":
        if b.value == 0.0:
            raise KindError("division-by-zero", "division by zero")
        return Quantity(a.value / b.value, a.unit / b.unit, bare)
    a, b = _adopted(a, b), _adopted(b, a)
    if a.unit != b.unit:
        raise KindError("wrong-unit", f"cannot add {a.unit} and {b.unit}")
    return Quantity(a.value + b.value if operator == "+" else a.value - b.value, a.unit, bare)


def _adopted(a: Quantity, b: Quantity) -> Quantity:
    return Quantity(0.0, b.unit, b.bare) if a.bare and a.value == 0.0 else a


def _power(expr: syntax.Power, env: Env) -> Quantity | Node:
    base = arithmetic(expr.base, env)
    exponent = arithmetic(expr.exponent, env)
    if isinstance(exponent, Node):
        return ops.power(as_node(base), exponent)
    if exponent.unit != ONE:
        raise fault("wrong-unit", f"an exponent is a plain number, not {exponent.unit}", expr.exponent.span)
    if not isfinite(exponent.value):
        raise fault("not-a-number", "the exponent is not a finite number", expr.exponent.span)
    if isinstance(base, Node):
        return ops.pow(base, exponent=exponent.value)
    try:
        value = base.value**exponent.value
    except (ZeroDivisionError, OverflowError):
        raise fault("not-a-number", f"{base.value:g}^{exponent.value:g} is not a number", expr.span) from None
    if isinstance(value, complex):
        raise fault("not-a-number", f"({base.value:g})^{exponent.value:g} is not a real number", expr.span)
    return Quantity(value, base.unit ** Fraction(exponent.value).limit_denominator(24), base.bare)


def _neighbours(expr: syntax.Neighbours, env: Env) -> Node:
    atoms, cutoff = env.atoms, _cutoff(expr, env)
    if expr.index in atoms.indices or len(expr.index) != 1:
        raise fault(
            "bad-index",
            f"`sum({expr.index})` needs a new index of one letter",
            expr.span,
            "use `sum(j)`, then `sum(k)`",
        )
    if atoms.domain.name not in ("site", "edge"):
        raise fault("too-many-neighbours", "sums over neighbours nest at most twice", expr.span)
    name: DomainName = "edge" if atoms.domain == SITE else "triple"
    inside = Atoms((*atoms.indices, expr.index), Domain(name, cutoff))
    body = env.scope.restrict(spread(as_node(arithmetic(expr.body, env.at(inside))), inside), inside)
    return (ops.sum_i if name == "edge" else ops.sum_to_ij)(body, within=cutoff, origin=expr.span)


def _cutoff(expr: syntax.Neighbours, env: Env) -> float:
    """The cutoff of a sum, Å: its own, for a sum over k that of the sum around it, else that of the term."""
    if expr.cutoff is None:
        around = env.atoms.domain.rc
        return env.scope.cutoff(expr.span) if around is None else around
    span = expr.cutoff.span
    if env.atoms.domain != SITE:
        raise fault("misplaced-value", "a sum over third neighbours goes as far as the one around it", span)
    value = evaluate(expr.cutoff, env)
    if not isinstance(value, Quantity) or not (value.bare or value.unit == ANGSTROM):
        help = "write `sum(j, 5 Å)`"
        raise fault("wrong-unit", "the reach of a sum is a distance known at compile time", span, help)
    if not 0.0 < value.value <= LONGEST:
        wanted = "has to be positive" if not value.value > 0.0 else f"is at most {LONGEST:g} Å"
        raise fault("bad-cutoff", f"a sum reaches {value.value:g} Å, but its reach {wanted}", span)
    return value.value


def _pinned(expr: syntax.Pin, env: Env) -> Node:
    """The operand; all terms in it are marked as never to be pruned."""
    top, before = env.top, len(env.top.instances)
    value = evaluate(expr.operand, env)
    if not isinstance(value, Node):
        raise fault("misplaced-pin", "`pin` stands before a term", expr.span)
    names = {id(i.energy) for i in top.instances[before:]} | {id(value)}
    top.instances = [
        TermInstance(i.name, i.called, i.energy, i.pinned or id(i.energy) in names, i.origin)
        for i in top.instances
    ]
    return value


def spread(node: Node, atoms: Atoms) -> Node:
    """A value of the whole model, as one for each atom or neighbour."""
    if node.kind.domain == NONE:
        return alg.mul(ops.constant(1.0, domain=atoms.domain), node)
    return node


# --- geometry and indices ----------------------------------------------------------------------

_GEOMETRY = re.compile(r"^(r|u|cos)_([a-z]{2,3})$")


def geometry(name: str, atoms: Atoms) -> Node | None:
    """`r_ij`, `r_jk`, `u_ij`, `cos_jik`, where these atoms are in hand; None for other names."""
    match = _GEOMETRY.match(name)
    if match is None or not set(match[2]) <= set(atoms.indices) or len(atoms.indices) < 2:
        return None
    what, letters = match.groups()
    centre = atoms.indices[0]
    if what == "cos":
        return _cosine(atoms) if len(letters) == 3 and letters[1] == centre else None
    if len(letters) != 2 or letters[0] == letters[1]:
        return None
    if centre not in letters:
        return _far_side(atoms) if what == "r" else None
    neighbour = letters.replace(centre, "")
    value = _distance(atoms) if what == "r" else alg.direction(Domain("edge", atoms.domain.rc))
    if what == "u" and letters[0] != centre:
        value = ops.neg(value)
    return move(value, (centre, neighbour), atoms)


def _distance(atoms: Atoms) -> Node:
    return ops.distance(domain=Domain("edge", atoms.domain.rc))


def _cosine(atoms: Atoms) -> Node:
    unit = alg.direction(Domain("edge", atoms.domain.rc))
    return ops.einsum(ops.to_ij(unit), ops.to_ik(unit), spec="a,a->")


def _far_side(atoms: Atoms) -> Node:
    """r_jk² = r_ij² + r_ik² − 2 r_ij r_ik cos θ."""
    r = _distance(atoms)
    ij, ik = ops.to_ij(r), ops.to_ik(r)
    cross = alg.scale(2.0, alg.mul(ij, ik, _cosine(atoms)))
    return ops.pow(alg.sub(alg.add(alg.square(ij), alg.square(ik)), cross), exponent=0.5)


def move(node: Node, indices: tuple[str, ...], atoms: Atoms) -> Node:
    """A value of the atoms `indices`, carried to the atoms in hand. Raises KindError where it cannot be."""
    domain = node.kind.domain
    if domain == NONE or (indices == atoms.indices and domain == atoms.domain):
        return node
    try:
        places = tuple(atoms.indices.index(letter) for letter in indices)
    except ValueError:
        missing = next(x for x in indices if x not in atoms.indices)
        raise KindError("bad-index", f"there is no atom `{missing}` in hand here") from None
    edge = Domain("edge", atoms.domain.rc)
    if domain == SITE and atoms.domain.name == "edge":
        return (ops.to_j if places[0] else ops.to_i)(node, domain=edge)
    if domain == SITE:
        at_edge = (ops.to_j if places[0] else ops.to_i)(node, domain=edge)
        return (ops.to_ik if places[0] == 2 else ops.to_ij)(at_edge)
    if domain == edge and places in ((0, 1), (0, 2)):
        return (ops.to_ij if places[1] == 1 else ops.to_ik)(node)
    raise KindError(
        "bad-index", f"a value of ({', '.join(indices)}) cannot be used for ({', '.join(atoms.indices)})"
    )
