"""The passes of the target: sums stay on directed neighbours, as an atom is finished before the next one."""

from __future__ import annotations

from collections.abc import Collection

from ...ir.graph import Model
from ...passes.by_species import sum_by_species
from ...passes.cse import share_subexpressions
from ...passes.differentiate import differentiate_edges
from ...passes.expand import expand_harmonics
from ...passes.factor import factor_directions
from ...passes.narrow import narrow_components
from ...passes.recur import recur_families
from ...passes.share_neighbors import share_lists
from ...passes.simplify import simplify_model

_PASSES = (
    simplify_model,
    share_subexpressions,
    sum_by_species,
    share_lists,
    differentiate_edges,
    expand_harmonics,
    narrow_components,
    simplify_model,
    recur_families,
    share_subexpressions,
)


def optimize(model: Model, varied: Collection[str] = ()) -> Model:
    """From the site energy to outputs `site_energy` and `gradient N` (dE/dd of each list's neighbours).

    varied: names of the parameters that differ between the sets of one call.
    """
    for step in _PASSES:
        model = step(model)
    return share_subexpressions(simplify_model(factor_directions(model, varied))) if varied else model
