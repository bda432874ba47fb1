"""Start values of a fit from another run: parameters of the same name."""

from __future__ import annotations

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.ir import ops
from ...compiler.ir.graph import topological
from ..potential.potential import Potential
from .run_folder import FittedPotential


def warm_start(potential: Potential, run: Potential) -> tuple[Potential, int]:
    """The potential with the values of another, such as a run, and the number of values taken.

    A value is taken where the names agree, whatever the order of the species; a name has term, parameter,
    species and component: `nep.c_radial[Li-O,3]`. Other parameters keep their start. Values beyond the bounds of the spec are moved
    to the bounds. Raises FitError: nothing-in-common.
    """
    known = {c.key: value for c, value in zip(run.model.vector.coefficients, run.theta, strict=True)}
    names = [c.key for c in potential.model.vector.coefficients]
    taken = [name in known for name in names]
    if not any(taken):
        name = name_of(run)
        message = f"no parameter of {name} has a name in this spec"
        help = "values are taken by the names of parameters, such as `pair.c[Nb-Nb,0]`"
        raise FitError(Diagnostic("nothing-in-common", message, place=name, help=help))
    theta = np.array([known.get(name, start) for name, start in zip(names, potential.theta, strict=True)])
    vector = potential.model.vector
    return potential.with_theta(np.clip(theta, vector.lower, vector.upper)), sum(taken)


def require_tables(potential: Potential) -> None:
    """Raise FitError `empty-table` where the fixed tables of a term, read by `interpolate`, are 0 throughout.

    The numbers of such a table are in a run, not in the spec.
    """
    model, place, is_empty = potential.model, 0, dict[str, bool]()
    read = {n.args[1] for n in model.nodes() if n.op is ops.interpolate}
    tables = {n["name"] for n in topological(read) if n.op is ops.param}
    for p in model.parameters:
        numbers = potential.theta[place : place + len(p.start)]
        place += len(p.start)
        if p.name in tables:
            is_empty[p.term] = is_empty.get(p.term, True) and not numbers.any() and not any(p.free)
    names = [f"`{term}`" for term, empty in is_empty.items() if empty]
    if names:
        message = f"the tables of {', '.join(names)} are 0, and no fit changes them"
        help = "their numbers are in the run that `import` wrote: start from it, `--from RUN`"
        raise FitError(Diagnostic("empty-table", message, place="spec.pes", help=help))


def name_of(potential: Potential) -> str:
    """The folder of a run, or words for a potential that is none."""
    return str(potential.folder) if isinstance(potential, FittedPotential) else "the model"
