"""A sum of `uf_pair` and `uf_triple` as a file of `pair_style uf3`, number by number.

LAMMPS asks for a block of each pair and each triple, and for one cutoff of r_ij and r_ik and twice as much of
r_jk; it looks for triples among the neighbours of pairs. So knots are added beyond the last ones, with
coefficients 0, which changes no energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations_with_replacement as pairs_of
from itertools import product
from math import ceil

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.elaborate.values import Quantity, Values
from ....compiler.ir.types import Domain, entries, row_number
from ...potential.plain_sum import Numbers, Term, is_plain_sum, terms_of
from ...potential.potential import Potential
from ...structures.arrays import Floats
from ..foreign_format import Exported
from .potential_file import Knots, Pair, Triple, UltraFast
from .writing import uf3_text

_PAIRS, _TRIPLES = Domain("species_pair"), Domain("species_triple_ordered")
_NEAR = 1e-9  # Å, by which ends of knots are the same


def exported(potential: Potential) -> Exported:
    """The file. Raises ArtifactError `not-native` where it does not hold the formula."""
    model, terms = terms_of(potential)
    for term in terms:
        if term.called not in ("uf_pair", "uf_triple") or not term.is_of_library:
            message = f"a file of `uf3` holds `uf_pair` and `uf_triple`, and no `{term.called}`"
            help = "`--to lammps` writes any formula"
            if term.called == "reference":
                help = f"`potentia fit --no-reference` fits without energies of free atoms; {help}"
            raise _fault(message, help)
    if not is_plain_sum(model.outputs["energy"], terms):
        raise _fault("a file of `uf3` holds a sum of terms, each once")
    text, bodies = uf3_of(terms, Numbers(model, potential.theta))
    sentence = f"uf3 {bodies} of {', '.join(model.species)}, number by number"
    return Exported(text, sentence, {"species": list(model.species), "bodies": bodies})


def uf3_of(terms: Sequence[Term], numbers: Numbers) -> tuple[str, int]:
    """The text of a file of `uf_pair` and `uf_triple`, and the number that `pair_style uf3` takes, 2 or 3.

    Raises ArtifactError `not-native`.
    """
    found, species = UltraFast({}, {}), numbers.model.species
    for term in terms:
        if term.only:
            raise _fault(f"`{term.instance.name}` acts among some of the species alone")
        (_add_pairs if term.called == "uf_pair" else _add_triples)(found, numbers, term)
    return uf3_text(_completed(found, species)), 3 if found.triples else 2


# --- numbers of terms ----------------------------------------------------------------------------------


def _add_pairs(found: UltraFast, numbers: Numbers, term: Term) -> None:
    species, knots = numbers.model.species, _knots(term, "knots")
    table = numbers.of(term, "c", (len(knots) - 1,), entries(_PAIRS, len(species)))
    for i, j in pairs_of(range(len(species)), 2):
        own = Pair(knots, 0.5 * table[row_number(_PAIRS, (i, j), len(species))])
        key = species[i], species[j]
        before = found.pairs.get(key)
        if before is not None and before.coefficients.any() and own.coefficients.any():
            _require_one_set(before.knots == own.knots, "-".join(key))
            own = Pair(knots, before.coefficients + own.coefficients)
        if before is None or own.coefficients.any():
            found.pairs[key] = own


def _add_triples(found: UltraFast, numbers: Numbers, term: Term) -> None:
    species = numbers.model.species
    ij, ik, jk = (_knots(term, name) for name in ("knots", "other", "far"))
    table = _tensors(numbers, term, (len(ij) - 1, len(ik) - 1, len(jk) - 1))
    for i, j, k in product(range(len(species)), repeat=3):
        own = 0.5 * table[row_number(_TRIPLES, (i, j, k), len(species))]
        triple = Triple(ij, ik, jk, own) if j <= k else Triple(ik, ij, jk, own.transpose(1, 0, 2))
        key = species[i], species[min(j, k)], species[max(j, k)]
        if j == k and own.any():
            _require_one_set(ij == ik, "-".join(key))
            triple = replace(triple, coefficients=own + own.transpose(1, 0, 2))
        before = found.triples.get(key)
        if before is not None and before.coefficients.any() and own.any():
            _require_one_set((before.ij, before.ik, before.jk) == (triple.ij, triple.ik, jk), "-".join(key))
            triple = replace(triple, coefficients=before.coefficients + triple.coefficients)
        if before is None or own.any():
            found.triples[key] = triple


def _tensors(numbers: Numbers, term: Term, shape: tuple[int, int, int]) -> Floats:
    """The coefficients of each ordered triple of species, those with k ≤ l written out."""
    rows = entries(_TRIPLES, len(numbers.model.species))
    if term.word("form") == "general":
        return numbers.of(term, "c", shape, rows)
    upper = np.triu_indices(shape[0])
    packed = numbers.of(term, "s", (len(upper[0]), shape[2]), rows)
    whole = np.zeros((rows, *shape))
    whole[:, upper[0], upper[1]] = packed
    whole[:, upper[1], upper[0]] = packed
    return whole


def _knots(term: Term, name: str) -> Knots:
    """Raises ArtifactError `not-native` where neighbours are cut off before the last knot."""
    value = term.scope.formals[name]
    assert isinstance(value, Values)
    knots = tuple(item.value for item in value.items if isinstance(item, Quantity))
    if name != "far" and term.number("rc") < knots[-1] - _NEAR:
        message = f"`{term.instance.name}` ends at {term.number('rc'):g} Å, before its last knot"
        raise _fault(message, "in a file of `uf3` the cutoff is the last knot")
    if knots[0] < 0.0:
        raise _fault(f"`{term.instance.name}` has a knot at {knots[0]:g} Å", "distances are not negative")
    return knots


def _require_one_set(same: bool, name: str) -> None:
    if not same:
        message = f"{name} has numbers on two sets of knots, and a file of `uf3` has one"
        raise _fault(message, "`--to lammps` writes any formula")


# --- what LAMMPS asks for ------------------------------------------------------------------------------


def _completed(found: UltraFast, species: tuple[str, ...]) -> UltraFast:
    """With the ends of knots that LAMMPS asks for, and pairs that reach as far as triples."""
    triples = {key: _with_ends(triple, "-".join(key)) for key, triple in found.triples.items()}
    reach = max((triple.ij[-1] for triple in triples.values()), default=0.0)
    pairs = found.pairs
    if not pairs:
        knots = tuple(np.linspace(0.0, reach, 9).tolist())
        pairs = {key: Pair(knots, np.zeros(len(knots) - 1)) for key in pairs_of(species, 2)}
    longer = {}
    for key, pair in pairs.items():
        knots = _longer(pair.knots, reach)
        longer[key] = Pair(knots, np.pad(pair.coefficients, (0, len(knots) - len(pair.knots))))
    return UltraFast(longer, triples)


def _with_ends(triple: Triple, name: str) -> Triple:
    reach = max(triple.ij[-1], triple.ik[-1])
    if triple.jk[-1] > 2.0 * reach + _NEAR:
        message = f"r_jk of {name} has knots up to {triple.jk[-1]:g} Å, beyond twice the {reach:g} Å of r_ij"
        raise _fault(message, "LAMMPS asks for a cutoff of r_jk that is twice that of r_ij")
    before = triple.ij, triple.ik, triple.jk
    ij, ik, jk = (_longer(own, end) for own, end in zip(before, (reach, reach, 2.0 * reach), strict=True))
    more = [(0, len(a) - len(b)) for a, b in zip((ij, ik, jk), before, strict=True)]
    return Triple(ij, ik, jk, np.pad(triple.coefficients, more))


def _longer(knots: Knots, end: float) -> Knots:
    """Knots that go on to a distance; the same where they reach it."""
    last, step = knots[-1], knots[-1] - knots[-2]
    if last >= end - _NEAR:
        return (*knots[:-1], end) if abs(last - end) <= _NEAR else knots
    count = ceil((end - last) / step - _NEAR)
    return (*knots, *np.linspace(last, end, count + 1)[1:].tolist())


def _fault(message: str, help: str | None = None) -> ArtifactError:
    return ArtifactError(Diagnostic("not-native", message, place="spec.pes", help=help))
