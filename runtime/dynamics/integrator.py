"""Time steps on the device: many in one call, for as long as the neighbour list holds.

A step is B A T A (P) F B: half a kick, half a drift, the thermostat, half a drift, the strain of the cell,
new forces, half a kick (the middle scheme, Zhang et al., doi 10.1021/acs.jpca.9b02771; BAOAB with Langevin's
thermostat, velocity Verlet with none). Positions, velocities and cell are float64 whatever the kernel's
precision. Random numbers are made of (seed, step), so a step is a function of the state alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...compiler.backends.xla import Arrays, Kernel
from ...compiler.backends.xla_arrays import Pair
from .barostat import Piston, strain
from .thermostat import Bath, bussi, kinetic_energy, langevin, nose_hoover

Array = jax.Array

# why a call came back before its last step
FINE, NOT_FINITE, TOO_CLOSE, TOO_HOT = range(4)


class Motion(NamedTuple):
    """The state of the dynamics. Lengths Å, energies eV, masses amu, time in ASE's unit, √(amu Å²/eV).

    x, v, f (3, N); x is not wrapped. virial = dE/dε (3, 3); cell (3, 3), a vector a row; deformed (3, 3):
    rows of lengths have changed to rows @ deformed since the list was made. heat: energy given by thermostat
    and barostat. chain: rates of a Nosé–Hoover chain. closest (P,): smallest squared distances since the last
    row of the log. begun: False until the first forces are there. stale: the list does not hold for the next
    step.
    """

    step: Any
    x: Any
    v: Any
    f: Any
    energy: Any
    virial: Any
    cell: Any
    deformed: Any
    heat: Any
    chain: Any
    closest: Any
    begun: Any
    stale: Any
    verdict: Any


class Near(NamedTuple):
    """A neighbour list: the kernel's arrays; x (3, N) where it was made; what wraps atoms into the cell there
    (3, N); how far the kernel sees and the skin (Å); pairs that are watched, each with its row of `closest`.
    """

    arrays: Arrays
    x: Any
    wrap: Any
    reach: Any
    skin: Any
    watched: Pair
    rows: Any


class Conditions(NamedTuple):
    """What stays as it is: dt, tau, tau of pressure over compressibility in ASE's units, kT of first and
    last step (eV) and the steps between, pressure (eV/Å³), masses (N,), degrees of freedom, key, limits (P,)
    in Å, the kinetic energy (eV) that is too much.
    """

    dt: Any
    tau: Any
    rate: Any
    heat: Any
    ramp: Any
    pressure: Any
    masses: Any
    freedom: Any
    key: Any
    limits: Any
    most: Any


@dataclass(frozen=True)
class Form:
    """What is compiled: `none` or the name of a thermostat, of the strains of a barostat."""

    thermostat: str = "none"
    barostat: str = "none"


Advance = Callable[[Array, Conditions, Near, Motion, Array], Motion]


@lru_cache(maxsize=8)
def compiled(kernel: Kernel, form: Form) -> Advance:
    """(theta, conditions, list, motion, step) → the motion at that step, or before it where the list does
    not hold (`stale`) or a guard stops it (`verdict`).
    """

    def advance(theta: Array, c: Conditions, near: Near, s: Motion, until: Array) -> Motion:
        def going(s: Motion) -> Array:
            wanted = (s.step < until) | ~s.begun
            return wanted & ~s.stale & (s.verdict == FINE)

        return jax.lax.while_loop(going, lambda s: _step(kernel, form, theta, c, near, s), s)

    return jax.jit(advance)


def _step(kernel: Kernel, form: Form, theta: Array, c: Conditions, near: Near, s: Motion) -> Motion:
    """One step, or the same state marked as stale. The first call finds the forces and moves nothing."""
    ahead, eta = _moved(form, c, s)
    ahead = jax.tree.map(lambda new, old: jnp.where(s.begun, new, old), ahead, s)
    return jax.lax.cond(
        _holds(form, near, ahead),
        lambda: _landed(kernel, form, theta, c, near, s, ahead, eta),
        lambda: s._replace(stale=jnp.array(True)),
    )


def _moved(form: Form, c: Conditions, s: Motion) -> tuple[Motion, Array]:
    """B A T A (P): the state before its forces, and the strain that the barostat made."""
    half = c.dt / 2
    v = s.v + half * s.f / c.masses
    x = s.x + half * v
    bath = Bath(_heat_at(c, s.step), c.tau, c.freedom, jax.random.fold_in(c.key, 2 * s.step))
    before = kinetic_energy(v, c.masses)
    chain = s.chain
    if form.thermostat == "langevin":
        v = langevin(v, c.masses, c.dt, bath)
    elif form.thermostat == "bussi":
        v = bussi(v, c.masses, c.dt, bath)
    elif form.thermostat == "nose-hoover":
        v, chain = nose_hoover(v, c.masses, c.dt, bath, chain)
    heat = s.heat + kinetic_energy(v, c.masses) - before
    ahead = s._replace(step=s.step + 1, x=x + half * v, v=v, chain=chain, heat=heat)
    if form.barostat == "none":
        return ahead, jnp.zeros((3, 3))
    return _strained(form, c, ahead, bath.heat, jax.random.fold_in(c.key, 2 * s.step + 1))


def _strained(form: Form, c: Conditions, s: Motion, heat: Array, key: Array) -> tuple[Motion, Array]:
    volume = jnp.abs(jnp.linalg.det(s.cell))
    internal = ((c.masses * s.v) @ s.v.T - s.virial) / volume
    eta = strain(form.barostat, internal, volume, c.dt, Piston(c.pressure, c.rate, heat, key))
    stretch, shrink = jax.scipy.linalg.expm(eta), jax.scipy.linalg.expm(-eta)  # symmetric
    v = shrink @ s.v
    cell = s.cell @ stretch
    # what the barostat gives: ΔK + P0 ΔV here, ΔU when the new virial is known
    given = kinetic_energy(v, c.masses) - kinetic_energy(s.v, c.masses)
    given += c.pressure * (jnp.abs(jnp.linalg.det(cell)) - volume)
    moved = s._replace(x=stretch @ s.x, v=v, cell=cell, deformed=s.deformed @ stretch, heat=s.heat + given)
    return moved, eta


def _heat_at(c: Conditions, step: Array) -> Array:
    return c.heat[0] + (c.heat[1] - c.heat[0]) * jnp.minimum(step / c.ramp, 1.0)


def _holds(form: Form, near: Near, s: Motion) -> Array:
    """Whether no pair can have come into reach: those left out were reach + skin apart, less what the cell
    shrank by, less what two atoms have moved beyond the cell's strain.
    """
    if form.barostat == "none":
        moved, length = s.x - near.x, near.reach + near.skin
    else:
        moved = s.x - s.deformed.T @ near.x
        length = (near.reach + near.skin) * (1 - jnp.linalg.norm(s.deformed - jnp.eye(3)))
    farthest = jnp.sqrt((moved * moved).sum(0).max())
    return (2 * farthest <= length - near.reach) | ~jnp.isfinite(farthest)  # which the guards find


def _landed(
    kernel: Kernel, form: Form, theta: Array, c: Conditions, near: Near, s: Motion, ahead: Motion, eta: Array
) -> Motion:
    """F B, and the guards."""
    x = ahead.x - (near.wrap if form.barostat == "none" else ahead.deformed.T @ near.wrap)
    energy, f, virial, _ = kernel.predict(theta, _placed(kernel, form, near.arrays, x, ahead.deformed))
    energy, f, virial = (part.astype(jnp.float64) for part in (energy[0], f, virial[:, :, 0]))
    # a float32 sum of forces is not zero to the last digit, and its rest would drive the centre of mass
    f = f - c.masses / c.masses.sum() * f.sum(1)[:, None]
    v = jnp.where(s.begun, ahead.v + c.dt / 2 * f / c.masses, ahead.v)
    heat = ahead.heat
    if form.barostat != "none":  # ΔU of the strain, by the mean of the virials at both ends
        heat = heat + jnp.where(s.begun, ((s.virial + virial) / 2 * eta).sum(), 0.0)
    squares = _watched(form, near, x, ahead.deformed, len(c.limits))
    return ahead._replace(
        v=v,
        f=f,
        energy=energy,
        virial=virial,
        heat=heat,
        closest=jnp.minimum(ahead.closest, squares),
        begun=jnp.array(True),
        verdict=_verdict(c, energy, f, v, squares),
    )


def _placed(kernel: Kernel, form: Form, arrays: Arrays, x: Array, deformed: Array) -> Arrays:
    """The kernel's arrays with atoms, and where the cell moves images, where they are now."""
    lists = arrays.lists
    if form.barostat != "none":
        turn = deformed.T.astype(kernel.dtype)
        lists = tuple(near._replace(shift=_shifted(turn, near.shift)) for near in lists)
    return arrays._replace(positions=x.astype(kernel.dtype), lists=lists)


