"""Words and calls of the language itself: basis families, functions, lookups by atom, terms; and binding of
arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf, pi
from typing import TYPE_CHECKING, Any

from ..chemistry.elements import D3_RADII, ELEMENTS
from ..chemistry.units import ANGSTROM, ONE, UNITS, lookup
from ..declarations.keywords import FAMILIES, INDICES, KEEP
from ..diagnostics.diagnostic import Fix, did_you_mean, respelt
from ..diagnostics.source import Span
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import LARGEST, NONE, SITE, Domain
from ..syntax import tree as syntax
from .evaluate import Locals, _adopt_zero, evaluate, fault, move
from .integers import whole
from .intrinsics import INTRINSICS
from .nep_invariants import channel_invariants
from .networks import mlp
from .radial_bases import SMALLEST, evaluate_basis
from .values import Basis, Elements, Function, Kept, Quantity, Random, Value, Values, Where, as_node

if TYPE_CHECKING:
    from .model_builder import Builder
    from .term import TermScope

_SHORT = re.compile(rf"^({'|'.join(FAMILIES)})(\d+)$")


def word(name: syntax.Name, builder: Builder, known: list[str]) -> Value:
    """The meaning of a name that is nothing of the scope's own. Raises SpecError where it has none."""
    text = name.name
    short = _SHORT.match(text)
    if short:
        return _basis(short[1], int(short[2]), 0.0, name.span)
    if text in builder.checked.lets:
        return builder.let(text)
    if text in INTRINSICS:
        return Function(text)
    if text == "pi":
        return Quantity(pi)
    unit = lookup(text)
    if unit is not None:
        return Quantity(unit[0], unit[1], bare=False)
    if text in ELEMENTS:
        return Elements((text,))
    if text in FAMILIES:
        raise fault(
            "missing-argument",
            f"`{text}` needs its number of functions",
            name.span,
            f"write `{text}(n=8)` or `{text}8`",
            fix=Fix(name.span, f"{text}8"),
        )
    if builder.checked.term(text):
        call_it = Fix(name.span, f"{text}()")
        raise fault("not-called", f"`{text}` is a term", name.span, f"call it: `{text}()`", fix=call_it)
    words = [*known, *builder.checked.lets, *UNITS, *(f"{f}8" for f in FAMILIES)]
    help, fix = did_you_mean(text, words), respelt(name.span, text, words)
    raise fault("unknown-name", f"`{text}` means nothing here", name.span, help, fix=fix)


def call(call: syntax.Call, scope: Any, where: Where, local: Locals, basis: Basis | None) -> Value:
    """A call that is not of the scope's own definitions."""
    if basis is not None:
        return _basis_value(basis, call, scope, where, local)
    if call.name in SPECIAL:
        return SPECIAL[call.name](call, scope, where, local)
    if call.name in FAMILIES:
        return _family(call, scope, where, local)
    if call.name in INTRINSICS:
        return _intrinsic(call, scope, where, local)
    return scope.builder.term_call(call, scope, where, local)


def plain(
    call: syntax.Call, scope: Any, where: Where, local: Locals, least: int, most: int, usage: str
) -> list[Value]:
    """Positional arguments only, least…most of them."""
    for argument in call.arguments:
        if argument.name is not None:
            raise fault(
                "unknown-argument",
                f"`{call.name}` takes no argument `{argument.name}`",
                argument.span,
                f"usage: {usage}",
            )
    if not least <= len(call.arguments) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        raise fault(
            "wrong-arguments",
            f"`{call.name}` takes {count} argument{'s' * (most != 1)}, not {len(call.arguments)}",
            call.span,
            f"usage: {usage}",
        )
    return [evaluate(a.value, scope, where, local) for a in call.arguments]


