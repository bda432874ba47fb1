"""Rounds of active learning: what is chosen and counted; stopped anywhere, they go on to the same end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from active_cases import laid_out
from ase import Atoms
from ase.io import write
from commands import run
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import Diagnostic, UserError
from potentia.runtime.active import exploration, fitting, labelling, loop
from potentia.runtime.active.config import load_active
from potentia.runtime.active.coverage import save_coverage, save_rounds
from potentia.runtime.active.loop import Learned, learn
from potentia.runtime.active.study import study_of
from potentia.runtime.dynamics.outputs import SETTINGS
from potentia.runtime.evaluation.errors import Metrics, compare
from potentia.runtime.files.npz import npz_bytes
from potentia.runtime.fitting.result import FitResult
from potentia.runtime.potential.evaluators import Predicted
from potentia.runtime.runs.run_folder import load
from potentia.runtime.structures.structure import Structure


class Killed(BaseException):
    """As a signal ends a process: nothing catches it."""


@dataclass
class World:
    """Dynamics and fits that cost nothing, counted; `dies` says at which call the process is killed.

    unsafe: the round at whose end atoms run into each other; calm: the first whose atoms hardly move;
    lasting: frames of a trajectory.
    """

    calls: dict[str, int]
    dies: tuple[str, int] | None = None
    unsafe: int = 1
    calm: int = 99
    lasting: int = 6

    def count(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1
        if self.dies == (what, self.calls[what]):
            raise Killed

    def simulate(
        self, potential: object, structure: Structure, settings: object, **options: object
    ) -> object:
        folder = Path(str(options["folder"]))
        number = int(folder.parent.parent.name.partition("-")[2])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).write_text("{}")
        rng = np.random.default_rng(settings.seed)  # type: ignore[attr-defined]
        scale = 1e-3 if number >= self.calm else 2.5e-5 * settings.temperature  # type: ignore[attr-defined]
        frames = []
        for k in range(self.lasting):
            x = structure.positions + k * scale * rng.normal(size=structure.positions.shape)
            frames.append(Atoms(structure.numbers, positions=x, cell=structure.cell, pbc=True))
        fails = number == self.unsafe
        if fails:
            frames[-1].positions[1] = frames[-1].positions[0] + 0.4
        write(folder / settings.trajectory, frames, format="extxyz")  # type: ignore[attr-defined]
        self.count("simulate")
        stopped = Diagnostic("too-close", "atoms 1 and 2 are 0.69 Å apart") if fails else None
        return SimpleNamespace(stopped=stopped, steps=60)

    def fit(self, potential: object, structures: object, config: object, **options: object) -> FitResult:
        self.count("fit")
        return FitResult(potential, True, "done", 0.0, (), None)

    def evaluate(self, potential: object, structures: Sequence[Structure]) -> Metrics:
        """Of a potential without forces."""
        zeros = [
            Predicted(0.0, np.zeros((s.n_atoms, 3)), None, np.zeros(s.n_atoms), np.zeros((3, 3)))
            for s in structures
        ]
        return compare(structures, zeros)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World({})
    monkeypatch.setattr(exploration, "simulate", made.simulate)
    monkeypatch.setattr(fitting, "fit", made.fit)
    for module in (fitting, loop):
        monkeypatch.setattr(module, "evaluate", made.evaluate)
    true = labelling.Labeller.label

    def label(self: labelling.Labeller, structure: Structure) -> Structure:
        made.count("label")
        return true(self, structure)

    monkeypatch.setattr(labelling.Labeller, "label", label)
    yield made


def learned(config: Path, folder: str = "study", rounds: int | None = None) -> Learned:
    settings = load_active(config, {"stop.rounds": rounds})
    return learn(study_of(settings, config, config.parent / folder, allow_code=True))


def test_rounds_are_counted_and_end(world: World, tmp_path: Path) -> None:
    world.calm = 3
    config = laid_out(tmp_path, **{"rounds = 2": "rounds = 9"})
    found = learned(config)
    first, *others, last = found.rounds
    assert found.reason == "converged"
    assert (first.failures, first.failure_ratio, first.selection.method) == (2, 1.0, "d-optimality")
    assert first.outcomes[0].stopped == "atoms 1 and 2 are 0.69 Å apart"
    # the unphysical frames are counted and are no candidates
    assert [o.unphysical for o in first.outcomes] == [1, 1] and first.selection.frames == 8
    assert first.new == first.labelled == 3 and first.surprise is not None
    assert [r.trained for r in found.rounds] == list(np.cumsum([4, *(r.labelled for r in found.rounds[:-1])]))
    assert (last.failures, last.new, last.surprise) == (0, 0, None)
    assert all(r.failures == 0 and r.new > 0 for r in others)
    metadata = load(found.model).metadata
    assert metadata.test is not None and metadata.test["n_structures"] == 3
    assert "round-01/labels/0000.xyz" in metadata.data and len(metadata.data) == 2 + found.structures - 4
    # seeds differ from run to run
    assert len({o.seed for r in found.rounds for o in r.outcomes}) == 2 * len(found.rounds)


def test_new_structures_are_the_farthest_of_the_uncertain(world: World, tmp_path: Path) -> None:
    config = laid_out(tmp_path)
    about = learned(config, rounds=1).rounds[0].selection
    grades = [g or np.inf for g in about.grades]
    assert about.uncertain <= about.frames and grades[0] == max(grades) > 1.0
    places = json.loads((tmp_path / "study/round-01/selection/selection.json").read_text())["places"]
    assert len(set(places)) == 3 and places[0] == "round-01/01, frame 5"  # the hottest, before it broke


def test_it_ends_where_nothing_is_new(world: World, tmp_path: Path) -> None:
    found = learned(laid_out(tmp_path, **{"grade = 1.0": "grade = 1e9"}))
    assert found.reason == "nothing new" and len(found.rounds) == 1 and found.rounds[0].failures == 2


def test_it_ends_where_trajectories_fail_at_once(world: World, tmp_path: Path) -> None:
    world.lasting = 1
    config = laid_out(tmp_path)
    found = learned(config)
    assert found.reason == "no frames" and found.rounds[0].selection.frames == 0
    study = study_of(load_active(config), config, tmp_path / "study")
    save_coverage(study, found.rounds, tmp_path / "coverage.png")
    save_rounds(found, tmp_path / "rounds.png")
    assert (tmp_path / "coverage.png").is_file() and (tmp_path / "rounds.png").is_file()


def test_more_rounds_go_on_and_nothing_is_done_twice(world: World, tmp_path: Path) -> None:
    config = laid_out(tmp_path)
    once = learned(config, rounds=1)
    assert once.reason == "rounds" and world.calls == {"fit": 2, "simulate": 2, "label": 3}
    again = learned(config, rounds=1)
    assert [r.as_dict() for r in again.rounds] == [r.as_dict() for r in once.rounds]
    assert world.calls == {"fit": 2, "simulate": 2, "label": 3}
    more = learned(config, rounds=2).rounds
    assert world.calls == {"fit": 3, "simulate": 4, "label": sum(r.new for r in more)} and len(more) == 2


@pytest.mark.parametrize(
    "dies", [("fit", 1), ("simulate", 2), ("label", 2), ("fit", 2), ("label", 4), ("fit", 3)]
)
def test_a_study_that_is_killed_goes_on_to_the_same_end(
    dies: tuple[str, int], world: World, tmp_path: Path
) -> None:
    config = laid_out(tmp_path)
    whole = learned(config, "whole")
    expected, world.calls = world.calls, {}
    world.dies = dies
    with pytest.raises(Killed):
        learned(config)
    found = learned(config)
    assert [r.as_dict() for r in found.rounds] == [r.as_dict() for r in whole.rounds]
    # what was cut off is done again, and nothing else
    assert world.calls == expected | {dies[0]: expected[dies[0]] + 1}


def test_structures_without_labels_are_listed(world: World, tmp_path: Path) -> None:
    (tmp_path / "shy.py").write_text(
        "from ase.calculators.emt import EMT\n"
        "class Shy(EMT):\n"
        "    def calculate(self, atoms, *others):\n"
        "        if atoms.positions[0, 0] > 0:\n"
        "            raise ValueError('not this one')\n"
        "        super().calculate(atoms, *others)\n"
    )
    config = laid_out(tmp_path, **{'"emt"': '"shy:Shy"', "most = 3": "most = 8"})
    found = learned(config, rounds=1)
    (only,) = found.rounds
    assert 0 < only.labelled < only.new and len(only.refused) == only.new - only.labelled
    assert set(only.refused.values()) == {"ValueError: not this one"}
    assert found.structures == 4 + only.labelled


def test_a_calculator_that_labels_nothing_can_be_mended(world: World, tmp_path: Path) -> None:
    config = laid_out(tmp_path)
    broken = labelling.Labeller.label

    def label(self: labelling.Labeller, structure: Structure) -> Structure:
        raise labelling.Unlabelled("RuntimeError: no licence")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labelling.Labeller, "label", label)
        with pytest.raises(UserError) as caught:
            learned(config, rounds=1)
    assert report.as_text(caught.value.diagnostics) == (
        "error[nothing-labelled]: none of the 3 structures could be labelled: RuntimeError: no licence\n"
        f"  --> {tmp_path / 'study' / 'round-01'}\n"
        "  help: mend the calculator or its [label.arguments], and run again: finished work is kept"
    )
    assert labelling.Labeller.label is broken
    assert learned(config, rounds=1).rounds[0].labelled == 3
    assert world.calls == {"fit": 2, "simulate": 2, "label": 3}


def test_dynamics_that_cannot_be_are_refused_before_the_fit(world: World, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        learned(laid_out(tmp_path, **{"timestep = 3": "timestep = 20\ntau = 500"}))
    assert [d.code for d in caught.value.diagnostics] == ["timestep-too-long"]
    assert world.calls == {} and not (tmp_path / "study").exists()


def test_a_configuration_from_others_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = laid_out(tmp_path, **{'"emt"': '"os:system"\narguments = {command = "touch ran"}'})
    assert run(capsys, "active", str(config), "-o", str(tmp_path / "study"), "--quiet") == (
        1,
        "",
        "error[needs-allow-code]: the argument `command` of the calculator `os:system` is code: it may start "
        f"programs\n  --> {config}, [label]\n"
        "  help: `--allow-code` lets it run, where you trust the configuration\n",
    )
    assert not (tmp_path / "study").exists() and not Path("ran").exists()


def test_another_study_is_refused(world: World, tmp_path: Path) -> None:
    config = laid_out(tmp_path)
    learned(config, rounds=1)
    folder = tmp_path / "study"
    help = "\n  help: give a new folder with `-o`, or the same configuration and data"
    text = config.read_text()
    for old, new, key in (
        ("grade = 1.0", "grade = 1.2", "config.select.grade"),
        ('"cell.xyz"', '"test.xyz"', "config.explore.structures"),
    ):
        config.write_text(text.replace(old, new))
        with pytest.raises(UserError) as caught:
            learned(config)
        assert "error[other-study]: the study in" in (message := report.as_text(caught.value.diagnostics))
        assert f" was made with another `{key}`\n  --> {folder}" in message and message.endswith(help)
    with pytest.raises(UserError) as caught:
        config.write_text(text)
        learned(config, "cu.pes")
    assert report.as_text(caught.value.diagnostics) == (
        f"error[unwritable]: cannot write {tmp_path / 'cu.pes'}: it is a file\n"
        f"  --> {tmp_path / 'cu.pes'}\n  help: choose another folder with `-o`"
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    config.write_text(text)
    with pytest.raises(UserError) as caught:
        learned(config, "full")
    assert report.as_text(caught.value.diagnostics) == (
        f"error[other-study]: cannot write {tmp_path / 'full'}: it holds files that are no study\n"
        f"  --> {tmp_path / 'full'}\n  help: choose another folder with `-o`"
    )


AGAIN = "remove the folder study/round-01/selection, and the selection is made again"
TRAJECTORY = "remove it, and the trajectory is looked at again"
DAMAGES = {
    "study.json": (b"", "it is not JSON", "put it back from a copy, or begin in a new folder"),
    "round-01/md/00/outcome.json": (b"[" * 100_000, "it is not JSON", TRAJECTORY),
    "round-01/md/01/outcome.json": (b"{}", "`folder`: field required", TRAJECTORY),
    "round-01/selection/selection.json": (b"[1]", "it is not a table", AGAIN),
    "round-01/selection/selected.xyz": (None, "it is missing", AGAIN),
    "round-01/labels/0000.json": (
        b'{"reason": 3}',
        "`reason`: input should be a valid string",
        "remove it, and the structure is labelled again",
    ),
    "round-01/round.json": (
        b'{"labelled": "x", "errors_on_new": null}',
        "`labelled`: input should be a valid integer, unable to parse string as an integer",
        "remove it, and it is worked out again",
    ),
}


def test_damaged_files_of_a_study_are_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments = ("active", "cu.toml", "-o", "study", "--quiet", "--rounds", "1")
    assert run(capsys, *arguments)[0] == 0
    for name, (content, reason, help) in DAMAGES.items():
        path = Path("study") / name
        before = path.read_bytes() if path.exists() else None
        if name.startswith("round-01/labels"):
            path.with_suffix(".xyz").rename("kept")
        path.unlink() if content is None else path.write_bytes(content)
        assert run(capsys, *arguments) == (
            1,
            "",
            f"error[damaged-artifact]: {path} is damaged: {reason}\n  --> {path}\n  help: {help}\n",
        )
        path.unlink(missing_ok=True) if before is None else path.write_bytes(before)
        if name.startswith("round-01/labels"):
            Path("kept").rename(path.with_suffix(".xyz"))
    (tmp_path / "study/round-01/selection/points.npz").write_bytes(npz_bytes({"chosen": np.ones(2)}))
    code, _, err = run(capsys, *arguments)
    assert code == 1 and "points.npz is damaged: it lacks `training`, `frames` or `chosen`\n" in err


def test_from_the_command_line_with_true_dynamics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = laid_out(
        tmp_path,
        **{"rounds = 2": "rounds = 1", "steps = 60": "steps = 20", "zbl() + pair(bessel6": "pair(bessel4"},
    )
    folder = tmp_path / "study"
    code, out, err = run(capsys, "active", str(config), "-o", str(folder))
    assert code == 0
    assert out.splitlines()[0].split()[:8] == (
        ["round", "structures", "failed", "ratio", "frames", "uncertain", "new", "labelled"]
    )
    assert out.splitlines()[1].split() == ["meV/atom", "meV/Å"] * 2
    assert out.splitlines()[2].split()[:5] == ["1", "4", "0/2", "0", "%"]
    assert "stopped at the number of rounds; run again with more to go on" in out
    assert "round-01: dynamics at 1500 K" in err.splitlines()
    for name in ("coverage", "rounds"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    code, out, err = run(capsys, "active", str(config), "-o", str(folder), "--json", "--quiet")
    data = json.loads(out)
    assert (code, err, data["reason"]) == (0, "", "rounds")
    (one,) = data["rounds"]
    assert one["method"] == "fisher" and one["frames"] == 4 and one["trajectories"] == 2
    assert data["structures"] == 4 + one["labelled"] and data["model"] == str(folder / "model")
    assert load(folder / "model").metadata.train["forces_rmse_ev_per_ang"] < 0.2  # type: ignore[index]
