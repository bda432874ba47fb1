"""Dumps and data files of LAMMPS, whose atoms have types: their elements are asked for and never guessed.

Units are `metal`. ASE takes a type for an atomic number, and gives each dump with forces an energy of 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..files.plain_data import Data
from .frame_text import Column, columns_of, with_columns
from .lammps_dump import DumpFrame, dump_frames
from .plain_file import unreadable

if TYPE_CHECKING:
    from ase import Atoms

DUMP, BINARY, DATA = "lammps-dump-text", "lammps-dump-binary", "lammps-data"
_COUNT = re.compile(r"^\s*\d+\s+atoms\s*(#.*)?$", re.MULTILINE)
_BOX = re.compile(r"^.*\b(xlo\s+xhi|avec)\b", re.MULTILINE)
_GUESSED = (5, 7, 8, 10)  # numbers of columns by which ASE knows `atomic` from `full`
_SAME = 0.03  # amu: two spellings of the mass of an element; those of neighbours differ by 0.1 or more


def looks_like_data(head: str) -> bool:
    """Whether the first lines of a file are those of a data file."""
    return bool(_COUNT.search(head)) and bool(_BOX.search(head))


def read_lammps(source: Path, path: Path, kind: str, types: Sequence[str]) -> Iterator[Atoms]:
    """The structures of a file.

    source: the file to open; path: its name for people; types: elements of the types 1, 2, …, of files that
    do not say them. Raises DataError types-only, bad-types, unreadable-data, unreadable-structure,
    truncated-file; and whatever ASE raises.
    """
    for atoms, said in _read_dump(source, path, types) if kind == DUMP else _read_other(source, path, kind):
        if not said.elements:
            numbers = np.asarray(atoms.arrays.get("type", atoms.numbers), dtype=np.int64)
            by_type = dict(enumerate(types, 1)) or _by_mass(said.masses or _masses_of(atoms, numbers))
            _set_elements(atoms, numbers, by_type, path)
        results: Data = getattr(atoms.calc, "results", {})
        results.pop("energy", None)  # 0, which no file says
        if "timestep" in atoms.info:
            atoms.info["step"] = atoms.info.pop("timestep")
        yield atoms


@dataclass(frozen=True)
class Said:
    """elements: whether a column has them; masses: of each type, amu."""

    elements: bool = False
    masses: Mapping[int, float] = field(default_factory=dict)


def _read_other(source: Path, path: Path, kind: str) -> Iterator[tuple[Atoms, Said]]:
    """Raises DataError unreadable-data for a data file in units other than `metal`, or whose columns are not
    known.
    """
    from ase.io import iread

    if kind == DATA:
        _require_known(source, path)
    yield from (
        (atoms, Said()) for atoms in iread(str(source), index=":", format=kind, do_not_split_by_at_sign=True)
    )


def _require_known(source: Path, path: Path) -> None:
    """ASE takes all units for `metal`, and only columns that the line `Atoms # style` names for sure."""
    with source.open(encoding="utf-8", errors="replace") as file:
        first = next(file, "")
        units = re.search(r"\bunits\s*=\s*(\w+)", first)  # as LAMMPS writes it
        if units is not None and units[1] != "metal":
            raise unreadable(path, *_other_units(units[1]))
        for line in file:
            if line.split("#")[0].split() == ["Atom", "Type", "Labels"]:
                why = "its types are labels"
                raise unreadable(path, why, "write it in LAMMPS with `write_data FILE types numeric`")
            if line.split("#")[0].split() == ["Atoms"]:
                next(file, "")
                width = len(next(file, "").split("#")[0].split())
                if "#" not in line and width not in (0, *_GUESSED):
                    why = f"the line `Atoms` does not say which columns its {width} are"
                    raise unreadable(path, why, "write the atom style behind it: `Atoms # charge`")
                return


def _read_dump(source: Path, path: Path, types: Sequence[str]) -> Iterator[tuple[Atoms, Said]]:
    for frame in dump_frames(source, path):
        if frame.units not in (None, "metal"):
            raise unreadable(path, *_other_units(str(frame.units)))
        named = frame.without_elements() if types and not frame.elements_are_known() else frame
        yield named.atoms(), _said_by_columns(named, types, path)


def _other_units(units: str) -> tuple[str, str]:
    return f"its units are `{units}`, and those of `metal` are read", "write it in LAMMPS with `units metal`"


def _said_by_columns(frame: DumpFrame, types: Sequence[str], path: Path) -> Said:
    """Raises DataError bad-types for elements that are not those of `types`."""
    numbers, elements = frame.column("type"), frame.column("element")
    masses = {int(k): float(m) for k, m in zip(numbers, frame.column("mass"), strict=False)}
    if elements and set(elements) == {"C"}:
        # what LAMMPS writes of any type where `dump_modify element` names no elements
        alone = len(set(numbers)) < 2 and (not masses or _by_mass(masses) == dict.fromkeys(masses, "C"))
        return Said(elements=alone and (not types or set(types) == {"C"}), masses=masses)
    if elements:
        _require_agreement(dict(zip(map(int, numbers), elements, strict=False)), types, path)
        return Said(elements=True)
    return Said(masses=masses)


def _require_agreement(found: Mapping[int, str], types: Sequence[str], path: Path) -> None:
    """Raise DataError `bad-types` where the elements of a file are others than those of the options."""
    for number, element in sorted(found.items()):
        named = types[number - 1] if 0 < number <= len(types) else "none"
        if types and named != element:
            message = f"type {number} is {element} in `{path.name}`, and {named} by `--types`"
            help = "leave `--types` out: the file names the elements"
            raise DataError(Diagnostic("bad-types", message, place=str(path), help=help))


def _masses_of(atoms: Atoms, types: NDArray[np.int64]) -> Mapping[int, float]:
    if not atoms.has("masses"):
        return {}
    return {int(k): float(m) for k, m in zip(types, atoms.get_masses(), strict=True)}


def _by_mass(masses: Mapping[int, float]) -> Mapping[int, str]:
    """The element of each type by its mass; none where a mass is that of no element, or two are of one."""
    found = {k: int(np.argmin(np.abs(atomic_masses[1:] - mass))) + 1 for k, mass in masses.items()}
    near = all(abs(atomic_masses[z] - masses[k]) < _SAME for k, z in found.items())
    near = near and 1.0 not in masses.values()  # the mass of atoms whose mass does not matter
    return {k: chemical_symbols[z] for k, z in found.items()} if near and _distinct(found) else {}


def _distinct(found: Mapping[int, int]) -> bool:
    return len(set(found.values())) == len(found)


def _set_elements(atoms: Atoms, types: NDArray[np.int64], by_type: Mapping[int, str], path: Path) -> None:
    """Raises DataError: types-only, bad-types."""
    _require_all({int(k) for k in types}, by_type, path)
    masses = atoms.get_masses() if atoms.has("masses") else None
    atoms.numbers[:] = [atomic_numbers[by_type[int(k)]] for k in types]
    if masses is not None:
        atoms.set_masses(masses)


def _require_all(present: set[int], by_type: Mapping[int, str], path: Path) -> None:
    """Raise DataError (types-only, bad-types) where a type has no element."""
    listed = f"type{'s' if len(present) > 1 else ''} {', '.join(map(str, sorted(present)))}"
    help = "say which element each type is, from 1 on: `--types Nb,Mo`"
    if not by_type:
        message = f"the atoms of `{path.name}` have the {listed} and no elements"
        raise DataError(Diagnostic("types-only", message, place=str(path), help=help))
    if not present <= set(by_type):
        message = f"`{path.name}` has the {listed}, and `--types` names {len(by_type)}"
        raise DataError(Diagnostic("bad-types", message, place=str(path), help=help))


def with_symbols(text: str, path: Path, types: Sequence[str]) -> str:
    """The text of a frame of an xyz file; where atoms have types in place of symbols, with symbols.

    Raises DataError: types-only, bad-types.
    """
    count, header, *rows = text.split("\n")
    columns = columns_of(header)
    names = [c.name.lower() for c in columns]
    named = next((name for name in ("species", "symbols", "element", "type") if name in names), None)
    if named is None or "z" in names or not rows:
        return text
    k = names.index(named)
    place = sum(c.width for c in columns[:k])
    if not "".join(rows[0].split()[place : place + 1]).isdecimal():
        return text
    words = [row.split() for row in rows]
    if not all(row[place].isdecimal() for row in words[: int(count)] if len(row) > place):
        return text
    by_type = dict(enumerate(types, 1))
    _require_all({int(row[place]) for row in words if len(row) > place}, by_type, path)
    for row in words:
        row[place : place + 1] = [by_type[int(word)] for word in row[place : place + 1]]
    columns[k] = Column("species", "S", 1)
    listed = ":".join(str(column) for column in columns)
    return "\n".join([count, with_columns(header, listed), *(" ".join(row) for row in words)])
