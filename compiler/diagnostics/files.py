"""Specs from the disk."""

from __future__ import annotations

from pathlib import Path

from .diagnostic import Diagnostic, SpecError, did_you_mean
from .source import Source


def read_source(path: Path) -> Source:
    """The text of a spec file. Raises SpecError where it cannot be read or is not UTF-8."""
    try:
        return Source(path.read_bytes().decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        raise SpecError(Diagnostic("not-utf8", message, place=str(path), help="save it as UTF-8")) from None
    except OSError as error:
        message = f"the spec cannot be read: {error.strerror or error}"
        near = [p.name for p in path.parent.glob("*.pes")] if path.parent.is_dir() else []
        help = did_you_mean(path.name, near)
        raise SpecError(Diagnostic("cannot-read", message, place=str(path), help=help)) from None
