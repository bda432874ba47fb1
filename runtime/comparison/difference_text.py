"""Changes in words: a line or two for each operation, none longer than 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...compiler.diagnostics.plain import plain
from ...compiler.difference import operations as op
from ...compiler.difference.compare import Difference
from ...compiler.difference.effect import DENSITY, Effect
from ..presentation.text import counted, table

WIDTH = 100
WORDS_ONLY = "words only: their meaning is not compared"
_LONGEST = 2000  # characters of a text of the specs
_COLOURS = {"+": "32", "-": "31", "~": "33", "?": "35", "=": "32", "!": "1;31"}
Paint = Callable[[str, str], str]


def painter(colour: bool) -> Paint:
    """Text in the colour of a mark, or plain."""
    return lambda text, mark: f"\x1b[{_COLOURS[mark]}m{text}\x1b[0m" if colour else text


def as_text(
    difference: Difference, names: tuple[str, str], effects: tuple[Effect, Effect] | None, paint: Paint
) -> str:
    """The whole answer; names: of the two versions."""
    lines = _head(difference, names, paint)
    for operation in together(difference.operations):
        lines += _told(operation, paint)
    if effects is not None:
        lines += ["", *table(effect_rows(*effects)).splitlines()]
    return "\n".join(lines)


def headline(difference: Difference) -> str:
    """The verdict: `the same, proved`, `5 changes`."""
    n = counted(len(difference.operations), "change")
    if difference.verdict == "same":
        return "the same words" if difference.level == "syntax" else "the same, proved"
    if difference.verdict == "unproved":
        changes = f": {n} of words" if difference.operations else ""
        return f"not proved the same, nor different{changes}; `--numeric` compares numbers"
    return n


def _head(difference: Difference, names: tuple[str, str], paint: Paint) -> list[str]:
    a, b = names
    verdict = headline(difference)
    if difference.verdict == "same":
        return _wrapped(paint("=", "="), f"{verdict}: {a} and {b}")
    if difference.verdict == "unproved":
        return _wrapped(paint("?", "?"), f"{a} → {b}: {verdict}")
    lines = _wrapped("", f"{a} → {b}: {verdict}")
    if difference.level == "syntax":
        lines += _wrapped(paint("!", "!"), WORDS_ONLY)
    return lines


def together(found: Sequence[op.Operation]) -> Iterator[op.Operation]:
    """Terms that moved together, named once."""
    moves: dict[tuple[str, str], list[str]] = {}
    for o in found:
        if isinstance(o, op.TermMoved):
            moves.setdefault((o.before, o.after), []).append(o.term)
    for o in found:
        if not isinstance(o, op.TermMoved):
            yield o
        elif (names := moves.pop((o.before, o.after), None)) is not None:
            yield op.TermMoved(", ".join(names), o.before, o.after)


def _wrapped(mark: str, text: str) -> list[str]:
    lead = f"{mark} " if mark else ""
    lines = textwrap.wrap(plain(text), WIDTH - 2, break_on_hyphens=False) or [""]
    return [lead + lines[0], *("  " + line for line in lines[1:])]


# --- operations --------------------------------------------------------------------------------


def _told(operation: op.Operation, paint: Paint) -> list[str]:
    mark, text, pair = words(operation)
    text = shown(text)
    sign = paint(mark, mark)
    if pair is None:
        first, *others = textwrap.wrap(text, WIDTH - 6, break_on_hyphens=False)
        return [f"  {sign} {first}", *(f"      {line}" for line in others)]
    before, after = ("nothing" if x is None or x == "" else shown(x) for x in pair)
    short = f"{text} {before} → {after}"
    if len(short) + 4 <= WIDTH:
        return [f"  {sign} {short}"]
    return [f"  {sign} {text}", *_side("-", before, paint), *_side("+", after, paint)]


def shown(text: str) -> str:
    """A text of the specs: no control characters, and no more than a few lines of it."""
    return plain(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def _side(mark: str, text: str, paint: Paint) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 8, break_on_hyphens=False)
    return [f"      {paint(mark, mark)} {lines[0]}", *(f"        {line}" for line in lines[1:])]


Words = tuple[str, str, tuple[str | None, str | None] | None]  # mark, text, before and after


def words(operation: op.Operation) -> Words:
    """A change in words."""
    for kind, say in _SAYINGS.items():
        if isinstance(operation, kind):
            return say(operation)
    raise AssertionError(f"no words for {operation.kind}")


def _species(names: Sequence[str]) -> str:
    return ", ".join(names) or "those of the data"


def _of_rows(parameter: str, rows: Sequence[str]) -> str:
    return f"{parameter}[{', '.join(rows)}]" if rows else parameter


def _numbers(n: int) -> str:
    return counted(n, "trained parameter")


_SAYINGS: dict[type[op.Operation], Callable[[Any], Words]] = {
    op.SpeciesChanged: lambda o: ("~", "species", (_species(o.before), _species(o.after))),
    op.SpeciesReordered: lambda o: (
        "~",
        "order of species, by which components are counted:",
        (_species(o.before), _species(o.after)),
    ),
    op.EnergyChanged: lambda o: ("~", "beside the terms, the energy has", (o.before, o.after)),
    op.TermAdded: lambda o: ("+", f"{o.term}: new, in {o.place}; {_numbers(o.parameters)}", None),
    op.TermRemoved: lambda o: ("-", f"{o.term}: gone, was in {o.place}; {_numbers(o.parameters)}", None),
    op.TermMoved: lambda o: ("~", f"{o.term}: moved,", (o.before, o.after)),
    op.FactorChanged: lambda o: ("~", f"{o.term}: factor", (f"{o.before:.10g}", f"{o.after:.10g}")),
    op.ArgumentChanged: lambda o: ("~", f"{o.term}: {o.argument}", (o.before, o.after)),
    op.TermSpeciesChanged: lambda o: (
        "~",
        f"{o.term}: acts among",
        (", ".join(o.before) or "all", ", ".join(o.after) or "all"),
    ),
    op.DefinitionChanged: lambda o: ("~", f"{o.term}: {o.definition} =", (o.before, o.after)),
    op.FormulaUnproved: lambda o: ("?", f"{o.term}: written differently; not proved the same", None),
    op.PinChanged: lambda o: ("~", f"{o.term}: {'pinned' if o.pinned else 'no longer pinned'}", None),
    op.ParameterAdded: lambda o: ("+", f"{o.parameter}: new parameter, {o.written}", None),
    op.ParameterRemoved: lambda o: ("-", f"{o.parameter}: no longer a parameter, was {o.written}", None),
    op.ParameterFreed: lambda o: ("~", f"{_of_rows(o.parameter, o.rows)}: freed", None),
    op.ParameterFixed: lambda o: ("~", f"{_of_rows(o.parameter, o.rows)}: fixed", None),
    op.StartChanged: lambda o: ("~", f"{_of_rows(o.parameter, o.rows)}: start", (o.before, o.after)),
    op.BoundsChanged: lambda o: (
        "~",
        f"{_of_rows(o.parameter, o.rows)}: bounds",
        (o.before or "none", o.after or "none"),
    ),
    op.SharingChanged: lambda o: ("~", f"{o.parameter}:", (o.before, o.after)),
    op.ComponentsChanged: lambda o: ("~", f"{o.parameter}:", (o.before, o.after)),
    op.JoinedChanged: lambda o: (
        "~",
        f"{o.parameter}: joined rows",
        ("; ".join(o.before) or "none", "; ".join(o.after) or "none"),
    ),
    op.OwnerChanged: lambda o: (
        "~",
        f"{o.parameter}: numbers",
        (f"those of {o.before}" if o.before else "its own", f"those of {o.after}" if o.after else "its own"),
    ),
    op.TextChanged: lambda o: ("~", f"{o.part}:", (o.before, o.after)),
}


# --- effects -----------------------------------------------------------------------------------


def effect_rows(before: Effect, after: Effect) -> list[list[str]]:
    """A table of the effects, its head first."""
    return [
        ["", "before", "after"],
        ["trained parameters", str(before.trained), str(after.trained)],
        ["cutoff, Å", f"{before.cutoff:g}", f"{after.cutoff:g}"],
        [
            f"neighbours of an atom (at {DENSITY:g} atoms/Å³, bcc Nb)",
            f"{before.neighbours:.0f}",
            f"{after.neighbours:.0f}",
        ],
        ["operations for the energy of an atom", f"{before.operations:.0f}", f"{after.operations:.0f}"],
    ]
