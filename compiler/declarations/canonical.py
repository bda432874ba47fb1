"""A spec changed as a whole, its text and its declarations together: what is fitted stands alone on the disk.

Nothing is parsed or checked again: the syntax tree moves to the new text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..diagnostics.source import Source, Span
from ..syntax import tree as syntax
from ..syntax.formatter import format_file
from ..syntax.relocation import Relocation, words_of
from .check import Checked, walk
from .statements import gathered, newly_imported, statements

Edit = tuple[int, int, str]

REFERENCE = "reference"  # the library's term of one energy a species
_ADDED = f" + {REFERENCE}()"


@dataclass(frozen=True)
class Rewritten:
    """A spec with its new text. moves: from text to text, in this order.

    same_names: not so where a name has the old letter Å (U+212B), which the text has as the new one.
    """

    checked: Checked
    moves: tuple[Relocation, ...]
    same_names: bool = True

    def place(self, span: Span | None) -> Span | None:
        """The span of the old text, on the new one."""
        for move in self.moves:
            span = None if span is None else move.span(span)
        return span


# --- reference energies ------------------------------------------------------------------------


def has_reference(checked: Checked) -> bool:
    """Whether the energy holds the term, or the spec has something else of its name."""
    values = [checked.energy.value] if checked.energy else []
    values += [let.value for let in checked.lets.values()]
    values += [term.alias for term in checked.terms.values() if term.alias is not None]
    called = any(isinstance(p, syntax.Call) and p.name == REFERENCE for v in values for p in walk(v))
    return called or REFERENCE in checked.terms or REFERENCE in checked.lets


def with_reference(checked: Checked) -> Rewritten:
    """The spec with `+ reference()` at the end of its energy."""
    file, energy = checked.file, checked.energy
    assert energy is not None
    end = energy.span.end
    source = Source(edited(file.source.text, [(end, end, _ADDED)]), file.source.name)
    move = Relocation(file.items, source, Span(source, end, end + len(_ADDED)))
    whole = _added(move.tree(energy))
    items = tuple(whole if item is energy else item for item in file.items)
    return Rewritten(gathered(move.file(items), checked.imported), (move,))


def _added(energy: syntax.Energy) -> syntax.Energy:
    """The energy with the operand that its text has after it."""
    source, old = energy.span.source, energy.span.end
    end = old + len(_ADDED)
    name = Span(source, old + _ADDED.index(REFERENCE), end - len("()"))
    call = syntax.Call(REFERENCE, (), name, Span(source, name.start, end))
    value, operands, operators = energy.value, [energy.value], ["+"]
    # a sum in parentheses, which end after it, is one operand
    if isinstance(value, syntax.Chain) and value.operators[0] in "+-" and value.span.end == old:
        operands, operators = [*value.operands], [*value.operators, "+"]
    _name, _equals, first, *_ = words_of(energy.span)
    chain = syntax.Chain((*operands, call), tuple(operators), Span(source, first.start, end))
    return syntax.Energy(chain, Span(source, energy.span.start, end))


# --- a text that stands alone ------------------------------------------------------------------


def self_contained(checked: Checked, species: tuple[str, ...]) -> Rewritten:
    """The spec in canonical layout, with `species …` and with its imports written out.

    Comments are kept, but for those on import lines.
    """
    file = checked.file
    edits = _written_out(file, checked, set())
    items = tuple(statements(file, checked.imported))
    stated = None if checked.species else f"species {', '.join(species)}\n"
    start = file.items[0].span.start
    if stated:
        edits.append((start, start, stated))
    source = Source(edited(file.source.text, edits), file.source.name)
    first = Relocation(items, source, Span(source, start, start + len(stated)) if stated else None)
    apart = first.file(items)
    if stated:
        apart = syntax.File(source, (_statement(source, start, species), *apart.items), apart.comments)
    second = Relocation(apart.items, Source(format_file(apart), file.source.name))
    again = gathered(second.file(apart.items), {})
    return Rewritten(again, (first, second), "\u212b" not in source.text)


def _statement(source: Source, start: int, names: tuple[str, ...]) -> syntax.Species:
    """The statement `species …` that begins at a place of the text."""
    found, end = [], start + len("species ")
    for name in names:
        found.append(syntax.Name(name, Span(source, end, end + len(name))))
        end += len(f"{name}, ")
    return syntax.Species(tuple(found), Span(source, start, found[-1].span.end))


def _written_out(file: syntax.File, checked: Checked, seen: set[Path]) -> list[Edit]:
    """Each import replaced by the declarations of its file. Its energy is not imported."""
    edits = []
    for item in file.items:
        if isinstance(item, syntax.Import):
            inner = newly_imported(file, item, checked.imported, seen)
            text = "" if inner is None else _text(inner, item.path, checked, seen)
            edits.append((item.span.start, item.span.end, text))
    return edits


def _text(file: syntax.File, path: str, checked: Checked, seen: set[Path]) -> str:
    energies = [(i.span.start, i.span.end, "") for i in file.items if isinstance(i, syntax.Energy)]
    text = edited(file.source.text, [*_written_out(file, checked, seen), *energies])
    return f"# from {path}\n{text.rstrip()}\n"


def edited(text: str, edits: list[Edit]) -> str:
    """The text with the characters start:end of each edit replaced."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
