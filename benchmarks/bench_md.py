"""Molecular dynamics: our integrator beside ASE's with our calculator, and the kernel alone. One thread.

    python benchmarks/bench_md.py [--rounds 5] [--steps 200] [--skin 0.2 0.4] [--precision float32]
        [--model RUN --structure FILE --temperature 1400]

Langevin dynamics, friction 1/100 fs, steps of 1 fs, of 432 atoms of bcc Nb at 1000 K with `zbl + morse`, or
of the structure and the model given. All run in one process, in turns, from the same hot structure, each
round with another seed; what a call does before its first step is in the time. ASE's calculator has a skin
of 0.5 Å, its default. The kernel is called with the bare list, which no dynamics has.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from clock import Timing, machine, taking_turns  # first: it sets what jax reads when it starts
from record import Row, save, with_json

# isort: split

import jax
import numpy as np
import potentia
from ase import Atoms, units
from ase.build import bulk
from ase.io import read
from ase.md.langevin import Langevin
from potentia.runtime.dynamics import MDResult, MDSettings, simulate
from potentia.runtime.potential.potential import Potential
from potentia.runtime.runs.run_folder import load
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.structure import from_atoms

NIOBIUM = "species Nb\nE = zbl() + morse(rc = 5)\n"


def ours(potential: Potential, hot: MDResult, settings: MDSettings) -> Callable[[], object]:
    seeds = count(1)

    def call() -> object:
        wanted = settings.model_copy(update={"seed": next(seeds), "velocities": "structure"})
        return simulate(potential, hot.structure, wanted, velocities=hot.velocities)

    return call


def of_ase(potential: Potential, hot: MDResult, settings: MDSettings) -> Callable[[], object]:
    s = hot.structure
    calculator = potential.calculator(precision=settings.precision)
    seeds = count(1)

    def call() -> object:
        atoms = Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc)
        atoms.set_velocities(hot.velocities)
        atoms.calc = calculator
        dynamics = Langevin(
            atoms,
            settings.timestep * units.fs,
            temperature_K=settings.temperature,
            friction=1 / (settings.tau * units.fs),
            fixcm=False,
            rng=np.random.default_rng(next(seeds)),
        )
        dynamics.run(settings.steps)
        return atoms.positions

    return call


def kernel_alone(potential: Potential, hot: MDResult, settings: MDSettings) -> Callable[[], object]:
    kernel = potential.kernel(settings.precision)
    batch = single(hot.structure, potential.list_specs(settings.precision), potential.species)
    arrays = kernel.arrays(batch)

    def call() -> object:
        for _ in range(settings.steps):
            found = jax.block_until_ready(kernel(potential.theta, arrays))
        return found

    return call


def rows_of(timings: Mapping[str, Timing], options: argparse.Namespace, atoms: int) -> list[Row]:
    """Steps a second beside those of ASE; the kernel alone is as fast as they can be."""
    rates = {name: round(options.steps / t.median, 1) for name, t in timings.items()}
    model = NIOBIUM.strip().splitlines()[-1] if options.model is None else options.model.name
    found = []
    for name, rate in rates.items():
        if name.startswith("ours"):
            precision = name.split()[1].rstrip(",")
            case = f"{model}, {atoms} atoms, {options.temperature:g} K, {name.removeprefix('ours ')}"
            most = rates[f"kernel alone {precision}"]
            found.append(
                Row(case, "steps/s", rate, "ASE with our calculator", rates[f"ASE {precision}"], most)
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--structure")
    parser.add_argument("--temperature", type=float, default=1000.0)
    parser.add_argument("--skin", type=float, nargs="*", default=[0.3])
    parser.add_argument("--precision", nargs="*", default=["float32", "float64"])
    options = with_json(parser).parse_args()
    if options.model is not None:
        potential, atoms = load(options.model), read(options.structure)
    else:
        potential = potentia.compile(NIOBIUM)
        atoms = bulk("Nb", cubic=True, a=3.3).repeat(6)
    usual = MDSettings(
        thermostat="langevin", temperature=options.temperature, steps=options.steps, write_every=10**9
    )
    hot = simulate(potential, from_atoms(atoms), usual)
    calls: dict[str, Callable[[], object]] = {}
    for precision in options.precision:
        settings = usual.model_copy(update={"precision": precision})
        calls[f"kernel alone {precision}"] = kernel_alone(potential, hot, settings)
        for skin in options.skin:
            chosen = settings.model_copy(update={"skin": skin})
            calls[f"ours {precision}, skin {skin:g} Å"] = ours(potential, hot, chosen)
        calls[f"ASE {precision}"] = of_ase(potential, hot, settings)
    timings = taking_turns(calls, options.rounds, 1)
    print(f"{len(atoms)} atoms at {options.temperature:g} K; {machine()}; steps/s, median and fastest")
    for name, t in timings.items():
        print(f"{name:28s} {options.steps / t.median:8.1f} {options.steps / t.fastest:8.1f}")
    print(f"load now {os.getloadavg()[0]:.2f}")
    save(options.json, "Molecular dynamics", rows_of(timings, options, len(atoms)))


if __name__ == "__main__":
    main()
