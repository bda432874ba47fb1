"""Places of results, checked before the work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..data.frames import split_slice
from ..files.atomic import require_replaceable, write_atomic
from ..files.orphans import PROBE, beside, recover, tidy
from ..files.states import checkpoint_of
from ..runs.formats import METADATA

_ELSEWHERE = "choose another place with `-o`"


class Form(NamedTuple):
    """How a kind of result is written, in words, and the endings of its names, the usual one first."""

    words: str
    endings: tuple[str, ...]


JSON = Form("results are written as JSON", (".json",))
HTML = Form("reports are written as HTML", (".html", ".htm"))
PNG = Form("plots are written as PNG", (".png",))
XYZ = Form("predictions are written as extended XYZ", (".xyz", ".extxyz", ".txt"))


def require_writable(path: Path) -> None:
    """Raise ArtifactError `unwritable` where a file or folder of this name cannot be made."""
    _require_name(path)
    if path.is_dir() and path.suffix:
        raise _error("unwritable", f"cannot write {path}: it is a folder", path, None)
    for above in path.parents:
        if above.exists() and not above.is_dir():
            raise _error("unwritable", f"cannot write {path}: {above} is a file", path, _ELSEWHERE)
    require_replaceable(path)
    tidy(path)
    probe = beside(path, PROBE)
    made = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    try:
        write_atomic(probe, b"")
        probe.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()
    except ArtifactError as error:
        reason = error.diagnostics[0].message.partition(": ")[2]
        raise _error("unwritable", f"cannot write {path}: {reason}", path, _ELSEWHERE) from None


def require_result(path: Path, form: Form, reads: Iterable[str | Path] = ()) -> None:
    """Raise ArtifactError `unwritable` as `require_writable`, and where a file of results would have the name
    of another kind of file, or of one that the command reads.

    reads: files, `path` or `path@slice`.
    """
    if path.suffix and path.suffix.lower() not in form.endings:
        message, help = f"cannot write {path}: {form.words}", f"give it a name that ends in {form.endings[0]}"
        raise _error("unwritable", message, path, help)
    if any(split_slice(str(where))[0].resolve() == path.resolve() for where in reads):
        message = f"cannot write {path}: it is read by this command"
        raise _error("unwritable", message, path, "choose another name")
    require_writable(path)
    _require_no_folder(path)


def require_new_file(path: Path, force: bool) -> None:
    """Raise ArtifactError where a file cannot be written, or is there already and `force` is not set."""
    if path.exists() and not path.is_dir() and not force:
        raise _error(
            "file-exists",
            f"there is a file {path} already",
            path,
            f"replace it with `--force`, or {_ELSEWHERE}",
        )
    _require_no_folder(path)
    require_writable(path)


def _require_no_folder(path: Path) -> None:
    if path.is_dir():
        raise _error("unwritable", f"cannot write {path}: it is a folder", path, _ELSEWHERE)


def require_new_folder(folder: Path, force: bool, marker: str) -> None:
    """Raise ArtifactError where a folder cannot be written, or something is in the way.

    With `force` a folder is replaced that has the file `marker`, which all of its kind have.
    """
    if _is_there(folder, marker, "files of something else") and not force:
        help = f"replace it with `--force`, or {_ELSEWHERE}"
        raise _error("file-exists", f"there is a folder {folder} already", folder, help)
    require_writable(folder)


def _is_there(folder: Path, marker: str, others: str) -> bool:
    """Whether a folder of the kind of `marker` is there. Raises ArtifactError where anything else is."""
    _require_name(folder)
    recover(folder)
    if folder.exists() and not folder.is_dir():
        raise _error("unwritable", f"cannot write {folder}: it is a file", folder, _ELSEWHERE)
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    if not (folder / marker).is_file():
        raise _error("unwritable", f"cannot write {folder}: it holds {others}", folder, _ELSEWHERE)
    return True


def require_new_run(folder: Path, force: bool, resume: bool) -> None:
    """Raise ArtifactError where a run cannot be written to `folder`, or something is in the way.

    A run is replaced with `force`, and by the fit that goes on; a folder that holds anything else never is.
    """
    _require_name(folder)
    begun = checkpoint_of(folder).is_file()
    if _is_there(folder, METADATA, "files that are no run") and not force and not (resume and begun):
        ended = ", and its fit has ended: there is nothing to resume" if resume else ""
        message = f"there is a run in {folder} already{ended}"
        again = "go on with `--resume`, " if begun else ""
        raise _error("run-exists", message, folder, f"{again}replace it with `--force`, or {_ELSEWHERE}")
    elif begun and not (resume or force):
        message = f"a fit to {folder} was started and interrupted"
        raise _error("run-exists", message, folder, "go on with `--resume`, or begin again with `--force`")
    require_writable(folder)


def _require_name(path: Path) -> None:
    """Raise ArtifactError `unwritable` for the folder where one is, which cannot be replaced in one step."""
    if not path.name:
        raise _error("unwritable", f"cannot write {path}: it has no name of its own", path, _ELSEWHERE)


def _error(code: str, message: str, place: Path, help: str | None) -> ArtifactError:
    return ArtifactError(Diagnostic(code, message, place=str(place), help=help))
