"""Values of neighbours as slopes, which no direction changes, times a few numbers."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.backends.cpp import passes
from potentia.compiler.backends.cpp.kernel import CppKernel
from potentia.compiler.backends.cpp.target import atoms_of
from potentia.compiler.ir import ops
from potentia.compiler.ir.graph import Node, topological
from potentia.compiler.ir.verify import verify
from potentia.compiler.schedule.sweep import dependent
from registry import Batcher, by_reference, compiled, random_theta, reach, structure_of, structures


def products(energy: str, species: str = "Nb") -> tuple[list[Node], set[Node]]:
    """The products in the kernel of derivatives, and the nodes that depend on the direction."""
    slope, names = pipeline.along(compiled(f"species {species}\nE = {energy}", optimized=False))
    model = passes.optimize(slope, names)
    verify(model)
    order = list(topological(model.outputs.values()))
    found = [n for n in order if n.op is ops.einsum and n["spec"] == "sq,s->q"]
    return found, dependent(order, names)


@pytest.mark.parametrize(
    ("energy", "sizes"),
    [
        ("pair(bessel5, rc = 4 Å)", {(5, 3), (5, 1)}),
        ("three_body(bessel3, l = 1, rc = 4 Å)", {(12, 3)}),
        ("nn(bessel3, hidden = [4], rc = 4 Å)", {(3, 3)}),
    ],
)
def test_slopes_do_not_depend_on_the_direction(energy: str, sizes: set[tuple[int, int]]) -> None:
    found, changing = products(energy)
    assert {n.args[0].kind.shape for n in found} == sizes
    assert all(n.args[0] not in changing and n.args[1] in changing for n in found)


def test_a_direction_that_triples_read_stays() -> None:
    """What a triple gives its neighbours is worked out for each direction."""
    found, _ = products("sw(rc = 3.2 Å)", "Si")
    assert not [n for n in found if n.args[0].kind.shape[1] == 3]


@pytest.mark.parametrize("species", ["Nb", "Nb, O"])
def test_directions_along_one_parameter_each(species: str) -> None:
    """Most numbers are 0 in each."""
    energy = "pair(bessel4, rc = 4 Å) + three_body(bessel3, l = 2, rc = 3.5 Å) + eam(rc = 4 Å)"
    model = compiled(f"species {species}\nE = {energy}", optimized=False)
    slope, names = pipeline.along(model)
    kernel = CppKernel(slope, varied=names)
    theta = random_theta(model, 3)
    chosen = np.arange(len(theta))[:: max(1, len(theta) // 12)]
    along = kernel.directions(theta).along_each(chosen)
    sets = np.hstack([np.tile(theta, (len(chosen), 1)), np.eye(len(theta))[chosen]])
    for atoms in structures(model.species, reach(model), 3)[4::5]:
        checked = kernel.library.checked(atoms_of(structure_of(model, atoms), kernel.cutoff, Batcher(slope)))
        found = kernel.for_sets(along, checked)
        for k, at in enumerate(sets):
            want = by_reference(slope, at, atoms)
            close = 1e-10 * (1.0 + np.abs(want.forces).max(initial=0.0) + abs(want.energy))
            np.testing.assert_allclose(found.energy[k], want.energy, rtol=0, atol=close)
            np.testing.assert_allclose(found.forces[k], want.forces, rtol=0, atol=close)
            np.testing.assert_allclose(found.virial[k], want.virial, rtol=0, atol=close)
