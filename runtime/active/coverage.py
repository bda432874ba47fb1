"""Places of training structures and dynamics in the space of descriptors, in two dimensions.

By the two principal components of all points, each number brought to deviation 1; and by UMAP (McInnes,
Healy, Melville, arXiv:1802.03426) where the package umap-learn is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from ..files.atomic import write_atomic
from ..structures.arrays import Floats
from .loop import Learned, Round
from .selection import read_points
from .study import Study

_COLOURS = ("#33658a", "#d1495b", "#3d8361", "#b08968", "#7b506f", "#4f6d7a", "#c58b2b", "#5c7c3a")


def principal(points: Float[Floats, "n D"]) -> Float[Floats, "n 2"]:
    """The coordinates of points along the two directions in which they vary most."""
    scale = points.std(axis=0)
    centred = (points - points.mean(axis=0))[:, scale > 1e-9] / scale[scale > 1e-9]
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    found = np.zeros((len(points), 2))
    found[:, : len(axes)] = centred @ axes.T
    return found


def save_coverage(study: Study, rounds: Sequence[Round], path: Path) -> None:
    """A PNG with the training structures of the beginning, the frames of each round, and those chosen.

    Raises ArtifactError `unwritable`.
    """
    stored = [read_points(study.round(r.number) / "selection") for r in rounds]
    parts = [stored[0]["training"], *(s["frames"] for s in stored)]
    points = np.concatenate([p.reshape(-1, parts[0].shape[1]) for p in parts])
    maps = {"PCA": principal(points)}
    if find_spec("umap") is not None and len(points) > 5:
        maps["UMAP"] = _umap(points)
    ends = np.cumsum([len(p) for p in parts])
    figure = Figure(figsize=(5.5 * len(maps), 4.6), layout="constrained")
    for axes, (name, plane) in zip(
        figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True
    ):
        for k, (found, end) in enumerate(zip(stored, ends[1:], strict=True)):
            own, colour = plane[ends[k] : end], _COLOURS[k % len(_COLOURS)]
            axes.scatter(*own.T, s=6, alpha=0.35, color=colour, label=f"round {k + 1}")
            chosen = own[found["chosen"]]
            axes.scatter(*chosen.T, s=36, facecolors="none", edgecolors=colour)
        axes.scatter(*plane[: ends[0]].T, s=22, marker="s", color="black", label="first data")
        axes.set(title=name, xticks=[], yticks=[])
        axes.legend(fontsize=7, frameon=False)
    _saved(figure, path)


def save_rounds(learned: Learned, path: Path) -> None:
    """A PNG with failure ratio, structures and errors by round. Raises ArtifactError `unwritable`."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    ratio, count, error = figure.subplots(1, 3)
    numbers = [r.number for r in learned.rounds]
    ratio.plot(numbers, [100 * r.failure_ratio for r in learned.rounds], "o-", color=_COLOURS[1])
    ratio.set(xlabel="round", ylabel="failed trajectories, %", ylim=(-3, 103))
    count.plot(numbers, [r.trained for r in learned.rounds], "o-", label="trained on")
    count.plot(numbers, [r.new for r in learned.rounds], "s--", label="new")
    count.set(xlabel="round", ylabel="structures")
    count.legend(fontsize=7, frameon=False)
    key = "forces_rmse_ev_per_ang"
    for name in ("train", "test", "surprise"):
        found = [(r.number, 1e3 * e[key]) for r in learned.rounds if (e := getattr(r, name)) and key in e]
        if found:
            label = "new, before they were trained on" if name == "surprise" else name
            error.plot(*zip(*found, strict=True), "o-", label=label)
    error.set(xlabel="round", ylabel="force RMSE, meV/Å")
    error.legend(fontsize=7, frameon=False)
    for axes in (ratio, count, error):
        axes.set_xticks(numbers)
    _saved(figure, path)


def _umap(points: Float[Floats, "n D"]) -> Float[Floats, "n 2"]:
    from umap import UMAP

    neighbours = min(15, len(points) - 1)
    return np.asarray(UMAP(n_neighbors=neighbours, random_state=0, n_jobs=1).fit_transform(points))


def _saved(figure: Figure, path: Path) -> None:
    content = BytesIO()
    figure.savefig(content, format="png", dpi=150)
    write_atomic(path, content.getvalue())
