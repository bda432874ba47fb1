"""Help, version, completion of shells, standard input."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import options_of, run
from potentia.runtime.cli import console
from potentia.runtime.cli.command_words import Command, command_words
from potentia.runtime.cli.completion_scripts import SCRIPTS
from potentia.runtime.cli.main import COMMANDS

SOME = ("check", "diff", "export", "help", "completion")


def test_help_is_that_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "help", "fmt") == run(capsys, "fmt", "--help")
    assert run(capsys, "help") == run(capsys, "--help")
    code, out, err = run(capsys, "help", "chek")
    assert (code, out) == (2, "") and "there is no command `chek`: did you mean `check`?" in err
    (only,) = json.loads(run(capsys, "help", "diff", "--json")[1])["commands"]
    assert {flag for o in only["options"] for flag in o["flags"]} == options_of("diff")


def test_the_version_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    long, short = run(capsys, "--version"), run(capsys, "-V")
    assert long == short and long[0] == 0 and long[1].startswith("potentia")


# --- completion --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words() -> tuple[Command, ...]:
    return tuple(command_words(name) for name in SOME)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_has_every_word(words: tuple[Command, ...], shell: str) -> None:
    script = SCRIPTS[shell](words)
    for command in words:
        assert command.name in script
        for option in command.options:
            assert all(flag.lstrip("-") in script for flag in option.flags)
    if shutil.which(shell):
        dry = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True)
        assert (dry.returncode, dry.stderr) == (0, "")


def test_bash_completes(words: tuple[Command, ...]) -> None:
    ask = """
    ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _potentia; echo "${COMPREPLY[*]}"; }
    ask potentia c
    ask potentia diff --ga
    ask potentia export run --to ""
    ask potentia help fi
    ask potentia completion ""
    ask potentia check nb
    ask potentia -
    """
    script = SCRIPTS["bash"](words) + ask
    done = subprocess.run(["bash", "--norc", "-c", script], text=True, capture_output=True, check=True)
    assert done.stdout.splitlines() == [
        "check completion",
        "--gate",
        "lammps nep pair_style setfl snapcoeff stablehlo table uf3",
        "fit fisher",
        "bash zsh fish",
        "",  # files, by the shell
        "--version -V --help -h",
    ]


def test_the_command_that_prints_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "completion", "csh")
    assert (code, out) == (2, "") and "there is no completion for `csh`, but for bash, zsh, fish" in err
    assert set(command_words("help").values) == set(COMMANDS)


# --- standard input, and words of the end -------------------------------------------------------


def given(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_check_reads_stdin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given(monkeypatch, b"E = lj(Nb)")
    told = "<stdin>: 1 term, 2 trainable parameters, cutoff 6 \u00c5, species Nb\n"
    assert run(capsys, "check", "-") == (0, told, "")
    given(monkeypatch, b"E = lk(Nb)")
    code, _, err = run(capsys, "check", "-")
    assert code == 1 and " --> <stdin>:1:5\n" in err
    given(monkeypatch, b"E = \xff")
    assert "error[not-utf8]" in run(capsys, "check", "-")[2]
    code, _, err = run(capsys, "check", "-", "--fix")
    assert code == 2 and "are for files, and `-` is standard input" in err


def test_a_difference_reads_stdin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.pes").write_text("E = lj(Nb, rc = 0.5 nm)", "utf-8")
    given(monkeypatch, b"E = lj(Nb, rc = 5)")
    assert run(capsys, "diff", "-", "nb.pes") == (0, "= the same, proved: - and nb.pes\n", "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.3, "9.3 s"), (44.6, "45 s"), (1234, "20 min 34 s"), (7500, "2 h 05 min")],
)
def test_times_have_units(seconds: float, said: str) -> None:
    assert console.lasted(seconds) == said
