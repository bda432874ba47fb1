"""Files of parameters that styles of LAMMPS read: entries of `sw` and `tersoff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SW_COLUMNS = ("epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol")
TERSOFF_COLUMNS = (
    *("m", "gamma", "lambda3", "c", "d", "costheta0"),
    *("n", "beta", "lambda2", "B", "R", "D", "lambda1", "A"),
)
Entries = Mapping[tuple[str, str, str], Mapping[str, float]]


def entries_file(entries: Entries, columns: Sequence[str]) -> str:
    """A file of `sw` or `tersoff`: the centre, two neighbours, and their numbers on a line."""
    rows = (" ".join([*key, *(repr(float(e[c])) for c in columns)]) for key, e in entries.items())
    return "\n".join(["# parameters of a formula, by potentia", f"# {' '.join(columns)}", *rows]) + "\n"
