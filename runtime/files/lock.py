"""One writer: a lock on a folder that ends with its process, however that ends.

It is `flock` on a file, which Linux brings to the server where the folder is on NFS. The file names its
holder to who comes second, and decides alone where a disk has no locks. It is removed at the end; that of a
killed process is taken over. A thread that has it may take it again within: a command holds it from its first
look at the folder, and what writes there holds it too when Python calls that alone.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from .atomic import unwritable
from .orphans import tidy, tidy_inside
from .process import is_name, own_name, runs_here

LOCK = ".lock"
_ELSEWHERE = "choose another folder with `-o`"
_OWN: dict[Path, tuple[int, int]] = {}  # the process and the thread that have a lock; a fork has none


class _Holder(TypedDict):
    process: str  # as `process.own_name`
    since: str


@contextmanager
def only_writer_within(folder: Path) -> Iterator[None]:
    """In the block this process alone writes into the folder, which is made where there is none.

    What killed processes left in it is removed; it is too, where it is new and still empty at the end. Raises
    ArtifactError: in-use, unwritable.
    """
    if folder.exists() and not folder.is_dir():
        message = f"cannot write {folder}: it is a file"
        raise ArtifactError(Diagnostic("unwritable", message, place=str(folder), help=_ELSEWHERE))
    with _held(Path(os.path.realpath(folder)) / LOCK, folder) as is_first:
        if is_first:
            tidy_inside(folder)
        yield


@contextmanager
def only_writer_of(folder: Path) -> Iterator[None]:
    """In the block this process alone replaces the folder: the lock is beside it.

    What killed processes left of it is removed, or put back. Raises ArtifactError: in-use, unwritable.
    """
    real = Path(os.path.realpath(folder))
    with _held(real.with_name(f".{real.name}{LOCK}"), folder) as is_first:
        if is_first:
            tidy(real)
        yield


def files_of(folder: Path) -> list[Path]:
    """What lies in a folder, without the lock."""
    return [path for path in folder.iterdir() if path.name != LOCK]


@contextmanager
def _held(lock: Path, folder: Path) -> Iterator[bool]:
    """The lock in the block; whether the thread did not have it before."""
    own = os.getpid(), threading.get_ident()
    if _OWN.get(lock) == own:
        yield False
        return
    made = [above for above in lock.parents if not above.exists()]
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = _taken(lock, folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    _OWN[lock] = own
    try:
        yield True
    finally:
        del _OWN[lock]
        with suppress(OSError):
            lock.unlink()
        os.close(handle)
        for above in made:
            with suppress(OSError):  # something was written into it
                above.rmdir()


def _taken(lock: Path, folder: Path) -> int:
    """The open file with the lock. Raises OSError, ArtifactError in-use."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _claimed(handle):
                raise _in_use(folder, _read(handle))
            # who held it before us may have removed the file that we opened
            if lock.exists() and os.path.samestat(lock.stat(), os.fstat(handle)):
                _write(handle)
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _claimed(handle: int) -> bool:
    """Whether the lock is this process's now; without locks of the disk, whether its holder runs no more."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        holder = _read(handle)
        return holder is None or not runs_here(holder["process"])


def _read(handle: int) -> _Holder | None:
    try:
        found = json.loads(os.pread(handle, 4096, 0))
        if not is_name(found["process"]):
            return None
        return _Holder(process=found["process"], since=str(found["since"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(handle: int) -> None:
    holder = _Holder(process=own_name(), since=datetime.now().isoformat(" ", "seconds"))
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(holder).encode(), 0)


def _in_use(folder: Path, holder: _Holder | None) -> ArtifactError:
    who = "another process"
    if holder is not None:
        host, pid, _ = holder["process"].rsplit(" ", 2)
        who = f"process {pid} on {host}, since {holder['since']}"
    message = f"cannot write {folder}: it is in use by {who}"
    help = f"wait for its end, or {_ELSEWHERE}"
    return ArtifactError(Diagnostic("in-use", message, place=str(folder), help=help))
