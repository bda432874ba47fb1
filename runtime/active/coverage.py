"""Places of training structures and dynamics in the space of descriptors, in two dimensions.

By the two principal components of all points, each number brought to deviation 1; and by UMAP (McInnes,
Healy, Melville, arXiv:1802.03426) where the package umap-learn is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ..presentation.figures import COLOURS, GREEN, INK, PANEL, PARTS, RED, Panel, save_png
from ..structures.arrays import Floats, Ints
from .loop import Learned, Round
from .selection import read_points
from .study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase


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
    ends = np.cumsum([len(p) for p in parts]).tolist()
    chosen = [found["chosen"] for found in stored]
    save_png(path, [_map(name, plane, ends, chosen) for name, plane in maps.items()])


def _map(title: str, plane: Float[Floats, "n 2"], ends: Sequence[int], chosen: Sequence[Ints]) -> Panel:
    """ends: of the first data and of the frames of each round; chosen: of each round, which of its frames."""

    def draw(axes: Axes) -> None:
        for k, (own, end) in enumerate(zip(chosen, ends[1:], strict=True)):
            frames, colour = plane[ends[k] : end], COLOURS[k % len(COLOURS)]
            name = f"round {k + 1}"
            axes.scatter(frames[:, 0], frames[:, 1], s=7, alpha=0.35, linewidths=0, color=colour, label=name)
            axes.scatter(frames[own, 0], frames[own, 1], s=34, facecolors="none", edgecolors=colour)
        axes.scatter([], [], s=34, facecolors="none", edgecolors=INK, label="chosen")
        first = plane[: ends[0]]
        axes.scatter(first[:, 0], first[:, 1], s=20, marker="s", color=INK, label="first data")
        axes.set(title=title, xticks=[], yticks=[])
        axes.legend(markerscale=1.5)

    return Panel(f"coverage by {title}", 4.8, 4.2, lambda figure: draw(figure.subplots()))


def save_rounds(learned: Learned, path: Path) -> None:
    """A PNG with failure ratio, structures and errors by round. Raises ArtifactError `unwritable`."""
    drawings = {"failed trajectories": _failures, "structures": _structures, "errors": _errors}
    save_png(path, [_panel(title, learned, draw) for title, draw in drawings.items()])


def _panel(title: str, learned: Learned, draw: Callable[[Axes, Learned], None]) -> Panel:
    def drawn(figure: FigureBase) -> None:
        axes = figure.subplots()
        draw(axes, learned)
        axes.set_xticks([r.number for r in learned.rounds])
        axes.set_xlabel("round")

    return Panel(title, PANEL, 3.0, drawn)


def _failures(axes: Axes, learned: Learned) -> None:
    ratios = [100 * r.failure_ratio for r in learned.rounds]
    axes.plot([r.number for r in learned.rounds], ratios, "o-", color=RED)
    axes.set(ylabel="failed trajectories (%)", ylim=(-3, 103))


def _structures(axes: Axes, learned: Learned) -> None:
    numbers = [r.number for r in learned.rounds]
    axes.plot(numbers, [r.trained for r in learned.rounds], "o-", label="trained on")
    axes.plot(numbers, [r.new for r in learned.rounds], "s--", label="new")
    axes.set_ylabel("structures")
    axes.legend()


def _errors(axes: Axes, learned: Learned) -> None:
    key = "forces_rmse_ev_per_ang"
    for name in ("train", "test", "surprise"):
        found = [(r.number, 1e3 * e[key]) for r in learned.rounds if (e := getattr(r, name)) and key in e]
        if found:
            label = "new, before they were trained on" if name == "surprise" else name
            axes.plot(*zip(*found, strict=True), "o-", color=PARTS.get(name, GREEN), label=label)
    axes.set_ylabel("force RMSE (meV/Å)")
    axes.legend()


def _umap(points: Float[Floats, "n D"]) -> Float[Floats, "n 2"]:
    from umap import UMAP

    neighbours = min(15, len(points) - 1)
    return np.asarray(UMAP(n_neighbors=neighbours, random_state=0, n_jobs=1).fit_transform(points))
