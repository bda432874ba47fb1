"""The folder of a run: new, or resumed where it is the same run. NumPy, no jax."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

import numpy as np
from pydantic import BaseModel, Field

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, FitError
from ..files.atomic import write_atomic
from ..files.lock import files_of
from ..files.reading import read_record
from ..potential.potential import Potential
from ..structures.arrays import Velocities
from ..structures.structure import Structure
from .outputs import REPORT, SETTINGS, STATE, STATE_BEFORE
from .settings import MDSettings

_BEGIN = "go on with `--resume`, begin again with `--overwrite`, or choose another folder with `-o`"


class Identity(TypedDict):
    """The data that the bits of a run depend on."""

    model: str  # a digest
    structure: str  # a digest
    settings: dict[str, object]  # as `MDSettings.depends_on` has them
    threads: int  # of a C++ kernel


class Recorded(BaseModel):
    """An `Identity` as it is read back."""

    model: str
    structure: str
    settings: dict[str, object]
    threads: int = Field(1, ge=1, le=4096)  # runs of the time before there was a choice do not say


def identity(
    potential: Potential,
    structure: Structure,
    settings: MDSettings,
    velocities: Velocities | None,
    threads: int,
) -> Identity:
    """The data that the bits of a run depend on: digests of model and structure, and the settings."""
    given = velocities if settings.velocities == "structure" and velocities is not None else np.zeros(0)
    atoms = [structure.numbers, structure.positions, structure.cell, structure.pbc, given]
    atoms += [part for part in (structure.given_masses, structure.frozen) if part is not None]
    return {
        "model": _digest(potential.text.encode(), potential.theta.tobytes()),
        "structure": _digest(*(np.ascontiguousarray(part).tobytes() for part in atoms)),
        "settings": settings.depends_on(),
        "threads": threads,
    }


def begin(folder: Path, about: Identity, overwrite: bool) -> None:
    """Make the folder ready for a new run. Raises ArtifactError unwritable, run-exists."""
    if folder.exists() and not folder.is_dir():
        raise _error("unwritable", f"cannot write {folder}: it is a file", folder, "choose another with `-o`")
    if folder.is_dir() and files_of(folder):
        if not (folder / SETTINGS).is_file():
            message = f"cannot write {folder}: it holds files that are no run of dynamics"
            raise _error("unwritable", message, folder, "choose another folder with `-o`")
        if not overwrite:
            raise _error("run-exists", f"there is a run of dynamics in {folder} already", folder, _BEGIN)
    # the states first: what is left of the old run is no longer gone on with
    for name in (STATE, STATE_BEFORE, REPORT):
        (folder / name).unlink(missing_ok=True)
    write_atomic(folder / SETTINGS, json.dumps(about, ensure_ascii=False, indent=2) + "\n")


def require_same(folder: Path, about: Identity) -> None:
    """Raise where the run in the folder is another one.

    FitError nothing-to-resume, resume-mismatch (one for each setting); ArtifactError other-model,
    damaged-artifact.
    """
    path = folder / SETTINGS
    if not path.is_file():
        message = f"nothing to resume: there is no {path}"
        raise FitError(
            Diagnostic("nothing-to-resume", message, place=str(folder), help="run without --resume")
        )
    before = read_record(path, Recorded, "begin again with `--overwrite`")
    settings = {**before.settings, "target": target_of(before.settings)}
    if before.model != about["model"]:
        message = f"the run in {folder} is one of another model: {before.model}; this one is {about['model']}"
        help = "resume with the model of the run, or choose another folder with `-o`"
        raise _error("other-model", message, folder, help)
    found = list(_differences(settings, about["settings"]))
    if before.structure != about["structure"]:
        found.insert(0, _mismatch("cannot resume: the structure is not that of the run"))
    if found:
        raise FitError(found)


def target_of(settings: Mapping[str, object]) -> str:
    """The target that evaluated a run with these settings: XLA before there was a choice."""
    return str(settings.get("target", "xla"))


def _differences(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Diagnostic]:
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            was, given = _shown(before.get(name)), _shown(now.get(name))
            yield _mismatch(f"cannot resume: `{name}` was {was}, and is {given} now")


def _mismatch(message: str) -> Diagnostic:
    help = "resume with the same inputs, or begin again with `--overwrite`"
    return Diagnostic("resume-mismatch", message, help=help)


def _shown(value: object) -> str:
    return "not given" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _digest(*parts: bytes) -> str:
    return "sha256:" + sha256(b"".join(parts)).hexdigest()


def _error(code: str, message: str, place: Path, help: str) -> ArtifactError:
    return ArtifactError(Diagnostic(code, message, place=str(place), help=help))
