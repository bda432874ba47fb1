"""The command line with data: fit, eval, predict, and every bad input with its message."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write
from commands import run
from potentia.runtime.cli.main import main
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact

TRUTH = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4 Å)\n"
SPEC = "E = lj(epsilon = 0.3 eV, sigma = 2.45 Å, rc = 4 Å)\n"
PART = {
    "n_structures",
    "energy_rmse_ev_per_atom",
    "energy_mae_ev_per_atom",
    "forces_rmse_ev_per_ang",
    "forces_mae_ev_per_ang",
    "stress_rmse_gpa",
    "stress_mae_gpa",
    "by_config_type",
}


def labelled(forces: bool = True) -> list[Atoms]:
    """Eight crystals with the labels of TRUTH, two of them for testing."""
    calculator = compile(TRUTH).calculator()
    found = []
    for k in range(8):
        atoms = bulk("Nb", "bcc", 2.9 + 0.04 * k, cubic=True)
        atoms.rattle(0.05, seed=k)
        atoms.info.update(split="test" if k in (2, 5) else "train", config_type="near" if k < 4 else "far")
        atoms.calc = calculator
        results: dict[str, Any] = {"energy": atoms.get_potential_energy(), "stress": atoms.get_stress()}
        if forces:
            results["forces"] = atoms.get_forces()
        atoms.calc = SinglePointCalculator(atoms, **results)
        found.append(atoms)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec, data, data of other kinds, and a run that was fitted to the data."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "lj.pes").write_text(SPEC, encoding="utf-8")
    (folder / "wide.pes").write_text("E = pair(bessel(80), rc=4)\n", encoding="utf-8")
    (folder / "alloy.pes").write_text("species Nb, W\nE = lj()\n", encoding="utf-8")
    (folder / "w.pes").write_text("E = zbl(W) + lj()\n", encoding="utf-8")
    write(folder / "nb.xyz", labelled())
    write(folder / "bare.xyz", labelled(forces=False))
    write(folder / "one.xyz", labelled()[:1])
    (folder / "twice.pes").write_text("E = pair(bessel(2), rc=4) + pair(bessel(2), rc=4)\n", encoding="utf-8")
    (folder / "latin.pes").write_bytes("E = lj(sigma = 2.6 Å)\n".encode("latin-1"))
    (folder / "empty.pes").write_text("", encoding="utf-8")
    (folder / "empty.xyz").write_text("", encoding="utf-8")
    here = os.getcwd()
    os.chdir(folder)
    try:
        arguments = ["fit", "lj.pes", "--data", "nb.xyz", "--test", "split=test", "--quiet", "--plot"]
        assert main(arguments) == 0
    finally:
        os.chdir(here)
    return folder


# --- fit ---------------------------------------------------------------------------------------


def test_a_fit_finds_what_made_the_labels(here: Path) -> None:
    loaded = artifact.load(here / "runs" / "lj")
    assert loaded.text == "species Nb\nE = lj(epsilon = 0.3 eV, sigma = 2.45 Å, rc = 4 Å) + reference()\n"
    np.testing.assert_allclose(loaded.theta, [0.4, 2.5, 0.0], atol=1e-4)
    metadata = loaded.metadata
    assert metadata.train is not None and metadata.train["n_structures"] == 6
    assert metadata.test is not None and metadata.test["forces_rmse_ev_per_ang"] < 1e-4
    assert metadata.config["data"]["test"] == "split=test"
    assert metadata.labels.startswith("energy `energy` (eV)")
    assert list(metadata.data) == ["nb.xyz"] and metadata.data["nb.xyz"].startswith("sha256:")
    covariance = artifact.covariance(here / "runs" / "lj")
    assert covariance is not None and covariance.shape == (3, 3)
    assert (here / "runs" / "lj" / "parity.png").read_bytes().startswith(b"\x89PNG")


def test_what_a_fit_tells(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(
        capsys, "fit", "lj.pes", "--data", "nb.xyz", "--test", "split=test", "-o", str(tmp_path / "r")
    )
    assert code == 0
    lines = err.splitlines()
    assert lines[1] == "labels  energy 8 of 8 · forces 8 · stress 8" and lines[2].startswith("keys    energy")
    assert lines[0] == "data    nb.xyz: 8 structures, 16 atoms; 6 to train, 2 to test"
    assert lines[3] == "model   2 terms, 3 trainable parameters, cutoff 4 Å, species Nb"
    assert lines[4].startswith(("target  cpp (", "target  xla"))
    assert lines[-1].endswith(f"saved in {tmp_path / 'r'}")
    table = out.splitlines()
    assert table[0] == "3 trained parameters"
    assert [line.split()[0] for line in table[3:]] == ["train", "far", "near", "test", "far", "near"]


def test_fit_as_json(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = str(tmp_path / "r")
    code, out, err = run(capsys, "fit", "lj.pes", "--data", "nb.xyz", "-o", where, "--json", "--quiet")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert set(data) == {"n_parameters", "train", "test"}
    assert (data["n_parameters"], data["test"]) == (3, None)
    assert set(data["train"]) == PART and data["train"]["n_structures"] == 8


def test_energies_alone(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["fit", "lj.pes", "--data", "bare.xyz", "--no-forces", "-o", str(tmp_path / "r"), "--json"]
    code, out, _ = run(capsys, *arguments, "--quiet", "--no-reference")
    data = json.loads(out)
    assert (code, data["n_parameters"], data["train"]["forces_rmse_ev_per_ang"]) == (0, 2, None)


def test_a_run_is_not_replaced_unasked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "fit", "lj.pes", "--data", "nb.xyz") == (
        1,
        "",
        "error[run-exists]: there is a run in runs/lj already\n"
        "  --> runs/lj\n"
        "  help: replace it with `--force`, or choose another place with `-o`\n",
    )
    resumed = run(capsys, "fit", "lj.pes", "--data", "nb.xyz", "--resume")
    assert "a run in runs/lj already, and its fit has ended: there is nothing to resume\n" in resumed[2]


FIT = ("fit", "lj.pes", "--data", "nb.xyz", "-o", "new")
BAD_INPUT: dict[str, tuple[tuple[str, ...], str]] = {
    "no such spec": (
        ("fit", "jl.pes", "--data", "nb.xyz"),
        "error[cannot-read]: the spec cannot be read: No such file or directory\n"
        "  --> jl.pes\n  help: did you mean `lj.pes`?\n",
    ),
    "a spec that is not UTF-8": (
        ("fit", "latin.pes", "--data", "nb.xyz", "-o", "new"),
        "error[not-utf8]: the file is not UTF-8 text (byte 19)\n  --> latin.pes\n  help: save it as UTF-8\n",
    ),
    "an empty spec": (
        ("fit", "empty.pes", "--data", "nb.xyz", "-o", "new"),
        "error[empty-spec]: the spec is empty\n  --> empty.pes\n"
        "  help: a whole spec can be one line: `E = zbl(Nb) + eam(rc=5)`\n",
    ),
    "no such data": (
        ("fit", "lj.pes", "--data", "bn.xyz", "-o", "new"),
        "error[missing-file]: there is no file `bn.xyz`\n  --> bn.xyz\n  help: did you mean `nb.xyz`?\n",
    ),
    "empty data": (
        ("fit", "lj.pes", "--data", "empty.xyz", "-o", "new"),
        "error[no-structures]: the file is empty\n  --> empty.xyz\n",
    ),
    "no structure after a slice": (
        ("fit", "lj.pes", "--data", "nb.xyz@20:", "-o", "new"),
        "error[no-structures]: `nb.xyz@20:` selects no structure\n  --> nb.xyz\n",
    ),
    "no forces": (
        ("fit", "lj.pes", "--data", "bare.xyz", "-o", "new"),
        "error[no-forces]: no structure has forces under the key `forces`\n  --> bare.xyz\n"
        "  help: name the key that holds them (`--forces-key`), or fit to energies alone (`--no-forces`)\n",
    ),
    "no such split": (
        (*FIT, "--test", "split=tset"),
        "error[unknown-value]: no structure has split=tset\n"
        "  help: did you mean `test`? values of `split`: test, train\n",
    ),
    "nothing to train on": (
        (*FIT, "--test", "split=test,train"),
        "error[empty-selection]: `split=test,train` takes all 8 structures and leaves none to train on\n",
    ),
    "an unknown unit": (
        (*FIT, "--stress-unit", "gpa"),
        "error[unknown-unit]: `gpa` is not a unit of stress\n  help: did you mean `GPa`?\n",
    ),
    "a sign that is none": (
        (*FIT, "--stress-sign", "tensile"),
        "error[bad-value]: `data.stress_sign` is `tensile`: input should be 'tension' or 'compression'\n"
        "  help: did you mean `tension`?\n",
    ),
    "a negative time": (
        (*FIT, "--time-limit", "-1"),
        "error[bad-value]: `time_limit` is -1.0: input should be greater than 0\n",
    ),
    "the data lacks a species": (
        ("fit", "alloy.pes", "--data", "nb.xyz", "-o", "new"),
        "error[species-without-data]: the spec is for Nb, W, but no structure has W\n"
        " --> alloy.pes:1:13\n  |\n1 | species Nb, W\n  |             ^\n  help: species in the data: Nb\n",
    ),
    "the spec lacks a species": (
        ("fit", "w.pes", "--data", "nb.xyz", "-o", "new"),
        "error[species-conflict]: the data has Nb, but the spec is for W\n"
        "  --> w.pes\n  help: write `species W, Nb`\n",
    ),
    "a folder that is a file": (
        ("fit", "lj.pes", "--data", "nb.xyz", "-o", "nb.xyz"),
        "error[unwritable]: cannot write nb.xyz: it is a file\n  --> nb.xyz\n"
        "  help: choose another place with `-o`\n",
    ),
    "a folder of other things": (
        ("fit", "lj.pes", "--data", "nb.xyz", "-o", "runs"),
        "error[unwritable]: cannot write runs: it holds files that are no run\n  --> runs\n"
        "  help: choose another place with `-o`\n",
    ),
    "a folder below a file": (
        ("fit", "lj.pes", "--data", "nb.xyz", "-o", "nb.xyz/new"),
        "error[unwritable]: cannot write nb.xyz/new: nb.xyz is a file\n  --> nb.xyz/new\n"
        "  help: choose another place with `-o`\n",
    ),
    "nothing to resume": (
        (*FIT, "--resume", "--quiet"),
        "error[nothing-to-resume]: there is no interrupted fit to resume\n"
        "  --> new.partial/checkpoint.npz\n  help: run without --resume\n",
    ),
    "no run": (
        ("eval", "runs/ljj", "--data", "nb.xyz"),
        "error[missing-artifact]: there is no run `runs/ljj`\n  --> runs/ljj\n  help: did you mean `lj`?\n",
    ),
    "a folder that is no run": (
        ("predict", "runs", "--structures", "nb.xyz"),
        "error[not-a-run]: `runs` is not a run: it holds no metadata.json\n  --> runs\n"
        "  help: a run is a folder that `potentia fit -o FOLDER` writes\n",
    ),
    "nothing to evaluate": (
        ("eval", "runs/lj", "--data", "nb.xyz", "--only", "split=valid"),
        "error[unknown-value]: no structure has split=valid\n  help: values of `split`: test, train\n",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run(capsys, *arguments) == (1, "", message)
    assert not (here / "new").exists() and not (here / "new.partial").exists()


def test_fewer_labels_than_parameters(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "fit", "wide.pes", "--data", "one.xyz", "-o", "new", "--quiet")
    assert (code, err) == (
        1,
        "error[too-few-rows]: 13 labels cannot determine 81 parameters\n"
        "  help: use fewer parameters, or more data\n",
    )


def test_training_may_have_more_parameters_than_labels(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "many.pes").write_text("E = pair(bessel16, Nb, rc = 4)", encoding="utf-8")
    data = ("--data", "one.xyz", "-o", "new-many", "--max-iterations", "2", "--quiet")
    code, out, err = run(capsys, "fit", "many.pes", *data, "--method", "first-order")
    assert (code, err) == (0, "") and out.startswith("17 trained parameters")


def test_a_singular_fit_says_which_parameters(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "fit", "twice.pes", "--data", "nb.xyz", "-o", "runs/twice")
    assert code == 0
    for k in (0, 1):
        assert re.search(rf"the data cannot tell `pair(_2)?\.c\[{k}\]`, `pair(_2)?\.c\[{k}\]` apart\n", err)
        assert re.search(rf"no label changes along .*pair.c\[{k}\].*; fix one of them, or add a prior\n", err)


def test_a_folder_without_permission(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:  # root, for whom no folder is closed, sees this too
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    assert run(capsys, *FIT) == (
        1,
        "",
        "error[unwritable]: cannot write new: Permission denied\n  --> new\n"
        "  help: choose another place with `-o`\n",
    )


def test_a_full_disk_is_told_before_the_fit(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(capsys, *FIT) == (
        1,
        "",
        "error[unwritable]: cannot write new: No space left on device\n  --> new\n"
        "  help: choose another place with `-o`\n",
    )


# --- eval and predict --------------------------------------------------------------------------


def test_eval(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "eval", "runs/lj", "--data", "nb.xyz", "--only", "split=test", "--json", "-q"
    )
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert (data["n_parameters"], data["train"]) == (3, None)
    assert set(data["test"]) == PART and data["test"]["n_structures"] == 2
    saved = artifact.load("runs/lj").metadata.test
    assert saved is not None
    assert data["test"]["energy_rmse_ev_per_atom"] == pytest.approx(
        saved["energy_rmse_ev_per_atom"], rel=1e-6
    )
    code, out, err = run(capsys, "eval", "runs/lj", "--data", "nb.xyz")
    assert err.startswith("data    8 structures\nlabels  energy 8 of 8 · forces 8 · stress 8\nkeys    energy")
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["test", "far", "near"]


def test_eval_with_a_plot(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plot = tmp_path / "parity.png"
    assert run(capsys, "eval", "runs/lj", "--data", "bare.xyz", "--plot", str(plot), "-q")[0] == 0
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_predict(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out_file = tmp_path / "out.xyz"
    given = ("predict", "runs/lj", "--structures", "nb.xyz", "--target", "xla", "-o", str(out_file))
    code, out, err = run(capsys, *given)
    kept = "labels of the file are kept as given_energy, given_forces, given_stress"
    assert (code, out, err) == (0, "", f"target: xla\n8 structures; saved in {out_file}\n{kept}\n")
    for given, found in zip(read("nb.xyz", ":"), read(out_file, ":"), strict=True):
        np.testing.assert_allclose(found.get_potential_energy(), given.get_potential_energy(), atol=1e-3)
        np.testing.assert_allclose(found.get_forces(), given.get_forces(), atol=1e-3)
        np.testing.assert_allclose(found.get_stress(), given.get_stress(), atol=1e-3)
        assert found.info["split"] == given.info["split"]


def test_predict_on_the_screen(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "predict", "runs/lj", "--data", "nb.xyz@-1")
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 2) and lines[1].startswith("nb.xyz, structure 8")
    data = json.loads(run(capsys, "predict", "runs/lj", "--data", "nb.xyz@:2", "--json")[1])
    assert [len(s["forces_ev_per_ang"]) for s in data["structures"]] == [2, 2]
    assert np.shape(data["structures"][0]["stress_ev_per_ang3"]) == (3, 3)


def test_predict_of_other_species(here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "cu.xyz", bulk("Cu", cubic=True))
    assert run(capsys, "predict", "runs/lj", "-q", "--structures", str(tmp_path / "cu.xyz")) == (
        1,
        "",
        "error[unknown-species-in-data]: the data has Cu, which is not a species of the potential\n"
        "  --> cu.xyz, structure 1\n  help: species of the potential: Nb\n",
    )


def test_a_run_loads_in_python(here: Path) -> None:
    import potentia

    atoms = read("nb.xyz")
    expected = atoms.get_potential_energy()
    atoms.calc = potentia.load("runs/lj").calculator()
    assert atoms.get_potential_energy() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("target", ["cpp", "xla", "reference"])
def test_targets_predict_the_same(
    target: str, here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = ("predict", "runs/lj", "--structures", "nb.xyz@:2", "--json", "-q")
    code, out, _ = run(capsys, *given, "--target", target)
    expected = json.loads(run(capsys, *given)[1])
    assert code == 0
    for got, wanted in zip(json.loads(out)["structures"], expected["structures"], strict=True):
        assert got["energy_ev"] == pytest.approx(wanted["energy_ev"], rel=1e-10)
        np.testing.assert_allclose(got["forces_ev_per_ang"], wanted["forces_ev_per_ang"], atol=1e-9)


def test_a_target_that_does_not_exist(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "predict", "runs/lj", "--structures", "nb.xyz", "--target", "gpu")
    assert code == 1 and "`gpu` is not a target" in err and "auto, cpp, xla, reference" in err


def test_without_a_compiler_xla_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    code, _, err = run(capsys, "predict", "runs/lj", "--structures", "nb.xyz@:1")
    assert code == 0 and "target: xla" in err
    assert "there is no C++ compiler `no-such-compiler`, which CXX names; XLA evaluates the model" in err
    code, _, err = run(capsys, "predict", "runs/lj", "--structures", "nb.xyz@:1", "--target", "cpp")
    assert code == 1 and err.startswith("error[no-compiler]")
