"""Radial distributions, coordination and smallest distances, by pair of species, through all images.

g_AB(r) is the mean density of B at a distance r from an A, over the mean density of B in the cell: of n pairs
within a shell, n V / (N_A N_B V_shell), twice that for A = B. Images of an atom are neighbours of it. So an
ideal gas of two species has g = 1, one of N atoms of one species 1 − 1/N within the smallest distance of
images, and an integral of ρ_B g over shells of a crystal is its number of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ..structures.arrays import Floats, Ints
from ..structures.neighbors import pairs
from ..structures.structure import Structure

NEAR = 1.0  # Å: nearer atoms than this are what a potential without a core makes
_NEARLY_A_BOND = 0.7  # of the sum of covalent radii: below it no molecule vibrates
_SMOOTHING = 0.08  # Å, of g(r) before its peaks are looked for
_PROMINENCE = 0.1  # of the highest peak


@dataclass(frozen=True)
class Closest:
    """The smallest distance (Å) of a pair of species: frame from 1, atoms from 1, time in ps."""

    distance: float
    frame: int
    time: float | None
    atoms: tuple[int, int]


@dataclass(frozen=True)
class Shell:
    """The first peak of g(r), the minimum after it, and how many B an A has within it, and A a B."""

    peak: float
    height: float
    minimum: float | None
    neighbours: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class PairStatistics:
    """Distances of a pair of species so far.

    r (bins,) Å, the middles; g (bins,); closest None where no pair came within r_max. distances (frames,):
    the smallest in each frame, infinite where none. near: pairs within 1 Å in a frame. core Å; inside: how
    often (pairs times frames) a distance was within it; first_inside: the first of them.
    """

    species: tuple[str, str]
    r: Floats
    g: Floats
    shell: Shell | None
    closest: Closest | None
    distances: Floats
    near: float
    core: float
    inside: int
    first_inside: Closest | None

    @property
    def name(self) -> str:
        return "-".join(self.species)


def core_radii(a: Ints, b: Ints, share: float) -> Floats:
    """Within which atoms of atomic numbers a and b have clustered, Å: a share of the sum of their covalent
    radii (Cordero et al., doi:10.1039/b801115j), and 1 Å unless so near is nearly a bond.
    """
    bonds = covalent_radii[a] + covalent_radii[b]
    return np.maximum(share * bonds, np.minimum(NEAR, _NEARLY_A_BOND * bonds))


class Radial:
    """Gathers frames of the same atoms."""

    def __init__(self, first: Structure, r_max: float, width: float, core: float) -> None:
        self._bins = max(round(r_max / width), 1)
        self._edges = np.linspace(0.0, r_max, self._bins + 1)
        self._kinds, self._kind_of = np.unique(first.numbers, return_inverse=True)
        self._pairs = list(combinations_with_replacement(range(len(self._kinds)), 2))
        self._counts_of = np.bincount(self._kind_of)
        size = len(self._kinds)
        self._pair_of = np.zeros((size, size), dtype=np.int64)
        for k, (a, b) in enumerate(self._pairs):
            self._pair_of[a, b] = self._pair_of[b, a] = k
        ends = self._kinds[np.array(self._pairs).T]
        self._cores = core_radii(ends[0], ends[1], core)
        self._frames = 0
        self._counts = np.zeros((len(self._pairs), self._bins), dtype=np.int64)
        self._weighted = np.zeros((len(self._pairs), self._bins))  # counts times volume
        self._near, self._inside = (np.zeros(len(self._pairs), dtype=np.int64) for _ in range(2))
        self._smallest: list[Floats] = []
        self._closest: list[Closest | None] = [None] * len(self._pairs)
        self._first_inside: list[Closest | None] = [None] * len(self._pairs)

    def add(self, structure: Structure, number: int, time: float | None) -> None:
        """A frame with its number and its time in ps."""
        r_max = float(self._edges[-1])
        found = pairs(structure, r_max)
        kind = self._pair_of[self._kind_of[found.i], self._kind_of[found.j]]
        bins = np.minimum((found.distance * (self._bins / r_max)).astype(np.int64), self._bins - 1)
        counts = np.bincount(kind * self._bins + bins, minlength=self._counts.size)
        self._counts += counts.reshape(self._counts.shape)
        self._weighted += counts.reshape(self._counts.shape) * structure.volume
        self._near += np.bincount(kind[found.distance < NEAR], minlength=len(self._pairs))
        self._inside += np.bincount(kind[found.distance < self._cores[kind]], minlength=len(self._pairs))
        smallest = np.full(len(self._pairs), np.inf)
        np.minimum.at(smallest, kind, found.distance)
        self._smallest.append(smallest)
        self._frames += 1
        for k in np.flatnonzero(np.isfinite(smallest)):
            if self._is_news(int(k), smallest[k]):
                place = int(np.flatnonzero((kind == k) & (found.distance == smallest[k]))[0])
                atoms = sorted((int(found.i[place]) + 1, int(found.j[place]) + 1))
                self._remember(int(k), Closest(float(smallest[k]), number, time, (atoms[0], atoms[1])))

    def _is_news(self, k: int, distance: float) -> bool:
        known = self._closest[k]
        return known is None or distance < known.distance or self._enters(k, distance)

    def _enters(self, k: int, distance: float) -> bool:
        return self._first_inside[k] is None and distance < float(self._cores[k])

    def _remember(self, k: int, here: Closest) -> None:
        if self._enters(k, here.distance):
            self._first_inside[k] = here
        known = self._closest[k]
        if known is None or here.distance < known.distance:
            self._closest[k] = here

    def statistics(self) -> tuple[PairStatistics, ...]:
        """Of each pair of species, by atomic numbers; at least one frame was added."""
        volumes = 4 / 3 * np.pi * np.diff(self._edges**3)
        r = 0.5 * (self._edges[1:] + self._edges[:-1])
        smallest = np.array(self._smallest)
        made = []
        for k, (a, b) in enumerate(self._pairs):
            n_a, n_b = int(self._counts_of[a]), int(self._counts_of[b])
            ends = (2.0 if a == b else 1.0) / (n_a * n_b)
            g = self._weighted[k] * ends / (self._frames * volumes)
            names = chemical_symbols[self._kinds[a]], chemical_symbols[self._kinds[b]]
            made.append(
                PairStatistics(
                    names,
                    r,
                    g,
                    self._shell(k, r, g),
                    self._closest[k],
                    smallest[:, k],
                    self._near[k] / self._frames,
                    float(self._cores[k]),
                    int(self._inside[k]),
                    self._first_inside[k],
                )
            )
        return tuple(made)

    def _shell(self, k: int, r: Floats, g: Floats) -> Shell | None:
        """The first shell, where g(r) has a peak above 1."""
        width = float(r[1] - r[0]) if len(r) > 1 else _SMOOTHING
        smooth = gaussian_filter1d(g, _SMOOTHING / width)
        tops, _ = find_peaks(smooth, height=1.0, prominence=_PROMINENCE * max(float(smooth.max()), 1e-9))
        if not len(tops):
            return None
        peak = int(tops[0])
        if len(tops) == 1:
            return Shell(float(r[peak]), float(g[peak]), None, None)
        # the middle of an empty stretch between two shells, where there is one
        between = smooth[peak : tops[1] + 1]
        lowest = peak + int(np.median(np.flatnonzero(between <= between.min() + 1e-12)))
        return Shell(float(r[peak]), float(g[peak]), float(r[lowest]), self._neighbours(k, lowest))

    def _neighbours(self, k: int, lowest: int) -> tuple[float, float]:
        """The number of neighbours within a bin: B of an A, and A of a B."""
        a, b = self._pairs[k]
        ends = int(self._counts[k, : lowest + 1].sum()) * (2.0 if a == b else 1.0) / self._frames
        return ends / int(self._counts_of[a]), ends / int(self._counts_of[b])
