"""Fair timing in one process: rounds that take turns, and one thread for XLA.

Import this before jax: the number of XLA's threads is read when jax starts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

os.environ["XLA_FLAGS"] = ONE_THREAD
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a thread that waits takes no processor
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the median and the fastest of all rounds."""

    median: float
    fastest: float

    def over(self, other: Timing) -> str:
        return f"{self.median / other.median:5.2f} ({self.fastest / other.fastest:.2f})"


def taking_turns(
    calls: Mapping[str, Callable[[], object]], rounds: int = 15, calls_a_round: int = 3
) -> dict[str, Timing]:
    """Time of each call. A round times every call once, one after another, so that all meet the same machine.

    A call has to return only when its work is done. Each is called once before, which compiles it.
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begin = perf_counter()
            for _ in range(calls_a_round):
                call()
            seconds[name].append((perf_counter() - begin) / calls_a_round)
    return {name: Timing(median(s), min(s)) for name, s in seconds.items()}


# --- processor time, on machines that have other work ----------------------------------------------

Contender = Callable[[], float]  # one sample: seconds of one evaluation


@dataclass(frozen=True)
class Quartiles:
    low: float
    middle: float
    high: float


def quartiles(values: Sequence[float]) -> Quartiles:
    if len(values) == 1:
        return Quartiles(values[0], values[0], values[0])
    return Quartiles(*quantiles(values, n=4, method="inclusive"))


def contender(
    call: Callable[[], object], at_least: float = 0.1, clock: Callable[[], float] = process_time
) -> Contender:
    """Samples of a call by a clock, the processor's by default, each of so many calls that they take
    `at_least` seconds. The call is made a few times before."""
    call()
    begin, calls = clock(), 0
    while calls < 1000 and clock() - begin < at_least:
        call()
        calls += 1

    def sample() -> float:
        begin = clock()
        for _ in range(calls):
            call()
        return (clock() - begin) / calls

    return sample


def alternating(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Samples of each, seconds. A round takes one of every contender, in the other order each time."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for k in range(rounds):
        for name in list(contenders)[:: 1 if k % 2 == 0 else -1]:
            seconds[name].append(contenders[name]())
    return seconds


def ratios(one: Sequence[float], other: Sequence[float]) -> Quartiles:
    """Of one / other, round by round."""
    return quartiles([a / b for a, b in zip(one, other, strict=True)])


def machine() -> str:
    """The processor's model, the load of the last minute, versions: what a figure is to be read with."""
    from importlib.metadata import version

    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), model)
    except OSError:
        pass
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy"))
    return f"{model}, load {os.getloadavg()[0]:.2f}, {packages}"
