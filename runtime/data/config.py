"""How data files are read: the table `[data]` of every configuration."""

from __future__ import annotations

from typing import Literal

from ..files.settings import Section
from .labels import LabelKeys


class DataConfig(Section):
    """Where labels are, in what unit and sign; which structures are the test set."""

    energy_key: str = "energy"
    forces_key: str = "forces"
    use_forces: bool = True
    stress_key: str = "stress"
    use_stress: bool = True
    virial_key: str | None = None
    stress_unit: str = "eV/Å^3"
    stress_sign: Literal["tension", "compression"] = "tension"
    virial_sign: Literal["minus", "plus"] = "minus"
    config_type_key: str = "config_type"
    weight_key: str | None = None
    test: str | None = None  # `split=test`, or a fraction: `0.1`

    def keys(self) -> LabelKeys:
        """The keys for the reader. Raises DataError for a unit that is not known."""
        return LabelKeys(
            energy=self.energy_key,
            forces=self.forces_key,
            stress=self.stress_key,
            virial=self.virial_key,
            stress_unit=self.stress_unit,
            stress_sign=self.stress_sign,
            virial_sign=self.virial_sign,
            config_type=self.config_type_key,
            weight=self.weight_key,
        )
