"""Time steps on the device: many in one call, for as long as the neighbour list holds.

A step is B A T A (P) F B: half a kick, half a drift, the thermostat, half a drift, the strain of the cell,
new forces, half a kick (the middle scheme, Zhang et al., doi 10.1021/acs.jpca.9b02771; BAOAB with Langevin's
thermostat, velocity Verlet with none). Positions, velocities and cell are float64 whatever the kernel's
precision. Random numbers are made of (seed, step), so a step is a function of the state alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, Key

from ...compiler.backends.xla.arrays import Edge, LongLists, Pair
from ...compiler.backends.xla.kernel import Arrays, Prediction
from ...compiler.ir.types import Domain
from .barostat import Piston, strain
from .pruning import Room, near_pairs, squared_lengths, turned
from .thermostat import Bath, bussi, kinetic_energy, langevin, nose_hoover, without_drift

# why a call came back before its last step
FINE, NOT_FINITE, TOO_CLOSE, TOO_HOT = range(4)
# what the lists are good for: the next step; nothing before they are pruned again; nothing before the host
# makes new ones, or larger ones; a step so long that no list would do
VALID, USED, OUTRUN, SHORT_OF_ROOM, TOO_FAST = range(5)


class MDKernel(Protocol):
    """A model on a target, inside jax. lists: those that `short` needs, in order."""

    @property
    def lists(self) -> tuple[Domain, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def short(self, long: LongLists, sizes: Sequence[int]) -> tuple[Any, tuple[Int[Array, ""], ...]]:
        """Short lists, and the size that each needs; a list that needs more than its size is not whole."""

    def deformed(self, near: Any, turn: Array) -> Any:
        """Laid lists in a cell whose vectors a have become turn·a."""

    def predict(self, theta: Array, arrays: Arrays, near: Any) -> Prediction: ...

    def __hash__(self) -> int: ...


class Motion(NamedTuple):
    """The state of the dynamics. Time is in ASE's unit, √(amu Å²/eV); quantities are float64."""

    step: Int[Array, ""]  # steps made
    x: Float[Array, "3 N"]  # positions, Å, not wrapped into the cell
    v: Float[Array, "3 N"]  # velocities, Å per time
    f: Float[Array, "3 N"]  # forces, eV/Å
    energy: Float[Array, ""]  # potential energy, eV
    virial: Float[Array, "3 3"]  # dE/dε, eV
    cell: Float[Array, "3 3"]  # Å, one vector a row
    deformed: Float[
        Array, "3 3"
    ]  # rows of lengths have become rows @ deformed since the host's lists were made
    bath_work: Float[Array, ""]  # energy given by thermostat and barostat, eV
    chain: Float[Array, " chain"]  # rates of a Nosé-Hoover chain, 1/time
    closest: Float[Array, " species_pairs"]  # smallest squared distances since the last row of the log, Å²
    started: Bool[Array, ""]  # False until the first forces are there
    verdict: Int[Array, ""]  # FINE, NOT_FINITE, TOO_CLOSE or TOO_HOT
    lists: Int[Array, ""]  # VALID, USED, OUTRUN, SHORT_OF_ROOM or TOO_FAST
    needed: Int[Array, " lists"]  # sizes of the device's lists when they were last made


class Near(NamedTuple):
    """Long lists, made by the host."""

    arrays: Arrays  # those of the kernel, without lists
    x: Float[Array, "3 N"]  # positions where the lists were made, Å
    wrap: Float[Array, "3 N"]  # x − wrap is in the cell, Å
    pair: Pair
    rows: Int[Array, " M"]  # the row of `closest` that each pair belongs to
    edge: Edge | None  # None where the kernel has no edges
    cutoff: Float[Array, ""]  # how far the kernel sees, Å
    skin: Float[Array, ""]  # how much farther the device's lists go, Å
    long: Float[Array, ""]  # how much farther than those these lists go, Å
    watched: Float[Array, " species_pairs"]  # how far smallest distances are looked for, Å


