"""Standard deviations of predictions, from the information of the data about the parameters.

Of an output y with derivatives J (F,) by the trained numbers, σ² = J Σ Jᵀ = ‖J A‖² with Σ = A Aᵀ the
covariance of the numbers. J A is computed forwards, a column of A at a time: no J is kept.

This is what the data leave open *within* the formula. What the formula cannot describe is no part of it, and
is the larger part of the errors of small models: `Calibration` adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ...compiler.backends.xla.kernel import Arrays
from ..potential.potential import Potential
from ..residuals.derivatives import WIDTH, compiled
from ..residuals.xla import batch_elements
from ..structures.arrays import Floats
from ..structures.batches import Batch, plan_batches
from ..structures.structure import Structure
from .calibration import Calibration, Deviation


class Uncertainty:
    """Deviations of the predictions of a potential.

    root (F, F) is A above, in eV, Å, e; a row of zeros is a number that no label depends on.
    """

    def __init__(
        self,
        potential: Potential,
        root: Floats,
        calibration: Calibration | None = None,
        memory_mb: float = 1000.0,
    ) -> None:
        self.potential, self.calibration = potential, calibration
        self._given = potential, root, calibration, memory_mb
        self._kernel = potential.kernel()
        self._tangents = compiled(self._kernel)[1]
        self._elements = batch_elements(self._kernel, memory_mb)
        free = potential.free
        unreached = ~root.any(axis=1)
        # the last direction moves all that the data did not reach, no two of them alike
        last = np.where(unreached, np.sqrt(1.0 + np.arange(len(root))), 0.0)
        self._seeds = np.zeros((len(root) + 1, len(potential.theta)))
        self._seeds[:, free] = np.vstack([root.T, last])

    def __reduce__(self) -> Any:
        """Kernels are made again in another process."""
        return Uncertainty, self._given

    def predict(
        self, structures: Sequence[Structure], on_progress: Callable[[int], None] | None = None
    ) -> list[Deviation]:
        """The deviations of each structure, without the calibration.

        on_progress: called with the number of structures done.
        Raises DataError: species that the potential lacks.
        """
        plan = plan_batches(
            structures,
            self.potential.list_specs(),
            self.potential.species,
            max_elements=self._elements,
        )
        found: dict[int, Deviation] = {}
        for batch, indices in plan.batches():
            found.update(zip(indices, self.of_batch(batch), strict=False))
            if on_progress:
                on_progress(len(found))
        return [found[k] for k in range(len(structures))]

    def best(self, raw: Sequence[Deviation]) -> list[Deviation]:
        """Deviations calibrated, where the calibration is known."""
        calibration = self.calibration
        return list(raw) if calibration is None else [d.calibrated(calibration) for d in raw]

    def of_batch(self, batch: Batch) -> list[Deviation]:
        """The deviations of each structure of a batch, padding included."""
        deviation = self._outputs(self._kernel.arrays(batch))
        n, b = len(batch.real), batch.n_structures
        energy, forces = deviation[:b], deviation[b : b + 3 * n].reshape(3, n)
        ends = np.cumsum(batch.n_atoms)
        return [
            Deviation(float(energy[k]), forces[:, end - batch.n_atoms[k] : end].T.copy())
            for k, end in enumerate(ends)
        ]

    def _outputs(self, arrays: Arrays) -> Float[Floats, " m"]:
        """σ of all outputs of a batch."""
        theta, total = self.potential.theta, None
        for first in range(0, len(self._seeds) - 1, WIDTH):
            seeds = np.zeros((WIDTH, len(theta)))
            chunk = self._seeds[first : min(first + WIDTH, len(self._seeds) - 1)]
            seeds[: len(chunk)] = chunk
            part = np.square(np.asarray(self._tangents(theta, arrays, seeds)[1])).sum(axis=0)
            total = part if total is None else total + part
        assert total is not None
        if not self._seeds[-1].any():
            return np.sqrt(total)
        seeds = np.zeros((WIDTH, len(theta)))
        seeds[0] = self._seeds[-1]
        open_ended = np.asarray(self._tangents(theta, arrays, seeds)[1])[0] != 0.0
        return np.where(open_ended, np.inf, np.sqrt(total))
