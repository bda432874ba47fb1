"""Units of reference values, turned into the unit that a property is reported in."""

from __future__ import annotations

from ...compiler.diagnostics.diagnostic import did_you_mean
from ..data.labels import GPA, PER_EV_A3

_J_M2 = 16.02176634  # J/m² in 1 eV/Å²
_THZ_PER_MEV = 0.2417989242  # 1 meV/h (CODATA 2018)
_THZ_PER_CM = 0.0299792458  # c times 1/cm

# reported unit: {unit of a reference: factor to the reported one}
_FACTORS: dict[str, dict[str, float]] = {
    "Å": {"Å": 1.0, "A": 1.0, "angstrom": 1.0, "nm": 10.0, "pm": 0.01, "bohr": 0.529177210903},
    "Å^3": {"Å^3": 1.0, "A^3": 1.0, "nm^3": 1e3, "bohr^3": 0.529177210903**3},
    "eV": {"eV": 1.0, "meV": 1e-3},
    "eV/atom": {
        "eV/atom": 1.0,
        "meV/atom": 1e-3,
        "eV": 1.0,
        "meV": 1e-3,
        "kJ/mol": 0.0103642696562621,
        "kcal/mol": 0.0433641153087705,
        "Ry/atom": 13.605693122994,
    },
    "GPa": {**{name: GPA / factor for name, factor in PER_EV_A3.items()}, "Mbar": 100.0},
    "J/m^2": {"J/m^2": 1.0, "mJ/m^2": 1e-3, "eV/Å^2": _J_M2, "eV/A^2": _J_M2, "erg/cm^2": 1e-3},
    "THz": {"THz": 1.0, "meV": _THZ_PER_MEV, "cm^-1": _THZ_PER_CM, "1/cm": _THZ_PER_CM},
    "eV/Å": {"eV/Å": 1.0, "eV/A": 1.0},
    "1": {"1": 1.0, "": 1.0},
}


def factor(unit: str, reported: str) -> float:
    """What to multiply a number in `unit` by. Raises ValueError, with advice, where the unit does not fit."""
    known = _FACTORS[reported]
    plain = unit.replace("²", "^2").replace("³", "^3")
    if plain in known:
        return known[plain]
    advice = did_you_mean(unit, known) or f"known units: {', '.join(name for name in known if name)}"
    raise ValueError(advice)