class Pruned(NamedTuple):
    """Short lists, made by the device. Their shifts are those of the long lists."""

    lists: Any  # as the kernel has laid them
    watched: Pair
    rows: Int[Array, " M"]  # the row of `closest` that each watched pair belongs to
    x: Float[Array, "3 N"]  # positions where the lists were made, Å
    back: Float[Array, "3 3"]  # the inverse of `Motion.deformed` there


class Conditions(NamedTuple):
    """The constants of a run. Time is in ASE's unit."""

    dt: Float[Array, ""]  # time step
    tau: Float[Array, ""]  # relaxation time of the thermostat
    rate: Float[Array, ""]  # compressibility over relaxation time of the barostat, Å³/eV per time
    kT: Float[Array, " 2"]  # of the first and of the last step, eV
    ramp: Float[Array, ""]  # steps between these two
    pressure: Float[Array, ""]  # eV/Å³
    masses: Float[Array, " N"]  # amu
    n_dof: Float[Array, ""]  # degrees of freedom
    key: Key[Array, ""]  # of the random numbers
    limits: Float[Array, " species_pairs"]  # the smallest distances allowed, Å
    most: Float[Array, ""]  # the largest kinetic energy allowed, eV
    frozen: Bool[Array, "3 N"] | None = None  # coordinates that do not change


@dataclass(frozen=True)
class Form:
    """The form that is compiled.

    thermostat: its name, or `none`.
    barostat: the name of its strains, or `none`.
    room: the sizes of the lists.
    """

    thermostat: str = "none"
    barostat: str = "none"
    room: Room = field(default_factory=Room)


Advance = Callable[[Float[Array, " P"], Conditions, Near, Motion, Int[Array, ""]], Motion]


@lru_cache(maxsize=8)
def compiled(kernel: MDKernel, form: Form) -> Advance:
    """(theta, conditions, lists, motion, step) → the motion at that step, or before it where the host has to
    make new lists (`lists`) or a guard stops it (`verdict`).
    """

    def advance(
        theta: Float[Array, " P"], c: Conditions, near: Near, s: Motion, until: Int[Array, ""]
    ) -> Motion:
        def wanted(s: Motion) -> Bool[Array, ""]:
            return ((s.step < until) | ~s.started) & (s.verdict == FINE)

        def with_new_lists(s: Motion) -> Motion:
            pruned, needed = _pruned(kernel, form, near, s)
            fits = (needed <= jnp.asarray(form.room.lists)).all()
            lists = jnp.where(fits, jnp.where(_long_holds(form, near, s), VALID, OUTRUN), SHORT_OF_ROOM)
            made = jax.lax.while_loop(
                lambda s: wanted(s) & (s.lists == VALID),
                lambda s: _step(kernel, form, theta, c, near, pruned, s),
                s._replace(lists=lists, needed=needed),
            )
            stuck = (made.lists == USED) & (made.step == s.step)
            return made._replace(lists=jnp.where(stuck, TOO_FAST, made.lists))

        return jax.lax.while_loop(
            lambda s: wanted(s) & (s.lists <= USED), with_new_lists, s._replace(lists=jnp.asarray(USED))
        )

    return jax.jit(advance)


def _step(
    kernel: MDKernel,
    form: Form,
    theta: Float[Array, " P"],
    c: Conditions,
    near: Near,
    pruned: Pruned,
    s: Motion,
) -> Motion:
    """One step, or the same state with its lists marked as used. The first call finds the forces and moves
    nothing.
    """
    ahead, eta = _moved(form, c, s)
    ahead = jax.tree.map(lambda new, old: jnp.where(s.started, new, old), ahead, s)
    return jax.lax.cond(
        _holds(form, near, pruned, ahead),
        lambda: _landed(kernel, form, theta, c, near, pruned, s, ahead, eta),
        lambda: s._replace(lists=jnp.asarray(USED)),
    )


