"""The keys, signs and units of the labels in a data file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from ...compiler.chemistry.units import PER_EV_A3
from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean
from ..structures.arrays import Floats, Stress
from ..structures.structure import DEFAULT_CONFIG_TYPE
from .label_names import candidates, named

if TYPE_CHECKING:
    from ase import Atoms


NO_VIRIAL = "none"


@dataclass(frozen=True)
class LabelKeys:
    """Keys of ASE's `atoms.info`, `atoms.arrays` or calculator results.

    A key that is the name of its label, as all are by default, stands for its other spellings and aliases too
    (`label_names`); any other key stands for itself alone.

    energy: eV. Forces of VASP are the slope of `free_energy`.
    forces: eV/Å.
    stress: in `stress_unit` and `stress_sign`; it is not read where `virial` names a key.
    virial: eV, −V·stress (minus, as in GPUMD) or +V·stress (plus). None: read where there is no stress;
    NO_VIRIAL: not read.
    weight: a key of `info`; without it weights are not read.
    Raises DataError: unknown-unit, unknown-sign.
    """

    energy: str = "energy"
    forces: str = "forces"
    stress: str = "stress"
    virial: str | None = None
    stress_unit: str = "eV/Å^3"
    stress_sign: Literal["tension", "compression"] = "tension"
    virial_sign: Literal["minus", "plus"] = "minus"
    config_type: str = "config_type"
    weight: str | None = None

    def __post_init__(self) -> None:
        if self.stress_unit not in PER_EV_A3:
            known = ", ".join(PER_EV_A3)
            help = did_you_mean(self.stress_unit, PER_EV_A3) or f"known units: {known}"
            message = f"`{self.stress_unit}` is not a unit of stress"
            raise DataError(Diagnostic("unknown-unit", message, help=help))
        if self.virial_sign not in ("minus", "plus"):
            message = f"`{self.virial_sign}` is not a sign of a virial"
            raise DataError(
                Diagnostic("unknown-sign", message, help="minus: -V*stress (GPUMD); plus: +V*stress")
            )
        if self.stress_sign not in ("tension", "compression"):
            message = f"`{self.stress_sign}` is not a sign of stress"
            help = "say which is positive: tension (ASE, VASP through ASE) or compression (pressure-like)"
            raise DataError(Diagnostic("unknown-sign", message, help=help))

    def echo(self) -> str:
        """One line for logs and artifacts that states keys, signs and units."""
        stress = f"stress `{self.stress}` ({self.stress_unit}, {self.stress_sign} positive)"
        virial = f"(eV, = {'-' if self.virial_sign == 'minus' else '+'}V*stress)"
        if self.virial is None and self.stress == "stress":
            stress += f" or `virial` {virial}"
        elif self.virial not in (None, NO_VIRIAL):
            stress = f"stress from virial `{self.virial}` {virial}"
        return f"energy `{self.energy}` (eV), forces `{self.forces}` (eV/Å), {stress}"

    def keys_of(self, kind: str, raw: Mapping[str, object]) -> list[str]:
        """The keys of `raw` that a kind of label (`energy`, `forces`, `stress`, `virial`) is read under, the
        best one first.
        """
        wanted = getattr(self, kind)
        if kind == "stress" and self.virial not in (None, NO_VIRIAL):
            return []
        if kind == "virial" and (wanted == NO_VIRIAL or (wanted is None and self.stress != "stress")):
            return []
        if wanted in (None, kind):
            return candidates(kind, raw)
        key = named(wanted, raw)
        return [] if key is None else [key]

    def to_stress(self, kind: str, value: Float[Floats, "3 3"], volume: float) -> Stress:
        """The stress (3, 3) in eV/Å³, tension positive, of a `stress` or `virial` of the file.

        volume: Å³, not 0.
        """
        if kind == "virial":
            return value / volume * (-1.0 if self.virial_sign == "minus" else 1.0)
        sign = 1.0 if self.stress_sign == "tension" else -1.0
        return value * (sign / PER_EV_A3[self.stress_unit])


def raw_labels(atoms: Atoms) -> dict[str, object]:
    """All that ASE attached to `atoms`: calculator results first, then info, then per-atom arrays."""
    found: dict[str, object] = dict(atoms.arrays)
    found.update(atoms.info)
    for nested in ("data", "key_value_pairs"):  # a row of an ASE database
        inner = atoms.info.get(nested)
        if isinstance(inner, Mapping):
            found.update(inner)
    if atoms.calc is not None:
        found.update({k: v for k, v in getattr(atoms.calc, "results", {}).items() if v is not None})
    return found


def scalars(raw: Mapping[str, object]) -> dict[str, str | int | float | bool]:
    """The text, number and truth values among `raw`, as Python's own types."""
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in raw.items()}
    return {k: v for k, v in plain.items() if isinstance(v, str | int | float | bool)}


def tensor(value: object) -> Float[Floats, "3 3"] | None:
    """A stress or virial (3, 3), (9,) or Voigt (6,): xx yy zz yz xz xy → (3, 3); else None."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape == (6,):
        xx, yy, zz, yz, xz, xy = array
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return array.reshape(3, 3) if array.shape in ((9,), (3, 3)) else None


def config_type(raw: Mapping[str, object], keys: LabelKeys) -> str:
    key = named(keys.config_type, raw)
    return DEFAULT_CONFIG_TYPE if key is None else str(raw[key])
