"""Random specs in other words are the same; random specs that mean something else are different.

POTENTIA_EDITS=10000 tries that many of each.
"""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from meaning_edits import EDITS, changed
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.difference.compare import compare
from random_specs import random_spec, told_apart
from spec_writer import written

MANY = int(os.environ.get("POTENTIA_EDITS", "100"))
settings.register_profile("edits", max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**63)


def verdict(a: str, b: str) -> str:
    return compare(*(pipeline.check(pipeline.parse(Source(text))) for text in (a, b))).verdict


@settings(settings.get_profile("edits"))
@given(SEEDS)
def test_other_words_are_the_same(seed: int) -> None:
    rng = Random(seed)
    spec = random_spec(rng)
    a, b = written(spec), written(spec, rng)
    note(f"{a}\n--------\n{b}")
    assert verdict(a, b) == "same"


@settings(settings.get_profile("edits"))
@given(SEEDS)
def test_another_meaning_is_different(seed: int) -> None:
    rng = Random(seed)
    spec = random_spec(rng)
    name, other = changed(spec, rng)
    a, b = written(spec), written(other, rng if rng.random() < 0.5 else None)
    note(f"{name}\n{a}\n--------\n{b}")
    assert verdict(a, b) == "different"


@pytest.mark.parametrize("edit", sorted(set(EDITS), key=lambda e: e.__name__), ids=lambda e: e.__name__)
def test_every_edit_is_made_and_seen(edit) -> None:  # type: ignore[no-untyped-def]
    """So that none of them is left out by chance."""
    for seed in range(40):
        rng = Random(seed)
        spec = random_spec(rng)
        before = written(spec)
        if edit(spec, rng) and told_apart(spec):
            assert verdict(before, written(spec)) == "different"
            return
    raise AssertionError("never made")
