"""All that is worth knowing on a GPU that is there for some minutes: equality, speed, dynamics, conformance.

Set up, from a checkout (any machine with an NVIDIA driver; its folder's name may be any):

    python3 -m venv gpu && . gpu/bin/activate
    pip install -e '.[test]' 'jax[cuda12]'
    python benchmarks/bench_gpu.py --out gpu.json

Where nothing can be installed but jax with CUDA is there, the other packages (lark, ase, vesin, pydantic, …)
go as wheels into a folder on PYTHONPATH, beside the parent of a folder `potentia` with this checkout; and
numpy 2.4, as jaxtyping 0.3.11 does not read the type aliases that numpy 2.5 has on Python 3.12.

    python benchmarks/bench_gpu.py [--out FILE] [--seconds 480] [--quick]
        [--stages rates equality speed md portable conformance]

Each case is tried by itself: its error goes into the JSON, which is written anew after every case, and the
next one goes on. What does not begin within --seconds is left out, and said. --quick: tiny sizes, to try the
script on a CPU.

equality: energy, forces and virial on the GPU beside those of XLA on the CPU and, where a C++ compiler is
there, of generated C++; the largest difference over the largest value. speed: µs per atom of energy, forces
and virial with lists in hand (1 Å of skin), the compilation, the memory that XLA plans. md: NVE with
`runtime/dynamics`, µs per atom and step, a long run less a short one. portable: what `export --to stablehlo`
writes, lowered for both platforms and read back. conformance: targets against the reference,
`tests/compiler/backends/test_conformance.py -k xla`, in a process of its own.
"""

from __future__ import annotations

import os

os.environ.setdefault("JAX_ENABLE_X64", "1")
# the whole card is not taken at once, so that the tests, in a process of their own, have room
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gpu_cases import DTYPES, DYNAMICS, ROOT, SUBJECTS, Facts, Record, Subject, niobium
from potentia.compiler.backends.xla.kernel import Arrays, Kernel
from potentia.compiler.backends.xla.portable import Portable, loaded, serialized
from potentia.runtime.dynamics import MDResult, MDSettings, simulate
from potentia.runtime.formats.stablehlo.rows import rows_of
from potentia.runtime.potential.potential import Potential
from potentia.runtime.structures.batches import Batch, single
from potentia.runtime.structures.structure import Structure

STAGES = ("rates", "equality", "speed", "md", "portable", "conformance")
SKIN = 1.0  # Å
_QUERY = "name,driver_version,memory.total"


# --- the machine --------------------------------------------------------------------------------


def about() -> Facts:
    device = jax.devices()[0]
    packages = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    return {
        "date": date.today().isoformat(),
        "device": device.device_kind,
        "platform": device.platform,
        "python": sys.version.split()[0],
        "processors": os.cpu_count(),
        **packages,
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "driver": _output(["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader"]),
    }


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}"


# --- timing ------------------------------------------------------------------------------------


def seconds_of(call: Callable[[], object], least: float = 0.4, most: int = 40) -> tuple[float, float]:
    """(median, fastest) of as many calls as fill `least` seconds, three at least; two go before."""
    for _ in range(2):
        jax.block_until_ready(call())
    found: list[float] = []
    while len(found) < 3 or (sum(found) < least and len(found) < most):
        begin = perf_counter()
        jax.block_until_ready(call())
        found.append(perf_counter() - begin)
    return median(found), min(found)


def rates(quick: bool) -> Iterator[tuple[str, Callable[[], Facts]]]:
    """What the device does at most: a copy, and a long polynomial."""
    n = 1 << (18 if quick else 27)

    def copy() -> Facts:
        x = jnp.ones(n, jnp.float32)
        _, fastest = seconds_of(jax.jit(lambda: x + 1.0))
        return {"gb_per_s": 2 * x.nbytes / fastest / 1e9}

    def polynomial(dtype: str) -> Facts:
        x = jnp.linspace(0.0, 1.0, n // 8).astype(dtype)

        @jax.jit
        def evaluated(x: jax.Array) -> jax.Array:
            total = x
            for k in range(256):
                total = total * x + 1.0 / (k + 1)
            return total

        _, fastest = seconds_of(lambda: evaluated(x))
        return {"gflop_per_s": 2 * 256 * x.size / fastest / 1e9}

    yield "copy", copy
    for dtype in DTYPES:
        yield f"polynomial {dtype}", lambda dtype=dtype: polynomial(dtype)


# --- equality ----------------------------------------------------------------------------------


def _values(kernel: Kernel, theta: np.ndarray, batch: Batch, device: Any) -> tuple[np.ndarray, ...]:
    with jax.default_device(device):
        found = kernel(theta, kernel.arrays(batch))
        return tuple(np.asarray(x, np.float64) for x in (found.energy, found.forces, found.virial))


def _differences(found: tuple[np.ndarray, ...], wanted: tuple[np.ndarray, ...]) -> Facts:
    names = ("energy", "forces", "virial")
    return {
        name: float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))
        for name, a, b in zip(names, found, wanted, strict=True)
    }


