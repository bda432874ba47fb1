"""Molecular dynamics: `simulate` with `MDSettings` gives an `MDResult`. Imports potential and data.

Each name below is fetched on first use (PEP 562): the settings are known without jax.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .result import MDResult as MDResult
    from .result import Progress as Progress
    from .settings import MDSettings as MDSettings
    from .settings import md_settings as md_settings
    from .simulation import simulate as simulate

_HOME = {
    "MDResult": ".result",
    "MDSettings": ".settings",
    "Progress": ".result",
    "md_settings": ".settings",
    "simulate": ".simulation",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name], __name__), name)