def _moved(form: Form, c: Conditions, s: Motion) -> tuple[Motion, Float[Array, "3 3"]]:
    """B A T A (P): the state before its forces, and the strain that the barostat made."""
    half = c.dt / 2
    v = s.v + half * s.f / c.masses
    x = s.x + half * v
    bath = Bath(_kT_at(c, s.step), c.tau, c.n_dof, jax.random.fold_in(c.key, 2 * s.step))
    before = kinetic_energy(v, c.masses)
    chain = s.chain
    if form.thermostat == "langevin":
        v = langevin(v, c.masses, c.dt, bath, c.frozen)
    elif form.thermostat == "bussi":
        v = bussi(v, c.masses, c.dt, bath)
    elif form.thermostat == "nose-hoover":
        v, chain = nose_hoover(v, c.masses, c.dt, bath, chain)
    work = s.bath_work + kinetic_energy(v, c.masses) - before
    ahead = s._replace(step=s.step + 1, x=x + half * v, v=v, chain=chain, bath_work=work)
    if form.barostat == "none":
        return ahead, jnp.zeros((3, 3))
    return _strained(form, c, ahead, bath.kT, jax.random.fold_in(c.key, 2 * s.step + 1))


def _strained(
    form: Form, c: Conditions, s: Motion, kT: Float[Array, ""], key: Key[Array, ""]
) -> tuple[Motion, Float[Array, "3 3"]]:
    volume = jnp.abs(jnp.linalg.det(s.cell))
    internal = ((c.masses * s.v) @ s.v.T - s.virial) / volume
    eta = strain(form.barostat, internal, volume, c.dt, Piston(c.pressure, c.rate, kT, key))
    stretch, shrink = jax.scipy.linalg.expm(eta), jax.scipy.linalg.expm(-eta)  # symmetric
    v = shrink @ s.v
    cell = s.cell @ stretch
    # what the barostat gives: ΔK + P0 ΔV here, ΔU when the new virial is known
    given = kinetic_energy(v, c.masses) - kinetic_energy(s.v, c.masses)
    given += c.pressure * (jnp.abs(jnp.linalg.det(cell)) - volume)
    deformed, work = s.deformed @ stretch, s.bath_work + given
    moved = s._replace(x=stretch @ s.x, v=v, cell=cell, deformed=deformed, bath_work=work)
    return moved, eta


def _kT_at(c: Conditions, step: Int[Array, ""]) -> Float[Array, ""]:
    return c.kT[0] + (c.kT[1] - c.kT[0]) * jnp.minimum(step / c.ramp, 1.0)


def _holds(form: Form, near: Near, pruned: Pruned, s: Motion) -> Bool[Array, ""]:
    """Whether no pair that the short lists leave out can have come into reach."""
    change = jnp.eye(3) if form.barostat == "none" else pruned.back @ s.deformed
    return _approach(form, s.x, pruned.x, change, near.cutoff + near.skin) <= near.skin


def _long_holds(form: Form, near: Near, s: Motion) -> Bool[Array, ""]:
    """Whether no pair that the long lists leave out can be one of the short lists."""
    return _approach(form, s.x, near.x, s.deformed, near.cutoff + near.skin + near.long) <= near.long


def _approach(
    form: Form,
    x: Float[Array, "3 N"],
    before: Float[Array, "3 N"],
    change: Float[Array, "3 3"],
    length: Float[Array, ""],
) -> Float[Array, ""]:
    """How much nearer two atoms can have come that were a length apart: what the cell shrank by (no singular
    value of the change is smaller than 1 − |change − 1|), and what the two farthest have moved beyond its
    strain. 0 where that is no number: the guards find it.
    """
    moved = x - before if form.barostat == "none" else x - change.T @ before
    squares = (moved * moved).sum(0)
    first = jnp.argmax(squares)
    second = jnp.where(jnp.arange(len(squares)) == first, 0.0, squares).max()
    nearer = jnp.sqrt(squares[first]) + jnp.sqrt(second)
    if form.barostat != "none":
        nearer = nearer + length * jnp.linalg.norm(change - jnp.eye(3))
    return jnp.where(jnp.isfinite(nearer), nearer, 0.0)


