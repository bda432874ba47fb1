"""The input of a fitting method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..optimize.deadline import Deadline
from ..potential.potential import Potential
from ..ranks.team import Team
from ..residuals.config import FitConfig
from ..structures.structure import Structure
from .checkpoint import FitCheckpoint
from .learning_curve import LearningCurve
from .result import OnProgress


@dataclass(frozen=True, eq=False)
class FitTask:
    """A potential to fit to structures: with its configuration, its checkpoint and `on_progress`.

    team: the processes that share the work. deadline: of this call, however often the fit was resumed.
    curve: a method adds a row for each iteration.
    """

    potential: Potential
    structures: Sequence[Structure]
    config: FitConfig
    store: FitCheckpoint
    on_progress: OnProgress
    team: Team = field(default_factory=Team)
    deadline: Deadline = field(default_factory=Deadline)
    curve: LearningCurve = field(default_factory=LearningCurve)
