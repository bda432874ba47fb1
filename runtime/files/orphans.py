"""Files and folders that killed processes left beside the ones they were writing, under names of ours.

`.NAME.1a2b3c4d.part` is being filled; `.new` and `.old` are the two sides of a replacement that takes two
renames; `.probe` asks whether something can be written. Who fills one holds a lock on it, which ends with its
process: what nobody holds is an orphan.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PART, NEW, OLD, PROBE = "part", "new", "old", "probe"
_OURS = re.compile(rf"\.(?P<name>.+)\.[0-9a-f]{{8}}\.({PART}|{NEW}|{OLD}|{PROBE})")


def beside(path: Path, kind: str) -> Path:
    """A name for something on its way to `path`, in the same folder."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{kind}")


def claim(handle: int) -> bool:
    """Take the lock of an open file for as long as it is open; whether it was to be had.

    It is not where another process has it, and where the file system has no such locks.
    """
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # held; Windows; file systems of networks
        return False
    return True


def recover(path: Path) -> None:
    """Put back a folder that a killed process was replacing, the new one where it was whole already.

    Nothing is done where the name stands for something. Raises OSError.
    """
    if os.path.lexists(path):
        return
    for kind in (NEW, OLD):
        for left in _left(path.parent, path.name, kind):
            with suppress(FileNotFoundError):  # its own process, alive after all, was faster
                os.replace(left, path)
            return


def tidy(path: Path) -> None:
    """Remove the orphans of `path`; what cannot be removed stays."""
    with suppress(OSError):
        recover(path)
        for left in _left(path.parent, path.name):
            _remove(left)


def tidy_inside(folder: Path) -> None:
    """Remove the orphans of everything in a folder, which this process alone writes to."""
    for inside, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if _OURS.fullmatch(name):
                _remove(Path(inside, name))


def _left(folder: Path, name: str, kind: str | None = None) -> Iterator[Path]:
    """What lies in the folder on its way to `name`, or was a probe on its way there; sorted."""
    for found in sorted(os.listdir(folder)) if folder.is_dir() else ():
        match = _OURS.fullmatch(found)
        if match is None or (kind is not None and not found.endswith(f".{kind}")):
            continue
        probe = _OURS.fullmatch(match["name"])
        if name in (match["name"], probe and probe["name"]):
            yield folder / found


def _remove(left: Path) -> None:
    with suppress(OSError):
        if left.is_symlink():
            left.unlink()
            return
        handle = os.open(left, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if claim(handle):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        finally:
            os.close(handle)
