"""The target that evaluates a model, chosen and echoed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console

if TYPE_CHECKING:
    from ..potential.evaluators import Evaluator
    from ..potential.potential import Potential


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
    by = f" ({found.compiled_by})" if isinstance(found, CppEvaluator) else ""
    console.say(f"target: {found.target}{by}")
    return found
