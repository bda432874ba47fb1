"""The checkpoint of a fit: its file, and the inputs that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..files.states import checkpoint_of, fingerprint, load_state, remove_checkpoint, save_state
from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..structures.structure import Structure

S = TypeVar("S")

# settings that a resumed fit may change
_MAY_CHANGE = ("max_iterations", "time_limit", "memory_mb", "target")
# reasons of an end that a fit may be resumed from
_CUT_OFF = ("interrupted", "time", "iterations", "stopped")


class FitCheckpoint:
    """The checkpoint of a fit."""

    def __init__(self, folder: Path | None, resume: bool, depends_on: dict[str, str]) -> None:
        self.path = None if folder is None else checkpoint_of(folder)
        self.depends_on = depends_on
        self.resume = resume

    @property
    def is_there(self) -> bool:
        return self.path is not None and self.path.exists()

    def load(self, kind: type[S]) -> S | None:
        """The state to go on from, None for a fit from the start."""
        if not self.resume:
            return None
        if self.path is None or not self.path.exists():
            message = "there is no interrupted fit to resume"
            place = None if self.path is None else str(self.path)
            raise FitError(Diagnostic("nothing-to-resume", message, place=place, help="run without --resume"))
        return load_state(self.path, kind, self.depends_on)

    def save(self, state: object) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_state(self.path, state, self.depends_on)


def finish(folder: Path, reason: str) -> None:
    """Remove the checkpoint of a fit that came to its end, once its run is saved; one cut off keeps it."""
    if reason not in _CUT_OFF:
        remove_checkpoint(folder)


def depends_on(potential: Potential, structures: Sequence[Structure], config: FitConfig) -> dict[str, str]:
    settings = {k: v for k, v in config.flat().items() if k not in _MAY_CHANGE}
    return fingerprint(spec=potential.text, config=settings, data=digest_of(structures))


def digest_of(structures: Sequence[Structure]) -> bytes:
    """The data as the fit sees them."""
    state = sha256()
    for s in structures:
        for part in (s.numbers, s.positions, s.cell, s.pbc, s.energy, s.forces, s.stress, s.weight):
            state.update(np.asarray(part if part is not None else np.nan).tobytes())
    return state.digest()
