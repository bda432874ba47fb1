"""Several sets of the parameters that vary in one call, against the reference, a set at a time."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler import pipeline
from potentia.compiler.backends.cpp.kernel import CppKernel
from potentia.compiler.backends.cpp.sets import Directions, Owners, Sets
from potentia.compiler.backends.cpp.target import atoms_of
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.ir.graph import Model
from registry import SPECIES, Batcher, by_reference, compiled, random_theta, reach, structure_of, structures

# triples, products of densities, networks on sums, tables of pairs; sums that no parameter changes
SPECS = (
    "sw(rc = 3.2 Å)",
    "tersoff(rc = 3.2 Å)",
    "three_body(bessel(2), l = 2, rc = 3.5 Å) * 2 + zbl(inner = 0.9 Å, outer = 1.8 Å)",
    "eam(rc = 4 Å)",
    "eam_table(rc = 4 Å) + morse(rc = 4 Å)",
    "nn(bessel(3), hidden = [3, 2], rc = 4 Å)",
    "nep(rc = 4 Å, rc_angular = 3 Å, n_max = [1, 1], basis_size = [2, 2], l_max = [2, 2, 1], neuron = 3)",
)


@pytest.mark.parametrize("energy", SPECS, ids=lambda text: text.split("(")[0])
def test_sets_are_evaluations_one_by_one(energy: str) -> None:
    model = compiled(f"species {', '.join(SPECIES[:2])}\nE = {energy}", optimized=False)
    slope, directions = pipeline.along(model)
    kernel = CppKernel(slope, varied=directions)
    theta, rng = random_theta(model, 7), np.random.default_rng(7)
    sets = [np.concatenate([theta, rng.uniform(-1, 1, len(theta)) * np.abs(theta)]) for _ in range(3)]
    constants = np.stack([kernel.constants(s) for s in sets])
    for atoms in structures(SPECIES[:2], reach(model), 7)[2::3]:
        checked = kernel.library.checked(atoms_of(structure_of(model, atoms), kernel.cutoff, Batcher(slope)))
        found = kernel.for_sets(Sets.of_rows(constants[0], constants), checked)
        for k, at in enumerate(sets):
            want = by_reference(slope, at, atoms)
            close = {
                "rtol": 0,
                "atol": 1e-9 * (1.0 + np.abs(want.forces).max(initial=0.0) + abs(want.energy)),
            }
            np.testing.assert_allclose(found.energy[k], want.energy, **close)
            np.testing.assert_allclose(found.forces[k], want.forces, **close)
            np.testing.assert_allclose(found.virial[k], want.virial, **close)
            alone = kernel(constants[k], checked)
            np.testing.assert_allclose(alone.forces, found.forces[k], **close)


def test_a_kernel_without_parameters_that_vary_takes_one_set() -> None:
    model: Model = compiled("species Nb\nE = lj()", optimized=False)
    kernel = CppKernel(model)
    atoms = structures(("Nb",), 4.0, 1)[6]
    checked = kernel.library.checked(atoms_of(structure_of(model, atoms), kernel.cutoff, Batcher(model)))
    constants = kernel.constants(random_theta(model, 1))
    with pytest.raises(InternalError, match="without parameters that vary"):
        kernel.for_sets(Sets.of_rows(constants, constants[None]), checked)


def test_the_parameters_are_found_that_constants_depend_on() -> None:
    """n = 3: of four constants the first is of θ alone, two of one parameter each, the last of two."""

    def constants(both: np.ndarray) -> np.ndarray:
        theta, v = both[:3], both[3:]
        return np.array([theta[0], theta[1] * v[2], 3.0 + v[0], v[0] - v[1]])

    owners = Owners.of(constants, 3)
    assert owners.owner.tolist() == [-1, 2, 0, -2] and owners.sharing == {0, 1}
    theta = np.array([2.0, 5.0, 7.0])
    sets = Directions(constants, owners, theta).along_each(np.arange(3))
    for k, unit in enumerate(np.eye(3)):
        row = sets.base.copy()
        mine = slice(sets.first[k], sets.first[k + 1])
        row[sets.places[mine]] = sets.values[mine]
        np.testing.assert_array_equal(row, constants(np.concatenate([theta, unit])))


def test_each_parameter_alone_is_one_evaluation() -> None:
    asked = []

    def constants(both: np.ndarray) -> np.ndarray:
        asked.append(both)
        return both[:4] * both[4:]

    directions = Directions(constants, Owners.of(constants, 4), np.array([2.0, 0.0, -1.0, 3.0]))
    before = len(asked)
    sets = directions.along_each(np.array([3, 0, 1]))
    assert len(asked) == before
    assert sets.places.tolist() == [3, 0, 1] and sets.values.tolist() == [3.0, 2.0, 0.0]
