"""The forms of trials and of their results as plain data, which a database that was changed may not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from ..files.plain_data import ReadData

_Count = Annotated[int, Field(ge=0, lt=1 << 31)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass
class _Measure:
    piece: str


@dataclass
class _Fold:
    pieces: Annotated[list[str], Field(min_length=1)]


@dataclass
class _Select(_Fold):
    sizes: Annotated[list[_Count], Field(min_length=1)]
    without: _Count | None


@dataclass
class _Columns:
    """Columns that were chosen, each once, with a coefficient each."""

    columns: list[_Count]
    coefficients: list[_Finite]


@dataclass
class _Chosen(_Columns):
    squares: list[_Finite]


@dataclass
class _Refine(_Fold, _Columns):
    pass


@dataclass
class _Measured:
    numbers: int
    trained: int


@dataclass
class _Folded:
    columns: int


@dataclass
class _Errors:
    energy_rmse_ev_per_atom: float | None = None
    forces_rmse_ev_per_ang: float | None = None


@dataclass
class _Reference:
    value: float | None


@dataclass
class _Property:
    name: str
    reference: _Reference | None
    difference: float | None


@dataclass
class _Refined:
    spec: str
    train: _Errors
    parameters: _Count
    properties: list[_Property]


_Size = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
_PAYLOADS: Mapping[str, TypeAdapter[object]] = {
    "measure": TypeAdapter(_Measure),
    "fold": TypeAdapter(_Fold),
    "select": TypeAdapter(_Select),
    "refine": TypeAdapter(_Refine),
}
_RESULTS: Mapping[str, TypeAdapter[object]] = {
    "measure": TypeAdapter(_Measured),
    "fold": TypeAdapter(_Folded),
    "select": TypeAdapter(dict[_Size, _Chosen]),
    "refine": TypeAdapter(_Refined),
}


def is_trial(kind: str, payload: Any, folds: int) -> bool:
    """Whether a trial can be done in a study of so many folds."""
    if kind not in _PAYLOADS or not _has_form(_PAYLOADS[kind], payload):
        return False
    return kind != "select" or (payload["without"] or 0) < folds


def is_result(kind: str, result: object) -> bool:
    """Whether a result can be one of a trial of the kind."""
    return _has_form(_RESULTS[kind], result)


def is_choice(chosen: ReadData, count: int) -> bool:
    """Whether columns with their coefficients are a choice of so many columns."""
    columns = chosen["columns"]
    is_paired = len(set(columns)) == len(columns) == len(chosen["coefficients"])
    return is_paired and max(columns, default=0) < count


def _has_form(form: TypeAdapter[object], found: object) -> bool:
    try:
        form.validate_json(json.dumps(found), strict=True)
    except (ValidationError, RecursionError):
        return False
    return True
