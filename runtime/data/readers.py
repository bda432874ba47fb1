"""Labelled structures from any file that ASE reads; every fault of the data is a diagnostic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean
from ..structures.arrays import Forces, Stress
from ..structures.structure import Structure, from_atoms
from .checks import check
from .file_kind import AS_IT_LOOKS, FileKind
from .frames import frames_with_text, split_slice, taken
from .labels import LabelKeys, config_type, raw_labels, scalars, tensor

if TYPE_CHECKING:
    from ase import Atoms

T = TypeVar("T")

SHOWN = 10  # diagnostics shown of one file; the rest are counted
_ASYMMETRY = 0.01  # of the largest component: more than rounding and integration grids leave
_STRESS_LIKE = ("stress", "virial", "virials", "dft_stress", "dft_virial", "REF_stress", "REF_virial")


@dataclass(frozen=True, eq=False)
class Reading:
    """The content of a file: structures, the label keys that were used, and remarks that are not errors."""

    structures: tuple[Structure, ...]
    keys: LabelKeys
    warnings: tuple[Diagnostic, ...] = ()


def read(
    where: str | Path,
    keys: LabelKeys | None = None,
    weights: Mapping[str, float] | None = None,
    labels: bool = True,
    keep: bool = False,
    kind: FileKind = AS_IT_LOOKS,
) -> Reading:
    """Read `path` or `path@slice` (`nb.xyz@:100`, `nb.xyz@-1`), in any format of ASE.

    weights: config_type → factor on the weight of its structures.
    labels: False, for prediction, asks for no labels.
    keep: each structure has its `source`, for a writer that keeps what it does not know.
    Raises DataError with all faults of the file: missing-file, unreadable-data, types-only, bad-types,
    unreadable-structure, truncated-file, no-structures, no-energies, some-forces, bad-label, nan-label,
    flat-cell, duplicate-atoms, no-atoms, unknown-config-type, bad-weight.
    """
    keys = keys or LabelKeys()
    path, chosen = split_slice(str(where))
    faults: list[Diagnostic] = []
    structures, known = [], set[str]()
    for number, atoms, text in _numbered(path, chosen, kind):
        structure, wrong = labelled(atoms, keys, f"{path.name}, structure {number}")
        structure = replace(structure, source=text or atoms) if keep else structure
        known.update(raw_labels(atoms))
        structures.append(structure)
        faults += wrong or check(structure)
    if not structures:
        raise DataError(_nothing(path, str(where)))
    if labels:
        faults = [*_missing(structures, keys, known, path.name), *faults]
    if faults:
        raise DataError(_capped(faults, path.name))
    found = weighted(structures, weights or {})
    return Reading(found, keys, _remarks(structures, keys, known, path.name))


def labelled(atoms: Atoms, keys: LabelKeys, place: str) -> tuple[Structure, list[Diagnostic]]:
    """One structure with its labels, and the faults in their form: bad-label, bad-weight."""
    raw = raw_labels(atoms)
    bare = from_atoms(atoms, place)
    wrong: list[Diagnostic] = []

    def attempt(quantity: str, key: str | None, convert: Callable[[object], T]) -> T | None:
        if key is None or raw.get(key) is None:
            return None
        try:
            return convert(raw[key])
        except (ValueError, TypeError) as error:
            message = f"the {quantity} under `{key}` {_reason(error)}"
            wrong.append(Diagnostic("bad-label", message, place=place))
            return None

    weight = attempt("weight", keys.weight, _weight)
    structure = replace(
        bare,
        energy=attempt("energy", keys.energy, _energy),
        forces=attempt("forces", keys.forces, lambda v: _forces(v, bare.n_atoms)),
        stress=attempt(*_stress_key(keys), lambda v: _stress(v, keys, bare.volume)),
        weight=1.0 if weight is None else weight,
        config_type=config_type(raw, keys),
        info=scalars(raw),
    )
    return structure, wrong


def require_forces(structures: Sequence[Structure], keys: LabelKeys | None = None) -> None:
    """Raise DataError (no-forces) where no structure has forces."""
    if not any(s.forces is not None for s in structures):
        key = (keys or LabelKeys()).forces
        help = "name the key that holds them (`--forces-key`), or fit to energies alone (`--no-forces`)"
        place = structures[0].place.split(",")[0] if structures else None
        message = f"no structure has forces under the key `{key}`"
        raise DataError(Diagnostic("no-forces", message, place=place, help=help))


def _numbered(path: Path, chosen: slice, kind: FileKind) -> Iterable[tuple[int, Atoms, str | None]]:
    """Structures with their number in the file, from 1. `@:k` reads no further than it must."""
    found = taken(enumerate(frames_with_text(path, kind), 1), chosen)
    return [(number, atoms, text) for number, (atoms, text) in found]


def _nothing(path: Path, where: str) -> Diagnostic:
    if where != str(path):
        return Diagnostic("no-structures", f"`{where}` selects no structure", place=path.name)
    return Diagnostic("no-structures", "the file holds no structures", place=path.name)


def _energy(value: object) -> float:
    array = np.asarray(value, dtype=np.float64)
    if array.size != 1:
        raise ValueError(f"has the shape {array.shape}, not one number")
    return float(array.reshape(()))


def _weight(value: object) -> float:
    weight = _energy(value)
    if not weight >= 0 or np.isinf(weight):
        raise ValueError(f"is {weight}, not a number of 0 or more")
    return weight


def _forces(value: object, n_atoms: int) -> Forces:
    array = np.array(value, dtype=np.float64)
    if array.shape != (n_atoms, 3):
        raise ValueError(f"have the shape {array.shape}, not ({n_atoms}, 3)")
    return array


def _stress_key(keys: LabelKeys) -> tuple[str, str]:
    return ("virial", keys.virial) if keys.virial is not None else ("stress", keys.stress)


def _stress(value: object, keys: LabelKeys, volume: float) -> Stress | None:
    matrix = tensor(value)
    if matrix is None:
        raise ValueError(f"has the shape {np.asarray(value).shape}, not (3, 3), (9,) or (6,)")
    if volume == 0:  # codes print one also for molecules and slabs; it has no meaning per volume
        return None
    if np.isfinite(matrix).all() and np.abs(matrix - matrix.T).max() > _ASYMMETRY * np.abs(matrix).max():
        raise ValueError("is not symmetric")
    return keys.to_stress((matrix + matrix.T) / 2, volume)


def _reason(error: Exception) -> str:
    text = str(error)
    return text if text.startswith(("has ", "have ", "is ")) else f"cannot be read as numbers ({text})"


def _missing(
    structures: Sequence[Structure], keys: LabelKeys, known: set[str], file: str
) -> Iterable[Diagnostic]:
    if all(s.energy is None for s in structures):
        message = f"no structure has an energy under the key `{keys.energy}`"
        candidates = sorted(known - {"numbers", "positions"})
        listed = f"keys in the file: {', '.join(candidates)}" if candidates else "the file holds no labels"
        help = did_you_mean(keys.energy, candidates) or listed
        yield Diagnostic("no-energies", message, place=file, help=help)
    # one atom in a vacuum has no force to give
    without = [s for s in structures if s.forces is None and not (s.n_atoms == 1 and not s.pbc.any())]
    if without and any(s.forces is not None for s in structures):
        share = f"{len(without)} of {len(structures)} structures"
        message = f"{share} have no forces under the key `{keys.forces}`"
        places = ", ".join(s.place.rsplit(" ", 1)[-1] for s in without[:SHOWN])
        dots = ", …" if len(without) > SHOWN else ""
        help = f"structures without: {places}{dots}; give them forces, or leave them out"
        yield Diagnostic("some-forces", message, place=without[0].place, help=help)


def _remarks(
    structures: Sequence[Structure], keys: LabelKeys, known: set[str], file: str
) -> tuple[Diagnostic, ...]:
    """Labels that are there and not read, and labels that some structures lack."""
    remarks = []
    quantity, key = _stress_key(keys)
    others = [k for k in _STRESS_LIKE if k in known and k != key]
    if all(s.stress is None for s in structures) and others:
        message = (
            f"no structure has a {quantity} under the key `{key}`; `{others[0]}` is there and was not read"
        )
        help = f"name it: `--{'virial' if 'virial' in others[0] else 'stress'}-key {others[0]}`"
        remarks.append(Diagnostic("unread-stress", message, "warning", place=file, help=help))
    lacking = sum(s.energy is None for s in structures)
    if 0 < lacking < len(structures):
        message = f"{lacking} of {len(structures)} structures have no energy under the key `{keys.energy}`"
        place = next(s.place for s in structures if s.energy is None)
        remarks.append(Diagnostic("some-energies", message, "warning", place=place))
    return tuple(remarks)


def weighted(structures: Sequence[Structure], weights: Mapping[str, float]) -> tuple[Structure, ...]:
    """The structures with their weights times the factor of their config_type.

    Raises DataError: unknown-config-type, bad-weight.
    """
    known = sorted({s.config_type for s in structures})
    for name, weight in weights.items():
        if name not in known:
            help = did_you_mean(name, known) or f"config types in the data: {', '.join(known)}"
            message = f"no structure has the config type `{name}`"
            raise DataError(Diagnostic("unknown-config-type", message, help=help))
        if not weight >= 0 or np.isinf(weight):
            message = f"the weight of `{name}` is {weight}, not a number of 0 or more"
            raise DataError(Diagnostic("bad-weight", message))
    return tuple(replace(s, weight=s.weight * weights.get(s.config_type, 1.0)) for s in structures)


def _capped(faults: Sequence[Diagnostic], file: str) -> list[Diagnostic]:
    if len(faults) <= SHOWN:
        return list(faults)
    return [*faults[:SHOWN], Diagnostic("more-faults", f"and {len(faults) - SHOWN} more", "note", place=file)]
