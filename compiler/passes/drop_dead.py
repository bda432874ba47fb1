"""Drop dead: parameters that nothing reads any more, and terms that are nothing, leave the model."""

from __future__ import annotations

from dataclasses import replace

from ..ir import ops
from ..ir.graph import Model, topological


def drop_dead_parts(model: Model) -> Model:
    """Keep the parameters that an output reads; a term whose energy has become the constant 0 is dropped."""
    read = {n["name"] for n in topological(model.outputs.values()) if n.op is ops.param}
    parameters = tuple(p for p in model.parameters if p.name in read)
    terms = tuple(t for t in model.terms if not (t.energy.op is ops.const and not any(t.energy["values"])))
    return replace(model, parameters=parameters, terms=terms)
