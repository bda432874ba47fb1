"""Files and folders that are whole or absent.

Everything goes to a temporary name in the same folder, to the disk, and then to its real name in one step, so
that a killed process or a full disk leaves the previous version.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from .exchange import exchanged
from .orphans import NEW, OLD, PART, beside, claim, recover


def unwritable(path: Path, error: OSError) -> ArtifactError:
    """The error `unwritable` of a file or folder."""
    message = f"cannot write {path}: {error.strerror or error}"
    return ArtifactError(Diagnostic("unwritable", message, place=str(path)))


def _synchronise(folder: Path) -> None:
    """Make a rename in `folder` outlast a power failure, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_atomic(path: Path | str, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, making its folder. Raises ArtifactError `unwritable`."""
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    part = beside(path, PART)
    try:
        require_replaceable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, "xb") as file:
                claim(file.fileno())
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error
    _synchronise(path.parent)


def require_replaceable(path: Path) -> None:
    """Raise ArtifactError `unwritable` where `path` is a device or a pipe, whose place no file takes."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        message = f"cannot write {path}: it is a device or a pipe, no file"
        raise ArtifactError(Diagnostic("unwritable", message, place=str(path)))


@contextmanager
def atomic_directory(path: Path | str, replace: bool = False) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when the block ends well and is removed when it does not.

    An existing `path` is refused unless it is empty or `replace` is set; it is there, old or new, at every
    moment where the system can exchange two names, and `recover` finds it where the system cannot. Raises
    ArtifactError `unwritable`, also for an OSError in the block.
    """
    path = Path(path)
    real = Path(os.path.realpath(path))  # a link stays one
    part = beside(real, PART)
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        recover(real)
        if real.exists() and not replace and (not real.is_dir() or any(real.iterdir())):
            message = f"cannot write {path}: it exists already"
            raise ArtifactError(Diagnostic("unwritable", message, place=str(path)))
        part.mkdir()
        with _claimed(part):
            try:
                yield part
                _synchronise(part)
                before = _in_place(part, real)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                with suppress(OSError):
                    recover(real)
                raise
    except OSError as error:
        raise unwritable(path, error) from error
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)
    _synchronise(real.parent)


@contextmanager
def _claimed(part: Path) -> Iterator[None]:
    """The folder is no orphan as long as its process is in the block."""
    handle = os.open(part, os.O_RDONLY)
    try:
        claim(handle)
        yield
    finally:
        os.close(handle)


def _in_place(part: Path, path: Path) -> Path | None:
    """Give `part` the name `path`; the new name of the folder there before, None where there was none."""
    if not path.exists():
        os.replace(part, path)
        return None
    if exchanged(part, path):
        return part
    new, old = beside(path, NEW), beside(path, OLD)
    os.replace(part, new)
    os.replace(path, old)
    try:
        os.replace(new, path)
    except FileNotFoundError:  # a reader who found nothing has put it there
        if not path.exists():
            raise
    return old
