"""A common mistake of writing, known by the state that it leaves the parser in (`grammar/mistakes.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from ...grammar.mistakes import MISTAKES
from ..diagnostics.diagnostic import Fix
from ..diagnostics.source import Source, Span

_State = tuple[Any, frozenset[str]]


class _Example(NamedTuple):
    slug: str
    state: _State
    token: Token


def recognise(error: UnexpectedToken, parse: Callable[[str], Any], closed: bool) -> str | None:
    """The slug of the mistake whose snippet stops the parser in the same state, at the same word where one
    does; None where no snippet does. closed: every bracket of the text is closed, so that none is missing.
    """
    state = _state(error)
    same = [example for example in _examples(parse) if example.state == state]
    if closed and error.token not in (")", "]", "}"):
        same = [example for example in same if example.slug != "unclosed-parenthesis"]
    exact = (example.slug for example in same if example.token == error.token)
    return next(exact, same[0].slug if same else None)


def mended(slug: str, found: Span) -> Fix | None:
    """The remedy of a mistake, by its slug and the word at its place; None where that is not clear."""
    source, text = found.source, found.source.text
    match slug:
        case "extra-parenthesis":
            return Fix(found, "")
        case "double-star" if text[found.start - 1] == "*":
            return Fix(Span(source, found.start - 1, found.end), "^")
        case "missing-comma":
            word = re.search(r"\w+\s*$", text[: found.start]) if found.text == "=" else None
            start = word.start() if word else found.start
            before = text[:start].rstrip()
            at = start if "#" in before.rpartition("\n")[2] else len(before)
            return Fix(Span(source, at, at), ",")
        case _:
            return None


def closed(source: Source, end: int, bracket: str) -> Fix:
    """A closing bracket at the end of the text, after a comment on a line of its own."""
    comment = "#" in source.text[:end].rpartition("\n")[2]
    return Fix(Span(source, end, end), f"\n{bracket}" if comment or bracket == "}" else bracket)


def _state(error: UnexpectedToken) -> _State:
    """The state of the parser and the tokens that it would take, at any depth."""
    state: Any = error.state
    return state.position, frozenset(error.accepts or ())


@cache
def _examples(parse: Callable[[str], Any]) -> tuple[_Example, ...]:
    """The snippets of all mistakes, parsed once."""
    found = []
    for slug, mistake in MISTAKES.items():
        for snippet in mistake.snippets:
            try:
                parse(snippet)
            except UnexpectedToken as error:
                found.append(_Example(slug, _state(error), error.token))
            except UnexpectedInput:
                continue  # stopped by a character that is no word: it leaves no state to know it by
    return tuple(found)
