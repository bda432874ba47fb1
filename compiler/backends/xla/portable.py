"""A model with its parameters as one function of arrays, for programs without this package.

Each atom has its neighbours in a row, both directions of every pair, and energies belong to sites, so that
rows may be missing: ghosts of a domain decomposition have none. With g = dE/dd of every neighbour vector d
    F_i = Σ_j g_ij − Σ_j g_ji        dE/dε_ab = Σ d_a g_b
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from ...ir.graph import Model
from ...ir.types import Domain
from ...schedule.limits import Limits
from ...schedule.maker import make_plan
from ..cpp.passes import optimize
from . import rules
from .arrays import Array, Arrays, Edge, Rows
from .interpreter import GraphInterpreter
from .limits import XLA

__all__ = ["SYMBOLIC", "Found", "Portable", "loaded", "rules", "serialized"]

PLATFORMS = ("cpu", "cuda")
SYMBOLIC = ("atoms", "neighbours")
_LEAST = 2  # of both sizes: a length of one is a case of its own in the kernels
# where an empty place of a row is, in cutoffs: off all axes and lattice directions, so nothing is singular
_ASIDE = 0.9 * np.array([0.48, 0.6, 0.64])


class Found(NamedTuple):
    """energy () eV; site_energy (N,) eV; forces (N, 3) eV/Å; virial = dE/dε (3, 3) eV."""

    energy: Array
    site_energy: Array
    forces: Array
    virial: Array


class Portable:
    """A function of (positions, species, neighbours, shifts). model: as built, before the passes.

    positions (N, 3) Å; species (N,): places in `species`, negative for padding; neighbours (N, K): indices of
    atoms within the cutoff, or farther, and anything that is no index in empty places; shifts (N, K, 3) Å:
    what is added to the neighbour's position.
    """

    def __init__(self, model: Model, theta: Any, dtype: Any = "float64", limits: Limits = XLA) -> None:
        self.model = optimize(model)
        self.plan = make_plan(self.model, limits)
        self.theta = np.asarray(theta, dtype)
        self.dtype = jnp.dtype(dtype)
        self.species = model.species

    @property
    def lists(self) -> tuple[Domain, ...]:
        return self.plan.lists

    @property
    def cutoff(self) -> float:
        """Å; 0 without neighbours."""
        return max((float(d.rc or 0.0) for d in self.lists), default=0.0)

    def __call__(self, positions: Array, species: Array, neighbours: Array, shifts: Array) -> Found:
        site, near, parts = self._parts(positions, species, neighbours, shifts)
        forces, virial = jnp.zeros_like(positions.T), jnp.zeros((3, 3), self.dtype)
        for d, g in parts:
            back = [jnp.zeros_like(row).at[near.j].add(part) for row, part in zip(forces, g, strict=True)]
            forces = forces + g.sum(-1) - jnp.stack(back)
            virial = virial + jnp.stack([jnp.stack([(a * part).sum() for part in g]) for a in d])
        return Found(site.sum(), site, forces.T, virial)

    def by_vectors(self, species: Array, neighbours: Array, vectors: Array) -> tuple[Array, Array]:
        """Site energies (N,) eV, and dE/dd (N, K, 3) eV/Å by the vectors d (N, K, 3) Å from atoms to
        neighbours: 0 in empty places and beyond the cutoff.
        """
        at = jnp.zeros((len(species), 3), self.dtype)
        site, _, parts = self._parts(at, species, neighbours, vectors)
        none = jnp.zeros((3, *neighbours.shape), self.dtype)
        return site, jnp.moveaxis(sum((g for _, g in parts), none), 0, -1)

    def _parts(
        self, positions: Array, species: Array, neighbours: Array, shifts: Array
    ) -> tuple[Array, Edge, list[tuple[Rows, Array]]]:
        """Site energies, the neighbours, and of each cutoff the vectors d and g = dE/dd, each (3, N, K)."""
        real = species >= 0
        kinds = jnp.where(real, species, 0)
        near = self._edges(neighbours, shifts)
        ones = jnp.where(species[:1] >= np.iinfo(np.int32).min, 1, 0).astype(self.dtype)
        arrays = Arrays(positions.T, kinds, jnp.zeros_like(kinds), real, ones, (near,) * len(self.lists))
        lists = dict.fromkeys(self.lists, near)
        run = GraphInterpreter(self.plan, self.model, jnp.asarray(self.theta), arrays, lists, self.dtype)
        outputs = run.outputs()
        site = outputs.pop("site_energy")
        parts = []
        for name, found in outputs.items():
            domain = dict(self.plan.outputs)[name].kind.domain
            within = run.mask(domain, domain.rc or 0.0) & real[:, None]
            parts.append((run.vector(domain), jnp.where(within, found, 0.0)))
        return site, near, parts

    def _edges(self, neighbours: Array, shifts: Array) -> Edge:
        atoms = neighbours.shape[0]
        valid = (neighbours >= 0) & (neighbours < atoms)
        own = jnp.arange(atoms, dtype=neighbours.dtype)[:, None]
        aside = jnp.asarray(self.cutoff * _ASIDE, self.dtype)
        shift = jnp.where(valid[..., None], shifts, aside)
        # no sum goes through reversed edges: derivatives with respect to neighbours leave as they are
        return Edge(jnp.where(valid, neighbours, own), jnp.moveaxis(shift, -1, 0), valid, valid)


def exported(function: Portable, platforms: tuple[str, ...] = PLATFORMS) -> jax.export.Exported:
    """Lowered for platforms that need not be here, sizes left open; the result is a dictionary."""
    n, k = jax.export.symbolic_shape(
        ", ".join(SYMBOLIC), constraints=[f"{name} >= {_LEAST}" for name in SYMBOLIC]
    )
    real, index = function.dtype, np.int32
    arguments = [((n, 3), real), ((n,), index), ((n, k), index), ((n, k, 3), real)]
    shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in arguments]

    @jax.jit
    def potential(positions: Array, species: Array, neighbours: Array, shifts: Array) -> dict[str, Array]:
        return function(positions, species, neighbours, shifts)._asdict()

    return jax.export.export(potential, platforms=platforms)(*shapes)


def serialized(function: Portable, platforms: tuple[str, ...] = PLATFORMS) -> bytes:
    """The function in jax's stable form, StableHLO. Raises ImportError without the package flatbuffers."""
    return bytes(exported(function, platforms).serialize())


def loaded(data: bytes) -> Callable[..., dict[str, Array]]:
    """What `serialized` gave, as a function of arrays. Raises ImportError as that does."""
    found: Callable[..., dict[str, Array]] = jax.jit(jax.export.deserialize(bytearray(data)).call)
    return found
