"""The state of a fit or of dynamics in a file, with the inputs that it belongs to.

States are `.npz` without pickle: one array for each field, nested dataclasses with a slash in the name.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from jaxtyping import AbstractArray, jaxtyped

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError, InternalError
from .atomic import write_atomic
from .npz import AnyArray, npz_bytes, read_npz
from .orphans import tidy_inside
from .reading import damaged

S = TypeVar("S")
# beside a checkpoint, and gone with it
_BESIDE = ("learning_curve.csv", "fit.log")
_FINGERPRINT = "fingerprint.json"


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


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a fit whose run is in `folder`, and what killed processes left beside it."""
    path = checkpoint_of(folder)
    for name in (path.name, *_BESIDE):
        path.with_name(name).unlink(missing_ok=True)
    if path.parent.is_dir():
        tidy_inside(path.parent)
        with suppress(OSError):  # something of the user's lies in it
            path.parent.rmdir()


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
    path = Path(path)
    arrays = read_npz(path)
    before = _inputs(path, arrays)
    names = [*depends_on, *(name for name in before if name not in depends_on)]
    wrong = [name for name in names if before.get(name) != depends_on.get(name)]
    if wrong:
        raise FitError(_difference(name, before.get(name), depends_on.get(name)) for name in wrong)
    try:
        return cast(S, _decode("state", kind, arrays))
    except KeyError as error:
        raise damaged(path, f"it lacks {error}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(path, str(error)) from error


def _inputs(path: Path, arrays: Mapping[str, AnyArray]) -> dict[str, str]:
    try:
        found = json.loads(str(arrays[_FINGERPRINT]))
    except (KeyError, ValueError, RecursionError) as error:
        raise damaged(path, "it does not name its inputs") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise damaged(path, "it does not name its inputs")
    return found


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
        with jaxtyped("context"):  # axes of the same name are of the same length
            made = {f.name: _decode(f"{name}/{f.name}", hints[f.name], arrays) for f in fields(kind)}
        return cast(type, kind)(**made)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return tuple(_decode(f"{name}/{k}", item, arrays) for k in range(int(arrays[f"{name}/length"])))
    stored = arrays[name]
    if kind in (bool, int, float, str):
        return kind(stored[()])
    shaped: Any = kind if isinstance(kind, type) and issubclass(kind, AbstractArray) else np.ndarray
    if not isinstance(stored, shaped):
        raise ValueError(f"its `{name.partition('/')[2]}` has the shape {stored.shape}, of {stored.dtype}")
    return stored