def _shifted(turn: Array, shift: Array) -> Array:
    rows = [sum(turn[a, b] * shift[b] for b in range(3)) for a in range(3)]
    return jnp.stack(rows)


def _watched(form: Form, near: Near, x: Array, deformed: Array, n: int) -> Array:
    """(P,) the smallest squared distance of each pair of species; infinity where none is on the list."""
    pair = near.watched
    shift = pair.shift if form.barostat == "none" else _shifted(deformed.T, pair.shift)
    d = [x[a][pair.j] - x[a][pair.i] + shift[a] for a in range(3)]
    squares = jnp.where(pair.valid, d[0] * d[0] + d[1] * d[1] + d[2] * d[2], jnp.inf)
    return jnp.stack([jnp.where(near.rows == row, squares, jnp.inf).min() for row in range(n)])


def _verdict(c: Conditions, energy: Array, f: Array, v: Array, squares: Array) -> Array:
    finite = jnp.isfinite(energy) & jnp.isfinite(f).all() & jnp.isfinite(v).all()
    close = (squares < c.limits**2).any()
    hot = kinetic_energy(v, c.masses) > c.most
    return jnp.where(~finite, NOT_FINITE, jnp.where(close, TOO_CLOSE, jnp.where(hot, TOO_HOT, FINE)))
