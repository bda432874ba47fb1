"""The state of a pruning: its history, and a checkpoint from which it resumes to the same end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError, InternalError
from ...compiler.reduction.quadratic_model import Restriction
from ..files.npz import AnyArray
from ..files.plain_data import Data
from ..files.reading import damaged
from ..files.states import checkpoint_of, fingerprint, load_state, save_state
from ..fitting.checkpoint import digest_of
from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..structures.arrays import Floats
from ..structures.structure import Structure


@dataclass(frozen=True)
class Step:
    """The state after rewrites and their refit; predicted and actual ΔL are those of the step.

    held_out: the loss in cross-validation, where that was the criterion. RMSE on the training structures,
    eV/atom and eV/Å. cost: µs for each atom of energy, forces and stress, where it was measured. misfit: of
    properties with a reference and a tolerance, as `guards.PropertyStatus`.
    """

    rewrites: tuple[str, ...]
    parameters: int
    predicted: float
    actual: float
    loss: float
    bic: float
    aic: float
    held_out: float | None
    energy_rmse: float | None
    forces_rmse: float | None
    cost: float | None
    misfit: float = 0.0

    @classmethod
    def of(cls, content: Data) -> Step:
        """Back from plain data."""
        return cls(**{**content, "rewrites": tuple(content["rewrites"])})


@dataclass(frozen=True, eq=False)
class PruneState:
    """The steps so far. theta (F,): all trained parameters of the whole model, which hold the restriction.

    refused: rewrites whose refit was no good, and how many of them since the last step that was.
    """

    restriction: Restriction
    theta: Floats
    history: tuple[Step, ...]
    refused: tuple[str, ...] = ()
    in_a_row: int = 0


@dataclass(frozen=True, eq=False)
class _Stored:
    fixed: AnyArray
    values: AnyArray
    tied: tuple[AnyArray, ...]
    theta: AnyArray
    history: str
    refused: tuple[str, ...]
    in_a_row: int


class PruneStore:
    """The checkpoint of a pruning that will write its run to `folder`; none without a folder."""

    def __init__(self, folder: Path | None, depends_on: dict[str, str]) -> None:
        self.path = None if folder is None else checkpoint_of(folder)
        self.depends_on = depends_on

    def save(self, state: PruneState) -> None:
        """Raises ArtifactError `unwritable`."""
        if self.path is None:
            return
        fixed = state.restriction.fixed
        stored = _Stored(
            np.array(list(fixed), dtype=np.int64),
            np.array(list(fixed.values()), dtype=np.float64),
            tuple(np.array(group) for group in state.restriction.tied),
            state.theta,
            json.dumps([asdict(step) for step in state.history]),
            state.refused,
            state.in_a_row,
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        save_state(self.path, stored, self.depends_on)

    def load(self) -> PruneState:
        """Raises FitError nothing-to-resume, resume-mismatch; ArtifactError damaged-artifact."""
        if self.path is None or not self.path.exists():
            message = "there is no interrupted pruning to resume"
            place = None if self.path is None else str(self.path)
            raise FitError(Diagnostic("nothing-to-resume", message, place=place, help="run without --resume"))
        stored = load_state(self.path, _Stored, self.depends_on)
        try:
            fixed = dict(zip(stored.fixed.tolist(), stored.values.tolist(), strict=True))
            tied = tuple(tuple(group.tolist()) for group in stored.tied)
            history = tuple(Step.of(step) for step in json.loads(stored.history))
            restriction = Restriction(fixed, tied)
        except (ValueError, TypeError, KeyError, RecursionError, InternalError) as error:
            raise damaged(self.path, f"its history is none: {error}") from error
        return PruneState(restriction, stored.theta, history, stored.refused, stored.in_a_row)


def depends_on(
    potential: Potential, structures: Sequence[Structure], config: FitConfig, goal: dict[str, object]
) -> dict[str, str]:
    """The inputs of a pruning as flat text; a resumed pruning needs the same."""
    return fingerprint(
        spec=potential.text,
        parameters=potential.theta.tobytes(),
        config=config.flat(),
        data=digest_of(structures),
        goal=goal,
    )
