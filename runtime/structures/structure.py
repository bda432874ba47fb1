"""A structure with its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols
from jaxtyping import Bool, Int

from .arrays import Bools, Cell, Forces, Frozen, Ints, PerAtom, Periodic, Positions, Species, Stress
from .constraints import frozen_components

if TYPE_CHECKING:
    from ase import Atoms

DEFAULT_CONFIG_TYPE = "default"

_FLAT = 1e-6  # volume of a cell over the product of its lengths: below it there is no volume


@dataclass(frozen=True)
class LabelOrigin:
    """The reading of the labels of one structure; kinds are `energy`, `forces`, `stress`.

    keys: kind → the key it was read under; left_out: kind → the reason why a label that is there was not
    taken; unread: keys that look like labels and were not read.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Structure:
    """Atoms with their labels.

    A label is None where it is unknown.
    """

    numbers: Species  # atomic numbers
    positions: Positions  # Å
    cell: Cell  # Å, one vector a row
    pbc: Periodic
    energy: float | None = None  # eV
    forces: Forces | None = None  # eV/Å
    stress: Stress | None = None  # eV/Å³, tension positive, as ASE has it
    weight: float = 1.0
    config_type: str = DEFAULT_CONFIG_TYPE
    info: Mapping[str, object] = field(default_factory=dict)  # scalars to select by: split=test
    place: str = "structure"  # where it was read: "nb.xyz, structure 17"
    source: Atoms | str | None = None  # as read, atoms or the text of a frame, where a writer needs it
    given_masses: PerAtom | None = None  # amu, where the file gives them
    frozen: Frozen | None = None  # coordinates that do not change; None where all atoms are free
    constraints: tuple[str, ...] = ()  # all else that holds atoms: "constraint Hookean", "column `fixed`"
    origin: LabelOrigin = LabelOrigin()

    @property
    def n_atoms(self) -> int:
        return len(self.numbers)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The chemical symbol of each atom, (N,)."""
        return tuple(chemical_symbols[z] for z in self.numbers)

    @property
    def species(self) -> tuple[str, ...]:
        """The different chemical symbols, in the order of atomic numbers."""
        return tuple(chemical_symbols[z] for z in np.unique(self.numbers))

    @property
    def masses(self) -> PerAtom:
        """Those of the file, else standard atomic weights; amu, (N,)."""
        if self.given_masses is not None:
            return self.given_masses
        return np.asarray(atomic_masses[self.numbers], dtype=np.float64)

    @property
    def volume(self) -> float:
        """Volume of the cell in Å³; 0 unless it is periodic in all three directions."""
        return float(abs(np.linalg.det(self.cell))) if self.pbc.all() else 0.0

    @property
    def stress_volume(self) -> float:
        """The volume in Å³ that a stress is of: that of the whole cell, its vacuum included, where any
        component is defined, else 0.
        """
        if self.pbc.all() or not self.stress_components.any():
            return self.volume
        volume = float(abs(np.linalg.det(self.cell)))
        return volume if volume > _FLAT * np.linalg.norm(self.cell, axis=1).prod() else 0.0

    @property
    def stress_components(self) -> Bool[Bools, "3 3"]:
        """Components of the stress that the periodic directions define: all of a crystal, xx, yy and xy of a
        slab in the xy plane, none where the periodic directions are not along axes or planes of axes.
        """
        if self.pbc.all():
            return np.ones((3, 3), dtype=np.bool_)
        vectors = self.cell[self.pbc]
        axes = np.linalg.norm(vectors, axis=0) > _FLAT * np.linalg.norm(vectors) if len(vectors) else self.pbc
        spanned = axes & (axes.sum() == len(vectors))  # vectors within as many axes as there are vectors
        return np.outer(spanned, spanned)

    @property
    def n_labels(self) -> tuple[int, int, int]:
        """The numbers of the energy, of forces and of stress that are labels: 0 or 1, 0 or 3N, 0 to 6."""
        stress = 0
        if self.stress is not None and self.stress_volume > 0:
            stress = int(np.triu(self.stress_components).sum())
        return int(self.energy is not None), 0 if self.forces is None else 3 * self.n_atoms, stress


def species_index(species: Sequence[str]) -> Int[Ints, " Z"]:
    """By atomic number the place in a list of species, −1 for the others."""
    index = np.full(len(chemical_symbols), -1, dtype=np.int32)
    index[[atomic_numbers[s] for s in species]] = np.arange(len(species))
    return index


def from_atoms(atoms: Atoms, place: str = "structure") -> Structure:
    """The geometry of ASE's `atoms`, masses and frozen atoms; labels are read by `readers.labelled`."""
    frozen, constraints = frozen_components(atoms)
    return Structure(
        numbers=np.array(atoms.numbers, dtype=np.int32),
        positions=np.array(atoms.positions, dtype=np.float64),
        cell=np.array(atoms.cell.array, dtype=np.float64),
        pbc=np.array(atoms.pbc, dtype=np.bool_),
        place=place,
        given_masses=np.array(atoms.get_masses(), dtype=np.float64) if atoms.has("masses") else None,
        frozen=frozen,
        constraints=constraints,
    )
