"""The standard library: terms written in the language, one a file in `specs/std`, read when first called."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..diagnostics.source import Source
from ..syntax import tree as syntax
from ..syntax.parser import parse_source


def _folder() -> Traversable:
    return resources.files(__package__.partition(".compiler")[0] + ".specs.std")


@cache
def term_names() -> tuple[str, ...]:
    """Names of the library's terms: the files' names."""
    return tuple(sorted(f.name[:-4] for f in _folder().iterdir() if f.name.endswith(".pes")))


def folder() -> Path:
    """The folder of the library's files."""
    return Path(str(_folder()))


@cache
def term(name: str) -> syntax.Term | None:
    """The library's term of this name, None where there is none."""
    if name not in term_names():
        return None
    path = _folder().joinpath(name + ".pes")
    file = parse_source(Source(path.read_text("utf-8"), f"std/{name}.pes"))
    found = [item for item in file.items if isinstance(item, syntax.Term) and item.name == name]
    return found[0]
