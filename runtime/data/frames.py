"""Atoms from files, one structure at a time, so that a bad one is named and those before it are counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean
from .columns import with_masses

if TYPE_CHECKING:
    from ase import Atoms

_SLICE = re.compile(r"(?P<path>.+)@(?P<slice>-?\d+|-?\d*:-?\d*(?::-?\d*)?)$")


def split_slice(where: str) -> tuple[Path, slice]:
    """`nb.xyz@:10` → its path and slice; without `@` the slice takes everything.

    A file whose own name ends in something like a slice is that file.
    """
    match = _SLICE.match(where)
    if match is None or Path(where).exists():
        return Path(where), slice(None)
    numbers = [int(part) if part else None for part in match["slice"].split(":")]
    if len(numbers) == 1:  # one structure; the last is -1, whose end is open
        start = numbers[0] or 0
        return Path(match["path"]), slice(start, start + 1 or None)
    return Path(match["path"]), slice(*numbers)


def frames(path: Path) -> Iterator[Atoms]:
    """The structures of a file in any format that ASE knows.

    Raises DataError: missing-file, unreadable-data, truncated-file, unreadable-structure.
    """
    return (atoms for atoms, _ in frames_with_text(path))


def frames_with_text(path: Path) -> Iterator[tuple[Atoms, str | None]]:
    """Each structure as in `frames`, with the text of its frame where the file is an extended XYZ file."""
    _require_file(path)
    kind = _format(path)
    if kind in ("extxyz", "xyz"):
        yield from _xyz_frames(path)
        return
    try:
        found = _database(path) if kind == "db" else _through_ase(path, kind)
        yield from ((atoms, None) for atoms in found)
    except Exception as error:  # every reader of ASE fails in its own way
        raise _unreadable(path, f"as {kind}: {_first_line(error)}") from error


def count_frames(path: Path) -> int:
    """The number of whole structures in a file; those of xyz files are counted without being read.

    Raises DataError: those of `frames`, but not for an incomplete end of the file.
    """
    _require_file(path)
    if _format(path) not in ("extxyz", "xyz"):
        return sum(1 for _ in frames(path))
    with path.open(encoding="utf-8") as file:
        count = 0
        try:
            while _next_frame(file, path, count) is not None:
                count += 1
        except UnicodeDecodeError as error:
            raise _unreadable(path, "as extxyz: it is not UTF-8 text") from error
        except DataError as error:
            if error.diagnostics[0].code != "truncated-file":
                raise
    return count


def _require_file(path: Path) -> None:
    if not path.exists():
        message = f"there is no file `{path}`"
        raise DataError(Diagnostic("missing-file", message, place=str(path), help=_similar_file(path)))
    if path.is_dir():
        raise _unreadable(path, "it is a folder")


def _similar_file(path: Path) -> str | None:
    if not path.parent.is_dir():
        return f"there is no folder `{path.parent}` either"
    return did_you_mean(path.name, [p.name for p in path.parent.iterdir()])


def _format(path: Path) -> str:
    from ase.io.formats import UnknownFileTypeError, filetype, get_ioformat

    try:
        if path.stat().st_size == 0:
            raise DataError(Diagnostic("no-structures", "the file is empty", place=path.name))
        kind = str(filetype(str(path)))
        get_ioformat(kind)  # for want of anything better filetype returns the suffix
        return kind
    except UnknownFileTypeError:
        raise _unreadable(path, "ASE does not know its format") from None
    except OSError as error:
        raise _unreadable(path, str(error.strerror or error)) from error


def _through_ase(path: Path, kind: str) -> Iterator[Atoms]:
    from ase.io import iread

    yield from iread(str(path), index=":", format=kind, do_not_split_by_at_sign=True)


def _database(path: Path) -> Iterator[Atoms]:
    from ase.db import connect

    for row in connect(str(path)).select():
        yield row.toatoms(add_additional_information=True)


def _xyz_frames(path: Path) -> Iterator[tuple[Atoms, str]]:
    """Our own walk over the frames: ASE scans a whole extxyz file before it gives the first structure."""
    with path.open(encoding="utf-8") as file:
        count = 0
        try:
            while (text := _next_frame(file, path, count)) is not None:
                count += 1
                yield _parse_frame(text, path, count), text
        except UnicodeDecodeError as error:
            raise _unreadable(path, "as extxyz: it is not UTF-8 text") from error


def _next_frame(file: IO[str], path: Path, count: int) -> str | None:
    header = next((line for line in file if line.strip()), None)
    if header is None:
        return None
    try:
        n_atoms = int(header)
    except ValueError:
        message = f"expected a number of atoms, found `{_shorten(header)}`"
        raise DataError(
            Diagnostic("unreadable-structure", message, place=f"{path.name}, structure {count + 1}")
        ) from None
    lines = list(islice(file, n_atoms + 1))
    if len(lines) < n_atoms + 1:
        raise _truncated(path, count, f"has {max(len(lines) - 1, 0)} of its {n_atoms} atoms")
    return header + "".join(lines)


def _parse_frame(text: str, path: Path, number: int) -> Atoms:
    from ase.io.extxyz import read_xyz

    try:
        return with_masses(next(read_xyz(StringIO(text), index=slice(0, 1))))
    except Exception as error:
        if not text.endswith("\n"):  # so it is the last line of the file
            raise _truncated(path, number - 1, "ends within a line") from error
        message = f"the structure cannot be read: {_first_line(error)}"
        place = f"{path.name}, structure {number}"
        raise DataError(Diagnostic("unreadable-structure", message, place=place)) from error


def _truncated(path: Path, whole: int, how: str) -> DataError:
    plural = "" if whole == 1 else "s"
    message = f"the file is cut off after {whole} whole structure{plural}: the next {how}"
    place = f"{path.name}, structure {whole + 1}"
    help = f"copy the file again, or read the complete frames with `{path.name}@:{whole}`" if whole else None
    return DataError(Diagnostic("truncated-file", message, place=place, help=help))


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(Diagnostic("unreadable-data", f"cannot read `{path.name}`: {why}", place=str(path)))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _shorten(text: str, limit: int = 40) -> str:
    text = text.strip()
    return text if len(text) <= limit else text[:limit] + "…"
