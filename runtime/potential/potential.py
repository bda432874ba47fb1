"""A compiled potential with its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float, Int

from ...compiler import pipeline
from ...compiler.chemistry.elements import symbols
from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, SpecError
from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.source import Source
from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ..files.plain_data import Data
from ..presentation import html
from ..presentation.result import Result
from ..presentation.text import with_deviation
from ..structures.arrays import Floats, Indices, Theta
from ..structures.padding import ListSpec
from ..structures.structure import Structure
from .dimers import Dimer, dimers, sparklines
from .evaluators import REALS, Evaluator, Predicted, evaluator, specs_of
from .summary import compiled_facts, energy_text, equations, sentence

if TYPE_CHECKING:
    from jax import Array
    from jax.typing import ArrayLike
    from matplotlib.axes import Axes

    from ...compiler.backends.cpp.gradient import GradientKernel
    from ...compiler.backends.cpp.kernel import CppKernel
    from ...compiler.backends.xla.kernel import Kernel
    from .calculator import Deviations, PotentiaCalculator


@dataclass(frozen=True, eq=False, repr=False)
class Potential(Result):
    """A program with a value for every coefficient of its model.

    program: the spec, and all that is made of it.
    theta (P,): all coefficients in the order of `model.parameters`, fixed ones too, in eV, Å, e.
    """

    program: Program
    theta: Theta
    _kernels: dict[str, Kernel] = field(default_factory=dict, repr=False)
    _evaluators: dict[tuple[str, str], Evaluator] = field(default_factory=dict, repr=False)
    _along: dict[str, CppKernel] = field(default_factory=dict, repr=False)
    _gradients: dict[str, GradientKernel] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The text of the spec."""
        return self.program.text

    @property
    def model(self) -> Model:
        """The energy of a site as IR."""
        return self.program.model

    @property
    def species(self) -> tuple[str, ...]:
        """The symbols of the species, in the order of tables."""
        return self.model.species

    @property
    def n_parameters(self) -> int:
        """The number of trained coefficients."""
        return self.model.vector.n_trained

    @cached_property
    def free(self) -> Int[Indices, " F"]:
        """The places of the trained coefficients in theta."""
        return np.array(self.model.vector.trained_places, dtype=np.intp)

    def scatter(self, values: Float[Floats, " F"]) -> Theta:
        """theta with these values of the trained coefficients."""
        whole = self.theta.copy()
        whole[self.free] = values
        return whole

    def with_theta(self, theta: Theta) -> Potential:
        """The same potential with other parameters; compiled kernels are kept."""
        return replace(self, theta=np.array(theta, dtype=np.float64))

    def __getstate__(self) -> Data:
        """Kernels stay here: another process makes its own, or finds them in the user's cache."""
        return vars(self) | {"_kernels": {}, "_evaluators": {}, "_along": {}, "_gradients": {}}

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """A copy with parameters of its own; compiled kernels are kept."""
        return replace(self, theta=self.theta.copy())

    def kernel(self, dtype: str = "float64") -> Kernel:
        """The compiled function of (theta, batch); it is made once for each precision."""
        if dtype not in self._kernels:
            from ...compiler.backends.xla.start import start

            start()
            self._kernels[dtype] = pipeline.lower(self.program.optimized, dtype)
        return self._kernels[dtype]

    def list_specs(self, dtype: str = "float64") -> tuple[ListSpec, ...]:
        """The neighbour lists that a batch needs."""
        return specs_of(self.kernel(dtype))

    def evaluator(
        self, target: str = "auto", dtype: str = "float64", on_warning: OnWarning = as_python_warning
    ) -> Evaluator:
        """The model on a target, ready to predict; it is made once for each target and precision.

        target: `auto` (C++ where a compiler works, else XLA), `cpp`, `xla` or `reference`.
        on_warning: is given the reason why `auto` takes XLA.
        Raises DataError bad-value; ToolError: `cpp` without a compiler that works.
        """
        key = (target, dtype)
        if key not in self._evaluators:
            self._evaluators[key] = evaluator(self.model, self.kernel, target, dtype, on_warning)
        return self._evaluators[key]

    def along(self, dtype: str = "float64") -> CppKernel:
        """The derivative of the energy along a direction in the parameters (`passes.along`) as generated C++;
        it is made once for each precision, and compiled when it is first called.
        """
        if dtype not in self._along:
            from ...compiler.backends.cpp.kernel import CppKernel

            model, directions = pipeline.along(self.model)
            self._along[dtype] = CppKernel(model, REALS[dtype], directions)
        return self._along[dtype]

    def gradient(self, dtype: str = "float64") -> GradientKernel:
        """The gradient of a loss by all parameters (`passes.loss_gradient`) as generated C++; it is made and
        compiled as `along` is.
        """
        if dtype not in self._gradients:
            from ...compiler.backends.cpp.gradient import GradientKernel

            self._gradients[dtype] = GradientKernel(self.model, REALS[dtype])
        return self._gradients[dtype]

    def predict(
        self,
        structures: Sequence[Structure],
        on_progress: Callable[[int], None] | None = None,
        dtype: str = "float64",
        target: str = "auto",
    ) -> list[Predicted]:
        """Energy, forces and stress of each structure.

        on_progress: called with the number of structures done. target: as `evaluator` has it.
        Raises DataError: species that the potential lacks.
        """
        return self.evaluator(target, dtype).predict(self.theta, structures, on_progress)

    def calculator(
        self,
        precision: str = "float64",
        skin: float = 0.5,
        uncertainty: bool = False,
        target: str = "auto",
    ) -> PotentiaCalculator:
        """An ASE calculator of energy, forces and stress.

        precision, skin, target: as in `PotentiaCalculator`.
        uncertainty: the results have `energy_uncertainty` (eV) and `forces_uncertainty` (N, 3) (eV/Å) too.
        These standard deviations are calibrated where the run has a calibration. They cost as much as a
        prediction for each trained coefficient.
        Raises DataError: bad-value; ArtifactError: no-covariance, without a run that has a covariance.
        """
        from .calculator import PotentiaCalculator

        return PotentiaCalculator(self, precision, skin, self.deviations() if uncertainty else None, target)

    def jax_md(
        self,
        displacement: Callable[..., Array],
        box: ArrayLike | None,
        elements: Iterable[str],
        **options: Any,
    ) -> tuple[Any, Callable[..., Array]]:
        """jax-md's neighbour function and energy function, as `runtime.potential.jax_md.functions` has it."""
        from .jax_md import functions

        return functions(self.model, self.theta, displacement, box, elements, **options)

    # --- as a result -----------------------------------------------------------------------------

    def parameter_deviations(self) -> Theta | None:
        """Standard deviations (P,) of the coefficients, NaN of fixed ones; None where they are unknown."""
        return None

    def dimers(self) -> tuple[Dimer, ...]:
        """The dimer curves of the first pairs of species, by the reference target; eV over Å."""
        return dimers(self.model, self.theta, self.evaluator("reference"))

    def lines(self) -> list[str]:
        return [f"{type(self).__name__}: {sentence(self.model)}", energy_text(self.program)]

    def parts(self) -> list[str]:
        found = sparklines(self.model, self.theta, self.evaluator("reference"))
        pictures = "".join(f"<span>{name} {picture} </span>" for name, picture in found)
        rows = self._parameter_rows()
        table = html.table(rows, "parameters") if len(rows) > 1 else ""
        return [
            html.heading(sentence(self.model)),
            *equations(self.program),
            html.spec_text(self.text),
            *self._about(),
            pictures,
            table,
        ]

    def _about(self) -> list[str]:
        """Parts of a page on the origin of the parameters."""
        return []

    def _parameter_rows(self) -> list[list[str]]:
        """Each coefficient: its value ± σ, its unit, whether it is trained."""
        sigma = self.parameter_deviations()
        rows = [["parameter", "value", "unit", ""]]
        for k, (c, value) in enumerate(zip(self.model.vector.coefficients, self.theta, strict=True)):
            known = None if sigma is None or not np.isfinite(sigma[k]) else float(sigma[k])
            unit = str(c.parameter.kind.unit)
            words = with_deviation(float(value), known)
            rows.append([c.name, words, unit if unit != "1" else "", "" if c.free else "fixed"])
        return rows

    def to_dict(self) -> Data:
        """Plain data, as `potentia compile --json` prints it, and the value of each coefficient by name."""
        values = dict(zip(self.model.vector.names, self.theta.tolist(), strict=True))
        return {**compiled_facts(self.program, self.program.source.name), "values": values}

    def plot(self, axes: Axes | None = None) -> Axes:
        """The dimer curves of the first pairs of species, eV over Å, by the reference target."""
        from .plots import draw_dimers

        return draw_dimers(self.dimers(), axes)

    def deviations(self, on_warning: OnWarning = as_python_warning) -> Deviations:
        """Standard deviations as a function of a structure. Raises ArtifactError no-covariance:
        only a run holds the covariance of its parameters.
        """
        message = "a potential that is not a run has no covariance of its parameters"
        raise ArtifactError(Diagnostic("no-covariance", message, help="load one that was fitted"))


