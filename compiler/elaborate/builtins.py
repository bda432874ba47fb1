"""Words and calls of the language itself: functions, basis families, units, species; then lets and terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import pi

from ..chemistry.elements import ELEMENTS
from ..chemistry.units import UNITS, lookup
from ..diagnostics.diagnostic import Fix, did_you_mean, respelt
from ..syntax import tree as syntax
from . import (  # noqa: F401  they enter their functions
    hyperharmonics,
    intrinsics,
    lists,
    nep_invariants,
    networks,
    species,
    splines,
)
from .evaluate import fault
from .radial_bases import FAMILIES, basis_of, evaluated_basis, short_basis
from .registry import Builtin, registered
from .scope import Env
from .values import Basis, Elements, Function, Quantity, Value

BUILTINS: Mapping[str, Builtin] = registered()
NUMERIC = tuple(name for name, function in BUILTINS.items() if function.numeric)  # may be passed by name


def word(name: syntax.Name, env: Env, known: Iterable[str] = ()) -> Value:
    """The meaning of a name that is not one of the `known` names of the scope. Raises SpecError."""
    text, lets = name.name, env.top.checked.lets
    basis = short_basis(name)
    if basis is not None:
        return basis
    if text in lets:
        return env.top.let(text)
    if text in NUMERIC:
        return Function(text)
    if text == "pi":
        return Quantity(pi)
    unit = lookup(text)
    if unit is not None:
        return Quantity(unit[0], unit[1], bare=False)
    if text in ELEMENTS:
        return Elements((text,))
    if text in FAMILIES:
        message, help = f"`{text}` needs its number of functions", f"write `{text}(n=8)` or `{text}8`"
        raise fault("missing-argument", message, name.span, help, fix=Fix(name.span, f"{text}8"))
    if env.top.checked.term(text):
        call_it = Fix(name.span, f"{text}()")
        raise fault("not-called", f"`{text}` is a term", name.span, f"call it: `{text}()`", fix=call_it)
    words = [*known, *lets, *UNITS, *(f"{f}8" for f in FAMILIES)]
    message, fix = f"`{text}` means nothing here", respelt(name.span, text, words)
    raise fault("unknown-name", message, name.span, did_you_mean(text, words), fix=fix)


def call(call: syntax.Call, env: Env, basis: Basis | None = None) -> Value:
    """The value of a call that is none of the scope's own definitions.

    basis: the value of the called name, where it is a family of functions. Raises SpecError.
    """
    if basis is not None:
        return evaluated_basis(basis, call, env)
    if call.name in BUILTINS:
        return BUILTINS[call.name].value(call, env)
    if call.name in FAMILIES:
        return basis_of(call, env)
    return env.top.term_call(call, env)
