"""The language as patterns for highlighters that see letters and no meaning: one table, from which come the
grammar of TextMate (`textmate`) and the lexer of Pygments (`pygments_lexer`).

The words are the compiler's own. A pattern stays within a line and means the same to Python and Oniguruma.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, NamedTuple

from .vocabulary import ENERGY_HELP, SHARING_HELP, vocabulary

Style = Literal[
    "comment",
    "string",
    "number",
    "unit",
    "declaration",
    "keyword",
    "sharing",
    "energy",
    "declared",
    "parameter",
    "term",
    "function",
    "basis",
    "called",
    "species",
    "constant",
    "atom",
    "operator",
    "bracket",
]


class Pattern(NamedTuple):
    """styles: of the groups of the regular expression, in their order; of the whole where it has none."""

    regex: str
    styles: tuple[Style, ...]


_NAME = r"[^\W\d]\w*"
_NUMBER = r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_AMBIGUOUS = ("A", "J", "e")  # in a quotient more likely names than units


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda w: (-len(w), w)))


@cache
def patterns() -> tuple[Pattern, ...]:
    """In the order in which they are tried."""
    words = vocabulary()
    unit, chained = _any(words["unit"]), _any(set(words["unit"]) - set(_AMBIGUOUS))
    sharing = _any({s.removeprefix("ordered ") for s in SHARING_HELP})
    element = _any(words["species"])
    return (
        Pattern(r"#.*$", ("comment",)),
        Pattern(r'"[^"\n]*"?', ("string",)),
        Pattern(
            rf"{_NUMBER}(?![eE][+-]?\d)[ \t]*(?!(?:in|per)\b)((?:{unit})\b(?:\^-?\d+)?)", ("number", "unit")
        ),
        Pattern(_NUMBER, ("number",)),
        Pattern(rf"\b(let|term|param)\b[ \t]*({_NAME})?", ("declaration", "declared")),
        Pattern(r"\b(import|species|fixed)\b(?![ \t]*=)", ("declaration",)),
        Pattern(rf"\b(per)\b[ \t]+((?:ordered[ \t]+)?(?:{sharing}))\b", ("keyword", "sharing")),
        Pattern(r"\b(sum)(?=[ \t]*\()", ("keyword",)),
        Pattern(r"\b(in|per|pin)\b(?![ \t]*=)", ("keyword",)),
        Pattern(r"^[ \t]*(E)(?=[ \t]*=)", ("energy",)),
        Pattern(rf"^[ \t]*({_any(ENERGY_HELP)})(?=[ \t]*\([^()]*\)[ \t]*=)", ("energy",)),
        Pattern(rf"^[ \t]*({_NAME})(?=[ \t]*\([^()]*\)[ \t]*=)", ("declared",)),
        Pattern(rf"\b({_NAME})(?=[ \t]*=)", ("parameter",)),
        Pattern(rf"\b{_NAME}\.({_NAME})\b", ("parameter",)),
        Pattern(rf"\b((?:{_any(words['basis'])})\d*)\b", ("basis",)),
        Pattern(rf"\b({_any(words['function'])})\b(?=[ \t]*[(,)]|[ \t]*$)", ("function",)),
        Pattern(rf"\b({_any(words['term'])})(?=[ \t]*\()", ("term",)),
        Pattern(rf"\b({_NAME})(?=[ \t]*\()", ("called",)),
        Pattern(rf"(?:(?<=[/*])|(?<=[/*] ))((?:{chained})\b(?:\^-?\d+)?)", ("unit",)),
        Pattern(
            rf"(?:(?<=[({{,=-])|(?<=[({{,=] )|(?<=species ))({element})\b(?=[ \t]*(?:[,)=:-]|#|$))",
            ("species",),
        ),
        Pattern(r"\b([ru]_[ijk]{2}|cos_[ijk]{3}|[ijk])\b", ("atom",)),
        Pattern(r"\b(pi)\b", ("constant",)),
        Pattern(r"[-+*/^=]", ("operator",)),
        Pattern(r"[()\[\]{},:]", ("bracket",)),
        Pattern(rf"(?:{_NAME})", ()),
    )


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], tuple[Style, ...]], ...]:
    return tuple((re.compile(p.regex, re.MULTILINE), p.styles) for p in patterns())


def painted(text: str) -> Iterator[tuple[int, str, Style | None]]:
    """The text in pieces, each with its place and style; all of it, also what has none."""
    at = 0
    while at < len(text):
        match, styles = _first(text, at)
        if match is None:
            yield at, text[at], None
            at += 1
            continue
        yield from _groups(match, styles)
        at = match.end()


def _first(text: str, at: int) -> tuple[re.Match[str] | None, tuple[Style, ...]]:
    for regex, styles in _compiled():
        match = regex.match(text, at)
        if match is not None and match.end() > at:
            return match, styles
    return None, ()


def _groups(match: re.Match[str], styles: tuple[Style, ...]) -> Iterator[tuple[int, str, Style | None]]:
    if match.re.groups == 0:
        yield match.start(), match[0], styles[0] if styles else None
        return
    at = match.start()
    for group, style in enumerate(styles, start=1):
        if match[group]:
            if match.start(group) > at:
                yield at, match.string[at : match.start(group)], None
            yield match.start(group), match[group], style
            at = match.end(group)
    if at < match.end():
        yield at, match.string[at : match.end()], None
