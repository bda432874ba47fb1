"""One of two versions of potentia, in the process of `bench_versions.py` that has it; not to be run by hand.

It reads requests, a line of JSON each, and answers each with a line: what it is, predictions of a spec with
seeded numbers, a kernel made ready, its time. Of potentia it uses names of the package, the calculator of ASE
and the command line. A kernel alone is what the calculator calls, taken from it at a first calculation.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zlib import crc32

import numpy as np
import potentia
from ase import Atoms
from ase.build import bulk
from ase.io import iread
from potentia.runtime.cli.main import main


def about() -> dict[str, Any]:
    import jax

    return {"file": potentia.__file__, "version": potentia.__version__, "jax": jax.__version__}


# --- potentials ------------------------------------------------------------------------------------


def listed(spec: str) -> list[dict[str, Any]]:
    """The parameters of a spec in the order of theta, as `check --json` has them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.pes"
        path.write_text(spec, encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = main(["check", str(path), "--json"])
    if code:
        raise ValueError(f"check: {printed.getvalue()}")
    (checked,) = json.loads(printed.getvalue())["specs"]
    found: list[dict[str, Any]] = checked["parameters"]
    return found


def numbers(parameter: dict[str, Any]) -> np.ndarray:
    """About the starts and within the bounds, from a seed that is the parameter's name."""
    start = np.array(parameter["start"], dtype=float).ravel()
    if not parameter["trainable"]:
        return start
    rng = np.random.default_rng(crc32(parameter["name"].encode()))
    lower = np.array([-np.inf if x is None else x for x in parameter["lower"]], dtype=float)
    upper = np.array([np.inf if x is None else x for x in parameter["upper"]], dtype=float)
    scale = np.where(start == 0.0, 0.3, 0.08 * np.abs(start))
    room = np.minimum(np.where(np.isfinite(upper - lower), 0.3 * (upper - lower), np.inf), scale)
    return np.clip(start + room * rng.uniform(-1.0, 1.0, start.shape), lower, upper)


def potential_of(spec: str, species: tuple[str, ...]) -> Any:
    potential = potentia.compile(spec, species=species)
    theta = np.concatenate([*(numbers(p) for p in listed(spec)), np.zeros(0)])
    return potential.with_theta(theta)


def imported(nep: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            code = main(["import", nep, "-o", f"{folder}/run", "--quiet"])
        if code:
            raise ValueError(f"import {nep}: {code}")
        return potentia.load(f"{folder}/run")


# --- structures ------------------------------------------------------------------------------------


def few_atoms(species: tuple[str, ...]) -> list[Atoms]:
    """A skewed cell of six to eight atoms that is smaller than most cutoffs, a cluster, two near atoms."""
    rng = np.random.default_rng(4)
    symbols = (list(species) * 6)[: max(6, 2 * len(species))]
    cell = 4.6 * (np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3)))
    while True:
        atoms = Atoms(symbols, scaled_positions=rng.random((len(symbols), 3)), cell=cell, pbc=True)
        distances = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)]
        if distances.min() > 1.6:
            break
    near = Atoms([species[0], species[-1]], [[0.0, 0.0, 0.0], [0.3, -0.4, 0.6]])
    return [atoms, Atoms(symbols[:4], atoms.positions[:4]), near]


def niobium(repeat: int) -> Atoms:
    """bcc Nb, each coordinate displaced by a normal deviate of 0.05 Å."""
    atoms = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(0).normal(0.0, 0.05, atoms.positions.shape)
    return atoms


# --- predictions -------------------------------------------------------------------------------------


def predictions(spec: str, species: list[str]) -> list[dict[str, Any]]:
    """Energies of the atoms, forces and, in a crystal, virial of each structure."""
    calculator = potential_of(spec, tuple(species)).calculator(skin=0.0)
    return [said_of(calculator, atoms) for atoms in few_atoms(tuple(species))]


