"""An exported model in LAMMPS: its pair style beside the kernel, its dynamics beside `potentia md`.

    python benchmarks/lammps_exported.py [--run FOLDER] [--cells 20] [--skin 1.0] [--json FILE]
        [--md] [--drift] [--large 80 --ranks 2]

bcc Nb, one thread; a step gives energy, forces and virial. Pair style and kernel have the same atoms and
lists of the same reach, and take turns in one process, as do the steps of both dynamics (--md: NVE at 300 K,
lists renewed as each sees fit, once both go on evenly). --drift: the energy that 20 ps of NVE gain, by the
pair style, by `potentia md`, and by styles of LAMMPS itself where the formula has them. --large: that many
cells along an edge, 100 steps by `lmp` on --ranks ranks: µs per atom and step, bytes per atom, and how much a
rank tells the others.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when LAMMPS is loaded

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT.parent), str(ROOT / "tests" / "oracles")]

import numpy as np  # noqa: E402
from ase import Atoms  # noqa: E402
from ase.build import bulk  # noqa: E402
from lammps_oracle import LAMMPS, start  # noqa: E402
from potentia.compiler.backends.cpp.emit import emit  # noqa: E402
from potentia.runtime.dynamics import md_settings, simulate  # noqa: E402
from potentia.runtime.formats.lammps import installation  # noqa: E402
from potentia.runtime.formats.lammps.folder import Export, write_folder  # noqa: E402
from potentia.runtime.formats.lammps.native import native_of  # noqa: E402
from potentia.runtime.potential.potential import Potential, compile  # noqa: E402
from potentia.runtime.runs.run_folder import load  # noqa: E402
from potentia.runtime.structures.structure import from_atoms  # noqa: E402

LATTICE, BLOCKS = 3.3008, 9
NVE = ("neigh_modify every 1 delay 0 check yes", "fix 1 all nve", "timestep 0.001")
TINY = "species Nb\nE = zbl(Nb, inner = 1.2, outer = 2.2) + eam(rc = 5)\n"


def box(cells: int) -> list[str]:
    """Commands that make the crystal, rattled by up to 0.05 Å a coordinate."""
    return [
        "units metal",
        "atom_style atomic",
        "atom_modify map yes",
        f"lattice bcc {LATTICE}",
        f"region box block 0 {cells} 0 {cells} 0 {cells}",
        "create_box 1 box",
        "create_atoms 1 box",
        "mass 1 92.90637",
        "displace_atoms all random 0.05 0.05 0.05 12345",
    ]


def style(folder: Path) -> list[str]:
    """The lines of `in.potentia` from `plugin load` or `pair_style` to the last `pair_coeff`."""
    lines = (folder / "in.potentia").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.startswith(("plugin load", "pair_style", "pair_coeff"))]
    return [re.sub(r"(?<=\s)(\./)?(\S+\.(?:so|alloy|fs|table))", rf"{folder}/\2", line) for line in wanted]


def exported(potential: Potential, form: Any, folder: Path) -> list[str]:
    """The commands of an export into a folder that is made."""
    folder.mkdir()
    write_folder(folder, Export(potential, form, "a benchmark"))
    return style(folder)


def turns(calls: dict[str, Callable[[], float]], blocks: int = BLOCKS) -> dict[str, float]:
    """The median of each, taken in turn; the first round is not counted."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for k in range(blocks + 1):
        for name, call in calls.items():
            value = call()
            if k:
                found[name].append(value)
    return {name: median(values) for name, values in found.items()}


def beside_the_kernel(potential: Potential, commands: list[str], cells: int, skin: float) -> dict[str, float]:
    """µs per atom: the force computation of LAMMPS, `Pair` of its own timing, and the kernel."""
    lmp = start(LAMMPS)
    lmp.commands_list([*box(cells), *commands, f"neighbor {skin} bin"])
    lmp.commands_list(["neigh_modify every 1000000 delay 1000000 check no", "thermo 1", "run 0 post no"])
    n = lmp.get_natoms()
    x = np.array(lmp.numpy.extract_atom("x"))[: lmp.extract_global("nlocal")].copy()
    atoms = Atoms(f"Nb{n}", positions=x, cell=[LATTICE * cells] * 3, pbc=True)
    structure, by = from_atoms(atoms), potential.evaluator("cpp")
    lists = by.lists(structure, skin)

    def step() -> float:
        begin = perf_counter()
        lmp.command("run 5 pre no post no")
        return (perf_counter() - begin) / (5 * n) * 1e6

    def call() -> float:
        begin = perf_counter()
        for _ in range(5):
            by.evaluate(potential.theta, structure, lists)
        return (perf_counter() - begin) / (5 * n) * 1e6

    found = turns({"pair_style_us": step, "kernel_us": call})
    lmp.close()
    return {"atoms": n, **found, "ratio": found["pair_style_us"] / found["kernel_us"]}


