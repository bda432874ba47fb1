"""The target that evaluates a model, chosen and remarked on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from .observer import Observer

if TYPE_CHECKING:
    from ..potential.evaluators import Evaluator
    from ..potential.potential import Potential
    from ..residuals.config import FitConfig


@contextmanager
def compiled_ahead(potential: Potential | None, config: FitConfig) -> Iterator[None]:
    """The kernels of a fit are compiled meanwhile, by a thread; `compile_fit` tells its faults.

    Where the data have one, the thread goes on, so that the next fit finds the kernels.
    """
    from ..fitting.fit import method_of
    from ..residuals.outputs import compile_kernels

    if potential is None or config.target == "xla":
        yield
        return

    def work() -> None:
        with suppress(Exception):
            compile_kernels(potential, config.precision or "float64", method_of(potential, config).in_reverse)

    thread = Thread(target=work)  # it is waited for at exit: what it began is whole or gone
    thread.start()
    yield
    thread.join()


def compile_fit(potential: Potential, config: FitConfig, observer: Observer) -> None:
    """Compile what a fit calls, with a remark on the target. Raises FitError, ToolError."""
    from ..fitting.fit import method_of
    from ..residuals.outputs import outputs_of

    faults: list[Diagnostic] = []
    with observer.working("compiling"):
        reverse = method_of(potential, config).in_reverse
        found = outputs_of(potential, config.target, config.precision, faults.append, reverse)
    observer.warned(faults)
    observer.remarked(f"target  {found.described}")


def evaluate_by(potential: Potential, target: str, observer: Observer, dtype: str = "float64") -> Evaluator:
    """The evaluator of a target, with a remark on it; where `auto` finds no compiler that works, a warning
    too.

    Raises DataError bad-value, ToolError.
    """
    from ..potential.evaluators import CppEvaluator

    faults: list[Diagnostic] = []
    with observer.working("compiling"):
        found = potential.evaluator(target, dtype, faults.append)
    observer.warned(faults)
    observer.remarked(f"target: {found.described if isinstance(found, CppEvaluator) else found.target}")
    return found
