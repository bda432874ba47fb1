"""Structures of any size, one at a time: a handful of shapes, and no more waste than a compilation costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from potentia.runtime.potential.potential import compile
from potentia.runtime.structures.batches import single
from potentia.runtime.structures.few_shapes import FewShapes
from potentia.runtime.structures.padding import ListSpec, Shape
from potentia.runtime.structures.structure import from_atoms

SPECS = (ListSpec("pair", 6.0), ListSpec("edge", 6.0), ListSpec("edge", 4.5))


def cells() -> list[Atoms]:
    """Forty crystals, strained and shaken, with vacancies, of 2 to 130 atoms."""
    rng = np.random.default_rng(0)
    found = []
    for n in np.linspace(2, 130, 40).astype(int):
        atoms = bulk("Cu", "bcc", 2.87, cubic=True).repeat(_repeats(-(-n // 2)))[:n]
        atoms.set_cell(atoms.cell * rng.uniform(0.97, 1.03), scale_atoms=True)
        atoms.rattle(0.1, rng=rng)
        found.append(atoms)
    return found


def _repeats(cells: int) -> tuple[int, int, int]:
    """The smallest block of at least so many cells that is nearly a cube."""
    side = max(1, int(cells ** (1 / 3)))
    return side, side, -(-cells // side**2)


ORDERS: dict[str, Callable[[list[Atoms]], list[Atoms]]] = {
    "growing": lambda found: found,
    "shrinking": lambda found: found[::-1],
    "mixed": lambda found: [found[k] for k in np.random.default_rng(1).permutation(len(found))],
}


@pytest.mark.parametrize("order", ORDERS)
def test_forty_cells_have_three_shapes(order: str) -> None:
    shapes = FewShapes()
    for atoms in ORDERS[order](cells()):
        structure = from_atoms(atoms)
        batch = single(structure, SPECS, ("Cu",), shapes, skin=0.5)
        assert batch.shape in shapes.known and int(batch.real.sum()) == len(atoms)
    assert len(shapes.known) <= 3, shapes.known


def test_a_calculator_compiles_forty_cells_three_times() -> None:
    potential = compile("species Cu\nE = lj(epsilon = 0.4 eV, sigma = 2.3 Å, rc = 5 Å)\n")
    calculator = potential.calculator(target="xla")
    for atoms in cells():
        atoms.calc = calculator
        atoms.get_potential_energy()
    assert 1 <= potential.kernel()._call._cache_size() <= 3  # type: ignore[attr-defined]


def test_crystals_slabs_and_molecules() -> None:
    shapes = FewShapes()
    slab = fcc111("Cu", (3, 3, 4), vacuum=8.0)
    for atoms in (molecule("H2"), bulk("Cu", "fcc", 3.6), slab, bulk("Cu", "fcc", 3.6).repeat(5)):
        atoms.symbols[:] = "Cu"
        single(from_atoms(atoms), SPECS, ("Cu",), shapes)
    assert len(shapes.known) <= 3


def test_the_first_shape_is_close_and_many_atoms_have_one_of_their_own() -> None:
    shapes = FewShapes()
    specs = (ListSpec("edge", 5.0),)
    assert shapes.of(Shape(100, 1, (50,)), specs) == Shape(100, 1, (56,))
    assert shapes.of(Shape(2000, 1, (50,)), specs) == Shape(2048, 1, (56,))
    assert shapes.of(Shape(3000, 1, (50,)), specs) == Shape(3072, 1, (56,))


def test_no_more_is_wasted_than_a_compilation_takes() -> None:
    shapes, specs = FewShapes(), (ListSpec("edge", 5.0),)
    needed = Shape(10, 1, (50,))
    large = shapes.of(Shape(200, 1, (50,)), specs)
    shapes.spent(10, large, 20.0)  # its compilation
    for _ in range(4):
        assert shapes.of(needed, specs) == large
        shapes.spent(10, large, 1.0)
    shapes.spent(10, large, 1.0)
    assert shapes.of(needed, specs) == Shape(10, 1, (56,))
    assert shapes.of(Shape(9, 1, (50,)), specs) == Shape(10, 1, (56,))
    assert shapes.of(Shape(40, 1, (50,)), specs) == large
