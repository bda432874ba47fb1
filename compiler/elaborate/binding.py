"""Binding of arguments: those of a call of a term to its formals, its parameters and its species."""

from __future__ import annotations

import re
from dataclasses import replace

from ..chemistry.elements import ELEMENTS
from ..chemistry.units import lookup
from ..declarations.check import unknown_species
from ..declarations.keywords import ENERGIES
from ..diagnostics.diagnostic import Diagnostic, SpecError, did_you_mean, respelt
from ..ir.graph import Node
from ..syntax import tree as syntax
from .builtins import NUMERIC
from .evaluate import evaluate, fault
from .networks import ACTIVATIONS
from .scope import Env, TermScope
from .shared import owner_of
from .species import limiting
from .values import Basis, Elements, Function, Kept, Override, Quantity, Random, Value, Values


def bind(scope: TermScope, call: syntax.Call, env: Env) -> None:
    """Arguments of a call in `env` to formals, parameters and species of the term."""
    term = scope.term
    names = [f.name for f in term.formals]
    given: dict[str, syntax.Argument] = {}
    species: list[str] = []
    waiting = [n for n in names]
    wrong: list[Diagnostic] = []
    for argument in call.arguments:
        if (
            argument.name is None
            and isinstance(argument.value, syntax.Name)
            and _is_species(argument.value, env)
        ):
            species.append(argument.value.name)
            continue
        name = argument.name or (waiting[0] if waiting else None)
        if name is None:
            raise fault(
                "too-many-arguments", f"`{call.name}` takes no more arguments", argument.span, _usage(term)
            )
        if name in given:
            raise fault("duplicate-argument", f"`{name}` is given twice", argument.span)
        if name not in names and name not in scope.params:
            wrong.append(_unknown_argument(call, argument, name, scope))
            continue
        given[name] = argument
        if name in waiting:
            waiting.remove(name)
    if wrong:
        raise SpecError(wrong)
    scope.only = limiting(tuple(species), scope.top.species)
    scope.given = frozenset(given)
    for name, argument in given.items():
        if name in scope.params:
            scope.overrides[name] = _override(argument)
            if isinstance(argument.value, syntax.Shared):
                owner_of(argument.value, scope.outer)  # there has to be one also where nothing reads it
    for formal in term.formals:
        _bind_formal(scope, formal, given.get(formal.name), call, env)


def _unknown_argument(
    call: syntax.Call, argument: syntax.Argument, name: str, scope: TermScope
) -> Diagnostic:
    known = [*(f.name for f in scope.term.formals), *scope.params]
    return Diagnostic(
        "unknown-argument",
        f"`{call.name}` has no argument `{name}`",
        primary=argument.name_span or argument.span,
        help=did_you_mean(name, known) or _usage(scope.term),
        fix=respelt(argument.name_span, name, known) if argument.name_span else None,
    )


def _is_species(name: syntax.Name, env: Env) -> bool:
    if name.name in env.top.checked.lets:
        return False
    if isinstance(env.scope, TermScope) and name.name in env.scope.formals:
        return False
    if name.name in ELEMENTS:
        return True
    looks = re.fullmatch(r"[A-Z][a-z]?", name.name) is not None
    if looks and lookup(name.name) is None:
        raise fault(
            "unknown-species",
            f"there is no element `{name.name}`",
            name.span,
            unknown_species(name.name, name.span).help,
            fix=unknown_species(name.name, name.span).fix,
        )
    return False


def _override(argument: syntax.Argument) -> Override:
    value = argument.value
    if isinstance(value, syntax.Setting):
        if isinstance(value.value, syntax.Shared):
            raise fault(
                "misplaced-value",
                f"`fixed` and bounds of `{value.value.span.text}` are those of its owner",
                argument.span,
                f"write them at `{value.value.owner}`",
            )
        return Override(value.value, value.fixed, value.bounds, argument.span)
    return Override(value, False, None, argument.span)


