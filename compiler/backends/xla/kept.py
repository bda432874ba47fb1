"""Programs that XLA has compiled, in the user's cache folder: bounded in size, and none is cut short.

jax writes and reads them, an entry a file, and removes none. Each ends with a checksum, so one that another
process is just writing is compiled again by the reader. One that a killed process or a full disk left cut
short would be read in vain for ever: it is removed here. Folders go by processor, as a program that uses
instructions of another one ends the process.
"""

from __future__ import annotations

import secrets
import zlib
from pathlib import Path

from ..cpp import cpu
from ..user_folder import remove_until_rest_fits

FOLDER = "xla"  # of the user's cache folder
LIMIT = 1 << 30  # bytes
ENTRIES = "*/*-cache"
_LOOKED = ".looked"  # its time is when entries were looked through
_ROOM = 4096  # bytes


def folder_of(kept: Path) -> Path:
    """The folder for programs of this processor."""
    return kept / cpu.digest()[:16]


def prepare(folder: Path) -> None:
    """Make the folder for programs of this processor, and try it. Raises OSError where it cannot be used."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    trial = folder.parent / f".{secrets.token_hex(4)}.part"
    try:
        trial.write_bytes(bytes(_ROOM))
    finally:
        trial.unlink(missing_ok=True)


def holds_any(folder: Path) -> bool:
    """Whether there is a program to be read, as on a disk that is read-only."""
    return any(folder.glob(Path(ENTRIES).name))


def tidy(kept: Path, limit: int) -> None:
    """Remove the entries that are cut short, then those not used for longest until the rest fits.

    Where no process has added any since the last time, nothing is done. Raises OSError.
    """
    mark = kept / _LOOKED
    since = mark.stat().st_mtime if mark.exists() else 0.0
    if all(folder.stat().st_mtime < since for folder in kept.iterdir() if folder.is_dir()):
        return
    mark.touch()
    whole = {}
    for path in kept.glob(ENTRIES):
        try:
            about = path.stat()
        except OSError:  # another process has removed it
            continue
        if about.st_mtime >= since and not _is_whole(path):
            path.unlink(missing_ok=True)
        else:
            whole[path] = about
    oldest_first = sorted(whole, key=lambda p: max(whole[p].st_atime, whole[p].st_mtime))
    remove_until_rest_fits({path: whole[path].st_size for path in oldest_first}, limit, _remove)


def _remove(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True


def _is_whole(path: Path) -> bool:
    """Whether the checksum at the end is there and right. jax packs by zlib, or zstandard where that is
    installed, which says so itself.
    """
    try:
        content = path.read_bytes()
        if content[:4] != b"\x28\xb5\x2f\xfd":
            zlib.decompress(content)
    except (OSError, zlib.error):
        return False
    return True
