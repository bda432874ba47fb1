"""What a core is worth in dynamics: the same hot runs with two models, how many failed, how near atoms came.

    python benchmarks/study_contrast.py WITH WITHOUT --structure FILE -o FOLDER
        [--temperatures 1000 1200 1400 --seeds 3 --time 100 --timestep 2 --jobs 2 --pair Li-Li]

WITH and WITHOUT are runs of `potentia fit`. Each model makes `seeds` runs of `potentia md` at each
temperature (K), `time` ps long, at constant volume, `jobs` at once on a core each. A run that a guard stopped
has failed, as has one with a frame in which two atoms are within half the sum of their covalent radii.
Started again it goes on where it was. All outcomes are in contrast.json too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench_fit import START
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.analysis.analysis import analyze
from potentia.runtime.analysis.settings import analysis_settings


@dataclass(frozen=True)
class Run:
    """One trajectory to be."""

    model: Path
    temperature: float
    seed: int
    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    def arguments(self, options: argparse.Namespace) -> list[str]:
        """Those of `potentia md`."""
        return [
            *("md", str(self.model), "--structure", options.structure, "-o", str(self.folder)),
            *("--temperature", str(self.temperature), "--seed", str(self.seed)),
            *("--time", str(options.time), "--timestep", str(options.timestep)),
            *("--precision", "float32", "--write-every", "250", "--single-core", "--quiet"),
            *(["--resume"] if (self.folder / "state.npz").is_file() else ["--overwrite"]),
        ]


def runs(options: argparse.Namespace) -> Iterator[Run]:
    for temperature in options.temperatures:
        for seed in range(1, options.seeds + 1):
            for model in (options.having, options.without):
                yield Run(model, temperature, seed, options.output / f"{model.name}-{temperature:g}-{seed}")


def run(one: Run, options: argparse.Namespace) -> None:
    """Make a trajectory, or the rest of it. Raises SystemExit where the program itself failed."""
    if not one.report.is_file():
        done = subprocess.run(
            [sys.executable, "-c", START, *one.arguments(options)], capture_output=True, text=True
        )
        if done.returncode not in (0, 1) or not one.report.is_file():
            raise SystemExit(f"{one.folder.name} failed with exit code {done.returncode}:\n{done.stderr}")
    print(f"{one.folder.name}: {stopped(one) or 'whole'}", flush=True)


def stopped(one: Run) -> str:
    """Why a guard stopped a run, empty where none did."""
    report = json.loads(one.report.read_text())
    return "" if report["finished"] else str(report["stopped"]["message"])


def outcome(one: Run, options: argparse.Namespace) -> dict[str, object]:
    """What became of a run."""
    report = json.loads(one.report.read_text())
    clustered, near = frames_of(one)
    return {
        "model": one.model.name,
        "temperature": one.temperature,
        "seed": one.seed,
        "ps": report["steps"] * options.timestep / 1000,
        "failed": bool(stopped(one)) or clustered,
        "reason": stopped(one),
        "smallest": report["smallest_distances"],
        "pairs_within_1_ang_per_frame": near,
    }


def frames_of(one: Run) -> tuple[bool, float]:
    """Whether atoms clustered in a frame, and how many pairs within 1 Å a frame has on average."""
    try:
        found = analyze(str(one.folder / "trajectory.xyz"), analysis_settings({}))
    except DataError as error:
        if error.diagnostics[0].code != "too-few-frames":
            raise
        return False, 0.0  # stopped before the second frame
    return found.clustered, sum(p.near for p in found.pairs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("having", type=Path, metavar="WITH")
    parser.add_argument("without", type=Path, metavar="WITHOUT")
    parser.add_argument("--structure", required=True)
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1000.0, 1200.0, 1400.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=100.0)
    parser.add_argument("--timestep", type=float, default=2.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pair", default="Li-Li")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda one: run(one, options), runs(options)))
    rows = [outcome(one, options) for one in runs(options)]
    (options.output / "contrast.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"\nmodel        K      runs  failed  least ps  nearest {options.pair}, Å  any, Å  < 1 Å a frame")
    for name in (options.having.name, options.without.name):
        for temperature in options.temperatures:
            some = [r for r in rows if r["model"] == name and r["temperature"] == temperature]
            print(summary(name, temperature, some, options.pair))


def summary(name: str, temperature: float, rows: list[dict[str, object]], pair: str) -> str:
    smallest: list[dict[str, float]] = [r["smallest"] for r in rows]  # type: ignore[misc]
    wanted = min(s.get(pair, float("nan")) for s in smallest)
    anything = min(min(s.values()) for s in smallest)
    failed = sum(bool(r["failed"]) for r in rows)
    lasted = min(float(str(r["ps"])) for r in rows)
    near = max(float(str(r["pairs_within_1_ang_per_frame"])) for r in rows)
    counts = f"{name:12} {temperature:<6g} {len(rows):4} {failed:7}  {lasted:<8.3g}"
    return f"{counts} {wanted:15.2f} {anything:9.2f} {near:13.3g}"


if __name__ == "__main__":
    main()
