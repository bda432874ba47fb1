"""Long runs of fuzzers: each input has a seed and a number that make it again, a second, and some memory."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SLOW = 1.0  # seconds of this process for one input
HANGS = 20  # seconds, after which it is cut off
MEMORY = 1 << 34  # bytes of addresses, after which there are none


@dataclass(frozen=True)
class Fault:
    """What went wrong with an input."""

    what: str
    content: bytes


# seed, number and an empty folder → the fault of that input
FaultOf = Callable[[int, int, Path], Fault | None]


def _cut_off(signum: int, frame: Any) -> None:
    raise TimeoutError(f"no answer after {HANGS} s")


def timed(fault_of: FaultOf, seed: int, number: int, folder: Path) -> tuple[Fault | None, float]:
    """The fault of an input, which may be that it took long; the seconds."""
    before = time.process_time()
    signal.alarm(HANGS)
    fault = fault_of(seed, number, folder)
    signal.alarm(0)
    took = time.process_time() - before
    if fault is None and took > SLOW:
        fault = Fault(f"it took {took:.1f} s", b"")
    return fault, took


def campaign(title: str, fault_of: FaultOf, first: int, count: int, seed: int) -> bool:
    """Whether all inputs from `first` to `count` are fine; what goes wrong is printed."""
    signal.signal(signal.SIGALRM, _cut_off)
    outcomes: Counter[str] = Counter()
    slowest, started = (0.0, -1), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, count):
            if number % 1000 == 0:
                spent = time.monotonic() - started
                print(f"\r{number} of {count}, {spent:.0f} s", end="", file=sys.stderr, flush=True)
            fault, took = timed(fault_of, seed, number, Path(folder))
            slowest = max(slowest, (took, number))
            outcomes["fault" if fault else "fine"] += 1
            if fault:
                print(
                    f"--- {title}, seed {seed}, input {number}: {fault.content!r}\n{fault.what}", flush=True
                )
    spent = time.monotonic() - started
    told = f"{dict(outcomes)} in {spent:.0f} s; the slowest took {slowest[0]:.2f} s, input {slowest[1]}"
    print(f"\n{title}: {told}", flush=True)
    return outcomes["fault"] == 0


def main(description: str, kinds: dict[str, FaultOf]) -> int:
    """The command line of a fuzzer: all of its kinds, or the one that is named."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="begin with this input")
    parser.add_argument("--kind", choices=list(kinds), help="inputs of this kind alone")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))
    chosen = kinds if given.kind is None else {given.kind: kinds[given.kind]}
    fine = [campaign(name, kinds[name], given.first, given.count, given.seed) for name in chosen]
    return int(not all(fine))
