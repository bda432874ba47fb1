"""Files of SNAP as calls of the terms `snap` and `reference`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...structures.arrays import Floats
from ..foreign_format import Imported
from ..pair_style.calls import Call, Row, length, number, potential_of
from .reading import read_snap
from .snap_files import Snap, diagonal


def imported_snap(path: Path) -> Imported:
    """The potential of a file snapcoeff or snapparam, and of the other beside it, of the same name.

    Raises ArtifactError as `read_snap`.
    """
    snap = read_snap(path.with_suffix(".snapcoeff"), path.with_suffix(".snapparam"))
    potential = potential_of(path.name, tuple(snap.elements), snap_calls(snap, tuple(snap.elements)))
    return Imported(potential, f"snap of {', '.join(snap.elements)}{note_of(snap)}")


def snap_calls(snap: Snap, wanted: Sequence[str], only: Sequence[str] = ()) -> list[Call]:
    """wanted: elements; only: the species that the term acts among, none for all of the spec."""
    p, elements = snap.parameters, {name: snap.elements[name] for name in wanted}
    radii: dict[Row, float] = {(name,): e.radius * p.rcutfac for name, e in elements.items()}
    arguments = {
        "rc": length(2.0 * max(radii.values())),
        "twojmax": str(p.twojmax),
        "rfac0": number(p.rfac0),
        "rmin0": length(p.rmin0),
        "switch": "smoothed" if p.switchflag else "hard",
        "origin": "free_atom" if p.bzeroflag else "absolute",
        "form": "quadratic" if p.quadraticflag else "linear",
    }
    n = p.components
    tables: dict[str, dict[Row, Floats]] = {
        "c": {(name,): e.coefficients[1 : n + 1] for name, e in elements.items()}
    }
    if p.quadraticflag:
        tables["q"] = {(name,): e.coefficients[n + 1 :] * diagonal(n) for name, e in elements.items()}
    numbers: dict[str, dict[Row, float]] = {
        "radius": radii,
        "weight": {(name,): e.weight for name, e in elements.items()},
    }
    calls = [Call("snap", tuple(only), arguments, numbers, tables=tables)]
    energies: dict[Row, float] = {(name,): float(e.coefficients[0]) for name, e in elements.items()}
    if any(energies.values()):
        calls.append(Call("reference", tuple(only), {}, {"e0": energies}))
    return calls


def note_of(snap: Snap) -> str:
    """The form, and what LAMMPS does otherwise."""
    p = snap.parameters
    told = (
        f", {'quadratic' if p.quadraticflag else 'linear'} in {p.components} components (twojmax {p.twojmax})"
    )
    if p.rmin0 > 0.0:
        told += f"; closer than rmin0 = {p.rmin0:g} Å LAMMPS has a step where the term goes on smoothly"
    return told
