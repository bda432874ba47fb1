"""Along: the derivative of the site energy along a direction in the parameters, as a model of its own.

Its energy is Σ v_p ∂E/∂p, by the forward mode. Forces and virial of it are then the derivatives of forces and
virial along v, as derivatives commute, so that every target has them by its own passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..ir import ops
from ..ir.derivatives import tangents
from ..ir.graph import Model, Node, topological

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
    both, seeds = parameters_along(model, [site])
    found = tangents([site], seeds)[site]
    energy = ops.constant(0.0, site.kind.unit, site.kind.domain) if found is None else found
    return replace(both, outputs={"energy": energy})


def parameters_along(model: Model, roots: Iterable[Node]) -> tuple[Model, dict[Node, Node]]:
    """The model with a direction among its parameters, and for each parameter under the roots that of it."""
    directions = {p.name: replace(p, name=p.name + _DIRECTION) for p in model.parameters}
    seeds = {
        node: ops.param(name=directions[node["name"]].name, kind=node.kind)
        for node in topological(roots)
        if node.op is ops.param
    }
    return replace(model, parameters=(*model.parameters, *directions.values()), terms=()), seeds
