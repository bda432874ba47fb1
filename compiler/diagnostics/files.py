"""Specs from the disk."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from .diagnostic import Diagnostic, SpecError, did_you_mean
from .source import Source

LARGEST = 1 << 20  # bytes of a spec
MOST_WORDS = 12_000  # of a spec, a comment being one: checking so many takes half a second
SUFFIX = ".pes"
STDIN = Path("-")  # as a file is named that is read from standard input

_WORD = re.compile(r"#[^\n]*|\w+|[^\w\s]")


def read_source(path: Path, include: Iterable[Path] = ()) -> Source:
    """The text of a spec file, or of standard input as the file `-`. include: folders that its imports may be
    read from, beside its own.

    Raises SpecError where it cannot be read, is too large or is not UTF-8.
    """
    name = name_of(path)
    try:
        text = contents(path).decode("utf-8-sig")
        return require_short(Source(text, name, tuple(include), path == STDIN or is_named_spec(path)))
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise SpecError(Diagnostic("not-utf8", message, place=name, help="save it as UTF-8")) from None
    except (OSError, ValueError) as error:
        raise SpecError(_unread(path, error)) from None


def name_of(path: Path) -> str:
    """The name of a spec file in messages."""
    return "<stdin>" if path == STDIN else str(path)


def contents(path: Path) -> bytes:
    """The bytes of a file, no more than a spec may have. Raises SpecError too-large, OSError, ValueError."""
    if path == STDIN:
        content = b"" if sys.stdin is None else sys.stdin.buffer.read(LARGEST + 1)
    else:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        message = f"the file has more than {LARGEST >> 20} MiB, the most that a spec may have"
        raise SpecError(Diagnostic("too-large", message, place=name_of(path)))
    return content


def require_short(source: Source) -> Source:
    """The text, unless it has more words than can be read in a second. Raises SpecError too-large."""
    for words, _ in enumerate(_WORD.finditer(source.text) if len(source.text) > MOST_WORDS else (), 1):
        if words > MOST_WORDS:
            message = f"the spec has more than {MOST_WORDS} words"
            help = "numbers by the thousand belong into a fit, whose run holds them"
            raise SpecError(Diagnostic("too-large", message, place=source.name, help=help))
    return source


def is_named_spec(path: Path) -> bool:
    """Whether a file, at the end of all links, has the name of a spec."""
    return os.path.realpath(path).lower().endswith(SUFFIX)


def _unread(path: Path, error: OSError | ValueError) -> Diagnostic:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    try:
        near = [p.name for p in path.parent.glob(f"*{SUFFIX}")] if path.parent.is_dir() else []
    except (OSError, ValueError):  # no folder can have this name
        near = []
    help = did_you_mean(path.name, near)
    return Diagnostic("cannot-read", f"the spec cannot be read: {reason}", place=str(path), help=help)
