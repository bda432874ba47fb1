"""Random specs in generated C++ against the reference, in many processes, for as long as it is given.

    python benchmarks/fuzz_cpp.py [--count 10000] [--first 0] [--jobs 2] [--minutes 60] [--flags "-O0"]
        [--out FOLDER]

Each spec has random parameters and a few tiny structures: small cells, open directions, clusters, dimers,
single atoms. Compared are energies, site energies, forces and virials (1e-9 of the largest), the sums of
atomic virials, two threads with one, and centres in another order (1e-12). A mismatch that the rounding of
positions makes in the reference itself is no failure.

Results are appended to FOLDER/results.jsonl; a second run goes on where the first ended. Of a failure
FOLDER/failures/SEED has the spec, the parameters, the structure and the differences; a process that dies or
takes too long fails the spec that it had in hand.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT.parent), str(ROOT / "tests" / "cases")]

SPECS_A_PROCESS = 40  # libraries stay loaded
HANGS = 150  # s
# without optimization a large kernel keeps all of its temporaries on the stack
ROOMY = ("sh", "-c", 'ulimit -s 1000000 2>/dev/null || ulimit -s $(ulimit -Hs); exec "$0" "$@"')


# --- one spec, in a worker --------------------------------------------------------------------------


def spec_of(seed: int) -> tuple[str, Any]:
    """The first random spec of a seed that compiles, and its model."""
    from energy_specs import energy_spec
    from potentia.compiler import pipeline
    from potentia.compiler.diagnostics.diagnostic import SpecError

    for attempt in range(50):
        text = energy_spec(Random(f"{seed} {attempt}"))
        try:
            return text, pipeline.build(pipeline.check(pipeline.parse(text)), None)
        except SpecError:
            continue
    raise AssertionError("no spec compiles")


def zoo_of(model: Any, seed: int) -> Iterator[Any]:
    """Three structures of any kind, and one without neighbours."""
    from ase import Atoms
    from registry import reach, structures

    rng = Random(seed)
    rc = reach(model)
    everything = structures(model.species, rc * rng.uniform(0.55, 1.1), seed)
    yield from rng.sample(everything[:-1], 3)
    yield rng.choice((everything[-1], Atoms([model.species[0]], cell=[3 * rc + 9] * 3, pbc=True)))


def differences(model: Any, run: Any, theta: Any, atoms: Any) -> dict[str, float]:
    """By what quantities differ, in parts of what they may; empty where they agree."""
    import numpy as np
    from registry import by_reference

    with np.errstate(all="ignore"):
        want, got = by_reference(model, theta, atoms), run(atoms)
    found = {k: v for k, v in compared(got, want, 1e-9).items() if not v <= 1.0}
    if not found or not finite(want):
        return {}
    moved, rng = atoms.copy(), np.random.default_rng(0)
    moved.positions += rng.normal(0, 1e-14, moved.positions.shape)
    moved.cell[:] += rng.normal(0, 1e-14, (3, 3))
    noise = compared(by_reference(model, theta, moved), want, 1e-9)
    return {k: v for k, v in found.items() if not v <= 100 * noise[k]}


def compared(got: Any, want: Any, rtol: float) -> dict[str, float]:
    """The difference of each quantity over the one that is allowed, as `assert_close` has it.

    Forces on a lone atom in a small cell cancel: they are measured by the virial over 1 Å too.
    """
    import numpy as np

    floor = 1.0 + float(np.abs(want.site_energy).sum())
    scales = {"energy": floor, "site_energy": floor}
    largest = max(float(np.abs(x).max(initial=0.0)) for x in (want.forces, want.virial))
    found = {}
    for name in ("energy", "site_energy", "forces", "virial"):
        a, b = np.asarray(getattr(got, name)), np.asarray(getattr(want, name))
        scale = scales.get(name) or max(1.0, largest if name == "forces" else float(np.abs(b).max()))
        found[name] = float(np.abs(a - b).max(initial=0.0)) / (scale * rtol)
    return found


def finite(labels: Any) -> bool:
    import numpy as np

    names = ("energy", "site_energy", "forces", "virial")
    return all(np.isfinite(np.asarray(getattr(labels, name))).all() for name in names)


class Kernel:
    """A spec's kernel, called on structures of ASE."""

    def __init__(self, model: Any, folder: Path) -> None:
        from potentia.compiler.backends.cpp.emit import emit
        from potentia.compiler.backends.cpp.library import Library
        from potentia.compiler.backends.cpp.toolchain import compiler
        from registry import Batcher

        start = time.perf_counter()
        self.model, self.source, self.batches = model, emit(model), Batcher(model)
        self.emitted, start = time.perf_counter() - start, time.perf_counter()
        path = folder / f"kernel-{time.time_ns()}.so"
        compiler().compile(self.source.text, path)
        self.compiled = time.perf_counter() - start
        self.library = Library(path, self.source.digest)
        path.unlink()

    def atoms(self, atoms: Any) -> Any:
        from potentia.compiler.backends.cpp.target import _atoms
        from potentia.compiler.ir.types import Domain
        from registry import structure_of

        structure = structure_of(self.model, atoms)
        cutoff = self.source.cutoff
        lists = self.batches((Domain("edge", cutoff),), [structure]).lists if cutoff else ()
        return _atoms(structure, lists)

    def faults(self, theta: Any, atoms: Any) -> dict[str, float]:
        """What should not change and does, in parts of what it may."""
        import numpy as np
        from potentia.compiler.backends.cpp.library import Atoms

        constants, given = self.source.constants(theta), self.atoms(atoms)
        one = self.library.compute(given, constants, atom_virials=True)
        two = self.library.compute(given, constants, threads=2, atom_virials=True)
        order = np.random.default_rng(1).permutation(len(atoms)).astype(np.int32)
        fields = {k: getattr(given, k) for k in ("positions", "species", "first", "neighbours", "shifts")}
        turned = self.library.compute(Atoms(**fields, centres=order), constants, atom_virials=True)
        if not finite(one):
            return {}
        found = {f"threads {k}": v for k, v in compared(two, one, 1e-12).items()}
        found |= {f"order {k}": v for k, v in compared(turned, one, 1e-12).items()}
        scale = 1e-12 * max(1.0, float(np.abs(one.virial_half).sum()))
        for name in ("virial_half", "virial_neighbour"):
            total = getattr(one, name).sum(axis=0)
            found[name] = float(np.abs(total - one.virial).max()) / scale
        if not np.allclose(one.virial_half, two.virial_half, rtol=0, atol=scale):
            found["threads virial_half"] = 2.0
        return {k: v for k, v in found.items() if not v <= 1.0}


