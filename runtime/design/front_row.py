"""A model of the front as plain data: a row of `front.json`."""

from __future__ import annotations

from typing import TypedDict

from ..evaluation.errors import ErrorData
from ..properties.results import PropertyData


class Row(TypedDict):
    """A model of the front as plain data: as `Member`, with its errors on the test structures.

    microseconds_per_atom: of energy, forces and stress, as `microseconds_as_run` measures it.
    """

    size: int
    cv: dict[str, float]
    train: ErrorData
    operations: float
    microseconds_per_atom: float
    terms: list[tuple[str, int, float]]
    properties: list[PropertyData]
    test: ErrorData | None
    spec: str  # its file
    run: str  # its folder
