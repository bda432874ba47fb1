"""Finiteness: energy, forces and virial are finite numbers wherever no two atoms are nearer than 0.1 Å.

Every value of the graph that a kernel evaluates, derivatives too, is enclosed for all distances from 0.1 Å
to the cutoff, all directions, and as many neighbours as spheres of that diameter leave room for. All
enclosures are finite: then nothing overflows, and no logarithm, root or divisor meets a number that it has
no value for.
"""

from __future__ import annotations

import numpy as np

from .. import pipeline
from ..ir import ops
from ..ir.graph import Model, Node, topological
from .certificate import Certificate, Finding, Verdict
from .enclosure import TINY, Enclosure, Mask, Values, bounds, exactly
from .evaluation import enclosures
from .pairs import written_out
from .scenes import MOST_ATOMS, NEAREST, Dimer, Surroundings, most_neighbors

_STATEMENT = (
    f"energy, forces and virial are finite for up to {MOST_ATOMS:.0e} atoms, none nearer than {NEAREST:g} Å"
)
_RANGES, _RANGES_OF_TRIPLES, _MOST_TRIPLES = 32, 16, 20_000
_FINER = 16  # ranges in place of one, where a proof fails
_OVERFLOWS = 709.8  # exp of more is no double
_TRIED = 32  # distances of a pair where a fault is looked for


def finiteness(model: Model, theta: Values) -> Certificate:
    """Of the energy, then of its derivatives."""
    fault = _fault(written_out(model), theta)
    if fault is None:
        fault = _fault(pipeline.optimize(model, "simplify again"), theta)
    neighbors = {f"{rc:g}": most_neighbors(rc) for rc in sorted({d.rc for d in model.lists() if d.rc})}
    if fault is None:
        sentence = "finite: " + ", ".join(
            f"up to {most:,.0f} neighbours within {rc} Å".replace(",", " ") for rc, most in neighbors.items()
        )
        found = Finding(
            "all outputs", Verdict.PROVED, sentence if neighbors else "finite", {"most_neighbors": neighbors}
        )
        return Certificate("finiteness", _STATEMENT, (found,))
    return Certificate("finiteness", _STATEMENT, (_refuted(model, theta) or fault,))


def ranges(cutoff: float, count: int) -> Enclosure:
    """Distances from the least to a cutoff, in ranges that grow with the distance."""
    if cutoff <= NEAREST:
        return bounds([cutoff], [cutoff])
    edges = np.geomspace(NEAREST, cutoff, count + 1)
    edges[0], edges[-1] = NEAREST, cutoff
    return bounds(edges[:-1], edges[1:])


def number_of_ranges(model: Model) -> int:
    """So many that triples of neighbours stay few enough."""
    if not any(n.kind.domain.name == "triple" for n in model.nodes()):
        return _RANGES
    return min(_RANGES_OF_TRIPLES, max(4, int((_MOST_TRIPLES / len(model.species) ** 3) ** 0.5)))


def _fault(model: Model, theta: Values) -> Finding | None:
    """The first value that may be infinite though its arguments are finite; None where there is none.

    Where one is found the ranges are narrowed once.
    """
    count = number_of_ranges(model)
    found = _fault_among(model, theta, count)
    return found and _fault_among(model, theta, _FINER * count if count == _RANGES else 2 * count)


def _fault_among(model: Model, theta: Values, count: int) -> Finding | None:
    scene = Surroundings(model, theta, lambda cutoff: ranges(cutoff, count), least=TINY)
    known = enclosures(scene, model.outputs.values())
    for node in topological(model.outputs.values()):
        wild = ~known[node].finite
        if wild.any():
            return _open(model, scene, node, known, int(np.argwhere(wild)[0][0]))
    return None


def _open(model: Model, scene: Surroundings, node: Node, known: dict[Node, Enclosure], cell: int) -> Finding:
    """cell: the first where the value may be infinite."""
    subject = owner(model, node)
    argument = known[node.args[0]] if node.args else known[node]
    here = argument[min(cell, len(argument.low) - 1)]
    low, high = float(here.low.min()), float(here.high.max())
    place, facts = _place(scene, node, cell)
    sentence = (
        f"`{named(node)}` of a value between {low:.3g} and {high:.3g}{place} may be infinite or no number"
    )
    facts |= {"operation": named(node), "argument": [_plain(low), _plain(high)]}
    return Finding(subject, Verdict.OPEN, sentence, facts)


