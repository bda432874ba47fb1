"""Declarations in words: signatures, the comments before them, their formulas and sources, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...compiler.declarations.keywords import ENERGIES
from .document import Document
from .outline import Declaration, TermOutline
from .quantities import shown, term_quantities, top_level, worth
from .words import Word

_DOI = re.compile(r"\bdoi:(10\.\d{4,}/[^\s,;]*[^\s,;.:)])")
_ARXIV = re.compile(r"\barXiv:(\d{4}\.\d{4,5})\b")


def code(text: str) -> str:
    """A block of the language."""
    return f"```pes\n{text}\n```"


def source_text(document: Document, start: int, end: int) -> str:
    """The text of words, as it is written."""
    first, last = document.characters(start, end)
    return document.text[first:last]


def signature(document: Document, term: TermOutline) -> str:
    """`lj(rc = 6 Å, inner = 0.8 * rc)`."""
    return f"{term.name}({', '.join(source_text(document, a.start, a.end) for a in term.arguments)})"


def comment(document: Document, what: Declaration) -> str:
    """The comment right before a declaration, else the one that ends its last line; sources as links."""
    start, end = document.characters(what.start, what.end)
    remarks = [w for w in document.all_words if w.kind == "comment"]
    lines = _lines_before(document.text, remarks, start)
    if not lines:
        newline = document.text.find("\n", end)
        lines = [w.text for w in remarks if end <= w.start and (newline < 0 or w.start < newline)]
    told = (line.lstrip("#").removeprefix(" ") for line in lines)
    return linked("\n".join(told).replace("\n ", "  \n "))  # a line set in is a line of its own


def _lines_before(text: str, remarks: Iterable[Word], start: int) -> list[str]:
    """The comments, each alone on its line, that end where the declaration begins."""
    found: list[str] = []
    for remark in sorted(remarks, key=lambda w: -w.start):
        if remark.end <= start and remark.first:
            gap = text[remark.end : start]
            if gap.strip() or gap.count("\n") > 1:
                break
            found.insert(0, remark.text)
            start = remark.start
    return found


def linked(text: str) -> str:
    """DOIs and numbers of arXiv as links, line ends as they are."""
    text = _DOI.sub(r"[doi:\1](https://doi.org/\1)", text)
    return _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def formula(document: Document, term: TermOutline) -> str:
    """The definitions that the energy of a term comes from, its arguments at their defaults."""
    if term.formals is None and term.value is not None:
        return source_text(document, term.value, term.end)
    members = {m.name: m for m in term.members_of("definition")}
    wanted, reached = [n for n in ENERGIES if n in members], set[str]()
    while wanted:
        name = wanted.pop()
        if name not in reached:
            reached.add(name)
            wanted += [n for n in _names_in(document, term, members[name]) if n in members]
    return "\n".join(source_text(document, m.start, m.end) for n, m in members.items() if n in reached)


def _names_in(document: Document, term: TermOutline, member: Declaration) -> Iterable[str]:
    outline = document.outline
    for k in range(member.value or member.end, member.end):
        name = outline.text(k)
        argument = next((a for a in term.arguments if a.name == name), None)
        if argument is not None and argument.value is not None and argument.end == argument.value + 1:
            yield outline.text(argument.value)
        yield name


def sharing(document: Document, param: Declaration) -> str:
    """The domain of a parameter: the words after `per`, else pair."""
    words = [document.outline.text(k) for k in range(param.at, param.end)]
    return " ".join(words[words.index("per") + 1 :]) if "per" in words else "pair"


def bounds(document: Document, param: Declaration) -> str:
    """`0 eV … 10 eV`, or nothing."""
    outline = document.outline
    for k in range(param.value or param.end, param.end):
        frame = outline.places[k].frame
        if outline.text(k) == "," and frame is not None and frame.role == "bounds":
            closing = next((j for j in range(k, param.end) if outline.text(j) == ")"), param.end)
            if k > frame.opening + 1 and closing > k + 1:
                low = source_text(document, frame.opening + 1, k)
                return f"{low} … {source_text(document, k + 1, closing)}"
    return ""


def start_value(document: Document, param: Declaration) -> str:
    """The number, or what is written where the compiler cannot tell it."""
    if param.value is None:
        return ""
    outline, end = document.outline, param.value
    while end < param.end and outline.text(end) not in ("in", "per"):
        end += 1
    return source_text(document, param.value, end) if end > param.value else ""


def parameter_table(document: Document, term: TermOutline) -> str:
    """Its parameters, a row each; nothing for a term without."""
    rows = []
    for param in term.members_of("param"):
        fixed = ", fixed" if document.outline.text(param.start) == "fixed" else ""
        cells = (f"`{param.name}`", start_value(document, param) + fixed, bounds(document, param))
        rows.append(f"| {' | '.join((*cells, sharing(document, param)))} |")
    head = "| parameter | start | bounds | one for each |\n|---|---|---|---|\n"
    return head + "\n".join(rows) if rows else ""


def value_of_let(document: Document, name: str) -> str | None:
    """The value of a `let`, `4 Å`; None for one that holds a term."""
    builder = top_level(document)
    let = None if document.checked is None else document.checked.lets.get(name)
    return None if builder is None or let is None else shown(worth(let.value, builder))


def unit_text(document: Document, term: TermOutline, name: str) -> str | None:
    """The unit of an argument or parameter, where it has one."""
    quantities = term_quantities(document, term.name)
    unit = None if quantities is None else quantities.unit(name)
    return None if unit is None else str(unit)
