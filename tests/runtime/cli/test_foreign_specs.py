"""Specs of strangers at the command line: they end soon, read no file elsewhere and say nothing of one."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from commands import run
from potentia.compiler.chemistry.elements import ELEMENTS
from potentia.runtime.cli.main import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def doubled(n: int, first: str, of: str) -> str:
    return "".join(of.format(n=k, before=k - 1) for k in range(1, n + 1)).join((first, ""))


LETS = doubled(40, "let a0 = lj()\n", "let a{n} = a{before} + a{before}\n")
TERMS = doubled(40, "term t0() = lj()\n", "term t{n}() = t{before}() + t{before}()\n")
FUNCTIONS = doubled(40, "f0(r) = r / rc\n", "f{n}(r) = f{before}(r) + f{before}(r)\n")
STOPPED = "the spec is too large to look for every warning"
LARGE = {
    "40 lets": (f"species Nb\n{LETS}E = a40\n", 0, STOPPED),
    "40 functions": (
        f"species Nb\nterm t(rc = 5 Å) {{ {FUNCTIONS} pair(r) = 1 eV * f40(r) * smooth(r, rc) }}\nE = t()\n",
        0,
        STOPPED,
    ),
    "40 terms": (f"species Nb\n{TERMS}E = t40()\n", 1, "the energy is made of more than 300 terms"),
    "a sum of 300": (
        "species Nb\nE = " + " + ".join(f"lj(rc = {3 + k / 1000})" for k in range(300)),
        0,
        STOPPED,
    ),
    "a table of 100 000": (
        "species Nb\nE = lj(epsilon = {" + ", ".join(["Nb-Nb: 1"] * 100_000) + "})",
        1,
        "the spec has more than 12000 words",
    ),
    "a MiB of blanks": (" " * (1 << 20) + "E = lj(Nb)", 1, "the file has more than 1 MiB"),
    "100 000 brackets": ("E = " + "(" * 100_000, 1, "the spec has more than 12000 words"),
    "a long name": (f"E = {'a' * 900_000}(Nb)", 1, "there is no term `aaa"),
}


@pytest.mark.parametrize(("text", "code", "message"), LARGE.values(), ids=LARGE.keys())
def test_a_large_spec_is_soon_told(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, message: str
) -> None:
    (here / "x.pes").write_text(text, encoding="utf-8")
    start = time.process_time()
    found, out, err = run(capsys, "check", "x.pes")
    assert found == code and message in err and len(out) + len(err) < 10_000
    assert time.process_time() - start < 5.0  # one on a machine that does nothing else


def test_warnings_say_which_stopped(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "x.pes").write_text(LARGE["40 lets"][0], encoding="utf-8")
    assert run(capsys, "check", "x.pes") == (
        0,
        "x.pes: 1 term, 2 trainable parameters, cutoff 6 Å, species Nb\n",
        "note[warnings-stopped]: the spec is too large to look for every warning: "
        "idle-parameter stopped before the end\n"
        "  --> x.pes\n"
        "  help: all else is checked; a part of the energy in a spec of its own is looked at whole\n",
    )


def test_many_species_are_looked_at_to_the_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    species = list(ELEMENTS)[:54]
    (here / "x.pes").write_text(f"species {', '.join(species)}\nE = lj()\n", encoding="utf-8")
    assert run(capsys, "check", "x.pes")[::2] == (0, "")


def test_specs_that_are_too_large_are_compared_by_words(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = LARGE["a sum of 300"][0]
    (here / "a.pes").write_text(text, encoding="utf-8")
    (here / "b.pes").write_text(text.replace("rc = 3.1)", "rc = 3.15 Å)"), encoding="utf-8")
    code, out, err = run(capsys, "diff", "a.pes", "b.pes")
    assert code == 1 and err.count("note[warnings-stopped]") == 2
    assert err.endswith(
        "note[too-large]: the specs are too large to compare their meaning in a second\n"
        "  help: they are compared by their words\n"
    )
    assert out.splitlines()[1:3] == [
        "! words only: their meaning is not compared",
        "  ~ E: lj(rc=3.1) → lj(rc = 3.15 Å)",
    ]


# --- files of others -----------------------------------------------------------------------------------

OUTSIDE = (
    "error[cannot-import]: `{0}` cannot be read: it is outside of the folder of the spec\n"
    ' --> x.pes:1:1\n  |\n1 | import "{0}"\n  | {1}\n'
    "  help: `--include DIR` allows another folder\n"
)


def outside(path: str) -> str:
    return OUTSIDE.format(path, "^" * (len(path) + len('import ""')))


@pytest.mark.parametrize("path", ["/proc/self/environ", "../core.pes", "link.pes", "../nowhere.pes"])
def test_imports_stay_in_the_folder(here: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    (here.parent / "core.pes").write_text("let far = 5 Å\n", encoding="utf-8")
    (here / "link.pes").symlink_to("../core.pes")
    (here / "x.pes").write_text(f'import "{path}"\nE = lj(Nb)\n', encoding="utf-8")
    assert run(capsys, "check", "x.pes") == (1, "", outside(path))


def test_a_folder_that_is_allowed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here.parent / "core.pes").write_text("let far = 5 Å\n", encoding="utf-8")
    (here / "x.pes").write_text('import "../core.pes"\nE = lj(Nb, rc = far)\n', encoding="utf-8")
    for command in (("check", "x.pes"), ("compile", "x.pes"), ("diff", "x.pes", "x.pes")):
        assert run(capsys, *command, "--include", "..")[::2] == (0, "")


def test_imports_of_imports_stay_in_the_folder_of_the_spec(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "deep").mkdir()
    (here / "deep" / "a.pes").write_text('import "../b.pes"\n', encoding="utf-8")
    (here / "b.pes").write_text("let far = 5 Å\n", encoding="utf-8")
    (here / "x.pes").write_text('import "deep/a.pes"\nE = lj(Nb, rc = far)\n', encoding="utf-8")
    assert run(capsys, "check", "x.pes")[::2] == (0, "")
    code, _, err = run(capsys, "check", "deep/a.pes")
    assert code == 1 and "`../b.pes` cannot be read: it is outside of the folder of the spec" in err


def test_links_in_a_circle(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a.pes").symlink_to("b.pes")
    (here / "b.pes").symlink_to("a.pes")
    (here / "x.pes").write_text('import "a.pes"\nE = lj(Nb)\n', encoding="utf-8")
    assert "`a.pes` cannot be read: its links lead in a circle\n" in run(capsys, "check", "x.pes")[2]


SECRET = (
    "error[not-a-spec]: the file is not a spec: it does not parse (line 2, column 1)\n"
    "  --> {}\n"
    "  help: the name of a spec ends in `.pes`; of other files no content is shown\n"
)


def test_of_a_file_that_is_no_spec_nothing_is_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "env").write_text("let a = 5\nSECRET=hidden\n", encoding="utf-8")
    (here / "x.pes").write_text('import "env"\nE = lj(Nb)\n', encoding="utf-8")
    (here / "link.pes").symlink_to("env")
    for name, shown in (("x.pes", "env"), ("link.pes", "link.pes"), ("env", "env")):
        assert run(capsys, "check", name) == (1, "", SECRET.format(shown))
    for first in ("link.pes", "env"):
        code, out, err = run(capsys, "diff", first, "x.pes")
        assert code == 2 and "hidden" not in out + err


def test_control_characters_are_seen_and_do_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "a\x1b[2J.pes").write_text("E = lj(Nb, r\x1b[31mc = 5)\n# \x9b2J \u202e\n", encoding="utf-8")
    for arguments in (
        ("check", "a\x1b[2J.pes"),
        ("check", "a\x1b[2J.pes", "--json"),
        ("fmt", "--check", "a\x1b[2J.pes"),
        ("diff", "a\x1b[2J.pes", "a\x1b[2J.pes"),
        ("compile", "\x9b2J.pes"),
        ("no\x1b[2J", "x"),
    ):
        code, out, err = run(capsys, *arguments)
        assert code != 70 and not set(out + err) & {"\x1b", "\x9b", "\u202e"}
    assert run(capsys, "check", "a\x1b[2J.pes")[2] == (
        "error[unexpected-character]: `␛` does not belong here\n --> a␛[2J.pes:1:13\n  |\n"
        "1 | E = lj(Nb, r␛[31mc = 5)\n  |             ^\n"
    )


# --- git -----------------------------------------------------------------------------------------------


def test_git_shows_files_that_begin_with_a_dash(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "-x.pes").write_text("species Nb\nE = lj(rc = 5)\n", encoding="utf-8")
    (here / "old").write_text("species Nb\nE = lj(rc = 6)\n", encoding="utf-8")
    given = ("-x.pes", "old", "0", "100644", "-x.pes", "0", "100644")
    expected = "potentia diff a/-x.pes b/-x.pes\na/-x.pes → b/-x.pes: 1 change\n  ~ lj: rc 6 Å → 5 Å\n"
    for words in (given, ("--", *given)):
        code, out, err = run(capsys, "diff", "--git", *words)
        assert (code, err) == (0, "") and out.startswith(expected)
    assert run(capsys, "diff", "--textconv", "-x.pes")[1].startswith(
        "species Nb\nE = lj(rc = 5)\nlj: rc = 5 Å"
    )
    assert run(capsys, "check", "--", "-x.pes")[0] == 0


def test_git_goes_on_after_a_file_that_fails(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, "diff", "--git", "x.pes", "nowhere", "0", "0", "nowhere", "0", "0")
    assert (code, out.splitlines()[0]) == (
        0,
        "error[cannot-read]: the spec cannot be read: No such file or directory",
    )
    monkeypatch.setitem(sys.modules, "potentia.runtime.cli.git_driver", None)  # a fault of ours
    assert main(("diff", "--git", "x.pes", "a", "0", "0", "b", "0", "0")) == 0
    assert "a fault of potentia itself" in capsys.readouterr().err
