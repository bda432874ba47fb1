"""Kernels called inside jax: the same numbers as in NumPy, and faults in words."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from places import ROOT
from potentia.compiler.backends.cpp import ffi
from potentia.compiler.backends.cpp.build import kernel
from potentia.compiler.backends.cpp.library import Atoms, Library, Results
from potentia.compiler.backends.xla.arrays import Arrays, Edge
from potentia.compiler.diagnostics.diagnostic import InternalError
from stand_in_kernels import atoms_in_a_box, constants_of, lennard_jones

CONSTANTS = constants_of(0.3, 2.1)
WIDTH = 80


@pytest.fixture(scope="module")
def library(cache_folder: Path) -> Library:
    return kernel(lennard_jones())


def batch_of(structures: list[Atoms], spare: int = 3, real: type = np.float64) -> tuple[Arrays, Edge]:
    """Structures one after another, with atoms and neighbours that are padding, here and there."""
    rng = np.random.default_rng(1)
    sizes = [len(s.positions) for s in structures]
    n = sum(sizes) + spare
    positions, species = np.zeros((3, n)), np.zeros(n, np.int32)
    structure, is_real = np.zeros(n, np.int32), np.zeros(n, bool)
    j = np.repeat(np.arange(n, dtype=np.int32)[:, None], WIDTH, 1)
    shift, valid = np.full((3, n, WIDTH), 2.0), np.zeros((n, WIDTH), bool)
    start = 0
    for slot, atoms in enumerate(structures):
        part = slice(start, start + len(atoms.positions))
        positions[:, part], species[part], structure[part], is_real[part] = (
            atoms.positions.T,
            atoms.species,
            slot,
            True,
        )
        for i, (first, end) in enumerate(zip(atoms.first, atoms.first[1:], strict=False)):
            columns = np.sort(rng.choice(WIDTH, end - first, replace=False))
            own = atoms.shifts[atoms.image[first:end]]
            j[start + i, columns] = atoms.index[first:end] + start
            shift[:, start + i, columns], valid[start + i, columns] = own.T, True
        start = part.stop
    slots = np.ones(len(structures), real)
    edge = Edge(j, shift.astype(real), valid, j)
    return Arrays(positions.astype(real), species, structure, is_real, slots, ()), edge


def expected(library: Library, structures: list[Atoms]) -> list[Results]:
    return [library.compute(atoms, CONSTANTS) for atoms in structures]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_the_numbers_of_the_library(library: Library, real: type, n: int, threads: int) -> None:
    structures = [atoms_in_a_box(24 - 2 * k, seed=k) for k in range(n)]
    structures = [
        replace(
            s, positions=s.positions.astype(real).astype(float), shifts=s.shifts.astype(real).astype(float)
        )
        for s in structures
    ]
    arrays, edge = batch_of(structures, real=real)
    out = jax.jit(lambda c, a, e: ffi.call(library, c, a, e, threads))(CONSTANTS, arrays, edge)
    assert [x.dtype for x in out] == [np.float64] * 4
    start = 0
    for slot, own in enumerate(expected(library, structures)):
        part = slice(start, start + len(own.forces))
        assert float(out.energy[slot]) == own.energy
        np.testing.assert_array_equal(out.forces[:, part].T, own.forces)
        np.testing.assert_array_equal(out.virial[:, :, slot], own.virial)
        np.testing.assert_array_equal(out.site_energy[part], own.site_energy)
        start = part.stop
    assert not np.any(out.forces[:, start:]) and not np.any(out.site_energy[start:])


def test_lists_are_laid_out_once_for_many_steps(library: Library) -> None:
    atoms = atoms_in_a_box()
    arrays, edge = batch_of([atoms], spare=0)

    @jax.jit
    def descended(c: jax.Array, arrays: Arrays, edge: Edge) -> jax.Array:
        near = ffi.packed(edge)

        def step(_: int, x: jax.Array) -> jax.Array:
            return x + 1e-3 * ffi.call(library, c, arrays._replace(positions=x), near).forces

        return jax.lax.fori_loop(0, 3, step, arrays.positions)

    x = atoms.positions
    for _ in range(3):
        x = x + 1e-3 * library.compute(replace(atoms, positions=x), CONSTANTS).forces
    np.testing.assert_allclose(descended(CONSTANTS, arrays, edge).T, x, rtol=0, atol=1e-13)


def test_packed_lists() -> None:
    atoms = atoms_in_a_box()
    near = ffi.packed(batch_of([atoms])[1])
    m = len(atoms.neighbours)
    assert near.first.tolist() == [*atoms.first, m, m, m]
    neighbours, shifts = (np.asarray(a) for a in (near.neighbours, near.shifts))
    found = replace(atoms, neighbours=neighbours[:m], shifts=shifts)
    np.testing.assert_array_equal(found.index, atoms.index)
    np.testing.assert_array_equal(found.shifts[found.image], atoms.shifts[atoms.image])
    assert not np.any(near.neighbours[m:]) and not np.any(near.shifts[27:])


def test_a_batch_along_another_axis(library: Library) -> None:
    atoms = atoms_in_a_box()
    arrays, edge = batch_of([atoms], spare=0)
    near = ffi.packed(edge)
    xs = jnp.stack([arrays.positions, arrays.positions * 1.01])
    energies = jax.vmap(lambda x: ffi.call(library, CONSTANTS, arrays._replace(positions=x), near).energy)(xs)
    ours = [library.compute(replace(atoms, positions=np.array(x.T, order="C")), CONSTANTS).energy for x in xs]
    assert energies[:, 0].tolist() == ours


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"species": np.full(27, 2, np.int32)},
            "INVALID_ARGUMENT: potentia: a species is none of the kernel's",
        ),
        (
            {"structure": np.full(27, 1, np.int32)},
            "INVALID_ARGUMENT: potentia: a structure is none of the batch",
        ),
        (
            {"real": np.ones(26, bool)},
            "INVALID_ARGUMENT: potentia: the arrays of a kernel do not fit together",
        ),
        ({"positions": np.zeros((3, 27), np.int32)}, "potentia: positions and shifts are float64 or float32"),
    ],
)
def test_arrays_that_are_wrong(library: Library, change: dict[str, np.ndarray], message: str) -> None:
    arrays, edge = batch_of([atoms_in_a_box()])
    with pytest.raises(jax.errors.JaxRuntimeError, match=message):
        jax.block_until_ready(ffi.call(library, CONSTANTS, arrays._replace(**change), edge))


def test_a_neighbour_that_is_no_atom() -> None:
    _, edge = batch_of([atoms_in_a_box()])
    edge.j[5] = 27
    with pytest.raises(ValueError, match="INVALID_ARGUMENT: potentia: a neighbour is none of the atoms"):
        jax.block_until_ready(ffi.packed(edge))


def test_constants_of_another_kernel(library: Library) -> None:
    arrays, edge = batch_of([atoms_in_a_box()])
    with pytest.raises(jax.errors.JaxRuntimeError, match="the constants are those of another kernel"):
        jax.block_until_ready(ffi.call(library, np.zeros(5), arrays, edge))


def test_no_memory(library: Library) -> None:
    arrays, edge = batch_of([atoms_in_a_box()])
    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED: potentia: no memory"):
        jax.block_until_ready(ffi.call(library, CONSTANTS, arrays, edge, threads=2000))


def test_numbers_of_32_bits_alone(library: Library) -> None:
    arrays, edge = batch_of([atoms_in_a_box()])
    with jax.enable_x64(False), pytest.raises(InternalError, match="jax_enable_x64 is off"):
        ffi.call(library, CONSTANTS, arrays, edge)


_LOWERED = """
import sys, jax, numpy as np
from pathlib import Path
from potentia.compiler.backends.cpp import ffi
from potentia.compiler.backends.cpp.library import Library
from test_ffi import lowered
junk = np.zeros(12_345_678)  # other addresses
print(lowered(Library(Path(sys.argv[1]))))
"""


def lowered(library: Library) -> str:
    """The program that XLA compiles for a call."""
    arrays, edge = batch_of([atoms_in_a_box()])
    return str(jax.jit(lambda c, a, e: ffi.call(library, c, a, e)).lower(CONSTANTS, arrays, edge).as_text())


def test_a_program_is_the_same_in_another_process(library: Library) -> None:
    """It holds no address, so that XLA's stored programs serve all processes."""
    folders = [str(ROOT.parent), str(Path(__file__).parent), str(ROOT / "tests" / "cases")]
    command = [sys.executable, "-c", _LOWERED, str(library.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == lowered(library).strip()


def test_a_kernel_that_this_process_has_not_loaded(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, edge = batch_of([atoms_in_a_box()])
    monkeypatch.setattr(ffi, "_registered", lambda library: 12345)
    with pytest.raises(
        jax.errors.JaxRuntimeError, match="NOT_FOUND: potentia: this process has not loaded the kernel"
    ):
        jax.block_until_ready(ffi.call(library, CONSTANTS, arrays, edge))


def test_threads_that_compile_at_once_make_one_library(monkeypatch: pytest.MonkeyPatch) -> None:
    made, names = [], []

    def loaded(*_: object, **__: object) -> SimpleNamespace:
        made.append(1)
        sleep(0.05)
        return SimpleNamespace(potentia_ffi_pack=None, potentia_ffi_compute=None)

    monkeypatch.setattr(ffi, "_made", lru_cache(ffi._made.__wrapped__))
    monkeypatch.setattr(ffi, "loaded", loaded)
    monkeypatch.setattr(jax.ffi, "pycapsule", lambda _: None)
    monkeypatch.setattr(jax.ffi, "register_ffi_target", lambda name, *_, **__: names.append(name))
    with ThreadPoolExecutor(4) as threads:
        found = {id(library) for library in threads.map(lambda _: ffi._shim(), range(4))}
    assert (len(found), len(made), names) == (1, 1, ["potentia_pack", "potentia_compute"])
