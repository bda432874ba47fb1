"""The plot of a term: its energy by a distance or an angle, from the reference backend, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import matplotlib
import numpy as np
from gallery_data import Example
from matplotlib.figure import Figure
from numpy.typing import NDArray
from potentia.compiler import pipeline
from potentia.compiler.backends import reference
from potentia.compiler.ir.graph import Model

Array = NDArray[np.float64]
_POINTS = 90
_FAR = 20.0  # Å, longer than any cutoff and structure here
_GREY = "#8a8a8a"  # seen on white and on black
_COLOURS = ("#5c7cfa", "#f76707", "#12b886", "#be4bdb", "#fab005", "#868e96")
_MOST = len(_COLOURS)


def svg(example: Example) -> str:
    """The picture, without a background, the same to the last byte each time."""
    settings: Any = {
        "svg.hashsalt": "potentia",
        "svg.fonttype": "none",
        "font.size": 9,
        "font.family": "sans-serif",
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(6, 3.2))
        axes = figure.add_axes((0.12, 0.16, 0.86, 0.81))
        for (label, x, y), colour in zip(_curves(example), _COLOURS, strict=False):
            axes.plot(x, y, color=colour, label=label, linewidth=1.6)
        axes.axhline(0, color=_GREY, linewidth=0.6)
        axes.set_ylim(*example.energies)
        axes.set_xlabel("angle (°)" if example.shows == "angle" else "distance (Å)", color=_GREY)
        axes.set_ylabel("energy (eV)", color=_GREY)
        axes.legend(frameon=False, labelcolor=_GREY)
        axes.tick_params(colors=_GREY)
        axes.spines[:].set_color(_GREY)
        axes.spines[["top", "right"]].set_visible(False)
        out = StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()


def _curves(example: Example) -> Iterator[tuple[str, Array, Array]]:
    scan = _angles if example.shows == "angle" else _distances
    for label, call in example.curves.items():
        model = pipeline.build(pipeline.check(pipeline.parse(f"E = {call}\n")))
        for name, theta in _values(label, model, example):
            yield (name, *scan(model, theta, example))


def _values(label: str, model: Model, example: Example) -> Iterator[tuple[str, Array]]:
    """The parameters of a curve: those of the call, drawn ones, or each trained one alone where all are 0."""
    start = np.array(model.vector.start)
    if example.draws:
        for seed in range(example.draws):
            yield f"{label}, {seed + 1}", np.random.default_rng(seed).normal(0.0, 0.5, len(start))
    elif example.shows != "dimer" and not start[list(model.vector.trained_places)].any():
        for k in model.vector.trained_places[:_MOST]:
            yield model.vector.names[k], start + np.eye(len(start))[k]
    else:
        yield label, start


def _distances(model: Model, theta: Array, example: Example) -> tuple[Array, Array]:
    x = np.linspace(*example.limits, _POINTS)
    return x, _energies(model, theta, x, lambda r: [[0, 0, 0], [0, 0, r]])


def _angles(model: Model, theta: Array, example: Example) -> tuple[Array, Array]:
    x, bond = np.linspace(45, 180, _POINTS), example.bond

    def bent(angle: float) -> list[list[float]]:
        a = np.deg2rad(angle)
        return [[0, 0, 0], [bond, 0, 0], [bond * np.cos(a), bond * np.sin(a), 0]]

    return x, _energies(model, theta, x, bent)


def _energies(model: Model, theta: Array, x: Array, atoms: Callable[[float], list[list[float]]]) -> Array:
    """eV beyond free atoms, of structures of one species that stand side by side, out of each other's reach."""
    first = atoms(float(x[0]))
    apart = np.array([2 * _FAR, 0, 0])
    positions = np.concatenate([np.array(atoms(float(v))) + k * apart for k, v in enumerate(x)])
    species = np.zeros(len(positions), dtype=np.int32)
    root = model.outputs["energy"]
    (site,) = reference.evaluate(
        model, theta, positions, np.zeros((3, 3)), np.zeros(3, dtype=bool), species, [root]
    )
    together: Array = site.reshape(len(x), -1).sum(axis=1)
    return together - len(first) * _alone(model, theta)


def _alone(model: Model, theta: Array) -> float:
    """eV of a free atom."""
    cell, pbc, species = np.zeros((3, 3)), np.zeros(3, dtype=bool), np.zeros(1, dtype=np.int32)
    return float(reference.predict(model, theta, np.zeros((1, 3)), cell, pbc, species).energy)
