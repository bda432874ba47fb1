"""Parity plots: predicted against labelled energies and forces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ..files.atomic import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..potential.evaluators import Predicted
    from ..structures.arrays import Floats
    from ..structures.structure import Structure

Part = tuple[Sequence["Structure"], Sequence["Predicted"]]

_STYLE = {"train": ("#6b8fb3", 0.45), "test": ("#d1495b", 0.8)}
_MOST = 20_000  # points of a part: more only cost time and ink


def save_parity(path: Path | str, parts: Mapping[str, Part]) -> None:
    """A plot of energies per atom and force components, in colours by part (train, test), as PNG.

    Raises ArtifactError `unwritable`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.4), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _panel(left, {name: _energies(*part) for name, part in parts.items()}, "energy", "eV/atom", "meV/atom")
    _panel(right, {name: _forces(*part) for name, part in parts.items()}, "force components", "eV/Å", "meV/Å")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    write_atomic(path, buffer.getvalue())


def _energies(structures: Sequence[Structure], predicted: Sequence[Predicted]) -> Float[Floats, "2 n"]:
    """Labels and predictions."""
    pairs = [
        (s.energy / s.n_atoms, p.energy / s.n_atoms)
        for s, p in zip(structures, predicted, strict=True)
        if s.energy is not None
    ]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2).T


def _forces(structures: Sequence[Structure], predicted: Sequence[Predicted]) -> Float[Floats, "2 n"]:
    pairs = [(s.forces, p.forces) for s, p in zip(structures, predicted, strict=True) if s.forces is not None]
    if not pairs:
        return np.zeros((2, 0))
    return np.stack([np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1)])


def _panel(axes: Axes, points: Mapping[str, Float[Floats, "2 n"]], what: str, unit: str, small: str) -> None:
    shown = [p for p in points.values() if p.size]
    axes.set_xlabel(f"labelled {what} ({unit})")
    axes.set_ylabel(f"predicted {what} ({unit})")
    if not shown:
        axes.text(0.5, 0.5, "no labels", transform=axes.transAxes, ha="center")
        return
    low, high = min(float(p.min()) for p in shown), max(float(p.max()) for p in shown)
    margin = 0.04 * (high - low) or 1.0
    span = (low - margin, high + margin)
    axes.plot(span, span, color="0.3", linewidth=0.8, zorder=1)
    for name, values in points.items():
        if values.size:
            rmse = 1000 * float(np.sqrt(np.mean((values[1] - values[0]) ** 2)))
            colour, alpha = _STYLE.get(name, ("#3d8361", 0.6))
            thin = values[:, :: -(-values.shape[1] // _MOST)]
            label = f"{name}: RMSE {rmse:.3g} {small}"
            axes.scatter(
                thin[0], thin[1], s=9, color=colour, alpha=alpha, linewidths=0, label=label, zorder=2
            )
    axes.set_xlim(span)
    axes.set_ylim(span)
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
