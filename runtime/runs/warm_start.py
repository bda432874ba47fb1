"""Start values of a fit taken from another run: numbers of the same name."""

from __future__ import annotations

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, FitError
from ...compiler.ir.parameter_vector import number_names
from .run_folder import FittedPotential
from ..potential.potential import Potential


def begun_from(potential: Potential, run: FittedPotential) -> tuple[Potential, int]:
    """The potential with the numbers of a run where they have the same name, and how many these are.

    Names are those of terms, parameters, species and components: `nep.c_radial[Li-O,3]`. What the run has
    not keeps its start; values beyond the bounds of the spec are moved to them. Raises FitError
    `nothing-in-common`.
    """
    known = dict(zip(number_names(run.model), run.theta, strict=True))
    names = number_names(potential.model)
    taken = [name in known for name in names]
    if not any(taken):
        message = f"no number of {run.folder} is one of the spec"
        help = "numbers are taken by their names, such as `pair.c[Nb-Nb,0]`"
        raise FitError(Diagnostic("nothing-in-common", message, place=str(run.folder), help=help))
    theta = np.array([known.get(name, start) for name, start in zip(names, potential.theta, strict=True)])
    lower, upper = (
        np.array([x for p in potential.model.parameters for x in getattr(p, side)])
        for side in ("lower", "upper")
    )
    return potential.with_theta(np.clip(theta, lower, upper)), sum(taken)
