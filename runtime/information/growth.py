"""Candidate terms for a fitted potential, ranked by the gain that the data predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...compiler.reduction.extensions import Score, extended, scores
from ..potential.potential import Potential
from ..residuals.config import FitConfig
from ..structures.structure import Structure
from .fisher_information import quadratic_model


def ranked(
    potential: Potential,
    structures: Sequence[Structure],
    config: FitConfig,
    calls: Sequence[str],
    on_progress: Callable[[float], None] | None = None,
) -> list[Score]:
    """Calls of terms, such as `eam(rc=5)`, each once, by the loss that each alone would take away; no refit.

    One pass over the structures for all of them. Raises SpecError: those of `extended`; FitError: those of
    `quadratic_model`.
    """
    larger = extended(potential.program, potential.theta, calls)
    trial = Potential(larger.program, larger.theta)
    return scores(larger, quadratic_model(trial, structures, config, on_progress))
