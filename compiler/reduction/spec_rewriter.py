"""The text of a spec under a restriction of its trained parameters.

Operands that are 0 leave the sum, components at 0 are no longer kept, rows that are tied are joined, numbers
that have no more freedom are `fixed`. Edits are made on spans of the text, so that comments stay; the result
is laid out by the formatter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..chemistry.elements import ELEMENTS
from ..declarations.canonical import edited
from ..declarations.check import Checked, walk
from ..diagnostics.diagnostic import InternalError
from ..ir.graph import Model
from ..ir.parameter import Parameter
from ..ir.types import entry_names
from ..program import Program
from ..syntax import tree as syntax
from ..syntax.formatter import format_source
from .argument_writer import argument_text
from .constraints import Idle, combined, vanishes, without_effect
from .energy_operands import Operand, leaves, operands
from .quadratic_model import Restriction

Array = NDArray[np.float64]
Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Rewritable:
    """A program, and the places in its text of the parts of its model."""

    program: Program

    @property
    def checked(self) -> Checked:
        return self.program.checked

    @property
    def model(self) -> Model:
        return self.program.model

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        return operands(self.checked, self.model)

    @cached_property
    def calls(self) -> Mapping[str, syntax.Call]:
        """The call of each term instance, where it is in this text and makes this instance only, and of each
        owner of shared parameters that is not in the energy.
        """
        source = self.checked.file.source
        written = {
            (part.span.start, part.span.end): part
            for expr in _values(self.checked)
            for part in walk(expr)
            if isinstance(part, syntax.Call) and part.span.source is source
        }
        places = {
            t.name: (t.origin.start, t.origin.end)
            for t in self.model.terms
            if t.origin is not None and t.origin.source is source
        }
        count = Counter(places.values())
        found = {name: written[at] for name, at in places.items() if count[at] == 1}
        owners = {p.term for p in self.model.parameters} - {t.name for t in self.model.terms}
        for name in owners & self.checked.lets.keys():
            call = syntax.unpinned(self.checked.lets[name].value)
            if isinstance(call, syntax.Call) and call.span.source is source:
                found[name] = call
        return found

    def argument(self, p: Parameter) -> str | None:
        """The name by which the call can give the parameter; None where it cannot."""
        call = self.calls.get(p.term)
        term = self.checked.term(call.name) if call else None
        name = p.name.removeprefix(p.term + ".")
        members = term.members if term else ()
        return name if any(isinstance(m, syntax.Param) and m.name == name for m in members) else None

    @cached_property
    def idle(self) -> Idle:
        """Numbers of rows with species that their term is not for."""
        found = set()
        for p in self.model.parameters:
            width = p.kind.components
            rows = self.idle_rows(p)
            found |= {(p.name, k) for entry, k in enumerate(p.entries) if k >= 0 and entry // width in rows}
        return frozenset(found)

    def idle_rows(self, p: Parameter) -> frozenset[int]:
        """Rows with species that the parameter's term is not for."""
        call = self.calls.get(p.term)
        only = {a.value.name for a in call.arguments if _is_species(a)} if call else set()  # type: ignore[union-attr]
        names = entry_names(p.kind.domain, self.model.species)
        if not only or not names[0]:
            return frozenset()
        return frozenset(k for k, name in enumerate(names) if not set(name.split("-")) <= only)


def _values(checked: Checked) -> Iterator[syntax.Expr]:
    if checked.energy is not None:
        yield checked.energy.value
    yield from (let.value for let in checked.lets.values())
    yield from (t.alias for t in checked.terms.values() if t.alias is not None)


def _is_species(argument: syntax.Argument) -> bool:
    named = isinstance(argument.value, syntax.Name) and argument.value.name in ELEMENTS
    return argument.name is None and named


def rewritten(program: Rewritable, restriction: Restriction) -> str:
    """The text of the spec under a restriction of its trained numbers.

    Raises InternalError where the language has no words for it: numbers that no call gives, components fixed
    at another value than 0, nothing left of the energy.
    """
    gone = dropped(program, restriction)
    source = program.checked.file.source
    edits = list(_sum_edits(program, gone))
    lost = {name for operand in gone for name in operand.parameters}
    by_call: dict[str, list[Parameter]] = {}
    for p in _touched(program.model, restriction):
        if p.name not in lost:
            by_call.setdefault(p.term, []).append(p)
    for term, parameters in by_call.items():
        edits += _call_edits(program, term, parameters, restriction)
    return format_source(edited(source.text, edits), source.name)


