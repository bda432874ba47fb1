"""The passes of the target: sums stay on directed neighbours, as an atom is finished before the next one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ...ir.graph import Model
from ...passes.by_species import sum_by_species
from ...passes.cse import share_subexpressions
from ...passes.differentiate import differentiate_edges
from ...passes.expand import expand_harmonics
from ...passes.factor import factor_directions
from ...passes.loss_gradient import LossGradient, differentiate_loss
from ...passes.narrow import narrow_components
from ...passes.recur import recur_families
from ...passes.share_neighbors import share_lists
from ...passes.simplify import simplify_model

_BEFORE = (simplify_model, share_subexpressions, sum_by_species, share_lists)
_AFTER = (
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
    for step in (*_BEFORE, differentiate_edges, *_AFTER):
        model = step(model)
    return share_subexpressions(simplify_model(factor_directions(model, varied))) if varied else model


def optimize_loss(model: Model) -> LossGradient:
    """From the site energy to the gradient of a loss by all tables."""
    for step in _BEFORE:
        model = step(model)
    found = differentiate_loss(model)
    after = found.model
    for step in _AFTER:
        after = step(after)
    return replace(found, model=after)
