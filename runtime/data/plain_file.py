"""A data file as an ordinary file of text or bytes: unpacked where it is compressed, within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean

SYSTEM = "type.raw"  # that every folder of DeePMD has
_UTF8, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_ARCHIVES = {b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}
_SUFFIXES = {".gz", ".bz2", ".xz"}
_BLOCK = 1 << 20
_BESIDE = ("CONTCAR", "POSCAR")
_ALIKE = ("OUTCAR", "vasprun", *_BESIDE, "XDATCAR")  # names that a file of every calculation has
_FREE, _MOST = (
    64 << 20,
    200,
)  # bytes that any file may unpack to, and times its size: text packs 5 to 50 times
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


@contextmanager
def plain_file(path: Path) -> Iterator[Path]:
    """The file, the folder of DeePMD, or a copy that is unpacked (gz, bz2, xz) and has no byte-order mark.

    Raises DataError: missing-file, unreadable-data.
    """
    _require_file(path)
    if path.is_dir():
        yield path
        return
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise unreadable(path, str(error.strerror or error)) from error
    packed = next((found for magic, found in _PACKED.items() if head.startswith(magic)), None)
    _refuse(path, head)
    if packed is None and not head.startswith(_UTF8):
        yield path
        return
    with TemporaryDirectory(prefix="potentia-") as folder:
        copy = Path(folder) / (path.stem if path.suffix in _SUFFIXES else path.name)
        _copied(path, copy, packed)
        for beside in _BESIDE if "OUTCAR" in copy.name else ():  # where ASE finds which atoms are frozen
            if (path.parent / beside).is_file():
                (Path(folder) / beside).symlink_to((path.parent / beside).resolve())
        yield copy


def called(path: Path) -> str:
    """A file in messages: its name; its path where the files of many calculations have the same name."""
    return str(path) if path.name.startswith(_ALIKE) else path.name


def unreadable(path: Path, why: str, help: str | None = None) -> DataError:
    message = f"cannot read `{path.name}`: {why}"
    return DataError(Diagnostic("unreadable-data", message, place=str(path), help=help))


def truncated(path: Path, whole: int, how: str) -> DataError:
    """A file that ends within a structure. whole: the number of structures before."""
    plural = "" if whole == 1 else "s"
    message = f"the file is cut off after {whole} whole structure{plural}: the next {how}"
    place = f"{path.name}, structure {whole + 1}"
    help = f"copy the file again, or read the complete frames with `{path.name}@:{whole}`" if whole else None
    return DataError(Diagnostic("truncated-file", message, place=place, help=help))


def _require_file(path: Path) -> None:
    if not path.exists():
        message = f"there is no file `{path}`"
        raise DataError(Diagnostic("missing-file", message, place=str(path), help=_similar_file(path)))
    if path.is_dir():
        if not (path / SYSTEM).is_file():
            raise unreadable(path, "it is a folder", _in_folder(path))
        return
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "no file")
        raise unreadable(path, f"it is {kind}", "data are read more than once: write them to a file")


def _in_folder(path: Path) -> str:
    for pattern in ("OUTCAR", "vasprun.xml", "*/OUTCAR", "*/vasprun.xml"):
        if next(path.glob(pattern), None) is not None:
            return f"its files are named by a pattern: `--data '{path / pattern}'`"
    return f"folders of DeePMD are read, which have `{SYSTEM}`"


def _similar_file(path: Path) -> str | None:
    if not path.parent.is_dir():
        return f"there is no folder `{path.parent}` either"
    return did_you_mean(path.name, [p.name for p in path.parent.iterdir()])


def _refuse(path: Path, head: bytes) -> None:
    archive = next((name for magic, name in _ARCHIVES.items() if head.startswith(magic)), None)
    if archive is not None:
        raise unreadable(path, f"it is packed by {archive}", "unpack it; gz, bz2 and xz are read as they are")
    if head.startswith(_UTF16):
        raise unreadable(path, "it is UTF-16 text", "save it as UTF-8")
    if path.suffix in _SUFFIXES and not any(head.startswith(magic) for magic in _PACKED):
        raise unreadable(path, f"its name ends in {path.suffix}, and it is not compressed", "rename it")


def _copied(path: Path, copy: Path, packed: str | None) -> None:
    """Write the content that is packed, without its byte-order mark."""
    try:
        with _opened(path, packed) as source, copy.open("wb") as target:
            block = source.read(_BLOCK).removeprefix(_UTF8)
            most, total = _most(path, copy), 0
            while block:
                total += len(block)
                if total > most:
                    raise unreadable(path, f"it unpacks to more than {most >> 20} MB", "unpack it yourself")
                target.write(block)
                block = source.read(_BLOCK)
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        raise unreadable(path, f"as {packed or 'text'}: {str(error).rstrip('.')}") from error


def _opened(path: Path, packed: str | None) -> IO[bytes]:
    if packed == "gz":
        return cast(IO[bytes], gzip.open(path))
    if packed == "bz2":
        return bz2.open(path)
    return lzma.open(path) if packed == "xz" else path.open("rb")


def _most(path: Path, copy: Path) -> int:
    """The bytes that a file may unpack to: by its size, and by the room in the folder of the copy."""
    return min(max(_FREE, _MOST * path.stat().st_size), shutil.disk_usage(copy.parent).free // 2)
