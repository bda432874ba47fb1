"""Warnings about likely mistakes, one a file: each `(Formula) -> diagnostics` with a code of its own.

A warning is proved by the IR or seen in a sample of it, never guessed. Imports passes and reduction, and no
numerical library: an editor runs these while a spec is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..analysis.budget import Exhausted
from ..declarations.check import Checked
from ..diagnostics.diagnostic import Diagnostic, SpecError, capped
from ..ir.graph import Model
from .cutoff_discontinuity import cutoff_discontinuity
from .formula import Formula
from .identical_terms import identical_terms
from .idle_parameter import idle_parameter
from .plain_number_unit import plain_number_unit
from .unpinned_core import unpinned_core
from .unused_let import unused_let
from .vanishing_term import vanishing_term

Warning = Callable[[Formula], Iterator[Diagnostic]]

_MOST = 50  # that are told at once

WARNINGS: tuple[Warning, ...] = (
    unused_let,
    plain_number_unit,
    # what takes longest is last, and what matters most before it
    cutoff_discontinuity,
    vanishing_term,
    unpinned_core,
    identical_terms,
    idle_parameter,
)


def warnings_of(
    checked: Checked, model: Model, simplify: Callable[[], Model] | None = None
) -> tuple[Diagnostic, ...]:
    """The warnings of a spec that is valid, in the order of its text. `model`: the one built of it.

    simplify: gives the simplified model, where somebody else has it. A spec that is too large to be looked at
    in time has a note about the warnings that stopped.
    """
    formula = Formula(checked, model, simplify=simplify)
    found: list[Diagnostic] = []
    stopped: list[str] = []
    for warning in WARNINGS:
        try:
            found.extend(warning(formula))
        except Exhausted:
            stopped.append(warning.__name__.replace("_", "-"))
    found.sort(key=lambda d: -1 if d.primary is None else d.primary.start)
    told = found if len(found) <= _MOST else sorted(found, key=lambda d: d.severity != "error")
    return (*capped(told), *([_stopped(stopped, checked)] if stopped else []))


def _stopped(codes: list[str], checked: Checked) -> Diagnostic:
    message = f"the spec is too large to look for every warning: {', '.join(codes)} stopped before the end"
    help = "all else is checked; a part of the energy in a spec of its own is looked at whole"
    return Diagnostic("warnings-stopped", message, "note", place=checked.file.source.name, help=help)


def require_sound(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings of a spec. Raises SpecError with all of them where one is an error."""
    found = tuple(found)
    if any(d.severity == "error" for d in found):
        raise SpecError(found)
    return found


def warnings_of_fitted(checked: Checked, model: Model, theta: Iterable[float]) -> tuple[Diagnostic, ...]:
    """The warnings of a model with these parameters (P,). None is an error: it is too late for that."""
    numbers = tuple(float(x) for x in theta)
    fitted = tuple(replace(p, start=numbers[part]) for p, part in model.vector.parts())
    return as_warnings(warnings_of(checked, replace(model, parameters=fitted)))


def as_warnings(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The warnings of a spec, with no error among them."""
    return tuple(d if d.severity == "note" else replace(d, severity="warning") for d in found)
