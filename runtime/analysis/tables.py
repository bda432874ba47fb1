"""An analysis as plain data for JSON."""

from __future__ import annotations

import numpy as np

from ..structures.arrays import Floats
from .analysis import Analysis
from .cell import COLUMNS, UNITS, CellWindow
from .diffusion import CM2_PER_S, Diffusion
from .ensemble import Ensemble, Spread
from .radial import Closest, PairStatistics

_CURVE = 6  # digits of what a curve is drawn from


def analysis_data(a: Analysis) -> dict[str, object]:
    """All of an analysis; distances in Å, times in ps, temperatures in K."""
    first = a.first_cluster
    return {
        "trajectory": a.where,
        "frames": len(a.when),
        "begin_ps": a.when[0] if a.timed else None,
        "end_ps": a.when[-1] if a.timed else None,
        "atoms": a.atoms,
        "clustering": {
            "verdict": "clustered" if a.clustered else "ok",
            "pair": first.name if first else None,
            "first": _closest(first.first_inside) if first else None,
            "count": sum(p.inside for p in a.pairs),
        },
        "pairs": {p.name: _pair(p) for p in a.pairs},
        "diffusion": {d.species: _diffusion(d) for d in a.diffusion},
        "no_diffusion_because": a.undiffused or None,
        "cell": _window(a.mean_cell),
        "cell_by_time": [_window(w) for w in a.cells],
        "warnings": [d.message for d in a.warnings],
    }


def ensemble_data(e: Ensemble) -> dict[str, object]:
    """Means of several runs and their spread."""
    return {
        "runs": e.runs,
        "clustered": e.clustered,
        "failure_ratio": e.clustered / e.runs,
        "pairs": {
            p.name: {
                "closest_ang": p.closest,
                "pairs_within_1_ang_per_frame": p.near,
                "neighbours": _spread(p.neighbours) if p.neighbours else None,
                "r_ang": _curve(p.r),
                "g": _curve(p.g),
                "g_deviation": _curve(p.deviation),
            }
            for p in e.pairs
        },
        "diffusion_cm2_per_s": {name: _spread(s, CM2_PER_S) for name, s in e.diffusion.items()},
        "cell": {name: _spread(s) for name, s in e.cell.items()},
    }


def _curve(values: Floats) -> list[float]:
    return [float(f"{v:.{_CURVE}g}") for v in values]


def _spread(s: Spread, factor: float = 1.0) -> dict[str, object]:
    return {
        "mean": factor * s.mean,
        "standard_deviation": factor * s.deviation,
        "standard_error": factor * s.error,
        "runs": s.runs,
    }


def _closest(c: Closest | None) -> dict[str, object] | None:
    if c is None:
        return None
    return {"distance_ang": c.distance, "frame": c.frame, "time_ps": c.time, "atoms": list(c.atoms)}


def _pair(p: PairStatistics) -> dict[str, object]:
    shell = p.shell
    near = shell.neighbours if shell else None
    a, b = p.species
    return {
        "closest": _closest(p.closest),
        "core_ang": p.core,
        "inside_core": p.inside,
        "first_inside_core": _closest(p.first_inside),
        "pairs_within_1_ang_per_frame": p.near,
        "peak_ang": shell.peak if shell else None,
        "peak_height": shell.height if shell else None,
        "minimum_ang": shell.minimum if shell else None,
        f"neighbours_{b}_of_{a}": near[0] if near else None,
        f"neighbours_{a}_of_{b}": near[1] if near else None,
        "r_ang": _curve(p.r),
        "g": _curve(p.g),
        "closest_by_frame_ang": [float(d) if np.isfinite(d) else None for d in np.round(p.distances, 4)],
    }


def _diffusion(d: Diffusion) -> dict[str, object]:
    return {
        "diffusivity_cm2_per_s": CM2_PER_S * d.value,
        "standard_error_cm2_per_s": CM2_PER_S * d.error,
        "interval_95_cm2_per_s": [CM2_PER_S * x for x in d.interval],
        "diffusivity_ang2_per_ps": d.value,
        "standard_error_ang2_per_ps": d.error,
        "regime": d.regime,
        "exponent": d.exponent,
        "exponent_error": d.exponent_error,
        "window_ps": list(d.window),
        "blocks": d.blocks,
        "lag_ps": _curve(d.lags),
        "msd_ang2": _curve(d.msd),
    }


def _window(w: CellWindow) -> dict[str, object]:
    return {
        "begin": w.begin,
        "end": w.end,
        "frames": w.frames,
        "temperature_k": None if w.temperature is None else w.temperature[0],
        "temperature_error_k": None if w.temperature is None else w.temperature[1],
        **{
            f"{name}_{_suffix(unit)}": {"mean": mean, "standard_error": error}
            for name, unit, (mean, error) in zip(COLUMNS, UNITS, w.parameters, strict=True)
        },
    }


def _suffix(unit: str) -> str:
    return {"Å": "ang", "°": "deg", "Å³": "ang3"}[unit]
