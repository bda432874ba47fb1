"""Storing a value: XLA's CPU compiler works the others out again in every loop that reads them."""

from __future__ import annotations

import jax

from .arrays import Array, Rows, Value


def materialize(value: Value, slots: Array) -> Value:
    """The value, passed through a choice of which the compiler cannot see that it is always the same.

    XLA's CPU compiler copies operations into every loop that reads them, chains of any length, and drops
    barriers before it does so; a choice it leaves where it is, at the price of one copy. Worth factors of
    3 to 7 on energies and forces of terms on dense lists. Elsewhere a choice is slow, and the compiler stores
    what it should: which platform it is, is decided when the kernel is lowered for one.
    """
    parts = tuple(value) if isinstance(value, Rows) else (value,)
    stored = jax.lax.platform_dependent(slots, *parts, cpu=_chosen, default=lambda _, *same: same)
    return Rows(stored) if isinstance(value, Rows) else stored[0]


def _chosen(slots: Array, *parts: Array) -> tuple[Array, ...]:
    return jax.lax.cond(slots[0] > 0, lambda *v: v, lambda *v: tuple(-x for x in v), *parts)
