"""Whole numbers known at compile time: how many functions, components, values."""

from __future__ import annotations

from math import isfinite

from ..chemistry.units import ONE
from ..diagnostics.source import Span
from ..ir.types import LARGEST
from .evaluate import fault
from .values import Quantity, Value


def whole(value: Value, span: Span, what: str, least: int) -> int:
    """A whole number from `least` on. Raises SpecError."""
    if (
        not isinstance(value, Quantity)
        or value.unit != ONE
        or not isfinite(value.value)
        or value.value != int(value.value)
        or value.value < least
    ):
        raise fault("bad-size", f"{what} is a whole number of at least {least}", span)
    if value.value > LARGEST:
        raise fault("too-large", f"{what} is {value.value:g}, but at most {LARGEST}", span)
    return int(value.value)
