"""Start values of a fit from another run: parameters of the same name."""

from __future__ import annotations

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ..potential.potential import Potential
from .run_folder import FittedPotential


def warm_start(potential: Potential, run: Potential) -> tuple[Potential, int]:
    """The potential with the values of another, such as a run, and the number of values taken.

    A value is taken where the names agree; a name has term, parameter, species and component:
    `nep.c_radial[Li-O,3]`. Other parameters keep their start. Values beyond the bounds of the spec are moved
    to the bounds. Raises FitError: nothing-in-common.
    """
    known = dict(zip(run.model.vector.names, run.theta, strict=True))
    names = potential.model.vector.names
    taken = [name in known for name in names]
    if not any(taken):
        name = name_of(run)
        message = f"no parameter of {name} has a name in this spec"
        help = "values are taken by the names of parameters, such as `pair.c[Nb-Nb,0]`"
        raise FitError(Diagnostic("nothing-in-common", message, place=name, help=help))
    theta = np.array([known.get(name, start) for name, start in zip(names, potential.theta, strict=True)])
    vector = potential.model.vector
    return potential.with_theta(np.clip(theta, vector.lower, vector.upper)), sum(taken)


def name_of(potential: Potential) -> str:
    """The folder of a run, or words for a potential that is none."""
    return str(potential.folder) if isinstance(potential, FittedPotential) else "the model"
