"""Molecular dynamics: `simulate` with `MDSettings` gives an `MDResult`. Imports potential and data."""

from .result import MDResult, Progress
from .settings import MDSettings, md_settings
from .simulation import simulate

__all__ = ["MDResult", "MDSettings", "Progress", "md_settings", "simulate"]
