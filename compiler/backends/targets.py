"""The targets, by name: each folder beside this file is one, and declares `TARGET` in its `target.py`.

None is imported before it is asked for, so that naming them costs nothing. The conformance tests hold each
to the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from .target import Target


def _target(name: str) -> Target:
    found: Target = import_module(f".{name}.target", __package__).TARGET
    return found


_FOLDERS = sorted(module.name for module in iter_modules([str(Path(__file__).parent)]) if module.ispkg)
TARGETS: Mapping[str, Callable[[], Target]] = {name: partial(_target, name) for name in _FOLDERS}
