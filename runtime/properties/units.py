"""Units of reference values, turned into the unit that a property is reported in."""

from __future__ import annotations

from ...compiler.chemistry.units import REPORTED
from ...compiler.diagnostics.diagnostic import did_you_mean


def factor(unit: str, reported: str) -> float:
    """The factor for a number in `unit`. Raises ValueError, with advice, where the unit does not fit."""
    known = REPORTED.get(reported, {reported: 1.0})
    plain = unit.replace("²", "^2").replace("³", "^3")
    if plain in known:
        return known[plain]
    advice = did_you_mean(unit, known) or f"known units: {', '.join(name for name in known if name)}"
    raise ValueError(advice)
