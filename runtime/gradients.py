"""The loss of a batch and its gradient with respect to the free parameters, by jax's reverse mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..compiler.backends.xla import Arrays
from .residuals import Item, Residuals


class TrainBatch(NamedTuple):
    """A batch with the weight and the target of each of its outputs."""

    arrays: Arrays
    scale: Any
    target: Any


def value_and_gradient(problem: Residuals) -> Callable[[Any, TrainBatch], tuple[Any, Any]]:
    """(theta_free, batch) -> ½ Σ r² over the batch and its gradient, compiled once for each shape."""
    full: Any = jnp.asarray(problem.potential.theta, problem.kernel.dtype)
    free = jnp.asarray(problem.free)

    def loss(theta: Any, batch: TrainBatch) -> Any:
        every = full.at[free].set(theta.astype(full.dtype))
        residual = batch.scale * (problem.outputs(every, batch.arrays) - batch.target)
        return 0.5 * jnp.sum(residual * residual)

    return jax.jit(jax.value_and_grad(loss))


def train_batch(problem: Residuals, item: Item) -> TrainBatch:
    """A batch of the problem, in the precision of its kernel."""
    arrays, batch, labels = item
    scale, target = problem.dense_rows(batch, labels)
    return TrainBatch(arrays, scale.astype(problem.kernel.dtype), target.astype(problem.kernel.dtype))
