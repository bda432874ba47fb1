"""Energies, forces and virials of a model as built, and the values of any nodes.

Forces and virial are by the complex step dE/dx = Im E(x + ih)/h, exact to the last bits
(doi:10.1145/838250.838251).
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


def predict(
    model: Model, theta: Array, positions: Array, cell: Array, pbc: Array, species: Array
) -> StructurePrediction:
    """Evaluate a model as built (output `energy` per site).

    theta: all parameters in order, flat. positions: (N, 3) Å. cell: (3, 3), rows are vectors. pbc: (3,) bool.
    species: (N,) indices into model.species.
    """
    root = model.outputs["energy"]
    lists = find_neighbors(domains([root]), positions, cell, pbc)
    order = tuple(topological([root]))

    def energy(x: Array, h: Array) -> Array:
        return Evaluation(model, theta, Geometry(x, h, species, lists)).values([root], order)[0]

    x, h = positions.astype(complex), cell.astype(complex)
    site = energy(x, h).real
    forces = np.zeros_like(positions)
    for atom, axis in np.ndindex(positions.shape):
        moved = x.copy()
        moved[atom, axis] += 1j * STEP
        forces[atom, axis] = -energy(moved, h).sum().imag / STEP
    virial = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        strain = np.eye(3, dtype=complex)
        strain[a, b] += 1j * STEP
        virial[a, b] = energy(x @ strain, h @ strain).sum().imag / STEP
    return StructurePrediction(float(site.sum()), site, forces, virial)


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
    geometry = Geometry(positions, cell, species, lists)
    found = Evaluation(model, theta, geometry).values(nodes, topological(nodes))
    exact = any(np.iscomplexobj(given) for given in (theta, positions, cell))
    return found if exact else [value.real for value in found]
