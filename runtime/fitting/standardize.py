"""Networks begin with inputs of mean 0 and spread 1 on the data (LeCun et al., Efficient BackProp, 1998,
doi:10.1007/3-540-49430-8_2).

No input is changed: the start of the first layer's weights W and biases b is, so that W x + b is what W and b
would make of (x − mean)/spread. An input of one size throughout keeps its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ...compiler.ir import ops
from ...compiler.ir.graph import Model, Node, topological
from ...compiler.ir.parameter import Parameter
from ..structures.arrays import Floats, Indices, Theta
from ..structures.structure import Structure

if TYPE_CHECKING:
    from ..potential.potential import Potential

_ATOMS = 2000  # of the sample that mean and spread are taken of
_LEAST = 1e-6  # of the largest spread: an input that varies less is a constant


class FirstLayer(NamedTuple):
    """W x + b, the parameters of W (h, n) and b (h), and the features x (n) of each atom."""

    weights: Parameter
    biases: Parameter
    inputs: Node


def standardized(potential: Potential, structures: Sequence[Structure], seed: int) -> Potential:
    """The potential with the start of its networks' first layers as above, by species where weights are.

    structures: those of the fit; a sample of them is looked at. Parameters that are not trained stay.
    """
    model = potential.model
    layers = first_layers(model)
    if not layers:
        return potential
    theta = potential.theta.copy()
    sample = _sample(structures, seed)
    species = np.concatenate([_species(model, s) for s in sample])
    places = {p.name: part for p, part in model.vector.parts()}
    found = _features(model, potential.theta, sample, [layer.inputs for layer in layers])
    for layer, inputs in zip(layers, found, strict=True):
        w, b = places[layer.weights.name], places[layer.biases.name]
        n = inputs.shape[1]
        weights = theta[w].reshape(-1, layer.weights.kind.shape[0], n)  # a view
        biases = theta[b].reshape(len(weights), -1)
        for row in range(len(weights)):
            own = inputs if len(weights) == 1 else inputs[species == row]
            if len(own):
                mean, spread = own.mean(0), own.std(0)
                weights[row] /= np.where(spread > _LEAST * spread.max(initial=0.0), spread, 1.0)
                biases[row] -= weights[row] @ mean
    return potential.with_theta(theta)


def first_layers(model: Model) -> list[FirstLayer]:
    """The first layers of networks whose weights and biases are trained and have each a number of its own."""
    order = tuple(topological([model.outputs["energy"]]))
    parameters = {p.name: p for p in model.parameters if all(p.free) and p.places is None}
    layers: set[Node] = set()
    found = []
    for node in order:
        weights = _parameter(node.args[0], parameters) if _is_layer(node) else None
        if weights is None:
            continue
        if layers.isdisjoint(topological([node.args[1]])):
            biases = next((p for n in order if (p := _added(n, node, parameters)) is not None), None)
            if biases is not None:
                found.append(FirstLayer(weights, biases, node.args[1]))
        layers.add(node)
    return found


def _is_layer(node: Node) -> bool:
    return node.op is ops.einsum and node["spec"] == "hn,n->h"


def _parameter(node: Node, among: dict[str, Parameter]) -> Parameter | None:
    """The parameter that a node is, or has for each atom."""
    table = node.args[0] if node.op is ops.at else node
    return among.get(table["name"]) if table.op is ops.param else None


def _added(node: Node, layer: Node, among: dict[str, Parameter]) -> Parameter | None:
    """The parameter that a node adds to a layer."""
    if node.op is not ops.add or layer not in node.args:
        return None
    return next((p for a in node.args if (p := _parameter(a, among)) is not None), None)


def _sample(structures: Sequence[Structure], seed: int) -> list[Structure]:
    found: list[Structure] = []
    for k in np.random.default_rng(seed).permutation(len(structures)):
        found.append(structures[k])
        if sum(s.n_atoms for s in found) >= _ATOMS:
            break
    return found


def _species(model: Model, structure: Structure) -> Int[Indices, " n"]:
    return np.array([model.species.index(symbol) for symbol in structure.symbols])


def _features(
    model: Model, theta: Theta, sample: Sequence[Structure], nodes: list[Node]
) -> list[Float[Floats, "atoms n"]]:
    from ...compiler.backends.reference.predict import evaluate

    values = [evaluate(model, theta, s.positions, s.cell, s.pbc, _species(model, s), nodes) for s in sample]
    return [np.concatenate(parts) for parts in zip(*values, strict=True)]
