"""Specs in colours, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pygments import highlight
from pygments.formatters.html import HtmlFormatter

from .pygments_lexer import PotentiaLexer

_LIGHT, _DARK = "default", "github-dark"


def spec_lines(text: str) -> list[str]:
    """The lines of a spec as HTML, words of each kind in a `span` of their own."""
    lexer = PotentiaLexer(stripnl=False)
    return str(highlight(text.rstrip("\n"), lexer, HtmlFormatter(nowrap=True))).rstrip("\n").split("\n")


def spec_colours(selectors: Sequence[str]) -> str:
    """The rules of the colours within the selectors, for light and for dark."""
    rules = partial(_rules, selectors)
    return f"{rules(_LIGHT)}\n@media (prefers-color-scheme: dark) {{\n{rules(_DARK)}\n}}"


def _rules(selectors: Sequence[str], style: str) -> str:
    return "\n".join(HtmlFormatter(style=style).get_token_style_defs(list(selectors)))
