"""A small run of `fuzz_formats.py`, and that the fuzzer would see a fault."""

from __future__ import annotations

from pathlib import Path

import fuzz_formats
import pytest

SEED = 2026
COUNT = 150


@pytest.mark.parametrize("kind", fuzz_formats.READERS)
def test_whatever_is_read_ends_in_diagnostics_or_is_read(kind: str, tmp_path: Path) -> None:
    for number in range(COUNT):
        content = fuzz_formats.made(kind, SEED, number)
        fault = fuzz_formats.fault_of(kind, content, tmp_path)
        assert fault is None, f"seed {SEED}, input {number}: {content!r}\n{fault.what}"


def test_a_fault_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise ValueError("no diagnostic")

    monkeypatch.setitem(fuzz_formats.READERS, "xyz", ("fuzz.xyz", broken))
    fault = fuzz_formats.fault_of("xyz", b"", tmp_path)
    assert fault is not None and "no diagnostic" in fault.what