def _pruned(kernel: MDKernel, form: Form, near: Near, s: Motion) -> tuple[Pruned, Int[Array, " lists"]]:
    """Short lists of now, and the sizes that they need."""
    x, turn = _wrapped(form, near, s), None if form.barostat == "none" else s.deformed.T
    pair, n = near.pair, s.x.shape[1]
    shift = pair.shift if turn is None else turned(turn, pair.shift)
    squares = jnp.where(pair.valid, squared_lengths(x, pair.i, pair.j, shift), jnp.inf)
    long = LongLists(x, pair, squares, near.edge, turn, near.skin)
    lists, needed = kernel.short(long, form.room.lists)
    seen = squares < (near.watched[near.rows] + near.skin) ** 2
    watched, count, places = near_pairs(pair, seen, form.room.lists[-1], 1.0, n)
    back = jnp.eye(3) if form.barostat == "none" else jnp.linalg.inv(s.deformed)
    return Pruned(lists, watched, near.rows[places], s.x, back), jnp.stack([*needed, count])


def _wrapped(form: Form, near: Near, s: Motion) -> Float[Array, "3 N"]:
    """Positions as the lists mean them."""
    return s.x - (near.wrap if form.barostat == "none" else s.deformed.T @ near.wrap)


def _landed(
    kernel: MDKernel,
    form: Form,
    theta: Float[Array, " P"],
    c: Conditions,
    near: Near,
    pruned: Pruned,
    s: Motion,
    ahead: Motion,
    eta: Float[Array, "3 3"],
) -> Motion:
    """F B, and the guards."""
    x = _wrapped(form, near, ahead)
    lists = pruned.lists
    if form.barostat != "none":
        lists = kernel.deformed(lists, ahead.deformed.T.astype(kernel.dtype))
    arrays = near.arrays._replace(positions=x.astype(kernel.dtype))
    energy, f, virial, _ = kernel.predict(theta, arrays, lists)
    energy, f, virial = (part.astype(jnp.float64) for part in (energy[0], f, virial[:, :, 0]))
    # a float32 sum of forces is not zero to the last digit, and its rest would drive the centre of mass
    f = without_drift(f, c.masses / c.masses.sum(), f.sum(1), c.frozen)
    v = jnp.where(s.started, ahead.v + c.dt / 2 * f / c.masses, ahead.v)
    work = ahead.bath_work
    if form.barostat != "none":  # ΔU of the strain, by the mean of the virials at both ends
        work = work + jnp.where(s.started, ((s.virial + virial) / 2 * eta).sum(), 0.0)
    squares = _watched(form, near, pruned, x, ahead.deformed)
    return ahead._replace(
        v=v,
        f=f,
        energy=energy,
        virial=virial,
        bath_work=work,
        closest=jnp.minimum(ahead.closest, squares),
        started=jnp.array(True),
        verdict=_verdict(c, energy, f, v, squares),
    )


def _watched(
    form: Form, near: Near, pruned: Pruned, x: Float[Array, "3 N"], deformed: Float[Array, "3 3"]
) -> Float[Array, " species_pairs"]:
    """The smallest squared distance of each pair of species; infinity beyond the distance searched."""
    pair = pruned.watched
    shift = pair.shift if form.barostat == "none" else turned(deformed.T, pair.shift)
    squares = jnp.where(pair.valid, squared_lengths(x, pair.i, pair.j, shift), jnp.inf)
    rows = range(len(near.watched))
    smallest = jnp.stack([jnp.where(pruned.rows == row, squares, jnp.inf).min() for row in rows])
    return jnp.where(smallest < near.watched**2, smallest, jnp.inf)  # farther ones may not be on the list


def _verdict(
    c: Conditions,
    energy: Float[Array, ""],
    f: Float[Array, "3 N"],
    v: Float[Array, "3 N"],
    squares: Float[Array, " species_pairs"],
) -> Int[Array, ""]:
    finite = jnp.isfinite(energy) & jnp.isfinite(f).all() & jnp.isfinite(v).all()
    close = (squares < c.limits**2).any()
    hot = kinetic_energy(v, c.masses) > c.most
    return jnp.where(~finite, NOT_FINITE, jnp.where(close, TOO_CLOSE, jnp.where(hot, TOO_HOT, FINE)))
