"""A common mistake of writing, known by the state that it leaves the parser in (`grammar/mistakes.py`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from ..grammar.mistakes import MISTAKES

_State = tuple[int, Any, frozenset[str]]


class _Example(NamedTuple):
    slug: str
    state: _State
    token: Token


def recognise(error: UnexpectedToken, parse: Callable[[str], Any]) -> str | None:
    """The slug of the mistake whose snippet stops the parser in the same state, at the same word where one
    does; None where no snippet does.
    """
    state = _state(error)
    same = [example for example in _examples(parse) if example.state == state]
    exact = (example.slug for example in same if example.token == error.token)
    return next(exact, same[0].slug if same else None)


def _state(error: UnexpectedToken) -> _State:
    """How deep the parser is, where, and what it would take."""
    state: Any = error.state
    return len(state.state_stack), state.position, frozenset(error.accepts or ())


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
