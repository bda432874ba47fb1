"""Files of ours read with a bound: plain files, no larger than they can be, JSON of a sane depth."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic

M = TypeVar("M")

LARGEST_TEXT = 1 << 28  # bytes of a file of text, such as the metadata of a run with a million numbers
_NOTE = "it was cut short or changed since it was written"


def damaged(path: Path, why: str, help: str = _NOTE) -> ArtifactError:
    """The error `damaged-artifact` of a file."""
    message = f"{path} is damaged: {why}"
    return ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=help))


def read_plain(path: Path, most: int | None = None) -> bytes:
    """The content of a plain file of at most so many bytes; a device or a pipe is not waited for.

    Raises OSError where it cannot be read; ValueError with the reason where it is no such file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not a plain file")
        if most is not None and found.st_size > most:
            raise ValueError(f"it has {found.st_size} bytes, more than {most}")
        return file.read()


def read_json(path: Path, help: str = _NOTE) -> object:
    """The content of a JSON file of ours. Raises ArtifactError damaged-artifact."""
    try:
        content = read_plain(path, LARGEST_TEXT)
    except (OSError, ValueError) as error:
        raise damaged(path, _reason(error), help) from error
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise damaged(path, "it is not JSON", help) from error


def read_record(path: Path, kind: type[M], help: str = _NOTE) -> M:
    """A JSON file of ours as a dataclass, a TypedDict or a model. Raises ArtifactError damaged-artifact."""
    try:
        return TypeAdapter(kind).validate_python(read_json(path, help))
    except ValidationError as error:
        raise damaged(path, first_fault(error), help) from error


def first_fault(error: ValidationError) -> str:
    """The first fault that pydantic found, in a line."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    reason = first["msg"][0].lower() + first["msg"][1:]
    return f"`{where}`: {reason}" if where else "it is not a table"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror or error}"
    return str(error)
