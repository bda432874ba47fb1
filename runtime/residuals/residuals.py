"""Weighted residuals of a potential on data, and their derivatives with respect to parameters, streamed over
batches.

Rows: (E − E_label)/n_atoms/σ_E, (F − F_label)/σ_F, (stress − label)/σ_S (six components), each times √weight.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float, Int

from ...compiler.analysis.linearity import linear_parameters
from ...compiler.backends.xla.kernel import Arrays, Kernel
from ...compiler.chemistry.constants import GPA
from ..optimize.qr_system import Accumulator, Indices, Mask, TriangularSystem
from ..potential.potential import Potential
from ..structures.arrays import Floats
from ..structures.batches import Batch, BatchPlan, Labels, make_labels, plan_batches
from ..structures.structure import Structure
from .config import WeightsConfig
from .derivatives import UPPER, Derivatives, compiled, outputs

Item = tuple[Arrays, Batch, Labels]
R = TypeVar("R")

# elements of a batch that work best: dense lists stay in the cache of a core
_ELEMENTS = {"edge": 1 << 12, "pair": 1 << 16}


@dataclass(frozen=True)
class Sigmas:
    """The standard deviations of labels: eV/atom, eV/Å, eV/Å³."""

    energy: float
    forces: float
    stress: float

    @classmethod
    def of(cls, weights: WeightsConfig) -> Sigmas:
        """As the configuration has them, which gives the stress in GPa."""
        return cls(weights.sigma_energy, weights.sigma_forces, weights.sigma_stress / GPA)


class ResidualRows(NamedTuple):
    """Rows of one batch, weighted."""

    residual: Float[Floats, " m"]
    jacobian: Float[Floats, "m F"]  # by F of the trained numbers
    structure: Int[Indices, " m"]  # the place of its structure among the structures
    quantity: Int[Indices, " m"]  # 0 of an energy, 1 of a force component, 2 of a component of the stress


class Residuals:
    """The least-squares problem of `potential` on `structures`, in its free parameters
    (`LeastSquaresProblem`).
    """

    def __init__(
        self,
        potential: Potential,
        structures: Sequence[Structure],
        sigmas: Sigmas,
        memory_mb: float = 1000.0,
        on_progress: Callable[[float], None] | None = None,
        precision: str = "float64",
    ) -> None:
        self.potential, self.structures, self.sigmas = potential, structures, sigmas
        self.on_progress = on_progress
        model = potential.model
        self.free = potential.free
        self.names = [c.name for c in model.vector.trained]
        self.lower = np.array(model.vector.lower)[self.free]
        self.upper = np.array(model.vector.upper)[self.free]
        solved = model.vector.among(linear_parameters(model))
        self.linear: Mask = np.array(solved, dtype=bool)[self.free]
        self.kernel: Kernel = potential.kernel(precision)
        self.plan: BatchPlan = plan_batches(
            structures,
            potential.list_specs(precision),
            potential.species,
            max_elements=batch_elements(self.kernel, memory_mb),
        )
        self._memory = memory_mb * 1e6
        self.outputs = outputs(self.kernel)
        self._values = compiled(self.kernel)[0]
        self._derivatives = Derivatives(self.kernel)
        self._keeps = self._fits_in_memory()
        self._kept: dict[int, Item] = {}
        self._affine: tuple[Floats, TriangularSystem] | None = None

    # --- Problem -----------------------------------------------------------------------------

    def loss(self, theta: Floats) -> float:
        """½ Σ r²."""
        full = self._full(theta)
        total = 0.0
        for arrays, batch, labels in self.batches():
            rows, scale, target = self._rows(batch, labels)
            residual = scale * (np.asarray(self._values(full, arrays))[rows] - target)
            total += 0.5 * float(residual @ residual)
        return total

    def linearize(self, theta: Floats, columns: Indices) -> TriangularSystem:
        """Residuals and derivatives with respect to `columns` of the free parameters."""
        if self._affine is not None and len(columns) == len(self.free):
            before, known = self._affine  # all parameters are linear: one linearisation serves everywhere
            return known.moved(theta - before)
        system = self._accumulated(theta, columns)
        if self.linear.all() and len(columns) == len(self.free):
            self._affine = theta.copy(), system
        return system

    def _accumulated(self, theta: Floats, columns: Indices) -> TriangularSystem:
        accumulator = Accumulator(len(columns))
        for rows in self.rows(theta, columns):
            accumulator.add(rows.residual, rows.jacobian)
        return accumulator.system()

    def rows(
        self, theta: Floats, columns: Indices, chosen: Sequence[int] | None = None
    ) -> Iterator[ResidualRows]:
        """Residuals and derivatives with respect to `columns`, a batch at a time, of those chosen."""
        full, done = self._full(theta), 0
        groups = self.plan.groups if chosen is None else [self.plan.groups[k] for k in chosen]
        total = max(1, sum(self.structures[k].n_atoms for _, indices in groups for k in indices))
        found = in_order(partial(self._rows_of, full, columns), self.batches(chosen))
        for (_, indices), rows in zip(groups, found, strict=True):
            yield rows._replace(structure=np.array(indices, dtype=np.intp)[rows.structure])
            done += sum(self.structures[k].n_atoms for k in indices)
            if self.on_progress:
                self.on_progress(done / total)

    @property
    def n_directions(self) -> int:
        """Along how many directions all derivatives of an output are taken."""
        return self._derivatives.n_directions(self.free)

    # --- rows --------------------------------------------------------------------------------

    def _rows(self, batch: Batch, labels: Labels) -> tuple[Indices, Floats, Floats]:
        """The outputs that are compared, their weights and labels; the order is that of `_outputs`."""
        scale, target = self.dense_rows(batch, labels)
        rows = np.flatnonzero(scale)
        return rows, scale[rows], target[rows]

    def dense_rows(self, batch: Batch, labels: Labels) -> tuple[Floats, Floats]:
        """Weight and target of every output, the weight 0 where there is no label."""
        root = np.sqrt(labels.weight)
        atoms = np.maximum(batch.n_atoms, 1)
        per_atom = np.where(batch.real, (root * labels.has_forces)[batch.structure], 0.0) / self.sigmas.forces
        volume = np.where(batch.volume > 0, batch.volume, 1.0)
        has_stress = np.moveaxis(labels.has_stress & (batch.volume > 0)[:, None, None], 0, -1)[UPPER]
        stress = np.where(has_stress, root / volume, 0.0) / self.sigmas.stress
        scale = np.concatenate(
            [root * labels.has_energy / atoms / self.sigmas.energy, np.tile(per_atom, 3), stress.ravel()]
        )
        virial = np.moveaxis(labels.stress, 0, -1) * volume
        target = np.concatenate([labels.energy, labels.forces.ravel(), virial[UPPER].ravel()])
        return scale, target

    def _rows_of(self, full: Floats, columns: Indices, item: Item) -> ResidualRows:
        """The rows of a batch; structures by their place in it."""
        arrays, batch, labels = item
        rows, scale, target = self._rows(batch, labels)
        jacobian = np.zeros((len(rows), 0))
        if len(columns):
            jacobian = (self._derivatives(full, arrays, self.free[columns])[:, rows] * scale).T
        residual = scale * (np.asarray(self._values(full, arrays))[rows] - target)
        structures = np.arange(batch.n_structures)
        owner = np.concatenate([structures, np.tile(batch.structure, 3), np.tile(structures, 6)])
        quantity = np.repeat([0, 1, 2], [batch.n_structures, 3 * len(batch.real), 6 * batch.n_structures])
        return ResidualRows(residual, jacobian, owner[rows], quantity[rows])

    def _full(self, theta: Floats) -> Floats:
        return self.potential.scatter(theta).astype(self.kernel.dtype)

    def _fits_in_memory(self) -> bool:
        elements = sum(shape.elements(self.plan.specs) for shape, _ in self.plan.groups)
        return elements * 64.0 < 0.25 * self._memory

    def batches(self, chosen: Sequence[int] | None = None) -> Iterator[Item]:
        """All batches, or those chosen; kept on the device where all are small against the memory allowed."""
        for k in range(len(self.plan.groups)) if chosen is None else chosen:
            item = self._kept.get(k)
            if item is None:
                batch, indices = self.plan.batch(k)
                item = (self.kernel.arrays(batch), batch, make_labels(self.structures, batch, indices))
                if self._keeps:
                    self._kept[k] = item
            yield item


def batch_elements(kernel: Kernel, memory_mb: float) -> int:
    """How large a batch may be: what runs fastest, or less where memory does not allow it (about 2 kB an
    element).
    """
    best = min((_ELEMENTS[d.name] for d in kernel.lists), default=1 << 16)
    return max(256, min(best, int(memory_mb * 1e6 / 2e3)))


def in_order(work: Callable[[Item], R], items: Iterator[Item]) -> Iterator[R]:
    """Results of work in the order of the items, on all cores; few items are held at a time."""
    workers = max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # an interruption starts nothing more, and does not wait for a thread in a compiler
        pool.shutdown(wait=not waiting, cancel_futures=True)
