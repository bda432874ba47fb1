"""The warnings of `check` in every command, and in Python."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import potentia
import pytest
from ase.build import bulk
from commands import run
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save

SHORT = "species Fe\nE = fs(c = 3.25 Å, d = 4.40 Å)\n"
JUMP = """\
{severity}[cutoff-discontinuity]: the energy of `fs` jumps where a neighbour crosses the cutoff, 4.2 Å: \
the formula reaches to 4.4 Å
 --> {name}:{line}:5
  |
{line} | E = fs(c = 3.25 Å, d = 4.40 Å)
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^
  help: make the cutoff 4.4 Å, or multiply what is summed over neighbours by a switch, such as \
`smooth(r, rc)`"""
MEANT = "; where it is meant, write `# allow cutoff-discontinuity`\n"
IDLE = "species Ar\nlet unused = 2 Å\nE = lj()\n"
UNUSED = "warning[unused-let]: `unused` is never used"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warnings")
    save(folder / "run", compile(IDLE), certified=False)
    bulk("Ar", "fcc", 5.3).write(folder / "ar.xyz")
    (folder / "short.pes").write_text(SHORT, encoding="utf-8")
    (folder / "meant.pes").write_text(f"# allow cutoff-discontinuity\n{SHORT}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", ["check", "compile", "fit"])
def test_a_cutoff_that_is_too_short_is_an_error(
    command: str, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    more = ["--data", "no.xyz"] if command == "fit" else []
    expected = JUMP.format(severity="error", name="short.pes", line=2) + MEANT
    assert run(capsys, command, "short.pes", *more) == (1, "", expected)
    code, _, err = run(capsys, command, "meant.pes", *more)
    assert code == (1 if more else 0)  # there is no data
    assert err.startswith(JUMP.format(severity="warning", name="meant.pes", line=3) + "\n")


def test_a_run_is_warned_of(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    commands = (
        ("check", "run"),
        ("predict", "run", "--structures", "ar.xyz"),
        ("export", "run", "--to", "nep", "-o", "nep.txt"),
    )
    told = {words[0]: run(capsys, *words)[2].startswith(UNUSED) for words in commands}
    assert told == {"check": True, "predict": True, "export": True}
    code, out, err = run(capsys, "predict", "run", "--structures", "ar.xyz", "--json")
    assert code == 0 and json.loads(out)["structures"]
    assert json.loads(err[: err.index("\ntarget: ")])["diagnostics"][0]["code"] == "unused-let"
    assert run(capsys, "predict", "run", "--structures", "ar.xyz", "--quiet")[2] == ""


def test_what_is_compared_and_what_is_looked_back_at_is_warned_of(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    (here / "idle.pes").write_text(IDLE, encoding="utf-8")
    jumps = JUMP.format(severity="warning", name="short.pes", line=2) + MEANT
    code, out, err = run(capsys, "diff", "idle.pes", "short.pes")
    assert (code, out.splitlines()[0]) == (1, "idle.pes → short.pes: 3 changes")
    assert err.startswith(UNUSED) and err.endswith("\n\n" + jumps)
    code, out, err = run(capsys, "diff", "idle.pes", "idle.pes", "--json")
    assert code == 0 and json.loads(out)["verdict"] == "same"
    assert [d["code"] for d in json.loads(err)["diagnostics"]] == ["unused-let"]
    assert run(capsys, "diff", "idle.pes", "run", "--quiet")[2] == ""
    code, out, err = run(capsys, "log", "run", "--json")
    assert code == 0 and json.loads(out)["run"] == "run"
    assert [d["code"] for d in json.loads(err)["diagnostics"]] == ["unused-let"]
    assert run(capsys, "log", "run")[2].startswith(f"{UNUSED}\n --> run/spec.pes:2:5\n")


def test_the_models_of_a_design_are_warned_of(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    found = SimpleNamespace(members=(), left_out=())
    row = {"size": 2, "cv": {"energy": 0, "forces": 0}, "train": None, "test": None}
    monkeypatch.setattr("potentia.runtime.design.config.load_design", lambda *_: None)
    monkeypatch.setattr("potentia.runtime.design.loop.design", lambda *_: found)
    monkeypatch.setattr(
        "potentia.runtime.design.front.write_front", lambda *_: [{**row, "run": "run", "operations": 1}]
    )
    monkeypatch.setattr("potentia.runtime.api.design._study", lambda *_: None)
    monkeypatch.setattr("potentia.runtime.cli.observing.ConsoleObserver.study_read", lambda *_: None)
    code, out, err = run(capsys, "design", "a.toml", "--data", "a.xyz", "-o", "study", "--json")
    assert code == 0 and len(json.loads(out)["front"]) == 1
    assert [d["code"] for d in json.loads(err)["diagnostics"]] == ["unused-let"]


def test_python_warns(here: Path) -> None:
    with pytest.warns(potentia.PotentiaWarning) as told:
        potentia.load(here / "run")
    with pytest.warns(potentia.PotentiaWarning) as again:
        potentia.compile(IDLE)
    for (warning,) in (told, again):
        assert str(warning.message).startswith(UNUSED) and warning.filename == __file__
        assert warning.message.diagnostic.code == "unused-let"
    found: list[potentia.Diagnostic] = []
    potentia.compile(IDLE, on_warning=found.append)
    assert [d.code for d in found] == ["unused-let"]
    with pytest.raises(SpecError, match="jumps where a neighbour crosses the cutoff"):
        potentia.compile(SHORT)


def test_a_run_that_reaches_beyond_its_cutoff_since_it_was_fitted(tmp_path: Path) -> None:
    potential = compile("species Si\nE = sw()\n")
    wider = potential.theta.copy()
    wider[[n.startswith("sw.sigma") for n in potential.model.vector.names]] *= 1.1
    save(tmp_path / "run", potential.with_theta(wider), certified=False)
    with pytest.warns(potentia.PotentiaWarning, match="the energy of `sw` jumps") as told:
        potentia.load(tmp_path / "run")
    assert str(told[0].message).startswith("warning")
