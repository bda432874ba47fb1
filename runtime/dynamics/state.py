"""The state of a run that it goes on from, to the last bit."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypedDict

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ..files.reading import damaged
from ..files.states import load_state, save_state
from ..structures.arrays import Cell, Floats
from .integrator import FINE, USED, Motion
from .outputs import STATE, STATE_BEFORE
from .pruning import Room
from .thermostat import CHAIN


@dataclass(frozen=True)
class Saved:
    """All that the next step depends on, the first fields as `Motion` has them, and where the files were."""

    step: int
    x: Float[Floats, "3 N"]
    v: Float[Floats, "3 N"]
    f: Float[Floats, "3 N"]
    energy: float
    virial: Float[Floats, "3 3"]
    cell: Cell
    heat: float  # `Motion.bath_work`: the name on the disk
    chain: Float[Floats, " chain"]
    closest: Float[Floats, " species_pairs"]
    room: Room  # of the lists
    first: float  # the conserved quantity of step 0, eV
    smallest: Float[Floats, " species_pairs"]  # distances of all steps before, Å
    log_bytes: int  # length of the log
    trajectory_bytes: int  # length of the trajectory
    frames: int  # of the trajectory

    def motion(self) -> Motion:
        """On the device, with a list still to be made."""
        given = {name: jnp.asarray(getattr(self, name)) for name in Shared.__annotations__}
        return Motion(
            bath_work=given.pop("heat"),
            **given,
            deformed=jnp.eye(3),
            started=jnp.array(True),
            verdict=jnp.array(FINE),
            lists=jnp.array(USED),
            needed=jnp.zeros(len(self.room.lists), jnp.int32),
        )


class Shared(TypedDict):
    """The fields of `Saved` that are those of the motion."""

    step: int
    x: Float[Floats, "3 N"]
    v: Float[Floats, "3 N"]
    f: Float[Floats, "3 N"]
    energy: float
    virial: Float[Floats, "3 3"]
    cell: Cell
    heat: float  # `Motion.bath_work`: the name on the disk
    chain: Float[Floats, " chain"]
    closest: Float[Floats, " species_pairs"]


def shared_of(motion: Motion) -> Shared:
    """On the host."""
    return Shared(
        step=int(motion.step),
        x=np.asarray(motion.x),
        v=np.asarray(motion.v),
        f=np.asarray(motion.f),
        energy=float(motion.energy),
        virial=np.asarray(motion.virial),
        cell=np.asarray(motion.cell),
        heat=float(motion.bath_work),
        chain=np.asarray(motion.chain),
        closest=np.asarray(motion.closest),
    )


class Sizes(NamedTuple):
    """The numbers of a run: of atoms, of pairs of its species, of lists that the device makes."""

    atoms: int
    species_pairs: int
    lists: int


def write(folder: Path, state: Saved, depends_on: dict[str, str]) -> None:
    """Whole or not at all; the state there becomes the one before. Raises ArtifactError `unwritable`."""
    with suppress(FileNotFoundError):
        os.replace(folder / STATE, folder / STATE_BEFORE)
    save_state(folder / STATE, state, depends_on)


def read(path: Path, depends_on: dict[str, str], sizes: Sizes) -> Saved:
    """Raises FitError resume-mismatch, ArtifactError missing-artifact and damaged-artifact."""
    found = load_state(path, Saved, depends_on)
    reason = _fault(found, sizes)
    if reason is not None:
        raise damaged(path, reason)
    return found


def _fault(state: Saved, sizes: Sizes) -> str | None:
    atoms, pairs, room = state.x.shape[1], len(state.closest), state.room
    if atoms != sizes.atoms:
        return f"it is of {atoms} atoms, and the structure has {sizes.atoms}"
    if pairs != sizes.species_pairs:
        return f"it is of {pairs} pairs of species, and the structure has {sizes.species_pairs}"
    if len(state.chain) != CHAIN or len(room.lists) not in (0, sizes.lists):
        return "it is of another kind of run"
    numbers = (state.x, state.v, state.f, state.virial, state.cell, state.chain)
    values = (state.energy, state.heat, state.first)
    if not all(np.isfinite(part).all() for part in (*numbers, *values)):
        return "a number of it is not finite"
    counts = (state.step, state.log_bytes, state.trajectory_bytes, state.frames)
    if not all(0 <= n < 2**60 for n in counts):
        return "a step or a length of it cannot be"
    if not all(0 <= n < 2**31 for n in (room.pairs, room.width, *room.lists)):
        return "the size of a list of it cannot be"
    return None
