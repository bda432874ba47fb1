"""The stress that forces alone imply, as far as they are forces between pairs.

F_i = Σ_j φ(r_ij) r̂_ij with φ linear between knots is solved for by least squares, and V σ = Σ_pairs φ r r̂ r̂ᵀ
follows. It is no potential and no fit to labels of stress: it decides a sign where forces are mostly those
of pairs, as at short distances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..structures.arrays import Floats, Stress
from ..structures.neighbors import pairs
from ..structures.structure import Structure

_CUTOFF = 5.5  # Å
_KNOTS = (16, 32)  # both have to say the same
_MOST_ATOMS = 2000
_EXPLAINED = 0.8  # share of the squared forces
_CORRELATION = 0.7
_PRIOR = 100.0  # forces of pairs over the largest force of an atom: they cancel in crystals
_CERTAIN = 4.0  # the implied stress over its standard deviation: forces alone may leave it open
_ROWS = 3  # force components for each knot that pairs reach
_SHEAR = np.eye(9) - np.outer(np.eye(3), np.eye(3)) / 3  # takes the pressure off a stress
_NOISE = 1e-4  # of the largest force: rounding, where everything is explained


class Agreement(NamedTuple):
    """Of stress labels with the stress that forces imply: the correlation, and the quotient of sizes."""

    correlation: float
    factor: float


@dataclass(frozen=True, eq=False)
class ImpliedShear:
    """V times the stress without its pressure that the forces of structures imply, (9 S,), eV: with few knots
    and with many.
    """

    structures: Sequence[Structure]
    coarse: Floats
    fine: Floats

    def agreement(self, turned: Callable[[Stress], Stress] = lambda stress: stress) -> Agreement | None:
        """That of the stress labels, each turned first; None where the correlation is weak."""
        labels = ((turned(s.stress), s.volume) for s in self.structures if s.stress is not None)
        labelled = np.concatenate([_SHEAR @ stress.ravel() * volume for stress, volume in labels])
        coarse, fine = (_agreement(implied, labelled) for implied in (self.coarse, self.fine))
        weaker = min(coarse, fine, key=lambda found: abs(found.correlation))
        is_clear = coarse.correlation * fine.correlation > 0 and abs(weaker.correlation) > _CORRELATION
        return weaker if is_clear else None


def implied_shear(structures: Sequence[Structure], most_atoms: int = _MOST_ATOMS) -> ImpliedShear | None:
    """The shear that the forces of labelled structures imply; None where the forces are not those of pairs,
    or leave the stress open.

    most_atoms: that are looked at.
    """
    usable = [s for s in structures if s.forces is not None and s.stress is not None and s.volume > 0]
    chosen = _chosen(usable, most_atoms)
    if not chosen:
        return None
    coarse, fine = (_implied(chosen, n) for n in _KNOTS)
    return None if coarse is None or fine is None else ImpliedShear(chosen, coarse, fine)


def _agreement(implied: Floats, labelled: Floats) -> Agreement:
    sizes = float(np.linalg.norm(implied)), float(np.linalg.norm(labelled))
    correlation = float(implied @ labelled) / (sizes[0] * sizes[1]) if all(sizes) else 0.0
    return Agreement(correlation, sizes[1] / sizes[0] if sizes[0] else 0.0)


def _implied(structures: Sequence[Structure], n_knots: int) -> Floats | None:
    parts = [_equations(s, n_knots) for s in structures]
    design, forces, to_stress = (np.concatenate([p[k] for p in parts]) for k in range(3))
    largest = float(np.abs(forces).max())
    if len(forces) < _ROWS * np.count_nonzero(design.any(axis=0)) or not largest:
        return None
    prior = np.eye(n_knots) / (_PRIOR * largest) ** 2
    noise = (_NOISE * largest) ** 2
    for _ in range(2):  # the second time with the misfit of the first
        covariance = np.linalg.inv(design.T @ design / noise + prior)
        phi = covariance @ (design.T @ forces) / noise
        misfit = forces - design @ phi
        noise = max(float(misfit @ misfit) / len(forces), noise)
    implied = to_stress @ phi
    uncertain = float(np.einsum("mk,kl,ml->", to_stress, covariance, to_stress))
    if misfit @ misfit > (1 - _EXPLAINED) * forces @ forces or implied @ implied < _CERTAIN**2 * uncertain:
        return None
    return np.asarray(implied)


def _chosen(structures: Sequence[Structure], most_atoms: int) -> list[Structure]:
    """Structures evenly over the data, up to a number of atoms."""
    atoms = sum(s.n_atoms for s in structures)
    step = max(1, -(-atoms // most_atoms))
    return list(structures[::step])


def _equations(s: Structure, n_knots: int) -> tuple[Floats, Floats, Floats]:
    """(3N, K) and (3N,) of the forces; (9, K) of V times the stress without its pressure, to which the energy
    of a volume, as of electrons in a metal, adds a part that no force shows.
    """
    assert s.forces is not None
    near = pairs(s, _CUTOFF)
    weights = _hats(near.distance, n_knots)  # (M, K)
    away = s.positions[near.j] + near.shift - s.positions[near.i]
    direction = away / near.distance[:, None]
    per_atom = np.zeros((s.n_atoms, 3, n_knots))
    push = direction[:, :, None] * weights[:, None, :]  # on atom j, away from i
    np.add.at(per_atom, near.j, push)
    np.add.at(per_atom, near.i, -push)
    # repulsion, φ > 0, is a pressure: σ is negative, tension positive
    outer = -near.distance[:, None, None] * direction[:, :, None] * direction[:, None, :]
    shear = _SHEAR @ outer.reshape(-1, 9).T @ weights
    return per_atom.reshape(-1, n_knots), s.forces.ravel(), shear


def _hats(distance: Float[Floats, " M"], n_knots: int) -> Float[Floats, "M K"]:
    """Linear functions between knots, which end at 0 at the cutoff."""
    knots = np.linspace(0.0, _CUTOFF, n_knots + 1)[:-1]
    width = _CUTOFF / n_knots
    return np.asarray(np.maximum(1 - np.abs(distance[:, None] - knots) / width, 0.0), dtype=np.float64)
