"""The outputs of a potential on a batch, and their derivatives by its numbers, on one of the targets.

Energy (B,), forces (3N,), virial (6B,) of a batch are one row of m numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from jaxtyping import Float

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ..optimize.qr_system import Indices
from ..potential.evaluators import CppEvaluator
from ..potential.potential import Potential
from ..structures.arrays import Floats, Theta
from ..structures.batches import Batch, BatchPlan
from ..structures.structure import Structure

if TYPE_CHECKING:
    from .xla import XlaOutputs


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

    def arrays(self, batch: Batch, structures: Sequence[Structure]) -> Any:
        """A batch of these structures as the target reads it."""

    def size(self, arrays: Any, batch: Batch) -> int:
        """The bytes that they take."""

    def at(self, theta: Theta) -> Theta:
        """theta in the precision of the target."""

    def values(self, theta: Theta, arrays: Any) -> Float[Floats, " m"]:
        """The outputs."""

    def derivatives(self, theta: Theta, arrays: Any, numbers: Indices) -> Float[Floats, "F m"]:
        """Of the outputs, by those numbers of theta."""

    def along(
        self, theta: Theta, arrays: Any, directions: Float[Floats, "D P"]
    ) -> Iterator[Float[Floats, "d m"]]:
        """The derivatives along each direction, a few at a time."""

    def n_directions(self, numbers: Indices) -> int:
        """Along how many directions all derivatives by those numbers are taken."""


def outputs_of(
    potential: Potential,
    target: str = "auto",
    precision: str = "float64",
    on_warning: OnWarning = as_python_warning,
) -> Outputs:
    """A potential on a target, compiled for values and derivatives.

    target: `auto` (C++ where a compiler works, else XLA), `cpp` or `xla`.
    on_warning: is given the reason why `auto` takes XLA.
    Raises DataError bad-value; ToolError: `cpp` without a compiler that works.
    """
    found = None if target == "xla" else _by_cpp(potential, target, precision, on_warning)
    return found or xla_outputs(potential, precision)


def _by_cpp(potential: Potential, target: str, precision: str, on_warning: OnWarning) -> Outputs | None:
    """Both kernels, a compiler each at the same time; None where `auto` finds none."""
    pool = ThreadPoolExecutor(1)
    try:
        derivatives = pool.submit(lambda: potential.along(precision).library)
        evaluator = potential.evaluator(target, precision, on_warning)
        if not isinstance(evaluator, CppEvaluator):
            return None
        derivatives.result()
    finally:  # an interruption does not wait for a compiler
        pool.shutdown(wait=False)
    from .cpp import CppOutputs

    return CppOutputs(potential, evaluator, potential.along(precision))


def xla_outputs(potential: Potential, precision: str, target: str = "xla") -> XlaOutputs:
    """A potential on XLA, which gradients in reverse mode need. Raises FitError bad-value: another target."""
    if target == "cpp":
        message = "generated C++ has no gradient in reverse mode, by which many parameters are fitted"
        help = "leave out `target`, or fit by `method = least-squares`"
        raise FitError(Diagnostic("bad-value", message, help=help))
    from .xla import XlaOutputs

    return XlaOutputs(potential.kernel(precision), potential.species)