def tried(seed: int, folder: Path, failures: Path) -> dict[str, Any]:
    """The outcome of one spec."""
    import numpy as np
    from registry import random_theta

    start = time.perf_counter()
    text, model = spec_of(seed)
    (folder / "spec.pes").write_text(text, encoding="utf-8")
    record: dict[str, Any] = {"seed": seed, "outcome": "passed"}
    theta = random_theta(model, seed)
    atoms = None
    try:
        kernel = Kernel(model, folder)
        record |= {"compile": round(kernel.compiled, 2), "emit": round(kernel.emitted, 2)}
        record |= {"bytes": len(kernel.source.text), "lists": len(model.lists())}
        constants = kernel.source.constants(theta)
        for atoms in zoo_of(model, seed):
            with np.errstate(all="ignore"):
                found = kernel.faults(theta, atoms)
                found |= differences(
                    model, lambda a: kernel.library.compute(kernel.atoms(a), constants), theta, atoms
                )
            if found:
                record |= {"outcome": "differs", "differences": found}
                break
    except Exception as error:
        refused = type(error).__name__ == "SpecError"
        record |= {
            "outcome": "refused" if refused else "raised",
            "why": f"{type(error).__name__}: {error}"[:400],
        }
        record["trace"] = traceback.format_exc()[-1500:]
    record["seconds"] = round(time.perf_counter() - start, 2)
    if record["outcome"] not in ("passed", "refused"):
        kept(failures / str(seed), text, theta, atoms, record)
    return record


