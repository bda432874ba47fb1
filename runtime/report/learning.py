"""The learning curve that a run keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files.reading import read_plain
from ..fitting.learning_curve import COLUMNS
from ..fitting.result import Curve
from ..runs.formats import TRAINING


def read_learning(folder: Path) -> tuple[Curve | None, list[str]]:
    """The curve of a run, None where it has none; a remark where no picture can be made of its file."""
    path = folder / TRAINING
    if not path.is_file():
        return None, []
    damaged = None, [f"no learning curve: {path} is damaged"]
    try:
        head, *lines = read_plain(path).decode("utf-8").splitlines()
        rows = np.array([[float(cell or "nan") for cell in line.split(",")] for line in lines])
    except (OSError, ValueError):
        return damaged
    names = tuple(head.split(","))
    if not set(COLUMNS) <= set(names) or (len(rows) and rows.shape[1:] != (len(names),)):
        return damaged
    return (Curve(names, rows) if len(rows) else None), []
