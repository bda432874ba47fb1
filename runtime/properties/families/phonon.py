"""Phonons: force constants of a supercell, exact, and their frequencies along a path.

The force constants are second derivatives from the compiled kernel, so nothing is displaced by hand. phonopy
makes dynamical matrices of them (J. Phys. Soc. Jpn. 92, 012001 (2023)). Points of the path that the supercell
is commensurate with are reported by branch: there the frequencies carry no error of interpolation. Imaginary
frequencies are negative. σ is by Hellmann and Feynman: ω² = e†De with the eigenvectors held.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from ....compiler.chemistry.constants import THZ
from ...presentation.figures import GRID, SOFT
from ...structures.arrays import Floats
from ...structures.structure import Structure
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal
from ..evaluator import Direction, Evaluator
from ..family import OfStructures, Package, Plot, family
from ..prototypes import Candidate, to_atoms
from ..results import Curve, Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms


class PhononConfig(OfStructures):
    """The drawn path."""

    points: int = Field(120, ge=10, le=2000, description="Number of q-points of the drawn path.")


def _dispersion(axes: Axes, curve: Curve, colour: str) -> None:
    jumps = np.flatnonzero(np.diff(curve.x) == 0) + 1  # from one special point to another: H|P
    x, y = np.insert(curve.x, jumps, np.nan), np.insert(curve.y, jumps, np.nan, axis=0)
    axes.plot(x, y, color=colour, linewidth=1)
    names: dict[float, str] = {}
    for place, name in curve.ticks:
        names[place] = f"{names[place]}|{name}" if place in names else name
    axes.set_xticks(list(names), list(names.values()))
    for place in names:
        axes.axvline(place, color=GRID, linewidth=0.8, zorder=0)
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.grid(axis="x", visible=False)
    axes.set_xlim(curve.x[0], curve.x[-1])


@family(
    "phonon",
    PhononConfig,
    repeats=True,
    package=Package("phonopy", "phonons need the package phonopy, which is not installed"),
    plot=Plot("", "frequency (THz)", draw=_dispersion),
)
def tasks(bench: Bench, settings: PhononConfig) -> list[Task]:
    """One for each structure."""
    return [_task(bench, settings, candidate) for candidate in bench.chosen(settings.structures)]


def _task(bench: Bench, settings: PhononConfig, candidate: Candidate) -> Task:
    points = special_points(candidate)
    branches = range(1, 3 * candidate.structure.n_atoms + 1)
    quantities = [
        Quantity(f"phonon.{candidate.name}.{point}.{b}", "THz") for point in points for b in branches
    ]
    quantities.append(Quantity(f"phonon_lowest.{candidate.name}", "THz"))

    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        here = Dynamics(bench.evaluator, crystal.structure, candidate)
        found = _at(crystal, here, list(points.values()))
        curve = _path(here, candidate, settings.points)
        lowest = float(curve.y.min())
        # interpolation between commensurate points leaves a little near Γ
        stable = lowest > -0.02 * float(curve.y.max())
        note = "" if stable else "the crystal is not stable: a vibration lowers its energy"
        return Outcome([*found, Estimate(lowest, None, note)], [curve])

    return Task(tuple(quantities), run)


@dataclass(frozen=True, eq=False)
class Dynamics:
    """The harmonic crystal in a supercell."""

    evaluator: Evaluator
    unit: Structure
    candidate: Candidate

    def modes(self, q: Floats) -> tuple[Floats, Floats]:
        """At q, in reciprocal vectors: (3n,) ω² in eV/(Å² u), ascending; (3n, 3n) eigenvectors in columns."""
        self.phonopy.dynamical_matrix.run(q)
        squares, vectors = np.linalg.eigh(self.phonopy.dynamical_matrix.dynamical_matrix)
        return squares, vectors

    @cached_property
    def cell(self) -> Structure:
        """The supercell in phonopy's order of atoms."""
        return _as_structure(self.phonopy.supercell)

    @property
    def masses(self) -> Floats:
        """(n,) in u."""
        return np.array(self.phonopy.unitcell.masses)

    @property
    def owner(self) -> Floats:
        """(N,) which atom of the unit cell each of the supercell is an image of."""
        large = self.phonopy.supercell
        return np.array([large.u2u_map[k] for k in large.s2u_map])

    @cached_property
    def phonopy(self) -> Any:
        """phonopy's object, with the force constants."""
        from phonopy import Phonopy
        from phonopy.structure.atoms import PhonopyAtoms

        fractions = self.unit.positions @ np.linalg.inv(self.unit.cell)
        numbers = self.unit.numbers.tolist()
        unit = PhonopyAtoms(
            numbers=numbers, cell=self.unit.cell, scaled_positions=fractions, masses=self.unit.given_masses
        )
        across = self.candidate.supercell.T  # phonopy has the new vectors in columns
        made = Phonopy(unit, across, primitive_matrix=np.eye(3), is_symmetry=False, log_level=0)
        made.force_constants = _force_constants(self.evaluator, made)
        return made


