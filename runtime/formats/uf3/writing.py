"""The text of a file of `pair_style uf3`; its form is told in `reading.py`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...structures.arrays import Floats
from .potential_file import TRIMMED, Knots, UltraFast

_HEAD = "#UF3 POT UNITS: metal AUTHOR: potentia CITATION: none"


def uf3_text(found: UltraFast) -> str:
    """All blocks. Numbers read back to the bit."""
    lines: list[str] = []
    for elements, pair in found.pairs.items():
        count = len(pair.knots) - 1 + TRIMMED
        lines += [_HEAD, f"2B {' '.join(elements)} 0 {TRIMMED} nk"]
        lines += [f"{pair.knots[-1]!r} {count + 4}", _repeated(pair.knots), str(count)]
        lines += [_row(_padded(pair.coefficients)), "#"]
    for three_elements, triple in found.triples.items():
        coefficients, three = _padded(triple.coefficients), (triple.jk, triple.ik, triple.ij)
        counts = " ".join(str(n + 4) for n in reversed(coefficients.shape))
        cutoff = triple.ij[-1]
        lines += [_HEAD, f"3B {' '.join(three_elements)} 0 {TRIMMED} nk"]
        lines += [f"{2.0 * cutoff!r} {cutoff!r} {cutoff!r} {counts}", *map(_repeated, three)]
        lines.append(" ".join(map(str, coefficients.shape)))
        lines += [*map(_row, coefficients.reshape(-1, coefficients.shape[2])), "#"]
    return "\n".join(lines) + "\n"


def _padded(coefficients: Floats) -> Floats:
    return np.pad(coefficients, [(0, TRIMMED)] * coefficients.ndim)


def _repeated(knots: Knots) -> str:
    return _row([*[knots[0]] * 3, *knots, *[knots[-1]] * 3])


def _row(values: Iterable[float]) -> str:
    return " ".join(repr(float(x)) for x in values)
