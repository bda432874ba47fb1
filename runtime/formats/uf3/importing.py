"""A file of `pair_style uf3` as calls of the terms `uf_pair` and `uf_triple`, whose numbers the run has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement as pairs_of
from pathlib import Path

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...structures.arrays import Floats
from ..foreign_format import Imported
from ..pair_style.calls import Call, Row, length, number, potential_of
from .potential_file import Knots, Triple, UltraFast
from .reading import read_uf3, unordered

_TOLD = 0.5  # Å: atoms never come so near
_ROUNDED = 1e-15  # of the last knot, by which even knots are rounded


def imported(path: Path) -> Imported:
    """All of a file. Raises ArtifactError as `read_uf3` and `uf3_calls`."""
    found = read_uf3(path)
    with_triples = bool(found.triples)
    calls, note = uf3_calls(path, found, found.species, with_triples)
    sentence = f"uf3 {3 if with_triples else 2} of {', '.join(found.species)}{note}"
    return Imported(potential_of(path.name, found.species, calls), sentence)


def uf3_calls(
    path: Path, found: UltraFast, species: Sequence[str], with_triples: bool, only: Sequence[str] = ()
) -> tuple[list[Call], str]:
    """The calls for some of the elements of a file, and what to say of them.

    only: the species that the terms act among, none for all of the spec. Raises ArtifactError
    missing-entries, unsupported-input.
    """
    pairs = {unordered(elements): pair for elements, pair in found.pairs.items()}
    triples = {unordered(elements): (elements, triple) for elements, triple in found.triples.items()}
    wanted = [unordered(pair) for pair in pairs_of(species, 2)]
    of_three = [(i, *pair) for i in species for pair in wanted] if with_triples else []
    missing = ["-".join(row) for row in wanted if row not in pairs]
    missing += ["-".join(row) for row in of_three if row not in triples]
    if missing:
        message = f"`{path}` has no block of {', '.join(missing)}"
        help = "LAMMPS needs one for each pair and, with `pair_style uf3 3`, for each triple of elements"
        raise ArtifactError(Diagnostic("missing-entries", message, place=str(path), help=help))
    chosen = [triples[row] for row in of_three]
    _require_reach(path, {row: pairs[row].knots[-1] for row in wanted}, chosen)
    numbers: dict[Knots, dict[Row, Floats]] = {}
    for row in wanted:  # a file has the half that belongs to each atom
        numbers.setdefault(pairs[row].knots, {})[row] = 2.0 * pairs[row].coefficients
    calls = [_of_pairs(knots, rows, len(wanted), only) for knots, rows in numbers.items()]
    return [*calls, *_of_triples(chosen, len(species), only)], _note(chosen)


def _require_reach(path: Path, cutoffs: Mapping[Row, float], triples: Sequence[tuple[Row, Triple]]) -> None:
    """LAMMPS looks for the neighbours of a triple among those of pairs."""
    for (i, j, k), triple in triples:
        for other in (j, k):
            reach = cutoffs[unordered((i, other))]
            if triple.ij[-1] > reach:
                message = (
                    f"`{path}`: triples {i}-{j}-{k} reach to {triple.ij[-1]:g} Å, and pairs {i}-{other} "
                    f"to {reach:g} Å, beyond which LAMMPS sees no neighbour"
                )
                help = "give the pair a cutoff that is at least as long: coefficients 0 beyond the old one"
                raise ArtifactError(Diagnostic("unsupported-input", message, place=str(path), help=help))


def _of_pairs(knots: Knots, rows: Mapping[Row, Floats], whole: int, only: Sequence[str]) -> Call:
    """whole: the number of all pairs; those that are not among the rows have no numbers."""
    arguments = {"rc": length(knots[-1]), "knots": knots_text(knots)}
    kept = frozenset(("c",) if len(rows) < whole else ())
    return Call("uf_pair", tuple(only), arguments, {}, tables={"c": rows}, kept=kept)


def _of_triples(triples: Sequence[tuple[Row, Triple]], species: int, only: Sequence[str]) -> list[Call]:
    """A call for each set of knots, and apart for neighbours of one element and of two."""
    groups: dict[tuple[Knots, Knots, Knots, bool], dict[Row, Floats]] = {}
    for row, triple in triples:
        alike = row[1] == row[2]
        n = len(triple.ij) - 1
        upper = triple.coefficients[np.triu_indices(n)] if alike else 2.0 * triple.coefficients
        groups.setdefault((triple.ij, triple.ik, triple.jk, alike), {})[row] = upper.ravel()
    calls = []
    for (ij, ik, jk, alike), rows in groups.items():
        arguments = {"rc": length(ij[-1]), "knots": knots_text(ij)}
        arguments |= {"other": knots_text(ik)} if ik != ij else {}
        arguments |= {"far": knots_text(jk), "form": "alike" if alike else "general"}
        name = "s" if alike else "c"
        kept = frozenset((name,) if len(rows) < species**3 else ())
        calls.append(Call("uf_triple", tuple(only), arguments, {}, tables={name: rows}, kept=kept))
    return calls


def knots_text(knots: Knots) -> str:
    """Knots as a spec has them: even ones as `linspace`."""
    n = len(knots)
    step = (knots[-1] - knots[0]) / (n - 1)
    if all(abs(knots[0] + k * step - knot) <= _ROUNDED * knots[-1] for k, knot in enumerate(knots)):
        return f"linspace({length(knots[0])}, {length(knots[-1])}, {n})"
    return f"[{', '.join(map(number, knots))}]"


def _note(triples: Sequence[tuple[Row, Triple]]) -> str:
    """What LAMMPS does otherwise at short distances; empty where no atoms come so near."""
    first = max((t[0] for _, triple in triples for t in (triple.ij, triple.ik, triple.jk)), default=0.0)
    if first <= _TOLD:
        return ""
    return f"; nearer than {first:g} Å triples have no energy in LAMMPS, and go on straight here"
