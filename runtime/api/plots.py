"""Pictures of results in one pair of axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..evaluation.labelled import Part, pairs
from ..files.settings import ConfigError
from ..presentation.axes import logarithmic, named
from ..presentation.figures import BLUE, GREEN, LINES, PARTS, SOFT, colour_of, repeat_of
from ..presentation.result import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..design.front_row import Row
    from ..properties.results import Curve

Kind = Literal["energy", "forces"]

_WORDS = {
    "energy": ("energy per atom (eV)", "meV/atom"),
    "forces": ("component of a force (eV/Å)", "meV/Å"),
}
_MOST = 20_000  # points of a part: more only cost time and ink


def _words(kind: str) -> tuple[str, str]:
    if kind not in _WORDS:
        known = f"known: {', '.join(_WORDS)}"
        raise ConfigError(Diagnostic("bad-value", f"there is no picture of the kind `{kind}`", help=known))
    return _WORDS[kind]


def draw_parity(axes: Axes | None, parts: Mapping[str, Part], kind: Kind) -> Axes:
    """Predicted over labelled energies per atom (eV) or components of forces (eV/Å), a colour a part."""
    axes = axes_or_new(axes)
    words, unit = _words(kind)
    points = {name: pairs(kind, *part) for name, part in parts.items()}
    for name, (labels, found) in points.items():
        if labels.size:
            rmse = 1000 * float(np.sqrt(np.mean((found - labels) ** 2)))
            colour, alpha = PARTS.get(name, GREEN), 0.45 if labels.size > 400 else 0.8
            thin = slice(None, None, -(-labels.size // _MOST))
            label = f"{name}: RMSE {rmse:.3g} {unit}"
            axes.scatter(labels[thin], found[thin], s=9, color=colour, alpha=alpha, linewidths=0, label=label)
    seen = [p for p in points.values() if p.size]
    if seen:
        low, high = min(float(p.min()) for p in seen), max(float(p.max()) for p in seen)
        axes.axline((low, low), (high, high if high > low else low + 1.0), color=SOFT, linewidth=0.8)
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.set_xlabel(f"labelled {words}")
    axes.set_ylabel(f"predicted {words}")
    return axes


def draw_spectrum(axes: Axes | None, values: Sequence[float], sloppy: float) -> Axes:
    """Singular values of the information by mode; those below the line the data hardly know."""
    axes = axes_or_new(axes)
    axes.semilogy(range(1, len(values) + 1), [max(v, 1e-18) for v in values], "o", markersize=3.5)
    axes.axhline(sloppy, color=SOFT, linewidth=0.8, linestyle="--")
    axes.set_xlabel("mode")
    axes.set_ylabel("singular value")
    _count(axes)
    return axes


def draw_front(axes: Axes | None, rows: Sequence[Row], kind: Kind) -> Axes:
    """Errors of the models of a front over their numbers of parameters."""
    axes = axes_or_new(axes)
    sizes = [r["size"] for r in rows]
    key: Literal["energy_rmse_ev_per_atom", "forces_rmse_ev_per_ang"]
    key = "energy_rmse_ev_per_atom" if kind == "energy" else "forces_rmse_ev_per_ang"
    found = [1e3 * r["cv"][kind] for r in rows]
    axes.plot(sizes, found, "o-", label="cross-validated")
    tested = [1e3 * e for r in rows if r["test"] and (e := r["test"].get(key)) is not None]
    if len(tested) == len(rows):
        axes.plot(sizes, tested, "^:", label="test")
    axes.set(xlabel="parameters", ylabel=f"RMSE of {kind} ({_words(kind)[1]})")
    if rows:
        named(axes.xaxis, sizes)
        logarithmic(axes.yaxis, [*found, *tested])
    axes.legend(frameon=False, fontsize=8)
    return axes


def draw_steps(axes: Axes | None, sizes: Sequence[int], losses: Sequence[float]) -> Axes:
    """The loss over the number of parameters that are left."""
    axes = axes_or_new(axes)
    axes.plot(sizes, losses, "o-", markersize=4)
    axes.invert_xaxis()
    axes.set(xlabel="parameters that are left", ylabel="loss")
    _count(axes)
    if max(losses) > 5 * min(losses) > 0:
        axes.set_yscale("log")
    return axes


def draw_curves(axes: Axes | None, curves: Sequence[Curve], family: str | None) -> Axes:
    """The curves of a family of properties; by default of the first that has some."""
    from ..properties.family import families
    from ..properties.plots import draw_line, finish

    axes = axes_or_new(axes)
    drawn = {name: f.plot for name, f in families().items() if f.plot is not None}
    kinds = [c.kind for c in curves if c.kind in drawn]
    kind = family or next(iter(kinds), "")
    own, plot = [c for c in curves if c.kind == kind], drawn.get(kind)
    if plot is None or not own:
        axes.text(0.5, 0.5, "no curves were measured", transform=axes.transAxes, ha="center")
        return axes
    if plot.draw:
        plot.draw(axes, own[0], BLUE)  # it takes the axes for itself
        axes.set(xlabel=plot.x, ylabel=plot.y)
        return axes
    for k, curve in enumerate(own):
        draw_line(axes, plot, curve, colour_of(k), repeat_of(k, LINES), label=curve.name)
    finish(axes, plot, own)
    return axes


def _count(axes: Axes) -> None:
    """Whole numbers along the x axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
