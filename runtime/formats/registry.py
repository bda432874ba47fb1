"""The foreign formats: each file or folder beside this one that declares a `FORMAT`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from .foreign_format import Format, Imported


@cache
def formats() -> dict[str, Format]:
    """The formats by name."""
    names = sorted(module.name for module in iter_modules([str(Path(__file__).parent)]))
    modules = [import_module(f".{name}", __package__) for name in names]
    declared: list[Format] = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {f.name: f for f in declared}


def format_of(name: str) -> Format:
    """The format of this name. Raises ArtifactError unknown-target."""
    if name not in formats():
        help = f"known: {', '.join(formats())}"
        raise ArtifactError(Diagnostic("unknown-target", f"there is no export to `{name}`", help=help))
    return formats()[name]


def readable() -> dict[str, Format]:
    """The formats that are read, by name."""
    return {name: f for name, f in formats().items() if f.read is not None}


def read(path: Path) -> Imported:
    """The potential of a file. Raises ArtifactError, as the format does that recognises the file.

    A file that no format recognises is left to the first one, whose reader says what is wrong.
    """
    first, *others = readable().values()
    chosen = next((f for f in (first, *others) if f.recognises and f.recognises(path)), first)
    assert chosen.read is not None
    return chosen.read(path)
