"""The kernel of a run: on which target, and on how many threads. The bits of a trajectory depend on both, so
a run that is gone on with keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...compiler.backends.cpp.in_jax import JaxKernel
from ...compiler.backends.xla.arrays import Arrays, Edge, LongLists, Pair
from ...compiler.backends.xla.kernel import Kernel, Prediction
from ...compiler.backends.xla.start import start
from ...compiler.diagnostics.diagnostic import ArtifactError, DataError, Diagnostic
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ...compiler.ir.types import Domain
from ..files.reading import read_record
from ..potential.evaluators import CppEvaluator, n_threads
from ..potential.potential import Potential
from .continuing import Recorded, target_of
from .integrator import MDKernel
from .outputs import SETTINGS
from .pruning import short_lists, turned
from .settings import MDSettings


@dataclass(frozen=True)
class XlaLoop:
    """An XLA kernel, which reads lists as they are made."""

    kernel: Kernel

    @property
    def dtype(self) -> Any:
        return self.kernel.dtype

    @property
    def lists(self) -> tuple[Domain, ...]:
        return self.kernel.lists

    def short(
        self, long: LongLists, sizes: Sequence[int]
    ) -> tuple[tuple[Pair | Edge, ...], tuple[Array, ...]]:
        return short_lists(self.kernel, long, sizes)

    def deformed(self, near: tuple[Pair | Edge, ...], turn: Array) -> tuple[Pair | Edge, ...]:
        return tuple(each._replace(shift=turned(turn, each.shift)) for each in near)

    def predict(self, theta: Array, arrays: Arrays, near: tuple[Pair | Edge, ...]) -> Prediction:
        return self.kernel.predict(theta, arrays._replace(lists=near))


class Chosen(NamedTuple):
    """target: `cpp` or `xla`; threads: of a C++ kernel."""

    target: str
    threads: int


def choose(
    potential: Potential,
    settings: MDSettings,
    n_atoms: int,
    resumed: Path | None = None,
    on_warning: OnWarning = as_python_warning,
) -> Chosen:
    """The target of a run. resumed: the folder of a run that is gone on with, whose choice `auto` keeps.

    Raises ToolError: `cpp` without a compiler that works; DataError bad-value: `cpp` where jax has a GPU.
    """
    before = _recorded(resumed) if resumed is not None else None
    gone_on = before if settings.target in ("auto", before.target if before else None) else None
    if jax.default_backend() != "cpu":
        return _on_gpu(gone_on.target if gone_on else settings.target)
    if gone_on is not None:
        return gone_on
    found = potential.evaluator(settings.target, settings.precision, on_warning).target
    return Chosen(found, n_threads(n_atoms) if found == "cpp" else 1)


def _on_gpu(target: str) -> Chosen:
    """The loop of steps is where jax is, and generated C++ is for CPUs."""
    if target == "cpp":
        message = "generated C++ runs on the CPU, and jax runs dynamics on the GPU"
        help = "leave out `target`, or set JAX_PLATFORMS=cpu"
        raise DataError(Diagnostic("bad-value", message, help=help))
    return Chosen("xla", 1)


def _recorded(folder: Path) -> Chosen | None:
    """None where there is no run; what is damaged is said when it is compared."""
    try:
        about = read_record(folder / SETTINGS, Recorded)
    except ArtifactError:
        return None
    target = target_of(about.settings)
    return Chosen(target, about.threads) if target in ("cpp", "xla") else None


def kernel_of(potential: Potential, precision: str, chosen: Chosen) -> tuple[MDKernel, Float[Array, " P"]]:
    """The kernel, and the array that it takes for the parameters."""
    if chosen.target == "cpp":
        found = potential.evaluator("cpp", precision)
        assert isinstance(found, CppEvaluator)
        start()
        kernel = JaxKernel(found.kernel, chosen.threads)
        return kernel, jnp.asarray(found.kernel.constants(potential.theta))
    xla = potential.kernel(precision)
    return XlaLoop(xla), jnp.asarray(potential.theta, xla.dtype)
