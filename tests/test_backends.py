"""The backends against each other, and the derivatives of the IR against automatic and finite ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from registry import (
    SPECIES,
    Evaluator,
    Variant,
    assert_close,
    by_reference,
    compiled,
    defaults,
    evaluator,
    random_theta,
    reach,
    structures,
    variants,
)

FEW = settings(
    max_examples=2, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)
SEEDS = st.integers(0, 2**20)
by_name = pytest.mark.parametrize("variant", variants(), ids=lambda v: v.name)
by_default = pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)


@by_name
@FEW
@given(seed=SEEDS)
def test_xla_agrees_with_the_reference(variant: Variant, seed: int) -> None:
    text = variant.spec()
    built, run = compiled(text, optimized=False), evaluator(text)
    theta, zoo = random_theta(built, seed), structures(SPECIES[:2], reach(built), seed)
    for atoms, got in zip(zoo, run(theta, zoo), strict=True):
        assert_close(got, by_reference(built, theta, atoms), 1e-9)
