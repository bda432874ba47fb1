"""Rows of a table of the front."""

from __future__ import annotations

from collections.abc import Sequence

from .front_row import Row


def front_rows(rows: Sequence[Row]) -> list[list[str]]:
    """A row a model, under a head; energies in meV/atom, forces in meV/Å."""
    parts = ("cv", "train", "test")
    head = ["parameters", *(f"{p} {kind}" for p in parts for kind in ("E", "F")), "operations/atom"]
    lines = [head]
    for row in rows:
        errors: list[float | None] = [row["cv"]["energy"], row["cv"]["forces"]]
        for found in (row["train"], row["test"]):
            if found is None:
                errors += [None, None]
            else:
                errors += [found.get("energy_rmse_ev_per_atom"), found.get("forces_rmse_ev_per_ang")]
        cells = ["-" if e is None else f"{1e3 * e:.2f}" for e in errors]
        lines.append([str(row["size"]), *cells, f"{row['operations']:.3g}"])
    return lines
