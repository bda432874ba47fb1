"""Assignment: the pairs of least total cost between two sets."""

from __future__ import annotations

from collections.abc import Sequence

ALONE = 2.0  # the cost of one without a partner


def assigned(costs: Sequence[Sequence[float]], columns: int) -> list[tuple[int, int]]:
    """Rows and columns that belong together; a row or column that costs less alone is in no pair.

    costs: (rows, columns), `inf` for what may not be. Shortest augmenting paths, doi:10.1007/BF02278710.
    """
    n, m = len(costs), columns
    size = n + m
    # a row of its own for each column and the other way round, so that everything may stay alone
    square = [
        [
            min(costs[r][c], 4 * ALONE) if r < n and c < m else ALONE if (r < n) != (c < m) else 0.0
            for c in range(size)
        ]
        for r in range(size)
    ]
    of_column = _solve(square)
    return [(r, c) for c, r in enumerate(of_column[:m]) if r < n and costs[r][c] < 2 * ALONE]


def _solve(cost: Sequence[Sequence[float]]) -> list[int]:
    """The row of each column of a square table."""
    n = len(cost)
    rows, columns = [0.0] * (n + 1), [0.0] * (n + 1)
    match = [n] * (n + 1)  # of each column; column n is the root of the search
    for r in range(n):
        match[n], column = r, n
        least, way, used = [float("inf")] * n, [n] * n, [False] * (n + 1)
        while match[column] != n:
            used[column] = True
            row, step, following = match[column], float("inf"), n
            for c in range(n):
                if not used[c]:
                    reduced = cost[row][c] - rows[row] - columns[c]
                    if reduced < least[c]:
                        least[c], way[c] = reduced, column
                    if least[c] < step:
                        step, following = least[c], c
            for c in range(n + 1):
                if used[c]:
                    rows[match[c]] += step
                    columns[c] -= step
                elif c < n:
                    least[c] -= step
            column = following
        while column != n:
            match[column] = match[way[column]]
            column = way[column]
    return match[:n]
