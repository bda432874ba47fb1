"""A potential in jax-md: the calculator of ASE is the judge."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.potential.potential import Potential, compile

# jax-md's own lists mix 32 and 64 bits
pytestmark = pytest.mark.filterwarnings("ignore:scatter inputs have incompatible types:FutureWarning")


@pytest.fixture
def jax_md() -> Any:
    pytest.importorskip("jax_md", reason="jax-md is not installed")
    from jax_md import quantity, simulate, space

    return quantity, simulate, space


@pytest.fixture(scope="module")
def potential() -> Potential:
    pairs = "lj(epsilon = 0.3, sigma = 2.4, rc = 4)"
    return compile(f"species Nb, W\nE = {pairs} + sw(rc = 3.9, sigma = 2.1) + reference(e0 = -1)")


def crystal() -> Atoms:
    atoms = bulk("Nb", "bcc", a=3.3, cubic=True).repeat(3)
    atoms.set_cell(atoms.cell.array @ [[1, 0, 0], [0.1, 1, 0], [0.05, -0.1, 1]], scale_atoms=True)
    atoms.rattle(0.08, seed=1)
    atoms.symbols[::3] = "W"
    return atoms


@pytest.mark.parametrize(("precision", "near"), [("float64", 1e-11), ("float32", 2e-4)])
def test_energy_forces_and_stress_are_those_of_the_calculator(
    potential: Potential, jax_md: Any, precision: str, near: float
) -> None:
    quantity, _, space = jax_md
    atoms = crystal()
    atoms.calc = potential.calculator()
    box = jnp.asarray(atoms.cell.array.T)
    displacement, _ = space.periodic_general(box, fractional_coordinates=True)
    options = {"precision": precision, "fractional_coordinates": True}
    neighbour, energy = potential.jax_md(displacement, box, atoms.get_chemical_symbols(), **options)
    at = jnp.asarray(atoms.get_scaled_positions())
    neighbor = neighbour.allocate(at)

    @jax.jit
    def all_of(at: Any, neighbor: Any) -> Any:
        force = quantity.force(energy)(at, neighbor=neighbor)
        return energy(at, neighbor), force, quantity.stress(energy, at, box, neighbor=neighbor)

    found, force, stress = map(np.asarray, all_of(at, neighbor))
    np.testing.assert_allclose(found, atoms.get_potential_energy(), rtol=near)
    wanted = atoms.get_forces()
    np.testing.assert_allclose(force, wanted, atol=near * np.abs(wanted).max())
    wanted = atoms.get_stress(voigt=False)  # tension positive; jax-md's is that of a pressure
    np.testing.assert_allclose(-stress, wanted, atol=near * np.abs(wanted).max())


def test_dynamics_in_free_space_keep_the_energy(jax_md: Any) -> None:
    _, simulate, space = jax_md
    atoms, potential = crystal()[:9], compile("species Nb, W\nE = lj(epsilon = 0.3, sigma = 2.4, rc = 4)")
    displacement, shift = space.free()
    neighbour, energy = potential.jax_md(displacement, None, atoms.get_chemical_symbols())
    neighbor = neighbour.allocate(jnp.asarray(atoms.positions))
    start, step = simulate.nve(energy, shift, 0.02)
    state = start(jax.random.PRNGKey(0), jnp.asarray(atoms.positions), 0.02, 90.0, neighbor=neighbor)

    def total(state: Any) -> float:
        return float(energy(state.position, neighbor) + (state.momentum**2 / state.mass).sum() / 2)

    def advanced(_: Any, both: Any) -> Any:
        state, neighbor = both
        neighbor = neighbor.update(state.position)
        return step(state, neighbor=neighbor), neighbor

    before = total(state)
    state, neighbor = jax.jit(lambda both: jax.lax.fori_loop(0, 200, advanced, both))((state, neighbor))
    assert not neighbor.did_buffer_overflow
    assert abs(total(state) - before) < 1e-3 and np.abs(state.position - atoms.positions).max() > 0.05


def space_of(*_: Any) -> Any:
    raise AssertionError("no displacement is asked for")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda p: p.jax_md(space_of, 20.0, ["Nb", "O"]), "unknown-species-in-data"),
        (lambda p: p.jax_md(space_of, 7.9, ["Nb"]), "cell-too-thin"),
        (lambda p: p.jax_md(space_of, np.array([20.0, 20.0, 7.9]), ["Nb"]), "cell-too-thin"),
        (lambda p: p.jax_md(space_of, [[9, 6, 0], [0, 9, 0], [0, 0, 9.0]], ["Nb"]), "cell-too-thin"),
        (lambda p: p.jax_md(space_of, 20.0, ["Nb"], precision="half"), "bad-value"),
    ],
)
def test_wrong_arguments_are_told(
    potential: Potential, jax_md: Any, call: Callable[[Potential], Any], code: str
) -> None:
    with pytest.raises(UserError) as caught:
        call(potential)
    assert caught.value.diagnostics[0].code == code


def test_without_jax_md_the_package_is_named(potential: Potential, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax_md", None)
    with pytest.raises(UserError, match="pip install jax-md"):
        potential.jax_md(space_of, 20.0, ["Nb"])
