"""`potentia md`: what it prints, its exit codes, a process that is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read, write
from commands import held_by_another, run
from dynamics_cases import argon, crystal, settings
from potentia.runtime.cli.setting_options import options_of
from potentia.runtime.dynamics import MDSettings, simulate
from potentia.runtime.dynamics.reading import start_of
from potentia.runtime.files.lock import only_writer_within
from potentia.runtime.files.npz import npz_bytes, read_npz
from potentia.runtime.runs import run_folder as artifact
from potentia.runtime.runs.run_folder import load, save

LOAD = lru_cache(lambda folder: load(Path(folder).resolve()))
SHORT = ("--timestep", "4", "--temperature", "40", "--steps", "40", "--log-every", "10")


@pytest.fixture(autouse=True)
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is read, and so compiled, once for all tests."""
    monkeypatch.setattr(artifact, "load", LOAD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("md")
    save(made / "ar", argon())
    save(made / "other", argon().with_theta(argon().theta * 1.01))
    atoms = crystal()
    atoms.write(made / "ar.xyz")
    return made


def test_a_run_and_its_continuation(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("md", "ar", "--structure", "ar.xyz", *SHORT, "-o", "run")
    code, out, err = run(capsys, *arguments)
    assert code == 0
    assert err.splitlines()[0] == "32 atoms of Ar: 40 steps of 4 fs, nvt (bussi) at 40 K"
    assert err.splitlines()[1] in ("target: cpp, 1 thread", "target: xla, 1 thread")
    assert out.splitlines()[0].split() == ["mean", "last"]
    assert "temperature K" in out and "Ar-Ar" in out and out.endswith("saved in run\n")
    assert run(capsys, *arguments)[0] == 1
    code, out, err = run(capsys, *arguments, "--resume", "--steps", "80", "--json", "--quiet")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert (data["steps"], data["finished"], data["folder"]) == (80, True, "run")
    code, _, err = run(capsys, "md", "other", *arguments[2:], "--resume", "--json", "--quiet")
    (fault,) = json.loads(err)["diagnostics"]
    assert (code, fault["code"]) == (1, "other-model")


def test_a_guard_ends_with_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "md", "ar", "--structure", "ar.xyz", *SHORT, "-o", "hot", "--max-temperature", "30"
    )
    assert code == 1 and "0 steps" in out
    assert "error[too-hot]: the temperature is " in err and "--> ar.xyz, step 0" in err
    report = json.loads((here / "hot" / "report.json").read_text())
    assert report["stopped"]["code"] == "too-hot" and not report["finished"]
    assert len((here / "hot" / "thermo.csv").read_text().splitlines()) == 2


def test_the_end_of_a_run_is_the_start_of_another(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = ("md", "ar", "--structure", "ar.xyz", *SHORT, "-o", "a", "--quiet")
    assert run(capsys, *first)[0] == 0
    on = ("--velocities", "structure", "--ensemble", "nve", "--time", "0.04", "--timestep", "4")
    code, out, err = run(capsys, "md", "ar", "--structure", "a/trajectory.xyz@-1", *on, "-o", "b", "--json")
    assert code == 0 and err.startswith("32 atoms of Ar: 10 steps of 4 fs, nve from 300 K\ntarget: ")
    before, after = (read(f"{name}/trajectory.xyz", index) for name, index in (("a", -1), ("b", 0)))
    assert before.get_kinetic_energy() == pytest.approx(after.get_kinetic_energy(), abs=1e-6)
    assert json.loads(out)["steps"] == 10


def test_where_a_run_starts(here: Path) -> None:
    write("two.xyz", [crystal(), crystal(1)])
    first, velocities, remarks = start_of("two.xyz", "1,1,2")
    assert (first.n_atoms, velocities, remarks) == (64, None, ["the first structure of two.xyz is taken"])
    assert start_of("two.xyz@-1")[0].n_atoms == 4 and start_of("two.xyz@0")[2] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--repeat", "2,2"), 1, "error[bad-value]: `2,2` does not say how often to repeat the cell"),
        (
            ("--steps", "5", "--time", "3"),
            2,
            "error[usage]: invalid value: give `--steps` or `--time`, not both",
        ),
        (("--tau", "3"), 1, "`tau` is 3 fs, shorter than 10 steps of 1 fs: write 10 or more"),
        (("--structure", "ar.xyz@7"), 1, "error[empty-selection]: `ar.xyz@7` takes none of the structures"),
        (("--structure", "an.xyz"), 1, "error[missing-file]: there is no file `an.xyz`"),
        (("-o", "ar"), 1, "error[unwritable]: cannot write ar: it holds files that are no run of dynamics"),
    ],
)
def test_what_cannot_be_done(
    arguments: tuple[str, ...], code: int, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ("md", "ar", "--structure", "ar.xyz", "-o", "new")
    found = run(capsys, *usual, *arguments)
    assert found[0] == code and message in found[2]
    assert not (here / "new").exists()


def test_every_option_is_a_setting_with_its_default() -> None:
    for setting in options_of(MDSettings):
        assert setting.key in MDSettings.model_fields
        default = MDSettings.model_fields[setting.key].default
        if default is not None:
            (option,) = setting.declared.__metadata__
            shown = f"{default:g}" if isinstance(default, float) else str(default)
            assert option.help.endswith(f"[{shown}]"), setting.key


OFTEN = ("--write-every", "10", "--save-every", "20")


def resumed(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a run that is resumed, and what it says on stderr."""
    arguments = ("md", "ar", "--structure", "ar.xyz", *SHORT, *OFTEN, "-o", name, "--quiet", "--resume")
    code, _, err = run(capsys, *arguments)
    return code, err


@pytest.fixture
def done(here: Path) -> Path:
    """A run of 40 steps with states of the steps 20 and 40."""
    made = here / "done"
    if not made.exists():
        wanted = settings(ensemble="nvt", steps=40, write_every=10, save_every=20)
        simulate(argon(), start_of("ar.xyz")[0], wanted, folder=made)
    shutil.rmtree("cut", ignore_errors=True)
    shutil.copytree(made, "cut")
    return Path("cut")


def test_a_run_without_its_states_is_not_begun_again(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in done.iterdir() if "state" not in path.name}
    for name in ("state.npz", "state-before.npz"):
        (done / name).unlink()
    help = "  --> cut\n  help: put state.npz back, or begin again with `--overwrite`\n"
    head = "error[nothing-to-resume]: cannot resume cut: there is no state.npz, and its "
    assert resumed("cut", capsys) == (1, f"{head}log has steps up to 40\n{help}")
    assert {path.name: path.read_bytes() for path in done.iterdir()} == before
    (done / "thermo.csv").unlink()
    assert resumed("cut", capsys) == (1, f"{head}trajectory.xyz holds frames\n{help}")
    (done / "trajectory.xyz").unlink()  # nothing is left to lose
    assert resumed("cut", capsys) == (0, "")
    assert (done / "thermo.csv").read_bytes() == before["thermo.csv"]


@pytest.mark.parametrize("damage", ["gone", "empty", "cut short", "of another structure"])
def test_a_damaged_state_gives_way_to_the_one_before(
    damage: str, done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = {name: (done / name).read_bytes() for name in ("state.npz", "thermo.csv", "trajectory.xyz")}
    state, content = done / "state.npz", whole["state.npz"]
    orphan = done / ".state.npz.0a1b2c3d.part"
    orphan.write_bytes(b"")
    if damage == "gone":
        state.unlink()
        reason = "it is missing"
    elif damage == "of another structure":
        arrays = read_npz(state)
        for name in ("x", "v", "f"):
            arrays[f"state/{name}"] = np.zeros((3, 2))
        state.write_bytes(npz_bytes(arrays))
        reason = "it is of 2 atoms, and the structure has 32"
    else:
        state.write_bytes(content[:0] if damage == "empty" else content[:-3])
        reason = "File is not a zip file"
    assert resumed("cut", capsys) == (
        0,
        f"warning[damaged-artifact]: cut/state.npz is damaged: {reason}; "
        "the run is resumed from the state before it, of step 20\n  --> cut/state.npz\n",
    )
    assert {name: (done / name).read_bytes() for name in whole} == whole and not orphan.exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("settings.json", b"", "it is not JSON"),
        ("settings.json", b"[" * 100_000, "it is not JSON"),
        ("settings.json", b"[]", "it is not a table"),
        ("settings.json", b'{"model": 3}', "`model`: input should be a valid string"),
        ("thermo.csv", b"\xff" * 9999, "it is no log of this run: 'utf-8' codec can't decode byte 0xff in "
         "position 0: invalid start byte"),
        ("thermo.csv", b"a,b\n" * 9999, "it is no log of this run: its head is another"),
    ],
)  # fmt: skip
def test_damaged_files_of_a_run_are_told(
    name: str, content: bytes, reason: str, done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (done / name).write_bytes(content)
    assert resumed("cut", capsys) == (
        1,
        f"error[damaged-artifact]: cut/{name} is damaged: {reason}\n  --> cut/{name}\n"
        "  help: begin again with `--overwrite`\n",
    )


def test_a_full_disk_is_told_whenever_it_is_full(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where closing the file finds out once more."""
    opened = Path.open

    def full(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if mode == "a" and path.name == "trajectory.xyz":
            return opened(Path("/dev/full"), "a", *given, **named)
        return opened(path, mode, *given, **named)

    monkeypatch.setattr(Path, "open", full)
    code, _, err = run(capsys, "md", "ar", "--structure", "ar.xyz", *SHORT, "-o", "full", "--quiet")
    assert (code, err) == (
        1,
        "error[unwritable]: cannot write full/trajectory.xyz: No space left on device\n"
        "  --> full/trajectory.xyz\n",
    )


def test_two_processes_do_not_write_to_one_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with held_by_another(only_writer_within(Path("held"))):
        arguments = ("md", "ar", "--structure", "ar.xyz", *SHORT, "-o", "held", "--quiet")
        code, _, err = run(capsys, *arguments)
        assert code == 1 and re.fullmatch(
            rf"error\[in-use\]: cannot write held: it is in use by process {os.getpid()} on \S+, "
            r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n  --> held\n"
            r"  help: wait for its end, or choose another folder with `-o`\n",
            err,
        )
    assert not Path("held").exists()
    assert run(capsys, *arguments)[0] == 0 and not (Path("held") / ".lock").exists()


def test_a_process_that_is_killed_goes_on_to_the_same_bits(folder: Path) -> None:
    """kill -9, wherever it meets the process, and again."""
    arguments = ["md", "ar", "--structure", "ar.xyz", "--timestep", "4", "--temperature", "40", "--quiet"]
    arguments += ["--log-every", "10", "--write-every", "20", "--save-every", "50", "--steps", "4000"]
    code = "import sys; from potentia.runtime.cli.main import main; sys.exit(main())"

    def started(*more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments, *more], cwd=folder, stdout=subprocess.DEVNULL
        )

    wanted = settings(ensemble="nvt", write_every=20, save_every=50, steps=4000)
    structure, _, _ = start_of(str(folder / "ar.xyz"))
    simulate(argon(), structure, wanted, folder=folder / "whole")
    killed = started("-o", "killed")
    log = folder / "killed" / "thermo.csv"
    latest = time.monotonic() + 120
    while (not log.exists() or log.stat().st_size < 20_000) and time.monotonic() < latest:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert started("-o", "killed", "--resume").wait() == 0
    for name in ("thermo.csv", "trajectory.xyz", "state.npz"):
        assert (folder / "killed" / name).read_bytes() == (folder / "whole" / name).read_bytes()


def test_a_length_that_is_no_number(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for length in ("nan", "inf"):
        code, _, err = run(capsys, "md", "ar", "--structure", "ar.xyz", "-o", "run", "--time", length)
        assert code == 2 and f"`--time` is {length}, not a finite number of picoseconds" in err
