"""`potentia diff` of two runs: numbers, errors and properties beyond the formula; the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from commands import run
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.results import PropertyResult
from potentia.runtime.properties.stored import PROPERTIES, keep
from potentia.runtime.runs.run_folder import save

SPEC = "species Cu\nE = lj(epsilon = 0.4 eV, sigma = 2.3 Å, rc = 5)\n"
OTHER = "species Cu\n# the same\nE = lj(rc = 0.5 nm, sigma = 2.3 Å, epsilon = 0.4 eV)\n"


def kept(folder: Path, sigma: float, text: str = SPEC) -> Path:
    """A run: epsilon 0.4 eV ± 0.01 eV, sigma as given ± 0.01 Å."""
    about = {"test": {"energy_rmse_ev_per_atom": 0.001 * sigma, "forces_rmse_ev_per_ang": 0.1}}
    potential = compile(text).with_theta(np.array([0.4, sigma]))
    save(folder, potential, covariance=np.diag([1e-4, 1e-4]), data={"cu.xyz": "sha256:0"}, **about)
    return folder


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, sigma, text in (("a", 2.3, SPEC), ("near", 2.31, OTHER), ("far", 2.5, SPEC)):
        kept(tmp_path / name, sigma, text)
    (tmp_path / "lj.pes").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_numbers_within_what_the_fits_know(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "a", "near")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "= the same, proved: a and near"
    assert "numbers: none of 2 numbers trained in both has changed by more than its uncertainty" in out
    assert "2.30 → 2.31" in out  # errors are told all the same


def test_numbers_beyond_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diff", "a", "far")
    assert code == 1
    row = next(line.split() for line in out.splitlines() if line.strip().startswith("lj.sigma"))
    assert row == ["lj.sigma", "2.3", "0.01", "2.5", "0.01", "Å", "14"]
    code, out, _ = run(capsys, "diff", "a", "far", "--json")
    content = json.loads(out)
    assert (code, content["verdict"], content["numbers"]["compared"]) == (1, "same", 2)
    (changed,) = content["numbers"]["changed"]
    assert changed["name"] == "lj.sigma" and changed["sigmas"] == pytest.approx(0.2 / 0.01 / 2**0.5)
    assert content["physics"]["errors"][0]["after"]["energy_rmse_ev_per_atom"] == 0.0025


def test_a_spec_has_no_numbers(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diff", "a", "lj.pes", "--json")
    content = json.loads(out)
    assert (code, content["numbers"], content["physics"]) == (0, None, None)
    code, _, err = run(capsys, "diff", "a", "lj.pes", "--data", "cu.xyz")
    assert code == 2
    assert "`lj.pes` is a spec: it has no fitted numbers whose errors could be measured" in err


def test_errors_on_given_structures_and_the_page(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    atoms = bulk("Cu", "fcc", 3.6, cubic=True)
    atoms.rattle(0.05, seed=0)
    atoms.calc = compile(SPEC).with_theta(np.array([0.4, 2.5])).calculator()
    labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    atoms.calc = SinglePointCalculator(atoms, **labels)
    write("cu.xyz", atoms)
    code, out, err = run(capsys, "diff", "a", "far", "--data", "cu.xyz", "--html", "page.html", "--json")
    assert (code, err) == (1, "page: page.html\n")
    (errors,) = json.loads(out)["physics"]["errors"]
    assert errors["name"] == "cu.xyz"
    assert (
        errors["before"]["forces_rmse_ev_per_ang"] > 0.01 > 1e-6 > errors["after"]["forces_rmse_ev_per_ang"]
    )
    page = Path("page.html").read_text(encoding="utf-8")
    for expected in ("<title>a → far</title>", "lj.sigma", "errors on cu.xyz", "dimer Cu-Cu", "<svg"):
        assert expected in page


def test_a_run_that_is_damaged(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "far" / "parameters.npz").write_bytes(b"cut")
    code, out, err = run(capsys, "diff", "a", "far")
    assert (code, out) == (2, "") and err.startswith("error[damaged-artifact]: ")
    assert "far/parameters.npz" in err


# --- the gate ----------------------------------------------------------------------------------


def gate(capsys: pytest.CaptureFixture[str], a: str, b: str, kinds: str) -> tuple[int, dict[str, int]]:
    code, out, _ = run(capsys, "diff", a, b, "--json", "--gate", kinds)
    return code, json.loads(out)["gate"]


def test_a_gate_for_numbers_and_one_for_the_formula(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(capsys, "a", "near", "formula,numbers") == (0, {"formula": 0, "numbers": 0})
    assert gate(capsys, "a", "far", "numbers,formula") == (1, {"formula": 0, "numbers": 1})
    assert gate(capsys, "a", "far", "formula") == (0, {"formula": 0})


def test_a_gate_for_properties(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "a", "near", "--gate", "properties")
    assert (code, out) == (2, "") and err.startswith("error[no-properties]: `a` and `near` keep no property")
    for name, c44 in (("a", 30.0), ("near", 30.2), ("far", 31.0)):
        keep(
            runs / name / PROPERTIES,
            [PropertyResult("c44", c44, "GPa", 0.1), PropertyResult("B", 9.0, "GPa")],
        )
    assert gate(capsys, "a", "near", "properties") == (0, {"properties": 0})
    assert gate(capsys, "a", "far", "properties") == (1, {"properties": 1})
    keep(runs / "near" / PROPERTIES, [PropertyResult("B", 9.01, "GPa"), PropertyResult("vacancy", 1.0, "eV")])
    assert gate(capsys, "a", "near", "properties") == (1, {"properties": 2})  # B has no σ, a no vacancy
    code, _, err = run(capsys, "diff", "a", "lj.pes", "--gate", "properties")
    assert code == 2 and "`lj.pes` is a spec: it has no measured properties" in err


def test_runs_as_markdown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "a", "far", "--markdown", "--gate", "formula,numbers")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "### `a` → `far`: the same, proved"
    assert "#### numbers" in lines and "| lj.sigma | 2.3 | 0.01 | 2.5 | 0.01 | Å | 14 |" in lines
    assert lines[-2:] == ["- gate formula: nothing has changed", "- gate numbers: 1 change"]
