"""`potentia check RUN` prints certificates, a run holds them, and none of it loads jax."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import imported_by, run
from places import ROOT
from potentia.compiler.certificates.certify import as_text, certify
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import load, save

GOOD = "species Ar\nE = lj(rc=6)\n"
CUT = "species Ar\nE = lj(rc=6, switch=hard)\n"


def saved(folder: Path, text: str) -> Path:
    save(folder, compile(text))
    return folder


def test_a_run_holds_its_certificates(tmp_path: Path) -> None:
    folder = saved(tmp_path / "ar", GOOD)
    loaded = load(folder)
    written = (folder / "certificates.json").read_text(encoding="utf-8")
    assert written == as_text(certify(loaded.model, loaded.theta))
    assert "certificates.json" in loaded.metadata.digests
    assert json.loads(written)["status"] == "proved"


def test_check_prints_those_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved(tmp_path / "ar", GOOD)
    code, out, err = run(capsys, "check", str(folder))
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first == f"{folder}: 1 term, 2 trainable parameters, cutoff 6 Å, species Ar"
    assert [line.split(":")[0].split() for line in lines] == [
        ["proved", "repulsion"],
        ["proved", "Ar-Ar"],
        ["proved", "continuity"],
        ["proved", "finiteness"],
        ["proved", "invariance"],
    ]


def test_the_fitted_parameters_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    potential = compile(GOOD)
    save(tmp_path / "wide", potential.with_theta(np.array([0.1, 3.0])))
    _, out, _ = run(capsys, "check", str(tmp_path / "wide"))
    assert "Ar-Ar: repulsive from 3.36" in out


def test_what_fails_is_named_and_strict_refuses_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = saved(tmp_path / "cut", CUT)
    code, out, _ = run(capsys, "check", str(folder))
    assert code == 0
    assert "fails         lj at 6 Å: the energy of Ar-Ar jumps by " in out
    code, out, _ = run(capsys, "check", str(folder), "--strict", "--json")
    assert code == 1
    answer = json.loads(out)
    assert not answer["ok"]
    assert answer["specs"][0]["run"] == str(folder)
    assert answer["specs"][0]["certificates"]["certificates"]["continuity"]["status"] == "fails"


def test_of_a_spec_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "ar.pes"
    spec.write_text(GOOD, encoding="utf-8")
    _, out, _ = run(capsys, "check", str(spec))
    assert len(out.splitlines()) == 1
    _, out, _ = run(capsys, "check", str(spec), "--certificates")
    assert "Ar-Ar: repulsive from 2.80" in out
    spec.write_text("E = lj(rc=6)\n", encoding="utf-8")
    code, _, err = run(capsys, "check", str(spec), "--certificates")
    assert code == 1
    assert "no-species" in err


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", str(tmp_path))
    assert code == 1
    assert "cannot-read" in err


def test_without_jax() -> None:
    stored = ROOT / "tests" / "stored" / "runs" / "argon"
    assert "jax" not in imported_by("check", str(stored))
    assert not {"numpy", "jax"} & imported_by("check", str(ROOT / "specs" / "nb.pes"))
