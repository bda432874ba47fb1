"""Every target against the reference: Terms × Targets, and random models × Targets.

A target, which is a folder of `compiler/backends`, is tested here by being there.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from random import Random

import numpy as np
import pytest
from ase import Atoms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from potentia.compiler.backends import reference
from potentia.compiler.backends.targets import TARGETS
from potentia.compiler.diagnostics.diagnostic import SpecError
from random_specs import random_spec
from registry import (
    SPECIES,
    Labels,
    Loaded,
    Variant,
    assert_close,
    by_reference,
    compiled,
    defaults,
    loaded,
    random_theta,
    reach,
    structure_of,
    structures,
    variants,
)
from spec_writer import written

FEW = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
SEEDS = st.integers(0, 2**20)
# the reference is what the others are held to
by_target = pytest.mark.parametrize("target", [name for name in TARGETS if name != "reference"])
# every variant is compiled for XLA, which fits; a kernel of C++ takes a second, and variants go through
# benchmarks/fuzz_cpp.py by the thousand
by_target_and_name = pytest.mark.parametrize(
    ("target", "variant"),
    [
        pytest.param(target, variant, id=f"{target}-{variant.name}")
        for target in TARGETS
        if target != "reference"
        for variant in (variants() if target == "xla" else defaults())
    ],
)
by_default = pytest.mark.parametrize("variant", defaults(), ids=lambda v: v.name)


def agree(run: Loaded, text: str, seed: int, species: tuple[str, ...], cutoff: float | None = None) -> None:
    """A spec on a target and as the reference has it, on structures of every kind."""
    theta, zoo, wanted = answers(text, seed, species, cutoff)
    for got, want in zip(run(theta, zoo), wanted, strict=True):
        assert_close(got, want, 1e-9)


@cache
def answers(
    text: str, seed: int, species: tuple[str, ...], cutoff: float | None
) -> tuple[np.ndarray, list[Atoms], list[Labels]]:
    """Parameters, structures and what the reference says of them: the same for all targets."""
    built = compiled(text, optimized=False, species=species)
    zoo = structures(species, reach(built) if cutoff is None else cutoff, seed)
    theta = random_theta(built, seed)
    return theta, zoo, [by_reference(built, theta, atoms) for atoms in zoo]


# --- terms -------------------------------------------------------------------------------------


@by_target_and_name
@FEW
@given(seed=SEEDS)
def test_targets_agree_on_terms(target: str, variant: Variant, seed: int) -> None:
    agree(loaded(target, variant.spec()), variant.spec(), seed, SPECIES[:2])


@by_target
@pytest.mark.parametrize("species", [SPECIES[:1], SPECIES], ids=["one", "three"])
@pytest.mark.parametrize("name", ["morse", "eam", "nn", "sw", "tersoff", "three_body", "zbl"])
def test_one_and_three_species(target: str, name: str, species: tuple[str, ...]) -> None:
    """Tables of one row become numbers, tables of three rows have all their entries read."""
    variant = next(v for v in defaults() if v.name == name)
    agree(loaded(target, variant.spec(species), species), variant.spec(species), 5, species)


MIXED = (
    "E = lj(rc=4) + zbl(Nb, outer=2.5) + three_body(bessel2, l=1, rc=4.4) * gate(morse(O, rc=3.6))"
    " + eam(rc=4.2) / (1 + gate(tersoff(rc=3.3))) + reference()"
)


@by_target
def test_a_batch_equals_its_structures_one_by_one(target: str) -> None:
    """Lists of several cutoffs, padding, structures without a neighbour: none of it shows."""
    text = f"species Nb, O\n{MIXED}\n"
    run = loaded(target, text)
    theta, zoo = random_theta(run.model, 3), structures(SPECIES[:2], 4.4, 3)
    together, alone = run(theta, zoo), Loaded(run.model, TARGETS[target]())
    alone.batches.batch([max(zoo, key=len)] * 3)  # one generous shape for each of them
    for atoms, got in zip(zoo, together, strict=True):
        assert_close(alone(theta, [atoms])[0], got, 1e-12)


@by_target
def test_targets_agree_on_a_mixed_formula(target: str) -> None:
    text = f"species Nb, O\n{MIXED}\n"
    agree(loaded(target, text), text, 7, SPECIES[:2], cutoff=4.4)


# --- random models -----------------------------------------------------------------------------


def random_text(seed: int) -> tuple[str, tuple[str, ...]]:
    """A random spec that compiles, and the species of its structures."""
    rng = Random(seed)
    while True:
        spec = random_spec(rng)
        species = tuple(spec.species) or SPECIES[:2]
        try:
            compiled(written(spec), optimized=False, species=species)
        except SpecError:
            continue
        return written(spec), species


@by_target
@pytest.mark.parametrize("seed", range(4))
def test_targets_agree_on_random_models(target: str, seed: int) -> None:
    text, species = random_text(seed)
    agree(loaded(target, text, species), text, seed, species)


# --- the reference and the passes --------------------------------------------------------------


@by_default
def test_the_reference_has_the_same_numbers_after_all_passes(variant: Variant) -> None:
    """Derivatives by the passes against the complex step, with no other target in between."""
    model, built = compiled(variant.spec()), compiled(variant.spec(), optimized=False)
    theta = random_theta(built, 19)
    for atoms in structures(SPECIES[:2], reach(built), 19)[1::3]:
        assert_close(by_outputs(model, theta, atoms), by_reference(built, theta, atoms), 1e-9)


def by_outputs(model, theta: np.ndarray, atoms: Atoms) -> Labels:  # type: ignore[no-untyped-def]
    """The outputs of an optimized model, evaluated as any nodes."""
    none = {"forces": np.zeros((len(atoms), 3)), "virial": np.zeros((1, 3, 3))}
    there = [name for name in ("energy", "site_energy", "forces", "virial") if name in model.outputs]
    nodes = [model.outputs[name] for name in there]
    values = reference.evaluate(model, theta, *structure_of(model, atoms), nodes)
    found = none | dict(zip(there, values, strict=True))
    return Labels(float(found["energy"][0]), found["site_energy"], found["forces"], found["virial"][0])


# --- the registry ------------------------------------------------------------------------------


def test_targets_are_named_without_their_libraries() -> None:
    code = "import sys; from potentia.compiler.backends.targets import TARGETS; print(*TARGETS, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words = set(done.stdout.split())
    assert {"reference", "xla"} <= words
    assert not words & {"jax", "numpy", "scipy"}
