"""Standard deviations of predictions, from the information of the data about the parameters.

Of an output y with derivatives J (F,) by the trained numbers, σ² = J Σ Jᵀ = ‖J A‖² with Σ = A Aᵀ the
covariance of the numbers. J A is computed forwards, a column of A at a time: no J is kept.

This is what the data leave open *within* the formula. What the formula cannot describe is no part of it, and
is the larger part of the errors of small models: `Calibration` adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from ..potential.potential import Potential
from ..residuals.outputs import Laid, outputs_of
from ..structures.arrays import Floats
from ..structures.batches import Batch
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
        self._outputs, self._memory = outputs_of(potential), memory_mb
        free = potential.free
        unreached = ~root.any(axis=1)
        # the last direction moves all that the data did not reach, no two of them alike
        last = np.where(unreached, np.sqrt(1.0 + np.arange(len(root))), 0.0)
        directions = np.zeros((len(root) + 1, len(potential.theta)))
        directions[:, free] = np.vstack([root.T, last])
        self._directions, self._open = directions[:-1], directions[-1]

    def __reduce__(self) -> tuple[object, ...]:
        """Kernels are made again in another process."""
        return Uncertainty, self._given

    def predict(
        self, structures: Sequence[Structure], on_progress: Callable[[int], None] | None = None
    ) -> list[Deviation]:
        """The deviations of each structure, without the calibration.

        on_progress: called with the number of structures done.
        Raises DataError: species that the potential lacks.
        """
        plan = self._outputs.plan(structures, self._memory)
        found: dict[int, Deviation] = {}
        for batch, indices in plan.batches():
            parts = [structures[k] for k in indices]
            found.update(zip(indices, self._of_batch(batch, parts), strict=True))
            if on_progress:
                on_progress(len(found))
        return [found[k] for k in range(len(structures))]

    def of(self, structure: Structure) -> Deviation:
        """The deviation of one structure, without the calibration. Raises DataError as `predict`."""
        return self._of_batch(self._outputs.one(structure), [structure])[0]

    def best(self, raw: Sequence[Deviation]) -> list[Deviation]:
        """Deviations calibrated, where the calibration is known."""
        calibration = self.calibration
        return list(raw) if calibration is None else [d.calibrated(calibration) for d in raw]

    def _of_batch(self, batch: Batch, structures: Sequence[Structure]) -> list[Deviation]:
        sigma = self._sigma(self._outputs.arrays(batch, structures))
        n, b = len(batch.real), batch.n_structures
        energy, forces = sigma[:b], sigma[b : b + 3 * n].reshape(3, n)
        ends = np.cumsum([s.n_atoms for s in structures])
        return [
            Deviation(float(energy[k]), forces[:, end - s.n_atoms : end].T.copy())
            for k, (s, end) in enumerate(zip(structures, ends, strict=True))
        ]

    def _sigma(self, arrays: Laid) -> Float[Floats, " m"]:
        """σ of all outputs of a batch."""
        theta = self._outputs.at(self.potential.theta)
        parts = self._outputs.along(theta, arrays, self._directions)
        sigma = np.sqrt(sum(np.square(part).sum(axis=0) for part in parts))
        if not self._open.any():
            return sigma
        (moved,) = self._outputs.along(theta, arrays, self._open[None])
        return np.where(moved[0] != 0.0, np.inf, sigma)
