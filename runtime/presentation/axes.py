"""Ticks that people read: plain numbers, few of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8))
_ENOUGH = 3  # ticks
_PLAIN = 4  # decades; beyond them 10⁻⁶ reads better than 0.000001
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARGIN = 0.06  # of the axis
_FARTHEST = 1000.0  # of a symmetric axis


def logarithmic(axis: Axis, values: Iterable[float]) -> None:
    """A logarithmic axis about the values, which are positive: 20, 50, 100 and not 2 × 10¹."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    seen = list(values)
    low, high = widened(min(seen), max(seen))
    _set(axis, low, high)
    axis.set_minor_locator(NullLocator())
    if log10(high / low) <= _PLAIN:
        axis.set_major_locator(FixedLocator(number_ticks(low, high)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))


def named(axis: Axis, values: Sequence[float]) -> None:
    """A logarithmic axis with ticks at the values themselves, without those too near to the tick before."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = widened(min(values), max(values))
    _set(axis, low, high)
    axis.set_major_locator(FixedLocator(apart(sorted(set(values)), 0.09 * log10(high / low))))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axis.set_minor_locator(NullLocator())


def plain_number(value: float) -> str:
    """Three digits, without a power of ten from 0.0001 to ten million: 0.0123, 149 000, but 2·10⁻⁵."""
    if value and not 1e-4 <= abs(value) < 1e7:
        return _with_power(value)
    rounded = float(f"{value:.3g}")
    text = f"{rounded:,.0f}".replace(",", "\u2009") if abs(rounded) >= 1000 else f"{rounded:g}"
    return text.replace("-", "−")


def _with_power(value: float) -> str:
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    number = f"{float(mantissa):g}"
    power = "10" + str(int(exponent)).translate(_RAISED)
    return (power if number == "1" else f"{number}·{power}").replace("-", "−")


def widened(low: float, high: float) -> tuple[float, float]:
    """Bounds with a margin, in proportion; a single value stands in the middle."""
    factor = max((high / low) ** _MARGIN, 1.04)
    return low / factor, high * factor


def number_ticks(low: float, high: float) -> list[float]:
    """Round numbers within positive bounds, three at least where any can be, few in any case."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in _STEPS:
        found = [m * 10.0**d for d in decades for m in steps if low <= m * 10.0**d <= high]
        if len(found) >= _ENOUGH:
            return found
    return _even_ticks(low, high)


def _even_ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(t) for t in ticks if low <= t <= high]


def apart(values: Sequence[float], least: float) -> list[float]:
    """Ascending values without those nearer than `least` (decades) to the last one that was kept; the last of
    all is kept.
    """
    kept = [values[-1]]
    for value in reversed(values[:-1]):
        if log10(kept[-1] / value) >= least:
            kept.append(value)
    return kept[::-1]


def _set(axis: Axis, low: float, high: float) -> None:
    axes = axis.axes
    if axis is axes.xaxis:
        axes.set_xscale("log")
        axes.set_xlim(low, high)
    else:
        axes.set_yscale("log")
        axes.set_ylim(low, high)


def symmetric(axis: Axis, values: Iterable[float]) -> None:
    """An axis that is linear near 0 and becomes logarithmic beyond ±1, with ticks at powers of ten; three
    decades above and below are enough. A smooth curve stays smooth.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    seen = list(values)
    low, high = max(min(seen), -_FARTHEST), min(max(seen), _FARTHEST)
    axes = axis.axes
    axes.set_yscale("asinh", linear_width=0.5)
    axes.set_ylim(min(1.6 * low, -0.2), max(1.6 * high, 0.2))
    powers = [10.0**k for k in range(int(log10(_FARTHEST)) + 1)]
    ticks = [-p for p in reversed(powers) if p <= -1.6 * low] + [0.0] + [p for p in powers if p <= 1.6 * high]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axis.set_minor_locator(NullLocator())
