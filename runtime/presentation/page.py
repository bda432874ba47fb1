"""Pages of one file: no script, nothing from outside, light and dark, for a laptop and a phone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

_LONG = 16  # characters of a name that may be broken


def page(title: str, body: Sequence[str], more_style: str = "") -> str:
    """A whole page of parts, each of them HTML. more_style: further rules of CSS."""
    folder = files(__package__)
    template = Template(folder.joinpath("page.html").read_text(encoding="utf-8"))
    style = folder.joinpath("page.css").read_text(encoding="utf-8") + more_style
    safe = escape(title)
    return template.substitute(title=safe, heading=safe, style=style, body="\n".join(body))


def section(title: str, *parts: str) -> str:
    """A heading and parts below it."""
    return f"<section><h2>{escape(title)}</h2>\n" + "\n".join(parts) + "</section>"


def columns(*parts: str) -> str:
    """Parts beside each other where the page is wide enough, else one below the other."""
    return '<div class="columns">' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def table(
    rows: Sequence[Sequence[str]], title: str = "", notes: Sequence[str] = (), words: bool = False
) -> str:
    """A head and rows under it; nothing but the title and the notes without rows. words: all to the left."""
    above = f"<h3>{escape(title)}</h3>" if title else ""
    below = "".join(note(text) for text in notes)
    head, *body = rows
    cells = _row("th", head) + "".join(_row("td", row) for row in body)
    kind = "words" if words else "flat"
    inside = f'<div class="wide"><table class="{kind}">{cells}</table></div>' if body else ""
    return above + inside + below


def note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def pictures(*svgs: str) -> str:
    """Pictures beside each other, as many as there is room for."""
    return f'<div class="pictures">{"".join(svgs)}</div>'


def folded(title: str, *parts: str) -> str:
    """Parts that are shown when the title is clicked."""
    return f"<details><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def cards(facts: Sequence[tuple[str, str]]) -> str:
    """A few figures in large type, each over its name; units are smaller."""
    items = []
    for name, value in facts:
        number, space, unit = escape(value).partition(" ")
        large = f"{number} <small>{unit}</small>" if space and number[0].isdigit() else escape(value)
        items.append(f"<li><b>{large}</b><span>{escape(name)}</span></li>")
    return f'<ul class="cards">{"".join(items)}</ul>'


def _row(tag: str, cells: Sequence[str]) -> str:
    """Long names in the first column, such as `surface_energy.bcc.110`, may be broken at their joints."""
    first, *others = map(escape, cells)
    joints = first.replace("_", "_<wbr>").replace(".", ".<wbr>") if len(first) > _LONG else first
    return "<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in (joints, *others)) + "</tr>"
