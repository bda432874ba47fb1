"""The calculator of a run by the name `potentia`, for programs that make calculators of ASE by their names."""

from __future__ import annotations

from pathlib import Path

from ase.calculators.calculator import external_calculators, register_calculator_class

from ..potential.calculator import PotentiaCalculator
from .public import load


class Calculator(PotentiaCalculator):
    """A `PotentiaCalculator` of a run.

    run: its folder. precision, skin, uncertainty, target: as `FittedPotential.calculator` has them.
    Raises ArtifactError as `load`, and no-covariance; DataError: bad-value.
    """

    name = "potentia"

    def __init__(
        self,
        run: str | Path,
        precision: str = "float64",
        skin: float = 0.5,
        uncertainty: bool = False,
        target: str = "auto",
    ) -> None:
        potential = load(run)
        deviations = potential.deviations() if uncertainty else None
        super().__init__(potential, precision, skin, deviations, target)


if Calculator.name not in external_calculators:
    register_calculator_class(Calculator.name, Calculator)
