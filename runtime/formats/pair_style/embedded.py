"""The styles `eam`, `eam/alloy` and `eam/fs`, with their files, as calls of the term `eam_table`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from ..setfl.funcfl import joined, note_of_densities, read_funcfl
from ..setfl.importing import eam_call, note_of
from ..setfl.reading import read_setfl
from ..setfl.tables import EamTables
from .calls import Call
from .commands import Command
from .settings import Settings, Style

STYLES = ("eam", "eam/alloy", "eam/fs")


def named_by_files(settings: Settings, style: Style) -> None:
    """Elements that the files of `eam` say. Raises ArtifactError as `read_funcfl`, malformed-input."""
    for k, (line, path) in _files(settings, style).items():
        settings.types.element(line, k, read_funcfl(path).element)


def embedded_call(settings: Settings, style: Style) -> tuple[Call, str]:
    """The call, and what to say of it. Raises ArtifactError as `read_setfl` and `read_funcfl`."""
    if style.arguments:
        message = f"`{style.name}` has no arguments, not `{' '.join(style.arguments)}`"
        raise style.line.error(message, f"usage: pair_style {style.name}")
    of_elements = style.name == "eam"
    tables = _of_elements(settings, style) if of_elements else _of_alloy(settings, style)
    only = tables.species if set(tables.species) != set(settings.types.species) else ()
    note = note_of(tables) + (note_of_densities(tables) if of_elements else "")
    return eam_call(tables, only), note


def _of_alloy(settings: Settings, style: Style) -> EamTables:
    """Of the file the elements that the input names."""
    line, rest = next(iter(style.pairs.values()))
    tables = read_setfl(settings.path.parent / rest[0], style.name == "eam/fs")
    wanted = tuple(dict.fromkeys(e for e in style.elements if e is not None))
    lacking = [e for e in wanted if e not in tables.species]
    if lacking:
        message = f"`{rest[0]}` has no {', '.join(lacking)}"
        raise line.error(message, f"it has {', '.join(tables.species)}", "missing-entries")
    chosen = [tables.species.index(e) for e in wanted]
    both = np.ix_(chosen, chosen)
    return replace(
        tables,
        species=wanted,
        embedding=tables.embedding[chosen],
        density=tables.density[both] if tables.by_pair else tables.density[chosen],
        z=tables.z[both],
    )


def _of_elements(settings: Settings, style: Style) -> EamTables:
    """The files of `eam`, an element each."""
    files = _files(settings, style)
    _require_all_pairs(settings, style, sorted(files))
    read = {path: read_funcfl(path) for _, path in files.values()}
    by_element = {f.element: f for f in read.values()}
    if len(by_element) < len(read):
        message = "two of the files are of one element"
        raise style.line.error(message, "an element has one set of tables in a spec", "unsupported-input")
    return joined(list(by_element.values()))


def _require_all_pairs(settings: Settings, style: Style, types: Sequence[int]) -> None:
    """Raise ArtifactError unsupported-input where another style has a pair of these types, as in a hybrid."""
    for i, j in combinations(types, 2):
        if style not in settings.acting[i, j]:
            one, other = settings.types.known[i], settings.types.known[j]
            message = f"`eam` acts on {one} and on {other}, and not between them"
            help = f"the term `eam_table` acts on all pairs of its species: pair_coeff {i} {j} eam …"
            raise style.line.error(message, help, "unsupported-input")


def _files(settings: Settings, style: Style) -> dict[int, tuple[Command, Path]]:
    """The file of each type. Raises ArtifactError malformed-input."""
    found = {}
    for (i, j), (line, rest) in style.pairs.items():
        if len(rest) != 1:
            raise line.error(f"`eam` has one file, not {len(rest)} words", "usage: pair_coeff 1 1 Cu_u3.eam")
        if i == j:
            found[i] = line, settings.path.parent / rest[0]
    return found
