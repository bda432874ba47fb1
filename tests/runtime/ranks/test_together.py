"""Commands that a launcher started several times, where they are refused."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from potentia.runtime.cli import together


def never(arguments: Sequence[str]) -> int:
    raise AssertionError("a command was run")


def outcome(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rank: int, *arguments: str
) -> tuple[int, str]:
    for name, value in {"PMI_RANK": rank, "PMI_SIZE": 4, "MPI_LOCALRANKID": rank % 2}.items():
        monkeypatch.setenv(name, str(value))
    code = together.run(arguments, never)
    return code, capsys.readouterr().err


def test_a_command_of_one_process_is_refused_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = outcome(monkeypatch, capsys, 0, "md", "runs/nb")
    assert first == (
        1,
        "error[one-process]: `md` runs in one process, and 4 were started\n"
        "  help: start it without mpirun; fit, fisher and design run in several processes\n",
    )
    assert outcome(monkeypatch, capsys, 2, "md", "runs/nb") == (1, "")


def test_a_machine_without_mpi4py_is_told_by_one_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    told = [outcome(monkeypatch, capsys, rank, "fit", "nb.pes") for rank in range(4)]
    assert [code for code, _ in told] == [1] * 4
    assert ["error[no-mpi]" in err for _, err in told] == [True, False, True, False]


def test_one_process_runs_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("PMI_SIZE", "1")
    assert together.run(["md"], len) == 1
    assert together.team().size == 1
