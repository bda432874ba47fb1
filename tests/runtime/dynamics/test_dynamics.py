"""The integrator: velocity Verlet and its error, lists that hold, temperatures that are counted right."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.md.verlet import VelocityVerlet
from dynamics_cases import argon, crystal, settings, start
from potentia.runtime.dynamics import MDSettings, lists, simulate
from potentia.runtime.dynamics.pruning import Room
from potentia.runtime.dynamics.start import skin_of
from potentia.runtime.dynamics.velocities import count_dof, drawn
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import from_atoms
from registry import by_reference

RNG = np.random.default_rng(20)


def test_velocity_verlet_is_that_of_ase() -> None:
    atoms = crystal()
    atoms.set_velocities(drawn(start(), start().masses, settings()))
    found = simulate(
        argon(),
        from_atoms(atoms),
        settings(velocities="structure", write_every=10),
        velocities=atoms.get_velocities(),
    )
    atoms.calc = argon().calculator()
    dynamics = VelocityVerlet(atoms, 4.0 * units.fs)
    for frame in found.frames[1:]:
        dynamics.run(10)
        assert np.abs(frame.positions - atoms.positions).max() < 1e-9
    assert np.abs(found.velocities - atoms.get_velocities()).max() < 1e-9
    assert found.thermo["potential_eV"][-1] == pytest.approx(atoms.get_potential_energy(), abs=1e-10)
    pressure = -np.trace(atoms.get_stress(voigt=False, include_ideal_gas=True)) / 3 / units.GPa
    assert found.thermo["pressure_GPa"][-1] == pytest.approx(pressure, abs=1e-9)


def test_the_energy_errs_with_the_square_of_the_time_step() -> None:
    def error(timestep: float) -> float:
        given = settings(timestep=timestep, steps=round(1200 / timestep), log_every=round(24 / timestep))
        return float(np.std(simulate(argon(), start(), given).thermo["conserved_eV"]))

    errors = [error(12.0), error(6.0), error(3.0)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.05)


def test_time_runs_backwards() -> None:
    there = simulate(argon(), start(), settings(steps=200))
    given = settings(steps=200, velocities="structure")
    back = simulate(argon(), there.structure, given, velocities=-there.velocities)
    assert np.abs(there.structure.positions - start().positions).max() > 0.1
    assert np.abs(back.structure.positions - start().positions).max() < 1e-9


MANY_BODIES = """species Nb, V
E = zbl() + three_body(bessel1, rc = 3.6, l = 1)
"""


def alloy() -> Atoms:
    atoms = bulk("Nb", cubic=True, a=3.25).repeat(2)
    atoms.numbers[::3] = 23
    atoms.rattle(0.1, seed=4)
    atoms.positions += RNG.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array  # far outside the cell
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + RNG.normal(0, 0.03, (3, 3))), scale_atoms=True)
    return atoms


def test_lists_hold_while_atoms_and_cell_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """Energies on the way are those of the frames, found anew: with pairs, edges, images, lists of two
    levels.
    """
    potential = compile(MANY_BODIES)
    potential = potential.with_theta(potential.theta + RNG.normal(0, 0.05, len(potential.theta)))
    given = MDSettings(
        ensemble="npt",
        barostat="full",
        thermostat="langevin",
        bulk_modulus=50.0,
        tau_pressure=200.0,
        tau=20.0,
        temperature=2500.0,
        pressure=20.0,
        steps=60,
        skin=0.2,
        log_every=20,
        write_every=20,
    )
    made: list[Room] = []
    whole = lists.Search.near
    monkeypatch.setattr(lists, "_LONG", 0.3)
    monkeypatch.setattr(lists, "_SPARE", 2)  # one compilation

    def near(self: lists.Search, *arguments: object) -> object:
        found = whole(self, *arguments)  # type: ignore[arg-type]
        made.append(self.room)
        return found

    monkeypatch.setattr(lists.Search, "near", near)
    found = simulate(potential, from_atoms(alloy()), given)
    assert found.stopped is None and len(made) > 3
    frames = [Atoms(numbers=f.numbers, positions=f.positions, cell=f.cell, pbc=True) for f in found.frames]
    energies = [by_reference(potential.model, potential.theta, frame).energy for frame in frames]
    assert np.abs(found.thermo["potential_eV"] - energies).max() < 1e-9
    for volume, frame in zip(found.thermo["volume_A3"], found.frames, strict=True):
        assert volume == pytest.approx(frame.volume, rel=1e-12)
    assert np.abs(found.frames[-1].cell - found.frames[0].cell).max() > 0.05


def test_a_list_that_becomes_too_small_is_made_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = simulate(argon(), start(), settings())
    before = lists.Search._short
    monkeypatch.setattr(lists.Search, "_short", lambda *a: [n // 3 for n in before(*a)])
    narrow = simulate(argon(), start(), settings())
    assert np.abs(usual.structure.positions - narrow.structure.positions).max() < 1e-10


def test_single_precision_is_that_of_forces_alone() -> None:
    double, single = (simulate(argon(), start(), settings(precision=p)) for p in ("float64", "float32"))
    apart = np.abs(double.structure.positions - single.structure.positions).max()
    assert 0 < apart < 1e-4
    drift = single.thermo["conserved_eV"] - double.thermo["conserved_eV"]
    assert np.abs(drift).max() < 1e-5


@pytest.mark.parametrize(
    ("atoms", "given", "lost"),
    [
        (crystal(), {}, 3),
        (crystal(), {"ensemble": "nvt", "thermostat": "langevin"}, 3),
        (molecule("CH4"), {}, 6),
        (molecule("CH4"), {"ensemble": "nvt"}, 6),
        (molecule("CH4"), {"ensemble": "nvt", "thermostat": "langevin"}, 3),
        (molecule("CO2"), {}, 5),
        (Atoms("Ar3", np.diag([4.0, 5.0, 6.0]), cell=[9, 9, 9], pbc=[True, False, False]), {}, 3),
    ],
)
def test_degrees_of_freedom(atoms: Atoms, given: dict[str, str], lost: int) -> None:
    structure, wanted = from_atoms(atoms), settings(temperature=500.0, **given)
    masses = structure.masses
    n_dof = count_dof(structure, masses, wanted)
    assert n_dof == 3 * len(atoms) - lost
    seeds = [wanted.model_copy(update={"seed": seed}) for seed in range(1000)]
    velocities = np.array([drawn(structure, masses, s) for s in seeds])
    kinetic = 0.5 * (masses[:, None] * velocities**2).sum(axis=(1, 2)) / (500.0 * units.kB)
    error = (n_dof / 2 / len(seeds)) ** 0.5
    assert abs(kinetic.mean() - n_dof / 2) < 4.5 * error
    assert kinetic.var() == pytest.approx(n_dof / 2, rel=0.25)
    assert np.abs(np.einsum("i,sia->sa", masses, velocities)).max() < 1e-10
    if lost > 3:
        arms = structure.positions - masses @ structure.positions / masses.sum()
        assert np.abs(np.cross(arms, masses[:, None] * velocities).sum(axis=1)).max() < 1e-10


def test_atoms_at_rest_stay_so_without_forces() -> None:
    perfect = start(rattle=0.0)
    found = simulate(argon(), perfect, settings(temperature=0.0))
    assert np.abs(found.structure.positions - perfect.positions).max() < 1e-9


def test_progress_is_told_and_the_result_is_plain_data() -> None:
    seen = []
    found = simulate(argon(), start(), settings(steps=400), on_progress=seen.append)
    assert seen[0].steps == 400 and seen[0].smallest["Ar-Ar"] > 3.0
    data = found.as_dict()
    assert (data["steps"], data["finished"], data["stopped"], data["atoms"]) == (400, True, None, [])
    assert data["smallest_distances"]["Ar-Ar"] == pytest.approx(
        np.nanmin(found.thermo["smallest_Ar-Ar_A"]), abs=1e-12
    )


def test_a_skin_is_thick_enough_for_a_step_of_light_atoms() -> None:
    atoms = molecule("CH4", vacuum=5.0)
    structure, slow = from_atoms(atoms), np.zeros((5, 3))
    assert skin_of(from_atoms(crystal()), settings(), np.zeros((32, 3))) == 0.3
    assert skin_of(structure, settings(skin=0.7), slow) == 0.7
    hot = settings(temperature=1000.0, timestep=2.0)
    spread = 2.0 * units.fs * np.sqrt(units.kB * 1000.0 / 1.008)
    assert skin_of(structure, hot, slow) == pytest.approx(12 * spread, rel=1e-6)
    fast = np.full((5, 3), 1.0)
    assert skin_of(structure, hot, fast) > skin_of(structure, hot, slow)
