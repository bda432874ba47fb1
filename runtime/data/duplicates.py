"""Structures that are both trained and tested on: an error on them says nothing about others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..structures.arrays import Floats, Ints
from ..structures.structure import Structure

_SHOWN = 5
_NEAR = 2e-4  # Å, and of a structure factor: more than files round off
_ATOM = 1e-3  # Å
_FEW = 1e7  # numbers, for all pairs of points
_WAVES = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 2, 3)])


def shared_structures(train: Sequence[Structure], test: Sequence[Structure]) -> list[Diagnostic]:
    """A warning `shared-structures` where a structure of the test set is trained on, with their numbers.

    Two structures are one where they differ by a translation, a rotation, the order of the atoms or the image
    that an atom is given as.
    """
    twins = sorted(_twins(train, test))
    if not twins:
        return []
    plural, verb = "" if len(test) == 1 else "s", "is" if len(twins) == 1 else "are"
    message = f"{len(twins)} of {len(test)} test structure{plural} {verb} trained on too"
    pairs = "; ".join(f"{test[b].place} = {train[a].place}" for b, a in twins[:_SHOWN])
    dots = "; …" if len(twins) > _SHOWN else ""
    help = f"{pairs}{dots}: their errors say nothing about other structures"
    return [Diagnostic("shared-structures", message, "warning", place=test[twins[0][0]].place, help=help)]


def _twins(train: Sequence[Structure], test: Sequence[Structure]) -> Iterator[tuple[int, int]]:
    """(test, train): each structure of the test set with the first of the other that is the same."""
    groups = _by_composition(train)
    for key, members in _by_composition(test).items():
        others = groups.get(key)
        if others is None:
            continue
        known = np.array([_fingerprint(train[k]) for k in others])
        points = np.array([_fingerprint(test[k]) for k in members])
        for k, found in zip(members, _near(known, points), strict=True):
            same = next((others[j] for j in sorted(found) if _same(test[k], train[others[j]])), None)
            if same is not None:
                yield k, same


def _near(known: Floats, points: Floats) -> list[list[int]]:
    """For each point those known within `_NEAR`."""
    if known.size * len(points) < _FEW:
        apart = np.linalg.norm(known - points[:, None], axis=2)
        return [np.flatnonzero(row <= _NEAR).tolist() for row in apart]
    from scipy.spatial import cKDTree  # takes a third of a second to import

    found: list[list[int]] = cKDTree(known).query_ball_point(points, _NEAR).tolist()
    return found


def _by_composition(structures: Sequence[Structure]) -> dict[tuple[bytes, bytes], list[int]]:
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for k, s in enumerate(structures):
        groups.setdefault((np.sort(s.numbers).tobytes(), s.pbc.tobytes()), []).append(k)
    return groups


def _same(a: Structure, b: Structure) -> bool:
    """Whether a translation takes each atom of one onto an atom of the other; the cells are the same."""
    if not a.pbc.all():
        return True  # their fingerprint moves with every atom
    rarest = min(set(a.numbers.tolist()), key=lambda z: np.count_nonzero(a.numbers == z))
    ours, theirs = (np.asarray(np.linalg.solve(s.cell.T, s.positions.T).T, float) for s in (a, b))
    from scipy.spatial import cKDTree

    anchor = ours[np.argmax(a.numbers == rarest)]
    lengths = np.linalg.norm(a.cell, axis=1)
    tree = cKDTree(_apart(theirs, b.numbers, lengths), boxsize=[*lengths, 0.0])
    for to in theirs[b.numbers == rarest]:
        distance, atom = tree.query(
            _apart(ours - anchor + to, a.numbers, lengths), distance_upper_bound=_ATOM
        )
        if np.isfinite(distance).all() and len(set(atom.tolist())) == a.n_atoms:
            return True
    return False


def _apart(fractional: Floats, numbers: Ints, lengths: Floats) -> Floats:
    """Points in Å along the vectors of the cell, with the atomic number as a fourth axis."""
    inside = fractional % 1.0
    inside[inside >= 1.0] = 0.0  # a small negative number rounds to 1
    return np.column_stack([inside * lengths, numbers])


def _fingerprint(s: Structure) -> Floats:
    """The cell without its orientation, and structure factors of each species without their common phase; of
    atoms without a full cell, the distances of the species from the centre and from each other's centres.
    """
    if not s.pbc.all():
        return _open_fingerprint(s)
    gram = s.cell @ s.cell.T
    lengths = np.sqrt(np.diag(gram))
    angles = (gram / np.outer(lengths, lengths))[np.triu_indices(3, 1)]
    phases = np.exp(2j * np.pi * (np.linalg.solve(s.cell.T, s.positions.T).T @ _WAVES.T))  # (N, waves)
    species = np.unique(s.numbers)
    factors = np.array([phases[s.numbers == z].sum(axis=0) for z in species])
    crossed = factors * np.conj(factors[:1]) / max(s.n_atoms, 1)
    # squares and products say which atoms are where relative to each other
    return np.concatenate([lengths, angles * lengths[[0, 0, 1]], crossed.real.ravel(), crossed.imag.ravel()])


def _open_fingerprint(s: Structure) -> Floats:
    """Sorted distances from the centre of the atoms, species by species, and the moments of all pairs."""
    centred = s.positions - s.positions.mean(axis=0)
    distances = np.linalg.norm(centred, axis=1)
    order = np.lexsort((distances, s.numbers))
    moments = np.linalg.eigvalsh(centred.T @ centred / s.n_atoms)
    return np.concatenate([distances[order], np.sqrt(np.maximum(moments, 0.0)), s.cell[s.pbc].ravel()])
