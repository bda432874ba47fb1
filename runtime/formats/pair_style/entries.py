"""Files of `sw` and `tersoff`: an entry for each ordered triple of elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...files.lines import Line, text_of
from .commands import place_of

Triple = tuple[str, str, str]
_UNITS = re.compile(r"UNITS:\s*(\S+)")


@dataclass(frozen=True)
class Entry:
    """The numbers of a triple by their column. line: its first."""

    line: Line
    numbers: dict[str, float]

    def __getitem__(self, column: str) -> float:
        return self.numbers[column]


def entries_of(path: Path, columns: Sequence[str], species: Sequence[str]) -> dict[Triple, Entry]:
    """The entries of all triples of these species, the centre first.

    Raises ArtifactError: missing-file, unreadable-file; truncated-file where the last entry is cut off;
    malformed-input; missing-entries; unsupported-input for other units than metal.
    """
    found: dict[Triple, Entry] = {}
    for line, words in _written(path, 3 + len(columns)):
        i, j, k = words[:3]
        if not {i, j, k} <= set(species):
            continue
        if (i, j, k) in found:
            raise line.error(f"the entry {i} {j} {k} is there twice")
        values = map(line.number, words[3:])
        found[i, j, k] = Entry(line, dict(zip(columns, values, strict=True)))
    wanted: Iterable[Triple] = product(species, repeat=3)  # type: ignore[assignment]
    missing = [" ".join(t) for t in wanted if t not in found]
    if missing:
        message = f"`{path}` has no entry {', '.join(missing)}"
        raise ArtifactError(Diagnostic("missing-entries", message, place=str(path)))
    return found


def _written(path: Path, width: int) -> Iterable[tuple[Line, list[str]]]:
    """Entries of so many words, over one line or several."""
    words: list[str] = []
    first = place_of(path, None)
    for number, text in enumerate(text_of(path).splitlines(), 1):
        line = place_of(path, number)
        units = _UNITS.search(text)
        if units is not None and units[1] != "metal":
            message = f"the file is in units {units[1]}: numbers are read in metal units, eV and Å"
            raise line.error(message, code="unsupported-input")
        before = len(words)
        words += text.split("#")[0].split()
        first = line if before == 0 else first
        if len(words) > width:
            raise first.error(f"the entry has {len(words)} words, not {width}: three elements, then numbers")
        if len(words) == width:
            yield first, words
            words = []
    if words:
        message = f"the file ends after {len(words)} of the {width} words of the entry {' '.join(words[:3])}"
        raise first.error(message, "it was cut short", "truncated-file")
