"""Labelled structures from any file that ASE reads; every fault of the data is a diagnostic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean
from ..structures.structure import Structure, from_atoms
from .checks import check
from .file_kind import AS_IT_LOOKS, FileKind
from .frames import frames_or_faults, split_slice, taken
from .label_counts import KINDS
from .label_values import LabelValues
from .labels import LabelKeys, config_type, raw_labels, scalars
from .plain_file import called
from .rivals import Rival, judged
from .skipped import left_out_of

if TYPE_CHECKING:
    from ase import Atoms

SHOWN = 10  # diagnostics shown of one file; the rest are counted


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
    aside: Sequence[str] = (),
    skips: bool = False,
) -> Reading:
    """Read `path` or `path@slice` (`nb.xyz@:100`, `nb.xyz@-1`), in any format of ASE.

    weights: config_type → factor on the weight of its structures.
    labels: False, for prediction, asks for no labels.
    keep: each structure has its `source`, for a writer that keeps what it does not know.
    aside: kinds of labels, of `energy`, `forces` and `stress`, that are left aside and so are not at fault.
    skips: bad structures are left out and told in a warning, skipped-structures, as long as one is good.
    Raises DataError with all faults of the file: missing-file, unreadable-data, types-only, bad-types,
    unreadable-structure, truncated-file, no-structures, no-energies, bad-label, labels-contradict, nan-label,
    flat-cell, duplicate-atoms, no-atoms, unknown-config-type, bad-weight.
    """
    keys = keys or LabelKeys()
    path, chosen = split_slice(str(where))
    name = called(path)
    faults, skipped = list[Diagnostic](), list[tuple[int, Diagnostic]]()
    structures, known, rivals = list[Structure](), set[str](), list[Rival]()
    for number, atoms, text in _numbered(path, chosen, kind, skips):
        if isinstance(atoms, Diagnostic):
            skipped.append((number, atoms))
            continue
        found = labelled(atoms, keys, f"{name}, structure {number}", len(structures), aside)
        bad = (found.faults if labels else ()) or check(found.structure)
        if bad and skips:
            skipped.append((number, bad[0]))
            continue
        faults += bad
        known.update(raw_labels(atoms))
        structures.append(replace(found.structure, source=text or atoms) if keep else found.structure)
        rivals += found.rivals
    if not structures:
        raise DataError(_capped([d for _, d in skipped], name) or _nothing(path, str(where)))
    remarks: list[Diagnostic] = []
    if labels:
        structures, remarks = judged(structures, rivals, keys, name)
        missing = [] if faults else _missing(structures, keys, known, name)
        faults = [*missing, *_errors(remarks), *faults]
    if faults:
        raise DataError(_capped(faults, name))
    remarks += _some_energies(structures, keys)
    left_out = left_out_of(name, len(structures), skipped)
    remarks = [*left_out, *remarks] if labels else left_out
    return Reading(weighted(structures, weights or {}), keys, tuple(remarks))


@dataclass(frozen=True, eq=False)
class Labelled:
    """A structure with its labels, the faults in their form (bad-label), and labels of the same kind under
    other keys.
    """

    structure: Structure
    faults: tuple[Diagnostic, ...]
    rivals: tuple[Rival, ...]


def labelled(
    atoms: Atoms, keys: LabelKeys, place: str, number: int = 0, aside: Sequence[str] = ()
) -> Labelled:
    """One structure with its labels, but those of the kinds `aside`.

    number: its place among those that are read with it.
    """
    raw = raw_labels(atoms)
    bare = from_atoms(atoms, place)
    values = LabelValues(raw, keys, bare, aside)
    energy, forces, stress = (values.read(kind) for kind in KINDS)
    weight = values.weight()
    origin = values.origin()
    structure = replace(
        bare,
        energy=None if energy is None else float(energy.reshape(())),
        forces=forces,
        stress=stress,
        weight=weight,
        config_type=config_type(raw, keys),
        info=scalars(raw),
        origin=origin,
    )
    return Labelled(structure, tuple(values.faults), tuple(values.rivals(number)))


def require_forces(structures: Sequence[Structure], keys: LabelKeys | None = None) -> None:
    """Raise DataError (no-forces) where no structure has forces."""
    if not any(s.forces is not None for s in structures):
        key = (keys or LabelKeys()).forces
        help = "name the key that holds them (`--forces-key`), or fit to energies alone (`--no-forces`)"
        place = structures[0].place.split(",")[0] if structures else None
        message = f"no structure has forces under the key `{key}`"
        raise DataError(Diagnostic("no-forces", message, place=place, help=help))


def _numbered(
    path: Path, chosen: slice, kind: FileKind, skips: bool
) -> Iterable[tuple[int, Atoms | Diagnostic, str | None]]:
    """Structures with their number in the file, from 1. `@:k` reads no further than it must."""
    found = taken(enumerate(frames_or_faults(path, kind, skips), 1), chosen)
    return [(number, atoms, text) for number, (atoms, text) in found]


def _nothing(path: Path, where: str) -> Diagnostic:
    if where != str(path):
        return Diagnostic("no-structures", f"`{where}` selects no structure", place=called(path))
    return Diagnostic("no-structures", "the file holds no structures", place=called(path))


def _errors(remarks: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [d for d in remarks if d.severity == "error"]


def _missing(
    structures: Sequence[Structure], keys: LabelKeys, known: set[str], file: str
) -> Iterable[Diagnostic]:
    if all(s.energy is None for s in structures):
        message = f"no structure has an energy under the key `{keys.energy}`"
        candidates = sorted(known - {"numbers", "positions"})
        listed = f"keys in the file: {', '.join(candidates)}" if candidates else "the file holds no labels"
        help = did_you_mean(keys.energy, candidates) or listed
        yield Diagnostic("no-energies", message, place=file, help=help)


def _some_energies(structures: Sequence[Structure], keys: LabelKeys) -> list[Diagnostic]:
    """A warning where some structures have no energy."""
    lacking = [s for s in structures if s.energy is None]
    if not lacking or len(lacking) == len(structures):
        return []
    message = f"{len(lacking)} of {len(structures)} structures have no energy under the key `{keys.energy}`"
    return [Diagnostic("some-energies", message, "warning", place=lacking[0].place)]


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
