"""Formulas of the language in LAMMPS, from a run to a certificate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lammps_export import keep_objects, require_tools
from potentia.runtime.cli.main import main
from potentia.runtime.formats.foreign_format import ExportedFolder
from potentia.runtime.formats.lammps.folder import CERTIFICATE
from potentia.runtime.formats.registry import writer_of
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save
from registry import random_theta

FORMULAS = {
    "network": "species Nb\nE = zbl(4.5, 5) + eam(rc = 5) + nn(bessel(4), hidden = [4], rc = 5)\n",
    "angles": "species Nb, O\nE = pair(bessel(4), rc = 4) * 0.5 + three_body(bessel(2), l = 2, rc = 4)\n",
}


@pytest.fixture(autouse=True)
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels that are compiled in haste."""
    require_tools()
    with pytest.MonkeyPatch.context() as monkeypatch:
        keep_objects(tmp_path_factory, monkeypatch)
        monkeypatch.setenv("KERNEL_FLAGS", "-O1")
        yield


@pytest.mark.parametrize("name", FORMULAS)
def test_a_run_is_the_same_in_lammps(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = compile(FORMULAS[name])
    run, folder = tmp_path / "run", tmp_path / "lammps"
    save(run, start.with_theta(random_theta(start.model, 3)))
    assert main(["export", str(run), "--to", "lammps", "-o", str(folder), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    certificate = json.loads((folder / CERTIFICATE).read_text())
    assert printed["plugin"] and printed["differences"] == certificate["largest_differences"]
    for found in certificate["largest_differences"].values():
        assert found["energy"] < 1e-12 and found["virial"] < 1e-12 and found["forces"] < 1e-10


def test_single_precision_is_near(tmp_path: Path) -> None:
    start = compile(FORMULAS["network"])
    potential = start.with_theta(random_theta(start.model, 3))
    written = writer_of("lammps", "single")(potential)
    assert isinstance(written, ExportedFolder)
    assert written.fill(tmp_path).warnings == ()
    for found in json.loads((tmp_path / CERTIFICATE).read_text())["largest_differences"].values():
        assert 1e-12 < found["energy"] < 1e-6 and found["forces"] < 1e-4


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, folder = tmp_path / "run", tmp_path / "lammps"
    save(run, compile("species Nb\nE = lj()\n"))
    folder.mkdir()
    (folder / "thesis.tex").write_text("")
    assert main(["export", str(run), "--to", "lammps", "-o", str(folder), "--force"]) == 1
    assert "it holds files of something else" in capsys.readouterr().err
    (folder / CERTIFICATE).write_text("")
    assert main(["export", str(run), "--to", "lammps", "-o", str(folder)]) == 1
    assert "there is a folder" in capsys.readouterr().err
