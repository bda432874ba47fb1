"""The statements of a spec that is in order, those of its imports in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..syntax import tree as syntax
from .check import Checked

Files = Mapping[Path, syntax.File]  # by resolved path


def statements(file: syntax.File, imported: Files, seen: set[Path] | None = None) -> Iterator[syntax.Item]:
    """All statements but the imports, and but the energies of imported files.

    seen: files that were imported before, which are not again; those of this file join them.
    """
    seen = set() if seen is None else seen
    for item in file.items:
        if not isinstance(item, syntax.Import):
            yield item
        elif (inner := newly_imported(file, item, imported, seen)) is not None:
            found = statements(inner, imported, seen)
            yield from (i for i in found if not isinstance(i, syntax.Energy))


def newly_imported(
    file: syntax.File, item: syntax.Import, imported: Files, seen: set[Path]
) -> syntax.File | None:
    """The file of an import, which joins `seen`; None where it was there."""
    path = (Path(file.source.name).parent / item.path).resolve()
    if path in seen:
        return None
    seen.add(path)
    return imported[path]


def gathered(file: syntax.File, imported: Files) -> Checked:
    """The declarations of a file that is known to be in order."""
    checked = Checked(file, None, imported=dict(imported))
    for item in statements(file, imported):
        if isinstance(item, syntax.Energy):
            checked.energy = item
        elif isinstance(item, syntax.Species):
            checked.species += item.names
        elif isinstance(item, syntax.Let):
            checked.lets[item.name] = item
        elif isinstance(item, syntax.Term):
            checked.terms[item.name] = item
    return checked
