"""Batches: what is in them, how few shapes they have, and how little of them is padding."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data.readers import read
from potentia.runtime.structures.batches import (
    Batch,
    BatchPlan,
    EdgeList,
    ListSpec,
    PairList,
    make_labels,
    moved,
    plan_batches,
    single,
)
from potentia.runtime.structures.few_shapes import FewShapes
from potentia.runtime.structures.neighbors import pairs
from potentia.runtime.structures.padding import nice
from potentia.runtime.structures.structure import Structure, from_atoms

NB_DFT = ROOT.parent / "shared/data/nb_dft.xyz"
SPECS = (ListSpec("pair", 5.0), ListSpec("edge", 4.0))


def crystal(*repeat: int, symbol: str = "Nb") -> Structure:
    atoms = bulk(symbol, "bcc", a=3.3, cubic=True) * repeat
    atoms.rattle(0.1, seed=1)
    return from_atoms(atoms)


def pair_list(batch: Batch) -> PairList:
    assert isinstance(batch.lists[0], PairList)
    return batch.lists[0]


def edge_list(batch: Batch) -> EdgeList:
    assert isinstance(batch.lists[1], EdgeList)
    return batch.lists[1]


def test_a_batch_holds_its_structures() -> None:
    structures = [crystal(1, 1, 1), crystal(2, 2, 2, symbol="W"), from_atoms(Atoms("Nb"))]
    (batch, indices), *others = plan_batches(structures, SPECS, ("W", "Nb")).batches()
    assert not others and indices == (0, 1, 2)
    assert batch.n_atoms.tolist() == [2, 16, 1]
    assert batch.real.sum() == 19 and batch.real[:19].all()
    assert np.array_equal(batch.structure[:19], np.repeat([0, 1, 2], [2, 16, 1]))
    assert np.array_equal(batch.species[:19], np.repeat([1, 0, 1], [2, 16, 1]))
    assert np.array_equal(batch.positions[:, 2:18], structures[1].positions.T)
    assert np.allclose(batch.volume, [3.3**3, 8 * 3.3**3, 0])


def test_both_layouts_hold_the_same_neighbours() -> None:
    structures = [crystal(1, 1, 1), crystal(2, 2, 2), from_atoms(Atoms("Nb"))]
    batch, _ = next(
        plan_batches(structures, (ListSpec("pair", 4.5), ListSpec("edge", 4.5)), ("Nb",)).batches()
    )
    half, full = pair_list(batch), edge_list(batch)
    expected = np.sort(np.concatenate([pairs(s, 4.5).distance for s in structures]))
    x = batch.positions
    r_pair = np.linalg.norm(x[:, half.j] + half.shift - x[:, half.i], axis=0)
    assert np.allclose(np.sort(r_pair[half.valid]), expected)
    r_edge = np.linalg.norm(x[:, full.j] + full.shift - x[:, :, None], axis=0)
    assert np.allclose(np.sort(r_edge[full.valid]), np.repeat(expected, 2))


def test_reverse_edges() -> None:
    batch, _ = next(plan_batches([crystal(1, 1, 1), crystal(2, 2, 2)], SPECS, ("Nb",)).batches())
    full = edge_list(batch)
    n, k = full.j.shape
    i = np.repeat(np.arange(n), k)
    j, back = full.j.ravel(), full.reverse.ravel()
    assert np.array_equal(back[back], np.arange(n * k))
    assert np.array_equal(i[back], j) and np.array_equal(full.valid.ravel()[back], full.valid.ravel())
    shift = full.shift.reshape(3, -1)
    real = full.valid.ravel()
    assert np.array_equal(shift[:, back][:, real], -shift[:, real])


def test_padding_is_harmless() -> None:
    batch, _ = next(plan_batches([crystal(2, 2, 2), from_atoms(Atoms("Nb"))], SPECS, ("Nb",)).batches())
    half, full = pair_list(batch), edge_list(batch)
    assert np.array_equal(half.i[~half.valid], half.j[~half.valid])
    assert np.all(np.diff(half.i) >= 0)
    assert np.allclose(np.linalg.norm(half.shift[:, ~half.valid], axis=0), 0.9 * 5)
    rows = np.broadcast_to(np.arange(len(full.j))[:, None], full.j.shape)
    assert np.array_equal(full.j[~full.valid], rows[~full.valid])
    assert np.allclose(np.linalg.norm(full.shift[:, ~full.valid], axis=0), 0.9 * 4)
    assert not batch.structure[~batch.real].any()


def waste(plan: BatchPlan, specs: Sequence[ListSpec]) -> float:
    padded = real = 0
    for batch, _ in plan.batches():
        padded += batch.shape.elements(specs)
        real += int(batch.n_atoms.sum() + sum(x.valid.sum() for x in batch.lists))
    return padded / real


@pytest.mark.parametrize("specs", [SPECS[:1], SPECS[1:], SPECS], ids=["pair", "edge", "both"])
def test_small_and_large_structures_waste_little(specs: tuple[ListSpec, ...]) -> None:
    structures = [crystal(1, 1, 1)] * 60 + [crystal(5, 5, 10)] * 3
    plan = plan_batches(structures, specs, ("Nb",))
    assert waste(plan, specs) < 1.7
    assert len(plan.shapes) <= 2
    assert sorted(k for _, group in plan.groups for k in group) == list(range(63))


def test_niobium_costs_few_compilations() -> None:
    if not NB_DFT.exists():
        pytest.skip(f"{NB_DFT} is absent")
    structures = read(NB_DFT).structures
    plan = plan_batches(structures, SPECS, ("Nb",))
    assert len(plan.shapes) <= 3
    assert waste(plan, SPECS) < 1.5
    assert sorted(k for _, group in plan.groups for k in group) == list(range(364))


def test_many_coordinations_stay_within_max_shapes() -> None:
    structures = [from_atoms(bulk("Nb", "bcc", a=a, cubic=True)) for a in np.linspace(1.5, 6.0, 40)]
    assert len(plan_batches(structures, SPECS, ("Nb",), max_shapes=3).shapes) <= 3


@pytest.mark.parametrize("max_elements", [2_000, 20_000])
def test_memory_is_bounded(max_elements: int) -> None:
    structures = [crystal(1, 1, 1), crystal(2, 2, 1)] * 40
    plan = plan_batches(structures, SPECS, ("Nb",), max_elements=max_elements)
    assert max(shape.elements(SPECS) for shape in plan.shapes) <= max_elements
    plan = plan_batches(structures, SPECS, ("Nb",), max_atoms=50)
    assert max(shape.atoms for shape in plan.shapes) <= 50


def test_a_structure_beyond_the_limits_is_a_batch_of_its_size() -> None:
    plan = plan_batches([crystal(3, 3, 3), crystal(1, 1, 1)], SPECS, ("Nb",), max_atoms=10)
    assert max(shape.atoms for shape in plan.shapes) <= 64


def test_batches_are_built_one_at_a_time_and_again() -> None:
    plan = plan_batches([crystal(2, 2, 2)] * 4, SPECS, ("Nb",), max_atoms=16)
    stream = plan.batches()
    assert iter(stream) is stream and len(list(stream)) == len(list(plan.batches())) == 4


def test_shapes_compiled_before_are_used_again() -> None:
    train = plan_batches([crystal(2, 2, 2)] * 30, SPECS, ("Nb",), max_atoms=256)
    test = plan_batches([crystal(2, 2, 2)] * 14, SPECS, ("Nb",), max_atoms=256, known=train.shapes)
    assert test.shapes == train.shapes


def test_no_structures_and_no_lists() -> None:
    assert list(plan_batches([], SPECS, ("Nb",)).batches()) == []
    batch, _ = next(plan_batches([crystal(1, 1, 1)], (), ("Nb",)).batches())
    assert batch.lists == ()


def test_labels() -> None:
    full = replace(crystal(1, 1, 1), energy=-3.0, forces=np.ones((2, 3)), stress=np.eye(3), weight=2.0)
    bare = replace(crystal(1, 1, 1), energy=-1.0)
    slab = replace(full, pbc=np.array([True, True, False]))
    structures = [crystal(2, 1, 1), full, bare, slab]
    batch, indices = next(plan_batches(structures, SPECS, ("Nb",)).batches())
    labels = make_labels(structures, batch, indices)
    assert labels.has_energy.tolist() == [False, True, True, True]
    assert labels.has_forces.tolist() == [False, True, False, True]
    in_plane = np.array([[True, True, False], [True, True, False], [False, False, False]])
    assert labels.has_stress.all(axis=(1, 2)).tolist() == [False, True, False, False]
    assert not labels.has_stress[[0, 2]].any() and np.array_equal(labels.has_stress[3], in_plane)
    assert labels.energy.tolist() == [0, -3, -1, -3] and labels.weight.tolist() == [1, 2, 1, 2]
    assert labels.forces.sum(axis=0)[:10].tolist() == [0, 0, 0, 0, 3, 3, 0, 0, 3, 3]
    assert np.array_equal(labels.stress[1], np.eye(3)) and np.diag(labels.stress[3]).tolist() == [1, 1, 0]


def test_dynamics_keep_one_shape() -> None:
    structure = crystal(3, 3, 3)
    rng = np.random.default_rng(0)
    known = FewShapes()
    first = single(structure, SPECS, ("Nb",), known)
    shapes = {first.shape}
    for _ in range(20):
        shaken = replace(structure, positions=structure.positions + rng.normal(0, 0.1, (54, 3)))
        shapes.add(single(shaken, SPECS, ("Nb",), known).shape)
    assert shapes == {first.shape}


def test_lists_with_a_skin_hold_while_atoms_move() -> None:
    structure = crystal(2, 2, 2)
    batch = single(structure, SPECS, ("Nb",), skin=0.5)
    new = structure.positions + 0.1
    later = moved(batch, new)
    assert np.array_equal(later.positions[:, :16], new.T) and later.lists is batch.lists
    assert pair_list(batch).valid.sum() == len(pairs(structure, 5.5).i)


def test_unknown_species() -> None:
    structures = [
        replace(crystal(1, 1, 1), place="a.xyz, structure 1"),
        replace(crystal(1, 1, 1, symbol="Ta"), place="a.xyz, structure 2"),
        replace(crystal(1, 1, 1, symbol="Ta"), place="a.xyz, structure 3"),
    ]
    with pytest.raises(DataError) as caught:
        plan_batches(structures, SPECS, ("Nb", "W"))
    (d,) = caught.value.diagnostics
    assert (d.code, d.place) == ("unknown-species-in-data", "a.xyz, structure 2")
    assert d.message == "the data has Ta, which is not a species of the potential"
    assert d.help == "species of the potential: Nb, W (2 structures hold Ta)"


@given(st.integers(0, 100_000), st.sampled_from([4, 8, 16]))
def test_nice_sizes(n: int, steps: int) -> None:
    assert max(n, 1) <= nice(n, steps) <= max(n * (1 + 1 / steps), 1)
    assert nice(nice(n, steps), steps) == nice(n, steps)


_BOTH = """
from ase.build import bulk
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.structure import from_atoms

potential = compile("species Nb\\nE = sw(rc = 4)")
atoms = bulk("Nb", "bcc", 3.3, cubic=True)
atoms.rattle(0.1, seed=0)
single, double = (potential.predict([from_atoms(atoms)], dtype=d)[0] for d in ("float32", "float64"))
assert abs(single.forces - double.forces).max() < 1e-4
assert single.forces.dtype == double.forces.dtype == "float64", (single.forces.dtype, double.forces.dtype)
"""


def test_single_precision_may_come_first() -> None:  # in a process that does not ask jax for 64 bits itself
    environment = {k: v for k, v in os.environ.items() if k != "JAX_ENABLE_X64"}
    done = subprocess.run([sys.executable, "-c", _BOTH], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
