"""Differentiate: from the site energy to energy, forces and virial, in the IR, by the reverse mode.

Positions enter through `distance` and `displacement` alone. With g = dE/dd for every neighbour vector d =
x_j + S·h − x_i:
    F_i = Σ_j g_ij − Σ_j g_ji        dE/dε_ab = Σ d_a g_b
"""

from __future__ import annotations

from ..ir import build as alg
from ..ir import ops
from ..ir.derivatives import adjoints
from ..ir.graph import Model, Node
from ..ir.traits import Trait
from ..ir.types import Domain


def differentiate_energy(model: Model) -> Model:
    """A model whose outputs are `energy`, `site_energy`, `forces` and `virial`."""
    site = model.outputs["energy"]
    gradients = _gradients(site)
    forces: Node | None = None
    virial: Node | None = None
    for domain in sorted({n.kind.domain for n in gradients}, key=str):
        g, d = _edge_gradient(domain, gradients), ops.displacement(domain=domain)
        rc = domain.rc
        pull = alg.sub(ops.sum_i(g, within=rc), ops.sum_j(g, within=rc))
        turn = ops.total(ops.einsum(d, g, spec="a,b->ab"), within=rc)
        forces = pull if forces is None else alg.add(forces, pull)
        virial = turn if virial is None else alg.add(virial, turn)
    outputs = {"energy": ops.total(site), "site_energy": site}
    if forces is not None and virial is not None:
        outputs |= {"forces": forces, "virial": virial}
    return model.with_outputs(outputs)


def differentiate_edges(model: Model) -> Model:
    """A model whose outputs are `site_energy` and, for each list, `gradient N` (dE/dd, eV/Å): a target that
    goes from atom to atom makes forces and virial of them.
    """
    site = model.outputs["energy"]
    gradients = _gradients(site)
    outputs = {"site_energy": site}
    for k, domain in enumerate(sorted({n.kind.domain for n in gradients}, key=str)):
        outputs[f"gradient {k}"] = _edge_gradient(domain, gradients)
    return model.with_outputs(outputs)


def _edge_gradient(domain: Domain, gradients: dict[Node, Node]) -> Node:
    """dE/dd for each neighbour: dE/dr · d/r, plus what directions give."""
    r, d = ops.distance(domain=domain), ops.displacement(domain=domain)
    total: Node | None = gradients.get(d)
    if r in gradients:
        along = alg.mul(alg.div(gradients[r], r), d)
        total = along if total is None else alg.add(total, along)
    assert total is not None
    return total


def _gradients(site: Node) -> dict[Node, Node]:
    """dE/dleaf for every leaf that positions enter through, E the sum of the site energies."""
    one = ops.constant(1.0, domain=site.kind.domain)
    return adjoints(site, one, lambda node: Trait.POSITION in node.op.traits)
