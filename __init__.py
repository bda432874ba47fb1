"""potentia: a compiler for interatomic potentials.

Importing the package imports nothing else: each name below is fetched on first use (PEP 562), so that `check`
and `fmt` start without jax, and so that test runners may import this file from a checkout of any name.
"""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False  # `typing` would double the time until the command hears Ctrl-C
if TYPE_CHECKING:
    from typing import Any

    from .compiler.diagnostics.diagnostic import ArtifactError as ArtifactError
    from .compiler.diagnostics.diagnostic import DataError as DataError
    from .compiler.diagnostics.diagnostic import Diagnostic as Diagnostic
    from .compiler.diagnostics.diagnostic import FitError as FitError
    from .compiler.diagnostics.diagnostic import InternalError as InternalError
    from .compiler.diagnostics.diagnostic import SpecError as SpecError
    from .compiler.diagnostics.diagnostic import UserError as UserError
    from .compiler.diagnostics.warning import PotentiaWarning as PotentiaWarning
    from .compiler.pipeline import build as build
    from .compiler.pipeline import check as check
    from .compiler.pipeline import parse as parse
    from .runtime.api.design import design as design
    from .runtime.api.diff import diff as diff
    from .runtime.api.evaluate import evaluate as evaluate
    from .runtime.api.export import export as export
    from .runtime.api.fisher import fisher as fisher
    from .runtime.api.fit import fit as fit
    from .runtime.api.observer import Observer as Observer
    from .runtime.api.options import FitOptions as FitOptions
    from .runtime.api.properties import properties as properties
    from .runtime.api.prune import prune as prune
    from .runtime.api.read_data import read_data as read_data
    from .runtime.runs.named_calculator import Calculator as Calculator
    from .runtime.runs.public import compile as compile
    from .runtime.runs.public import load as load

    __version__: str

# before jax is imported, which reads it then: alarms of XLA (a slow compilation, a GPU's memory) are nothing
# that a user could mend, and its errors come as exceptions too
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_HOME = {
    "ArtifactError": ".compiler.diagnostics.diagnostic",
    "DataError": ".compiler.diagnostics.diagnostic",
    "Diagnostic": ".compiler.diagnostics.diagnostic",
    "FitError": ".compiler.diagnostics.diagnostic",
    "PotentiaWarning": ".compiler.diagnostics.warning",
    "InternalError": ".compiler.diagnostics.diagnostic",
    "SpecError": ".compiler.diagnostics.diagnostic",
    "UserError": ".compiler.diagnostics.diagnostic",
    "build": ".compiler.pipeline",
    "check": ".compiler.pipeline",
    "parse": ".compiler.pipeline",
    "Calculator": ".runtime.runs.named_calculator",
    "compile": ".runtime.runs.public",
    "diff": ".runtime.api.diff",
    "evaluate": ".runtime.api.evaluate",
    "prune": ".runtime.api.prune",
    "properties": ".runtime.api.properties",
    "fisher": ".runtime.api.fisher",
    "export": ".runtime.api.export",
    "design": ".runtime.api.design",
    "fit": ".runtime.api.fit",
    "load": ".runtime.runs.public",
    "read_data": ".runtime.api.read_data",
    "FitOptions": ".runtime.api.options",
    "Observer": ".runtime.api.observer",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("potentia")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
