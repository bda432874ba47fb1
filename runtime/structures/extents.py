"""What a search for neighbours can be asked for: finite positions, a cell and atoms of some size, pairs that
fit into memory. vesin 0.6 divides by 0 where its cells are more than 10⁵ and long in one direction, and ends
the process.
"""

from __future__ import annotations

from itertools import product
from math import hypot

import numpy as np
from jaxtyping import Float, Int

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from .arrays import Cell, Floats, Indices, Ints
from .structure import Structure

WIDEST = 1e6  # Å, 0.1 mm: of a cell, or from one atom to another
MOST_PAIRS = 1e9  # 60 GB of them
_CELLS = 9e4  # of vesin's, which keeps them below 10⁵ in a way that may leave none
_FEW = 1000  # atoms
_FLAT = 1e-6  # volume of the periodic directions over the product of their lengths
_LONGER = 1.2  # from one reach that is tried to the next


def search_distance(structure: Structure, box: Cell, cutoff: float) -> float | None:
    """The distance (Å) to search within for all pairs within the cutoff: longer where vesin would fail; None
    where `all_pairs` is to do it.

    box: the cell, its open directions replaced by unit vectors. Raises DataError: not-finite, too-wide,
    flat-cell, too-many-pairs.
    """
    if not structure.n_atoms:
        return cutoff
    extent = np.ptp(structure.positions, axis=0)
    if not extent.max() < WIDEST or not np.abs(box).max() < WIDEST:
        raise DataError(_fault(structure))
    flat = flat_cell(structure)
    if flat is not None:
        raise DataError(flat)
    sizes = _sizes(structure, box, extent)
    images = np.where(structure.pbc, 2.0 * cutoff / np.maximum(sizes, 1e-9), 1.0)
    neighbours = structure.n_atoms * float(np.prod(images))
    if neighbours * structure.n_atoms > 2.0 * MOST_PAIRS and structure.pbc.any():
        raise DataError(_too_many(structure, cutoff, neighbours))
    reach = cutoff
    while np.prod(np.maximum(np.floor(sizes / reach), 1.0)) > _CELLS and _none_left(sizes / reach):
        if structure.n_atoms <= _FEW:
            return None
        reach *= _LONGER
    return reach


def _is_solid(structure: Structure) -> bool:
    """Whether a cell that is periodic in all directions is far from flat, in a few plain operations."""
    if not structure.pbc.all():
        return False
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = structure.cell.tolist()
    volume = ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx)
    most = hypot(ax, ay, az) * hypot(bx, by, bz) * hypot(cx, cy, cz)
    return 0.0 < most < 1e90 and abs(volume) > 1e3 * _FLAT * most


def flat_cell(structure: Structure) -> Diagnostic | None:
    """An error `flat-cell` where the periodic vectors span no volume, area or length."""
    if _is_solid(structure):
        return None
    vectors = structure.cell[structure.pbc]
    if not len(vectors) or not np.isfinite(vectors).all():
        return None
    if np.abs(vectors).max() > 1e100:  # whose squares are no numbers: the search for neighbours refuses it
        return None
    lengths = np.linalg.norm(vectors, axis=1)
    size = np.sqrt(max(np.linalg.det(vectors @ vectors.T), 0.0))
    if lengths.min() > 0 and size >= _FLAT * lengths.prod():
        return None
    along = ", ".join(axis for axis, p in zip("abc", structure.pbc, strict=True) if p)
    message = f"the cell is periodic along {along} but its vectors there span no volume"
    help = "give the cell, or say in which directions it is periodic (`pbc`)"
    return Diagnostic("flat-cell", message, place=structure.place, help=help)


def all_pairs(
    structure: Structure, box: Cell, cutoff: float
) -> tuple[Indices, Indices, Int[Ints, "M 3"], Float[Floats, " M"]]:
    """Each pair with r < cutoff (Å) once: i in ascending order, j, the whole cells between them, r.

    Every two atoms are looked at, in every image: for few atoms.
    """
    normals = np.linalg.inv(box)
    wraps = np.where(structure.pbc, np.floor(structure.positions @ normals), 0.0)
    inside = structure.positions - wraps @ box
    reach = np.where(structure.pbc, np.ceil(cutoff * np.linalg.norm(normals, axis=0)), 0.0).astype(int)
    found = []
    for image in product(*(range(-n, n + 1) for n in reach)):
        if image < (0, 0, 0):
            continue  # the other way round
        r = np.linalg.norm(inside[None] + np.array(image) @ box - inside[:, None], axis=2)
        i, j = np.nonzero(np.triu(r < cutoff, 1) if image == (0, 0, 0) else r < cutoff)
        found.append((i, j, np.array(image) - wraps[j] + wraps[i], r[i, j]))
    i, j, images, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(i, kind="stable")
    return i[order], j[order], images[order].astype(np.int32), distance[order]


def _sizes(structure: Structure, box: Cell, extent: Float[Floats, " 3"]) -> Float[Floats, " 3"]:
    """The distance of opposite faces of the cell, Å; along open directions that of the outermost atoms."""
    if not structure.pbc.any():
        return extent
    normals = np.linalg.inv(box).T
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    heights = np.abs(np.sum(normals * box, axis=1))
    return np.where(structure.pbc, heights, np.ptp(structure.positions @ normals.T, axis=0))


def _none_left(cells: Float[Floats, " 3"]) -> bool:
    """Whether vesin makes no cell along a direction, or nearly, once it keeps their number down."""
    x, y, z = np.maximum(np.floor(cells), 1.0)
    along_z = np.cbrt(1e5 / (x / y * (y / z) ** 2))
    along_y = y / z * along_z
    return bool(min(along_z, along_y, x / y * along_y) < 2.0)


def _fault(structure: Structure) -> Diagnostic:
    """A position or a vector of the cell that is no finite number, or far away from all others."""
    bad = np.flatnonzero(~np.isfinite(structure.positions).all(axis=1))
    if len(bad) or not np.isfinite(structure.cell[structure.pbc]).all():
        what = f"the position of atom {bad[0] + 1}" if len(bad) else "the cell"
        return Diagnostic("not-finite", f"{what} is not made of finite numbers", place=structure.place)
    help = "is a decimal point missing, or is it in another unit than Å?"
    lengths = np.abs(structure.cell[structure.pbc]).max(axis=1, initial=0.0)
    if not lengths.max(initial=0.0) < WIDEST:
        message = f"the cell is {lengths.max():.3g} Å long, but at most {WIDEST:g} Å"
        return Diagnostic("too-wide", message, place=structure.place, help=help)
    along = structure.positions[:, np.ptp(structure.positions, axis=0).argmax()]
    k = int(np.lexsort((np.abs(along), np.abs(along - np.median(along))))[-1])
    where = ", ".join(f"{x:.10g}" for x in structure.positions[k])
    message = f"atom {k + 1} at ({where}) is {np.ptp(along):.3g} Å away from others, but at most {WIDEST:g} Å"
    return Diagnostic("too-wide", message, place=structure.place, help=help)


def _too_many(structure: Structure, cutoff: float, neighbours: float) -> Diagnostic:
    message = f"within {cutoff:g} Å an atom has about {neighbours:.2g} neighbours, more than fit into memory"
    help = "shorten the cutoff, or look at the cell: its atoms are much too close"
    return Diagnostic("too-many-pairs", message, place=structure.place, help=help)
