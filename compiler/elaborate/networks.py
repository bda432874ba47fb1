"""Dense layers: small networks of the features of an atom, with weights for each species or for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..chemistry.units import EV, ONE
from ..diagnostics.diagnostic import did_you_mean
from ..diagnostics.source import Span
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import NONE, SITE, Domain
from .evaluate import fault
from .intrinsics import INTRINSICS
from .parameters import weights

if TYPE_CHECKING:
    from .term import TermScope

ACTIVATIONS = ("tanh", "gate", "softplus", "identity", "sin", "cos")


def mlp(scope: TermScope, x: Node, hidden: list[int], activation: str, span: Span, domain: Domain) -> Node:
    """Energy (eV) of w·a(W_n … a(W_1 x + b_1) … + b_n), per site.

    x: site features of shape (n,), dimensionless. domain: a set of weights for each what. Weights start at
    random with spread 1/√inputs (doi:10.1109/5.726791); no constant is added at the end: that is
    the business of the reference energies.
    """
    if activation not in ACTIVATIONS:
        raise fault(
            "unknown-function",
            f"`{activation}` is not an activation",
            span,
            did_you_mean(activation, ACTIVATIONS) or f"known: {', '.join(ACTIVATIONS)}",
        )
    if x.kind.unit != ONE or len(x.kind.shape) != 1:
        raise fault("wrong-unit", f"`mlp` takes plain numbers with one axis, not {x.kind}", span)
    act = INTRINSICS[activation].build
    for layer, size in enumerate(hidden, start=1):
        inputs = x.kind.shape[0]
        w = _at_site(weights(scope, f"W{layer}", (size, inputs), ONE, inputs**-0.5, domain))
        b = _at_site(weights(scope, f"b{layer}", (size,), ONE, 0.5, domain))
        x = act(alg.add(ops.einsum(w, x, spec="hn,n->h"), b))
    w = _at_site(weights(scope, "w", x.kind.shape, EV, x.kind.shape[0] ** -0.5, domain))
    return alg.dot(w, x)


def _at_site(table: Node) -> Node:
    return table if table.kind.domain == NONE else ops.at(table, domain=SITE, of="i")
