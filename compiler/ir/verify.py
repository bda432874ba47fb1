"""The verifier: what holds for every model, after every pass."""

from __future__ import annotations

from ..chemistry.units import ANGSTROM, EV
from ..diagnostics.diagnostic import InternalError
from . import ops
from .graph import Model, topological
from .parameter import Parameter, parameter_size
from .types import SITE, STRUCTURE, KindError

_KINDS = {
    "site_energy": (SITE, (), EV),
    "forces": (SITE, (3,), EV / ANGSTROM),
    "virial": (STRUCTURE, (3, 3), EV),
}


def verify(model: Model) -> None:
    """Raise InternalError where a model is not well formed.

    Each node's kind is what its rule infers; parameters are declared once and have numbers for every row;
    the outputs are of the kinds they are said to be.
    """
    declared = {p.name: p for p in model.parameters}
    if len(declared) != len(model.parameters):
        raise InternalError("a parameter is declared twice")
    for p in model.parameters:
        _verify_numbers(p, parameter_size(p.kind, len(model.species)))
    for node in topological([*model.outputs.values(), *(t.energy for t in model.terms)]):
        try:
            kind = node.op.kind(*node.args, **dict(node.attrs))
        except KindError as error:
            raise InternalError(f"{node!r} is not well formed: {error}") from error
        if kind != node.kind:
            raise InternalError(f"{node!r} should be {kind}")
        if node.op is ops.param and (
            node["name"] not in declared or declared[node["name"]].kind != node.kind
        ):
            raise InternalError(f"parameter {node['name']} is not declared as {node.kind}")
    _verify_outputs(model)


def _verify_numbers(p: Parameter, entries: int) -> None:
    n = entries if p.places is None else len(set(p.places) - {-1})
    if not len(p.start) == len(p.lower) == len(p.upper) == len(p.free) == n:
        raise InternalError(f"{p.name} has {len(p.start)} numbers, not {n}")
    if p.places is not None and (len(p.places) != entries or not set(p.places) <= set(range(-1, n))):
        raise InternalError(f"{p.name} has numbers that its table does not read")
    if p.components is not None and p.kind.shape != (len(p.components),):
        raise InternalError(f"{p.name} has {p.kind.shape} components, not {len(p.components)}")


def _verify_outputs(model: Model) -> None:
    for name, node in model.outputs.items():
        if name == "energy":
            good = node.kind.unit == EV and node.kind.shape == () and node.kind.domain in (SITE, STRUCTURE)
        elif name in _KINDS:
            good = (node.kind.domain, node.kind.shape, node.kind.unit) == _KINDS[name]
        else:
            good = True
        if not good:
            raise InternalError(f"output {name} is {node.kind}")
