"""potentia: a compiler for interatomic potentials.

Importing the package imports nothing else: each name below is fetched on first use (PEP 562), so that `check`
and `fmt` start without jax, and so that test runners may import this file from a checkout of any name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiler.diagnostics import ArtifactError as ArtifactError
    from .compiler.diagnostics import DataError as DataError
    from .compiler.diagnostics import Diagnostic as Diagnostic
    from .compiler.diagnostics import FitError as FitError
    from .compiler.diagnostics import InternalError as InternalError
    from .compiler.diagnostics import SpecError as SpecError
    from .compiler.diagnostics import UserError as UserError
    from .compiler.pipeline import build as build
    from .compiler.pipeline import check as check
    from .compiler.pipeline import parse as parse
    from .runtime.artifact import load as load
    from .runtime.potential import compile as compile

    __version__: str

_HOME = {
    "ArtifactError": ".compiler.diagnostics",
    "DataError": ".compiler.diagnostics",
    "Diagnostic": ".compiler.diagnostics",
    "FitError": ".compiler.diagnostics",
    "InternalError": ".compiler.diagnostics",
    "SpecError": ".compiler.diagnostics",
    "UserError": ".compiler.diagnostics",
    "build": ".compiler.pipeline",
    "check": ".compiler.pipeline",
    "parse": ".compiler.pipeline",
    "load": ".runtime.artifact",
    "compile": ".runtime.potential",
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
