"""`potentia fisher`, `eval --uncertainty` and deviations from the calculator: reports, bad input."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import potentia
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from commands import run
from potentia.compiler.diagnostics.diagnostic import ArtifactError, FitError
from potentia.runtime.cli.main import main
from potentia.runtime.data.readers import read as read_data
from potentia.runtime.information.fisher_information import quadratic_model
from potentia.runtime.potential.potential import compile
from potentia.runtime.residuals.config import FitConfig
from potentia.runtime.runs import run_folder as artifact
from potentia.runtime.runs.with_data import fitted_run_of

TRUTH = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4 Å)\n"


def labelled() -> list[Atoms]:
    calculator = compile(TRUTH).calculator()
    rng = np.random.default_rng(1)
    found = []
    for k in range(10):
        atoms = bulk("Nb", "bcc", 2.9 + 0.04 * k, cubic=True)
        atoms.rattle(0.05, seed=k)
        atoms.calc = calculator
        energy = atoms.get_potential_energy() + 0.01 * rng.normal()
        forces = atoms.get_forces() + 0.02 * rng.normal(size=(2, 3))
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
        atoms.info.update(split="test" if k in (2, 5) else "train")
        found.append(atoms)
    found[5].symbols[0] = "W"
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, a run fitted to it, and one that was stopped after an iteration."""
    folder = tmp_path_factory.mktemp("fisher")
    write(folder / "nb.xyz", labelled())
    (folder / "one.pes").write_text("species Nb, W\nE = lj(rc=4) + reference()\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        fit = ["fit", "one.pes", "--data", "nb.xyz", "--test", "split=test", "-q"]
        assert main([*fit, "-o", "one"]) == 0
        assert main([*fit, "-o", "stopped", "--max-iterations", "1"]) == 0
        assert main(["fisher", "one", "--data", "nb.xyz", "-q", "--plot"]) == 0
    return folder


# --- the report --------------------------------------------------------------------------------


def test_the_report_says_what_is_determined_and_what_is_not(here: Path) -> None:
    report = json.loads(Path("one/fisher.json").read_text(encoding="utf-8"))
    numbers = {n["name"]: n for n in report["numbers"]}
    assert report["n_structures"] == 8 and report["n_rows"] == 8 * 7
    assert report["unsupported"] == [n for n in numbers if "W" in n]
    assert len(report["spectrum"]) == len(numbers)
    assert report["condition"] is None and report["redundant"] == []
    sigma = numbers["lj.sigma[Nb-Nb]"]
    assert sigma["state"] == "determined" and sigma["unit"] == "Å" and sigma["term"] == "lj"
    assert abs(sigma["value"] - 2.5) < 5 * sigma["deviation"] and sigma["delta_loss"] is None
    assert numbers["lj.sigma[W-W]"]["deviation"] is None
    assert numbers["lj.sigma[W-W]"]["state"] == "unsupported"
    blocks = {b["name"]: b for b in report["blocks"]}
    assert set(blocks) >= {"lj", "lj.epsilon", "lj[Nb-W]", "reference"}
    assert blocks["lj"]["delta_loss"] > 100 > blocks["lj[Nb-W]"]["delta_loss"] == 0.0
    assert blocks["lj[Nb-W]"]["delta_bic"] == pytest.approx(-2 * math.log(56))
    assert blocks["lj"]["partner"] == "reference" and 0 < blocks["lj"]["unique"] <= 1
    assert report["calibration"]["forces"]["errors"] == 48
    kinds = {f"{q} {w}" for q in ("energy", "forces") for w in ("raw", "calibrated")}
    assert set(report["coverage"]) == kinds
    assert Path("one/fisher.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_and_the_object(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = tmp_path / "deep" / "report.json"
    arguments = ["fisher", "one", "--data", "nb.xyz", "--no-calibration", "-o", str(where)]
    code, out, err = run(capsys, *arguments)
    assert code == 0 and err.startswith("labels  energy ") and err.endswith(f"\nsaved in {where}\n")
    lines = out.splitlines()
    assert lines[0].endswith("labels") and "trained parameters" in lines[0]
    assert "condition number infinite" in lines[1]
    heads = [line.split()[0] for line in lines if "numbers" in line or "± deviation" in line]
    assert heads == ["term", "part", "parameter"]
    assert lines[-1].startswith("unsupported, no label depends on them: lj.epsilon[Nb-W], ")
    code, out, err = run(capsys, *arguments, "--json", "-q")
    assert (code, err) == (0, "") and json.loads(out) == json.loads(where.read_text(encoding="utf-8"))
    assert json.loads(out)["coverage"] is None


def test_redundant_terms_are_named(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "twice.pes").write_text(
        "E = pair(bessel(2), rc=4) + pair(bessel(2), rc=4)\n", encoding="utf-8"
    )
    data = str(tmp_path / "pure.xyz")
    write(data, [a for a in labelled() if "W" not in a.symbols])
    where = str(tmp_path / "twice")
    assert main(["fit", str(tmp_path / "twice.pes"), "--data", data, "-o", where, "-q"]) == 0
    code, out, _ = run(capsys, "fisher", where, "--data", data, "--no-calibration", "-q")
    assert code == 0 and "redundant, between pair and pair_2: no label changes along" in out.replace(
        "pair_2 and pair", "pair and pair_2"
    )
    report = json.loads((tmp_path / "twice" / "fisher.json").read_text(encoding="utf-8"))
    states = {n["name"]: n["state"] for n in report["numbers"]}
    assert states.pop("reference.e0") == "determined" and set(states.values()) == {"redundant"}
    assert all(b["delta_loss"] < 1e-6 for b in report["blocks"] if b["term"] != "reference")
    assert report["blocks"][0]["unique"] < 1e-12 and report["blocks"][0]["cosine"] > 1 - 1e-12


def test_a_fit_that_was_stopped_is_not_at_an_optimum(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "fisher", "stopped", "--data", "nb.xyz", "--no-calibration")
    assert code == 0
    lines = err.splitlines()
    first, second = lines[(k := [line[:7] for line in lines].index("warning")) : k + 2]
    assert first.startswith(
        "warning[not-at-optimum]: the information is not at an optimum: residuals and derivatives are not "
        "orthogonal, the largest cosine between them is 0."
    )
    assert second.startswith("  help: the quadratic model promises ") and " less loss, of " in second


# --- the data of the fit -----------------------------------------------------------------------


def test_data_that_changed(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "other.xyz", labelled()[:7])
    other = str(tmp_path / "other.xyz")
    before = artifact.read_metadata(here / "one")
    assert run(capsys, "fisher", "one", "--data", other) == (
        1,
        "",
        f"error[data-changed]: `{other}` is not the data that `one` was fitted to\n  --> one\n"
        "  help: it was fitted to nb.xyz; `--allow-data-change` goes on with the data as it is\n",
    )
    assert run(capsys, "fisher", "one", "--data", "nb.xyz", "--data", "nb.xyz@:3")[2] == (
        "error[data-changed]: `nb.xyz@:3` is not the data that `one` was fitted to\n  --> one\n"
        "  help: it was fitted to nb.xyz; `--allow-data-change` goes on with the data as it is\n"
    )
    report = str(tmp_path / "report.json")
    code, _, err = run(capsys, "fisher", "one", "--data", other, "--allow-data-change", "-o", report)
    assert code == 0
    assert (
        f"warning[data-changed]: `{other}` is not the data that `one` was fitted to\n  --> one\n\n"
        "warning[not-at-optimum]: "
    ) in err
    assert artifact.read_metadata(here / "one") == before  # nothing of other data gets into the run


def test_data_may_move_and_the_file_to_test_on_may_be_gone(here: Path, tmp_path: Path) -> None:
    shutil.copy("nb.xyz", tmp_path / "moved.xyz")
    training = fitted_run_of("one", [str(tmp_path / "moved.xyz")])
    assert (len(training.structures), len(training.data.test), training.changed) == (8, 2, None)
    assert training.config.data.test == "split=test"
    write(tmp_path / "a.xyz", labelled()[:2])
    write(tmp_path / "b.xyz", labelled()[4:6])
    first, second = (str(tmp_path / name) for name in ("a.xyz", "b.xyz"))
    where = str(tmp_path / "r")
    assert main(["fit", "one.pes", "--data", first, "--test", second, "-o", where, "-q"]) == 0
    assert len(fitted_run_of(where, [first]).data.test) == 2
    os.unlink(second)
    assert fitted_run_of(where, [first]).data.test == ()


def test_a_run_that_does_not_say_what_it_was_fitted_to(
    here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    where = tmp_path / "bare"
    artifact.save(where, compile(TRUTH))
    assert run(capsys, "fisher", str(where), "--data", "nb.xyz@:2") == (
        1,
        "",
        f"error[data-unknown]: `{where}` does not name the data of its fit\n  --> {where}\n"
        "  help: `--allow-data-change` goes on with the data as it is\n",
    )
    code, _, err = run(capsys, "fisher", str(where), "--data", "nb.xyz@:2", "--allow-data-change", "-q")
    assert (code, err) == (0, "")


BAD = {
    "nothing is trained": (
        "species Nb\nE = lj(epsilon = fixed 0.3, sigma = fixed 2.5)",
        "nothing-trained",
        "the potential has no trained parameters",
    ),
    "no label depends on anything": (
        "species Nb\nE = lj(rc = 1 Å)",
        "no-information",
        "no label depends on the 2 trained parameters",
    ),
}


@pytest.mark.parametrize(("spec", "code", "message"), BAD.values(), ids=BAD.keys())
def test_no_information(here: Path, spec: str, code: str, message: str) -> None:
    with pytest.raises(FitError) as caught:
        quadratic_model(compile(spec), read_data("nb.xyz@:2").structures, FitConfig())
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == (code, message)


def test_one_structure_cannot_be_held_out(
    here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    where = str(tmp_path / "r")
    (tmp_path / "lj.pes").write_text(TRUTH, encoding="utf-8")
    assert run(capsys, "fit", str(tmp_path / "lj.pes"), "--data", "nb.xyz@0", "-o", where, "-q")[0] == 0
    code, out, err = run(capsys, "fisher", where, "--data", "nb.xyz@0")
    assert (code, out) == (1, "") and err.endswith(
        "error[too-few-structures]: one structure cannot be held out of itself\n"
        "  help: `--no-calibration` goes without\n"
    )
    assert run(capsys, "fisher", where, "--data", "nb.xyz@0", "--no-calibration", "-q")[0] == 0


# --- deviations of predictions -----------------------------------------------------------------


def test_eval_with_deviations(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plot = tmp_path / "p.png"
    arguments = ["eval", "one", "--data", "nb.xyz", "--uncertainty", "--plot", str(plot)]
    code, out, err = run(capsys, *arguments)
    assert code == 0 and "calibration curve" in err and "not-calibrated" not in err
    assert [line.split(",")[0] for line in out.splitlines()[-4:]] == [
        "energy raw", "energy calibrated", "forces raw", "forces calibrated",
    ]  # fmt: skip
    assert (tmp_path / "p_coverage.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads(run(capsys, *arguments, "--json", "-q")[1])
    assert data["unknown"] == {"energy": 1, "forces": 6}  # the structure with W, which no label is about
    deviations = data["energy_deviation_ev_per_atom"]
    assert deviations[5] is None and all(0 < d < 0.1 for k, d in enumerate(deviations) if k != 5)
    assert data["coverage"]["forces raw"]["n"] == 54


def test_deviations_of_a_run_without_a_calibration(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "eval", "stopped", "--data", "nb.xyz@:2", "--uncertainty")
    assert code == 0 and "calibrated," not in out
    assert (
        "warning[not-calibrated]: the deviations are not calibrated: errors of the formula itself are not "
        "in them\n  --> stopped\n  help: `potentia fisher stopped --data FILE` calibrates them\n" in err
    )


def test_the_calculator_gives_deviations(here: Path) -> None:
    atoms: Any = read("nb.xyz@0")
    atoms.calc = potentia.load("one").calculator(uncertainty=True)
    atoms.get_potential_energy()
    energy, forces = (atoms.calc.results[f"{q}_uncertainty"] for q in ("energy", "forces"))
    assert 0 < energy < 1 and forces.shape == (2, 3) and (forces > 0).all()
    assert atoms.calc.get_property("energy_uncertainty", atoms) == energy
    calibration = artifact.read_metadata(here / "one").calibration
    assert calibration is not None and energy >= 2 * calibration.energy.floor
    atoms.symbols[0] = "W"
    assert np.isinf(atoms.calc.get_property("energy_uncertainty", atoms))
    atoms.calc = potentia.load("one").calculator()
    atoms.get_potential_energy()
    assert "energy_uncertainty" not in atoms.calc.results


def test_a_calculator_says_that_its_deviations_are_not_calibrated(here: Path) -> None:
    with pytest.warns(potentia.PotentiaWarning) as told:
        calculator = artifact.load("stopped").calculator(uncertainty=True)
    (warning,) = told
    assert warning.filename == __file__
    assert str(warning.message) == (
        "warning[not-calibrated]: the deviations are not calibrated: errors of the formula itself are not in "
        "them\n  --> stopped\n  help: `potentia fisher stopped --data FILE` calibrates them"
    )
    atoms: Any = read("nb.xyz@0")
    atoms.calc = pickle.loads(pickle.dumps(calculator))
    assert atoms.calc.get_property("energy_uncertainty", atoms) > 0


def test_no_deviations_without_a_covariance(
    here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    artifact.save(tmp_path / "bare", compile(TRUTH))
    where = str(tmp_path / "bare")
    assert run(capsys, "eval", where, "--data", "nb.xyz@:2", "--uncertainty", "-q") == (
        1,
        "",
        f"error[no-covariance]: `{where}` has no covariance of its parameters\n  --> {where}\n"
        "  help: `potentia fisher RUN --data FILE` works it out\n",
    )
    with pytest.raises(ArtifactError, match="a potential that is not a run has no covariance"):
        compile(TRUTH).calculator(uncertainty=True)


def test_a_run_is_amended_whole_or_not_at_all(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "copy"
    shutil.copytree("one", where)
    before = {p.name: p.read_bytes() for p in where.iterdir()}
    root = artifact.covariance_root(where)
    assert root is not None

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ArtifactError, match="No space left"):
            artifact.amend(
                where,
                root @ root.T,
                2 * root,
                {q: {"floor": 0, "factor": 1, "errors": 3} for q in ("energy", "forces")},
            )
    assert {p.name: p.read_bytes() for p in where.iterdir()} == before
    artifact.amend(where, root @ root.T, 2 * root, None)
    np.testing.assert_array_equal(artifact.covariance_root(where), 2 * root)
    assert artifact.load(where).metadata.calibration == artifact.load("one").metadata.calibration
    assert (where / "fisher.json").read_bytes() == before["fisher.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["copy"]
