"""Weighted residuals of a potential on data, and their derivatives with respect to parameters, streamed over batches.

Rows: (E − E_label)/n_atoms/σ_E, (F − F_label)/σ_F, (stress − label)/σ_S (six components), each times √weight.
Derivatives are forward-mode, by jax, through the differentiated IR: rows are many, parameters few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..compiler.backends.xla import Arrays, Kernel
from ..compiler.linearity import linear_parameters
from .batches import Batch, BatchPlan, Labels, make_labels, plan_batches
from .normal import Accumulator, Indices, Mask, System
from .potential import Potential, free_mask, number_names
from .structures import Structure

Array = NDArray[np.float64]
_UPPER = np.triu_indices(3)


@dataclass(frozen=True)
class Sigmas:
    """What counts as an error of one: eV/atom, eV/Å, eV/Å³."""

    energy: float
    forces: float
    stress: float


class Residuals:
    """The least-squares problem of `potential` on `structures`, in its free parameters (`least_squares.Problem`)."""

    def __init__(
        self,
        potential: Potential,
        structures: Sequence[Structure],
        sigmas: Sigmas,
        memory_mb: float = 1000.0,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.potential, self.structures, self.sigmas = potential, structures, sigmas
        self.progress = progress
        model = potential.model
        free = free_mask(model)
        self.free = np.flatnonzero(free)
        self.names = [n for n, f in zip(number_names(model), free, strict=True) if f]
        self.lower = np.array([v for p in model.parameters for v in p.lower])[free]
        self.upper = np.array([v for p in model.parameters for v in p.upper])[free]
        solved = linear_parameters(model)
        self.linear: Mask = np.array([p.name in solved for p in model.parameters for _ in p.start], dtype=bool)[free]
        self.kernel: Kernel = potential.kernel()
        self._memory = memory_mb * 1e6
        self.plan: BatchPlan = plan_batches(
            structures, potential.list_specs(), potential.species, max_elements=max(1 << 12, int(self._memory / 2e4))
        )
        self.outputs = _outputs(self.kernel)
        self._values = jax.jit(self.outputs)
        self._tangents = jax.jit(_tangents(self.kernel))
        self._kept: list[tuple[Arrays, Batch, Labels]] | None = [] if self._fits_in_memory() else None
        self._affine: tuple[Array, System] | None = None

    # --- Problem -----------------------------------------------------------------------------

    def loss(self, theta: Array) -> float:
        """½ Σ r²."""
        full = self._full(theta)
        total = 0.0
        for arrays, batch, labels in self.batches():
            rows, scale, target = self._rows(batch, labels)
            residual = scale * (np.asarray(self._values(full, arrays))[rows] - target)
            total += 0.5 * float(residual @ residual)
        return total

    def linearize(self, theta: Array, columns: Indices) -> System:
        """Residuals and derivatives with respect to `columns` of the free parameters."""
        if self._affine is not None and len(columns) == len(self.free):
            known = self._moved(theta)
            if known is not None:
                return known
        system = self._accumulated(theta, columns)
        if self.linear.all() and len(columns) == len(self.free):
            self._affine = theta.copy(), system
        return system

    def _moved(self, theta: Array) -> System | None:
        """Where all parameters are linear, one linearisation serves everywhere; the loss is the check."""
        assert self._affine is not None
        before, system = self._affine
        moved = system.moved(theta - before)
        return moved if abs(self.loss(theta) - moved.loss) <= 1e-9 * moved.loss + 1e-12 else None

    def _accumulated(self, theta: Array, columns: Indices) -> System:
        full = self._full(theta)
        accumulator = Accumulator(len(columns))
        done = 0
        for arrays, batch, labels in self.batches():
            rows, scale, target = self._rows(batch, labels)
            values, jacobian = self._jacobian(full, arrays, batch, self.free[columns])
            residual = scale * (values[rows] - target)
            accumulator.add(residual, (jacobian[:, rows] * scale).T)
            done += batch.n_atoms.sum()
            if self.progress:
                self.progress(done / max(1, sum(s.n_atoms for s in self.structures)))
        return accumulator.system()

    # --- rows --------------------------------------------------------------------------------

    def n_rows(self) -> int:
        """Rows that labels give."""
        count = 0
        for s in self.structures:
            count += (s.energy is not None) + (0 if s.forces is None else 3 * s.n_atoms)
            count += 6 * (s.stress is not None and s.volume > 0)
        return count

    def _rows(self, batch: Batch, labels: Labels) -> tuple[Indices, Array, Array]:
        """Which outputs are compared, with what weight, to what; the order is that of `_outputs`."""
        scale, target = self.dense_rows(batch, labels)
        rows = np.flatnonzero(scale)
        return rows, scale[rows], target[rows]

    def dense_rows(self, batch: Batch, labels: Labels) -> tuple[Array, Array]:
        """Weight and target of every output, the weight 0 where there is no label."""
        root = np.sqrt(labels.weight)
        atoms = np.maximum(batch.n_atoms, 1)
        per_atom = np.where(batch.real, (root * labels.has_forces)[batch.structure], 0.0) / self.sigmas.forces
        volume = np.where(batch.volume > 0, batch.volume, 1.0)
        stress = np.where(labels.has_stress & (batch.volume > 0), root / volume, 0.0) / self.sigmas.stress
        scale = np.concatenate(
            [root * labels.has_energy / atoms / self.sigmas.energy, np.tile(per_atom, 3), np.tile(stress, 6)]
        )
        virial = np.moveaxis(labels.stress, 0, -1) * volume
        target = np.concatenate([labels.energy, labels.forces.ravel(), virial[_UPPER].ravel()])
        return scale, target

    def _jacobian(self, full: Array, arrays: Arrays, batch: Batch, columns: Indices) -> tuple[Array, Array]:
        """Outputs (m,) and their derivatives (P, m), a few parameters at a time so that memory stays bounded."""
        width = self._width(batch, len(columns))
        parts = []
        for first in range(0, len(columns), width):
            chunk = columns[first : first + width]
            seeds = np.zeros((width, len(full)))
            seeds[np.arange(len(chunk)), chunk] = 1.0
            parts.append(np.asarray(self._tangents(full, arrays, seeds))[: len(chunk)])
        values = np.asarray(self._values(full, arrays))
        return values, np.concatenate(parts) if parts else np.zeros((0, len(values)))

    def _width(self, batch: Batch, n: int) -> int:
        """Parameters differentiated at once; equal parts, so that there is one compilation."""
        slots = batch.shape.elements(self.plan.specs)
        most = max(1, int(self._memory / (slots * 8.0 * 16.0)))
        parts = -(-n // min(n, most)) if n else 1
        return -(-n // parts) if n else 1

    def _full(self, theta: Array) -> Array:
        full = self.potential.theta.copy()
        full[self.free] = theta
        return full

    def _fits_in_memory(self) -> bool:
        elements = sum(shape.elements(self.plan.specs) for shape, _ in self.plan.groups)
        return elements * 64.0 < 0.25 * self._memory

    def batches(self) -> Iterator[tuple[Arrays, Batch, Labels]]:
        """All batches; kept on the device where they are small against the memory allowed."""
        if self._kept:
            yield from self._kept
            return
        for batch, indices in self.plan.batches():
            item = (self.kernel.arrays(batch), batch, make_labels(self.structures, batch, indices))
            if self._kept is not None:
                self._kept.append(item)
            yield item


def _outputs(kernel: Kernel) -> Callable[[Array, Arrays], jax.Array]:
    """Energy (B,), forces (3N,), virial (6B,) in one row."""

    def outputs(theta: Array, arrays: Arrays) -> jax.Array:
        p = kernel.predict(theta, arrays)
        return jnp.concatenate([p.energy, p.forces.ravel(), p.virial[_UPPER].ravel()])

    return outputs


def _tangents(kernel: Kernel) -> Callable[[Array, Arrays, Array], jax.Array]:
    """Derivatives of the outputs along each row of seeds (P, n_theta): (P, m)."""
    outputs = _outputs(kernel)

    def tangents(theta: Array, arrays: Arrays, seeds: Array) -> jax.Array:
        _, push = jax.linearize(lambda t: outputs(t, arrays), theta)
        return jax.vmap(push)(seeds)

    return tangents
