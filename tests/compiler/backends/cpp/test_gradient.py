"""The gradient of a loss in one sweep, against the reference's derivatives along a direction."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.backends.cpp.gradient import GradientKernel
from potentia.compiler.backends.cpp.kernel import CppKernel
from potentia.compiler.backends.cpp.target import atoms_of
from registry import SPECIES, Batcher, by_reference, compiled, random_theta, reach, structure_of, structures

# tables of species, pairs and triples; networks; products of sums; numbers of the model; energies alone
SPECS = (
    "sw(rc = 3.2 Å)",
    "tersoff(rc = 3.2 Å)",
    "three_body(bessel(2), l = 2, rc = 3.5 Å) * 2 + zbl(inner = 0.9 Å, outer = 1.8 Å) + reference()",
    "eam(rc = 4 Å) + lj(rc = 3.7 Å)",
    "nn(bessel(3), hidden = [20, 30], rc = 4 Å)",
    "nep(rc = 4 Å, rc_angular = 3 Å, n_max = [1, 1], basis_size = [2, 2], l_max = [2, 2, 1], neuron = 3)",
    "own() + lj(rc = 3.7 Å)\nterm own(rc = 4 Å) {\n  param z[10] = 0 eV\n  param f[12] = 0 per species\n"
    "  param F[8] = 0 eV per species\n  rho(i) = sum(j) interpolate(r_ij / 0.9 Å, f(j))\n"
    "  pair(r) = interpolate(r / 1.1 Å - 1, z) * smooth(r, rc)\n  site(i) = interpolate(rho(i), F)\n}",
    "uf_pair(rc = 4 Å)"
    " + uf_triple(rc = 3 Å, knots = [0, 1, 1.5, 2.5, 3], far = [0, 2, 3, 5, 6], form = alike)",
    "reference()",
)


@pytest.mark.parametrize("n_species", [1, 2])
@pytest.mark.parametrize("energy", SPECS, ids=lambda text: text.split("(")[0])
def test_a_gradient_is_the_adjoint_of_derivatives(energy: str, n_species: int) -> None:
    model = compiled(f"species {', '.join(SPECIES[:n_species])}\nE = {energy}", optimized=False)
    slope, _ = pipeline.along(model)
    kernel, values, theta = GradientKernel(model), CppKernel(model), random_theta(model, 7)
    at, rng = kernel.at(theta), np.random.default_rng(7)
    free = np.concatenate([p.free for p in model.parameters])
    for atoms in structures(SPECIES[:n_species], reach(model), 7)[::3]:
        structure = structure_of(model, atoms)
        checked = values.library.checked(atoms_of(structure, values.cutoff, Batcher(model)))
        u, v = rng.normal(), np.where(free, rng.uniform(-1, 1, len(theta)) * np.abs(theta), 0.0)
        by_forces, by_virial = rng.normal(size=(len(atoms), 3)), np.triu(rng.normal(size=(3, 3)))
        gradient = at.by_parameters(at.tables(checked, u, by_forces, by_virial))
        along = by_reference(slope, np.concatenate([theta, v]), atoms)
        parts = u * along.energy, np.sum(by_forces * along.forces), np.sum(by_virial * along.virial)
        size = np.abs(gradient) @ np.abs(v) + sum(map(abs, parts))
        assert abs(gradient[free] @ v[free] - sum(parts)) <= 1e-10 * size + 1e-12


def test_single_precision_is_close() -> None:
    model = compiled("species Nb\nE = eam(rc = 4 Å) + nn(bessel(3), hidden = [4], rc = 4 Å)", optimized=False)
    theta, values = random_theta(model, 3), CppKernel(model)
    (atoms,) = structures(("Nb",), reach(model), 3)[4:5]
    checked = values.library.checked(atoms_of(structure_of(model, atoms), values.cutoff, Batcher(model)))
    weights = 1.0, np.ones((len(atoms), 3)) * [1.0, -2.0, 0.5], np.zeros((3, 3))
    found = []
    for real in ("double", "float"):
        at = GradientKernel(model, real).at(theta)
        found.append(at.by_parameters(at.tables(checked, *weights)))
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-3 * np.abs(found[0]).max())
    assert (found[0] != found[1]).any()
