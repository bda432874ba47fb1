"""The target that evaluates a model, chosen and echoed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .observing import ConsoleObserver

if TYPE_CHECKING:
    from ..potential.evaluators import Evaluator
    from ..potential.potential import Potential


def evaluate_by(
    potential: Potential, target: str, json: bool, quiet: bool, dtype: str = "float64"
) -> Evaluator:
    """The evaluator of a target, which is echoed; where `auto` finds no compiler that works, the reason too.

    Raises DataError bad-value, ToolError.
    """
    from ..api import targets

    return targets.evaluate_by(potential, target, ConsoleObserver(json, quiet), dtype)