def _intrinsic(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    intrinsic = INTRINSICS[call.name]
    values = plain(call, scope, where, local, intrinsic.least, intrinsic.most, intrinsic.usage)
    for value, argument in zip(values, call.arguments, strict=True):
        if not isinstance(value, (Quantity, Node)):
            raise fault(
                "not-a-number", f"`{call.name}` takes numbers", argument.span, f"usage: {intrinsic.usage}"
            )
    if call.name in ("max", "min", "where"):  # a bare 0 takes the unit of what it is compared with
        a, b = values[-2:]
        values[-2:] = [_adopt_zero(a, b), _adopt_zero(b, a)]  # type: ignore[arg-type]
    return intrinsic.build(*(as_node(v) for v in values))  # type: ignore[arg-type]


# --- bases -------------------------------------------------------------------------------------


def _basis(family: str, n: int, start: float, span: Span) -> Basis:
    if n < SMALLEST[family]:
        raise fault("bad-size", f"`{family}` needs at least {SMALLEST[family]} functions, not {n}", span)
    if n > LARGEST:
        raise fault("too-large", f"`{family}` has {n} functions, but at most {LARGEST}", span)
    return Basis(family, n, start)


def _family(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Basis:
    usage = f"{call.name}(n=8)" + (" or with start=1.5 Å" if call.name in ("gaussian", "spline") else "")
    known = ("n", "start") if call.name in ("gaussian", "spline") else ("n",)
    given: dict[str, tuple[Value, Span]] = {}
    for position, argument in enumerate(call.arguments):
        name = argument.name or (known[position] if position < len(known) else "")
        if name not in known:
            raise fault(
                "unknown-argument",
                f"`{call.name}` takes no argument `{argument.name or position + 1}`",
                argument.span,
                f"usage: {usage}",
            )
        if name in given:
            raise fault("duplicate-argument", f"`{name}` is given twice", argument.span)
        given[name] = (evaluate(argument.value, scope, where, local), argument.span)
    if "n" not in given:
        raise fault("missing-argument", f"`{call.name}` needs `n`", call.span, f"usage: {usage}")
    start, span = given.get("start", (Quantity(0.0), call.span))
    if not isinstance(start, Quantity) or not (start.bare or start.unit == ANGSTROM):
        raise fault("wrong-unit", "`start` is a distance", span)
    return _basis(call.name, whole(*given["n"], "the number of functions", 1), start.value, call.span)


def _basis_value(basis: Basis, call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    r, rc = plain(call, scope, where, local, 2, 2, f"{call.name}(r, rc)")
    if not isinstance(r, (Quantity, Node)) or not isinstance(rc, (Quantity, Node)):
        raise fault("not-a-number", "a basis takes two distances", call.span)
    return evaluate_basis(basis, as_node(r), as_node(rc))


# --- special forms -----------------------------------------------------------------------------


def index_letters(call: syntax.Call, where: Where) -> tuple[str, ...]:
    """The atoms of `D(i, k)`. Raises SpecError where one is not in hand."""
    letters = []
    for argument in call.arguments:
        value = argument.value
        if argument.name is not None or not isinstance(value, syntax.Name) or value.name not in where.indices:
            raise fault(
                "bad-index",
                f"`{call.name}` takes atoms in hand: {', '.join(where.indices)}",
                argument.span,
                "an index is bound by `site(i)`, `sum(j)` or `sum(k)`" if len(where.indices) < 3 else None,
            )
        letters.append(value.name)
    return tuple(letters)


def _size(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Quantity:
    """size(basis), size(x(i)): the number of components."""
    if len(call.arguments) != 1:
        raise fault(
            "wrong-arguments", "`size` takes one argument", call.span, "usage: size(basis) or size(x(i))"
        )
    value = call.arguments[0].value
    if isinstance(value, syntax.Name) and value.name in INDICES:
        return Quantity(float(len(scope.builder.species)))
    found = evaluate(value, scope, where, local)
    if isinstance(found, Basis):
        return Quantity(float(found.n))
    if isinstance(found, Values):
        return Quantity(float(len(found.items)))
    if isinstance(found, Node) and len(found.kind.shape) <= 1:
        return Quantity(float(found.kind.shape[0] if found.kind.shape else 1))
    raise fault("bad-size", "only a basis, a list or a row of components has a size", call.span)


def _linspace(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Values:
    first, last, n = plain(call, scope, where, local, 3, 3, "linspace(first, last, n)")
    if not isinstance(first, Quantity) or not isinstance(last, Quantity) or first.unit != last.unit:
        raise fault("wrong-unit", "`linspace` takes two numbers of one unit", call.span)
    count = whole(n, call.span, "the number of values", 1)
    step = (last.value - first.value) / max(count - 1, 1)
    return Values(tuple(Quantity(first.value + k * step, first.unit, first.bare) for k in range(count)))


def _by_species(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    """1 for the atom's own species, 0 for the others: one component a species."""
    return move(scope.builder.one_hot(), _one_index(call, where), where)


def _atomic_number(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    return move(scope.builder.element_values(0, ONE), _one_index(call, where), where)


def _covalent_radius(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    return move(scope.builder.element_values(1, ANGSTROM), _one_index(call, where), where)


def _d3_radius(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    """Å; 2 Å beyond Pu, where that table ends."""
    values = tuple(D3_RADII.get(s, 2.0) for s in scope.builder.species)
    table = ops.constant(values, ANGSTROM, Domain("species"))
    return move(ops.at(table, domain=SITE, of="i"), _one_index(call, where), where)


def _one_index(call: syntax.Call, where: Where) -> tuple[str, ...]:
    letters = index_letters(call, where)
    if len(letters) != 1:
        raise fault("wrong-arguments", f"`{call.name}` takes one atom", call.span, f"write `{call.name}(i)`")
    return letters


def _harmonics(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    u, top = plain(call, scope, where, local, 2, 2, "harmonics(u_ij, l)")
    if not isinstance(u, Node) or u.kind.shape != (3,):
        raise fault(
            "shape-mismatch", "`harmonics` takes a direction", call.span, "write `harmonics(u_ij, 3)`"
        )
    degree = whole(top, call.span, "the degree l", 0)
    if degree > 4:
        raise fault("bad-size", f"harmonics go up to l = 4, not {degree}", call.span)
    return ops.sphericals(u, l=degree)


def _pick(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    x, chosen = plain(call, scope, where, local, 2, 2, "pick(x, [0, 3])")
    if not isinstance(x, Node) or len(x.kind.shape) != 1 or not isinstance(chosen, Values):
        message = "`pick` takes components in one row and a list of those wanted"
        raise fault("wrong-arguments", message, call.span, "usage: pick(x, [0, 3])")
    places = tuple(whole(v, call.span, "a component", 0) for v in chosen.items)
    return ops.take(x, indices=places)


def _mlp(call: syntax.Call, scope: TermScope, where: Where, local: Locals) -> Node:
    """Weights for each species, or of `shared_mlp` the same for all."""
    usage = f"{call.name}(x(i), hidden, activation)"
    x, hidden, activation = plain(call, scope, where, local, 3, 3, usage)
    if where.domain != SITE or not isinstance(x, Node):
        message = f"`{call.name}` works on the features of one atom"
        raise fault("misplaced-value", message, call.span, "use it in `site(i) = …`")
    if not isinstance(hidden, Values) or not isinstance(activation, Function):
        message = f"`{call.name}` takes features, a list of layer sizes and a function"
        raise fault("wrong-arguments", message, call.span, f"{call.name}(x(i), [8], tanh)")
    sizes = [whole(v, call.span, "the size of a hidden layer", 1) for v in hidden.items]
    domain = Domain("species") if call.name == "mlp" else NONE
    return mlp(scope, x, sizes, activation.name, call.span, domain)


def _item(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Value:
    """item([4, 8], 1) is 8; with a third argument, that where the list ends before."""
    found, place, *default = plain(call, scope, where, local, 2, 3, "item(list, k) or item(list, k, default)")
    if not isinstance(found, Values):
        raise fault("wrong-arguments", "`item` takes a list", call.span, "usage: item([4, 8], 0)")
    k = whole(place, call.span, "the place in a list", 0)
    if k < len(found.items):
        return found.items[k]
    if not default:
        message = f"a list of {len(found.items)} has no item {k}"
        raise fault("index-out-of-range", message, call.span, "items are counted from 0")
    return default[0]


def _random(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Random:
    (spread,) = plain(call, scope, where, local, 1, 1, "random(0.5)")
    if not isinstance(spread, Quantity) or not 0.0 < spread.value < inf:
        raise fault("not-a-number", "the spread of random numbers is a positive number", call.span)
    return Random(spread)


def _channel_invariants(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Node:
    """channel_invariants(A, [4, 2, 0]): as the line `l_max` of nep.txt; 2 or 0, 1 or 0 for yes or no."""
    usage = "channel_invariants(A, [4, 2, 0])"
    tensor, chosen = plain(call, scope, where, local, 2, 2, usage)
    if not isinstance(tensor, Node) or not isinstance(chosen, Values) or not 1 <= len(chosen.items) <= 3:
        message = "`channel_invariants` takes A_nlm and a list of up to three degrees"
        raise fault("wrong-arguments", message, call.span, f"usage: {usage}")
    top, cubic, quartic = [whole(v, call.span, "a degree", 0) for v in chosen.items] + [0] * (
        3 - len(chosen.items)
    )
    if cubic not in (0, 2) or quartic not in (0, 1):
        message = f"after the degree come 2 or 0 (four bodies) and 1 or 0 (five), not {cubic} and {quartic}"
        raise fault("bad-size", message, call.span, f"usage: {usage}")
    return channel_invariants(tensor, top, cubic > 0, quartic > 0)


def _keep(call: syntax.Call, scope: Any, where: Where, local: Locals) -> Kept:
    """`keep(0, 3)`, `keep(0, 3, start = [0.1, 0.2])`."""
    components: list[int] = []
    start: Value | None = None
    for argument in call.arguments:
        value = evaluate(argument.value, scope, where, local)
        if argument.name == "start":
            start = value
            continue
        if argument.name is not None:
            message = f"`keep` takes no argument `{argument.name}`"
            raise fault("unknown-argument", message, argument.span, "usage: keep(0, 3, start = 0.1)")
        component = whole(value, argument.span, "a component", 0)
        if component in components:
            raise fault("duplicate-component", f"component {component} is kept twice", argument.span)
        components.append(component)
    return Kept(tuple(components), start)


SPECIAL: dict[str, Callable[[syntax.Call, Any, Where, Locals], Value]] = {
    "size": _size,
    "linspace": _linspace,
    "by_species": _by_species,
    "atomic_number": _atomic_number,
    "covalent_radius": _covalent_radius,
    "d3_radius": _d3_radius,
    "harmonics": _harmonics,
    "pick": _pick,
    "mlp": _mlp,
    "shared_mlp": _mlp,
    "item": _item,
    "random": _random,
    "channel_invariants": _channel_invariants,
    KEEP: _keep,
}
