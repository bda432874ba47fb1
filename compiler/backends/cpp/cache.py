"""Compiled libraries in a folder: entries that are whole or absent, safe for many processes, bounded in size.

An entry is a folder of a library, its source and a JSON file of facts with the digest of the library. It is
filled under a temporary name and renamed. A process that uses an entry holds a shared lock on its facts,
which ends with the process, however that ends; an entry is removed under an exclusive one.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ..user_folder import remove_until_rest_fits, size_of

FOLDER = "kernels"  # of the user's cache folder
LIMIT = 512 << 20  # bytes
FACTS = "kernel.json"
SOURCE = "kernel.cpp"
_STALE = 3600.0  # s: a temporary folder that is older was left by a killed process
_ATTEMPTS = 5  # against processes that put the same entry there and remove it again

_held: dict[Path, int] = {}  # open files with shared locks, by entry


@lru_cache(maxsize=1)
def private_folder() -> Path:
    """A folder of this process alone, removed at its end. Raises OSError."""
    folder, owner = Path(tempfile.mkdtemp(prefix="potentia-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a fork ends earlier
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@dataclass(frozen=True)
class Cache:
    """Libraries in a folder. limit: the bytes above which the entries not used for longest are removed."""

    folder: Path
    limit: int = LIMIT

    def find(self, name: str) -> Path | None:
        """The library of a whole entry, which this process now uses; None where there is no such entry."""
        entry = self.folder / name
        if not _hold(entry):
            return None
        library = _whole(entry)
        if library is None:
            _release(entry)
        return library

    def store(self, name: str, suffix: str, fill: Callable[[Path], dict[str, str]]) -> Path:
        """The library of an entry, which replaces any other of this name but a whole one.

        fill: writes a library to the path that it is given, and returns facts about it. Raises OSError.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._temporary(name)
        part.mkdir(mode=0o700)
        try:
            made = part / f"kernel{suffix}"
            facts = fill(made)
            content = sha256(made.read_bytes()).hexdigest()
            # two contents never have one name: a process that has loaded a library would get it again
            library = made.rename(part / f"kernel-{content[:16]}{suffix}")
            facts |= {"library": library.name, "sha256": content}
            (part / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
            found = self._put(part, name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.trim()
        return found

    def _put(self, part: Path, name: str) -> Path:
        """Rename a filled folder to its entry, unless a whole one has come there."""
        entry = self.folder / name
        for _ in range(_ATTEMPTS):
            with suppress(OSError):
                part.rename(entry)
            if found := self.find(name):
                return found
            self.remove(name)
        raise OSError(f"cannot put {entry} in its place")

    def trim(self) -> None:
        """Remove the entries not used for longest until the rest fits, none that is in use."""
        with suppress(OSError):
            for left in self.folder.glob(".*.part"):
                if time.time() - left.stat().st_mtime > _STALE:
                    shutil.rmtree(left, ignore_errors=True)
            entries = sorted(self.folder.glob(f"[!.]*/{FACTS}"), key=lambda facts: facts.stat().st_mtime)
            sizes = {facts.parent: size_of(facts.parent) for facts in entries}
            remove_until_rest_fits(sizes, self.limit, self._remove_unused)

    def _remove_unused(self, entry: Path) -> bool:
        """Remove an entry that no process uses; whether it is gone."""
        lock = None if entry in _held else _locked(entry, shared=False)
        if lock is None:
            return False
        try:
            return self.remove(entry.name)
        finally:
            os.close(lock)

    def remove(self, name: str) -> bool:
        """Take an entry away, whether it was. A process that has loaded its library keeps it."""
        aside = self._temporary(name)
        try:
            (self.folder / name).rename(aside)
        except OSError:
            return False
        shutil.rmtree(aside, ignore_errors=True)
        return True

    def _temporary(self, name: str) -> Path:
        return self.folder / f".{name}.{secrets.token_hex(4)}.part"


def _whole(entry: Path) -> Path | None:
    """The library of an entry if it is what was written: to load one cut short can kill the process."""
    try:
        facts = json.loads((entry / FACTS).read_bytes())
        library = entry / Path(facts["library"]).name
        if sha256(library.read_bytes()).hexdigest() != facts["sha256"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(entry / FACTS)
    return library


def _hold(entry: Path) -> bool:
    """Take the shared lock of an entry; whether it is to be had."""
    lock = _locked(entry, shared=True)
    if lock is not None:
        _release(entry)
        _held[entry] = lock
    return lock is not None


def _release(entry: Path) -> None:
    handle = _held.pop(entry, None)
    if handle is not None:
        os.close(handle)


def _locked(entry: Path, shared: bool) -> int | None:
    """An open file with a lock; None where there is no entry or another process holds the lock.

    Where the system has no such locks, an open file alone.
    """
    try:
        handle = os.open(entry / FACTS, os.O_RDONLY)
    except OSError:
        return None
    try:
        import fcntl

        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except (ImportError, OSError):  # Windows; file systems of networks
        pass
    return handle
