"""Versions of the language of specs, and how a text of one becomes a text of the next.

A run says which language its spec is in. The number is raised when a text that was valid means something
else, or nothing any more; words that are added leave old texts as they are, and the number too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

LANGUAGE = 1

# n: what makes a text of language n + 1 of one of language n, with the same meaning
_STEPS: Mapping[int, Callable[[str], str]] = {}


def upgraded(text: str, language: int) -> str:
    """A text of a language up to LANGUAGE as one of LANGUAGE."""
    for version in range(language, LANGUAGE):
        text = _STEPS[version](text)
    return text
