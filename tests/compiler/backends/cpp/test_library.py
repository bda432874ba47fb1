"""Compiled kernels: compiled, loaded, and called on NumPy arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from potentia.compiler.backends.cpp import cpu
from potentia.compiler.backends.cpp.build import kernel
from potentia.compiler.backends.cpp.library import Atoms, Library
from potentia.compiler.backends.cpp.toolchain import SUFFIX
from potentia.compiler.diagnostics.diagnostic import InternalError, ToolError
from stand_in_kernels import atoms_in_a_box, constants_of, energy_of, lennard_jones

EPSILON, SIGMA = 0.3, 2.1
CONSTANTS = constants_of(EPSILON, SIGMA)


@pytest.fixture(scope="module")
def library(cache_folder: Path) -> Library:
    return kernel(lennard_jones(), "lj")


def test_facts_about_a_kernel(library: Library) -> None:
    about = library.about
    assert (about.species, about.real, about.lanes) == (("A", "B"), "double", 1)
    assert (about.n_constants, about.constants, about.cutoff) == (3, None, 4.0)
    assert (about.isa, about.digest) == ("", "lj")
    assert library.compute_address > 0


@pytest.mark.parametrize("real", ["double", "float"])
def test_energy_forces_and_virial(real: str) -> None:
    lj, atoms = kernel(lennard_jones(real)), atoms_in_a_box()
    assert lj.about.real == real
    out = lj.compute(atoms, CONSTANTS, atom_virials=True)
    rough = 1.0 if real == "double" else 1e6
    assert out.energy == pytest.approx(energy_of(atoms, EPSILON, SIGMA), rel=1e-12 * rough)
    assert out.site_energy.sum() == pytest.approx(out.energy, rel=1e-12)
    assert out.virial_half is not None and out.virial_neighbour is not None
    np.testing.assert_allclose(out.virial_half.sum(0), out.virial, atol=1e-10)
    np.testing.assert_allclose(out.virial_neighbour.sum(0), out.virial, atol=1e-10)
    step = 1e-5
    for i, x in ((0, 0), (7, 2)):
        ends = []
        for side in (step, -step):
            moved = atoms.positions.copy()
            moved[i, x] += side
            ends.append(energy_of(replace(atoms, positions=moved), EPSILON, SIGMA))
        assert out.forces[i, x] == pytest.approx(-(ends[0] - ends[1]) / (2 * step), abs=1e-7 * rough)
    strain = np.zeros((3, 3))
    strain[0, 1] = step
    slope = (energy_of(atoms, EPSILON, SIGMA, strain) - energy_of(atoms, EPSILON, SIGMA, -strain)) / 2 / step
    assert out.virial[0, 1] == pytest.approx(slope, abs=1e-6 * rough)


def test_centres_and_atoms_that_nobody_sees(library: Library) -> None:
    atoms = atoms_in_a_box()
    whole = library.compute(atoms, CONSTANTS)
    some = np.array([2, 0, 11], np.int32)
    part = library.compute(replace(atoms, centres=some), CONSTANTS)
    assert part.energy == pytest.approx(whole.site_energy[some].sum(), rel=1e-12)
    assert np.flatnonzero(part.site_energy).tolist() == [0, 2, 11]
    unseen = replace(atoms, species=np.full_like(atoms.species, -1))
    assert library.compute(unseen, CONSTANTS).energy == 0.0
    nothing = Atoms(np.zeros((0, 3)), np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.int32))
    assert library.compute(nothing, CONSTANTS).forces.shape == (0, 3)


def test_constants_that_the_kernel_carries(library: Library) -> None:
    atoms = atoms_in_a_box()
    own = kernel(lennard_jones(carried=CONSTANTS))
    np.testing.assert_array_equal(own.about.constants, CONSTANTS)
    np.testing.assert_array_equal(own.compute(atoms).forces, library.compute(atoms, CONSTANTS).forces)
    with pytest.raises(InternalError, match="a kernel that carries no constants was given none"):
        library.compute(atoms)
    with pytest.raises(InternalError, match="`constants` of a kernel is"):
        library.compute(atoms, np.zeros(2))


def test_no_memory(library: Library) -> None:
    with pytest.raises(MemoryError, match=r"^no memory for the neighbours of 24 atoms in a kernel$"):
        library.compute(atoms_in_a_box(), CONSTANTS, threads=2000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((24, 3), np.float32)}, "`positions` of a kernel is float32 (24, 3)"),
        ({"positions": np.zeros((3, 24)).T}, "float64 (24, 3), not contiguous; it must be float64 (24, 3)"),
        ({"species": np.zeros(23, np.int32)}, "`species` of a kernel is int32 (23,)"),
        ({"species": np.full(24, 2, np.int32)}, "species 2 of a kernel for 2"),
        (
            {"shifts": np.zeros((27, 2))},
            "`shifts` of a kernel is float64 (27, 2)",
        ),
        ({"shifts": np.zeros((5, 3))}, "`neighbours` has indices from 0 to 26 of 5 images"),
        ({"centres": np.full(24, 24, np.int32)}, "`centres` has indices from 24 to 24 of 24 atoms"),
        ({"first": np.zeros(25, np.int64)}, "`first` does not divide"),
        ({"first": np.zeros(30, np.int64)}, "29 lists of neighbours for 24 atoms"),
    ],
)
def test_arrays_that_are_wrong(library: Library, change: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InternalError) as caught:
        library.compute(replace(atoms_in_a_box(), **change), CONSTANTS)
    assert message in str(caught.value)


def test_a_neighbour_out_of_range(library: Library) -> None:
    atoms = atoms_in_a_box()
    atoms.neighbours[3] = 24 | 5 << 5
    with pytest.raises(InternalError, match="`neighbours` has indices from 0 to 24 of 24 atoms"):
        library.compute(atoms, CONSTANTS)


@pytest.mark.parametrize(
    ("text", "digest", "code", "message"),
    [
        (
            lennard_jones(abi="7"),
            None,
            "damaged-kernel",
            "a compiled kernel cannot be used: its interface is version 7, and potentia's is 2",
        ),
        (
            lennard_jones(digest="abc"),
            "def",
            "damaged-kernel",
            "a compiled kernel cannot be used: it was made of another text (abc, not def)",
        ),
        (
            lennard_jones(isa="sse2 quantum1"),
            None,
            "foreign-kernel",
            "a kernel was compiled for another processor: this one has no quantum1",
        ),
        (
            'extern "C" int other() { return 0; }',
            None,
            "damaged-kernel",
            "a compiled kernel cannot be used: it is no kernel (",
        ),
    ],
)
def test_kernels_that_are_refused(
    text: str, digest: str | None, code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu, "features", lambda: frozenset({"sse2", "avx2"}))
    with pytest.raises(ToolError) as caught:
        kernel(text, digest)
    (found,) = caught.value.diagnostics
    assert found.code == code and found.message.startswith(message)
    assert found.place is not None and found.place.endswith(SUFFIX)


def test_a_library_is_read_from_any_path(library: Library, tmp_path: Path) -> None:
    copy = tmp_path / "other.so"
    copy.write_bytes(library.path.read_bytes())
    assert Library(copy, "lj").about == library.about
    with pytest.raises(OSError):
        Library(tmp_path / "absent.so")


def test_instruction_sets_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "features", lambda: frozenset({"sse42", "avx2", "asimd"}))
    assert cpu.missing("sse4.2 SSE4_2 avx2 neon") == []
    assert cpu.missing("avx2 avx512f fma") == ["avx512f", "fma"]
    monkeypatch.setattr(cpu, "features", frozenset)
    assert cpu.missing("avx512f") == []