def said_of(calculator: Any, atoms: Atoms) -> dict[str, Any]:
    """Energy eV, also of each atom, forces eV/Å and, in a crystal, virial eV."""
    crystal = bool(atoms.pbc.all())
    calculator.calculate(atoms, ["energy", "forces", *(["stress"] if crystal else [])])
    results = calculator.results
    return {
        "energy": float(results["energy"]),
        "energies": results["energies"].tolist(),
        "forces": results["forces"].tolist(),
        "virial": (-results["stress"] * atoms.get_volume()).tolist() if crystal else [],
    }


# --- kernels ---------------------------------------------------------------------------------------


class Watched:
    """A potential whose kernel keeps what it was called with."""

    def __init__(self, potential: Any) -> None:
        self.potential = potential
        self.called: tuple[Any, Any, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.potential, name)

    def kernel(self, *arguments: Any) -> Callable[..., Any]:
        kernel = self.potential.kernel(*arguments)

        def called(theta: Any, batch: Any) -> Any:
            self.called = kernel, theta, batch
            return kernel(theta, batch)

        return called


def alone(potential: Any, atoms: Atoms, precision: str) -> Callable[[], object]:
    """The kernel with its neighbour list in hand, without a skin."""
    import jax

    calculator = potential.calculator(precision=precision, skin=0.0)
    watched = Watched(potential)
    calculator.potential = watched
    calculator.calculate(atoms, ["energy", "forces"])
    if watched.called is None:
        raise ValueError("the calculator did not call the kernel of its potential")
    kernel, theta, batch = watched.called
    arrays = kernel.arrays(batch) if hasattr(kernel, "arrays") else batch
    return lambda: jax.block_until_ready(kernel(theta, arrays))


def whole(potential: Any, atoms: Atoms, precision: str) -> Callable[[], object]:
    """The calculator with atoms that move by next to nothing, so that its list stays."""
    calculator, rng = potential.calculator(precision=precision), np.random.default_rng(0)

    def call() -> object:
        atoms.positions += rng.normal(0.0, 1e-9, atoms.positions.shape)  # else it gives what it has
        calculator.calculate(atoms, ["energy", "forces"])
        return calculator.results

    return call


class Worker:
    """Keeps the kernel that is being timed."""

    def __init__(self) -> None:
        self.call: Callable[[], object] = lambda: None

    def prepare(self, case: dict[str, Any], shared: str) -> dict[str, Any]:
        """The kernel of a case, compiled: how many calls take a fifth of a second, and what it says."""
        if case["structure"] == "garnet":
            atoms = next(iter(iread(f"{shared}/llzo_25.xyz", "0"))).repeat(case["repeat"])
        else:
            atoms = niobium(case["repeat"])
        species = tuple(dict.fromkeys(atoms.get_chemical_symbols()))
        potential = (
            imported(f"{shared}/{case['nep']}") if case["nep"] else potential_of(case["spec"], species)
        )
        said = said_of(potential.calculator(precision=case["precision"], skin=0.0), atoms)
        self.call = (whole if case["whole"] else alone)(potential, atoms, case["precision"])
        self.call()
        return {"calls": max(1, int(0.2 / self.time(3)["wall"])), "said": said}

    def time(self, calls: int) -> dict[str, float]:
        """Seconds of one call, on the clock and of the processor."""
        wall, cpu = perf_counter(), process_time()
        for _ in range(calls):
            self.call()
        return {"wall": (perf_counter() - wall) / calls, "cpu": (process_time() - cpu) / calls}

    def answer(self, request: dict[str, Any]) -> Any:
        of: dict[str, Callable[..., Any]] = {
            "about": about,
            "predictions": predictions,
            "prepare": self.prepare,
            "time": self.time,
        }
        return of[request.pop("do")](**request)


def serve() -> None:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what others print is no answer
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = {"answer": worker.answer(json.loads(line))}
        except Exception as error:
            answer = {"fault": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    serve()
