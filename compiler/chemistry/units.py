"""Units: of a spec, of labels and of reported properties.

Inside potentia everything is in eV, Å and e; a unit of a spec is the powers of these three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from .constants import (
    BOHR,
    EV_IN_JOULE,
    GPA,
    HARTREE,
    J_PER_M2,
    KCAL_MOL,
    KJ_MOL,
    RYDBERG,
    THZ_PER_CM,
    THZ_PER_MEV,
)


@dataclass(frozen=True)
class Unit:
    """eV^energy · Å^length · e^charge."""

    energy: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    charge: Fraction = Fraction(0)

    def __mul__(self, other: Unit) -> Unit:
        if other is ONE or self is ONE:  # most products: fractions are slow
            return self if other is ONE else other
        return _product(self, other)

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, power: Fraction | int) -> Unit:
        return self if power == 1 or self is ONE else _powered(self, power)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """A model asks for it at every node."""
        return hash((self.energy, self.length, self.charge))

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        powers = (("eV", self.energy), ("Å", self.length), ("e", self.charge))
        above = [_power(name, p) for name, p in powers if p > 0]
        below = [_power(name, -p) for name, p in powers if p < 0]
        if not above and not below:
            return "1"
        return " ".join([*above, *("/" + part for part in below)]).replace(" /", "/")


@lru_cache(maxsize=4096)
def _product(a: Unit, b: Unit) -> Unit:
    return Unit(a.energy + b.energy, a.length + b.length, a.charge + b.charge)


@lru_cache(maxsize=4096)
def _powered(a: Unit, power: Fraction | int) -> Unit:
    return Unit(a.energy * power, a.length * power, a.charge * power)


def _power(name: str, p: Fraction) -> str:
    return name if p == 1 else f"{name}^{p}" if p.denominator == 1 else f"{name}^({p})"


ONE = Unit()
EV = Unit(energy=Fraction(1))
ANGSTROM = Unit(length=Fraction(1))
CHARGE = Unit(charge=Fraction(1))

# name in a spec: (factor to eV, Å, e; unit)
UNITS: dict[str, tuple[float, Unit]] = {
    "Å": (1.0, ANGSTROM),
    "A": (1.0, ANGSTROM),
    "angstrom": (1.0, ANGSTROM),
    "Angstrom": (1.0, ANGSTROM),
    "nm": (10.0, ANGSTROM),
    "pm": (0.01, ANGSTROM),
    "bohr": (BOHR, ANGSTROM),
    "eV": (1.0, EV),
    "meV": (1e-3, EV),
    "keV": (1e3, EV),
    "Ry": (RYDBERG, EV),
    "Ha": (HARTREE, EV),
    "hartree": (HARTREE, EV),
    "kcal_mol": (KCAL_MOL, EV),
    "kJ_mol": (KJ_MOL, EV),
    "J": (1.0 / EV_IN_JOULE, EV),
    "e": (1.0, CHARGE),
    "deg": (0.017453292519943295, ONE),
    "rad": (1.0, ONE),
}

# unit of a stress label: how many of it are 1 eV/Å³
PER_EV_A3: Mapping[str, float] = {
    "eV/Å^3": 1.0,
    "eV/A^3": 1.0,
    "GPa": GPA,
    "kbar": 10 * GPA,
    "bar": 1e4 * GPA,
    "MPa": 1e3 * GPA,
    "Pa": 1e9 * GPA,
}

# unit that a property is reported in: {unit of a reference value: factor to the reported one}
REPORTED: Mapping[str, Mapping[str, float]] = {
    "Å": {"Å": 1.0, "A": 1.0, "angstrom": 1.0, "nm": 10.0, "pm": 0.01, "bohr": BOHR},
    "Å^3": {"Å^3": 1.0, "A^3": 1.0, "nm^3": 1e3, "bohr^3": BOHR**3},
    "eV": {"eV": 1.0, "meV": 1e-3},
    "eV/atom": {
        "eV/atom": 1.0,
        "meV/atom": 1e-3,
        "eV": 1.0,
        "meV": 1e-3,
        "kJ/mol": KJ_MOL,
        "kcal/mol": KCAL_MOL,
        "Ry/atom": RYDBERG,
    },
    "GPa": {**{name: GPA / factor for name, factor in PER_EV_A3.items()}, "Mbar": 100.0},
    "J/m^2": {"J/m^2": 1.0, "mJ/m^2": 1e-3, "eV/Å^2": J_PER_M2, "eV/A^2": J_PER_M2, "erg/cm^2": 1e-3},
    "THz": {"THz": 1.0, "meV": THZ_PER_MEV, "cm^-1": THZ_PER_CM, "1/cm": THZ_PER_CM},
    "eV/Å": {"eV/Å": 1.0, "eV/A": 1.0},
    "1": {"1": 1.0, "": 1.0},
}


def lookup(name: str) -> tuple[float, Unit] | None:
    """Factor and unit of a name, None where there is no such unit. U+212B is read as Å too."""
    return UNITS.get(name.replace("\u212b", "Å"))
