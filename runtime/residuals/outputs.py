"""The outputs of a potential on a batch, and their derivatives by its numbers, on one of the targets.

Energy (B,), forces (3N,), virial (6B,) of a batch are one row of m numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import ToolError
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ..optimize.qr_system import Indices
from ..potential.evaluators import CppEvaluator, Evaluator, instead
from ..potential.potential import Potential
from ..structures.arrays import Floats, Theta
from ..structures.batches import Batch, BatchPlan
from ..structures.structure import Structure

if TYPE_CHECKING:
    from .xla import XlaOutputs

Laid: TypeAlias = Any  # the structures of a batch, as the arrays of a target


class Outputs(Protocol):
    """A model on a target. theta (P,): all coefficients as `at` has them."""

    @property
    def target(self) -> str:
        """Its name: cpp or xla."""

    @property
    def described(self) -> str:
        """The target, with its compiler."""

    def plan(self, structures: Sequence[Structure], memory_mb: float) -> BatchPlan:
        """The division of structures into batches."""

    def one(self, structure: Structure) -> Batch:
        """A batch of a single structure; many of them make few compilations."""

    def arrays(self, batch: Batch, structures: Sequence[Structure]) -> Laid:
        """A batch of these structures as the target reads it."""

    def size(self, arrays: Laid, batch: Batch) -> int:
        """The bytes that they take."""

    def at(self, theta: Theta) -> Theta:
        """theta in the precision of the target."""

    def values(self, theta: Theta, arrays: Laid) -> Float[Floats, " m"]:
        """The outputs."""

    def derivatives(self, theta: Theta, arrays: Laid, numbers: Indices) -> Float[Floats, "F m"]:
        """Of the outputs, by those numbers of theta."""

    def along(
        self, theta: Theta, arrays: Laid, directions: Float[Floats, "D P"]
    ) -> Iterator[Float[Floats, "d m"]]:
        """The derivatives along each direction, a few at a time."""

    def loss(
        self, theta: Theta, arrays: Laid, scale: Float[Floats, " m"], wanted: Float[Floats, " m"]
    ) -> tuple[float, Float[Floats, " P"]]:
        """½ Σ r², r = scale (outputs − wanted), and its gradient by theta."""

    def n_directions(self, numbers: Indices) -> int:
        """Along how many directions all derivatives by those numbers are taken."""


def outputs_of(
    potential: Potential,
    target: str = "auto",
    precision: str | None = None,
    on_warning: OnWarning = as_python_warning,
    in_reverse: bool = False,
) -> Outputs:
    """A potential on a target, compiled for values and derivatives, and with `in_reverse` for gradients.

    target: `auto` (C++ where a compiler works, else XLA), `cpp` or `xla`.
    precision: None is double, and single for gradients by XLA, whose double costs much more.
    on_warning: is given the reason why `auto` takes XLA.
    Raises DataError bad-value; ToolError: `cpp` without a compiler that works.
    """
    given = potential, precision or "float64"
    found = None if target == "xla" else _by_cpp(*given, target, on_warning, in_reverse)
    return found or xla_outputs(potential, precision or ("float32" if in_reverse else "float64"))


def _by_cpp(
    potential: Potential, precision: str, target: str, on_warning: OnWarning, in_reverse: bool
) -> Outputs | None:
    """None where `auto` finds no compiler."""
    evaluator = compile_kernels(potential, precision, in_reverse, target, on_warning)
    if not isinstance(evaluator, CppEvaluator):
        return None
    from .cpp import CppOutputs

    return CppOutputs(potential, evaluator, potential.along(precision), potential.gradient(precision))


def slopes_of(
    potential: Potential, precision: str = "float64", on_warning: OnWarning = as_python_warning
) -> Outputs:
    """As `outputs_of`, for derivatives alone: no kernel of values is compiled, and none may be asked for."""
    try:
        along = potential.along(precision)
        lists = CppEvaluator(along)
        _ = along.library
    except ToolError as error:
        on_warning(instead(error))
        return xla_outputs(potential, precision)
    from .cpp import CppOutputs

    return CppOutputs(potential, lists, along, potential.gradient(precision))


def compile_kernels(
    potential: Potential,
    precision: str,
    in_reverse: bool,
    target: str = "cpp",
    on_warning: OnWarning = as_python_warning,
) -> Evaluator:
    """All kernels of a fit, each by a compiler of its own at the same time, and the evaluator of the values.

    Raises ToolError as `Potential.evaluator` does.
    """
    pool = ThreadPoolExecutor(2)
    try:
        more = [pool.submit(lambda: potential.along(precision).library)]
        if in_reverse:
            more.append(pool.submit(lambda: potential.gradient(precision).library))
        evaluator = potential.evaluator(target, precision, on_warning)
        if isinstance(evaluator, CppEvaluator):
            for compiled in more:
                compiled.result()
        return evaluator
    finally:  # an interruption does not wait for a compiler
        pool.shutdown(wait=False)


def xla_outputs(potential: Potential, precision: str) -> XlaOutputs:
    """A potential on XLA."""
    from .xla import XlaOutputs

    return XlaOutputs(potential.kernel(precision), potential.species)
