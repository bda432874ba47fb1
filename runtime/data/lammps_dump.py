"""Text dumps of LAMMPS, a frame at a time: ASE reads a frame that is cut off as one of fewer atoms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import count, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ase.data import chemical_symbols

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ...compiler.diagnostics.plain import shortened
from .plain_file import truncated
from .xyz_header import number_of_atoms

if TYPE_CHECKING:
    from ase import Atoms

_ATOMS, _BOUNDS, _COUNT = "ITEM: ATOMS", "ITEM: BOX BOUNDS", "ITEM: NUMBER OF ATOMS"
_POSITIONS = (("x", "y", "z"), ("xs", "ys", "zs"), ("xu", "yu", "zu"), ("xsu", "ysu", "zsu"))
_ELEMENTS = frozenset(chemical_symbols[1:])


@dataclass(frozen=True)
class DumpFrame:
    """The lines of a frame before `ITEM: ATOMS`, the names of the columns, and the words of each atom."""

    place: str
    head: Sequence[str]
    names: Sequence[str]
    words: Sequence[Sequence[str]]

    @property
    def units(self) -> str | None:
        return _after("ITEM: UNITS", self.head)

    def column(self, name: str) -> list[str]:
        """The words of a column, one an atom; none where there is no such column."""
        if name not in self.names:
            return []
        k = self.names.index(name)
        return [row[k] for row in self.words]

    def without_elements(self) -> DumpFrame:
        """The frame without its column `element`."""
        k = self.names.index("element")
        words = [[*row[:k], *row[k + 1 :]] for row in self.words]
        return replace(self, names=[*self.names[:k], *self.names[k + 1 :]], words=words)

    def elements_are_known(self) -> bool:
        return set(self.column("element")) <= _ELEMENTS

    def atoms(self) -> Atoms:
        """Raises DataError unreadable-structure."""
        from ase.io.lammpsrun import read_lammps_dump_text

        if not self.elements_are_known():
            raise self._unknown_element()
        lines = [" ".join(row) + "\n" for row in ([_ATOMS, *self.names], *self.words)]
        try:
            atoms: Atoms = read_lammps_dump_text(StringIO("".join([*self.head, *lines])), index=0)
        except Exception as error:  # every reader of ASE fails in its own way
            raise self.fault(f"the structure cannot be read: {error}") from error
        return atoms

    def require_sound(self) -> None:
        """Raise DataError unreadable-structure for columns or bounds that are not read."""
        listed = f"columns: {', '.join(self.names)}"
        short = next((k for k, row in enumerate(self.words, 1) if len(row) != len(self.names)), None)
        if short is not None:
            there = len(self.words[short - 1])
            raise self.fault(f"`{_ATOMS}` names {len(self.names)} columns, and atom {short} has {there}")
        if not any(set(columns) <= set(self.names) for columns in _POSITIONS):
            raise self.fault("no three columns have the positions", f"dump `x y z`; {listed}")
        if not {"type", "mass", "element"} & set(self.names):
            raise self.fault("no column has the types or elements", f"dump `element`; {listed}")
        bounds = next((line for line in self.head if line.startswith(_BOUNDS)), _BOUNDS)
        if len(bounds.split()) < 6:
            help = f"write `{_BOUNDS} pp pp pp`, with `ff` for an open direction"
            raise self.fault(f"`{_BOUNDS}` does not say which directions are periodic", help)

    def fault(self, message: str, help: str | None = None) -> DataError:
        return DataError(Diagnostic("unreadable-structure", message, place=self.place, help=help))

    def _unknown_element(self) -> DataError:
        unknown = next(word for word in self.column("element") if word not in _ELEMENTS)
        help = "name the element of each type: `--types Nb,Mo`, or in LAMMPS `dump_modify … element Nb Mo`"
        if unknown.capitalize() in _ELEMENTS:
            help = f"write `{unknown.capitalize()}`"
        return self.fault(f"`{shortened(unknown)}` is no chemical symbol", help)


def dump_frames(source: Path, path: Path) -> Iterator[DumpFrame]:
    """The frames of a dump, with columns and bounds that are read; types that are labels are its elements.

    source: the file to open; path: its name for people. Raises DataError: truncated-file,
    unreadable-structure.
    """
    with source.open(encoding="utf-8", errors="replace") as file:
        for number in count(1):
            head = _head(file)
            if not head:
                return
            if not head[-1].startswith(_ATOMS):
                raise truncated(path, number - 1, "ends before its atoms")
            place = f"{path.name}, structure {number}"
            n_atoms = number_of_atoms(_after(_COUNT, head) or "", place)
            rows = list(islice(file, n_atoms))
            whole = sum(row.endswith("\n") for row in rows)  # LAMMPS ends each line
            if whole < n_atoms:
                raise truncated(path, number - 1, f"has {whole} of its {n_atoms} atoms")
            words = [row.split() for row in rows]
            frame = DumpFrame(place, head[:-1], _named(head[-1].split()[2:], words), words)
            frame.require_sound()
            yield frame


def _head(file: IO[str]) -> list[str]:
    """The lines to `ITEM: ATOMS`, or to the end of the file."""
    head: list[str] = []
    for line in file:
        if head or line.strip():
            head.append(line)
        if line.startswith(_ATOMS):
            break
    return head


def _after(item: str, head: Sequence[str]) -> str | None:
    """The line behind that of an item."""
    found = [k for k, line in enumerate(head[:-1]) if line.startswith(item)]
    return head[found[0] + 1].strip() if found else None


def _named(names: list[str], words: Sequence[Sequence[str]]) -> list[str]:
    """The names of the columns; that of types by their labels is `element`, where there is no such column."""
    labels = "typelabel" if "typelabel" in names else "type"
    if "element" in names or labels not in names:
        return names
    k = names.index(labels)
    plain = all(row[k].isdecimal() for row in words if len(row) > k)
    return names if plain else ["element" if name == labels else name for name in names]
