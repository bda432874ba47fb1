"""Dense layers: small networks of the features of an atom, with weights for each species or for all."""

from __future__ import annotations

from collections.abc import Callable

from ..chemistry.units import EV, ONE
from ..diagnostics.diagnostic import did_you_mean
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import NONE, SITE, Domain
from .integers import whole
from .intrinsics import cos, gate, identity, sin, softplus, tanh
from .parameters import weights
from .registry import Use, builtin
from .scope import TermScope
from .values import Function, Value, Values

ACTIVATIONS: dict[str, Callable[[Node], Node]] = {
    "tanh": tanh,
    "gate": gate,
    "softplus": softplus,
    "identity": identity,
    "sin": sin,
    "cos": cos,
}


@builtin(usage="mlp(x(i), hidden, activation)")
def mlp(use: Use, x: Value, hidden: Value, activation: Value) -> Node:
    """mlp(x, hidden, activation): energy of a dense network of an atom's features"""
    return _called(use, x, hidden, activation, Domain("species"))


@builtin(usage="shared_mlp(x(i), hidden, activation)")
def shared_mlp(use: Use, x: Value, hidden: Value, activation: Value) -> Node:
    """shared_mlp(x, hidden, activation): the same with one set of weights for all species"""
    return _called(use, x, hidden, activation, NONE)


def _called(use: Use, x: Value, hidden: Value, activation: Value, domain: Domain) -> Node:
    name, scope = use.call.name, use.env.scope
    if use.env.atoms.domain != SITE or not isinstance(x, Node) or not isinstance(scope, TermScope):
        message = f"`{name}` works on the features of one atom"
        raise use.fault("misplaced-value", message, "use it in `site(i) = …`")
    if not isinstance(hidden, Values) or not isinstance(activation, Function):
        message = f"`{name}` takes features, a list of layer sizes and a function"
        raise use.fault("wrong-arguments", message, f"{name}(x(i), [8], tanh)")
    sizes = [whole(v, use.call.span, "the size of a hidden layer", 1) for v in hidden.items]
    if activation.name not in ACTIVATIONS:
        message = f"`{activation.name}` is not an activation"
        help = did_you_mean(activation.name, ACTIVATIONS) or f"known: {', '.join(ACTIVATIONS)}"
        raise use.fault("unknown-function", message, help)
    if x.kind.unit != ONE or len(x.kind.shape) != 1:
        raise use.fault("wrong-unit", f"`mlp` takes plain numbers with one axis, not {x.kind}")
    return network(scope, x, sizes, ACTIVATIONS[activation.name], domain)


def network(
    scope: TermScope, x: Node, hidden: list[int], activation: Callable[[Node], Node], domain: Domain
) -> Node:
    """Energy (eV) of w·a(W_n … a(W_1 x + b_1) … + b_n), per site.

    x: site features of shape (n,), dimensionless. domain: a set of weights for each what. Weights start at
    random with spread 1/√inputs (doi:10.1109/5.726791); no constant is added at the end: that is
    the business of the reference energies.
    """
    for layer, size in enumerate(hidden, start=1):
        inputs = x.kind.shape[0]
        w = _at_site(weights(scope, f"W{layer}", (size, inputs), ONE, inputs**-0.5, domain))
        b = _at_site(weights(scope, f"b{layer}", (size,), ONE, 0.5, domain))
        x = activation(alg.add(ops.einsum(w, x, spec="hn,n->h"), b))
    w = _at_site(weights(scope, "w", x.kind.shape, EV, x.kind.shape[0] ** -0.5, domain))
    return alg.dot(w, x)


def _at_site(table: Node) -> Node:
    return table if table.kind.domain == NONE else ops.at(table, domain=SITE, of="i")
