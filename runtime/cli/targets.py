"""The target that evaluates a model, chosen and echoed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console

if TYPE_CHECKING:
    from ..potential.evaluators import Evaluator
    from ..potential.potential import Potential
    from ..residuals.config import FitConfig
    from ..residuals.outputs import Outputs


def fit_by(potential: Potential, config: FitConfig, json: bool, quiet: bool) -> None:
    """Compile what a fit calls, and echo the target as `evaluate_by`. Raises FitError, ToolError."""
    from ..fitting.fit import method_of
    from ..residuals.outputs import outputs_of, xla_outputs
    from .progress import working

    faults: list[Diagnostic] = []
    with working("compiling", quiet):
        if method_of(potential, config).in_reverse:
            found: Outputs = xla_outputs(potential, config.precision or "float32", config.target)
        else:
            found = outputs_of(potential, config.target, config.precision or "float64", faults.append)
    if not quiet:
        console.report(faults, json)
        console.say(f"target  {found.described}")


def evaluate_by(
    potential: Potential, target: str, json: bool, quiet: bool, dtype: str = "float64"
) -> Evaluator:
    """The evaluator of a target, which is echoed; where `auto` finds no compiler that works, the reason too.

    Raises DataError bad-value, ToolError.
    """
    from ..potential.evaluators import CppEvaluator

    faults: list[Diagnostic] = []
    found = potential.evaluator(target, dtype, faults.append)
    if quiet:
        return found
    if faults:
        console.report(faults, json)
    console.say(f"target: {found.described if isinstance(found, CppEvaluator) else found.target}")
    return found
