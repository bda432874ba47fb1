"""The frames of an extended XYZ file, one after another; a bad one is named, and may be passed over."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from .extxyz import read_frame
from .lammps import with_symbols
from .plain_file import truncated, unreadable
from .xyz_atoms import FrameFault
from .xyz_header import number_of_atoms

if TYPE_CHECKING:
    from ase import Atoms

_COUNT = re.compile(r"\s*\d{1,18}\s*", re.ASCII)  # a line of its own: atoms have four words and more
_HEADER = re.compile(r"\b(?:Properties|Lattice)\s*=", re.IGNORECASE)
_BAD = ("unreadable-structure", "truncated-file")


@dataclass(frozen=True)
class Frame:
    """The text of a structure: its number in the file and that of its first line, from 1."""

    number: int
    line: int
    text: str

    def place(self, path: Path, line: int = 0) -> str:
        """line: that of the frame at fault, from 0."""
        return f"{path.name}, structure {self.number}, line {self.line + line}"


class Lines:
    """The lines of a file. number: that of the next one, from 1."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._back = file, deque[str]()
        self._frame: list[str] = []  # the lines since the last frame began
        self.number = 1

    def first_of_frame(self) -> str | None:
        """The next line that is not blank, with which a frame begins; None at the end."""
        self._frame = []
        while line := self._next():
            if line.strip():
                self._frame = [line]
                return line
        return None

    def take(self, n: int) -> list[str]:
        """So many lines, fewer at the end."""
        found = [self._back.popleft() for _ in range(min(n, len(self._back)))]
        found += islice(self._file, n - len(found))
        self.number += len(found)
        self._frame += found
        return found

    def is_between_frames(self) -> bool:
        """Whether nothing more comes next, or a number of atoms, or a damaged one with its header."""
        blank: list[str] = []
        while (line := self._next()) and not line.strip():
            blank.append(line)
        header = self._next()
        self._put_back([x for x in (*blank, line, header) if x])
        return not line or _COUNT.fullmatch(line) is not None or _HEADER.search(header) is not None

    def pass_over(self) -> None:
        """Go to the next number of atoms behind the first line of the frame."""
        self._put_back(self._frame[1:])
        while line := self._next():
            if _COUNT.fullmatch(line):
                self._put_back([line])
                return

    def _next(self) -> str:
        line = self._back.popleft() if self._back else next(self._file, "")
        self.number += bool(line)
        return line

    def _put_back(self, lines: Sequence[str]) -> None:
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


def frame_texts(file: IO[str], path: Path) -> Iterator[Frame]:
    """The frames of a file. Raises DataError: unreadable-structure, truncated-file."""
    lines = Lines(file)
    for number in count(1):
        frame = _next_frame(lines, path, number)
        if frame is None:
            return
        yield frame


def xyz_frames(
    source: Path, path: Path, types: Sequence[str], skips: bool = False
) -> Iterator[tuple[Atoms | Diagnostic, str]]:
    """Our own walk over the frames: ASE scans a whole extxyz file before it gives the first structure.

    skips: a bad frame is its diagnostic. Else raises DataError: unreadable-structure, truncated-file,
    types-only, bad-types.
    """
    with source.open(encoding="utf-8", errors="replace" if skips else "strict") as file:
        lines = Lines(file)
        try:
            for number in count(1):
                try:
                    frame = _next_frame(lines, path, number)
                    if frame is None:
                        return
                    if skips:
                        _require_text(frame, path)
                    atoms = _parsed(Frame(number, frame.line, with_symbols(frame.text, path, types)), path)
                    if skips and not lines.is_between_frames():
                        message = "more lines follow than it has atoms"
                        raise _unreadable(frame, path, frame.text.count("\n"), message)
                except DataError as error:
                    if not skips or error.diagnostics[0].code not in _BAD:
                        raise
                    lines.pass_over()
                    yield error.diagnostics[0], ""
                    continue
                yield atoms, frame.text
        except UnicodeDecodeError as error:
            raise unreadable(path, "as extxyz: it is not UTF-8 text") from error


def _next_frame(lines: Lines, path: Path, number: int) -> Frame | None:
    first = lines.first_of_frame()
    if first is None:
        return None
    line = lines.number - 1
    n_atoms = number_of_atoms(first, Frame(number, line, first).place(path))
    more = lines.take(n_atoms + 1)
    if len(more) < n_atoms + 1:
        raise truncated(path, number - 1, f"has {max(len(more) - 1, 0)} of its {n_atoms} atoms")
    return Frame(number, line, first + "".join(more))


def _require_text(frame: Frame, path: Path) -> None:
    """Raise DataError `unreadable-structure` where bytes of a frame were none of UTF-8."""
    bad = next((k for k, row in enumerate(frame.text.split("\n")) if "\ufffd" in row), None)
    if bad is not None:
        raise _unreadable(frame, path, bad, "it is not UTF-8 text")


def _parsed(frame: Frame, path: Path) -> Atoms:
    try:
        return read_frame(frame.text)
    except Exception as error:
        if not frame.text.endswith("\n"):  # so it is the last line of the file
            raise truncated(path, frame.number - 1, "ends within a line") from error
        line = _bad_line(frame.text)
        if isinstance(error, FrameFault):
            raise _unreadable(frame, path, line, str(error), error.help) from error
        message = f"the structure cannot be read: {first_line(error)}"
        raise _unreadable(frame, path, line, message) from error


def _unreadable(frame: Frame, path: Path, line: int, message: str, help: str | None = None) -> DataError:
    return DataError(Diagnostic("unreadable-structure", message, place=frame.place(path, line), help=help))


def _bad_line(text: str) -> int:
    """The line at fault of a frame that cannot be read, from 0: the end of the shortest frame like it that
    cannot either, or its header.
    """
    header, *rows = text.split("\n")[1:-1]
    least, most = 1, len(rows)
    while least < most:
        middle = (least + most) // 2
        if _is_read(header, rows[:middle]):
            least = middle + 1
        else:
            most = middle
    return least + 1 if least > 1 or (rows and _is_read(header, rows[1:])) else 1


def _is_read(header: str, rows: Sequence[str]) -> bool:
    try:
        read_frame("\n".join([str(len(rows)), header, *rows, ""]))
    except Exception:
        return False
    return True


def first_line(error: BaseException) -> str:
    """The first line of the words of an error, or its name."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