def dynamics(potential: Potential, commands: list[str], cells: int, skin: float) -> dict[str, float]:
    """ms per step of NVE at 300 K, by LAMMPS and by `potentia md`, in turn: steps 300 to 800."""
    atoms = bulk("Nb", "bcc", a=LATTICE, cubic=True).repeat(cells)

    def step() -> float:
        lmp = start(LAMMPS)
        lmp.commands_list(
            [*box(cells), *commands, f"neighbor {skin} bin", *NVE, "velocity all create 300 4711"]
        )
        lmp.commands_list(["thermo 100", "run 300 post no"])
        begin = process_time()
        lmp.command("run 500 pre no post no")
        seconds = process_time() - begin
        lmp.close()
        return seconds / 500 * 1e3

    def ours() -> float:
        return (run_of(potential, atoms, 800) - run_of(potential, atoms, 300)) / 500 * 1e3

    ours()
    found = turns({"lammps_ms": step, "potentia_ms": ours}, 3)
    return {"atoms": len(atoms), **found, "ratio": found["potentia_ms"] / found["lammps_ms"]}


def run_of(potential: Potential, atoms: Atoms, steps: int) -> float:
    """Seconds of processor time of a run."""
    asked = {"steps": steps, "temperature": 300.0, "log_every": 100}
    settings = md_settings({"ensemble": "nve", "target": "cpp", **asked})
    begin = process_time()
    simulate(potential, from_atoms(atoms), settings)
    return process_time() - begin


def drift(commands: list[str]) -> float:
    """meV per atom and ns that the energy gains: the slope over 20 ps of NVE, 250 atoms at 600 K, 1 fs."""
    lmp = start(LAMMPS)
    lmp.commands_list([*box(5), *commands, *NVE, "velocity all create 1200 4711", "thermo 50", "run 2000"])
    n, energies = lmp.get_natoms(), []
    for _ in range(400):
        lmp.command("run 50 post no")
        energies.append(lmp.get_thermo("etotal") / n)
    lmp.close()
    return float(np.polyfit(0.05e-3 * np.arange(400), energies, 1)[0]) * 1e3


def drift_of_ours(potential: Potential) -> float:
    """The same by `potentia md`."""
    atoms = bulk("Nb", "bcc", a=LATTICE, cubic=True).repeat(5)
    asked = {"steps": 22000, "temperature": 1200.0, "timestep": 1.0, "log_every": 50}
    settings = md_settings({"ensemble": "nve", "target": "cpp", **asked})
    energy = simulate(potential, from_atoms(atoms), settings).thermo["conserved_eV"][41:] / len(atoms)
    return float(np.polyfit(0.05e-3 * np.arange(len(energy)), energy, 1)[0]) * 1e3


def large(commands: list[str], cells: int, ranks: int, skin: float) -> dict[str, float]:
    """100 steps of NVE by `lmp`."""
    lmp = installation.find_lammps()
    assert lmp is not None, "there is no lmp"
    asked = [*box(cells), *commands, f"neighbor {skin} bin", *NVE, "velocity all create 300 4711"]
    asked += ["thermo 50", "run 100"]
    with tempfile.NamedTemporaryFile("w", suffix=".in") as file:
        file.write("\n".join(asked) + "\n")
        file.flush()
        mpi = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
        command = [*mpi, str(lmp), "-in", file.name, "-log", "none"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    n = 2 * cells**3
    used = {
        key: float(re.search(rf"^{key}\s*\|\s*\S+\s*\|\s*(\S+)", done.stdout, re.MULTILINE)[1])  # type: ignore[index]
        for key in ("Pair", "Neigh", "Comm")
    }
    seconds = float(re.search(r"Loop time of (\S+)", done.stdout)[1])  # type: ignore[index]
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 * ranks
    ghosts = float(re.search(r"^Nghost:\s*(\S+) ave", done.stdout, re.MULTILINE)[1])  # type: ignore[index]
    return {
        "atoms": n,
        "ranks": ranks,
        "us_per_atom_step": seconds / (100 * n) * 1e6,
        **{f"{key.lower()}_us": value * ranks / (100 * n) * 1e6 for key, value in used.items()},
        "resident_bytes_per_atom": resident / n,
        "ghosts_per_rank": ghosts,
        "bytes_told_per_rank_and_step": 2 * 24 * ghosts,  # positions there, forces back
    }


def environment() -> dict[str, str]:
    """That of the process, with the MPI of the wheel on the loader's and the shell's path."""
    folder = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="a fitted model of Nb; default: zbl + eam as it starts")
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--skin", type=float, default=1.0)
    parser.add_argument("--md", action="store_true")
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--large", type=int)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    potential = load(args.run) if args.run else compile(TINY)
    report: dict[str, Any] = {"model": args.run.name if args.run else "zbl + eam", "skin": args.skin}
    with tempfile.TemporaryDirectory(prefix="potentia-lammps-") as name:
        folder = Path(name)
        commands = exported(
            potential, emit(potential.model, "double", potential.theta).text, folder / "plugin"
        )
        if args.large:
            report["large"] = large(commands, args.large, args.ranks, args.skin)
        elif args.drift:
            report["drift_mev_per_atom_ns"] = {
                "pair style": drift(commands),
                "potentia md": drift_of_ours(potential),
                "styles of LAMMPS": drift(exported(potential, native_of(potential), folder / "native")),
            }
        elif args.md:
            report["dynamics"] = dynamics(potential, commands, args.cells, args.skin)
        else:
            report["step"] = beside_the_kernel(potential, commands, args.cells, args.skin)
    print(json.dumps(report, indent=1))
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
