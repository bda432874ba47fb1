"""Files that are whole or absent, and the state of a fit in one of them.

Everything goes to a temporary name in the same folder, to the disk, and then to its real name in one step, so
that a killed process or a full disk leaves the previous version. States are `.npz` without pickle: one array
for each field, nested dataclasses with a slash in the name.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import struct
import types
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, FitError, InternalError

AnyArray = NDArray[Any]
S = TypeVar("S")
_FINGERPRINT = "fingerprint.json"
# What zipfile and NumPy raise on bytes that are not what was written, down to sizes that no memory holds.
_DAMAGE = (
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
)


def _unwritable(path: Path, error: OSError) -> ArtifactError:
    message = f"cannot write {path}: {error.strerror or error}"
    return ArtifactError(Diagnostic("unwritable", message, place=str(path)))


def _damaged(path: Path, why: str) -> ArtifactError:
    message = f"{path} is damaged: {why}"
    note = "it was cut short or changed since it was written"
    return ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=note))


def _synchronise(folder: Path) -> None:
    """Make a rename in `folder` outlast a power failure, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def write_atomic(path: Path | str, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, making its folder. Raises ArtifactError `unwritable`."""
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    part = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error
    _synchronise(path.parent)


@contextmanager
def atomic_directory(path: Path | str, replace: bool = False) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when the block ends well and is removed when it does not.

    An existing `path` is refused unless it is empty or `replace` is set. Raises ArtifactError `unwritable`,
    also for an OSError in the block.
    """
    path = Path(path)
    part, old = _beside(path), _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not replace and (not path.is_dir() or any(path.iterdir())):
            message = f"cannot write {path}: it exists already"
            raise ArtifactError(Diagnostic("unwritable", message, place=str(path)))
        part.mkdir()
        try:
            yield part
            if path.exists():
                os.replace(path, old)
            os.replace(part, path)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            if old.exists() and not path.exists():
                os.replace(old, path)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error
    shutil.rmtree(old, ignore_errors=True)
    _synchronise(path.parent)


def npz_bytes(arrays: Mapping[str, AnyArray]) -> bytes:
    """The arrays as an `.npz` file; equal arrays give equal bytes. No object arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            # A ZipInfo of its own has a fixed date: nothing in the file depends on the hour.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    return buffer.getvalue()


def read_npz(path: Path | str) -> dict[str, AnyArray]:
    """The arrays of an `.npz` file. Raises ArtifactError: `missing-artifact`, `damaged-artifact`."""
    path = Path(path)
    try:
        archive = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise _damaged(path, "it is not an npz archive")
        return {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise ArtifactError(Diagnostic("missing-artifact", f"there is no {path}", place=str(path))) from error
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path))) from error
    except _DAMAGE as error:
        raise _damaged(path, str(error) or "its end is missing") from error


def fingerprint(**parts: object) -> dict[str, str]:
    """The inputs of a fit as flat text: nested mappings get dotted names, long values their digest."""
    flat: dict[str, str] = {}
    for name, value in parts.items():
        if isinstance(value, Mapping):
            nested = fingerprint(**{str(key): item for key, item in value.items()})
            flat.update({f"{name}.{key}": item for key, item in nested.items()})
        elif isinstance(value, bytes):
            flat[name] = "sha256:" + sha256(value).hexdigest()
        else:
            text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
            flat[name] = text if len(text) <= 80 else "sha256:" + sha256(text.encode()).hexdigest()
    return flat


def _difference(name: str, before: str | None, now: str | None) -> Diagnostic:
    if before is None or now is None:
        what = f"was {before}, and is not given now" if now is None else f"is {now}, and was not given then"
    elif "sha256:" in before + now:
        what = "is not the one that the interrupted fit began with"
    else:
        what = f"was {before}, and is {now} now"
    note = "resume with the same inputs, or start a new fit"
    return Diagnostic("resume-mismatch", f"cannot resume: `{name}` {what}", help=note)


def checkpoint_of(folder: Path) -> Path:
    """The file for the state of a fit that will write its run to `folder`."""
    return folder.with_name(folder.name + ".partial") / "checkpoint.npz"


def save_state(path: Path | str, state: object, depends_on: Mapping[str, str]) -> None:
    """Store a dataclass of arrays, numbers, texts, tuples of arrays, None and dataclasses of these.

    `depends_on` comes from `fingerprint`. Raises ArtifactError `unwritable`.
    """
    arrays = {_FINGERPRINT: np.array(json.dumps(dict(depends_on), ensure_ascii=False))}
    _encode("state", state, arrays)
    write_atomic(path, npz_bytes(arrays))


def load_state(path: Path | str, kind: type[S], depends_on: Mapping[str, str]) -> S:
    """The state of dataclass `kind` in the file.

    Raises FitError `resume-mismatch`, one diagnostic for each input that is not what it was, and
    ArtifactError as `read_npz`.
    """
    arrays = read_npz(path)
    try:
        before = json.loads(str(arrays[_FINGERPRINT]))
    except (KeyError, ValueError) as error:
        raise _damaged(Path(path), "it does not name its inputs") from error
    names = [*depends_on, *(name for name in before if name not in depends_on)]
    wrong = [name for name in names if before.get(name) != depends_on.get(name)]
    if wrong:
        raise FitError(_difference(name, before.get(name), depends_on.get(name)) for name in wrong)
    try:
        return cast(S, _decode("state", kind, arrays))
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(Path(path), f"it lacks {error}") from error


def _encode(name: str, value: object, arrays: dict[str, AnyArray]) -> None:
    if value is None:
        arrays[f"{name}/none"] = np.array(True)
    elif is_dataclass(value):
        for item in fields(value):
            _encode(f"{name}/{item.name}", getattr(value, item.name), arrays)
    elif isinstance(value, tuple):
        arrays[f"{name}/length"] = np.array(len(value))
        for index, item in enumerate(value):
            _encode(f"{name}/{index}", item, arrays)
    elif isinstance(value, bool | int | float | str | np.ndarray | np.generic):
        arrays[name] = np.asarray(value)
    else:
        raise InternalError(f"cannot store {type(value).__name__} as {name}")


def _decode(name: str, kind: Any, arrays: Mapping[str, AnyArray]) -> object:
    if get_origin(kind) in (Union, types.UnionType):
        if f"{name}/none" in arrays:
            return None
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        made = {item.name: _decode(f"{name}/{item.name}", hints[item.name], arrays) for item in fields(kind)}
        return cast(type, kind)(**made)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return tuple(_decode(f"{name}/{k}", item, arrays) for k in range(int(arrays[f"{name}/length"])))
    stored = arrays[name]
    return kind(stored[()]) if kind in (bool, int, float, str) else stored