def kept(folder: Path, text: str, theta: Any, atoms: Any, record: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.pes").write_text(text, encoding="utf-8")
    (folder / "theta.json").write_text(json.dumps([float(x) for x in theta]))
    (folder / "record.json").write_text(json.dumps(record, indent=1))
    if atoms is not None:
        from ase.io import write

        write(folder / "structure.extxyz", atoms)


def work(seeds: list[int], failures: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="potentia-fuzz-") as folder:
        for seed in seeds:
            print(json.dumps({"start": seed}), flush=True)
            print(json.dumps(tried(seed, Path(folder), failures)), flush=True)


# --- many specs -------------------------------------------------------------------------------------


class Run:
    """Processes that take seeds in chunks until there are none or the time is over."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.end = args, time.monotonic() + 60 * args.minutes
        args.out.mkdir(parents=True, exist_ok=True)
        self.results = args.out / "results.jsonl"
        known = (
            [json.loads(line) for line in self.results.read_text().splitlines()]
            if self.results.exists()
            else []
        )
        self.counts: Counter[str] = Counter(r["outcome"] for r in known)
        done = {r["seed"] for r in known}
        self.seeds = iter([s for s in range(args.first, args.first + args.count) if s not in done])
        self.lock = threading.Lock()

    def chunk(self) -> list[int]:
        with self.lock:
            if time.monotonic() > self.end:
                return []
            return [s for s, _ in zip(self.seeds, range(SPECS_A_PROCESS), strict=False)]

    def record(self, result: dict[str, Any]) -> None:
        with self.lock:
            self.counts[result["outcome"]] += 1
            with self.results.open("a") as file:
                file.write(json.dumps(result) + "\n")
            if result["outcome"] not in ("passed", "refused"):
                print(json.dumps({k: v for k, v in result.items() if k != "trace"}), flush=True)
            elif sum(self.counts.values()) % 100 == 0:
                print(f"{sum(self.counts.values())} specs: {dict(self.counts)}", flush=True)

    def job(self) -> None:
        while seeds := self.chunk():
            while seeds and time.monotonic() < self.end:
                seeds = self.process(seeds)

    def process(self, seeds: list[int]) -> list[int]:
        """One worker; the seeds that it left."""
        command = [
            sys.executable,
            __file__,
            "--worker",
            ",".join(map(str, seeds)),
            "--out",
            str(self.args.out),
        ]
        environment = {**os.environ, "POTENTIA_CXXFLAGS": self.args.flags, "OMP_WAIT_POLICY": "passive"}
        environment |= {
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": f"{ROOT.parent}:{os.environ.get('PYTHONPATH', '')}",
        }
        worker = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        lines: Queue[str] = Queue()
        assert worker.stdout and worker.stderr
        reader = threading.Thread(target=lambda: [lines.put(x) for x in worker.stdout or ()], daemon=True)
        errors: list[str] = []
        other = threading.Thread(target=lambda: errors.extend(worker.stderr or ()), daemon=True)
        reader.start(), other.start()
        left, current, since = list(seeds), None, time.monotonic()
        while reader.is_alive() or not lines.empty():
            try:
                result = json.loads(lines.get(timeout=0.5))
            except Empty:
                if time.monotonic() - since > HANGS or time.monotonic() > self.end + 10:
                    worker.kill()
                continue
            since = time.monotonic()
            if "start" in result:
                current = result["start"]
                if time.monotonic() > self.end:
                    current = None
                    worker.kill()
                continue
            self.record(result)
            left.remove(result["seed"])
            current = None
        worker.wait()
        if current is not None and time.monotonic() < self.end:
            hung = time.monotonic() - since > HANGS
            why = f"code {worker.returncode}: {''.join(errors)[-800:]}"
            self.record({"seed": current, "outcome": "hung" if hung else "died", "why": why})
            left.remove(current)
        elif len(left) == len(seeds) and time.monotonic() < self.end:
            raise RuntimeError("".join(errors))
        return left

    def __call__(self) -> int:
        threads = [threading.Thread(target=self.job) for _ in range(self.args.jobs)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print(f"{sum(self.counts.values())} specs: {dict(self.counts)}")
        return int(any(self.counts[k] for k in self.counts if k not in ("passed", "refused")))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--flags", default="-O0")
    parser.add_argument("--out", type=Path, default=Path("fuzz_cpp"))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work([int(s) for s in args.worker.split(",")], args.out / "failures")
        return 0
    return Run(args)()


if __name__ == "__main__":
    sys.exit(main())
