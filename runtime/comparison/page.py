"""A comparison as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from pygments import highlight
from pygments.formatters.html import HtmlFormatter

from ..editor.pygments_lexer import PotentiaLexer
from .tables import Table

_MARKS = {"-": "gone", "+": "new", "~": "other", "?": "other", "!": "gone"}


def page(
    title: str, formula: Sequence[str], specs: tuple[str, str], tables: Sequence[Table], svg: str | None
) -> str:
    """formula: lines that begin with `+`, `-`, `~` or a space. specs: both texts. svg: curves."""
    parts = [f"<h2>formula</h2><pre>{''.join(map(_line, formula))}</pre>"]
    parts += [_table(t) for t in tables]
    if svg is not None:
        parts.append(f'<h2>curves</h2><div class="curves">{svg}</div>')
    sides = "".join(f"<pre>{_highlighted(text)}</pre>" for text in specs)
    parts.append(f'<h2>specs</h2><div class="specs">{sides}</div>')
    template = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    known = {"title": escape(title), "body": "\n".join(parts)}
    return Template(template).substitute(known, light=_colours("default"), dark=_colours("github-dark"))


def _highlighted(spec: str) -> str:
    return str(highlight(spec, PotentiaLexer(), HtmlFormatter(nowrap=True)))


def _colours(style: str) -> str:
    """The rules for words of a spec."""
    rules = HtmlFormatter(style=style).get_token_style_defs([".specs"])
    return "\n".join(rules)


def _line(line: str) -> str:
    kind = _MARKS.get(line.lstrip()[:1])
    text = escape(line) + "\n"
    return f'<span class="{kind}">{text}</span>' if kind else text


def _table(table: Table) -> str:
    head, *rows = table.rows
    cells = [_row("th", head), *(_row("td", row) for row in rows)]
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    body = f"<table>{''.join(cells)}</table>" if rows else ""
    return f"<h2>{escape(table.title)}</h2>{body}{notes}"


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(c)}</{tag}>" for c in cells) + "</tr>"
