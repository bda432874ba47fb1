"""The measured cost of a potential: time of energies, forces and stress for each atom."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, process_time

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
    chosen, atoms = _largest(structures)
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


def microseconds_as_run(potential: Potential, structures: Sequence[Structure]) -> float:
    """The same on the target that a calculator takes (generated C++, or XLA where no compiler works), with
    neighbours that are found: time of a processor, so that a machine that is busy with others matters little.
    """
    chosen, atoms = _largest(structures)
    evaluator = potential.evaluator(on_warning=lambda _: None)
    lists = [evaluator.lists(structure, 0.0) for structure in chosen]
    fastest = float("inf")
    for _ in range(_ROUNDS + 1):
        started = process_time()
        for structure, own in zip(chosen, lists, strict=True):
            evaluator.evaluate(potential.theta, structure, own)
        fastest = min(fastest, process_time() - started)
    return 1e6 * fastest / atoms


def _largest(structures: Sequence[Structure]) -> tuple[list[Structure], int]:
    """The largest structures that are few atoms together, one at least, and the number of these atoms."""
    chosen: list[Structure] = []
    atoms = 0
    for structure in sorted(structures, key=lambda s: -s.n_atoms):
        if chosen and atoms + structure.n_atoms > _ATOMS:
            break
        chosen.append(structure)
        atoms += structure.n_atoms
    return chosen, atoms
