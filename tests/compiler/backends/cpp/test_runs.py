"""Components that differ in one whole number are written once; all others are left alone."""

from __future__ import annotations

import pytest
from potentia.compiler.backends.cpp.runs import LONG, each, run_of
from potentia.compiler.backends.cpp.writer import Component, Value, Writer

RUNS: dict[str, tuple[Value, str]] = {
    "an array": ([f"t5[{k}]" for k in range(LONG)], "t5[n]"),
    "from a place on": ([f"load(S + {7 + k} * LANES)" for k in range(LONG)], "load(S + (7 + n) * LANES)"),
    "with a step": (
        [f"S[({3 + 2 * k} + sj * 4) * LANES + a]" for k in range(LONG)],
        "S[((3 + 2 * n) + sj * 4) * LANES + a]",
    ),
}
OTHERS: dict[str, Value] = {
    "few": [f"t5[{k}]" for k in range(LONG - 1)],
    "names": [f"t{k}" for k in range(LONG)],
    "numbers": [f"real({k}.5)" for k in range(LONG)],
    "a gap": [f"t5[{k + (k > 9)}]" for k in range(LONG)],
    "two places": [f"t5[{k} + {k}]" for k in range(LONG)],
    "one that is known": [0.0, *(f"t5[{k}]" for k in range(1, LONG))],
    "all alike": ["t5"] * LONG,
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_written_for_a_counter(name: str) -> None:
    value, text = RUNS[name]
    run = run_of(value)
    assert run is not None and run.at("n") == text


@pytest.mark.parametrize("name", OTHERS)
def test_no_run(name: str) -> None:
    assert run_of(OTHERS[name]) is None


def test_arguments_of_a_loop() -> None:
    writer, row, numbers = Writer(), [f"t5[{k}]" for k in range(LONG)], [0.5 * k for k in range(LONG)]
    single: list[Component] = ["t9"]
    found = each(writer, [row, single, [*numbers]], LONG)
    assert found == ("t0", ["t5[t0]", "t9", "broadcast(t1[t0])"])
    assert writer.lines[0].startswith("static const real t1[] = {real(0.0), real(0.5)")
    assert each(writer, [row, OTHERS["names"]], LONG) is None
    assert each(writer, [row[:3]], 3) is None
