"""What LAMMPS needs for ZBL + EAM: the yardstick of potentia's kernels.

    python benchmarks/lammps_speed.py [--style eam/alloy/opt] [--skin 0.5]

`hybrid/overlay zbl 0.9 1.8 eam/alloy`, rc 5 Å, bcc Nb rattled by 0.05 Å, one thread, energy + forces +
virial of every step. No fix moves the atoms and no neighbour list is rebuilt, so that a step is one force
evaluation: `run n pre no post no` after one set-up, timed from outside. `thermo 1` prints (to nowhere) the
pressure, which makes LAMMPS tally energy and virial in every step. `lammps_step_timer` gives a callable, to
be alternated with another kernel's in one process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from ase import Atoms
from ase.build import bulk

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when LAMMPS is loaded

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "oracles"))
from lammps_cases import Grid, eam_file
from lammps_manybody import EAM_NB_W, EAM_RC, eam_tables
from lammps_oracle import LAMMPS, NKTV2P, add_atoms, lammps_box, set_up, start

StepTimer = Callable[[int], float]


def niobium(repeat: int = 20, rattle: float = 0.05, seed: int = 0) -> Atoms:
    """bcc Nb, 2·repeat³ atoms, each coordinate displaced by a normal deviate of `rattle` Å."""
    atoms = bulk("Nb", "bcc", a=3.3008, cubic=True).repeat(repeat)
    atoms.positions += np.random.default_rng(seed).normal(0.0, rattle, atoms.positions.shape)
    return atoms


def pair_commands(folder: str, eam_style: str, inner: float, outer: float) -> list[str]:
    """The overlay; the tables have the number of points that is usual (LAMMPS's speed knows little of it)."""
    path = Path(folder) / "nb.eam.alloy"
    path.write_text(eam_file(eam_tables(EAM_NB_W, ("Nb",)), Grid(EAM_RC, 100.0, 2000, 2000)))
    return [
        f"pair_style hybrid/overlay zbl {inner} {outer} {eam_style}",
        "pair_coeff 1 1 zbl 41 41",
        f"pair_coeff * * {eam_style} {path} Nb",
    ]


def lammps_step_timer(
    atoms: Atoms,
    eam_style: str = "eam/alloy",
    inner: float = 0.9,
    outer: float = 1.8,
    skin: float = 0.0,
    virial: bool = True,
) -> tuple[StepTimer, Callable[[], dict[str, float]]]:
    """(run n steps and return the seconds they took, results of the last step): its own LAMMPS instance.

    The results, energy (eV) and the trace of the virial dE/dε (eV), let the caller check that both sides
    compute the same thing. Without `virial` most steps compute forces only, as plain dynamics does.
    """
    box, lmp = lammps_box(atoms), start(LAMMPS)
    set_up(lmp, box, ("Nb",), charged=False, skin=skin)
    add_atoms(lmp, box, [1] * len(atoms), None)
    with tempfile.TemporaryDirectory() as folder:
        lmp.commands_list(pair_commands(folder, eam_style, inner, outer))
        lmp.commands_list(
            [
                "neigh_modify every 1000000 delay 1000000 check no",
                "thermo_style custom step pe press pxx pyy pzz pxy pxz pyz",
                f"thermo {1 if virial else 1_000_000}",
                "run 0 post no",
            ]
        )

    def steps(n: int) -> float:
        begin = perf_counter()
        lmp.command(f"run {n} pre no post no")
        return perf_counter() - begin

    def results() -> dict[str, float]:
        trace = -3.0 * lmp.get_thermo("press") / NKTV2P * float(np.prod(np.diag(box.cell)))
        return {"energy": float(lmp.get_thermo("pe")), "virial_trace": trace}

    return steps, results


def measure(timer: StepTimer, atoms: int, steps: int = 20, repeats: int = 7) -> dict[str, float]:
    """µs per atom and step: fastest and median of `repeats` blocks of `steps`, after one to warm up."""
    timer(steps)
    blocks = [timer(steps) / (steps * atoms) * 1e6 for _ in range(repeats)]
    return {"best_us_per_atom": min(blocks), "median_us_per_atom": median(blocks)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", default="eam/alloy", help="eam/alloy, eam/alloy/opt")
    parser.add_argument("--skin", type=float, default=0.0, help="Å beyond the cutoff in the neighbour list")
    parser.add_argument("--repeat", type=int, default=20, help="cubic cells along an edge; 20: 16 000 atoms")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--no-virial", action="store_true", help="forces only")
    options = parser.parse_args()
    atoms = niobium(options.repeat)
    timer, results = lammps_step_timer(atoms, options.style, skin=options.skin, virial=not options.no_virial)
    report: dict[str, object] = {"atoms": len(atoms), "style": options.style, "skin": options.skin}
    report |= measure(timer, len(atoms), options.steps)
    print(json.dumps(report | results()))


if __name__ == "__main__":
    main()
