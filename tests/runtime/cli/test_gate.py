"""`potentia diff` as a gate of a repository, and its Markdown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest
from commands import run
from documents import blocks, write_specs
from places import ROOT
from potentia.runtime.comparison.difference_markdown import code as code_span
from potentia.runtime.comparison.difference_markdown import escaped

PAGE = (ROOT / "docs" / "diffing.md").read_text(encoding="utf-8")
NB = "E = zbl(Nb) + eam(rc=5) + nn(bessel8)\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the specs of the page."""
    monkeypatch.chdir(tmp_path)
    write_specs(PAGE, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "kinds", "expected"),
    [
        (("nb.pes", "nb2.pes"), "formula", {"formula": 4}),
        (("nb.pes", "nb2.pes"), "numbers , formula", {"formula": 4, "numbers": 1}),
        (("nb.pes", "other_words.pes"), "formula,numbers", {"formula": 0, "numbers": 0}),
        (("nb.pes", "start.pes"), "formula", {"formula": 0}),
        (("nb.pes", "start.pes"), "numbers", {"numbers": 2}),
        (("nb.pes", "wrong.pes"), "numbers", {"numbers": 1}),
        (("gate.pes", "exp.pes"), "formula,numbers", {"formula": 1, "numbers": 0}),
    ],
)
def test_what_a_gate_stops(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, str],
    kinds: str,
    expected: dict[str, int],
) -> None:
    changed = NB.replace("rc=5)", "rc=5, beta = fixed 1.5 in (0.5, 3))")
    (here / "start.pes").write_text(changed, encoding="utf-8")
    own = "species Nb\nterm own(rc = 5 Å) {{\n pair(r) = 1 eV * {} * smooth(r, rc)\n}}\nE = own()"
    (here / "gate.pes").write_text(own.format("gate(r / rc)"), encoding="utf-8")
    (here / "exp.pes").write_text(own.format("1 / (1 + exp(-r / rc))"), encoding="utf-8")
    code, out, _ = run(capsys, "diff", *words, "--json", f"--gate={kinds}")
    assert (code, json.loads(out)["gate"]) == (int(any(expected.values())), expected)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("formulas", "`--gate` knows no kind of change `formulas`\n  help: did you mean `formula`?\n"),
        ("", "`--gate` names no kind of change\n  help: the kinds are formula, numbers, properties\n"),
    ],
)
def test_kinds_that_are_none(
    here: Path, capsys: pytest.CaptureFixture[str], kinds: str, message: str
) -> None:
    assert run(capsys, "diff", "nb.pes", "nb2.pes", "--gate", kinds) == (2, "", f"error[usage]: {message}")


def test_the_example_for_github_runs(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script of its last step: in a merge that changes one spec of two in meaning, and adds one."""
    (yaml,) = [b.text for b in blocks(PAGE) if b.mark == "yaml"]
    script = textwrap.dedent(yaml.partition("run: |\n")[2])
    (here / "bin").mkdir()
    stand_in = here / "bin" / "potentia"  # notes its words, and stops at the second spec
    stand_in.write_text('#!/bin/sh\necho "$@" >> calls\necho "$3"\n[ "$3" != nb2.pes ]\n', encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))

    def git(*words: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@y"]
        subprocess.run(["git", *who, *words], cwd=here, check=True, capture_output=True)

    git("init", "-q")
    git("add", "nb.pes", "nb2.pes")
    git("commit", "-q", "-m", "before")
    (here / "nb.pes").write_text((here / "other_words.pes").read_text("utf-8"), "utf-8")
    (here / "nb2.pes").write_text(NB, "utf-8")
    git("add", "nb.pes", "nb2.pes", "other_words.pes")
    git("commit", "-q", "-m", "after")
    done = subprocess.run(["bash", "-e", "-c", script], cwd=here, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert (here / "summary.md").read_text("utf-8") == "nb.pes\nnb2.pes\n"
    calls = [line.split() for line in (here / "calls").read_text("utf-8").splitlines()]
    found = [run(capsys, *words) for words in calls]
    assert [(code, out.splitlines()[0]) for code, out, _ in found] == [
        (0, "### `HEAD^1:nb.pes` → `nb.pes`: the same, proved"),
        (1, "### `HEAD^1:nb2.pes` → `nb2.pes`: 5 changes"),
    ]


def test_markdown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "nb.pes", "nb2.pes", "--markdown")
    lines = out.splitlines()
    assert (code, err, lines[0]) == (1, "", "### `nb.pes` → `nb2.pes`: 5 changes")
    assert lines[2:4] == ["|  | change | before | after |", "| --- | --- | --- | --- |"]
    assert "| `~` | eam: rc | `5 Å` | `5.5 Å` |" in lines
    assert "| trained parameters | 89 | 95 |" in lines
    rows = [re.sub(r"\\.", "", line).count("|") for line in lines if line.startswith("|")]
    assert rows == [5] * 7 + [4] * 6
    code, out, err = run(capsys, "diff", "nb.pes", "wrong.pes", "--markdown")
    assert (code, err) == (1, "") and "```text\nerror[unknown-term]: " in out
    both = run(capsys, "diff", "nb.pes", "nb2.pes", "--markdown", "--json")
    assert both[0] == 2 and "two forms of one answer" in both[2]


def test_nothing_of_a_spec_is_markup() -> None:
    assert escaped("a_b *c* | <b>`\n") == "a\\_b \\*c\\* \\| \\<b\\>\\`"
    assert [code_span(x) for x in ("a|b", "`a``", "x\ny")] == ["`a\\|b`", "``` `a`` ```", "`x y`"]