def compile(
    spec: str | Path, species: str | Iterable[str] | None = None, include: Iterable[Path] = ()
) -> Potential:
    """The potential of a spec, with its parameters at their start values.

    spec: the text, or the path of a `.pes` file.
    species: `Nb,W` or several names, where the spec names none.
    include: folders that imports may be read from, beside that of the spec.
    Raises SpecError: all faults of the spec.
    """
    return at_start(Program.of(read_spec(spec, include)).for_species(symbols(species)))


def at_start(program: Program) -> Potential:
    """The potential of a program, its parameters at their start values. Raises SpecError."""
    if program.model.open_species:
        raise SpecError(
            Diagnostic(
                "no-species",
                "the spec names no species",
                place=program.source.name,
                help="write `species Nb`, or pass species=['Nb']",
            )
        )
    return Potential(program, np.array(program.model.vector.start, dtype=np.float64))


def read_spec(spec: str | Path, include: Iterable[Path] = ()) -> Source:
    """The text of a spec given as text or as a path.

    Raises SpecError: cannot-read, not-utf8; not-a-spec for a value of another type.
    """
    given: object = spec
    if not isinstance(given, str | PathLike):
        message = f"a spec is a text or the path of a .pes file, and this is of type {type(given).__name__}"
        raise SpecError(Diagnostic("not-a-spec", message))
    if isinstance(spec, str) and not spec.endswith(".pes"):
        return Source(spec, include=tuple(include))
    return read_source(Path(spec), include)
