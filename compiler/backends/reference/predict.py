"""Energies, forces and virials of a model as built, and the values of any nodes.

Forces and virial are by the complex step dE/dx = Im E(x + ih)/h, exact to the last bits
(doi:10.1145/838250.838251); the structures of many steps are evaluated side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...ir.graph import Model, Node, topological
from ..target import StructurePrediction
from . import rules
from .geometry import Array, Geometry, find_neighbors
from .interpreter import Evaluation, domains

__all__ = ["evaluate", "predict", "rules"]

STEP = 1e-30
ROWS = 20_000  # of atoms, neighbours and triples that are evaluated at once


def predict(
    model: Model, theta: Array, positions: Array, cell: Array, pbc: Array, species: Array
) -> StructurePrediction:
    """Evaluate a model as built (output `energy` per site).

    theta: all parameters in order, flat. positions: (N, 3) Å. cell: (3, 3), rows are vectors. pbc: (3,) bool.
    species: (N,) indices into model.species.
    """
    root = model.outputs["energy"]
    lists = find_neighbors(domains([root]), positions, cell, pbc)
    order, n = tuple(topological([root])), len(positions)

    def energies(x: Array, h: Array) -> Array:
        """(copies, N) of positions (copies, N, 3) in cells (copies, 3, 3)."""
        copies = len(x)
        geometry = Geometry(x.reshape(-1, 3), h, np.tile(species, copies), lists.repeated(copies, n))
        return Evaluation(model, theta, geometry).values([root], order)[0].reshape(copies, n)

    x, h = _moved(positions, cell)
    at_once = max(1, ROWS // (lists.rows + n))
    found = np.concatenate(
        [energies(x[k : k + at_once], h[k : k + at_once]) for k in range(0, len(x), at_once)]
    )
    site, slopes = found[0].real, found[1:].sum(axis=1).imag / STEP
    return StructurePrediction(
        float(site.sum()), site, -slopes[: 3 * n].reshape(n, 3), slopes[3 * n :].reshape(3, 3)
    )


def _moved(positions: Array, cell: Array) -> tuple[Array, Array]:
    """Positions and cells as they are; with each coordinate moved; with each strain: by i·STEP.

    Shapes (1 + 3 N + 9, N, 3) and (1 + 3 N + 9, 3, 3).
    """
    n = len(positions)
    x, h = (np.tile(v.astype(complex), (1 + 3 * n + 9, 1, 1)) for v in (positions, cell))
    for place in range(3 * n):
        x[1 + place, place // 3, place % 3] += 1j * STEP
    for place in range(9):
        strain = np.eye(3, dtype=complex)
        strain[place // 3, place % 3] += 1j * STEP
        x[1 + 3 * n + place], h[1 + 3 * n + place] = positions @ strain, cell @ strain
    return x, h


def evaluate(
    model: Model,
    theta: Array,
    positions: Array,
    cell: Array,
    pbc: Array,
    species: Array,
    nodes: Sequence[Node],
) -> list[Array]:
    """The values of any nodes, with all rows of their domain first and feature axes after: (rows, …).

    Arguments as those of `predict`; theta, positions and cell may be complex, and the values are then too.
    Rows: the one of the model or the structure; entries of a table; atoms; for lists the neighbours within
    the list's cutoff, i slowest; for triples two of them of one atom. A pair is there once, from i < j or, of
    images of one atom, from the half of the shifts whose first number that is not 0 is positive.
    Raises InternalError for operations in `rules.REFUSED`.
    """
    lists = find_neighbors(domains(nodes), positions.real, cell.real, pbc)
    geometry = Geometry(positions, cell[None], species, lists)
    found = Evaluation(model, theta, geometry).values(nodes, topological(nodes))
    exact = any(np.iscomplexobj(given) for given in (theta, positions, cell))
    return found if exact else [value.real for value in found]
