"""Values as the language writes them, for people who compare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isinf

from ..chemistry.units import ONE, Unit
from ..elaborate.values import Basis, Elements, Function, Quantity, Value, Values
from ..ir.parameter import Parameter
from ..ir.types import PER, entry_names


def number(x: float) -> str:
    return f"{x:.10g}"


def quantity(x: float, unit: Unit) -> str:
    return number(x) if unit == ONE else f"{number(x)} {unit}"


def value(v: Value | None) -> str | None:
    """An argument: `5 Å`, `bessel(8)`, `[8, 8]`, `smoothed`. None for an energy, which has no words."""
    match v:
        case Quantity():
            return quantity(v.value, v.unit)
        case Basis():
            start = f", start = {number(v.start)} Å" if v.start else ""
            return f"{v.family}({v.n}{start})"
        case Values():
            return f"[{', '.join(value(item) or '…' for item in v.items)}]"
        case Function():
            return v.name
        case Elements():
            return ", ".join(v.names)
        case _:
            return None


def numbers(values: Sequence[float], unit: Unit, most: int = 8) -> str:
    """Equal numbers once, others as a list, cut short after so many."""
    if len(set(values)) == 1:
        return quantity(values[0], unit)
    shown = [number(v) for v in values[:most]] + ["…"] * (len(values) > most)
    return f"[{', '.join(shown)}]" + ("" if unit == ONE else f" {unit}")


def bounds(lower: float, upper: float, unit: Unit) -> str | None:
    if isinf(lower) and isinf(upper):
        return None
    return f"({quantity(lower, unit)}, {quantity(upper, unit)})"


def parameter(p: Parameter, random: str | None = None, most: int = 8) -> str:
    """`0.1 eV in (0 eV, 10 eV) per pair`: a parameter in one line. random: how its start is drawn."""
    size = f"[{p.kind.components}] " if p.kind.shape else ""
    start = random or numbers(p.start, p.kind.unit, most)
    low_high = bounds(min(p.lower), max(p.upper), p.kind.unit)
    within = f" in {low_high}" if low_high else ""
    fixed = "" if any(p.free) else "fixed "
    return f"{size}{fixed}{start}{within} per {PER[p.kind.domain.name]}"


def rows(p: Parameter, species: tuple[str, ...]) -> tuple[str, ...]:
    return entry_names(p.kind.domain, species)


def one_line(text: str) -> str:
    """Words of a spec on one line, without comments."""
    return " ".join(re.sub(r"#[^\n]*", " ", text).split())
