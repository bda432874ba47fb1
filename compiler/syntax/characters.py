"""Letters and digits that look like those of the language and are others: they are refused by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import name, normalize

from ..diagnostics.diagnostic import Diagnostic, Fix, capped
from ..diagnostics.source import Source, Span

_PART = re.compile(r"#[^\n]*|\"[^\"\n]*\"|[^\x00-\x7f]")
# Cyrillic and Greek letters with the shape of a Latin one; ν, ρ, τ and their like are no such
_ALIKE = dict(
    zip(
        "АВСЕНІЈКМОРЅТХУасеһіјорѕхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϳıɑɡ",
        "ABCEHIJKMOPSTXYacehijopsxyABEZHIKMNOPTYXojiag",
        strict=True,
    )
)


def look_alikes(source: Source) -> tuple[Diagnostic, ...]:
    """A fault for each of them, outside comments and texts in quotes."""
    return () if source.text.isascii() else capped(_found(source))


def _found(source: Source) -> Iterator[Diagnostic]:
    for match in _PART.finditer(source.text):
        character = match[0]
        if len(character) > 1 or character in '#"':
            continue
        meant = _ALIKE.get(character) or _folded(character)
        if meant is None:
            continue
        span = Span(source, *match.span())
        called = name(character, "a character without a name")
        what = f"`{character}` is {called}, which is not the {_kind(meant)} `{meant}`"
        power = "a power is written `^`" if "SUPERSCRIPT" in called else f"write `{meant}`"
        fix = None if "SUPERSCRIPT" in called else Fix(span, meant)
        yield Diagnostic("unexpected-character", what, primary=span, help=power, fix=fix)


def _folded(character: str) -> str | None:
    """The digit or letter of ASCII that a character is a form of, such as `５`, `٥`, `²`, `ｒ`."""
    if character.isdecimal():
        return str(int(character))
    plain = normalize("NFKC", character)
    return plain if plain.isascii() and plain.isalnum() and len(plain) == 1 else None


def _kind(meant: str) -> str:
    return "digit" if meant.isdecimal() else "letter"
