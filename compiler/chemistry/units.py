"""Units. Inside potentia everything is in eV, Å and e; a unit is the powers of these three."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """eV^energy · Å^length · e^charge."""

    energy: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    charge: Fraction = Fraction(0)

    def __mul__(self, other: Unit) -> Unit:
        return Unit(self.energy + other.energy, self.length + other.length, self.charge + other.charge)

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, power: Fraction | int) -> Unit:
        return Unit(self.energy * power, self.length * power, self.charge * power)

    def __str__(self) -> str:
        powers = (("eV", self.energy), ("Å", self.length), ("e", self.charge))
        above = [_power(name, p) for name, p in powers if p > 0]
        below = [_power(name, -p) for name, p in powers if p < 0]
        if not above and not below:
            return "1"
        return " ".join([*above, *("/" + part for part in below)]).replace(" /", "/")


def _power(name: str, p: Fraction) -> str:
    return name if p == 1 else f"{name}^{p}" if p.denominator == 1 else f"{name}^({p})"


ONE = Unit()
EV = Unit(energy=Fraction(1))
ANGSTROM = Unit(length=Fraction(1))
CHARGE = Unit(charge=Fraction(1))

# name: (factor to eV, Å, e; unit). Factors: CODATA 2018; kcal is the thermochemical one.
UNITS: dict[str, tuple[float, Unit]] = {
    "Å": (1.0, ANGSTROM),
    "A": (1.0, ANGSTROM),
    "angstrom": (1.0, ANGSTROM),
    "Angstrom": (1.0, ANGSTROM),
    "nm": (10.0, ANGSTROM),
    "pm": (0.01, ANGSTROM),
    "bohr": (0.529177210903, ANGSTROM),
    "eV": (1.0, EV),
    "meV": (1e-3, EV),
    "keV": (1e3, EV),
    "Ry": (13.605693122994, EV),
    "Ha": (27.211386245988, EV),
    "hartree": (27.211386245988, EV),
    "kcal_mol": (0.0433641153087705, EV),
    "kJ_mol": (0.0103642696562621, EV),
    "J": (1.0 / 1.602176634e-19, EV),
    "e": (1.0, CHARGE),
    "deg": (0.017453292519943295, ONE),
    "rad": (1.0, ONE),
}


def lookup(name: str) -> tuple[float, Unit] | None:
    """Factor and unit of a name, None where there is no such unit. U+212B is read as Å too."""
    return UNITS.get(name.replace("\u212b", "Å"))
