"""Systems of DeePMD-kit, folders of raw text or NumPy files, and of dpdata as JSON.

Energies are in eV, forces in eV/Å, virials in eV, −V times a stress whose tension is positive.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..files.npz import AnyArray
from .plain_file import unreadable

if TYPE_CHECKING:
    from ase import Atoms

_HELP = "say which element each type is, from 0 on: `--types Nb,Mo`"


@dataclass(frozen=True, eq=False)
class _System:
    """Frames with the same atoms: coords (F, 3N), Å; cells (F, 9), None without periodic boundaries."""

    symbols: Sequence[str]
    coords: AnyArray
    cells: AnyArray | None
    energies: AnyArray | None  # (F,)
    forces: AnyArray | None  # (F, 3N)
    virials: AnyArray | None  # (F, 9)


def looks_like_dpdata(head: str) -> bool:
    """Whether a JSON file is a system of dpdata, by its first letters."""
    return '"dpdata.' in head and '"@class"' in head


def read_folder(folder: Path, path: Path, types: Sequence[str]) -> Iterator[Atoms]:
    """The frames of all sets, in order. path: the name for people; types: where there is no `type_map.raw`.

    Raises DataError: types-only, bad-types, unreadable-data.
    """
    if next(folder.glob("set.*/real_atom_types.npy"), None) is not None:
        why = "it is a mixed system, whose frames have different atoms"
        raise unreadable(path, why, "write it as deepmd/npy by dpdata")
    named = (folder / "type_map.raw").read_text().split() if (folder / "type_map.raw").is_file() else types
    symbols = _symbols(np.loadtxt(folder / "type.raw", dtype=np.int64, ndmin=1).ravel(), named, path)
    free = (folder / "nopbc").exists()
    for part in sorted(folder.glob("set.*")) or [folder]:
        coords, cells = _content(part, "coord"), None if free else _content(part, "box")
        if coords is None or (cells is None and not free):
            raise unreadable(path, f"there is no {'coord' if coords is None else 'box'} in {part.name}")
        labels = (_content(part, name) for name in ("energy", "force", "virial"))
        yield from _frames(_System(symbols, coords, cells, *labels), path)


def read_dpdata(source: Path, path: Path, types: Sequence[str]) -> Iterator[Atoms]:
    """The frames of a system that dpdata wrote as JSON. Raises DataError as `read_folder`."""
    try:
        data = json.loads(source.read_text(encoding="utf-8"))["data"]
        arrays = {name: _plain(value) for name, value in data.items()}
        kinds = arrays["atom_types"].astype(np.int64)
        symbols = _symbols(kinds, [str(x) for x in arrays["atom_names"]], path)
        labels = (arrays.get(name) for name in ("energies", "forces", "virials"))
        cells = None if bool(data.get("nopbc", False)) else arrays["cells"]
        yield from _frames(_System(symbols, arrays["coords"], cells, *labels), path)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise unreadable(path, f"as a system of dpdata: {reason}") from error


def _plain(value: object) -> AnyArray:
    return np.asarray(value["data"] if isinstance(value, Mapping) else value)


def _content(folder: Path, name: str) -> AnyArray | None:
    """`name.npy` or `name.raw` with a row for each frame; None where there is neither."""
    if (folder / f"{name}.npy").is_file():
        # mapped, so that a header that claims more than the file has allocates nothing
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    raw = folder / f"{name}.raw"
    return np.loadtxt(raw, ndmin=2) if raw.is_file() else None


def _symbols(kinds: NDArray[np.int64], named: Sequence[str], path: Path) -> list[str]:
    from ase.data import atomic_numbers

    present = sorted(set(kinds.tolist()))
    listed = f"type{'s' if len(present) > 1 else ''} {', '.join(map(str, present))}"
    if not named:
        message = f"the atoms of `{path.name}` have the {listed} and no elements"
        raise DataError(Diagnostic("types-only", message, place=str(path), help=_HELP))
    if present[0] < 0 or present[-1] >= len(named) or not set(named) <= set(atomic_numbers):
        message = f"`{path.name}` has the {listed}, and their names are {', '.join(named)}"
        raise DataError(Diagnostic("bad-types", message, place=str(path), help=_HELP))
    return [named[k] for k in kinds]


def _frames(system: _System, path: Path) -> Iterator[Atoms]:
    n, s = len(system.symbols), system
    widths = {"coord": 3 * n, "box": 9, "energy": 1, "force": 3 * n, "virial": 9}
    arrays = (s.coords, s.cells, s.energies, s.forces, s.virials)
    count = len(s.coords)
    rows: dict[str, AnyArray] = {}
    for (name, width), array in zip(widths.items(), arrays, strict=True):
        if array is None or not array.size:
            continue
        if array.size != count * width:
            raise unreadable(path, f"`{name}` has {array.size} numbers for {count} frames of {n} atoms")
        rows[name] = np.asarray(array, dtype=np.float64).reshape(count, width)
    for k in range(count):
        yield _atoms(system.symbols, {name: row[k] for name, row in rows.items()})


def _atoms(symbols: Sequence[str], row: Mapping[str, AnyArray]) -> Atoms:
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.stress import full_3x3_to_voigt_6_stress

    cell = row["box"].reshape(3, 3) if "box" in row else None
    atoms = Atoms(symbols, positions=row["coord"].reshape(-1, 3), cell=cell, pbc=cell is not None)
    results: dict[str, object] = {}
    if "energy" in row:
        results["energy"] = float(row["energy"][0])
    if "force" in row:
        results["forces"] = row["force"].reshape(-1, 3)
    if "virial" in row and cell is not None and atoms.cell.volume > 0:
        results["stress"] = full_3x3_to_voigt_6_stress(-row["virial"].reshape(3, 3) / atoms.cell.volume)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms
