"""Crystals to measure: prototypes of the elements and of simple compounds, and structures of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from ase import Atoms
from ase.build import make_supercell
from ase.data import atomic_numbers, covalent_radii, reference_states
from jaxtyping import Int

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.checks import check_motion, frozen_count
from ..data.file_kind import AS_IT_LOOKS, FileKind
from ..data.readers import read
from ..files.settings import ConfigError
from ..structures.arrays import Floats, Indices
from ..structures.structure import Structure, from_atoms
from .structure_config import Miller, StructureConfig

_BCC = [[-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, -0.5]]
_FCC = [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
_SC = np.eye(3)
_HCP: list[list[float]] = [[1, 0, 0], [-0.5, sqrt(0.75), 0], [0, 0, 1]]  # the last times c/a
_IDEAL = sqrt(8 / 3)
# W of β-W on 2a, the rest on 6c of Pm-3n
_A15: list[list[float]] = [
    *[[0.0, 0, 0], [0.5, 0.5, 0.5], [0.25, 0, 0.5], [0.75, 0, 0.5]],
    *[[0.5, 0.25, 0], [0.5, 0.75, 0], [0, 0.5, 0.25], [0, 0.5, 0.75]],
]
_TO_BCC = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]  # the conventional cell in primitive ones
_TO_FCC = [[-1, 1, 1], [1, -1, 1], [1, 1, -1]]


Vectors: TypeAlias = Sequence[Sequence[float]] | Floats
# the vectors of a larger cell in those of a smaller one, a vector a row
Whole: TypeAlias = Int[Indices, "3 3"]


@dataclass(frozen=True)
class Prototype:
    """cell in units of a, one vector a row; atoms in fractions of it; sites: which species each atom is.

    conventional: the cell that Miller indices refer to, in primitive ones; repeats: of the primitive cell, or
    of the conventional one where `of_conventional`, for about 64 atoms.
    """

    cell: Vectors
    atoms: Vectors
    sites: tuple[int, ...]
    conventional: Vectors
    repeats: tuple[int, int, int]
    of_conventional: bool
    planes: tuple[Miller, ...]
    hexagonal: bool = False

    @property
    def n_species(self) -> int:
        return max(self.sites) + 1

    @property
    def supercell(self) -> Whole:
        """The matrix of the supercell in primitive cells."""
        base = np.array(self.conventional) if self.of_conventional else np.eye(3, dtype=int)
        return np.diag(self.repeats) @ base


_LOW = ((1, 0, 0), (1, 1, 0), (1, 1, 1))
PROTOTYPES: dict[str, Prototype] = {
    "bcc": Prototype(_BCC, [[0, 0, 0]], (0,), _TO_BCC, (4, 4, 4), False, _LOW),
    "fcc": Prototype(_FCC, [[0, 0, 0]], (0,), _TO_FCC, (4, 4, 4), False, _LOW),
    "hcp": Prototype(
        _HCP, [[0, 0, 0], [1 / 3, 2 / 3, 0.5]], (0, 0), _SC, (4, 4, 2), False, ((0, 0, 1),), hexagonal=True
    ),
    "a15": Prototype(_SC, _A15, (0,) * 8, _SC, (2, 2, 2), False, _LOW[:1]),
    "diamond": Prototype(_FCC, [[0, 0, 0], [0.25] * 3], (0, 0), _TO_FCC, (2, 2, 2), True, _LOW[1:]),
    "sc": Prototype(_SC, [[0, 0, 0]], (0,), _SC, (4, 4, 4), False, _LOW[:1]),
    "b1": Prototype(_FCC, [[0, 0, 0], [0.5] * 3], (0, 1), _TO_FCC, (2, 2, 2), True, _LOW[:1]),
    "b2": Prototype(_SC, [[0, 0, 0], [0.5] * 3], (0, 1), _SC, (3, 3, 3), False, ((1, 1, 0),)),
    "b3": Prototype(_FCC, [[0, 0, 0], [0.25] * 3], (0, 1), _TO_FCC, (2, 2, 2), True, ((1, 1, 0),)),
    "l12": Prototype(
        _SC,
        [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
        (1, 0, 0, 0),
        _SC,
        (2, 2, 2),
        False,
        _LOW[:1],
    ),
}
ELEMENTS = ("bcc", "fcc", "hcp", "a15", "diamond", "sc")


@dataclass(frozen=True, eq=False)
class Candidate:
    """A crystal before it is relaxed. prototype: None where it came from a file."""

    name: str
    structure: Structure
    prototype: Prototype | None

    @property
    def composition(self) -> tuple[tuple[str, float], ...]:
        """Shares of the species."""
        symbols = self.structure.symbols
        return tuple((s, round(symbols.count(s) / len(symbols), 6)) for s in self.structure.species)

    @property
    def digest(self) -> str:
        """The same for the same crystal at any lattice constant: another crystal of this name has another."""
        s, length = self.structure, self.structure.volume ** (1 / 3)
        shape = [np.round(x / length, 3) + 0.0 for x in (s.cell, s.positions)]
        return sha256(b"".join((s.numbers.tobytes(), *(x.tobytes() for x in shape)))).hexdigest()[:16]

    @property
    def supercell(self) -> Whole:
        """Cells in each direction of a cell for defects and phonons: about 64 atoms."""
        return self.prototype.supercell if self.prototype else _repeats(self.structure)

    @property
    def conventional(self) -> Vectors:
        return self.prototype.conventional if self.prototype else np.eye(3, dtype=int)

    @property
    def planes(self) -> tuple[Miller, ...]:
        return self.prototype.planes if self.prototype else ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def candidate(name: str, config: StructureConfig, species: Sequence[str], place: str) -> Candidate:
    """The crystal that a configuration describes, at the lattice constant where its search starts.

    species: of the potential. Raises ConfigError (bad-value) and what reading a file raises.
    """
    if config.file is not None:
        try:
            return from_file(name, config.file, species, config.kind())
        except DataError as error:
            raise DataError(d.in_python() for d in error.diagnostics) from error
    assert config.prototype is not None
    prototype = PROTOTYPES[config.prototype]
    symbols = config.species or tuple(species)
    if len(symbols) != prototype.n_species:
        wanted = f"{prototype.n_species} species" if prototype.n_species > 1 else "one species"
        message = (
            f"`structures.{name}`: the prototype {config.prototype} has {wanted}, not {', '.join(symbols)}"
        )
        help = 'name them: species = ["Nb"]' if prototype.n_species == 1 else "name them in `species`"
        raise ConfigError(Diagnostic("bad-value", message, place=place, help=help))
    _require_known(symbols, species, f"`structures.{name}`", place)
    ratio = config.c_over_a or (_c_over_a(symbols[0]) if prototype.hexagonal else 1.0)
    a = config.lattice_constant or _first_guess(prototype, symbols, ratio)
    return Candidate(name, _made(prototype, symbols, a, ratio, name), prototype)


def from_file(name: str, file: str, species: Sequence[str], kind: FileKind = AS_IT_LOOKS) -> Candidate:
    """The first of the structures that a file (or `file@-1`) holds. Raises DataError."""
    structure = read(file, labels=False, kind=kind).structures[0]
    if structure.volume == 0:
        message = "a crystal is periodic in three directions, and this structure is not"
        raise DataError(Diagnostic("not-periodic", message, place=structure.place))
    _require_free(structure)
    _require_known(structure.species, species, f"`{file}`", structure.place)
    return Candidate(name, structure, None)


def _require_free(structure: Structure) -> None:
    """Raise DataError (frozen-atoms, bad-mass, unknown-constraint) where atoms may not move as they like."""
    found = check_motion(structure)
    if structure.frozen is not None:
        message = f"{frozen_count(structure)}, and properties are those of free atoms"
        help = "take `move_mask` or the constraints out of the file"
        found.append(Diagnostic("frozen-atoms", message, place=structure.place, help=help))
    if found:
        raise DataError(found)


def default_candidates(species: Sequence[str]) -> list[Candidate]:
    """Crystals of every species, its usual one first: all elemental prototypes where there is one species,
    the usual one of each where there are several. A species that is no such crystal has none.
    """
    found = []
    for symbol in species:
        usual = usual_prototype(symbol)
        names = [usual] if usual else []
        if len(species) == 1:
            names += [n for n in ELEMENTS if n != usual]
        for name in names:
            label = name if len(species) == 1 else f"{symbol}-{name}"
            config = StructureConfig.model_validate({"prototype": name, "species": (symbol,)})
            found.append(candidate(label, config, species, label))
    return found


def usual_prototype(symbol: str) -> str | None:
    """The crystal structure of an element by ase.data; None where that is none of the prototypes."""
    state = reference_states[atomic_numbers[symbol]]
    name = str(state["symmetry"]) if state else ""
    return name if name in ELEMENTS else None


def supercell(structure: Structure, matrix: Whole) -> Structure:
    """`matrix` cells of a structure, in the same orientation."""
    atoms = make_supercell(to_atoms(structure), np.array(matrix, dtype=int), wrap=False)
    return from_atoms(atoms, structure.place)


def to_atoms(structure: Structure) -> Atoms:
    """With the masses of the file, where it gives them."""
    s = structure
    return Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc, masses=s.given_masses)


def nearest(structure: Structure, a: str | None = None, b: str | None = None) -> float | None:
    """The shortest distance in Å, between atoms of the species a and b where they are named."""
    from ..structures.neighbors import pairs

    cutoff = 2.0 * structure.volume ** (1 / 3) / structure.n_atoms ** (1 / 3) + 0.5
    found = pairs(structure, cutoff)
    distance: Floats = found.distance
    if a is not None and b is not None:
        symbols = np.array(structure.symbols)
        kinds = np.sort(np.stack([symbols[found.i], symbols[found.j]]), axis=0)
        distance = distance[(kinds[0] == min(a, b)) & (kinds[1] == max(a, b))]
    return float(distance.min()) if len(distance) else None


def _made(p: Prototype, symbols: Sequence[str], a: float, ratio: float, name: str) -> Structure:
    cell = a * np.array(p.cell, dtype=np.float64)
    cell[2] *= ratio if p.hexagonal else 1.0
    numbers = np.array([atomic_numbers[symbols[k]] for k in p.sites], dtype=np.int32)
    return Structure(numbers, np.array(p.atoms) @ cell, cell, np.ones(3, dtype=np.bool_), place=name)


def _require_known(symbols: Sequence[str], species: Sequence[str], what: str, place: str) -> None:
    for symbol in symbols:
        if symbol not in species:
            message = f"{what} has {symbol}, which is not a species of the potential"
            help = f"species of the potential: {', '.join(species)}"
            raise ConfigError(Diagnostic("unknown-species", message, place=place, help=help))


def _c_over_a(symbol: str) -> float:
    state: Any = reference_states[atomic_numbers[symbol]]
    return float(state["c/a"]) if state and state["symmetry"] == "hcp" else _IDEAL


def _volume(symbol: str) -> float:
    """Å³ of an atom: from the usual crystal, else spheres of the covalent radius packed closely."""
    state: Any = reference_states[atomic_numbers[symbol]]
    usual = usual_prototype(symbol)
    if usual is None or "a" not in state:
        return float(2 * covalent_radii[atomic_numbers[symbol]]) ** 3 / sqrt(2)
    prototype = PROTOTYPES[usual]
    made = _made(prototype, (symbol,), state["a"], state.get("c/a", _IDEAL), symbol)
    return made.volume / made.n_atoms


def _first_guess(p: Prototype, symbols: Sequence[str], ratio: float) -> float:
    """The lattice constant in Å at which the atoms have the volumes of their usual crystals; of compounds
    with a species that is no metal, at which the covalent radii touch.
    """
    unit = _made(p, symbols, 1.0, ratio, "guess")
    if len(symbols) == 1 or all(usual_prototype(s) in ("bcc", "fcc", "hcp") for s in symbols):
        wanted = sum(_volume(symbols[k]) for k in p.sites)
        return float((wanted / unit.volume) ** (1 / 3))
    touch = sum(float(covalent_radii[atomic_numbers[s]]) for s in symbols[:2])
    large = replace(unit, positions=10 * unit.positions, cell=10 * unit.cell)
    distance = nearest(large, symbols[0], symbols[1])
    assert distance is not None
    return 10 * touch / distance


def _repeats(structure: Structure, atoms: int = 64) -> Whole:
    """Cells in each direction, the shortest lengthened first, up to about `atoms` atoms."""
    lengths = np.linalg.norm(structure.cell, axis=1)
    counts = np.ones(3, dtype=int)
    while True:
        shortest = int(np.argmin(counts * lengths))
        more = counts.copy()
        more[shortest] += 1
        if structure.n_atoms * more.prod() > 1.5 * atoms or (counts * lengths).min() >= 12.0:
            return np.diag(counts)
        counts = more
