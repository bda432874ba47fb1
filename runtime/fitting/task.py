"""The input of a fitting method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..structures.structure import Structure
from .checkpoint import FitCheckpoint
from .result import OnProgress


@dataclass(frozen=True, eq=False)
class FitTask:
    """A potential to fit to structures: with its configuration, its checkpoint and `on_progress`."""

    potential: Potential
    structures: Sequence[Structure]
    config: FitConfig
    store: FitCheckpoint
    on_progress: OnProgress
