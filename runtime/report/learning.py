"""The learning curve that a run keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..files.reading import read_plain
from ..fitting.learning_curve import COLUMNS
from ..fitting.result import Curve
from ..runs.formats import TRAINING


def read_learning(folder: Path) -> Curve | None:
    """The curve of a run; None where it has none, or one that no picture can be made of."""
    path = folder / TRAINING
    if not path.is_file():
        return None
    try:
        head, *lines = read_plain(path).decode("utf-8").splitlines()
        rows = np.array([[float(cell or "nan") for cell in line.split(",")] for line in lines])
    except (OSError, ValueError):
        return None
    names = tuple(head.split(","))
    return Curve(names, rows) if set(COLUMNS) <= set(names) and rows.shape[1:] == (len(names),) else None
