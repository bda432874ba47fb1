"""The state of a run that it goes on from, to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ..files.atomic import load_state, save_state
from ..structures.arrays import Cell, Floats
from .integrator import FINE, USED, Motion
from .pruning import Room


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


def write(path: Path, state: Saved, depends_on: dict[str, str]) -> None:
    """Whole or not at all. Raises ArtifactError `unwritable`."""
    save_state(path, state, depends_on)


def read(path: Path, depends_on: dict[str, str]) -> Saved:
    """Raises FitError resume-mismatch, ArtifactError missing-artifact and damaged-artifact."""
    return load_state(path, Saved, depends_on)
