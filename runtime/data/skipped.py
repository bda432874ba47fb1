"""Structures that were left out as they are bad: counted and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...compiler.diagnostics.diagnostic import Diagnostic

_SHOWN = 10  # whose faults are told; all are listed by their numbers


def left_out_of(file: str, kept: int, skipped: Sequence[tuple[int, Diagnostic]]) -> list[Diagnostic]:
    """A warning with the numbers of all that were left out, and the faults of the first ones."""
    if not skipped:
        return []
    total, listed = kept + len(skipped), numbers([number for number, _ in skipped])
    verb = "is" if len(skipped) == 1 else "are"
    message = f"{len(skipped)} of {total} structures {verb} bad and left out: {listed}"
    whole = Diagnostic("skipped-structures", message, "warning", place=file)
    more = len(skipped) - _SHOWN
    rest = [Diagnostic("more-faults", f"and {more} more", "note", place=file)] if more > 0 else []
    return [whole, *(replace(d, severity="warning") for _, d in skipped[:_SHOWN]), *rest]


def numbers(of: Sequence[int]) -> str:
    """`3, 7 to 9`: ascending numbers as ranges."""
    ranges: list[list[int]] = []
    for number in of:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in ranges)
