"""The folder of a run: what is written, what is gone on with, what a guard leaves, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import iread, read
from dynamics_cases import argon, crystal, settings, start
from potentia import UserError
from potentia.compiler.diagnostics.diagnostic import Diagnostic
from potentia.runtime.dynamics import MDSettings, md_settings, outputs, simulate
from potentia.runtime.dynamics.run import MDLoop
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import Structure, from_atoms

RNG = np.random.default_rng(8)


class Killed(BaseException):
    """The process ends here."""


def killed(given: MDSettings, folder: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends while it writes its n-th time, with lines cut off."""
    whole, count = MDLoop._written, [0]

    def written(self: MDLoop, *arguments: Any) -> Any:
        count[0] += 1
        if count[0] == after:
            raise Killed
        return whole(self, *arguments)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(MDLoop, "_written", written)
        simulate(argon(), start(), given, folder=folder)
    for name in ("thermo.csv", given.trajectory):
        if not name.endswith(".traj"):
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write("32\nstep=17,0.3")


@pytest.mark.parametrize(
    "given",
    [
        {"ensemble": "nve", "trajectory": "ar.traj"},
        {"ensemble": "nvt", "thermostat": "nose-hoover", "precision": "float32"},
        {"ensemble": "npt", "barostat": "full", "bulk_modulus": 3.0, "temperature_end": 60.0},
    ],
    ids=["nve", "nvt", "npt"],
)
def test_a_run_that_was_killed_goes_on_to_the_same_bits(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(steps=300, write_every=25, save_every=40, **given)
    whole = simulate(argon(), start(), wanted, folder=tmp_path / "whole")
    cut = tmp_path / "cut"
    for after in (1, int(RNG.integers(4, 20))):  # before the first state, and somewhere
        killed(wanted, cut, after, monkeypatch)
        found = simulate(argon(), start(), wanted, folder=cut, resume=True)
        for name in ("thermo.csv", "state.npz", "settings.json", wanted.trajectory):
            assert (cut / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
        assert found.smallest == whole.smallest
        for column, values in whole.thermo.items():
            assert np.array_equal(found.thermo[column], values, equal_nan=True)
        outputs_of(cut)
        for path in cut.iterdir():
            path.unlink()


def outputs_of(folder: Path) -> set[str]:
    names = {path.name for path in folder.iterdir()}
    assert not any(name.endswith(".part") for name in names)
    return names


def test_a_run_can_be_made_longer(tmp_path: Path) -> None:
    short = simulate(argon(), start(), settings(steps=60, save_every=20), folder=tmp_path / "a")
    longer = simulate(
        argon(), start(), settings(steps=100, save_every=20), folder=tmp_path / "a", resume=True
    )
    once = simulate(argon(), start(), settings(steps=100, save_every=20), folder=tmp_path / "b")
    assert (short.steps, longer.steps) == (60, 100)
    assert np.array_equal(longer.structure.positions, once.structure.positions)


@pytest.mark.parametrize("name", ["ar.xyz", "ar.traj"])
def test_what_is_written(name: str, tmp_path: Path) -> None:
    wanted = settings(write_every=25, trajectory=name)
    found = simulate(argon(), start(), wanted, folder=tmp_path)
    states = {"state.npz", "state-before.npz"}
    assert outputs_of(tmp_path) == {"thermo.csv", "settings.json", "report.json", name, *states}
    frames = list(iread(tmp_path / name))
    assert [frame.info["step"] for frame in frames] == [0, 25, 50]
    assert frames[1].info["time_ps"] == pytest.approx(0.1)
    kinetic = [frame.get_kinetic_energy() for frame in frames]
    assert kinetic[2] == pytest.approx(found.thermo["kinetic_eV"][-1], abs=1e-6)
    assert frames[2].get_potential_energy() == pytest.approx(found.thermo["potential_eV"][-1], abs=1e-7)
    assert (frames[2].positions == found.structure.positions).all()
    assert (frames[2].get_momenta() == frames[2].get_masses()[:, None] * found.velocities).all()
    assert list(found.thermo["step"]) == [0, 10, 20, 30, 40, 50]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report == found.as_dict() | {"trajectory": str(tmp_path / name)}


# --- guards ----------------------------------------------------------------------------------------

ONE_PAIR = """species Ar
term one(rc = 6 Å) {{
  pair(r) = 1 eV * {} * smooth(r, rc)
}}
E = one()
"""
HOLE = ONE_PAIR.format("(-3 * exp(-(r / 1 Å)^2))")


def stopped(structure: Structure, wanted: MDSettings, spec: str = "") -> tuple[Diagnostic, tuple[int, ...]]:
    found = simulate(compile(spec) if spec else argon(), structure, wanted)
    assert found.stopped is not None
    assert found.thermo["step"][-1] == found.steps and len(found.frames) >= 2 - (found.steps == 0)
    return found.stopped, found.atoms


def pair_of(distance: float, cell: float = 0.0) -> Atoms:
    atoms = Atoms("Ar2", [[0, 0, 0], [distance, 0, 0]])
    if cell:
        atoms.set_cell([cell] * 3)
        atoms.pbc = True
    return atoms


def test_atoms_that_fall_into_each_other_are_named() -> None:
    wanted = settings(temperature=0.0, timestep=2.0, steps=2000, max_temperature=1e9)
    fault, atoms = stopped(from_atoms(pair_of(1.9, 14.0), "two.xyz"), wanted, HOLE)
    assert fault.code == "atoms-too-close" and sorted(atoms) == [0, 1]
    assert fault.place is not None and fault.place.startswith("two.xyz, step ")
    assert fault.message.startswith("atoms 1 (Ar) and 2 (Ar) came as near as 0.")
    assert fault.message.endswith("Å, the limit being 0.85 Å")


def test_an_explosion_is_seen() -> None:
    squeezed = crystal()
    squeezed.set_cell(squeezed.cell * 0.65, scale_atoms=True)
    fault, atoms = stopped(from_atoms(squeezed, "ar.xyz"), settings(max_temperature=400.0))
    assert fault.code == "too-hot" and len(atoms) >= 1
    assert "the limit being 400 K" in fault.message and int(str(fault.place).split()[-1]) > 0


def test_a_step_that_is_too_long_for_any_list_is_seen() -> None:
    wanted = settings(temperature=0.0, skin=0.05, max_temperature=1e9)
    fault, atoms = stopped(from_atoms(pair_of(2.0, 14.0), "two.xyz"), wanted)
    assert fault.code == "too-fast" and atoms in ((0,), (1,))
    assert "in one step, half the skin being 0.03 Å" in fault.message


def test_a_cell_that_follows_too_fast_is_seen() -> None:
    wanted = settings(ensemble="npt", pressure=50.0, bulk_modulus=0.01, tau_pressure=40.0)
    fault, _ = stopped(start(), wanted)
    assert (fault.code, fault.message) == (
        "too-fast",
        "the cell strains in one step by more than a skin of 0.30 Å allows",
    )


def test_lost_atoms_are_named() -> None:
    given = settings(velocities="structure", steps=2000)
    structure = from_atoms(pair_of(5.0), "two.xyz")
    away = np.array([[-0.15, 0.0, 0.0], [0.15, 0.0, 0.0]])
    found = simulate(argon(), structure, given, velocities=away)
    assert found.stopped is not None and found.atoms == (0, 1)
    assert found.stopped.message.startswith("atom 1 (Ar) is 2")
    assert found.stopped.message.endswith(" Å outside the structure, and 1 more are lost")


def test_what_is_no_number_is_seen() -> None:
    spec = ONE_PAIR.format("sqrt(r / 1 Å - 3.5)")
    fault, atoms = stopped(from_atoms(pair_of(3.0, 14.0), "two.xyz"), settings(), spec)
    assert (fault.code, fault.message, atoms) == (
        "not-finite",
        "the force on atom 1 and on 1 more are not finite",
        (0, 1),
    )
    assert fault.place == "two.xyz, step 0"


# --- what cannot work ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"timestep": 0}, "`timestep` is 0: input should be greater than 0"),
        ({"temperature": -3}, "`temperature` is -3: input should be greater than or equal to 0"),
        ({"ensemble": "nvt", "temperature": 0}, "a thermostat has a temperature above 0 K"),
        ({"tau": 5}, "`tau` is 5 fs, shorter than 10 steps of 1 fs: write 10 or more"),
        (
            {"tau_pressure": 5, "ensemble": "npt"},
            "`tau_pressure` is 5 fs, shorter than 10 steps of 1 fs: write 10 or more",
        ),
        (
            {"ensemble": "nve", "temperature_end": 3},
            "`temperature_end` is for nvt and npt: nothing holds the temperature in nve",
        ),
        ({"trajectory": "a.cif"}, "`trajectory` is the name of a file .xyz or .traj, not `a.cif`"),
        ({"min_distance": 1.5}, "`min_distance` is 1.5: input should be less than 1"),
        (
            {"thermostat": "busi"},
            "`thermostat` is `busi`: input should be 'bussi', 'langevin' or 'nose-hoover'",
        ),
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        md_settings(given)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [("bad-value", message)]


@pytest.mark.parametrize(
    ("atoms", "given", "code", "message"),
    [
        (Atoms("ArH", np.eye(3)[:2] * 4), {"timestep": 0.5}, "unknown-species-in-data",
         "the structure has H, which is not a species of the potential"),
        (Atoms("Ar"), {}, "too-few-atoms", "one atom alone has no temperature: its momentum is conserved"),
        (pair_of(4.0), {"velocities": "structure"}, "no-velocities", "the structure has no velocities"),
        (pair_of(4.0), {"timestep": 20.0}, "timestep-too-long", "a time step of 20 fs is too long for Ar"),
        (pair_of(4.0), {"ensemble": "npt"}, "not-periodic",
         "a pressure needs a periodic cell, and this one is open along a, b, c"),
        (Atoms("Ar2", [[0, 0, 0], [4, 0, 0]], cell=[9, 9, 0.5], pbc=True), {}, "cell-too-thin",
         "the cell is 0.50 Å thin: each atom would meet hundreds of its own images"),
        (pair_of(0.7), {}, "inside-core",
         "atoms 1 (Ar) and 2 (Ar) are 0.70 Å apart: nearer than 0.85 Å is inside the core"),
        (Atoms(), {}, "no-atoms", "the structure has no atoms"),
        (pair_of(0.0), {}, "duplicate-atoms", "atoms 1 and 2 are at the same place"),
    ],
)  # fmt: skip
def test_structures_that_cannot_work(atoms: Atoms, given: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        simulate(argon(), from_atoms(atoms, "a.xyz"), settings(**given))
    assert [(d.code, d.message, d.place) for d in caught.value.diagnostics] == [(code, message, "a.xyz")]


def refused(folder: Path, **given: Any) -> list[tuple[str, str]]:
    potential = given.pop("potential", argon())
    structure = given.pop("structure", start())
    resume = given.pop("resume", True)
    with pytest.raises(UserError) as caught:
        simulate(potential, structure, settings(**given), folder=folder, resume=resume)
    return [(d.code, d.message) for d in caught.value.diagnostics]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("md") / "run"
    simulate(argon(), start(), settings(), folder=folder)
    return folder


def test_another_run_is_not_gone_on_with(done: Path) -> None:
    other = argon().with_theta(argon().theta * 1.01)
    ((code, message),) = refused(done, potential=other)
    digests = [json.loads((done / "settings.json").read_text())["model"]]
    assert code == "other-model" and message.startswith(
        f"the run in {done} is one of another model: {digests[0]}; this one is sha256:"
    )
    assert refused(done, seed=3, tau=200.0) == [
        ("resume-mismatch", "cannot resume: `seed` was 0, and is 3 now"),
        ("resume-mismatch", "cannot resume: `tau` was 100, and is 200 now"),
    ]
    assert refused(done, structure=start(seed=7)) == [
        ("resume-mismatch", "cannot resume: the structure is not that of the run")
    ]
    assert refused(done, resume=False) == [("run-exists", f"there is a run of dynamics in {done} already")]


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    assert refused(tmp_path / "new") == [
        ("nothing-to-resume", f"nothing to resume: there is no {tmp_path / 'new' / 'settings.json'}")
    ]
    (tmp_path / "mine.txt").write_text("mine")
    assert refused(tmp_path, resume=False) == [
        ("unwritable", f"cannot write {tmp_path}: it holds files that are no run of dynamics")
    ]
    assert refused(tmp_path / "mine.txt", resume=False) == [
        ("unwritable", f"cannot write {tmp_path / 'mine.txt'}: it is a file")
    ]


def test_damaged_files_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    simulate(argon(), start(), settings(), folder=folder)
    (folder / "state-before.npz").unlink()
    state, log = (folder / "state.npz").read_bytes(), (folder / "thermo.csv").read_bytes()
    for length in (0, 10, len(state) // 2, len(state) - 1):
        (folder / "state.npz").write_bytes(state[:length])
        assert [code for code, _ in refused(folder)] == ["damaged-artifact"]
    (folder / "state.npz").write_bytes(state)
    (folder / "thermo.csv").write_bytes(log[:-9])
    message = (
        f"{folder / 'thermo.csv'} is damaged: it is shorter than the {len(log)} bytes that its state says"
    )
    assert refused(folder) == [("damaged-artifact", message)]
    (folder / "thermo.csv").write_bytes(log)
    (folder / "trajectory.xyz").unlink()
    message = f"{folder / 'trajectory.xyz'} is damaged: it is missing"
    assert refused(folder) == [("damaged-artifact", message)]
    (folder / "settings.json").write_text("{")
    assert [code for code, _ in refused(folder)] == ["damaged-artifact"]


def test_a_new_run_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    simulate(argon(), start(), settings(write_every=10), folder=tmp_path)
    simulate(argon(), start(), settings(steps=10), folder=tmp_path, overwrite=True)
    assert len(read(tmp_path / "trajectory.xyz", ":")) == 2
    assert len((tmp_path / "thermo.csv").read_text().splitlines()) == 3


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "frame_text", full)
    with pytest.raises(UserError) as caught:
        simulate(argon(), start(), settings(), folder=tmp_path)
    path = tmp_path / "trajectory.xyz"
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("unwritable", f"cannot write {path}: No space left on device")
    ]
