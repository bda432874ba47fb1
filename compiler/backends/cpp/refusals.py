"""The formulas that the target does not express: an atom is finished before the next one begins."""

from __future__ import annotations

from collections.abc import Iterable

from ...diagnostics.diagnostic import Diagnostic, ToolError
from ...ir import ops
from ...ir.graph import Model, Node, topological
from ...schedule.sweep import static_nodes

_REACHING = (ops.to_j, ops.sum_j)


def require_own_neighbours(model: Model, optimized: Model) -> None:
    """Raises ToolError `reads-beyond-neighbours` where an atom's energy needs its neighbours' own sums.

    model: as built, whose terms are named. optimized: the same after the passes of the target.
    """
    if not _reaches(optimized.outputs.values()):
        return
    names = [f"`{t.name}`" for t in model.terms if _reaches([t.energy])]
    who = f"{', '.join(names)} read" + ("s" if len(names) == 1 else "") if names else "the energy reads"
    message = f"{who} sums of a neighbour over its own neighbours, which generated C++ does not work out"
    help = "evaluate the model with `--target xla`, or read the atom's own sums: `rho(i)`, not `rho(j)`"
    raise ToolError(Diagnostic("reads-beyond-neighbours", message, help=help))


def _reaches(energies: Iterable[Node]) -> bool:
    order = tuple(topological(energies))
    static = static_nodes(order)
    return any(n.op in _REACHING and n not in static for n in order)
