"""Revisions of git as versions, and what git itself shows after `potentia git-setup`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import potentia
import pytest
from potentia.runtime.cli.git_setup import ATTRIBUTE
from potentia.runtime.cli.main import main

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NB = "species Nb\nE = zbl() + eam(rc=5)\n"
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")


def git(*arguments: str, fine: bool = True) -> str:
    """What git prints, in a place without anybody's own configuration."""
    about = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    around = str(Path(potentia.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [*(p for p in sys.path if p), around]))
    done = subprocess.run(
        ["git", *IDENTITY, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | about | {"PYTHONPATH": path, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0 or not fine, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """v1: a spec and one that imports; a change of layout, one of meaning, and one that is not committed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pots").mkdir()
    git("init", "-q", "-b", "main")
    for text, message in (
        (NB, "first"),
        ("species Nb\nE = eam(rc = 0.5 nm) + zbl()  # layout\n", "layout"),
        (NB.replace("rc=5", "rc=5.5"), "reach"),
    ):
        (tmp_path / "pots" / "nb.pes").write_text(text, encoding="utf-8")
        core = f"let reach = {len(message)} Å\nE = lj()\n"
        (tmp_path / "pots" / "core.pes").write_text(core, encoding="utf-8")
        (tmp_path / "pots" / "uses.pes").write_text(
            'import "core.pes"\nspecies Nb\nE = lj(rc = reach)\n', encoding="utf-8"
        )
        git("add", "-A")
        git("commit", "-qm", message)
        if message == "first":
            git("tag", "v1")
    (tmp_path / "pots" / "nb.pes").write_text(NB.replace("rc=5", "rc=6"), encoding="utf-8")
    return tmp_path


def diff(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(("diff", *words))
    out, err = capsys.readouterr()
    return code, out, err


# --- revisions ---------------------------------------------------------------------------------


def test_revisions_and_ranges(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*words: str) -> list[str]:
        lines = diff(capsys, *words)[1].splitlines()
        return [line for line in lines if line and not line.startswith("    ")][:2]

    assert told("v1:pots/nb.pes", "HEAD~1:pots/nb.pes") == [
        "= the same, proved: v1:pots/nb.pes and HEAD~1:pots/nb.pes"
    ]
    assert told("HEAD:pots/nb.pes", "pots/nb.pes") == [
        "HEAD:pots/nb.pes → pots/nb.pes: 1 change",
        "  ~ eam: rc 5.5 Å → 6 Å",
    ]
    assert told("v1..", "pots/nb.pes")[1] == "  ~ eam: rc 5 Å → 6 Å"
    assert told("v1..HEAD", "pots/nb.pes")[1] == "  ~ eam: rc 5 Å → 5.5 Å"
    assert told("..v1", "pots/nb.pes")[1] == "  ~ eam: rc 5.5 Å → 5 Å"
    monkeypatch.chdir(repository / "pots")
    assert told("v1..", "nb.pes")[1] == "  ~ eam: rc 5 Å → 6 Å"
    assert told("v1:./nb.pes", "../pots/nb.pes")[1] == "  ~ eam: rc 5 Å → 6 Å"
    assert told(":pots/nb.pes", "nb.pes")[1] == "  ~ eam: rc 5.5 Å → 6 Å"  # what is staged


def test_imports_are_those_of_the_revision(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = diff(capsys, "v1:pots/uses.pes", "HEAD~1:pots/uses.pes")[1]
    assert "  ~ lj: rc 5 Å → 6 Å\n" in out  # first, layout
    assert diff(capsys, "v1:pots/uses.pes", "HEAD:pots/uses.pes")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("v11:pots/nb.pes", "pots/nb.pes"),
            "error[missing-revision]: there is no revision `v11`\n"
            "  --> v11:pots/nb.pes\n  help: did you mean `v1`?\n",
        ),
        (
            ("HEAD~9..", "pots/nb.pes"),
            "error[missing-revision]: there is no revision `HEAD~9`\n"
            "  --> HEAD~9:./nb.pes\n  help: `git log --oneline` lists them\n",
        ),
        (
            ("HEAD:nb.pes", "pots/nb.pes"),
            "error[missing-in-revision]: there is no `nb.pes` in `HEAD`\n  --> HEAD:nb.pes\n"
            "  help: paths are from the top of the repository; `REV:./FILE` is from here\n",
        ),
    ],
)
def test_what_is_not_in_the_repository(
    repository: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert diff(capsys, *words) == (2, "", message)


def test_where_there_is_no_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    code, _, err = diff(capsys, "HEAD:nb.pes", "nb.pes")
    place = tmp_path.resolve()
    assert (code, err) == (
        2,
        f"error[not-a-repository]: `HEAD:nb.pes` is a git revision, and {place} is in no git repository\n"
        "  --> HEAD:nb.pes\n  help: name two files\n",
    )
    code = main(("git-setup",))
    assert (code, capsys.readouterr().err) == (
        1,
        f"error[not-a-repository]: {place} is in no git repository\n  help: `git init` makes one\n",
    )


def test_without_git(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert diff(capsys, "HEAD:nb.pes", "nb.pes") == (
        2,
        "",
        "error[no-git]: git is not installed, or not found\n  help: name two files\n",
    )


# --- what git shows ----------------------------------------------------------------------------


@pytest.fixture
def set_up(repository: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(("git-setup",)) == 0
    capsys.readouterr()
    return repository


def test_setting_up_twice_changes_nothing(set_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = git("config", "--list", "--local"), (set_up / ".gitattributes").read_text(encoding="utf-8")
    assert main(("git-setup", "pots")) == 0
    assert "(was there)" in capsys.readouterr().out
    assert (git("config", "--list", "--local"), (set_up / ".gitattributes").read_text("utf-8")) == before
    assert before[0].count("diff.potentia.") == 2 and before[1] == f"{ATTRIBUTE}\n"


def test_other_attributes_stay(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".gitattributes").write_text("*.png binary", encoding="utf-8")
    assert main(("git-setup",)) == 0
    assert (repository / ".gitattributes").read_text(encoding="utf-8") == f"*.png binary\n{ATTRIBUTE}\n"


def test_git_diff_shows_meaning(set_up: Path) -> None:
    out = git("diff")
    assert out.startswith("potentia diff a/pots/nb.pes b/pots/nb.pes\n")
    assert "  ~ eam: rc 5.5 Å → 6 Å\n" in out and "@@" not in out
    assert "= the same, proved" in git("diff", "v1", "HEAD~1", "--", "pots/nb.pes")
    assert "-E = zbl() + eam(rc=5.5)" in git("diff", "--no-ext-diff", "--no-textconv")


def test_git_log_shows_meaning(set_up: Path) -> None:
    out = git("log", "-p", "--ext-diff", "--", "pots/nb.pes")
    assert out.count("potentia diff a/pots/nb.pes") == 3
    assert "  ~ eam: rc 5 Å → 5.5 Å\n" in out and ": new\n  + species Nb\n" in out
    lines = git("log", "-p", "--", "pots/nb.pes").splitlines()  # through textconv
    assert "-eam: rc = 5 Å" in lines and "+eam: rc = 5.5 Å" in lines


def test_files_that_come_go_and_are_wrong(set_up: Path) -> None:
    (set_up / "pots" / "new.pes").write_text("E = lj()\n", encoding="utf-8")
    (set_up / "pots" / "uses.pes").unlink()
    (set_up / "pots" / "nb.pes").write_text("E = nothing_there()\n", encoding="utf-8")
    git("add", "-A")
    out = git("diff", "--cached")
    assert "b/pots/new.pes: new\n  + species of the data\n" in out
    assert "b/pots/uses.pes: removed\n" in out
    assert "error[unknown-term]" in out and "words only" in out


def test_a_merge_that_is_not_done(set_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git("checkout", "-q", "--", "pots/nb.pes")
    git("checkout", "-qb", "feature")
    (set_up / "pots" / "nb.pes").write_text(NB.replace("rc=5", "rc=5.5, basis=bessel4"), encoding="utf-8")
    git("commit", "-qam", "basis")
    git("checkout", "-q", "main")
    (set_up / "pots" / "nb.pes").write_text(NB.replace("rc=5", "rc=5.25"), encoding="utf-8")
    git("commit", "-qam", "nearer")
    git("merge", "feature", fine=False)
    code = main(("check", "--conflicts", "pots/nb.pes"))
    out = capsys.readouterr().out
    assert code == 1
    assert "(common ancestor) → pots/nb.pes (HEAD): 1 change\n  ~ eam: rc 5.5 Å → 5.25 Å\n" in out
    assert "  ~ eam: basis bessel(6) → bessel(4)\n" in out
    assert main(("diff", "--git", "pots/nb.pes")) == 0  # as git calls it for such a file
    assert "has conflicts; `potentia check --conflicts pots/nb.pes`" in capsys.readouterr().out
