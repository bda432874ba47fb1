"""Along: the derivative of the site energy along a direction in the parameters, as a model of its own.

Its energy is Σ v_p ∂E/∂p, by the forward mode. Forces and virial of it are then the derivatives of forces and
virial along v, as derivatives commute, so that every target has them by its own passes.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import ops
from ..ir.derivatives import tangents
from ..ir.graph import Model
from ..ir.parameter import Parameter

_DIRECTION = "'"  # no name of a parameter has one


def directions(model: Model) -> frozenset[str]:
    """The names of the parameters of the direction, of a model that `along_direction` has made."""
    return frozenset(p.name for p in model.parameters if p.name.endswith(_DIRECTION))


def along_direction(model: Model) -> Model:
    """The model whose parameters (2P,) are those of `model`, then a direction v (P,) in them.

    The energy is 0 where it depends on no parameter. Raises InternalError for an operation whose pushforward
    is refused.
    """
    site = model.outputs["energy"]
    directions = {p.name: replace(p, name=p.name + _DIRECTION) for p in model.parameters}
    seeds = {
        node: ops.param(name=directions[node["name"]].name, kind=node.kind)
        for node in model.nodes()
        if node.op is ops.param
    }
    found = tangents([site], seeds)[site]
    energy = ops.constant(0.0, site.kind.unit, site.kind.domain) if found is None else found
    both: tuple[Parameter, ...] = (*model.parameters, *directions.values())
    return replace(model, parameters=both, terms=(), outputs={"energy": energy})