def equal(subject: Subject, atoms: int, dtype: str) -> Facts:
    """This device beside the CPU in f64, and both beside generated C++."""
    potential, structure = subject.potential(), subject.at(atoms)
    batch = single(structure, potential.list_specs(), potential.species)
    cpu = jax.devices("cpu")[0]
    wanted = _values(potential.kernel(), potential.theta, batch, cpu)
    found = _values(potential.kernel(dtype), potential.theta, batch, jax.devices()[0])
    facts: Facts = {"atoms": structure.n_atoms, "beside_cpu": _differences(found, wanted)}
    if dtype == "float64":
        worst = max(facts["beside_cpu"].values())
        facts["within_1e-10"] = worst < 1e-10
        facts["beside_cpp"] = _beside_cpp(potential, structure, found)
    return facts


def _beside_cpp(potential: Potential, structure: Structure, found: tuple[np.ndarray, ...]) -> Facts | str:
    try:
        (cpp,) = potential.predict([structure], target="cpp")
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    assert cpp.stress is not None
    forces = found[1][:, : structure.n_atoms]
    wanted = (np.array([cpp.energy]), cpp.forces.T, (cpp.stress * structure.volume)[..., None])
    return _differences((found[0], forces, found[2]), wanted)


# --- speed -------------------------------------------------------------------------------------


def speed(subject: Subject, atoms: int, dtype: str) -> Facts:
    potential, structure = subject.potential(), subject.at(atoms)
    kernel = potential.kernel(dtype)
    begin = perf_counter()
    batch = single(structure, potential.list_specs(), potential.species, skin=SKIN)
    arrays: Arrays = kernel.arrays(batch)
    theta = jnp.asarray(potential.theta, kernel.dtype)
    jax.block_until_ready(arrays)
    listed = perf_counter() - begin
    begin = perf_counter()
    compiled = jax.jit(kernel.predict).lower(theta, arrays).compile()
    compile_s = perf_counter() - begin
    typical, fastest = seconds_of(lambda: compiled(theta, arrays))
    n = structure.n_atoms
    return {
        "atoms": n,
        "us_per_atom": typical / n * 1e6,
        "fastest": fastest / n * 1e6,
        "call_ms": typical * 1e3,
        "compile_s": compile_s,
        "lists_s": listed,
        **_memory(compiled, n),
    }


def _memory(compiled: Any, atoms: int) -> Facts:
    planned = compiled.memory_analysis()
    if planned is None:
        return {}
    held = planned.temp_size_in_bytes + planned.argument_size_in_bytes + planned.output_size_in_bytes
    stats = jax.devices()[0].memory_stats() or {}
    return {"bytes_per_atom": held / atoms, "peak_gib": stats.get("peak_bytes_in_use", 0) / 2**30}


# --- dynamics ----------------------------------------------------------------------------------


