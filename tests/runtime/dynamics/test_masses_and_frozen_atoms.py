"""Masses and frozen atoms of a file: used by dynamics, phonons and analyses, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.constraints import FixAtoms, FixCartesian, FixedPlane, FixScaled, FixSymmetry, Hookean
from ase.io import read, write
from commands import run
from dynamics_cases import argon, crystal, settings
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.analysis.unwrapping import Unwrapper
from potentia.runtime.dynamics import MDResult, MDSettings, simulate
from potentia.runtime.dynamics.checks import check
from potentia.runtime.dynamics.reading import start_of
from potentia.runtime.properties.prototypes import from_file, supercell
from potentia.runtime.runs.run_folder import save
from potentia.runtime.structures.structure import Structure, from_atoms

HEAVY = 159.792


def frozen_start(**given: Any) -> Structure:
    atoms = crystal()
    atoms.set_constraint([FixAtoms([0, 1, 2]), FixCartesian([5], mask=(False, False, True))])
    return from_atoms(atoms, "ar.xyz")


def ran(structure: Structure, folder: Path | None = None, **given: Any) -> MDResult:
    return simulate(argon(), structure, settings(**given), folder=folder)


def moved(result: MDResult, start: Structure) -> np.ndarray:
    return np.abs(result.structure.positions - start.positions)


@pytest.mark.parametrize(
    "given",
    [{}, *({"ensemble": "nvt", "thermostat": name} for name in ("bussi", "langevin", "nose-hoover"))],
    ids=lambda given: given.get("thermostat", "nve"),
)
def test_frozen_coordinates_stay_to_the_last_bit(given: dict[str, Any]) -> None:
    start = frozen_start()
    result = ran(start, **given)
    assert start.frozen is not None
    assert (moved(result, start) == 0)[start.frozen].all()
    assert (moved(result, start) > 0)[~start.frozen].all()
    assert (result.velocities[start.frozen] == 0).all()
    spread = np.ptp(result.thermo["conserved_eV"])
    assert spread < 2e-4 * start.n_atoms


def test_the_temperature_counts_the_coordinates_that_move() -> None:
    start = frozen_start()
    result = ran(start, steps=1, log_every=1)
    kinetic = result.thermo["kinetic_eV"][0]
    # of 96 coordinates ten are held, and each direction has one that is
    assert result.thermo["temperature_K"][0] == pytest.approx(2 * kinetic / (86 * units.kB), rel=1e-12)


def test_masses_of_the_file_make_atoms_slower() -> None:
    atoms = crystal()
    atoms.set_masses([HEAVY] * len(atoms))
    heavy = from_atoms(atoms, "ar.xyz")
    usual, slow = (ran(s, steps=20) for s in (from_atoms(crystal(), "ar.xyz"), heavy))
    assert slow.thermo["kinetic_eV"][0] == pytest.approx(usual.thermo["kinetic_eV"][0], rel=1e-12)
    assert np.abs(slow.velocities).mean() < 0.6 * np.abs(usual.velocities).mean()


@pytest.mark.parametrize("name", ["ar.xyz", "ar.traj"])
def test_a_trajectory_keeps_masses_and_frozen_atoms(name: str, tmp_path: Path) -> None:
    atoms = crystal()
    atoms.set_masses([HEAVY] * len(atoms))
    atoms.set_constraint([FixAtoms([0, 1, 2]), FixCartesian([5], mask=(False, False, True))])
    start = from_atoms(atoms, "ar.xyz")
    ran(start, tmp_path / "run", steps=10, trajectory=name)
    again, velocities, remarks = start_of(str(tmp_path / "run" / name) + "@-1")
    assert again.given_masses is not None and again.frozen is not None and start.frozen is not None
    assert (again.given_masses == HEAVY).all() and (again.frozen == start.frozen).all()
    assert velocities is not None and (velocities[start.frozen] == 0).all()
    assert remarks == [
        "masses are those of the file",
        "4 of 32 atoms are frozen, 1 of them along some directions only",
    ]


def test_masses_and_momenta_of_the_file_give_the_velocities(tmp_path: Path) -> None:
    for column in ("masses", "mass"):
        text = f'1\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:{column}:R:1:momenta:R:3\n'
        (tmp_path / "one.xyz").write_text(text + f"Ar 0 0 0 {HEAVY} {HEAVY} 0 0\n")
        start, velocities, _ = start_of(str(tmp_path / "one.xyz"), "2,1,1")
        assert velocities is not None and start.given_masses is not None
        assert velocities.tolist() == [[1.0, 0.0, 0.0]] * 2
        assert start.given_masses.tolist() == [HEAVY] * 2


def test_selective_dynamics_and_a_repeated_cell(tmp_path: Path) -> None:
    atoms = bulk("Ar", cubic=True, a=5.3)
    atoms.set_constraint([FixScaled([0], mask=(True, True, True)), FixScaled([1], mask=(True, False, False))])
    write(tmp_path / "POSCAR", atoms, format="vasp")
    start, _, remarks = start_of(str(tmp_path / "POSCAR"), "2,1,1")
    assert start.frozen is not None
    rows = [[True] * 3, [True, False, False], [False] * 3, [False] * 3]
    assert start.frozen.tolist() == rows * 2
    assert remarks == ["4 of 8 atoms are frozen, 2 of them along some directions only"]


def of_plane(direction: tuple[float, float, float]) -> Structure:
    atoms = crystal()
    atoms.set_constraint(FixedPlane([0], direction))
    return from_atoms(atoms, "ar.xyz")


def test_planes_along_an_axis_are_kept() -> None:
    start = of_plane((0, 0, 2))
    assert start.frozen is not None and start.constraints == ()
    assert np.argwhere(start.frozen).tolist() == [[0, 2]]


def columns(name: str) -> Atoms:
    atoms = crystal()
    atoms.new_array(name, np.ones(len(atoms), dtype=bool))
    return atoms


def held(*constraints: object) -> Atoms:
    atoms = crystal()
    atoms.set_constraint(constraints)
    return atoms


def massive(mass: float) -> Atoms:
    atoms = crystal()
    atoms.set_masses([39.95, mass, *[39.95] * 30])
    return atoms


CANNOT = ", which cannot be kept"
FREE = "take `move_mask` or the constraints out of the file"
KEPT = "FixAtoms, FixCartesian and the column `move_mask` are kept; take the others out of the file"


@pytest.mark.parametrize(
    ("atoms", "given", "code", "message", "help"),
    [
        (held(Hookean(0, 1, k=1.0, rt=3.0)), {}, "unknown-constraint",
         f"the structure has the constraint Hookean{CANNOT}", KEPT),
        (held(FixSymmetry(bulk("Ar", cubic=True, a=5.3).repeat(2))), {}, "unknown-constraint",
         f"the structure has the constraint FixSymmetry{CANNOT}", KEPT),
        (held(FixedPlane([0], (1, 1, 0))), {}, "unknown-constraint",
         f"the structure has the constraint FixedPlane{CANNOT}", KEPT),
        *((columns(name), {}, "unknown-constraint", f"the structure has the column `{name}`{CANNOT}", KEPT)
          for name in ("fixed", "is_fixed", "fix_atoms", "selective", "constraint_mask")),
        (columns("Move_Mask"), {}, "unknown-constraint",
         f"the structure has the column `Move_Mask`{CANNOT}", KEPT),
        (held(FixAtoms(range(32))), {}, "frozen-atoms", "every atom is frozen, so nothing moves", None),
        (held(FixAtoms([3])), {"ensemble": "npt"}, "frozen-atoms",
         "1 of 32 atoms is frozen, and npt moves every atom with the cell", "choose nvt, or free the atoms"),
        (massive(0.0), {}, "bad-mass", "the mass of atom 2 is 0, not a number above 0",
         "give masses in amu, or leave them out: then they are those of the elements"),
    ],
)  # fmt: skip
def test_refused_by_name(
    atoms: Atoms, given: dict[str, Any], code: str, message: str, help: str | None
) -> None:
    with pytest.raises(UserError) as caught:
        ran(from_atoms(atoms, "ar.xyz"), **given)
    found = [(d.code, d.message, d.place, d.help) for d in caught.value.diagnostics]
    assert found == [(code, message, "ar.xyz", help)]


def test_properties_are_those_of_free_atoms(tmp_path: Path) -> None:
    write(tmp_path / "fixed.xyz", held(FixAtoms([0, 1])))
    with pytest.raises(UserError) as caught:
        from_file("fixed", str(tmp_path / "fixed.xyz"), ("Ar",))
    message = "2 of 32 atoms are frozen, and properties are those of free atoms"
    found = [(d.code, d.message, d.place, d.help) for d in caught.value.diagnostics]
    assert found == [("frozen-atoms", message, "fixed.xyz, structure 1", FREE)]


def test_supercells_keep_the_masses() -> None:
    atoms = bulk("Ar", cubic=True, a=5.3)
    atoms.set_masses([HEAVY, 39.95, 39.95, 39.95])
    many = supercell(from_atoms(atoms), np.diag([2, 1, 1]))
    assert sorted(many.masses.tolist()) == [39.95] * 6 + [HEAVY] * 2


def test_frozen_atoms_say_where_the_others_are() -> None:
    atoms = held(FixAtoms([0]))
    follow = Unwrapper()
    follow.add(from_atoms(atoms), 1)
    atoms.positions[1:] += [0.1, 0, 0]
    found = follow.add(from_atoms(atoms), 2)
    assert found[0] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found[1] == pytest.approx([0.1, 0, 0], abs=1e-12)


def test_another_mass_is_another_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "ar", argon())
    write("ar.xyz", massive(20.0))
    arguments = ("md", "ar", "--structure", "ar.xyz", "--timestep", "4", "--steps", "2", "-o", "run")
    code, _, err = run(capsys, *arguments)
    assert code == 0 and err.splitlines()[0] == "masses are those of the file"
    frames = read("run/trajectory.xyz", ":")
    assert isinstance(frames, list) and frames[0].get_masses()[1] == 20.0
    write("ar.xyz", massive(21.0))
    code, _, err = run(capsys, *arguments, "--resume")
    assert code == 1 and "cannot resume: the structure is not that of the run" in err


@pytest.mark.parametrize("name", ["mass", "atomic_mass", "Masses", "amu"])
def test_masses_under_other_names(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text(f"1\nProperties=species:S:1:pos:R:3:{name}:R:1\nAr 0 0 0 80\n")
    start, _, remarks = start_of(str(tmp_path / "a.xyz"))
    assert start.masses.tolist() == [80.0] and remarks == ["masses are those of the file"]


def test_momenta_that_are_no_numbers() -> None:
    velocities = np.ones((32, 3))
    velocities[4, 1] = np.nan
    with pytest.raises(UserError) as caught:
        check(from_atoms(crystal(), "ar.xyz"), ("Ar",), MDSettings(velocities="structure"), velocities)
    (found,) = caught.value.diagnostics
    help = "leave `--velocities` away, and they are drawn at the temperature"
    assert (found.code, found.message, found.help) == (
        "nan-label",
        "the velocity of atom 5 is not finite",
        help,
    )
