"""The place of this process among those that a launcher started together: mpirun, srun.

It is read in the environment, so that a command that was started by itself loads no MPI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# the variables of a launcher: number of a process, and how many there are. MPICH and Slurm (PMI-2), Open MPI,
# Slurm (PMIx), which counts the processes in a variable of its own
_LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),
)
_ON_MACHINE = ("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID")


class Place(NamedTuple):
    """The number of a process, from 0, how many there are, and its number among those of its machine."""

    rank: int = 0
    size: int = 1
    local: int = 0


def place_of_start(environment: Mapping[str, str]) -> Place:
    """The place of this process; that of one alone where no launcher started it."""
    for rank, size in _LAUNCHERS:
        own, count = _number(environment, rank), _number(environment, size)
        if own is not None and count is not None:
            local = (_number(environment, name) for name in _ON_MACHINE)
            return Place(own, count, next((k for k in local if k is not None), own))
    return Place()


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    return int(text) if text.isdecimal() else None
