"""The user's cache folder: where it is, how much it may hold, and what is said where it cannot be used."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from ..diagnostics.diagnostic import DataError, Diagnostic
from ..diagnostics.warning import OnWarning, as_python_warning

LIMIT = "POTENTIA_CACHE_LIMIT"
HELP = "set POTENTIA_CACHE to a folder that can be written to, on a disk with room"
_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_warned: set[Path | None] = set()


def user_folder() -> Path:
    """`$POTENTIA_CACHE`, or `potentia` in `$XDG_CACHE_HOME` or in the system's folder for caches.

    Raises OSError where there is no home.
    """
    if own := os.environ.get("POTENTIA_CACHE"):
        return Path(own).absolute()
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "potentia"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "potentia"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "potentia" / "cache"
    return home / ".cache" / "potentia"


def limit(default: int) -> int:
    """The bytes that each kind of compiled kernels may take: `$POTENTIA_CACHE_LIMIT`, such as `2 GB`.

    Raises DataError bad-value.
    """
    given = os.environ.get(LIMIT, "").strip()
    if not given:
        return default
    size = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kmg]?b)?", given.lower())
    if size is None:
        message = f"`{given}` is not a size"
        raise DataError(
            Diagnostic("bad-value", message, place=LIMIT, help="write a size such as 500 MB or 2 GB")
        )
    return int(float(size[1]) * _UNITS["" if size[2] in (None, "b") else size[2]])


def size_of(folder: Path) -> int:
    """The bytes of the files in a folder and below."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            about = path.lstat()
            total += 0 if S_ISDIR(about.st_mode) else about.st_size
    return total


def remove_until_rest_fits(sizes: Mapping[Path, int], most: int, remove: Callable[[Path], bool]) -> None:
    """Remove entries, the first first, until the rest takes at most so many bytes.

    remove: takes an entry away where it may; whether it is gone.
    """
    total = sum(sizes.values())
    for entry, size in sizes.items():
        if total <= most:
            return
        if remove(entry):
            total -= size


def write_whole(path: Path, text: str) -> None:
    """A small file in one step. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def warn_unwritable(folder: Path | None, error: OSError, on_warning: OnWarning = as_python_warning) -> None:
    """Say once a process that nothing can be kept in this part of the user's folder; None: there is none."""
    of = folder.parent if folder else None
    if of in _warned:
        return
    _warned.add(of)
    message = f"no kernel can be kept in the cache folder: {reason(error)}; each process compiles its own"
    place = str(folder) if folder else None
    on_warning(Diagnostic("cache-unwritable", message, severity="warning", place=place, help=HELP))


def reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
