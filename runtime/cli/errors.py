"""The table of errors of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import console

if TYPE_CHECKING:
    from ..evaluation.errors import ErrorData


def error_table(parts: Mapping[str, ErrorData | None]) -> str:
    """Errors by part (train, test), each with its config types where there are several."""
    from ..evaluation.error_table import error_rows

    return console.table(error_rows(parts))
