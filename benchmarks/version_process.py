"""The processes of a version of potentia, and measurements of two versions in turns."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

WORKER = Path(__file__).resolve().parent / "version_worker.py"
START = "import sys; from potentia.runtime.cli.main import main; sys.exit(main(sys.argv[1:]))"
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
# for the gate: the numbers matter, and compiling is what takes the time
QUICK = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
_OURS = ("XLA_FLAGS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


class Version:
    """An interpreter that has a version; its worker is started when it is asked something."""

    def __init__(self, python: str, path: str | None) -> None:
        self.python = python
        self.quick_compilation = True
        self._environment = {k: v for k, v in os.environ.items() if k not in _OURS}
        self._environment |= {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"}
        if path:
            self._environment["PYTHONPATH"] = str(Path(path).resolve())
        self._worker: subprocess.Popen[str] | None = None

    def about(self) -> dict[str, str]:
        found: dict[str, str] = self.ask({"do": "about"})
        return found

    def send(self, request: dict[str, Any]) -> None:
        worker = self._worker or self._started()
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """`answer`, or `fault`, a message."""
        assert self._worker is not None and self._worker.stdout is not None
        line = self._worker.stdout.readline()
        if not line:
            raise SystemExit(f"the worker of {self.python} died with exit code {self._worker.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, request: dict[str, Any]) -> Any:
        self.send(request)
        answer = self.receive()
        if "fault" in answer:
            raise SystemExit(f"{self.python}: {answer['fault']}")
        return answer["answer"]

    def stop(self) -> None:
        if self._worker is not None:
            assert self._worker.stdin is not None and self._worker.stdout is not None
            self._worker.stdin.close()
            self._worker.wait()
            self._worker.stdout.close()
            self._worker = None

    def _started(self) -> subprocess.Popen[str]:
        flags = f"{QUICK} {ONE_THREAD}" if self.quick_compilation else ONE_THREAD
        threads = {"XLA_FLAGS": flags, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._worker = subprocess.Popen(
            [self.python, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment | threads,
        )
        return self._worker

    def command(self, words: Sequence[str]) -> dict[str, Any]:
        """A command of potentia as a process of its own, on all cores: seconds, and what it printed."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+") as err:
            begin = perf_counter()
            child = subprocess.Popen(
                [self.python, "-c", START, *words], stdout=out, stderr=err, env=self._environment
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
            for file in (out, err):
                file.seek(0)
            if child.returncode not in (0, 1) or (child.returncode and words[0] != "diff"):
                raise SystemExit(f"{self.python}: potentia {' '.join(words)}: {err.read()}")
            return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "printed": out.read()}


@dataclass
class Turns:
    """Seconds of the old and the new version in each round, and what they printed.

    same: whether what was to be the same is; None where nothing was compared. difference: of two predictions.
    """

    name: str
    wall: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    cpu: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    printed: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    same: bool | None = None
    difference: float | None = None

    @staticmethod
    def head() -> str:
        return f"{'new / old, medians of pairs [quartiles]':40s} {'old s':>9s} {'new s':>9s}  clock" + (
            f"{'':19s}processor"
        )

    def line(self) -> str:
        old, new = (median(seconds) for seconds in self.wall)
        told = "  ".join(f"{r[1]:6.3f} [{r[0]:.3f} {r[2]:.3f}]" for r in map(ratios, (self.wall, self.cpu)))
        return f"{self.name:40s} {old:9.4f} {new:9.4f} {told}"

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name, "same": self.same, "difference": self.difference}
        for what, seconds in (("wall", self.wall), ("cpu", self.cpu)):
            low, middle, high = ratios(seconds)
            found[what] = {"old": seconds[0], "new": seconds[1], "ratio": middle, "quartiles": [low, high]}
        return found


def ratios(seconds: tuple[list[float], list[float]]) -> tuple[float, float, float]:
    """Quartiles of new / old, pair by pair; the second is the median."""
    found = [new / old for old, new in zip(*seconds, strict=True)]
    if len(found) == 1:
        return found[0], found[0], found[0]
    low, middle, high = quantiles(found, n=4, method="inclusive")
    return low, middle, high


def in_turns(name: str, calls: Sequence[Callable[[], dict[str, Any]]], rounds: int) -> Turns:
    """Both calls in every round; the one that comes first is the other each time."""
    found = Turns(name)
    for k in range(rounds):
        for which in (0, 1) if k % 2 == 0 else (1, 0):
            measured = calls[which]()
            found.wall[which].append(measured["wall"])
            found.cpu[which].append(measured["cpu"])
            found.printed[which].append(measured.get("printed", ""))
    return found
