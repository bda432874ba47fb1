"""The state that a resumed run goes on from: the last one, or the one before where that is damaged."""

from __future__ import annotations

import os
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, FitError
from ...compiler.diagnostics.warning import OnWarning
from ..files.reading import damaged
from . import state
from .outputs import STATE, STATE_BEFORE, Folder
from .state import Saved, Sizes


def state_of(record: Folder, depends_on: dict[str, str], sizes: Sizes, on_warning: OnWarning) -> Saved | None:
    """The state to go on from, None where the run was cut off before its first.

    on_warning: is told where the last state cannot be used. Raises FitError resume-mismatch, and
    nothing-to-resume where a run that has steps has no state; ArtifactError damaged-artifact.
    """
    faults: list[ArtifactError] = []
    for name in (STATE, STATE_BEFORE):
        path = record.folder / name
        try:
            if not os.path.lexists(path):
                raise damaged(path, "it is missing")
            saved = state.read(path, depends_on, sizes)
            record.require(saved.log_bytes, saved.trajectory_bytes, saved.frames)
        except ArtifactError as error:
            faults.append(error)
            continue
        if faults:
            on_warning(_before(faults[0], saved))
        return saved
    if any(os.path.lexists(record.folder / name) for name in (STATE, STATE_BEFORE)):
        raise _worse(faults, record.folder)
    _require_unbegun(record)
    return None


def _worse(faults: list[ArtifactError], folder: Path) -> ArtifactError:
    """The fault of the last state, or of the one before where that alone is there."""
    return faults[0] if os.path.lexists(folder / STATE) else faults[1]


def _before(fault: ArtifactError, saved: Saved) -> Diagnostic:
    (found,) = fault.diagnostics
    message = f"{found.message}; the run is resumed from the state before it, of step {saved.step}"
    return Diagnostic(found.code, message, "warning", place=found.place)


def _require_unbegun(record: Folder) -> None:
    """Raise FitError nothing-to-resume where the log or the trajectory holds what is worth keeping."""
    steps = record.steps()
    if steps > 0:
        what = f"its log has steps up to {steps}"
    elif record.has_frames():
        what = f"its {record.trajectory.name} holds frames"
    else:
        return
    message = f"cannot resume {record.folder}: there is no {STATE}, and {what}"
    help = f"put {STATE} back, or begin again with `--overwrite`"
    raise FitError(Diagnostic("nothing-to-resume", message, place=str(record.folder), help=help))