def dynamics(subject: Subject, atoms: int, dtype: str, steps: int) -> Facts:
    """A step is the difference of a long and a short run, without what both do before and behind their steps.

    An untimed short run goes before, which compiles.
    """
    potential, structure = subject.potential(), subject.at(atoms)
    values = {"ensemble": "nve", "temperature": 300.0, "precision": dtype, "write_every": 10**9}

    def seconds(n: int) -> tuple[float, MDResult]:
        settings = MDSettings(**values, steps=n, log_every=n, save_every=10**9)
        result = simulate(potential, structure, settings)
        if result.stopped:
            raise RuntimeError(result.stopped.message)
        return result.seconds, result

    short = max(1, steps // 4)
    compiling, (less, _), (more, result) = seconds(short)[0], seconds(short), seconds(steps)
    step = (more - less) / (steps - short)
    conserved = np.asarray(result.thermo["conserved_eV"])
    return {
        "atoms": structure.n_atoms,
        "steps": steps,
        "ms_per_step": step * 1e3,
        "us_per_atom_step": step / structure.n_atoms * 1e6,
        "ns_per_day_at_1fs": 86400 / step * 1e-6,
        "first_run_s": compiling,
        "long_run_s": more,
        "drift_mev_per_atom": float((conserved[-1] - conserved[0]) / structure.n_atoms * 1e3),
    }


# --- the exported function ---------------------------------------------------------------------


def portable(subject: Subject, atoms: int, dtype: str) -> Facts:
    """What `export --to stablehlo` writes, beside the kernel on this device, and its time."""
    potential, structure = subject.potential(), subject.at(atoms)
    begin = perf_counter()
    function = Portable(potential.model, potential.theta, dtype)
    data = serialized(function)
    written = perf_counter() - begin
    rows = rows_of(structure, potential.species, function.cutoff)
    given = [jax.device_put(x) for x in rows.arguments(dtype)]
    begin = perf_counter()
    call = loaded(data)
    found = jax.block_until_ready(call(*given))
    compile_s = perf_counter() - begin
    batch = single(structure, potential.list_specs(), potential.species)
    energy, forces, virial = _values(potential.kernel(), potential.theta, batch, jax.devices()[0])
    n = structure.n_atoms
    got = tuple(np.asarray(found[k], np.float64) for k in ("energy", "forces", "virial"))
    beside = _differences((got[0][None], got[1].T, got[2][..., None]), (energy, forces[:, :n], virial))
    typical, fastest = seconds_of(lambda: call(*given))
    times = {"us_per_atom": typical / n * 1e6, "fastest": fastest / n * 1e6, "call_ms": typical * 1e3}
    return {"atoms": n, "export_s": written, "compile_s": compile_s, "beside_kernel": beside, **times}


# --- conformance -------------------------------------------------------------------------------


def conformance(quick: bool, limit: float) -> Facts:
    chosen = "xla and one_and_three_species and morse" if quick else "xla and not on_terms"
    env = os.environ | {"JAX_PLATFORMS": "cpu" if quick else "cuda,cpu", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", "-k", chosen]
    command += [] if quick else ["-n", "6", "--dist", "load"]
    command.append(str(ROOT / "tests/compiler/backends/test_conformance.py"))
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=limit)
        text, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as error:
        held = error.stdout or b""
        text, code = (held.decode() if isinstance(held, bytes) else held), -1
    counts = {k: int(n) for n, k in re.findall(r"(\d+) (passed|failed|skipped|error)", text)}
    failed = re.findall(r"^FAILED (.*)$", text, re.MULTILINE)
    return {"exit": code, **counts, "failures": failed[:20], "tail": text[-800:] if code else ""}


# --- all of it ---------------------------------------------------------------------------------


def run(record: Record, stages: list[str], quick: bool) -> None:
    if "rates" in stages:
        for name, call in rates(quick):
            record.case("rates", name, call)
    if "equality" in stages:
        for subject in SUBJECTS:
            atoms = 54 if quick else 1024 if subject.structure is niobium else 192
            for dtype in DTYPES:
                label = f"{subject.name} {dtype}"
                record.case("equality", label, lambda s=subject, n=atoms, d=dtype: equal(s, n, d))
    if "speed" in stages:
        _speeds(record, quick)
    if "md" in stages:
        for subject, sizes, dtypes in DYNAMICS[:1] if quick else DYNAMICS:
            for atoms in (54,) if quick else sizes:
                for dtype in dtypes:
                    label, steps = f"{subject.name} {atoms} {dtype}", 40 if quick else 400
                    call = lambda s=subject, n=atoms, d=dtype, k=steps: dynamics(s, n, d, k)  # noqa: E731
                    record.case("md", label, call)
    if "portable" in stages:
        for subject in SUBJECTS:
            for dtype in DTYPES:
                atoms = 54 if quick else subject.sizes[1]
                label = f"{subject.name} {atoms} {dtype} portable"
                record.case("portable", label, lambda s=subject, n=atoms, d=dtype: portable(s, n, d))
    if "conformance" in stages:
        left = max(30.0, record.seconds - record.spent)
        record.case("conformance", "xla beside the reference", lambda: conformance(quick, left))


def _speeds(record: Record, quick: bool) -> None:
    """All models at a size before any at the next; where one fails, no larger one is tried."""
    failed: set[tuple[str, str]] = set()
    for place in range(1 if quick else max(len(s.sizes) for s in SUBJECTS)):
        for subject in SUBJECTS:
            atoms = 54 if quick else subject.sizes[place]
            for dtype in DTYPES:
                key = (subject.name, dtype)
                label = f"{subject.name} {atoms} {dtype}"
                call = lambda s=subject, n=atoms, d=dtype: speed(s, n, d)  # noqa: E731
                if key not in failed and not record.case("speed", label, call):
                    failed.add(key)


def table(record: Record) -> None:
    print(f"\n{record.about['device']}; jax {record.about['jax']}; {record.about['driver']}")
    print(f"{'case':28s} {'µs/atom':>9s} {'ms':>9s} {'compile s':>9s} {'kB/atom':>8s}")
    for c in record.cases:
        if "us_per_atom" in c:
            held = c.get("bytes_per_atom", float("nan")) / 1e3
            print(f"{c['case']:28s} {c['us_per_atom']:9.4f} {c['call_ms']:9.3f}", end=" ")
            print(f"{c['compile_s']:9.1f} {held:8.1f}")
        if "ms_per_step" in c:
            print(f"md {c['case']:25s} {c['us_per_atom_step']:9.4f} {c['ms_per_step']:9.3f}  a step")
    wrong = [c for c in record.cases if "error" in c or "left_out" in c]
    print(f"{len(record.cases)} cases, {len(wrong)} without a result, {record.spent:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--seconds", type=float, default=480.0)
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=list(STAGES))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if jax.default_backend() == "cpu" and not options.quick:
        print("there is no GPU that jax sees; --quick tries the script on a CPU")
        return
    record = Record(options.out, options.seconds)
    record.about = about()
    print(json.dumps(record.about), flush=True)
    record.write()
    run(record, options.stages, options.quick)
    table(record)


if __name__ == "__main__":
    main()
