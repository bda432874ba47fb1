"""A check of the sign and unit of stress labels, by the energies of strained cells.

Structures with the same atoms at the same fractional coordinates differ by a strain alone, and then
ΔE = ∫ V σ:dε ≈ ½ (V₁σ₁ + V₂σ₂) : Δε. The slope of ΔE against the right-hand side is 1 where the labels are
right, −1 where tension and compression are exchanged, 1/160 where they are in GPa and read as eV/Å³.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from ...compiler.chemistry.units import PER_EV_A3
from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Cell, Floats, Stress
from ..structures.structure import Structure
from .label_names import candidates
from .labels import LabelKeys
from .pair_virial import ImpliedShear, implied_shear

# fractional coordinates are compared on this grid: 2⁶·3·5, so that the fractions of crystals lie on its
# points and not between them, where rounding would decide
_GRID = 960
_SMALL = 0.15  # largest strain over which the trapezoid rule is trusted
_FEWEST = 5  # pairs of structures, or structures whose forces are looked at
_CORRELATION = 0.9  # under it the labels do not say one thing
_ATOMS = 600  # whose forces are looked at
_AGREEMENT = 0.8  # correlation of labels and of what forces imply, where forces alone decide
_FAR = 10.0  # times: what forces between pairs leave out is less
_EYE = np.eye(3, dtype=bool)
_TURN = [1, 2, 0]  # puts xy yz zx of six numbers, read as yz xz xy, in their places
_TOLERANCE = 1.5  # the factor that anharmonicity and Pulay stress may put on a slope


def check_stress(structures: Sequence[Structure], keys: LabelKeys | None = None) -> list[Diagnostic]:
    """Warnings `stress-sign`, `stress-unit` and `stress-order`, of stresses and of virials each on their own;
    none where labels and energies agree. Where no cells are strained the forces between near atoms may tell
    the sign; of the order of six numbers they alone say something.

    keys: the reading of the labels, to name a right one.
    """
    keys = keys or LabelKeys()
    usable = [s for s in structures if s.energy is not None and s.stress is not None and s.volume > 0]
    found = []
    for quantity in ("stress", "virial"):
        group = [s for s in usable if _quantity(s, keys) == quantity]
        implied = implied_shear(group, _ATOMS) if len(group) >= _FEWEST else None
        if (measured := _slope(group)) is not None:
            found.append(_verdict(*measured, quantity, keys))
        elif implied is not None:
            found.append(_by_forces(implied, quantity, keys))
        if implied is not None:
            found.append(_order(implied, quantity))
    return [warning for warning in found if warning is not None]


def sign_of_stress(structures: Sequence[Structure]) -> tuple[int, str] | None:
    """1 where the sign of stress labels is right, −1 where it is wrong; the evidence. None without any."""
    usable = [s for s in structures if s.energy is not None and s.stress is not None and s.volume > 0]
    if (measured := _slope(usable)) is not None:
        return (1 if measured[0] > 0 else -1), f"the energies of {measured[1]} pairs of strained cells decide"
    implied = implied_shear([s for s in structures if s.stress is not None and s.stress_volume > 0])
    agreement = None if implied is None else implied.agreement()
    if agreement is None:
        return None
    return (1 if agreement.correlation > 0 else -1), "the forces between near atoms decide"


def _quantity(s: Structure, keys: LabelKeys) -> str:
    key = s.origin.keys.get("stress", keys.virial or keys.stress)
    return "virial" if key == keys.virial or candidates("virial", [key]) else "stress"


def _slope(structures: Sequence[Structure]) -> tuple[float, int, float] | None:
    """The slope of energy against work, the number of pairs that it is from, and the mean volume of their
    structures; None where the labels do not say one.
    """
    groups = _strained(structures)
    rows = np.array([row for group in groups for row in _work(group)]).reshape(-1, 2)
    expected, found = rows.T
    if len(rows) < _FEWEST or not expected.any() or not found.any():
        return None
    product = float(expected @ found)
    if abs(product) < _CORRELATION * np.linalg.norm(expected) * np.linalg.norm(found):
        return None
    volume = float(np.mean([s.volume for group in groups for s in group]))
    return product / float(expected @ expected), len(rows), volume


def _strained(structures: Sequence[Structure]) -> list[list[Structure]]:
    """Groups of the same atoms at the same fractional coordinates, by volume."""
    groups: dict[tuple[bytes, bytes], list[Structure]] = {}
    for s in structures:
        fractional = np.linalg.solve(s.cell.T, (s.positions - s.positions[0]).T).T
        grid = np.rint(fractional * _GRID).astype(np.int64) % _GRID
        groups.setdefault((s.numbers.tobytes(), grid.tobytes()), []).append(s)
    return [sorted(group, key=lambda s: s.volume) for group in groups.values() if len(group) > 1]


def _work(group: Sequence[Structure]) -> Iterator[tuple[float, float]]:
    """(½ (V₁σ₁ + V₂σ₂) : Δε, ΔE) in eV/atom, between neighbours in volume and from the lowest in energy."""
    lowest = min(group, key=_energy)
    for a, b in (*pairwise(group), *((lowest, other) for other in group if other is not lowest)):
        strain = _strain(a.cell, b.cell)
        if 0 < np.abs(strain).max() < _SMALL:
            mean = (a.volume * _stress(a) + b.volume * _stress(b)) / 2
            yield float((mean * strain).sum()) / a.n_atoms, (_energy(b) - _energy(a)) / a.n_atoms


def _strain(a: Cell, b: Cell) -> Float[Floats, "3 3"]:
    """The symmetric strain from cell a to cell b about the cell between: a rotation gives exactly 0."""
    gradient = np.linalg.solve((a + b) / 2, b - a)
    if np.abs(gradient).max() > _SMALL:  # another setting of the cell: its stress is in other axes
        return np.zeros((3, 3))
    return (gradient + gradient.T) / 2


def _energy(s: Structure) -> float:
    assert s.energy is not None
    return s.energy


def _stress(s: Structure) -> Stress:
    assert s.stress is not None
    return s.stress


def _verdict(slope: float, pairs: int, volume: float, quantity: str, keys: LabelKeys) -> Diagnostic | None:
    """The remark on stress labels that a slope of energy against work calls for."""
    factor = 1 / abs(slope)
    seen = f"over {pairs} pairs of strained cells the energy changes by {slope:.3g} times V*stress:strain"
    if _near(factor, 1):
        message = f"the {quantity} labels have the wrong sign"
        help = f"{seen}; say `{_other_sign(quantity, keys)}`"
        return None if slope > 0 else Diagnostic("stress-sign", message, "warning", help=help)
    message, help = _wrong_size(factor, volume, quantity, keys)
    if slope < 0 and "virial" not in help:
        message += ", and have the wrong sign"
    return Diagnostic("stress-unit", message, "warning", help=f"{seen}; {help}")


def _by_forces(implied: ImpliedShear, quantity: str, keys: LabelKeys) -> Diagnostic | None:
    """The remark on a sign or unit that forces alone decide, where no cells are strained."""
    found = implied.agreement()
    if found is None or abs(found.correlation) < _AGREEMENT:
        return None
    if not 1 / _FAR < found.factor < _FAR:
        volume = float(np.mean([s.volume for s in implied.structures]))
        message, help = _wrong_size(found.factor, volume, quantity, keys)
        if found.correlation < 0 and "virial" not in help:
            message += ", and have the wrong sign"
        seen = f"they are {found.factor:.3g} times the shear that the forces between near atoms imply"
        return Diagnostic("stress-unit", message, "warning", help=f"{seen}; {help}")
    if found.correlation > 0:
        return None
    message = f"the {quantity} labels seem to have the wrong sign"
    seen = f"the shear that the forces between near atoms imply is against them ({found.correlation:.2f})"
    return Diagnostic("stress-sign", message, "warning", help=f"{seen}; say `{_other_sign(quantity, keys)}`")


def _order(implied: ImpliedShear, quantity: str) -> Diagnostic | None:
    """The remark on shear components that agree with the forces in another order alone."""
    found = implied.agreement(_from_vasp) if implied.agreement() is None else None
    if found is None or abs(found.correlation) < _AGREEMENT:
        return None
    message = f"the {quantity} labels seem to be in the order of VASP, xx yy zz xy yz zx"
    help = (
        f"the shear that the forces between near atoms imply agrees with them so ({found.correlation:.2f}), "
        "and not as xx yy zz yz xz xy; write all nine numbers"
    )
    return Diagnostic("stress-order", message, "warning", help=help)


def _from_vasp(stress: Stress) -> Stress:
    """What six numbers xx yy zz xy yz zx mean that were read as xx yy zz yz xz xy."""
    return np.where(_EYE, stress, stress[np.ix_(_TURN, _TURN)])


def _wrong_size(factor: float, volume: float, quantity: str, keys: LabelKeys) -> tuple[str, str]:
    """(message, help) for labels that are `factor` times the slopes of the energies."""
    if quantity == "virial" and _near(factor, 1 / volume):
        return "the virial labels seem to be stresses in eV/Å^3, not virials", "name the key as a stress"
    if quantity == "stress":
        if _near(factor / PER_EV_A3[keys.stress_unit], volume) or _near(factor, volume):
            return "the stress labels seem to be virials in eV, not stresses", "say `--virial-key`"
        for unit, per in PER_EV_A3.items():
            if _near(factor * PER_EV_A3[keys.stress_unit], per):
                message = f"the stress labels seem to be in {unit}, not in {keys.stress_unit}"
                return message, f"say `--stress-unit {unit}`"
    size = f"{factor:.3g} times too large" if factor > 1 else f"{1 / factor:.3g} times too small"
    return f"the stress labels are about {size} for the energies", "check their unit"


def _other_sign(quantity: str, keys: LabelKeys) -> str:
    if quantity == "virial":
        return f"--virial-sign {'plus' if keys.virial_sign == 'minus' else 'minus'}"
    return f"--stress-sign {'compression' if keys.stress_sign == 'tension' else 'tension'}"


def _near(factor: float, expected: float) -> bool:
    return expected / _TOLERANCE < factor < expected * _TOLERANCE
