"""Minibatch training of large networks with AdamW, a warm-up and a cosine decay, by optax.

Kingma & Ba, arXiv:1412.6980; Loshchilov & Hutter, arXiv:1711.05101 (decoupled decay) and arXiv:1608.03983
(cosine). Batches are visited in an order drawn for each epoch from (seed, epoch), so that a state needs no
generator: a resumed run sees the same batches and gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jaxtyping import Float, PyTree
from numpy.typing import NDArray

from .deadline import Deadline, TimeIsUp
from .failures import not_finite_start

# of the precision in which the training runs
Floating: TypeAlias = NDArray[np.floating]
Vector: TypeAlias = Float[Floating, " P"]
B = TypeVar("B")

# (theta, batch) → a loss and its gradient; theta → the loss that it is judged by
Gradient = Callable[[Vector, B], tuple[float | Float[Array, ""], Vector | Float[Array, " P"]]]
Judgement = Callable[[Vector], float]


@dataclass(frozen=True)
class TrainOptions:
    """Length and learning rates of a training.

    warmup: fraction of all steps.
    decay_to: the last learning rate over the highest.
    clip: upper bound on the norm of a gradient.
    weight_decay: the same for all parameters.
    """

    epochs: int = 100
    learning_rate: float = 1e-3
    warmup: float = 0.02
    decay_to: float = 1e-3
    weight_decay: float = 0.0
    clip: float | None = None
    seed: int = 0
    deadline: Deadline = field(default_factory=Deadline)


@dataclass(frozen=True)
class TrainState:
    """All that the next step depends on, in arrays and numbers. `step` counts batches; `leaves` are optax's.

    `total` sums the losses of the present epoch. `losses` has the rows (mean training loss, validation
    loss); without validation both are the former. `best_theta` has the least of the latter.
    """

    step: int
    theta: Vector
    leaves: tuple[Floating, ...]
    total: float
    losses: Float[Floating, "epochs 2"]
    best_theta: Vector
    best_loss: float
    seconds: float = 0.0


@dataclass(frozen=True)
class Trained:
    """The best epoch's `theta` and its loss.

    `reason`: `epochs` (all done), `time`, `stopped`, `interrupted`, or `diverged` (a loss is not finite).
    """

    theta: Vector
    loss: float
    reason: str
    state: TrainState


def train(
    value_and_grad: Gradient[B],
    theta: Vector,
    batches: Sequence[B],
    options: TrainOptions | None = None,
    validate: Judgement | None = None,
    bounds: tuple[Vector, Vector] | None = None,
    callback: Callable[[TrainState], bool | None] | None = None,
    resume: TrainState | None = None,
) -> Trained:
    """Train from `theta`; the result is the best epoch's parameters, by `validate` where it is given, which
    judges the start too: the result is never worse by it.

    `bounds`, the lower and the upper, are enforced by projection.
    `callback` sees the state after each epoch and stops by returning True. Ctrl-C keeps the best so far; the
    state, given back as `resume`, continues to the same bits. f64 needs JAX's x64 switched on by the caller.

    Raises FitError `not-finite-start` where the first loss or gradient is not finite.
    """
    options = options or TrainOptions()
    trainer = _Trainer(options, len(batches), bounds, theta)
    state = resume or trainer.begin(theta)
    started = monotonic() - state.seconds
    last = options.epochs * len(batches)
    reason = "epochs"
    order = _order(options.seed, state.step // len(batches), len(batches))
    try:
        if validate and state.step == 0:
            state = replace(state, best_loss=float(validate(state.theta)))
        while state.step < last:
            options.deadline.require()
            place = state.step % len(batches)
            loss, gradient = value_and_grad(state.theta, batches[order[place]])
            if not (np.isfinite(loss) and bool(jnp.all(jnp.isfinite(gradient)))):
                if state.step == 0:
                    raise not_finite_start("the loss or its gradient is")
                reason = "diverged"
                break
            following = trainer.advance(state, float(loss), gradient)
            if place < len(batches) - 1:
                state = following
                continue
            state = _epoch_ended(following, len(batches), validate, monotonic() - started)
            order = _order(options.seed, state.step // len(batches), len(batches))
            if callback and callback(state):
                reason = "stopped"
                break
    except TimeIsUp:
        reason = "time"
    except KeyboardInterrupt:
        reason = "interrupted"
    state = replace(state, seconds=monotonic() - started)
    return Trained(state.best_theta, state.best_loss, reason, state)


def _order(seed: int, epoch: int, n: int) -> NDArray[np.intp]:
    return np.random.default_rng(np.random.SeedSequence([seed, epoch])).permutation(n)


def _epoch_ended(state: TrainState, n_batches: int, validate: Judgement | None, seconds: float) -> TrainState:
    mean = state.total / n_batches
    judged = float(validate(state.theta)) if validate else mean
    better = judged < state.best_loss
    return replace(
        state,
        total=0.0,
        losses=np.vstack([state.losses, [[mean, judged]]]),
        best_theta=state.theta if better else state.best_theta,
        best_loss=judged if better else state.best_loss,
        seconds=seconds,
    )


class _Trainer:
    """The optimiser, its state flattened to arrays and back."""

    def __init__(
        self, options: TrainOptions, n_batches: int, bounds: tuple[Vector, Vector] | None, theta: Vector
    ) -> None:
        steps = max(options.epochs * n_batches, 1)
        rate = optax.warmup_cosine_decay_schedule(
            init_value=options.learning_rate * (options.decay_to if options.warmup else 1.0),
            peak_value=options.learning_rate,
            warmup_steps=int(options.warmup * steps),
            decay_steps=steps,
            end_value=options.learning_rate * options.decay_to,
        )
        clip = [] if options.clip is None else [optax.clip_by_global_norm(options.clip)]
        self._optimiser = optax.chain(*clip, optax.adamw(rate, weight_decay=options.weight_decay))
        self._structure = jax.tree.structure(self._optimiser.init(jnp.asarray(theta)))
        self._bounds = bounds
        self._update = jax.jit(self._updated)

    def _updated(
        self, theta: Float[Array, " P"], inner: PyTree[Array], gradient: Float[Array, " P"]
    ) -> tuple[Float[Array, " P"], PyTree[Array]]:
        change, inner = self._optimiser.update(gradient, inner, theta)
        theta = optax.apply_updates(theta, change)
        return (jnp.clip(theta, *self._bounds) if self._bounds else theta), inner

    def begin(self, theta: Vector) -> TrainState:
        first = np.asarray(jnp.asarray(theta))
        inner = self._optimiser.init(jnp.asarray(first))
        leaves = tuple(np.asarray(leaf) for leaf in jax.tree.leaves(inner))
        return TrainState(0, first, leaves, 0.0, np.zeros((0, 2)), first, float("inf"))

    def advance(self, state: TrainState, loss: float, gradient: Vector | Float[Array, " P"]) -> TrainState:
        inner = jax.tree.unflatten(self._structure, [jnp.asarray(leaf) for leaf in state.leaves])
        theta, inner = self._update(jnp.asarray(state.theta), inner, gradient)
        leaves = tuple(np.asarray(leaf) for leaf in jax.tree.leaves(inner))
        return replace(
            state, step=state.step + 1, theta=np.asarray(theta), leaves=leaves, total=state.total + loss
        )
