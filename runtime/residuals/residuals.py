"""Weighted residuals of a potential on data, and their derivatives with respect to parameters, streamed over
batches.

Rows: (E − E_label)/n_atoms/σ_E, (F − F_label)/σ_F, (stress − label)/σ_S (six components), each times √weight.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from typing import NamedTuple, TypeVar, TypeVarTuple

import numpy as np
from jaxtyping import Float, Int

from ...compiler.analysis.linearity import linear_parameters
from ...compiler.chemistry.constants import GPA
from ..optimize.deadline import Deadline
from ..optimize.qr_system import Accumulator, Indices, Mask, TriangularSystem, both
from ..potential.potential import Potential
from ..structures.arrays import Floats
from ..structures.batches import Batch, BatchPlan, Labels, make_labels
from ..structures.structure import Structure
from .config import WeightsConfig
from .label_errors import Rmse, rmse, squares
from .outputs import Laid, Outputs, outputs_of
from .places import UPPER

# a batch as the target reads it, the same padded, and its labels
Item = tuple[Laid, Batch, Labels]
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


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
    structure: Int[Indices, " m"]  # the place of its structure among all
    quantity: Int[Indices, " m"]  # 0 of an energy, 1 of a force component, 2 of a component of the stress


class Residuals:
    """The least-squares problem of `potential` on `structures`, in its free parameters
    (`LeastSquaresProblem`).

    deadline: a pass over the data raises TimeIsUp once it is over.
    """

    def __init__(
        self,
        potential: Potential,
        structures: Sequence[Structure],
        sigmas: Sigmas,
        memory_mb: float = 1000.0,
        on_progress: Callable[[float], None] | None = None,
        outputs: Outputs | None = None,
        places: Indices | None = None,
    ) -> None:
        """outputs: those of the potential on a target; None: in double precision on the fastest one.

        places: those of the structures among all, of which these are a part; None: these are all.
        """
        self.potential, self.structures, self.sigmas = potential, structures, sigmas
        self.places: Indices = np.arange(len(structures)) if places is None else places
        self.on_progress = on_progress
        self.deadline = Deadline()
        model = potential.model
        self.free = potential.free
        self.names = [c.name for c in model.vector.trained]
        self.lower = np.array(model.vector.lower)[self.free]
        self.upper = np.array(model.vector.upper)[self.free]
        solved = model.vector.among(linear_parameters(model))
        self.linear: Mask = np.array(solved, dtype=bool)[self.free]
        self.outputs = outputs_of(potential) if outputs is None else outputs
        self.plan: BatchPlan = self.outputs.plan(structures, memory_mb)
        self._memory_mb = memory_mb
        self._room = 0.25e6 * memory_mb  # bytes for batches that are kept
        self._again: tuple[bytes, list[ResidualRows]] = b"", []
        self._kept: dict[int, Item] = {}
        self.weight = np.array([s.weight for s in structures])
        self._noted: dict[bytes, Float[Floats, "3 2"]] = {}
        self._affine: tuple[Floats, TriangularSystem] | None = None

    # --- Problem -----------------------------------------------------------------------------

    def loss(self, theta: Floats) -> float:
        """½ Σ r²."""
        total, sums = self.reduced(Residuals.half_squares, _added, theta)
        self._note(theta, sums)
        return total

    def linearize(self, theta: Floats, columns: Indices) -> TriangularSystem:
        """Residuals and derivatives with respect to `columns` of the free parameters."""
        if self._affine is not None and len(columns) == len(self.free):
            before, known = self._affine  # all parameters are linear: one linearisation serves everywhere
            return known.moved(theta - before)
        system, sums = self.reduced(Residuals.accumulated, _joined, theta, columns)
        self._note(theta, sums)
        if self.linear.all() and len(columns) == len(self.free):
            self._affine = theta.copy(), system
        return system

    def reduced(
        self,
        work: Callable[[Residuals, *Ts], R],
        join: Callable[[R, R], R],
        *args: *Ts,
    ) -> R:
        """work(part, *args) of the parts that the structures are shared out in, joined; this is one part."""
        return work(self, *args)

    def errors_at(self, theta: Floats) -> Rmse | None:
        """The errors of all labels at theta, where one of the last passes over the data was there."""
        sums = self._noted.get(theta.tobytes())
        return None if sums is None else rmse(sums, *astuple(self.sigmas))

    def _note(self, theta: Floats, sums: Float[Floats, "3 2"]) -> None:
        kept = list(self._noted.items())[-3:]
        self._noted = {**dict(kept), theta.tobytes(): sums}

    def half_squares(self, theta: Floats) -> tuple[float, Float[Floats, "3 2"]]:
        """½ Σ r² of this part, and its sums of squares by kind."""
        full = self.full(theta)
        total, sums = 0.0, np.zeros((3, 2))
        found = in_order(partial(self._rows_of, full, np.arange(0)), self.batches(), self.deadline)
        for (_, indices), rows in zip(self.plan.groups, found, strict=True):
            total += 0.5 * float(rows.residual @ rows.residual)
            sums += squares(rows.residual, rows.quantity, self.weight[list(indices)][rows.structure])
        return total, sums

    def accumulated(self, theta: Floats, columns: Indices) -> tuple[TriangularSystem, Float[Floats, "3 2"]]:
        """The linearisation of this part, and its sums of squares by kind."""
        accumulator, sums = Accumulator(len(columns)), np.zeros((3, 2))
        weight = np.ones(int(self.places.max(initial=-1)) + 1)
        weight[self.places] = self.weight
        for rows in self.rows(theta, columns):
            accumulator.add(rows.residual, rows.jacobian)
            sums += squares(rows.residual, rows.quantity, weight[rows.structure])
        return accumulator.system(), sums

    def rows(
        self, theta: Floats, columns: Indices, chosen: Sequence[int] | None = None
    ) -> Iterator[ResidualRows]:
        """Residuals and derivatives with respect to `columns`, a batch at a time, of those chosen; of this
        part alone.
        """
        full, done = self.full(theta), 0
        groups = self.plan.groups if chosen is None else [self.plan.groups[k] for k in chosen]
        total = max(1, sum(self.structures[k].n_atoms for _, indices in groups for k in indices))
        found = in_order(partial(self._rows_of, full, columns), self.batches(chosen), self.deadline)
        for (_, indices), rows in zip(groups, found, strict=True):
            yield rows._replace(structure=self.places[list(indices)][rows.structure])
            done += sum(self.structures[k].n_atoms for k in indices)
            if self.on_progress:
                self.on_progress(done / total)

    def rows_again(self, theta: Floats) -> Iterator[ResidualRows]:
        """All rows of this part by all parameters, for two passes at one theta. Those of the first pass are
        kept for the second, as far as a quarter of the memory allowed has room.
        """
        key = theta.tobytes()
        first, self._again = self._again, (b"", [])
        if first[0] == key:
            yield from first[1]
            groups = range(len(first[1]), len(self.plan.groups))
            yield from self.rows(theta, np.arange(len(theta)), groups) if groups else ()
            return
        kept: list[ResidualRows] = []
        room, is_kept = 0.25e6 * self._memory_mb, True
        for rows in self.rows(theta, np.arange(len(theta))):
            room -= sum(part.nbytes for part in rows)
            is_kept = is_kept and room > 0
            if is_kept:
                kept.append(rows)
            yield rows
        self._again = key, kept

    @property
    def n_directions(self) -> int:
        """Along how many directions all derivatives of an output are taken."""
        return self.outputs.n_directions(self.free)

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
            found = self.outputs.derivatives(full, arrays, self.free[columns])
            jacobian = (found[:, rows] * scale).T
        residual = scale * (self.values(full, arrays, rows) - target)
        structures = np.arange(batch.n_structures)
        owner = np.concatenate([structures, np.tile(batch.structure, 3), np.tile(structures, 6)])
        quantity = np.repeat([0, 1, 2], [batch.n_structures, 3 * len(batch.real), 6 * batch.n_structures])
        return ResidualRows(residual, jacobian, owner[rows], quantity[rows])

    def values(self, full: Floats, arrays: Laid, rows: Indices) -> Floats:
        """The outputs in these rows of a batch."""
        return self.outputs.values(full, arrays)[rows]

    def full(self, theta: Floats) -> Floats:
        """All coefficients at theta, in the precision of the target."""
        return self.outputs.at(self.potential.scatter(theta))

    def batches(self, chosen: Sequence[int] | None = None) -> Iterator[Item]:
        """All batches, or those chosen; as many are kept as a quarter of the memory allowed has room for."""
        for k in range(len(self.plan.groups)) if chosen is None else chosen:
            item = self._kept.get(k)
            if item is None:
                batch, indices = self.plan.batch(k)
                arrays = self.outputs.arrays(batch, [self.structures[i] for i in indices])
                item = (arrays, batch, make_labels(self.structures, batch, indices))
                self._room -= self.outputs.size(arrays, batch)
                if self._room > 0:
                    self._kept[k] = item
            yield item


def _added(
    one: tuple[float, Float[Floats, "3 2"]], other: tuple[float, Float[Floats, "3 2"]]
) -> tuple[float, Float[Floats, "3 2"]]:
    return one[0] + other[0], one[1] + other[1]


def _joined(
    one: tuple[TriangularSystem, Float[Floats, "3 2"]], other: tuple[TriangularSystem, Float[Floats, "3 2"]]
) -> tuple[TriangularSystem, Float[Floats, "3 2"]]:
    return both(one[0], other[0]), one[1] + other[1]


def in_order(
    work: Callable[[Item], R], items: Iterator[Item], deadline: Deadline | None = None
) -> Iterator[R]:
    """Results of work in the order of the items, on all cores; few items are held at a time.

    Raises TimeIsUp at the deadline, also while a thread works, which is left to itself.
    """
    deadline = deadline or Deadline()
    deadline.require()  # also where the first thread would be done by then
    workers = max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > workers:
                yield _result(waiting, deadline)
        while waiting:
            yield _result(waiting, deadline)
    finally:  # an interruption starts nothing more, and does not wait for a thread in a compiler
        pool.shutdown(wait=not waiting, cancel_futures=True)


def _result(waiting: deque[Future[R]], deadline: Deadline) -> R:
    try:
        found = waiting[0].result(deadline.left)
    except TimeoutError:
        deadline.require()
        raise  # it is of the work
    waiting.popleft()
    return found
