"""A short molecular dynamics near melting: does the crystal hold together, does the energy stay finite?

Langevin dynamics of ASE at constant volume, seeded. The value is the shortest distance seen over that of
nearest neighbours at rest. It has no σ: trajectories are chaotic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes
from ase.md.langevin import Langevin
from pydantic import Field

from ...structures.arrays import Floats
from ...structures.structure import from_atoms
from ..bench import Bench, Outcome, Quantity, Task
from ..crystal import Crystal, hessian
from ..evaluator import Direction, Evaluator
from ..family import OfStructures, family
from ..prototypes import Candidate, nearest, supercell, to_atoms
from ..results import Estimate, Unmeasured

# k_B T of melting over B·Ω, bulk modulus times volume of an atom: Nb 0.012, Cu 0.011, Al 0.010, Si 0.012
_MELTING = 0.011
_CLOSEST = 0.5  # of the neighbour distance: nearer is a collapse
_HOTTEST = 4.0  # times the temperature asked for: hotter is an explosion


class HotMDConfig(OfStructures):
    """Dynamics of the hot crystal."""

    temperature: float | None = Field(
        None,
        gt=0,
        description="Temperature, K; near what melts the crystal, from its bulk modulus, where not given.",
    )
    steps: int = Field(400, ge=1, description="Number of steps.")
    timestep: float | None = Field(
        None, gt=0, le=20, description="Time step, fs; from the lightest atom where not given."
    )
    seed: int = Field(0, ge=0, description="Seed of the velocities.")


@family("hot_md", HotMDConfig, repeats=True)
def tasks(bench: Bench, settings: HotMDConfig) -> list[Task]:
    """One for each structure."""
    return [_task(bench, settings, candidate) for candidate in bench.chosen(settings.structures)]


def _task(bench: Bench, settings: HotMDConfig, candidate: Candidate) -> Task:
    def run() -> Outcome:
        crystal = bench.crystal(candidate)
        temperature = settings.temperature or melting_scale(crystal)
        cell = supercell(crystal.structure, candidate.supercell)
        neighbours = nearest(cell)
        if neighbours is None:
            raise Unmeasured("the crystal has no neighbours")
        atoms = to_atoms(cell)
        shortest = _shortest_seen(bench.evaluator, settings, atoms, temperature, neighbours)
        return Outcome(
            [Estimate(shortest / neighbours, None, f"{temperature:.0f} K, {settings.steps} steps")]
        )

    return Task((Quantity(f"hot_md_closest_approach.{candidate.name}", "1"),), run)


def melting_scale(crystal: Crystal) -> float:
    """A temperature in K near which crystals melt. Raises Unmeasured where compression costs no energy."""
    still = np.zeros((crystal.n_atoms, 3))
    uniform = Direction(np.eye(3) / 3, still)  # dE² / d(ln V)² = B V
    stiffness = float(hessian(crystal.evaluator, crystal.structure, [uniform])[0, 0]) / crystal.n_atoms
    if stiffness <= 0:
        raise Unmeasured("the crystal does not resist compression, so no temperature suits it")
    return float(_MELTING * stiffness / units.kB)


def _shortest_seen(
    evaluator: Evaluator, settings: HotMDConfig, atoms: Atoms, temperature: float, neighbours: float
) -> float:
    """The shortest distance in Å of a run. Raises Unmeasured where the atoms collapse or explode."""
    source = np.random.default_rng(settings.seed)
    lightest = float(atoms.get_masses().min())
    timestep = settings.timestep or min(3.0, 0.25 * lightest**0.5)  # fs; a mass of 93 has 2.4
    atoms.calc = _Watched(evaluator)
    # twice the temperature: half of it goes into the bonds
    spread = np.sqrt(2 * temperature * units.kB * atoms.get_masses())[:, None]
    atoms.set_momenta(spread * source.standard_normal((len(atoms), 3)))
    dynamics = Langevin(
        atoms,
        timestep * units.fs,
        temperature_K=temperature,
        friction=0.01 / units.fs,
        fixcm=False,
        rng=source,
    )
    shortest = np.inf
    for step in range(1, settings.steps + 1):
        dynamics.run(1)
        when = f"after {step} of {settings.steps} steps at {temperature:.0f} K"
        structure = from_atoms(atoms)
        if not np.isfinite(structure.positions).all():
            raise Unmeasured(f"the atoms fly apart {when}")
        shortest = min(shortest, nearest(structure) or np.inf)
        if shortest < _CLOSEST * neighbours:
            raise Unmeasured(f"atoms collapse to {shortest:.2f} Å {when}")
        if step > 10 and atoms.get_temperature() > _HOTTEST * temperature:
            raise Unmeasured(f"the energy grows without bound {when}")
    return float(shortest)


class _Watched(Calculator):
    """The evaluator as a calculator of ASE, in the shapes that are compiled already."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.evaluator = evaluator

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        assert self.atoms is not None
        values = self.evaluator.values(from_atoms(self.atoms))
        self.results: dict[str, float | Floats] = {"energy": values.energy, "forces": values.forces}
