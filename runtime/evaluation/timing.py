"""The measured cost of a potential: time of energies, forces and stress for each atom."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import jax

from ..potential.potential import Potential
from ..residuals.xla import batch_elements
from ..structures.batches import plan_batches
from ..structures.structure import Structure

_ATOMS = 2000
_ROUNDS = 5
_MEMORY = 500.0  # MB


def microseconds_per_atom(potential: Potential, structures: Sequence[Structure]) -> float:
    """The fastest of a few calls of the compiled kernel on the largest structures, µs for each atom."""
    chosen: list[Structure] = []
    atoms = 0
    for structure in sorted(structures, key=lambda s: -s.n_atoms):
        if chosen and atoms + structure.n_atoms > _ATOMS:
            break
        chosen.append(structure)
        atoms += structure.n_atoms
    kernel = potential.kernel()
    plan = plan_batches(
        chosen, potential.list_specs(), potential.species, max_elements=batch_elements(kernel, _MEMORY)
    )
    batches = [kernel.arrays(batch) for batch, _ in plan.batches()]
    fastest = float("inf")
    for _ in range(_ROUNDS + 1):  # the first compiles
        started = perf_counter()
        for batch in batches:
            jax.block_until_ready(kernel(potential.theta, batch))
        fastest = min(fastest, perf_counter() - started)
    return 1e6 * fastest / atoms
