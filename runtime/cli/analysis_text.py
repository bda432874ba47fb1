"""An analysis as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..analysis.analysis import Analysis
from ..analysis.cell import COLUMNS, UNITS, CellWindow
from ..analysis.diffusion import CM2_PER_S, Diffusion
from ..analysis.ensemble import Ensemble, Spread
from ..analysis.radial import Closest, PairStatistics, Shell
from . import console


def analysis_text(a: Analysis) -> str:
    """Tables of pairs, diffusion and the cell, and the verdict."""
    formula = ", ".join(f"{n} {species}" for species, n in a.atoms.items())
    span = f", {a.when[0]:g} to {a.when[-1]:g} ps" if a.timed else ""
    mean = a.mean_cell.temperature
    hot = f", {mean[0]:.0f} K" if mean else ""
    head = f"{a.where}: {console.counted(len(a.when), 'frame')}{span}; {formula}{hot}"
    return "\n".join([head, _pairs(a), _verdict(a), *_diffusion(a), _cells(a)])


def _pairs(a: Analysis) -> str:
    rows = [["pair", "closest Å", "where", "core Å", "peak Å", "g", "minimum Å", "neighbours"]]
    rows += [[p.name, *_seen(p), f"{p.core:.2f}", *_shell(p.shell, p.species)] for p in a.pairs]
    return console.table(rows)


def _seen(p: PairStatistics) -> tuple[str, str]:
    return ("-", "") if p.closest is None else (f"{p.closest.distance:.3f}", _place(p.closest))


def _place(c: Closest) -> str:
    when = "" if c.time is None else f" ({c.time:g} ps)"
    return f"frame {c.frame}{when}, atoms {c.atoms[0]} and {c.atoms[1]}"


def _shell(shell: Shell | None, species: tuple[str, str]) -> list[str]:
    if shell is None:
        return ["-", "-", "-", "-"]
    peak = [f"{shell.peak:.2f}", f"{shell.height:.2f}"]
    if shell.minimum is None or shell.neighbours is None:
        return [*peak, "-", "-"]
    a, b = species
    both = f"{shell.neighbours[0]:.2f} {b}" + ("" if a == b else f", {shell.neighbours[1]:.2f} {a}")
    return [*peak, f"{shell.minimum:.2f}", both]


def _verdict(a: Analysis) -> str:
    near = sum(p.near for p in a.pairs)
    within = f"; {near:.3g} pairs within 1 Å in a frame" if near else ""
    first = a.first_cluster
    if first is None or first.first_inside is None:
        return f"clustering: ok{within}"
    count = sum(p.inside for p in a.pairs)
    where = f"first {first.name}, {first.first_inside.distance:.3f} Å, {_place(first.first_inside)}"
    return f"clustering: CLUSTERED, {where}; {count} times in all{within}"


def _diffusion(a: Analysis) -> Iterator[str]:
    if not a.diffusion:
        return
    low, high = a.diffusion[0].window
    yield f"diffusion, slope of the MSD from {low:g} to {high:g} ps, {a.diffusion[0].blocks} blocks:"
    head = ["species", "D cm²/s", "±", "95 %", "D Å²/ps", "exponent", "±", "regime"]
    yield console.table([head, *(_diffusion_row(d) for d in a.diffusion)])


def _diffusion_row(d: Diffusion) -> list[str]:
    low, high = (CM2_PER_S * x for x in d.interval)
    return [
        d.species,
        f"{CM2_PER_S * d.value:.3g}",
        f"{CM2_PER_S * d.error:.1g}",
        f"{low:.3g} … {high:.3g}",
        f"{d.value:.3g}",
        f"{d.exponent:.2f}",
        f"{d.exponent_error:.2f}",
        d.regime,
    ]


def _cells(a: Analysis) -> str:
    head = ["ps" if a.timed else "frames", "K", *(f"{n} {u}" for n, u in zip(COLUMNS, UNITS, strict=True))]
    windows = a.cells if len(a.cells) > 1 and _changes(a) else a.cells[:0]
    return console.table([head, *(_cell_row(w) for w in windows), _cell_row(a.mean_cell, "all")])


def _changes(a: Analysis) -> bool:
    return bool(np.ptp(a.rows, axis=0).max() > 1e-6) or a.mean_cell.temperature is not None


def _cell_row(w: CellWindow, name: str | None = None) -> list[str]:
    temperature = "-" if w.temperature is None else with_error(*w.temperature)
    span = name or f"{w.begin:g} to {w.end:g}"
    return [span, temperature, *(with_error(mean, error) for mean, error in w.parameters)]


def with_error(value: float, error: float | None) -> str:
    """`12.972(4)`: the error counts the last digits; a value of no error has five."""
    if error is None or not error > 1e-9 * max(abs(value), 1.0):
        return f"{value:.5g}"
    digits = max(-int(np.floor(np.log10(error))), 0)
    last = round(error * 10**digits)
    return f"{value:.{digits}f}({last})"


def ensemble_text(e: Ensemble) -> str:
    """Means of several runs with their spread."""
    rows = [["pair", "closest Å", "within 1 Å", "neighbours"]]
    for p in e.pairs:
        closest = "-" if p.closest is None else f"{p.closest:.3f}"
        rows.append([p.name, closest, f"{p.near:.3g}", _spread(p.neighbours) if p.neighbours else "-"])
    lines = [f"together: {console.counted(e.runs, 'run')}, {e.clustered} clustered", console.table(rows)]
    if e.diffusion:
        head = ["species", "D cm²/s", "± of the mean", "between runs", "runs"]
        lines.append(console.table([head, *(_diffusion_spread(n, s) for n, s in e.diffusion.items())]))
    cell = [f"{n} {_spread(e.cell[n])} {u}" for n, u in zip(COLUMNS, UNITS, strict=True)]
    lines.append("  " + ", ".join(cell))
    return "\n".join(lines)


def _spread(s: Spread) -> str:
    return with_error(s.mean, s.error)


def _diffusion_spread(name: str, s: Spread) -> list[str]:
    mean, error, deviation = (CM2_PER_S * x for x in (s.mean, s.error, s.deviation))
    return [name, f"{mean:.3g}", f"{error:.1g}", f"{deviation:.2g}", str(s.runs)]