def _bind_formal(
    scope: TermScope, formal: syntax.Formal, argument: syntax.Argument | None, call: syntax.Call, env: Env
) -> None:
    inside = Env(scope, env.atoms)
    default = None if formal.default is None else _formal_value(formal.default, inside, scope)
    if argument is None:
        if default is None:
            raise fault(
                "missing-argument", f"`{call.name}` needs `{formal.name}`", call.span, _usage(scope.term)
            )
        scope.formals[formal.name] = default
        return
    if isinstance(argument.value, syntax.Setting):
        raise fault(
            "not-a-parameter",
            f"`{formal.name}` is not a parameter: it cannot be fixed or bounded",
            argument.span,
        )
    if isinstance(argument.value, syntax.Shared):
        raise fault(
            "not-a-parameter",
            f"`{formal.name}` of `{call.name}` is an argument, and `{argument.value.span.text}` a parameter",
            argument.span,
            "a parameter is given to a parameter: arguments are known before a fit",
        )
    try:
        value = _formal_value(argument.value, env, scope)
    except SpecError as error:
        raise _with_choices(error, argument.value, scope, default) from None
    scope.formals[formal.name] = _fit_to_default(value, default, formal, argument, call)


def _with_choices(error: SpecError, expr: syntax.Expr, scope: TermScope, default: Value | None) -> SpecError:
    """An unknown word where a function is wanted: the functions that it can be."""
    first = error.diagnostics[0]
    if first.code != "unknown-name" or not isinstance(expr, syntax.Name) or not isinstance(default, Function):
        return error
    own = scope.definitions.get(default.name)
    if own is None:
        choices = list(ACTIVATIONS if default.name in ACTIVATIONS else NUMERIC)
    else:
        choices = [n for n, d in scope.definitions.items() if d.formals == own.formals and n not in ENERGIES]
    help = did_you_mean(expr.name, choices) or f"known: {', '.join(choices)}"
    return SpecError(replace(first, help=help, fix=respelt(expr.span, expr.name, choices)))


def _formal_value(expr: syntax.Expr, env: Env, called: TermScope) -> Value:
    """The value of an argument; a bare word can name a definition of the term that is called, such as a
    switch.
    """
    if isinstance(expr, syntax.Name) and expr.name in called.definitions and expr.name not in env.locals:
        return Function(expr.name)
    return evaluate(expr, env)


def _fit_to_default(
    value: Value, default: Value | None, formal: syntax.Formal, argument: syntax.Argument, call: syntax.Call
) -> Value:
    """An argument is of the kind of its default; a bare number takes its unit, a single number becomes a
    list.
    """
    if isinstance(default, Values) and isinstance(value, Quantity):
        value = Values((value,))
    if isinstance(default, Quantity) and isinstance(value, Quantity):
        if value.bare:
            return Quantity(value.value, default.unit, default.bare)
        if value.unit != default.unit:
            raise fault(
                "wrong-unit",
                f"`{formal.name}` is in {default.unit}, but this is in {value.unit}",
                argument.span,
                f"write a value in {default.unit}",
            )
    elif default is not None and type(default) is not type(value):
        raise fault(
            "wrong-argument",
            f"`{formal.name}` of `{call.name}` is {_a_kind(default)}, not {_a_kind(value)}",
            argument.span,
            f"its default is `{formal.default.span.text if formal.default else ''}`",
        )
    return value


def _a_kind(value: Value) -> str:
    return {
        Quantity: "a number",
        Basis: "a basis",
        Values: "a list",
        Function: "a function",
        Elements: "a species",
        Kept: "a choice of components",
        Random: "random numbers",
        Node: "an energy",
    }.get(type(value), "a value")


def _usage(term: syntax.Term) -> str:
    formals = [f.name if f.default is None else f"{f.name} = {f.default.span.text}" for f in term.formals]
    params = [m.name for m in term.members if isinstance(m, syntax.Param)]
    tail = f"; parameters: {', '.join(params)}" if params else ""
    return f"usage: {term.name}({', '.join(formals)}){tail}"
