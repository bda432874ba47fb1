"""The loss of the structures and its gradient by the trained parameters, a batch at a time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..structures.arrays import Floats
from .residuals import Item, Residuals, in_order


def of_batch(part: Residuals, theta: Float[Floats, " F"], item: Item) -> tuple[float, Float[Floats, " F"]]:
    """½ Σ r² of a batch and its gradient."""
    return _of_batch(part, part.full(theta), item)


def summed(part: Residuals, theta: Float[Floats, " F"]) -> tuple[float, Float[Floats, " F"]]:
    """½ Σ r² of a part of the structures and its gradient; a batch for each core."""
    full, total, gradient = part.full(theta), 0.0, np.zeros(len(theta))
    found = in_order(lambda item: _of_batch(part, full, item), part.batches(), part.deadline)
    for loss, own in found:
        total, gradient = total + loss, gradient + own
    return total, gradient


def _of_batch(part: Residuals, full: Floats, item: Item) -> tuple[float, Float[Floats, " F"]]:
    arrays, batch, labels = item
    loss, gradient = part.outputs.loss(full, arrays, *part.dense_rows(batch, labels))
    return loss, gradient[part.free]
