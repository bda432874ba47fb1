"""Values of parameters, from a model to the model of its rewritten spec."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..diagnostics.diagnostic import InternalError
from ..ir.graph import Model

Array = NDArray[np.float64]


def transfer_parameters(old: Model, theta: Array, new: Model, gone: Sequence[str] = ()) -> Array:
    """All coefficients (P',) of the new model, in eV, Å, e.

    A coefficient has the value of the old one with the same parameter, component and row.
    theta (P,): the coefficients of the old model.
    gone: term instances of the old model that the new one lacks; the others are in the same order.
    Raises InternalError where the models do not fit together.
    """
    names = _same_terms(old, new, gone)
    values = {
        (c.parameter.name, row, c.component): float(value)
        for c, value in zip(old.vector.coefficients, theta, strict=True)
        for row in c.rows
    }
    found = []
    for c in new.vector.coefficients:
        p = c.parameter
        before = names.get(p.term, p.term) + p.name.removeprefix(p.term)
        key = (before, c.rows[0], c.component)
        if key not in values:
            raise InternalError(f"`{p.name}` has a number that `{before}` had not")
        found.append(values[key])
    return np.array(found)


def _same_terms(old: Model, new: Model, gone: Sequence[str]) -> dict[str, str]:
    """The name of each term of the new model -> its name in the old one.

    An owner of shared parameters that is no term of the energy has the name of its `let` in both.
    """
    kept = [t for t in old.terms if t.name not in gone]
    if [t.called for t in kept] != [t.called for t in new.terms]:
        raise InternalError("the rewritten spec has other terms than were kept")
    return {n.name: o.name for n, o in zip(new.terms, kept, strict=True)}
