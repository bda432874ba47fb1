"""`potentia properties` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from potentia.runtime.cli.main import main
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.results import PropertyResult
from potentia.runtime.properties.stored import Kept, keep, kept
from potentia.runtime.runs import run_folder as artifact
from stand_in_kernels import require_compiler

TOML = """
measure = ["lattice", "equation_of_state", "dimer"]
[structures.bcc]
prototype = "bcc"
[structures.fcc]
prototype = "fcc"
[[reference]]
property = "lattice_constant.fcc"
value = 0.4
unit = "nm"
tolerance = 0.2
source = "a guess"
[[reference]]
property = "bulk_modulus.bcc"
min = 9000
unit = "GPa"
guard = true
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("properties") / "run"
    potential = compile("species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)")
    artifact.save(folder, potential, covariance=1e-6 * np.eye(potential.n_parameters))
    (folder.parent / "p.toml").write_text(TOML, encoding="utf-8")
    bulk("Nb", "sc", 2.6).write(folder.parent / "simple.cif")
    return folder


def test_a_table_plots_and_a_guard(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "properties",
        str(run),
        "--config",
        str(run.parent / "p.toml"),
        "--plot",
        str(tmp_path / "plots"),
    ]
    assert main(arguments) == 1  # the guard
    out, err = capsys.readouterr()
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["property"] == ["property", "value", "±", "unit", "reference", "difference", "verdict"]
    row = lines["lattice_constant.fcc"]
    assert row[3:7] == ["Å", "4", "±", "2"] and row[-1] == "ok"
    assert lines["bulk_modulus.bcc"][-1] == "GUARD" and "≥" in lines["bulk_modulus.bcc"]
    assert out.splitlines()[-1] == "guards that are not met: bulk_modulus.bcc"
    for name in ("equation_of_state", "dimer"):
        assert (tmp_path / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"plot: {tmp_path / 'plots' / name}.png" in err


def test_json_of_structures_from_files(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some have the name of another file, or of a prototype: none takes the place of the other."""
    monkeypatch.chdir(run.parent)
    for folder, crystal in (("A", bulk("Nb", "sc", 2.6)), ("B", bulk("Nb", "fcc", 3.8))):
        (run.parent / folder).mkdir()
        crystal.write(run.parent / folder / "POSCAR", format="vasp")
        crystal.write(run.parent / folder / "bcc.xyz")
    files = ["simple.cif", "A/POSCAR", "B/POSCAR", "B/bcc.xyz"]
    structures = [word for file in files for word in ("--structure", file)]
    assert main(["properties", "run", "--only", "lattice", *structures, "--json"]) == 0
    out, err = capsys.readouterr()
    found = {r["name"]: r for r in json.loads(out)["properties"]}
    assert [line for line in err.splitlines() if not line.startswith("target: ")] == [
        "structure A/POSCAR is called `A/POSCAR`: `POSCAR` is another",
        "structure B/POSCAR is called `B/POSCAR`: `POSCAR` is another",
        "structure B/bcc.xyz is called `bcc_xyz`: `bcc` is another",
    ]
    for name, crystal in (("A/POSCAR", "sc"), ("B/POSCAR", "fcc"), ("bcc_xyz", "fcc")):
        value = found[f"volume_per_atom.{name}"]["value"]
        assert value == pytest.approx(found[f"volume_per_atom.{crystal}"]["value"], rel=1e-6)
    assert found["volume_per_atom.bcc"]["value"] != found["volume_per_atom.bcc_xyz"]["value"]
    assert found["volume_per_atom.simple"]["value"] == pytest.approx(
        found["volume_per_atom.sc"]["value"], rel=1e-6
    )
    assert found["volume_per_atom.simple"]["sigma"] == pytest.approx(
        found["volume_per_atom.sc"]["sigma"], rel=1e-3
    )
    assert set(found["lattice_constant.bcc"]) == {
        *("name", "value", "sigma", "unit", "reference", "difference", "within", "status", "reason")
    }


def test_a_structure_is_named_once(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = f"{run.parent}/simple.cif"
    arguments = ["--structure", f"{run}/../simple.cif", "--structure", file]
    assert main(["properties", str(run), "--only", "lattice", *arguments]) == 1
    assert capsys.readouterr().err == (
        f"error[bad-value]: `--structure` names `{file}` twice\n  help: name each structure once\n"
    )


def test_results_of_another_structure_of_the_same_name_go(tmp_path: Path) -> None:
    path, result = tmp_path / "properties.json", PropertyResult
    keep(path, [result("C11.bcc", 1, "GPa"), result("C11.my", 2, "GPa")], {"bcc": "x", "my": "a"})
    keep(path, [result("volume.my", 3, "Å^3")], {"bcc": "x", "my": "b"})
    assert list(kept(path).results) == ["C11.bcc", "volume.my"]
    other = Kept({"C11.bcc": {}, "volume.my": {}}, {"my": "c"})  # type: ignore[typeddict-item]
    assert kept(path).of_others(other.structures) == ["volume.my"]


def test_without_sigma(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["properties", str(run), "--only", "dimer", "--no-sigma", "--json"]) == 0
    (core,) = json.loads(capsys.readouterr().out)["properties"]
    assert core["sigma"] is None and core["value"] > 0


def test_a_reason_is_told_once(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repulsive = run.parent / "repulsive"
    artifact.save(repulsive, compile("species Nb\nE = zbl(Nb)"))
    assert main(["properties", str(repulsive), "--only", "lattice"]) == 0
    out, err = capsys.readouterr()
    first, second, *_ = (line for line in out.splitlines() if ".bcc" in line)
    assert "failed: the energy is the same at lengths of" in first and second.endswith("failed: as above")
    assert err.endswith("the run has no covariance, so there is no ±\n")


def test_faults(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["properties", str(run), "--only", "elastics"]) == 1
    assert "there is no family of properties `elastics`" in capsys.readouterr().err
    assert main(["properties", str(run), "--config", "none.toml"]) == 1
    assert "there is no file `none.toml`" in capsys.readouterr().err
    assert main(["properties", str(run / "none")]) == 1
    assert "missing-artifact" in capsys.readouterr().err
    assert main(["properties", str(run), "--structure", "none.cif"]) == 1
    assert "none.cif" in capsys.readouterr().err
    assert main(["properties", str(run), "--plot", str(run / "spec.pes"), "--only", "dimer", "--quiet"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_targets_measure_the_same(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Generated C++ and XLA; the derivatives are XLA's in both."""
    require_compiler()
    found = {}
    for target in ("cpp", "xla"):
        file = str(tmp_path / f"{target}.json")
        asked = ["--only", "lattice,elastic", "--no-sigma", "--target", target, "--json", "-o", file]
        assert main(["properties", str(run), *asked]) == 0
        out, err = capsys.readouterr()
        assert f"target: {target}" in err
        found[target] = {p["name"]: p["value"] for p in json.loads(out)["properties"]}
    assert found["cpp"] == pytest.approx(found["xla"], rel=1e-7)


BOX = "0 2.6 xlo xhi\n0 2.6 ylo yhi\n0 2.6 zlo zhi"
DATA = f"start\n\n1 atoms\n1 atom types\n{BOX}\n\nAtoms # atomic\n\n1 1 0 0 0\n"


def test_a_crystal_with_types(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sc.data").write_text(DATA)
    arguments = ["properties", str(run), "-q", "--structure", str(tmp_path / "sc.data"), "--only", "lattice"]
    assert main([*arguments, "-o", str(tmp_path / "found.json")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error[types-only]: the atoms of `sc.data` have the type 1 and no elements\n"
        f"  --> {tmp_path / 'sc.data'}\n"
        "  help: say which element each type is, from 1 on: `--types Nb,Mo`\n"
    )
    assert main([*arguments, "-o", str(tmp_path / "found.json"), "--types", "Nb", "--no-sigma"]) == 0
    assert "lattice_constant.sc" in capsys.readouterr().out
