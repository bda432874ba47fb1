"""The loss of a batch and its gradient with respect to the free parameters, by jax's reverse mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..compiler.backends.xla import Arrays
from .residuals import Residuals


class TrainBatch(NamedTuple):
    """A batch with the weight and the target of each of its outputs."""

    arrays: Arrays
    scale: Any
    target: Any


def loss_gradients(
    problem: Residuals,
) -> tuple[Callable[[Any, TrainBatch], tuple[Any, Any]], list[TrainBatch]]:
    """`value_and_grad(theta_free, batch)` of ½ Σ r² over a batch, and all batches."""
    full: Any = jnp.asarray(problem.potential.theta)
    free = jnp.asarray(problem.free)

    def loss(theta: Any, batch: TrainBatch) -> Any:
        residual = batch.scale * (problem.outputs(full.at[free].set(theta), batch.arrays) - batch.target)
        return 0.5 * jnp.sum(residual * residual)

    batches = [
        TrainBatch(arrays, *problem.dense_rows(batch, labels)) for arrays, batch, labels in problem.batches()
    ]
    return jax.jit(jax.value_and_grad(loss)), batches