def dropped(program: Rewritable, restriction: Restriction) -> tuple[Operand, ...]:
    """Operands of the energy that are 0 under the restriction and have trained parameters of their own."""
    trained = {t.parameter.name for t in program.model.vector.trained}
    return tuple(
        operand
        for operand in program.operands
        if not operand.pinned
        and operand.parameters & trained
        and vanishes(operand.energy, program.model, restriction, program.idle)
    )


def closed(program: Rewritable, restriction: Restriction, theta: Array) -> Restriction:
    """With the numbers held, as they are in theta (F,), that have no effect any more."""
    trained = program.model.vector.trained
    lost = {name for operand in dropped(program, restriction) for name in operand.parameters}
    held = {}
    for k in without_effect(program.model, restriction, program.idle) - set(restriction.fixed):
        p = trained[k].parameter
        if p.name in lost or (program.argument(p) and not p.kind.shape):
            held[k] = rounded(float(theta[k]))
    return combined(restriction, Restriction(held))


def rounded(value: float) -> float:
    """A value that is written into a spec: six digits of a number without effect are enough."""
    return float(f"{value:.6g}")


def _touched(model: Model, restriction: Restriction) -> list[Parameter]:
    changed = {*restriction.fixed, *(k for group in restriction.tied for k in group)}
    parameters = [model.vector.trained[k].parameter for k in sorted(changed)]
    return list({p.name: p for p in parameters}.values())


# --- operands of the sum -----------------------------------------------------------------------


def _sum_edits(program: Rewritable, gone: tuple[Operand, ...]) -> Iterator[Edit]:
    energy = program.checked.energy
    assert energy is not None
    lost = {id(operand.expr) for operand in gone}
    if all(id(leaf) in lost for leaf in leaves(energy.value)):
        raise InternalError("nothing is left of the energy")
    if lost and isinstance(energy.value, syntax.Chain):
        yield from _chain_edits(energy.value, lost, program.checked.file)


def _chain_edits(chain: syntax.Chain, lost: set[int], file: syntax.File) -> Iterator[Edit]:
    """Lost operands with the operator before them; those before the first that stays with the one after."""
    spans = [operand.span for operand in chain.operands]
    signs = [_operator(file.source.text, a.end, b.start) for a, b in pairwise(spans)]
    keep = [not all(id(leaf) in lost for leaf in leaves(operand)) for operand in chain.operands]
    first = keep.index(True)
    if first:
        sign = signs[first - 1]
        yield _cut(file, chain.span.start, sign + (chain.operators[first - 1] == "+"))
    for k in range(first + 1, len(keep)):
        if not keep[k]:
            yield _cut(file, signs[k - 1], signs[k] if k < len(signs) else chain.span.end)
    for operand, kept in zip(chain.operands, keep, strict=True):
        if kept and isinstance(operand, syntax.Chain) and operand.operators[0] in "+-":
            yield from _chain_edits(operand, lost, file)


def _operator(text: str, start: int, end: int) -> int:
    """The place of the operator between two operands, where comments and parentheses may stand too."""
    gap = re.sub(r"#[^\n]*", lambda m: " " * len(m[0]), text[start:end])
    found = re.search(r"[-+]", gap)
    assert found is not None
    return start + found.start()


def _cut(file: syntax.File, start: int, end: int) -> Edit:
    """A part taken out; the comments in it stay."""
    return start, end, _comments(file, start, end)


def _comments(file: syntax.File, start: int, end: int) -> str:
    return "".join(f" {c.text}\n" for c in file.comments if start <= c.start < end)


# --- parameters of a call ----------------------------------------------------------------------


def _call_edits(
    program: Rewritable, term: str, parameters: list[Parameter], restriction: Restriction
) -> Iterator[Edit]:
    call = program.calls.get(term)
    if call is None:
        raise InternalError(f"`{term}` is not called in this text, or not there alone")
    given = {a.name: a for a in call.arguments if a.name}
    added = []
    for p in parameters:
        name = program.argument(p)
        if name is None:
            raise InternalError(f"`{p.name}` cannot be given by a call")
        old = given.get(name)
        value = None if old is None else old.value
        text = f"{name} = {argument_text(program.model, p, program.idle_rows(p), restriction, value)}"
        if old is None:
            added.append(text)
        else:
            kept = _comments(program.checked.file, old.span.start, old.span.end)
            yield old.span.start, old.span.end, kept + text
    if added and call.arguments:
        end = call.arguments[-1].span.end
        yield end, end, ", " + ", ".join(added)
    elif added:
        start = call.span.source.text.index("(", call.name_span.end) + 1
        yield start, start, ", ".join(added)
