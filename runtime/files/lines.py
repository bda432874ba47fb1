"""Text files of other programs, line by line: a fault is at the place of its line."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from .reading import LARGEST_TEXT, read_plain


@dataclass(frozen=True)
class Line:
    """A line of a file. place: the file and the number of the line; code: of faults in it."""

    place: str
    words: tuple[str, ...]
    code: str

    def error(self, message: str, help: str | None = None, code: str | None = None) -> ArtifactError:
        """The error of a fault at this line."""
        return ArtifactError(Diagnostic(code or self.code, message, place=self.place, help=help))

    def number(self, word: str) -> float:
        """The number that a word is. Raises ArtifactError."""
        try:
            value = float(word if word.isascii() and "_" not in word else "")  # Python takes 1_0 and ١ too
        except ValueError:
            raise self.error(f"`{word}` is not a number") from None
        if not isfinite(value):
            raise self.error(f"`{word}` is not a finite number")
        return value

    def count(self, word: str, least: int = 0) -> int:
        """The whole number that a word is, at least so much. Raises ArtifactError."""
        value = self.number(word)
        if value != int(value) or value < least:
            raise self.error(f"`{word}` is not a whole number of at least {least}")
        return int(value)


def lines_of(path: Path, code: str) -> list[Line]:
    """The lines of a file, blank ones too. code: of faults in them.

    Raises ArtifactError: missing-file, unreadable-file.
    """
    text = text_of(path)
    return [
        Line(f"{path}, line {k}", tuple(line.split()), code) for k, line in enumerate(text.splitlines(), 1)
    ]


def text_of(path: Path) -> str:
    """The text of a file. Raises ArtifactError: missing-file, unreadable-file."""
    try:
        return read_plain(path, LARGEST_TEXT).decode("utf-8")
    except FileNotFoundError as error:
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        help = did_you_mean(path.name, near)
        message = f"there is no file `{path}`"
        raise ArtifactError(Diagnostic("missing-file", message, place=str(path), help=help)) from error
    except (OSError, ValueError) as error:
        message = f"`{path}` cannot be read: {_reason(error)}"
        raise ArtifactError(Diagnostic("unreadable-file", message, place=str(path))) from error


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    return "it is not text" if isinstance(error, UnicodeDecodeError) else str(error)
