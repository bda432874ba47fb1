"""Rows of a table of the steps of a pruning."""

from __future__ import annotations

from collections.abc import Sequence

from .state import Step


def step_rows(history: Sequence[Step]) -> list[list[str]]:
    """A row a step, under two rows of heads."""
    head = ["step", "parameters", "predicted ΔL", "actual ΔL", "loss", "BIC", "E RMSE", "F RMSE", "cost"]
    units = ["", "", "", "", "", "", "meV/atom", "meV/Å", "µs/atom"]
    rows = [head, units]
    for number, step in enumerate(history):
        energy, forces = (
            "-" if x is None else f"{1000 * x:.{digits}f}"
            for x, digits in ((step.energy_rmse, 2), (step.forces_rmse, 1))
        )
        cost = "-" if step.cost is None else f"{step.cost:.1f}"
        changes = [f"{step.predicted:.5g}", f"{step.actual:.5g}"] if number else ["", ""]
        loss = [f"{step.loss:.6g}", f"{step.bic:.1f}"]
        rows.append([str(number), str(step.parameters), *changes, *loss, energy, forces, cost])
    return rows
