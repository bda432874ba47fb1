"""The information of the data about the parts of a potential. Definitions: docs/fisher.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from ...compiler.ir.graph import Model
from ...compiler.reduction.parameter_groups import Block, blocks
from ...compiler.reduction.quadratic_model import QuadraticModel, Restriction, delta_bic
from ..optimize.qr_system import undetermined
from ..structures.arrays import Floats
from .fisher_information import gradient, system_of

State = Literal["determined", "unsupported", "redundant"]

SLOPPY = 0.1  # a smaller singular value of the column-normalised J: 99 % of what its columns do cancels


@dataclass(frozen=True)
class NumberReport:
    """A trained number. value, deviation in `unit`; delta_loss: of setting it to 0, None where that takes
    nothing out; partner: the number whose estimate is correlated most with this one's.
    """

    name: str
    term: str
    unit: str
    value: float
    deviation: float | None
    delta_loss: float | None
    partner: str | None
    correlation: float | None
    state: State


@dataclass(frozen=True)
class BlockReport:
    """A block of n numbers. unique: share of its information that nothing else has; log_det of the same, None
    where it is singular; delta_loss and delta_bic of deleting it; sloppy: its share in sloppy modes; partner:
    the block of the same kind that does most of what this one does, with the cosine between them.
    """

    name: str
    kind: str
    term: str
    n: int
    unique: float
    log_det: float | None
    delta_loss: float | None
    delta_bic: float | None
    sloppy: float
    partner: str | None
    cosine: float | None


@dataclass(frozen=True)
class Redundancy:
    """Numbers that the data cannot tell apart: along `direction` (name → coefficient) no label changes; the
    terms that carry the same information.
    """

    direction: dict[str, float]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class FisherReport:
    """All of it. spectrum: singular values of the column-normalised J. gradient: the largest cosine between
    the residuals and the derivatives by a number, 0 at an optimum. variance: of a residual.
    """

    n_rows: int
    loss: float
    variance: float | None
    gradient: float
    gain: float
    spectrum: tuple[float, ...]
    condition: float | None
    effective_dimension: float | None
    n_sloppy: int
    numbers: tuple[NumberReport, ...]
    blocks: tuple[BlockReport, ...]
    unsupported: tuple[str, ...]
    redundant: tuple[Redundancy, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def report(model: Model, known: QuadraticModel) -> FisherReport:
    """The report on a model whose trained numbers `known` is about, with some information on at least one."""
    found = undetermined(system_of(known), known.names)
    owner = _owners(model)
    redundant = tuple(_redundancy(dict(c), owner) for c in found.combinations)
    least = known.loss + known.cost(Restriction())
    values = known.singular_values
    clear = values[values > known.noise * values.max()]
    return FisherReport(
        n_rows=known.n_rows,
        loss=known.loss,
        variance=_finite(known.variance),
        gradient=gradient(known),
        gain=known.loss - least,
        spectrum=tuple(values.tolist()),
        condition=float(clear[0] / clear[-1]) if len(clear) == known.size else None,
        effective_dimension=effective_dimension(known),
        n_sloppy=int(np.count_nonzero(values < SLOPPY)),
        numbers=_numbers(model, known, least, owner, redundant, found.unreached),
        blocks=_blocks(blocks(model), known, least),
        unsupported=found.unreached,
        redundant=redundant,
    )


def effective_dimension(known: QuadraticModel) -> float | None:
    """Σ λ/(1 + λ) over the eigenvalues λ of the information on θ_k/|θ_k|: directions whose relative standard
    deviation is under one. doi:10.1162/neco.1992.4.3.415 with |θ_k| for the prior's width.
    """
    if known.n_dof <= 0 or known.variance == 0.0:
        return None
    values = np.linalg.svd(known.factor * np.abs(known.theta), compute_uv=False)
    signal = np.square(values) / known.variance
    return float(np.sum(signal / (1.0 + signal)))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _owners(model: Model) -> dict[str, tuple[str, str]]:
    """Name of a trained number → its term and unit."""
    return {c.name: (c.parameter.term, str(c.parameter.kind.unit)) for c in model.vector.trained}


def _redundancy(direction: Mapping[str, float], owner: Mapping[str, tuple[str, str]]) -> Redundancy:
    return Redundancy(dict(direction), tuple(dict.fromkeys(owner[name][0] for name in direction)))


# --- numbers -----------------------------------------------------------------------------------


def _numbers(
    model: Model,
    known: QuadraticModel,
    least: float,
    owner: Mapping[str, tuple[str, str]],
    redundant: Sequence[Redundancy],
    unreached: Sequence[str],
) -> tuple[NumberReport, ...]:
    amplitudes = {k for block in blocks(model) if block.kind == "term" for k in block.amplitudes}
    states: dict[str, State] = {name: "redundant" for r in redundant for name in r.direction}
    states |= {name: "unsupported" for name in unreached}
    costs = known.each_zeroed() + known.loss - least
    partners = _partners(known)
    return tuple(
        NumberReport(
            name,
            *owner[name],
            float(known.theta[k]),
            _finite(known.deviations[k]) if states.get(name) is None else None,
            max(0.0, float(costs[k])) if k in amplitudes else None,
            *partners[k],
            states.get(name, "determined"),
        )
        for k, name in enumerate(known.names)
    )


def _partners(known: QuadraticModel) -> list[tuple[str | None, float | None]]:
    """For each number the one whose estimate is most correlated with it, and how much."""
    length = np.linalg.norm(known.root, axis=1)
    rows = known.root / np.where(length > 0, length, 1.0)[:, None]
    found: list[tuple[str | None, float | None]] = []
    for k in range(known.size):
        correlation = rows @ rows[k]
        correlation[k] = 0.0
        best = int(np.argmax(np.abs(correlation)))
        alone = correlation[best] == 0.0
        found.append((None, None) if alone else (known.names[best], float(correlation[best])))
    return found


# --- blocks ------------------------------------------------------------------------------------


def _blocks(parts: Sequence[Block], known: QuadraticModel, least: float) -> tuple[BlockReport, ...]:
    bases = [_basis(known, block) for block in parts]
    found = []
    for k, block in enumerate(parts):
        places = list(block.numbers)
        scale = np.where(known.norms > 0, known.norms, 1.0)[places]
        singular = np.linalg.svd(known.unique(places) / scale, compute_uv=False)
        reached = np.count_nonzero(known.norms[places])
        cost = max(0.0, known.zeroed(block.amplitudes) + known.loss - least) if block.amplitudes else None
        found.append(
            BlockReport(
                block.name,
                block.kind,
                block.term,
                len(places),
                float(np.sum(singular**2) / max(1, reached)),
                float(2.0 * np.sum(np.log(singular))) if singular.min() > known.noise else None,
                cost,
                None if cost is None else delta_bic(cost, least, len(places), known.n_rows),
                float(np.sum(known.modes[known.singular_values < SLOPPY][:, places] ** 2) / len(places)),
                *_partner(k, parts, bases),
            )
        )
    return tuple(found)


def _basis(known: QuadraticModel, block: Block) -> Floats:
    """An orthonormal basis (F, rank) of the changes of labels along the numbers of a block."""
    places = list(block.numbers)
    scaled = known.factor[:, places] / np.where(known.norms > 0, known.norms, 1.0)[places]
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    return np.asarray(left[:, values > known.noise * max(values.max(initial=0.0), 1e-300)])


def _partner(k: int, parts: Sequence[Block], bases: Sequence[Floats]) -> tuple[str | None, float | None]:
    """The block of the same kind that shares no number and whose labels lie nearest, and the cosine."""
    best: tuple[str | None, float | None] = (None, None)
    for j, other in enumerate(parts):
        if other.kind != parts[k].kind or set(other.numbers) & set(parts[k].numbers):
            continue
        overlap = bases[k].T @ bases[j]
        cosine = float(np.linalg.norm(overlap, 2)) if overlap.size else 0.0
        if best[1] is None or cosine > best[1]:
            best = other.name, min(1.0, cosine)
    return best
