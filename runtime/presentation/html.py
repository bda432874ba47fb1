"""Parts of a page as a notebook shows them: no network, no script, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...compiler.diagnostics.plain import plain

_TEXT = 4000  # characters of a spec that are shown
_ROWS = 40  # rows of a table that are shown
_FONT = "font-family:ui-monospace,monospace;font-size:0.92em"
_SPEC = f"{_FONT};white-space:pre-wrap;overflow-wrap:anywhere;margin:0.4em 0;line-height:1.35"
_CELL = "padding:0.1em 0.8em 0.1em 0;background:none;border:none"


def fragment(parts: Sequence[str]) -> str:
    """The parts one below the other."""
    return f'<div class="potentia" style="max-width:60em">{"".join(parts)}</div>'


def heading(text: str) -> str:
    return f'<p style="margin:0.2em 0"><b>{_safe(text)}</b></p>'


def note(text: str) -> str:
    return f'<p style="margin:0.2em 0;opacity:0.75">{_safe(text)}</p>'


def spec_text(text: str) -> str:
    """The text of a spec in a box of its own."""
    shown = text.strip() if len(text) <= _TEXT else text[:_TEXT] + "\n…"
    return f'<pre style="{_SPEC}">{_safe(shown)}</pre>'


def table(rows: Sequence[Sequence[str]], title: str = "") -> str:
    """Rows under a head; the first column to the left, the others to the right. The rows beyond a screen are
    counted.
    """
    head, *body = rows
    hidden = len(body) - _ROWS
    lines = [_row("th", head), *(_row("td", row) for row in body[:_ROWS])]
    more = note(f"… and {hidden} more") if hidden > 0 else ""
    above = heading(title) if title else ""
    return f'{above}<table style="border-collapse:collapse;{_FONT}">{"".join(lines)}</table>{more}'


def _row(tag: str, cells: Sequence[str]) -> str:
    sides = ("left", *("right" for _ in cells[1:]))
    shown = (
        f'<{tag} style="text-align:{side};{_CELL}">{_safe(cell)}</{tag}>'
        for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _safe(text: str) -> str:
    return escape(plain(text))
