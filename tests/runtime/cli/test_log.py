"""`potentia log`: the steps that a run keeps."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commands import run
from places import GOLDEN
from potentia.runtime.runs.lineage import Step, errors
from potentia.runtime.runs.metadata import Metadata

OLD = GOLDEN / "runs" / "format1"


def test_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log", str(OLD / "spec.pes"))
    assert (code, err) == (0, "")
    assert out.splitlines()[:4] == [
        "pruned from runs/twice: 9 to 5 parameters",
        "  model   5 trained parameters, sha256:a6d5f19de590",
        "  train   E 1.81 meV/atom, F 47.7 meV/Å",
        "  test    E 0.95 meV/atom, F 19.1 meV/Å",
    ]


def test_what_is_told_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log", str(OLD / "spec.pes"), "--markdown")
    assert (code, err) == (0, "")
    assert out.startswith(
        "### pruned from runs/twice: 9 to 5 parameters\n\n- model 5 trained parameters, sha256:a6"
    )
    assert "\n- test E 0.95 meV/atom, F 19.1 meV/Å\n" in out
    code, out, err = run(capsys, "log", str(OLD), "--markdown", "--json")
    assert (code, out) == (1, "") and "two forms of one answer" in err


def test_the_latest_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads((OLD / "metadata.json").read_text(encoding="utf-8"))
    steps = [{"origin": "fitted from a.pes", "n_parameters": 9}]
    content |= {"format": 2, "origin": "pruned from runs/a", "lineage": steps}
    (tmp_path / "metadata.json").write_text(json.dumps(content), encoding="utf-8")
    code, out, _ = run(capsys, "log", str(tmp_path))
    assert code == 0
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == [
        "pruned from runs/a",
        "fitted from a.pes",
    ]
    code, out, _ = run(capsys, "log", str(tmp_path), "--json")
    history = json.loads(out)["history"]
    assert [s["origin"] for s in history] == ["fitted from a.pes", "pruned from runs/a"]
    assert history[0]["n_parameters"] == 9 and history[0]["data"] == {}
    assert history[1] == Metadata.model_validate(content).history[1].model_dump()


def test_a_run_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log", str(tmp_path / "none"))
    assert (code, out) == (1, "") and err.startswith("error[missing-artifact]: there is no run `")


def test_versions_of_a_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@y"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    spec = tmp_path / "nb.pes"
    for text, subject in (
        ("E = zbl(Nb) + eam(rc=5)\n", "A first try"),
        ("# now with words\nE = eam(rc = 0.5 nm) + zbl(Nb)\n", "Comments"),
        ("E = eam(rc = 6) + zbl(Nb)\n", "Further"),
    ):
        spec.write_text(text, encoding="utf-8")
        git("add", "nb.pes")
        git("commit", "-q", "-m", subject)
    monkeypatch.chdir(tmp_path.parent)
    code, out, err = run(capsys, "log", str(spec))
    assert (code, err) == (0, "")
    blocks = [block.splitlines() for block in out.rstrip().split("\n\n")]
    assert [head.split("  ")[2] for head, *_ in blocks] == ["Further", "Comments", "A first try"]
    assert blocks[0][1] == "  ~ eam: rc 5 Å → 6 Å"
    assert blocks[1][1:] == ["  same in meaning"]
    assert blocks[2][1:] == ["  first version"]
    code, out, _ = run(capsys, "log", str(spec), "--gate", "formula,numbers")
    assert code == 1
    assert out.splitlines()[1:4] == [
        "  ~ eam: rc 5 Å → 6 Å",
        "  gate formula: 1 change",
        "  gate numbers: nothing has changed",
    ]
    code, out, _ = run(capsys, "log", str(spec), "--gate", "formula", "--markdown")
    heads = [line.split(": ")[1] for line in out.splitlines() if line.startswith("### `")]
    assert (code, heads) == (1, ["Further", "Comments", "A first try"])
    assert "\n| `~` | eam: rc | `5 Å` | `6 Å` |\n\n- gate formula: 1 change\n" in out
    assert "\nsame in meaning\n" in out and "\nfirst version\n" in out
    code, out, _ = run(capsys, "log", str(spec), "--gate", "numbers", "--since", "HEAD^", "--json")
    assert (code, [v["gate"] for v in json.loads(out)["versions"]]) == (0, [{"numbers": 0}])
    assert run(capsys, "log", str(spec), "--since", "HEAD")[1] == "no version since HEAD\n"
    code, _, err = run(capsys, "log", str(spec), "--since", "v9", "--gate", "formula")
    assert code == 2 and err.startswith("error[missing-revision]: there is no revision `v9`")


def test_a_spec_without_a_past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nb.pes").write_text("E = lj()", encoding="utf-8")
    code, out, err = run(capsys, "log", str(tmp_path / "nb.pes"), "--json")
    assert (code, out) == (1, "")
    assert json.loads(err)["diagnostics"][0]["code"] == "no-history"


def test_errors_are_those_that_are_known() -> None:
    assert errors(None) is None
    assert errors({"energy_rmse_ev_per_atom": 0.5, "forces_rmse_ev_per_ang": None, "n_structures": 3}) == {
        "energy_rmse_ev_per_atom": 0.5
    }
    assert Step(origin="x").train is None


def test_a_gate_is_for_versions_in_git(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log", str(OLD), "--gate", "formula")
    assert (code, out) == (2, "") and "are for versions of a spec in git, and" in err
    code, out, err = run(capsys, "log", str(OLD / "spec.pes"), "--gate", "properties")
    assert (code, out) == (2, "") and "the kinds are formula, numbers" in err
