"""A comparison as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape

from ..editor.spec_html import spec_colours, spec_lines
from ..presentation.page import columns, pictures, section
from ..presentation.page import page as whole
from ..presentation.page import table as table_of
from .tables import Table

_MARKS = {"-": "gone", "+": "new", "~": "other", "?": "other", "!": "gone"}


def page(
    title: str, formula: Sequence[str], specs: tuple[str, str], tables: Sequence[Table], svg: str | None
) -> str:
    """formula: lines that begin with `+`, `-`, `~` or a space. specs: both texts. svg: curves."""
    parts = [
        section("formula", f"<pre>{''.join(map(_line, formula))}</pre>"),
        section("specs", _specs(*specs)),
    ]
    if svg is not None:
        parts.append(section("curves", pictures(svg)))
    shown = [table_of(t.rows, t.title, t.notes) for t in tables]
    if shown:
        parts.append(section("numbers and errors", columns(*shown)))
    return whole(title, parts, spec_colours([".versions"]))


def _specs(before: str, after: str) -> str:
    """Both specs line by line beside each other; on a narrow screen equal lines are there once."""
    old, new = before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n")
    cells = [_cell("head", "before"), _cell("head", "after")]
    cells += _pairs(SequenceMatcher(None, old, new, autojunk=False), spec_lines(before), spec_lines(after))
    return f'<div class="versions">{"".join(cells)}</div>'


def _pairs(matcher: SequenceMatcher[str], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        for k in range(max(i_end - i, j_end - j)):
            if kind == "equal":
                yield _cell("", old[i + k]) + _cell("twin", new[j + k])
            else:
                yield _cell("old", old[i + k]) if i + k < i_end else _cell("empty", "")
                yield _cell("young", new[j + k]) if j + k < j_end else _cell("empty", "")


def _cell(kind: str, line: str) -> str:
    return f'<div class="{kind}">{line}</div>' if kind else f"<div>{line}</div>"


def _line(line: str) -> str:
    kind = _MARKS.get(line.lstrip()[:1])
    text = escape(line) + "\n"
    return f'<span class="{kind}">{text}</span>' if kind else text
