"""What a method of fitting is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .config import FitConfig
from .fit_checkpoint import FitCheckpoint
from .fit_result import Report
from .potential import Potential
from .structures import Structure


@dataclass(frozen=True, eq=False)
class FitTask:
    """A potential to fit to structures: how, with what checkpoint, and whom to tell."""

    potential: Potential
    structures: Sequence[Structure]
    config: FitConfig
    store: FitCheckpoint
    report: Report
