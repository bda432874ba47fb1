"""Text for people: tables and counts."""

from __future__ import annotations

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], indent: int = 2) -> str:
    """Rows under a head; the first column to the left, the others to the right."""
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True))]
        lines.append(" " * indent + "  ".join(cells).rstrip())
    return "\n".join(lines)


def counted(n: int, noun: str) -> str:
    """`1 structure`, `3 structures`."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def with_deviation(value: float, deviation: float | None) -> str:
    """`3.142 ± 0.012`: the deviation with two digits, and the value as far as it goes."""
    if deviation is None or not 0.0 < deviation < float("inf"):
        return f"{value:.6g}"
    short = f"{deviation:.2g}"
    if "e" in short:
        return f"{value:.6g} ± {short}"
    digits = len(short.partition(".")[2])
    return f"{value:.{digits}f} ± {short}"