def _as_structure(cell: PhonopyAtoms) -> Structure:
    periodic = np.ones(3, dtype=np.bool_)
    numbers = np.array(cell.numbers, dtype=np.int32)
    return Structure(numbers, np.array(cell.positions), np.array(cell.cell), periodic, place="supercell")


def _force_constants(evaluator: Evaluator, phonopy: Phonopy) -> Floats:
    """(n, N, 3, 3) in eV/Å²: second derivatives for the atoms of one unit cell; exact."""
    structure, first = _as_structure(phonopy.supercell), phonopy.primitive.p2s_map
    found = np.zeros((len(first), structure.n_atoms, 3, 3))
    for row, atom in enumerate(first):
        for axis in range(3):
            way = Direction(np.zeros((3, 3)), np.zeros((structure.n_atoms, 3)))
            way.displacement[atom, axis] = 1.0
            found[row, :, axis, :] = -evaluator.push(structure, way).forces
    return found


def special_points(candidate: Candidate) -> dict[str, Floats]:
    """Special points of the Brillouin zone that the supercell is commensurate with, Γ left out."""
    cell = to_atoms(candidate.structure).cell
    found = {}
    for name, q in cell.bandpath(npoints=0).special_points.items():
        whole = candidate.supercell @ q
        if name != "G" and np.allclose(whole, np.round(whole), atol=1e-6):
            found[name] = np.array(q, dtype=np.float64)
    return found


def _at(crystal: Crystal, here: Dynamics, points: list[Floats]) -> list[Estimate]:
    """Frequencies of all branches at commensurate points."""
    if not points:
        return []

    def squares(dynamics: Dynamics) -> Floats:
        return np.concatenate([dynamics.modes(q)[0] for q in points])

    def values(unit: Structure) -> Floats:
        same = unit is crystal.structure
        return squares(here if same else Dynamics(here.evaluator, unit, here.candidate))

    def by_theta() -> Floats:
        waves = [(q, vector) for q in points for vector in here.modes(q)[1].T]
        return np.array([_curvature_by_theta(here, q, vector) for q, vector in waves])

    return [_frequency(e) for e in crystal.estimate(values, by_theta)]


def _frequency(square: Estimate) -> Estimate:
    """ω/2π in THz of ω²; imaginary as negative."""
    value = float(np.sign(square.value) * np.sqrt(abs(square.value)) * THZ)
    if square.gradient is None or value == 0:
        return Estimate(value, None, square.note)
    return Estimate(value, square.gradient * THZ * THZ / (2 * abs(value)), square.note)


def _curvature_by_theta(here: Dynamics, q: Floats, vector: Floats) -> Floats:
    """∂(e†De)/∂θ (P,), per unit cell: the curvature along the wave, its real and its imaginary part."""
    cell, owner = here.cell, here.owner
    n = here.unit.n_atoms
    phase = np.exp(2j * np.pi * (cell.positions @ np.linalg.inv(here.unit.cell)) @ q)
    wave = (vector.reshape(n, 3) / np.sqrt(here.masses)[:, None])[owner] * phase[:, None]
    total = np.zeros(len(here.evaluator.potential.theta))
    for part in (wave.real, wave.imag):
        if np.abs(part).max() > 1e-10:
            way = Direction(np.zeros((3, 3)), np.ascontiguousarray(part))
            total += here.evaluator.curvature_by_theta(cell, way)
    return total * n / cell.n_atoms


def _path(here: Dynamics, candidate: Candidate, points: int) -> Curve:
    """Frequencies in THz along the usual path of the lattice (Setyawan and Curtarolo,
    doi:10.1016/j.commatsci.2010.05.010, as ASE has it).
    """
    path = to_atoms(here.unit).cell.bandpath(npoints=points)
    x, places, labels = path.get_linear_kpoint_axis()
    squares = np.array([here.modes(q)[0] for q in path.kpts])
    y = np.sign(squares) * np.sqrt(np.abs(squares)) * THZ
    ticks = tuple((float(p), "Γ" if label == "G" else label) for p, label in zip(places, labels, strict=True))
    return Curve("phonon", candidate.name, np.array(x), y, ticks=ticks)
