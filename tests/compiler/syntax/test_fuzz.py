"""A small run of `fuzz.py`, what longer runs have found, and that the fuzzer would see a fault."""

from __future__ import annotations

from pathlib import Path

import fuzz
import pytest
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import SpecError

PARAMETER = "term t(rc = 4 Å) {{ param c[{}] = 0 eV pair(r) = total(c) }}\nE = t(Nb)"
# what once ended in a traceback, or took seconds and gigabytes, and what it is told now
FOUND = {
    "a unit that begins with no letter": ("E = lj(Nb, rc = 5 _)", "unknown-unit"),
    "a large exponent": ("E = lj(Nb, rc = 5 nm^99999)", "not-a-number"),
    "an import with a NUL": ('import "a\0b"\nE = lj(Nb)', "cannot-import"),
    "an import that never ends": ('import "/dev/zero"\nE = lj(Nb)', "cannot-import"),
    "a state of the parser that takes other words": (
        "E = zb^2^2^2l\n(Nb) +",
        "unexpected-token",
    ),
    "a billion functions": ("E = pair(bessel(1000000000), Nb)", "too-large"),
    "a billion functions, for short": ("E = pair(bessel1000000000, Nb)", "too-large"),
    "infinitely many functions": ("E = pair(bessel(1e999), Nb)", "bad-size"),
    "a layer of a billion": ("E = nn(bessel8, Nb, hidden=[1000000000])", "too-large"),
    "many large layers": (f"E = nn(bessel8, Nb, hidden=[{', '.join(['900'] * 40)}])", "too-large"),
    "many channels": ("E = three_body(bessel(40000), Nb, l=0)", "too-large"),
    "many values": ("let a = linspace(0, 1, 10000000000)\nE = pair(Nb, c=a)", "too-large"),
    "a large parameter": (
        "term t(rc = 4 Å) {param c[3e9] = 0 eV pair(r) = total(c) }\nE = t(Nb)",
        "too-large",
    ),
    "an infinite size": (
        "term t(rc = 4 Å) {param c[1e999] = 0 eV pair(r) = total(c) }\nE = t(Nb)",
        "bad-size",
    ),
}


@pytest.mark.parametrize(("text", "code"), FOUND.values(), ids=FOUND.keys())
def test_what_was_found_is_told(text: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        pipeline.build(pipeline.check(pipeline.parse(text)))
    assert caught.value.diagnostics[0].code == code


def test_a_long_row_of_digits_is_read_at_once(tmp_path: Path) -> None:
    """In the square of its length once, which for these would be minutes."""
    for text in (f"E = lj(Nb, rc=5{'9' * 30_000})", f"E = lj(Nb, rc=5.{'9' * 30_000}e3)"):
        assert fuzz.fault_of(text.encode(), tmp_path) is None


SEED = 2026
COUNT = 1000


@pytest.mark.parametrize("part", range(4))
def test_whatever_is_read_ends_in_diagnostics_or_in_a_model(part: int, tmp_path: Path) -> None:
    for number in range(part * COUNT // 4, (part + 1) * COUNT // 4):
        fault = fuzz.fault_of(fuzz.made(SEED, number), tmp_path, twice=number % 20 < 2)
        assert fault is None, f"seed {SEED}, input {number}: {fault.content!r}\n{fault.what}"


def test_inputs_are_the_same_ones_for_the_same_seed() -> None:
    assert list(fuzz.inputs(7, 30)) == list(fuzz.inputs(7, 30)) != list(fuzz.inputs(8, 30))


def test_inputs_reach_all_stages() -> None:
    """Some are no text, some do not parse, some do not check, some are models."""
    reached = set()
    for content in fuzz.inputs(SEED, 300):
        try:
            file = pipeline.parse(content.decode())
            reached.add("parsed")
            pipeline.build(pipeline.check(file))
            reached.add("built")
        except UnicodeDecodeError:
            reached.add("no text")
        except SpecError as error:
            reached.add(error.diagnostics[0].code)
    assert {"no text", "parsed", "built", "unexpected-token"} <= reached and len(reached) > 20


def test_a_fault_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> str:
        return text.replace("lj", "morse")

    monkeypatch.setattr(fuzz, "format_source", broken)
    fault = fuzz.fault_of(b"E = lj(Nb)", tmp_path)
    assert fault is not None and fault.what.startswith("formatted, it means something else")
    monkeypatch.setattr(fuzz, "format_source", lambda text: text + "\n")
    fault = fuzz.fault_of(b"E = lj(Nb)", tmp_path)
    assert fault is not None and fault.what.startswith("formatted twice is not formatted once")
    monkeypatch.setattr(fuzz, "format_source", lambda text: 1 / 0)
    fault = fuzz.fault_of(b"E = lj(Nb)", tmp_path)
    assert fault is not None and "ZeroDivisionError" in fault.what
