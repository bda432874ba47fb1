"""Texts of code as Markdown: nothing outside of backticks becomes emphasis or HTML."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """The text, with its code in backticks as it is."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*<_|])", r"\\\1", p) for p in parts)


def cell(text: str) -> str:
    """The text as one line of a table, where a bar would end it outside of code."""
    return plain(" ".join(text.split()))
