"""What an earlier version has stored is read, and predicts and says what it did then: `stored/README.md`."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import potentia
import pytest
import stored_answers as asked
from potentia.runtime.pruning.prune import Goal
from potentia.runtime.pruning.state import PruneStore, depends_on
from potentia.runtime.runs.with_data import fitted_run_of
from stored_answers import STORED

EXPECTED = json.loads((STORED / "expected.json").read_text(encoding="utf-8"))
# arguments of terms whose starts reach beyond their usual cutoff with two species
ROOM = {"sw": "rc = 4.6", "tersoff": "rc = 3.3"}

# relative errors; coefficients of the redundant bases are two million and cancel
RTOL = dict.fromkeys(asked.RUNS, 1e-12) | {"runs/redundant": 1e-9, "runs/pruned": 1e-9}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that is stored, to write into, as the working directory."""
    folder = tmp_path / "stored"
    shutil.copytree(STORED, folder)
    monkeypatch.chdir(folder)
    return folder


def same(found: Any, wanted: Any, rtol: float, at: str = "") -> None:
    """The same JSON; numbers that are not whole agree to a relative error."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict) and set(wanted) <= set(found), at  # a version may say more
        for key, value in wanted.items():
            same(found[key], value, rtol, f"{at}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(found, list) and len(found) == len(wanted), at
        for k, (one, other) in enumerate(zip(found, wanted, strict=True)):
            same(one, other, rtol, f"{at}[{k}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=rtol, abs=0.0), at
    else:
        assert found == wanted, at


def agree(found: list[dict[str, Any]], wanted: list[dict[str, Any]], rtol: float) -> None:
    """Each quantity relative to the largest of its numbers."""
    for one, other in zip(found, wanted, strict=True):
        assert one.keys() == other.keys()
        for name, numbers in other.items():
            assert (one[name] is None) == (numbers is None), name
            if numbers is not None:
                scale = float(np.abs(numbers).max())
                np.testing.assert_allclose(one[name], numbers, rtol=0, atol=rtol * scale, err_msg=name)


# --- runs ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::potentia.PotentiaWarning")  # a spec of then has what is warned of now
@pytest.mark.parametrize("folder", asked.RUNS)
def test_a_run_predicts_what_it_did(folder: str) -> None:
    wanted = EXPECTED["runs"][folder]
    model = potentia.load(STORED / folder)
    assert model.theta.tolist() == wanted["theta"]
    assert list(model.species) == wanted["species"] and model.n_parameters == wanted["n_parameters"]
    agree(asked.predicted(STORED / folder, asked.RUNS[folder]), wanted["predicted"], RTOL[folder])


@pytest.mark.parametrize("folder", asked.RUNS)
def test_the_spec_of_a_run_has_the_same_parameters(folder: str) -> None:
    wanted = EXPECTED["runs"][folder]
    found = asked.parameters(f"{STORED / folder}/spec.pes")
    assert found == {key: wanted[key] for key in found}


def test_a_run_knows_its_uncertainty() -> None:
    agree(asked.uncertain(STORED / "runs" / "linear", "nb"), EXPECTED["uncertain"], 1e-9)


@pytest.mark.parametrize("command", asked.COMMANDS)
def test_a_command_says_of_it_what_it_said(copied: Path, command: str) -> None:
    same(asked.answer(command), EXPECTED["commands"][command], 1e-9)


def test_a_nep_is_exported_and_imported_to_the_same_numbers(copied: Path) -> None:
    asked.answer("export runs/nep --to nep -o again.txt")
    asked.answer("import again.txt -o runs/again")
    np.testing.assert_array_equal(potentia.load("runs/again").theta, EXPECTED["runs"]["runs/nep"]["theta"])


# --- what is gone on with -----------------------------------------------------------------------------


def test_dynamics_go_on(copied: Path) -> None:
    """Its thermodynamics of 80 steps are those of a run that was not cut."""
    assert asked.answer(asked.MD_ON)["steps"] == 80
    found, wanted = (
        np.genfromtxt(path, delimiter=",", names=True) for path in ("md/thermo.csv", "md_thermo_80.csv")
    )
    assert wanted.dtype.names and found.dtype.names == wanted.dtype.names
    for name in wanted.dtype.names:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_fit_goes_on(copied: Path) -> None:
    asked.answer(asked.FIT_ON)
    np.testing.assert_allclose(potentia.load("runs/half").theta, EXPECTED["fit"], rtol=1e-9)


def test_a_pruning_goes_on(copied: Path) -> None:
    """Its checkpoint belongs to the same inputs, and its steps are the first ones of the whole pruning."""
    run = fitted_run_of("runs/redundant", ["data/nb.xyz"])
    inputs = depends_on(run.potential, run.structures, run.config, dataclasses.asdict(Goal()))
    found = PruneStore(Path("runs/half_pruned"), inputs).load()
    steps = json.loads(Path("runs/pruned/pruning.json").read_text(encoding="utf-8"))["history"]
    assert json.loads(json.dumps([dataclasses.asdict(s) for s in found.history])) == steps[:2]
    assert found.theta.shape == (run.potential.n_parameters,)


# --- specs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXPECTED["specs"]))
def test_a_shipped_spec_means_what_it_meant(root: Path, name: str) -> None:
    shipped = root / "specs" / name
    if not shipped.exists():
        pytest.skip(f"{name} is not shipped any more")
    verdict = asked.answer(f"diff {STORED / 'specs' / name} {shipped}")
    assert (verdict["verdict"], verdict["operations"]) == ("same", [])
    assert asked.parameters(str(shipped)) == EXPECTED["specs"][name]


@pytest.mark.parametrize("path", sorted((STORED / "specs" / "std").glob("*.pes")), ids=lambda p: p.stem)
def test_a_term_of_the_library_means_what_it_meant(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stored term, declared in a spec, is the library's of the same name."""
    monkeypatch.chdir(tmp_path)
    energy = f"E = {path.stem}({ROOM.get(path.stem, '')})\n"
    Path("then.pes").write_text(f"species Nb, O\n{path.read_text('utf-8')}\n{energy}", encoding="utf-8")
    Path("now.pes").write_text(f"species Nb, O\n{energy}", encoding="utf-8")
    verdict = asked.answer("diff then.pes now.pes")
    assert (verdict["verdict"], verdict["operations"]) == ("same", [])
    assert asked.parameters("then.pes") == asked.parameters("now.pes")
