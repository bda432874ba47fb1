"""The foreign formats: each file or folder beside this one that declares a `FORMAT`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from .foreign_format import Format, Imported, Writer
from .not_read import TABLE_HELP, WAY_ROUND, style_of


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


def writer_of(name: str, style: str | None = None) -> Writer:
    """How a format is written. Raises ArtifactError: unknown-target, unknown-style."""
    chosen = format_of(name)
    if style is None:
        return chosen.write
    if style not in chosen.styles:
        known = ", ".join(chosen.styles)
        help = f"known: {known}" if known else "leave `--style` out"
        raise ArtifactError(Diagnostic("unknown-style", f"{name} has no style `{style}`", help=help))
    return chosen.styles[style]


def readable() -> dict[str, Format]:
    """The formats that are read, by name."""
    return {name: f for name, f in formats().items() if f.read is not None}


def read(path: Path) -> Imported:
    """The potential of a file, by the format that recognises it.

    Raises ArtifactError: those of that format; missing-file, unreadable-file, unknown-format where none does.
    """
    for known in readable().values():
        if known.recognises and known.read and known.recognises(path):
            return known.read(path)
    raise ArtifactError(_unrecognised(path))


def _unrecognised(path: Path) -> Diagnostic:
    try:
        path.open("rb").close()
    except FileNotFoundError:
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        help = did_you_mean(path.name, near)
        return Diagnostic("missing-file", f"there is no file `{path}`", place=str(path), help=help)
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        return Diagnostic("unreadable-file", message, place=str(path))
    if path.suffix.lower() == ".table":
        message = f"`{path}` is a table, which does not say whose energies it has"
        return Diagnostic("unknown-format", message, place=str(path), help=TABLE_HELP)
    style = style_of(path)
    if style is not None:
        message = f"`{path}` is a file for `pair_style {style}`, which is not read yet"
        return Diagnostic("unknown-format", message, place=str(path), help=WAY_ROUND)
    message = f"`{path}` begins like a file of no known format"
    help = f"known formats: {'; '.join(f.file for f in readable().values())}"
    return Diagnostic("unknown-format", message, place=str(path), help=help)
