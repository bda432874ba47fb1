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


class Place(NamedTuple):
    """The number of a process, from 0, and how many there are."""

    rank: int = 0
    size: int = 1


def place_of_start(environment: Mapping[str, str]) -> Place:
    """The place of this process; that of one alone where no launcher started it."""
    for rank, size in _LAUNCHERS:
        values = environment.get(rank, ""), environment.get(size, "")
        if all(value.isdecimal() for value in values):
            return Place(*map(int, values))
    return Place()
