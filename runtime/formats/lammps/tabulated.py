"""Formulas of distances alone as tables of LAMMPS: pairs, and functions of a density at each atom (`eam/fs`).

E = Σ_i F_i(ρ_i) + ½ Σ_{i≠j} φ_ij(r),  ρ_i = Σ_j f_{j→i}(r). The reference gives the values: φ and f for pairs
of atoms, F with the points of a grid in the place of the sum that is ρ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ....compiler.backends.reference.geometry import Array, Geometry, Lists, Neighbors
from ....compiler.backends.reference.interpreter import Evaluation, domains
from ....compiler.backends.reference.predict import STEP, evaluate
from ....compiler.ir import ops
from ....compiler.ir.graph import Model, Node, topological
from ....compiler.ir.traits import Trait
from ....compiler.ir.types import LISTS
from ...structures.arrays import Floats, Ints, Species, Theta
from .parity import parity_structures

POINTS, DENSITIES = 10_001, 20_001
_NONE = np.zeros((0, 2), dtype=np.int32)  # no neighbours
_DENSER = 4.0  # than the densest parity structure: beyond that LAMMPS goes on by the tangent


class Inexpressible(Exception):
    """A formula that is no sum of pairs and functions of one density. The text is the reason."""


@dataclass(frozen=True)
class Tables:
    """r (K,) Å, up to the cutoff; rho (M,); embedding (S, M), eV; density (S, S, K), source first; pair
    (S, S, K), eV.
    """

    r: Floats
    rho: Floats
    embedding: Floats
    density: Floats
    pair: Floats


def require_expressible(energy: Node) -> None:
    """Raise Inexpressible where tables cannot hold a site energy."""
    sums = _sums(energy)
    above: set[Node] = set()
    for node in topological([energy]):
        domain = node.kind.domain.name
        if domain == "triple":
            raise Inexpressible("it has angles")
        if node.op is ops.displacement:
            raise Inexpressible("it has directions")
        if domain == "structure":
            raise Inexpressible("it has a sum over the structure")
        if node in sums or any(a in above for a in node.args):
            above.add(node)
            if domain in LISTS:
                raise Inexpressible("a pair depends on other neighbours")
    for part in _parts(energy):
        _density_of(part, sums)


def tabulate(model: Model, theta: Theta, energies: Sequence[Node]) -> list[Tables]:
    """Tables whose sum is the sum of these site energies, one for each density. Raises Inexpressible."""
    for energy in energies:
        require_expressible(energy)
    parts = [part for energy in energies for part in _parts(energy)]
    sums = {s for energy in energies for s in _sums(energy)}
    groups: dict[Node | None, list[Node]] = {}
    for part in parts:
        groups.setdefault(_density_of(part, sums), []).append(part)
    linear = groups.pop(None, [])
    pairs = [part for part in linear if _holds(part, sums)]
    constants = [part for part in linear if not _holds(part, sums)]
    cutoff = max((d.rc or 0.0 for d in domains(parts)), default=1.0)
    maker = _Maker(model, theta, np.linspace(0.0, cutoff, POINTS))
    found = [maker.tables(density, inside) for density, inside in groups.items()] or [maker.tables(None, [])]
    pair, constant = maker.pair(pairs), maker.free_atoms(constants)
    first = found[0]
    embedding = first.embedding + constant[:, None]
    return [Tables(first.r, first.rho, embedding, first.density, pair), *found[1:]]


def pair_curve(model: Model, theta: Theta, a: int, b: int, r: Floats) -> tuple[Floats, Floats]:
    """Energy (eV) and force −dE/dr (eV/Å) of two atoms at distances r, without their energies alone.

    The force is by the complex step, exact to the last bits. At the cutoff they are those just within.
    """
    maker, energy = _Maker(model, theta, r), model.outputs["energy"]
    whole = maker.of_pairs([energy], a, b, STEP * 1j)
    found = whole[0::2] + whole[1::2]
    alone = maker.free_atoms([energy])
    return found.real - alone[a] - alone[b], -found.imag / STEP


# --- the parts of an energy ------------------------------------------------------------------------


def _sums(energy: Node) -> set[Node]:
    """Sums of lists onto atoms."""
    return {
        node
        for node in topological([energy])
        if node.kind.domain.name == "site" and any(a.kind.domain.name in LISTS for a in node.args)
    }


def _parts(energy: Node) -> list[Node]:
    """What is added up in an energy."""
    stack, found = [energy], []
    while stack:
        node = stack.pop()
        if node.op is ops.add and node.kind.domain.name == "site":
            stack.extend(node.args)
        else:
            found.append(node)
    return found


def _holds(node: Node, sums: set[Node]) -> bool:
    return any(n in sums for n in topological([node]))


def _density_of(part: Node, sums: set[Node]) -> Node | None:
    """The one sum that a part is a function of; None for what is linear in sums. Raises Inexpressible."""
    inside = [n for n in topological([part]) if n in sums]
    if not inside or _linear(part, sums):
        return None
    if len(inside) > 1 or inside[0].kind.components > 1:
        raise Inexpressible("it is a function of several sums over neighbours")
    return inside[0]


def _linear(node: Node, sums: set[Node]) -> bool:
    if node in sums:
        return True
    with_sums = [a for a in node.args if _holds(a, sums)]
    if Trait.LINEAR in node.op.traits:
        return len(with_sums) == len(node.args) and all(_linear(a, sums) for a in with_sums)
    return Trait.MULTILINEAR in node.op.traits and len(with_sums) == 1 and _linear(with_sums[0], sums)


# --- their tables ----------------------------------------------------------------------------------


class _Maker:
    def __init__(self, model: Model, theta: Theta, r: Floats) -> None:
        """r: distances of pairs, Å."""
        self.model, self.theta, self.n, self.r = model, theta, len(model.species), r

    def tables(self, density: Node | None, inside: Sequence[Node]) -> Tables:
        """The part of one density, without pairs."""
        zero = np.zeros((self.n, self.n, POINTS))
        if density is None:
            rho = np.linspace(0.0, 1.0, DENSITIES)
            return Tables(self.r, rho, np.zeros((self.n, DENSITIES)), zero, zero)
        rho = np.linspace(0.0, self._densest(density), DENSITIES)
        embedding = np.array([self._embedding(density, inside, rho, s) for s in range(self.n)])
        found = zero.copy()
        for site, source in product(range(self.n), repeat=2):
            found[source, site] = self._of_pairs([density], site, source)[0::2]
        return Tables(self.r, rho, _finite(embedding), _filled(found), zero)

    def pair(self, parts: Sequence[Node]) -> Floats:
        """φ: both site energies of two atoms."""
        found = np.zeros((self.n, self.n, POINTS))
        for a, b in product(range(self.n), repeat=2):
            if parts:
                both = self._of_pairs(parts, a, b)
                found[a, b] = both[0::2] + both[1::2]
        return _filled(found)

    def free_atoms(self, parts: Sequence[Node]) -> Floats:
        """Energies that no neighbour changes, by species."""
        alone = self._geometry(parts, np.zeros((self.n, 3)), _indices(range(self.n)), _NONE)
        return np.asarray(self._added(parts, alone).real) if parts else np.zeros(self.n)

    def _of_pairs(self, parts: Sequence[Node], a: int, b: int) -> Floats:
        return np.asarray(self.of_pairs(parts, a, b).real)

    def of_pairs(self, parts: Sequence[Node], a: int, b: int, step: complex = 0.0) -> Array:
        """Complex values at the atoms of pairs at all distances, a before b; step: added to each distance."""
        n = len(self.r)
        positions = np.zeros((2 * n, 3), dtype=complex)
        positions[1::2, 0] = np.minimum(self.r, np.nextafter(self.r[-1], 0.0)) + step
        first = np.arange(0, 2 * n, 2, dtype=np.int32)
        near = np.column_stack([np.concatenate([first, first + 1]), np.concatenate([first + 1, first])])
        geometry = self._geometry(parts, positions, _indices([a, b] * n), near)
        with np.errstate(all="ignore"):
            return self._added(parts, geometry)

    def _geometry(self, parts: Iterable[Node], positions: Array, species: Species, near: Ints) -> Geometry:
        both = Neighbors(near[:, 0], near[:, 1], np.zeros((len(near), 3)))
        once = near[near[:, 0] < near[:, 1]]
        single = Neighbors(once[:, 0], once[:, 1], np.zeros((len(once), 3)))
        lists = {d: single if d.name == "pair" else both for d in domains(parts)}
        return Geometry(positions, np.eye(3)[None], species, Lists(lists, {}))

    def _added(self, parts: Sequence[Node], geometry: Geometry) -> Array:
        run = Evaluation(self.model, self.theta, geometry)
        values = run.values(parts, topological(parts))
        return np.sum([v.reshape(len(geometry.positions)) for v in values], axis=0)

    def _embedding(self, density: Node, inside: Sequence[Node], rho: Floats, species: int) -> Floats:
        """The parts as functions of the density, which is put in the place of its sum."""
        geometry = self._geometry(inside, np.zeros((len(rho), 3)), _indices([species] * len(rho)), _NONE)
        run = Evaluation(self.model, self.theta, geometry)
        with np.errstate(all="ignore"):
            found = run.values(inside, _above(inside, density), {density: rho})
        return np.sum([v.reshape(len(rho)).real for v in found], axis=0)

    def _densest(self, density: Node) -> float:
        largest = 0.0
        for s in parity_structures(self.model.species):
            (values,) = evaluate(
                self.model, self.theta, s.positions, s.cell, np.array(s.periodic), s.species, [density]
            )
            if float(values.min()) < 0.0:
                raise Inexpressible("a density is negative")
            largest = max(largest, float(values.max()))
        return _DENSER * largest or 1.0


def _indices(species: Iterable[int]) -> Species:
    return np.array(list(species), dtype=np.int32)


def _above(parts: Sequence[Node], density: Node) -> list[Node]:
    """The nodes under some parts, arguments first, without a sum and all that is only under it."""
    needed, stack = set(), list(parts)
    while stack:
        node = stack.pop()
        if node is not density and node not in needed:
            needed.add(node)
            stack.extend(node.args)
    return [node for node in topological(parts) if node in needed]


def _filled(values: Floats) -> Floats:
    """Functions that are infinite at r = 0 have there the value of the next point."""
    first = values[..., 0]
    values[..., 0] = np.where(np.isfinite(first), first, values[..., 1])
    return _finite(values)


def _finite(values: Floats) -> Floats:
    if not np.isfinite(values).all():
        raise Inexpressible("it is not finite everywhere")
    return values