def _plain(x: float) -> float:
    """JSON has no infinity."""
    return float(np.clip(x, -1.7e308, 1.7e308))


def _place(scene: Surroundings, node: Node, cell: int) -> tuple[str, dict[str, object]]:
    """Species and distances of a cell, in words and as facts."""
    domain, names = node.kind.domain, scene.model.species
    grid = scene.grid(domain)
    if domain.name not in ("site", "pair", "edge", "triple"):
        return "", {}
    where = np.unravel_index(min(cell, scene.cells(domain) - 1), grid)
    atoms = {"site": 1, "pair": 2, "edge": 2, "triple": 3}[domain.name]
    species = [names[int(k)] for k in where[:atoms]]
    if atoms == 1:
        return f" on {species[0]}", {"species": species}
    r = scene.ranges(domain)[int(where[atoms])]
    distances = [float(r.low), float(r.high)]
    words = f" for {'-'.join(species)} at {distances[0]:.3g} to {distances[1]:.3g} Å"
    return words, {"species": species, "between_ang": distances}


def owner(model: Model, node: Node) -> str:
    """The term that a value is of, where one alone reads it."""
    names = [t.called for t in model.terms if any(n is node for n in topological([t.energy]))]
    return names[0] if names else "derivatives"


def named(node: Node) -> str:
    """An operation in the words of the language."""
    exponent = node["exponent"] if node.op is ops.pow else None
    return node.op.name if exponent is None else "sqrt" if exponent == 0.5 else f"power {exponent:g}"


# --- counterexamples -----------------------------------------------------------------------------------


def _refuted(model: Model, theta: Values) -> Finding | None:
    """A pair of atoms, or a single one, whose energy is infinite or no number for certain."""
    plain = written_out(model)
    cutoff = max((d.rc or 0.0 for d in model.lists()), default=0.0)
    distances = np.append(np.linspace(NEAREST, cutoff, _TRIED), 2.0 * cutoff + 1.0)
    pairs = [(a, b) for a in range(len(model.species)) for b in range(a, len(model.species))]
    r = np.tile(distances, len(pairs))
    scene = Dimer(plain, theta, [p for p in pairs for _ in distances], exactly(r))
    energy = plain.outputs["energy"]
    known = enclosures(scene, [energy])
    optional = _branches(energy)
    for node in topological([energy]):
        wrong = _impossible(node, known)
        if node in optional or wrong is None or not wrong.any():
            continue
        cell = int(np.argmax(wrong.reshape(len(wrong), -1).any(axis=1)))
        return _certain(plain, node, float(r[cell % len(r)]), pairs[cell % len(r) // len(distances)], cutoff)
    return None


def _certain(model: Model, node: Node, r: float, pair: tuple[int, int], cutoff: float) -> Finding:
    names = [model.species[k] for k in pair]
    alone = r >= cutoff or node.kind.domain.name in ("none", "species")
    place = f"an isolated atom of {names[0]}" if alone else f"{'-'.join(names)} at {r:.4g} Å"
    facts = {"species": names[:1] if alone else names, "operation": named(node)} | (
        {} if alone else {"at_ang": r}
    )
    sentence = f"`{named(node)}` has no finite value for {place}"
    return Finding(owner(model, node), Verdict.FAILS, sentence, facts)


def _impossible(node: Node, known: dict[Node, Enclosure]) -> Mask | None:
    """Cells where an operation has no finite value for certain; None of one that always has."""
    if not node.args:
        return None
    if node.op is ops.exp:
        return np.asarray(known[node.args[0]].low > _OVERFLOWS)
    x = known[node.args[0]]
    if node.op is ops.log:
        return np.asarray(x.high <= 0.0)
    if node.op is ops.power or (node.op is ops.pow and node["exponent"] != int(node["exponent"])):
        return np.asarray(x.high < 0.0)
    if node.op is ops.pow and node["exponent"] < 0.0:
        return np.asarray((x.low == 0.0) & (x.high == 0.0))
    return None


def _branches(root: Node) -> set[Node]:
    """Values that a choice may leave unread."""
    chosen = [a for n in topological([root]) if n.op is ops.select for a in n.args[1:]]
    return set(topological(chosen))
