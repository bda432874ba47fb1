"""A small run of `fuzz_files.py`, and that the fuzzer would see a fault."""

from __future__ import annotations

from pathlib import Path

import fuzz_files
import pytest
from fuzz_runner import timed
from potentia.runtime.runs import run_folder

SEED, COUNT = 2026, 20


@pytest.mark.parametrize("kind", fuzz_files.KINDS)
def test_whatever_is_read_ends_in_diagnostics_or_is_read(kind: str, tmp_path: Path) -> None:
    for number in range(COUNT):
        fault = fuzz_files.fault_of(kind, SEED, number, tmp_path)
        assert fault is None, f"{kind}, seed {SEED}, input {number}: {fault.content!r}\n{fault.what}"


@pytest.mark.parametrize("kind", fuzz_files.KINDS)
def test_files_as_they_are_written_are_read(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    if kind != "runs":
        folder.mkdir()
    make, read = fuzz_files.KINDS[kind]
    make(folder)
    read(folder)


def test_inputs_are_the_same_ones_for_the_same_seed(tmp_path: Path) -> None:
    import random

    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(fuzz_files.laid_out("stores", random.Random(7), tmp_path / name))
    assert made[0] == made[1]


def test_a_fault_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "load", lambda folder: 1 / 0)
    fault, _ = timed(fuzz_files.FAULTS["runs"], SEED, 0, tmp_path)
    assert fault is not None and "ZeroDivisionError" in fault.what
