"""A curve as a picture of a few centimetres: SVG in a line of text, in the colour of the words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

_WIDTH, _HEIGHT, _MARGIN = 150.0, 48.0, 3.0


def sparkline(x: Sequence[float], y: Sequence[float], name: str, span: tuple[float, float]) -> str:
    """The points (x, y) joined by a line, over a thin line at y = 0.

    span: the lowest and the highest y that the picture holds; the curve is cut there.
    """
    low, high = span
    if not (len(x) > 1 and x[-1] > x[0] and high > low):
        return ""
    first = next((k for k, b in enumerate(y) if isfinite(b) and b <= high), len(y))
    shown = list(zip(x, y, strict=True))[max(first - 1, 0) :]  # it comes in from above
    points = [
        (_MARGIN + (a - x[0]) / (x[-1] - x[0]) * (_WIDTH - 2 * _MARGIN), _place(b, low, high))
        for a, b in shown
        if isfinite(b)
    ]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    zero = _place(0.0, low, high)
    label = escape(name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_WIDTH:g}" height="{_HEIGHT:g}" '
        f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"><title>{label}</title>'
        f'<line x1="0" x2="{_WIDTH:g}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="currentColor" opacity="0.3"/>'
        f'<polyline points="{path}" fill="none" stroke="#d1495b" stroke-width="1.6"/></svg>'
    )


def _place(value: float, low: float, high: float) -> float:
    share = (min(max(value, low), high) - low) / (high - low)
    return _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)
