"""Two labels of one kind in one structure: compared, and the one that is read chosen by a rule that is told.

The name itself (`energy`) goes before its aliases, and a stress before a virial. Between stress and virial of
opposite signs a test decides that needs no fit; they are refused where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...compiler.chemistry.units import PER_EV_A3
from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats
from ..structures.structure import Structure
from .labels import LabelKeys
from .stress_convention import sign_of_stress

_RELATIVE = 0.02  # of the larger of two labels: more than rounding and another volume leave
_ENERGY = 1e-4  # eV/atom
_FORCES = 1e-3  # eV/Å
_STRESS = 1e-5  # eV/Å³
_UNITS = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}
_ROUNDING = {"energy": _ENERGY, "forces": _FORCES, "stress": _STRESS}


@dataclass(frozen=True, eq=False)
class Rival:
    """Two labels of a structure. read, other: energy in eV/atom, forces in eV/Å, defined components of the
    stress in eV/Å³.

    structure: its place among those read with it; virial: whether the other is a virial and this one is not.
    """

    kind: str
    structure: int
    key: str
    other_key: str
    read: Floats
    other: Floats
    label: Floats  # the other as it would be read
    virial: bool = False

    @property
    def difference(self) -> float:
        """The largest difference of a component; 0 where it is within rounding."""
        return self._apart(self.read - self.other)

    @property
    def opposite(self) -> bool:
        """Whether one is the other with the sign changed."""
        return bool(self.difference) and not self._apart(self.read + self.other)

    def _apart(self, difference: Floats) -> float:
        size = max(float(np.abs(self.read).max()), float(np.abs(self.other).max()))
        found = float(np.abs(difference).max())
        share = 0.0 if self.kind == "energy" else _RELATIVE  # the zero of an energy is arbitrary
        return found if found > share * size + _ROUNDING[self.kind] else 0.0


Judged = tuple[list[Structure], list[Diagnostic]]


def judged(structures: list[Structure], rivals: Sequence[Rival], keys: LabelKeys, file: str) -> Judged:
    """The structures with the labels that are taken, and the remarks and errors (labels-contradict,
    free-energy).
    """
    found: list[Diagnostic] = []
    for group in _groups(rivals):
        different = [r for r in group if r.difference]
        if not different:
            continue
        first = different[0]
        if first.virial:
            structures, remark = _stress_or_virial(structures, group, different, keys, file)
            found.append(remark)
        elif first.other_key == "free_energy":
            found.append(_free_energy(group, different, file))
        else:
            found.append(_contradict(group, different, keys, file))
    return structures, found


def _groups(rivals: Sequence[Rival]) -> Iterator[list[Rival]]:
    """Rivals of the same two keys."""
    groups: dict[tuple[str, str], list[Rival]] = {}
    for rival in rivals:
        groups.setdefault((rival.key, rival.other_key), []).append(rival)
    yield from groups.values()


def _share(different: Sequence[Rival], group: Sequence[Rival]) -> str:
    plural = "" if len(group) == 1 else "s"
    return f"in {len(different)} of {len(group)} structure{plural} that ha{'ve' if plural else 's'} both"


def _contradict(group: Sequence[Rival], different: Sequence[Rival], keys: LabelKeys, file: str) -> Diagnostic:
    """A warning where the name itself is read, an error where neither key goes before the other."""
    first = different[0]
    unit, largest = _UNITS[first.kind], max(r.difference for r in different)
    message = f"`{first.key}` and `{first.other_key}` differ {_share(different, group)}, "
    message += f"by up to {largest:.3g} {unit}"
    option = "virial" if first.kind == "stress" and "virial" in first.key.lower() else first.kind
    if first.key.lower() == option:
        message += f"; `{first.key}` was read"
        help = f"`--{option}-key {first.other_key}` reads the other"
        return Diagnostic("labels-contradict", message, "warning", place=file, help=help)
    help = f"say which one is read, as `--{option}-key {first.key}`"
    return Diagnostic("labels-contradict", message, place=file, help=help)


def _free_energy(group: Sequence[Rival], different: Sequence[Rival], file: str) -> Diagnostic:
    first, largest = different[0], max(r.difference for r in different)
    message = (
        f"`{first.key}` and `free_energy` differ {_share(different, group)}, by up to {largest:.3g} eV/atom; "
        f"`{first.key}` was read"
    )
    help = "forces of smeared electrons are the slope of `free_energy`: `--energy-key free_energy` reads it"
    return Diagnostic("free-energy", message, "warning", place=file, help=help)


# --- stress and virial ---------------------------------------------------------------------------


def _stress_or_virial(
    structures: list[Structure],
    group: Sequence[Rival],
    different: Sequence[Rival],
    keys: LabelKeys,
    file: str,
) -> tuple[list[Structure], Diagnostic]:
    first = different[0]
    if not all(r.opposite for r in different):
        return structures, _sizes(group, different, keys, file)
    sign = "+" if keys.virial_sign == "minus" else "-"
    message = f"`{first.key}` and `{first.other_key}` contradict each other: V*{first.key} is "
    message += f"{sign}{first.other_key} {_share(different, group)}"
    chosen = [structures[r.structure] for r in different]
    evidence = sign_of_stress(chosen)
    if evidence is None:
        tension = "compression" if keys.stress_sign == "tension" else "tension"
        virial = "plus" if keys.virial_sign == "minus" else "minus"
        help = f"say which one is wrong: `--stress-sign {tension}` or `--virial-sign {virial}`"
        return structures, Diagnostic("labels-contradict", message, place=file, help=help)
    right, seen = evidence
    message += f"; {seen}, so that `{first.key if right > 0 else first.other_key}` was read"
    if right < 0:
        structures = _taken(structures, different)
    help = _said(right, keys)
    return structures, Diagnostic("labels-contradict", message, "warning", place=file, help=help)


def _taken(structures: list[Structure], rivals: Sequence[Rival]) -> list[Structure]:
    """The structures with the stress of their other label."""
    found = list(structures)
    for r in rivals:
        s = found[r.structure]
        origin = replace(s.origin, keys={**s.origin.keys, "stress": r.other_key})
        found[r.structure] = replace(s, stress=r.label, origin=origin)
    return found


def _said(right: int, keys: LabelKeys) -> str:
    """The option that makes the file agree with itself."""
    if right > 0:
        option = f"`--virial-sign {'plus' if keys.virial_sign == 'minus' else 'minus'}`"
    else:
        option = f"`--stress-sign {'compression' if keys.stress_sign == 'tension' else 'tension'}`"
    return f"{option} says so"


def _sizes(group: Sequence[Rival], different: Sequence[Rival], keys: LabelKeys, file: str) -> Diagnostic:
    first, largest = different[0], max(r.difference for r in different)
    message = f"`{first.key}` and `{first.other_key}` contradict each other {_share(different, group)}, "
    message += f"by up to {largest:.3g} eV/Å^3"
    unit = _unit(different, keys)
    help = (
        f"`--stress-unit {unit}` makes them agree"
        if unit
        else f"say which one is read: `--virial-key none` or `--virial-key {first.other_key}`"
    )
    return Diagnostic("labels-contradict", message, place=file, help=help)


def _unit(different: Sequence[Rival], keys: LabelKeys) -> str | None:
    """The unit of the stress in which it agrees with the virial."""
    agrees: Callable[[float], bool] = lambda factor: all(  # noqa: E731
        not replace(r, read=r.read * factor).difference for r in different
    )
    for unit, per in PER_EV_A3.items():
        if agrees(PER_EV_A3[keys.stress_unit] / per):
            return unit
    return None
