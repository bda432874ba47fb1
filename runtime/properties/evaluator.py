"""A potential at a structure: energy, forces and virial, and their derivatives along strains, displacements
and parameters.

Compiling a kernel costs seconds and running it milliseconds, so all structures of a measurement share one
padded shape, and three functions do for everything: the kernel, or another target in its place, its
derivative along a strain and a displacement (forward mode through the differentiated IR, exact), and the
derivatives of the energy with respect to all parameters (reverse mode, exact).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from ..potential.evaluators import Evaluator as Target
from ..potential.potential import Potential
from ..structures.arrays import Floats, Forces, PerAtom, Theta
from ..structures.batches import Batch, build
from ..structures.neighbors import pairs
from ..structures.padding import ListSpec, Shape, nice, sizes
from ..structures.structure import Structure
from .results import Unmeasured

if TYPE_CHECKING:  # faults of a configuration do not wait for jax
    from jax import Array

    from ...compiler.backends.xla.kernel import Arrays, Kernel


@dataclass(frozen=True, eq=False)
class Direction:
    """A way to move a structure."""

    strain: Float[Floats, "3 3"]  # symmetric
    displacement: Float[Floats, "N 3"]  # Å

    def __add__(self, other: Direction) -> Direction:
        return Direction(self.strain + other.strain, self.displacement + other.displacement)

    def __mul__(self, factor: float) -> Direction:
        return Direction(factor * self.strain, factor * self.displacement)


@dataclass(frozen=True, eq=False)
class Slopes:
    """Of the energy, or of one of its derivatives."""

    forces: Forces
    virial: Float[Floats, "3 3"]  # dE/dε, eV

    def along(self, way: Direction) -> float:
        """The derivative along a direction."""
        return float(np.sum(self.virial * way.strain) - np.sum(self.forces * way.displacement))


@dataclass(frozen=True, eq=False)
class Values(Slopes):
    """The energy of a structure and its slopes."""

    energy: float  # eV
    site_energy: PerAtom  # eV


class _Compiled(NamedTuple):
    push: Callable[
        [Float[Array, " P"], Arrays, Float[Floats, "3 3"], Float[Floats, "3 N"]],
        tuple[Float[Array, "3 3"], Float[Array, "3 N"]],
    ]
    by_theta: Callable[[Float[Array, " P"], Arrays], Float[Array, " P"]]


@lru_cache(maxsize=4)  # a loop that measures one formula at many parameters compiles once
def _compiled(kernel: Kernel) -> _Compiled:
    import jax
    import jax.numpy as jnp

    def moved(arrays: Arrays, strain: Float[Array, "3 3"], displacement: Float[Array, "3 N"]) -> Arrays:
        deformed = jnp.eye(3) + strain
        lists = tuple(x._replace(shift=jnp.tensordot(deformed, x.shift, 1)) for x in arrays.lists)
        return arrays._replace(positions=deformed @ arrays.positions + displacement, lists=lists)

    def push(
        theta: Float[Array, " P"],
        arrays: Arrays,
        strain: Float[Array, "3 3"],
        displacement: Float[Array, "3 N"],
    ) -> tuple[Float[Array, "3 3"], Float[Array, "3 N"]]:
        def along(s: Float[Array, ""]) -> tuple[Float[Array, "3 3"], Float[Array, "3 N"]]:
            out = kernel.predict(theta, moved(arrays, s * strain, s * displacement))
            return out.virial[:, :, 0], out.forces

        return jax.jvp(along, (0.0,), (1.0,))[1]

    def by_theta(theta: Float[Array, " P"], arrays: Arrays) -> Float[Array, " P"]:
        return jax.grad(lambda t: kernel.predict(t, arrays).energy[0])(theta)

    return _Compiled(jax.jit(push), jax.jit(by_theta))


class Evaluator:
    """The potential at structures, in few compiled shapes.

    `with_gradients` says whether derivatives with respect to parameters are wanted. All methods raise
    Unmeasured where a number is not finite.
    """

    def __init__(self, potential: Potential, with_gradients: bool, by: Target | None = None) -> None:
        """by: gives energies, forces and virials; None: XLA, which gives all else."""
        import jax.numpy as jnp

        self.potential, self.with_gradients, self.by = potential, with_gradients, by
        self.kernel: Kernel = potential.kernel()
        self.specs: tuple[ListSpec, ...] = potential.list_specs()
        self.cutoff = max((s.cutoff for s in self.specs), default=0.0)
        self._theta = jnp.asarray(potential.theta)
        self._shapes: list[Shape] = []
        self._latest: tuple[Structure, Arrays] | None = None

    def reserve(self, structures: Sequence[Structure]) -> None:
        """Make one shape that holds each of these structures."""
        if not structures:
            return
        needed = [self._needed(s) for s in structures]
        atoms = max(n.atoms for n in needed)
        lists = tuple(nice(max(column), 8) for column in zip(*(n.lists for n in needed), strict=True))
        self._shapes.append(Shape(atoms, 1, lists))

    def values(self, structure: Structure) -> Values:
        """Energy, forces, virial and site energies."""
        found = self._by_xla(structure) if self.by is None else self._by_target(self.by, structure)
        parts = (found.energy, found.forces, found.virial)
        if not all(np.isfinite(part).all() for part in parts):
            raise Unmeasured("the energy or a force is not finite")
        return found

    def _by_xla(self, structure: Structure) -> Values:
        n = structure.n_atoms
        out = self.kernel(self._theta, self._arrays(structure))
        energy, forces, virial, sites = (np.asarray(part, dtype=np.float64) for part in out)
        return Values(forces[:, :n].T.copy(), virial[:, :, 0].copy(), float(energy[0]), sites[:n].copy())

    def _by_target(self, by: Target, structure: Structure) -> Values:
        _require_finite(structure)
        found = by.evaluate(self.potential.theta, structure, by.lists(structure, 0.0))
        return Values(found.forces, found.virial, found.energy, found.site_energy)

    def push(self, structure: Structure, way: Direction) -> Slopes:
        """The change of virial and forces along a direction, per unit of it; exact."""
        n = structure.n_atoms
        arrays = self._arrays(structure)
        displacement = np.zeros_like(np.asarray(arrays.positions))
        displacement[:, :n] = way.displacement.T
        virial, forces = self._functions.push(self._theta, arrays, way.strain, displacement)
        moved = Slopes(np.asarray(forces)[:, :n].T.copy(), np.asarray(virial).copy())
        if not np.isfinite(moved.forces).all() or not np.isfinite(moved.virial).all():
            raise Unmeasured("a second derivative of the energy is not finite")
        return moved

    def by_theta(self, structure: Structure) -> Theta:
        """dE/dθ, all parameters (exact)."""
        gradient = np.array(self._functions.by_theta(self._theta, self._arrays(structure)))
        if not np.isfinite(gradient).all():
            raise Unmeasured("a derivative with respect to a parameter is not finite")
        return gradient

    def slope_by_theta(self, structure: Structure, way: Direction, step: float = 2e-3) -> Theta:
        """d/dθ of the first derivative of the energy along a direction: fourth-order differences along
        the direction, neighbours moving by `step` Å, of exact derivatives with respect to θ.
        """
        h = step / _size(structure, way)
        sides = [self.by_theta(along(structure, way, k * h)) for k in (-2, -1, 1, 2)]
        return (sides[0] - 8 * sides[1] + 8 * sides[2] - sides[3]) / (12 * h)

    def curvature_by_theta(self, structure: Structure, way: Direction, step: float = 2e-2) -> Theta:
        """d/dθ of the second derivative of the energy along a direction, as `slope_by_theta`."""
        h = step / _size(structure, way)
        a, b, c, d, e = (self.by_theta(along(structure, way, k * h)) for k in (-2, -1, 0, 1, 2))
        return (-a + 16 * b - 30 * c + 16 * d - e) / (12 * h * h)

    @property
    def _functions(self) -> _Compiled:
        return _compiled(self.kernel)

    def _needed(self, structure: Structure) -> Shape:
        found = pairs(structure, self.cutoff or 1.0)
        return Shape(structure.n_atoms, 1, tuple(sizes(found, self.specs, structure.n_atoms)))

    def _arrays(self, structure: Structure) -> Arrays:
        if (
            self._latest is None or self._latest[0] is not structure
        ):  # many derivatives are taken at one place
            self._latest = structure, self.kernel.arrays(self._batch(structure))
        return self._latest[1]

    def _batch(self, structure: Structure) -> Batch:
        """In the smallest shape that holds it; in a new one, with room, where none does."""
        _require_finite(structure)
        found = pairs(structure, self.cutoff or 1.0)
        n = structure.n_atoms
        least = Shape(n, 1, tuple(sizes(found, self.specs, n)))
        fitting = [s for s in self._shapes if s.holds(least)]
        if not fitting:
            fitting = [Shape(nice(n, 16), 1, tuple(nice(c + c // 8 + 1, 4) for c in least.lists))]
            self._shapes += fitting
        shape = min(fitting, key=lambda s: s.elements(self.specs))
        return build([structure], self.specs, self.potential.species, shape, [found])


def _require_finite(structure: Structure) -> None:
    if not np.isfinite(structure.positions).all() or not np.isfinite(structure.cell).all():
        raise Unmeasured("the atoms moved to infinity")


def along(structure: Structure, way: Direction, s: float) -> Structure:
    """The structure moved by s along a direction: X(s) with dX/ds = strain·X + displacement."""
    rates, axes = np.linalg.eigh(way.strain)
    growth = np.expm1(s * rates)
    deformed = np.eye(3) + (axes * growth) @ axes.T
    flat = rates == 0
    # ∫ exp(tλ) dt from 0 to s, which is s where λ is 0
    integral = (axes * np.where(flat, s, growth / np.where(flat, 1.0, rates))) @ axes.T
    return replace(
        structure,
        positions=structure.positions @ deformed.T + way.displacement @ integral.T,
        cell=structure.cell @ deformed.T,
    )


def _size(structure: Structure, way: Direction) -> float:
    """How far neighbours move against each other for a unit step, about, in Å."""
    bond = max(structure.volume, 1.0) ** (1 / 3) / structure.n_atoms ** (1 / 3)
    moved = float(np.linalg.norm(way.displacement, axis=1).max(initial=0.0))
    size = bond * float(np.abs(way.strain).max()) + moved
    return size if size > 0 else 1.0
