"""Smallest distances of atoms: pairs of species, their limits, and atoms at fault. NumPy, no jax."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from jaxtyping import Float, Int

from ..structures.arrays import Floats, Ints
from ..structures.neighbors import pairs
from ..structures.structure import Structure

_WATCHED = 1.3  # of the sum of covalent radii: bonds, and nearest neighbours of metals, are within it
_LEAST_WATCHED = 4.0  # Å: neighbours that are not bonded, such as two Ar, come nearer than that


def pair_names(species: tuple[str, ...]) -> tuple[str, ...]:
    """`Li-Li`, `Li-O`, `O-O`: unordered pairs of species in the order of their rows."""
    return tuple(f"{a}-{b}" for a, b in combinations_with_replacement(species, 2))


def bond_lengths(species: tuple[str, ...]) -> Float[Floats, " species_pairs"]:
    """Sums of covalent radii (Cordero et al., doi 10.1039/b801115j) of all pairs, Å."""
    radii = [covalent_radii[atomic_numbers[s]] for s in species]
    return np.array([a + b for a, b in combinations_with_replacement(radii, 2)])


def watched_cutoffs(species: tuple[str, ...]) -> Float[Floats, " species_pairs"]:
    """The distance up to which each pair of species is watched, Å."""
    return np.maximum(_LEAST_WATCHED, _WATCHED * bond_lengths(species))


def pair_rows(
    structure: Structure, species: tuple[str, ...], i: Int[Ints, " M"], j: Int[Ints, " M"]
) -> Int[Ints, " M"]:
    """The row of `pair_names` that each pair (i, j) of atoms belongs to."""
    table = np.zeros((len(species), len(species)), dtype=np.int32)
    for row, (a, b) in enumerate(combinations_with_replacement(range(len(species)), 2)):
        table[a, b] = table[b, a] = row
    kinds = np.array([species.index(s) for s in structure.symbols], dtype=np.int32)
    return np.asarray(table[kinds[i], kinds[j]], dtype=np.int32)


def atoms_named(structure: Structure, i: int, j: int) -> str:
    """Two atoms as a message has them, from 1."""
    return f"atoms {i + 1} ({structure.symbols[i]}) and {j + 1} ({structure.symbols[j]})"


def nearest_fault(
    structure: Structure, species: tuple[str, ...], limits: Float[Floats, " species_pairs"]
) -> tuple[int, int, float, float] | None:
    """The pair of atoms that is farthest inside its limit: i, j, distance, limit (Å); None where none is.

    limits: of the rows of `pair_names`, Å.
    """
    found = pairs(structure, max(float(limits.max()), 2.0))  # vesin is slow with cutoffs much below a bond
    allowed = limits[pair_rows(structure, species, found.i, found.j)]
    inside = found.distance < allowed
    if not inside.any():
        return None
    worst = int(np.argmin(np.where(inside, found.distance / np.maximum(allowed, 1e-300), np.inf)))
    return int(found.i[worst]), int(found.j[worst]), float(found.distance[worst]), float(allowed[worst])
