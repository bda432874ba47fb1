"""The state of a run that it goes on from, to the last bit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..files.atomic import load_state, save_state
from ..structures.structure import Floats
from .integrator import FINE, USED, Motion
from .pruning import Room


@dataclass(frozen=True)
class Saved:
    """All that the next step depends on, and where the files were. As `Motion`; room: of the lists.

    first: the conserved quantity of step 0, eV. smallest: of all steps before, Å. log_bytes,
    trajectory_bytes: lengths of the files; frames: how many the trajectory held.
    """

    step: int
    x: Floats
    v: Floats
    f: Floats
    energy: float
    virial: Floats
    cell: Floats
    heat: float
    chain: Floats
    closest: Floats
    room: Room
    first: float
    smallest: Floats
    log_bytes: int
    trajectory_bytes: int
    frames: int

    def motion(self) -> Motion:
        """On the device, with a list still to be made."""
        given = {name: jnp.asarray(getattr(self, name)) for name in _SHARED}
        return Motion(
            **given,
            deformed=jnp.eye(3),
            begun=jnp.array(True),
            verdict=jnp.array(FINE),
            lists=jnp.array(USED),
            needed=jnp.zeros(len(self.room.lists), jnp.int32),
        )


_SHARED = ("step", "x", "v", "f", "energy", "virial", "cell", "heat", "chain", "closest")


def shared_of(motion: Motion) -> dict[str, Any]:
    """The fields of `Saved` that are those of the motion."""
    found: dict[str, Any] = {}
    kinds = {item.name: item.type for item in fields(Saved)}
    for name in _SHARED:
        value = np.asarray(getattr(motion, name))
        found[name] = value.item() if kinds[name] in ("int", "float") else value
    return found


def write(path: Path, state: Saved, depends_on: dict[str, str]) -> None:
    """Whole or not at all. Raises ArtifactError `unwritable`."""
    save_state(path, state, depends_on)


def read(path: Path, depends_on: dict[str, str]) -> Saved:
    """Raises FitError resume-mismatch, ArtifactError missing-artifact and damaged-artifact."""
    return load_state(path, Saved, depends_on)
