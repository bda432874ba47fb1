"""A parameter that terms share: `morse(r0 = core.sigma)` reads the numbers of the term that `let core` names.

The owner has the numbers, with their start, bounds and table; the other term has none of its own.
"""

from __future__ import annotations

from ..declarations.check import Checked
from ..diagnostics.diagnostic import Fix, SpecError, did_you_mean, respelt
from ..ir.types import PER, Kind, entry_names
from ..syntax import tree as syntax
from .evaluate import fault
from .parameter_values import rows_in_use
from .radial_bases import FAMILIES
from .registry import registered
from .scope import Scope, TermScope

_OWN_NAME = "give the term a name of its own with `let`"


def owner_of(given: syntax.Shared, outer: Scope) -> TermScope:
    """The term that the parameter is one of. outer: the scope that the name is read in.

    Raises SpecError: unknown-name, no-owner, not-a-parameter, unknown-parameter; as a call of the term does.
    """
    checked = outer.top.checked
    if isinstance(outer, TermScope) and given.owner in (*outer.formals, *outer.params, *outer.definitions):
        raise _no_owner(given, f"`{given.owner}` is a name of `{outer.term.name}`, and no term", _OWN_NAME)
    call = _call_named(given, checked)
    owner = outer.top.opened(given.owner, call)
    _require_parameter(given, owner)
    return owner


def _call_named(given: syntax.Shared, checked: Checked) -> syntax.Call:
    """The call of a term that the owner is the name of."""
    name = given.owner
    let = checked.lets.get(name)
    if let is None:
        raise _without_let(given, checked)
    value = syntax.unpinned(let.value)
    if isinstance(value, syntax.Name) and value.name in checked.lets:
        fix = Fix(given.owner_span, value.name)
        raise _no_owner(
            given, f"`{name}` is another name of `{value.name}`", f"write `{fix.text}.{given.parameter}`", fix
        )
    if not isinstance(value, syntax.Call) or value.name in FAMILIES or value.name in registered():
        raise _no_owner(given, f"`{name}` is not a term, so it has no parameters", _OWN_NAME)
    term = checked.term(value.name)
    if term is not None and term.alias is not None:
        raise _no_owner(given, f"`{name}` stands for a formula, and not for one term", _OWN_NAME)
    return value


def _without_let(given: syntax.Shared, checked: Checked) -> SpecError:
    name = given.owner
    if "." in name:
        return _no_owner(given, f"`{name}` is within a term", _OWN_NAME)
    if checked.term(name) is not None:
        help = f"write `let core = {name}(…)`, and `core.{given.parameter}`"
        return _no_owner(given, f"`{name}` is a term, of which there may be several", help)
    help = did_you_mean(name, checked.lets) or "a term is named by `let core = lj(…)`"
    fix = respelt(given.owner_span, name, checked.lets)
    return fault("unknown-name", f"there is no `let {name}`", given.owner_span, help, fix=fix)


def _no_owner(given: syntax.Shared, message: str, help: str, fix: Fix | None = None) -> SpecError:
    return fault("no-owner", message, given.owner_span, help, fix=fix)


def _require_parameter(given: syntax.Shared, owner: TermScope) -> None:
    name, called = given.parameter, owner.term.name
    if name in owner.params:
        return
    if name in owner.formals:
        raise fault(
            "not-a-parameter",
            f"`{name}` is an argument of `{called}`: it is no number of a fit",
            given.parameter_span,
            f"name its value with `let {name} = …`, and give it to both terms",
        )
    known = list(owner.params)
    listed = f"its parameters are {', '.join(known)}" if known else f"`{called}` has none"
    raise fault(
        "unknown-parameter",
        f"`{given.owner}` has no parameter `{name}`",
        given.parameter_span,
        did_you_mean(name, known) or listed,
        fix=respelt(given.parameter_span, name, known),
    )


def require_alike(label: str, kind: Kind, given: syntax.Shared, other: Kind) -> None:
    """Raise SpecError unless two parameters, as they are declared, can be one. other: that of the owner."""
    theirs = f"`{given.owner}.{given.parameter}`"
    if kind.unit != other.unit:
        message = f"`{label}` is in {kind.unit}, but {theirs} is in {other.unit}"
        raise fault("wrong-unit", message, given.span, "terms share parameters of one unit")
    if kind.domain != other.domain:
        message = f"`{label}` is one value per {_per(kind)}, but {theirs} is one per {_per(other)}"
        raise fault("domain-mismatch", message, given.span, "terms share parameters of one `per`")
    if kind.shape != other.shape:
        message = f"`{label}` {_size(kind)}, but {theirs} {_size(other)}"
        raise fault("shape-mismatch", message, given.span, "terms share parameters of one size")


def require_rows(scope: TermScope, owner: TermScope, kind: Kind, given: syntax.Shared) -> None:
    """Raise SpecError where the owner is for fewer species than a term that shares its parameter."""
    rows = zip(rows_in_use(scope, kind), rows_in_use(owner, kind), strict=True)
    names = entry_names(kind.domain, scope.top.species)
    missing = [name for name, (here, there) in zip(names, rows, strict=True) if here and not there]
    if missing:
        message = f"`{given.owner}` is for {', '.join(owner.only)} alone: it has no `{given.parameter}` of"
        raise fault(
            "missing-entry",
            f"{message} {', '.join(missing)}",
            given.span,
            f"give {', '.join(owner.only)} to `{scope.term.name}` too, or more species to `{given.owner}`",
        )


def _per(kind: Kind) -> str:
    return PER[kind.domain.name]


def _size(kind: Kind) -> str:
    plural = "s" * (kind.components != 1)
    return f"has {kind.components} component{plural}" if kind.shape else "is one number"
