"""First-order training: it descends, keeps the best, and continues to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import FitError
from potentia.runtime.files.states import load_state, save_state
from potentia.runtime.optimize.adamw import TrainOptions, TrainState, Vector, train
from potentia.runtime.optimize.deadline import Deadline

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=4)
INPUTS = [RNG.normal(size=(16, 4)) for _ in range(5)]
BATCHES = [(x, x @ TRUTH) for x in INPUTS]
OPTIONS = TrainOptions(epochs=60, learning_rate=0.1)


@jax.jit
@jax.value_and_grad
def gradient(theta: Any, batch: Any) -> Any:
    x, y = batch
    return jnp.mean((x @ theta - y) ** 2)


START = np.zeros(4, dtype=np.float32)


def test_it_finds_the_minimum() -> None:
    found = train(gradient, START, BATCHES, OPTIONS)
    assert (found.reason, found.state.step) == ("epochs", 300)
    np.testing.assert_allclose(found.theta, TRUTH, atol=1e-3)
    assert found.state.losses.shape == (60, 2)
    assert found.loss == found.state.losses[:, 1].min()


def test_bounds_hold() -> None:
    upper = np.full(4, 0.3, np.float32)
    found = train(gradient, START, BATCHES, OPTIONS, bounds=(-upper, upper))
    assert np.all(np.abs(found.theta) <= upper)
    assert np.abs(found.theta).max() == np.float32(0.3)


def test_the_best_by_validation_is_kept() -> None:
    seen: list[Vector] = []

    def validate(theta: Any) -> float:
        seen.append(np.array(theta))
        return abs(len(seen) - 8.0)  # epoch 7 is the best, after the start

    found = train(gradient, START, BATCHES, OPTIONS, validate)
    assert found.loss == 0
    assert found.theta.tobytes() == seen[7].tobytes()
    worse = train(gradient, START, BATCHES, OPTIONS, lambda theta: float(np.abs(theta).sum()))
    assert (worse.loss, worse.theta.tobytes()) == (0.0, START.tobytes())


def test_every_epoch_visits_each_batch_in_a_seeded_order() -> None:
    def visits(seed: int) -> list[int]:
        seen: list[int] = []

        def count(theta: Any, batch: int) -> tuple[float, Any]:
            seen.append(batch)
            return 0.0, jnp.zeros(4)

        train(count, START, range(5), TrainOptions(epochs=3, seed=seed))
        return seen

    first = visits(1)
    assert all(sorted(first[k : k + 5]) == list(range(5)) for k in (0, 5, 10))
    assert first[:5] != first[5:10]
    assert (first == visits(1), first == visits(2)) == (True, False)


def test_a_stored_state_continues_to_the_same_bits(tmp_path: Path) -> None:
    whole = train(gradient, START, BATCHES, OPTIONS)
    part = train(gradient, START, BATCHES, OPTIONS, callback=lambda state: state.step >= 100)
    assert (part.reason, part.state.step) == ("stopped", 100)
    save_state(tmp_path / "state.npz", part.state, {})
    back = load_state(tmp_path / "state.npz", TrainState, {})
    rest = train(gradient, START, BATCHES, OPTIONS, resume=back)
    assert rest.theta.tobytes() == whole.theta.tobytes()
    assert rest.state.losses.tobytes() == whole.state.losses.tobytes()


@pytest.mark.parametrize("limit", [2, 103])
def test_an_interruption_keeps_the_best_and_can_be_continued(limit: int) -> None:
    calls = 0

    def interrupted(theta: Any, batch: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == limit:
            raise KeyboardInterrupt
        return gradient(theta, batch)

    found = train(interrupted, START, BATCHES, OPTIONS)
    assert (found.reason, found.state.step) == ("interrupted", limit - 1)
    assert found.theta.tobytes() == found.state.best_theta.tobytes()
    rest = train(gradient, START, BATCHES, OPTIONS, resume=found.state)
    assert rest.theta.tobytes() == train(gradient, START, BATCHES, OPTIONS).theta.tobytes()


def test_what_is_not_finite_is_never_taken_in() -> None:
    def spoiled(theta: Any, batch: Any) -> Any:
        loss, slope = gradient(theta, batch)
        return (loss, slope * np.nan) if loss < 0.5 else (loss, slope)

    found = train(spoiled, START, BATCHES, OPTIONS)
    assert found.reason == "diverged"
    assert np.isfinite(found.theta).all() and np.isfinite(found.state.theta).all()
    with pytest.raises(FitError, match="not finite at the start values"):
        train(gradient, START * np.nan, BATCHES, OPTIONS)


def test_the_time_limit() -> None:
    assert train(gradient, START, BATCHES, TrainOptions(deadline=Deadline(0.0))).reason == "time"
