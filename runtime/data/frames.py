"""Atoms from files, one structure at a time, so that a bad one is named and those before it are counted."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ...compiler.diagnostics.plain import shortened
from .convergence import VASP, marked
from .deepmd import looks_like_dpdata, read_dpdata, read_folder
from .file_kind import AS_IT_LOOKS, DEEPMD, DPDATA, FITSNAP, FileKind
from .fitsnap import looks_like_fitsnap, read_fitsnap
from .lammps import BINARY, DATA, DUMP, looks_like_data, read_lammps
from .plain_file import called, plain_file, unreadable
from .xyz_frames import first_line, frame_texts, xyz_frames

if TYPE_CHECKING:
    from ase import Atoms

T = TypeVar("T")
_HEAD = 4096  # bytes that a file is known by
_EXTXYZ = re.compile(r"\s*\d+[ \t]*\r?\n[^\n]*\bProperties=", re.ASCII)
_LOOKS = {
    "extxyz": lambda head: _EXTXYZ.match(head) is not None,  # asking ASE takes half a second of imports
    DATA: looks_like_data,
    FITSNAP: looks_like_fitsnap,
    DPDATA: looks_like_dpdata,
}
_BY_XYZ = "write it as extended XYZ"
_BY_DPDATA = "convert it by dpdata, from `{}` to `deepmd/npy`, which is read"
_CP2K = re.compile(r"\s*\d+\s*\n\s*i\s*=\s*\d+\s*,\s*time\s*=", re.ASCII)  # positions and forces look alike
_FOREIGN = {"CP2K|": "output of CP2K", "BEGIN_CFG": "a cfg file of MLIP", "\ufffdHDF\r\n": "HDF5"}
_LONGEST_NAME = 255  # bytes of a name on the disk
_SLICE = re.compile(r"(?P<path>.+)@(?P<slice>-?\d{1,18}|-?\d{0,18}:-?\d{0,18}(?::-?\d{0,18})?)$", re.ASCII)


def split_slice(where: str) -> tuple[Path, slice]:
    """`nb.xyz@:10` → its path and slice; without `@` the slice takes everything.

    A file whose own name ends in something like a slice is that file. Raises DataError: bad-selection,
    missing-file.
    """
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in Path(where).parts):
        message = f"there is no file `{shortened(where)}`"
        raise DataError(Diagnostic("missing-file", message, help="its name is too long"))
    match = _SLICE.match(where)
    if match is None or Path(where).exists():
        return Path(where), slice(None)
    numbers = [int(part) if part else None for part in match["slice"].split(":")]
    if numbers[2:] == [0]:
        message = f"`{where}` takes every 0th structure, which is none"
        raise DataError(
            Diagnostic("bad-selection", message, help="a step is 1 or more, or backwards: `@::-1`")
        )
    if len(numbers) == 1:  # one structure; the last is -1, whose end is open
        start = numbers[0] or 0
        return Path(match["path"]), slice(start, start + 1 or None)
    return Path(match["path"]), slice(*numbers)


def taken(items: Iterable[T], part: slice) -> list[T]:
    """The items of a slice; those before and behind it are not kept."""
    if all(v is None or v >= 0 for v in (part.start, part.stop, part.step)):
        return list(islice(items, part.start, part.stop, part.step))
    if part.start is not None and part.start < 0 and part.stop is None and part.step in (None, 1):
        return list(deque(items, maxlen=-part.start))
    return list(items)[part]


def frames(path: Path, kind: FileKind = AS_IT_LOOKS) -> Iterator[Atoms]:
    """The structures of a file in any format that ASE knows, or one of ours; gz, bz2 and xz are unpacked.

    Raises DataError: missing-file, unreadable-data, truncated-file, unreadable-structure, types-only,
    bad-types.
    """
    return (atoms for atoms, _ in frames_with_text(path, kind))


def frames_with_text(path: Path, kind: FileKind = AS_IT_LOOKS) -> Iterator[tuple[Atoms, str | None]]:
    """Each structure as in `frames`, with the text of its frame where the file is an extended XYZ file."""
    return cast("Iterator[tuple[Atoms, str | None]]", frames_or_faults(path, kind, skips=False))


def frames_or_faults(
    path: Path, kind: FileKind = AS_IT_LOOKS, skips: bool = True
) -> Iterator[tuple[Atoms | Diagnostic, str | None]]:
    """As `frames_with_text`; in the place of a bad structure of an extended XYZ file is its diagnostic.

    skips: False to raise it. Other files are read no further than to a bad structure, and raise DataError.
    """
    with plain_file(path) as source:
        format = _format(source, path, kind)
        if format in ("extxyz", "xyz"):
            yield from xyz_frames(source, path, kind.types, skips)
            return
        try:
            yield from ((atoms, None) for atoms in _others(source, path, format, kind.types))
        except DataError:
            raise
        except Exception as error:  # every reader of ASE fails in its own way
            raise unreadable(path, f"as {format}: {first_line(error)}") from error


def count_frames(path: Path, kind: FileKind = AS_IT_LOOKS) -> int:
    """The number of whole structures in a file; those of xyz files are counted without being read.

    Raises DataError: those of `frames`, but not for an incomplete end of the file.
    """
    with plain_file(path) as source:
        if _format(source, path, kind) not in ("extxyz", "xyz"):
            return sum(1 for _ in _whole(frames(path, kind)))
        with source.open(encoding="utf-8") as file:
            try:
                return sum(1 for _ in _whole(frame_texts(file, path)))
            except UnicodeDecodeError as error:
                raise unreadable(path, "as extxyz: it is not UTF-8 text") from error


def _whole(items: Iterable[T]) -> Iterator[T]:
    """The items before the end of a file that is cut off."""
    try:
        yield from items
    except DataError as error:
        if error.diagnostics[0].code != "truncated-file":
            raise


def _format(source: Path, path: Path, kind: FileKind) -> str:
    """The format of a file as it is said, else by its first bytes and its name."""
    if source.is_dir():
        return DEEPMD
    if kind.format is not None:
        return kind.format
    try:
        if source.stat().st_size == 0:
            raise DataError(Diagnostic("no-structures", "the file is empty", place=called(path)))
        with source.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", errors="replace")
        for known, looks_like in _LOOKS.items():
            if looks_like(head):
                return known
        _refuse_foreign(path, head)
        return _as_ase_has_it(source, path)
    except OSError as error:
        raise unreadable(path, str(error.strerror or error)) from error


def _as_ase_has_it(source: Path, path: Path) -> str:
    from ase.io.formats import UnknownFileTypeError, filetype, get_ioformat

    try:
        found = str(filetype(str(source)))
        get_ioformat(found)  # for want of anything better filetype returns the suffix
    except UnknownFileTypeError:
        help = "name it with `--format`, as ASE does (`ase info --formats`)"
        raise unreadable(path, "ASE does not know its format", help) from None
    return found


def _refuse_foreign(path: Path, head: str) -> None:
    """Raise DataError `unreadable-data` for a file of a program that ASE does not read, or reads wrong."""
    foreign = next((name for mark, name in _FOREIGN.items() if mark in head), None)
    if foreign is not None and not head.lstrip()[:1].isdigit():  # a frame of xyz may name any program
        help = _BY_DPDATA.format("cp2k/output") if "CP2K" in foreign else _BY_XYZ
        raise unreadable(path, f"it is {foreign}, which is not read", help)
    if _CP2K.match(head):
        why = "it is a trajectory of CP2K, whose energies are in Hartree, and whose cell is in another file"
        raise unreadable(path, why, _BY_DPDATA.format("cp2k/aimd_output"))


def _others(source: Path, path: Path, format: str, types: Sequence[str]) -> Iterator[Atoms]:
    """The structures of a file of any format but extended XYZ."""
    if format == "db":
        return _database(source)
    if format in (DUMP, BINARY, DATA):
        return read_lammps(source, path, format, types)
    if format == DEEPMD:
        return read_folder(source, path, types)
    if format == DPDATA:
        return read_dpdata(source, path, types)
    return read_fitsnap(source, path) if format == FITSNAP else _through_ase(source, format)


def _through_ase(source: Path, format: str) -> Iterator[Atoms]:
    from ase.io import iread

    found = iread(str(source), index=":", format=format, do_not_split_by_at_sign=True)
    yield from marked(found, source) if format in VASP else found


def _database(path: Path) -> Iterator[Atoms]:
    from ase.db import connect

    for row in connect(str(path)).select():
        yield row.toatoms(add_additional_information=True)
