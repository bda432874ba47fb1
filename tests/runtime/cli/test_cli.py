"""The command line without data: check, fmt, compile; errors and exit codes."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import imported_by, run
from places import GOLDEN
from potentia.runtime.cli import main as cli
from potentia.runtime.cli.setting_options import Given, Setting, having, options_of
from potentia.runtime.data.config import DataConfig
from potentia.runtime.residuals.config import FitConfig

GOLDEN = GOLDEN / "cli"
LABELS, SEARCH = options_of(DataConfig, "data"), options_of(FitConfig)
LINE = "E = zbl(Nb) + eam(rc=5) + nn(bessel8)\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the one line in nb.pes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.pes").write_text(LINE, encoding="utf-8")
    return tmp_path


def golden(name: str, text: str) -> None:
    """Compare with a stored text. POTENTIA_UPDATE=1 stores it."""
    path = GOLDEN / name
    if os.environ.get("POTENTIA_UPDATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


# --- check -------------------------------------------------------------------------------------


def test_check(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "open.pes").write_text("E = lj()", encoding="utf-8")
    assert run(capsys, "check", "nb.pes", "open.pes") == (
        0,
        "nb.pes: 3 terms, 89 trainable parameters, cutoffs 1.8 and 5 Å, species Nb\n"
        "open.pes: 1 term, 2 trainable parameters, cutoff 6 Å, "
        "for each species of the data (the spec names none)\n",
        "",
    )
    assert run(capsys, "check", "open.pes", "--species", "Nb,W")[1] == (
        "open.pes: 1 term, 6 trainable parameters, cutoff 6 Å, species Nb W\n"
    )


def test_check_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "lj.pes").write_text("species Nb\nE = pin lj(rc=5)", encoding="utf-8")
    code, out, err = run(capsys, "check", "lj.pes", "--json")
    assert (code, err) == (0, "")
    golden("check.json", out)


def test_errors_of_all_specs_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text("E = zbl(Nb) + emm(rc=5)\n", encoding="utf-8")
    (here / "b.pes").write_bytes(b"E = lj() # \xff")
    code, out, err = run(capsys, "check", "a.pes", "b.pes", "nb.pes", "c.pes")
    assert code == 1 and out.startswith("nb.pes: 3 terms")
    golden("check_errors.txt", err)


def test_errors_as_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text("E = emm(rc=5)", encoding="utf-8")
    code, out, err = run(capsys, "check", "a.pes", "--json")
    assert (code, out) == (1, "")
    (found,) = json.loads(err)["diagnostics"]
    assert (found["code"], found["span"]["line"], found["span"]["column"]) == ("unknown-term", 1, 5)


def test_a_species_that_is_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "nb.pes", "--species", "Nbb")[2] == (
        "error[unknown-species]: there is no element `Nbb`\n  help: did you mean `Nb`?\n"
    )


@pytest.mark.parametrize(
    "arguments", [("check", "nb.pes"), ("fmt", "nb.pes"), ("compile", "nb.pes", "--emit", "ir"), ("--help",)]
)
def test_no_numerical_library_is_imported(here: Path, arguments: tuple[str, ...]) -> None:
    heavy = {"jax", "ase", "scipy", "matplotlib", "numpy", "rich"}
    assert imported_by(*arguments) & heavy == set()


# --- fmt ---------------------------------------------------------------------------------------

UGLY = "E=zbl( Nb )+eam(rc=5)  # the formula"
NEAT = "E = zbl(Nb) + eam(rc=5)  # the formula\n"


def test_fmt_rewrites_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text(UGLY, encoding="utf-8")
    assert run(capsys, "fmt", "a.pes", "nb.pes") == (0, "", "formatted a.pes\n")
    assert (here / "a.pes").read_text(encoding="utf-8") == NEAT
    assert sorted(p.name for p in here.iterdir()) == ["a.pes", "nb.pes"]
    assert run(capsys, "fmt", "a.pes") == (0, "", "")


def test_fmt_only_looks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text(UGLY, encoding="utf-8")
    assert run(capsys, "fmt", "--check", "a.pes", "nb.pes") == (1, "", "a.pes is not in canonical layout\n")
    assert run(capsys, "fmt", "--check", "nb.pes") == (0, "", "")
    assert run(capsys, "fmt", "--check", "--json", "a.pes")[:2] == (
        1,
        '{\n  "changed": [\n    "a.pes"\n  ]\n}\n',
    )
    code, out, _ = run(capsys, "fmt", "--diff", "a.pes")
    assert (code, out) == (0, f"--- a.pes\n+++ a.pes (formatted)\n@@ -1 +1 @@\n-{UGLY}\n+{NEAT}")
    assert (here / "a.pes").read_text(encoding="utf-8") == UGLY


def test_fmt_as_a_filter(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert run(capsys, "fmt", "-") == (0, NEAT, "")


def test_fmt_leaves_what_does_not_parse(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").write_text("E = lj(", encoding="utf-8")
    code, _, err = run(capsys, "fmt", "a.pes")
    assert code == 1 and err.startswith("error[unclosed-parenthesis]")
    assert (here / "a.pes").read_text(encoding="utf-8") == "E = lj("


# --- compile -----------------------------------------------------------------------------------


def test_compile(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "compile", "nb.pes")
    assert (code, err) == (0, "")
    golden("compile.txt", out)
    data = json.loads(run(capsys, "compile", "nb.pes", "--json")[1])
    assert data["n_parameters"] == 89
    assert {entry["cutoff_ang"] for entry in data["lists"]} <= {1.8, 5.0}


def test_stages(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "r.pes").write_text("species Nb\nE = reference()", encoding="utf-8")
    (here / "pair.pes").write_text("species Nb\nE = pair(bessel(2), rc = 5)", encoding="utf-8")
    golden("ast.txt", run(capsys, "compile", "nb.pes", "--emit", "ast")[1])
    golden("ir.txt", run(capsys, "compile", "r.pes", "--emit", "ir")[1])
    golden("plan.txt", run(capsys, "compile", "pair.pes", "--emit", "plan")[1])
    before = run(capsys, "compile", "nb.pes", "--emit", "ir@share_neighbors")[1]
    after = run(capsys, "compile", "nb.pes", "--emit", "ir@differentiate")[1]
    assert "output forces" not in before and "output forces" in after
    assert "differentiate" in run(capsys, "compile", "nb.pes", "--emit", "ir@help")[1]
    assert json.loads(run(capsys, "compile", "r.pes", "--emit", "ir", "--json")[1])["stage"] == "ir"


def test_a_plan_is_made_without_jax(here: Path) -> None:
    assert "jax" not in imported_by("compile", "nb.pes", "--emit", "plan")


def test_stages_of_jax(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "r.pes").write_text("species Nb\nE = reference()", encoding="utf-8")
    assert run(capsys, "compile", "r.pes", "--emit", "jaxpr")[1].count("lambda") > 0
    assert run(capsys, "compile", "r.pes", "--emit", "hlo")[1].startswith("HloModule")


STAGE = "error[unknown-stage]: there is no"


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("asd", STAGE + " stage `asd`\n  help: did you mean `ast`?\n"),
        (
            "llvm",
            STAGE + " stage `llvm`\n  help: stages: ast, ir, plan, jaxpr, hlo, ir@PASS\n",
        ),
        (
            "ir@simplfy",
            STAGE + " pass `simplfy`\n  help: did you mean `simplify`?\n",
        ),
        (
            "hlo",
            "error[no-species]: the spec names no species\n  help: say which: `--species Nb`\n",
        ),
    ],
)
def test_stages_that_cannot_be_shown(
    here: Path, capsys: pytest.CaptureFixture[str], stage: str, message: str
) -> None:
    (here / "open.pes").write_text("E = lj()", encoding="utf-8")
    assert run(capsys, "compile", "open.pes", "--emit", stage) == (1, "", message)


def test_options_of_a_group_reach_a_command_under_their_keys() -> None:
    got: dict[str, Any] = {}

    @having(labels=LABELS, search=SEARCH)
    def command(first: str, *, labels: Given, last: bool = True, search: Given) -> int:
        got.update(first=first, labels=labels, last=last, search=search)
        return 3

    declared = inspect.signature(command)
    names = list(declared.parameters)
    assert names[0] == "first" and names.index("data_energy_key") < names.index("last")
    given = {name: p.default for name, p in declared.parameters.items()} | {"first": "x", "last": False}
    given |= {"data_use_stress": True, "data_energy_key": "E", "seed": 0, "tolerance": 0.0}
    assert command(**given) == 3
    assert got == {
        "first": "x",
        "labels": {"data.energy_key": "E", "data.use_stress": False},
        "last": False,
        "search": {"seed": 0, "tolerance": 0.0},
    }


@pytest.mark.parametrize("setting", [*LABELS, *SEARCH], ids=lambda s: s.key)
def test_every_option_is_a_setting_of_the_configuration(setting: Setting) -> None:
    section, _, key = setting.key.rpartition(".")
    fields = (DataConfig if section == "data" else FitConfig).model_fields
    assert section in ("", "data") and key in fields
    assert fields[key].default is True or not setting.switch


# --- errors ------------------------------------------------------------------------------------


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "chek", "nb.pes")
    assert (code, out) == (2, "") and err.startswith("error[usage]: no such command 'chek'")
    assert run(capsys, "check", "--jsom")[0] == 2
    code, _, err = run(capsys, "fit", "nb.pes")
    assert code == 2 and "--data" in err
    code, out, err = run(capsys)
    assert (code, err) == (2, "") and out.startswith("Usage: potentia [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_help_has_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert f"\n    potentia {command} " in out and "--json" in out


def test_a_fault_of_ours_is_told_in_one_message(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a wrong turn\nsecond line")

    monkeypatch.setattr("potentia.compiler.pipeline.parse", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    code, out, err = run(capsys, "check", "nb.pes")
    (written,) = here.glob("potentia-*.txt")
    assert (code, out) == (70, "")
    assert err == (
        "error[internal-error]: a fault of potentia itself: ZeroDivisionError: a wrong turn\n"
        f"  help: please report it with {written}\n"
    )
    assert "Traceback" in written.read_text(encoding="utf-8")


def test_an_interrupt(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("potentia.compiler.pipeline.parse", interrupted)
    assert run(capsys, "check", "nb.pes")[0] == 130


def test_as_a_program(here: Path) -> None:
    def potentia(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "potentia.runtime.cli.main", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert potentia("check", "nb.pes").returncode == 0
    assert potentia("check", "none.pes").returncode == 1
    assert potentia("none").returncode == 2
