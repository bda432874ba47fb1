"""Files of `pair_style table`: sections of a keyword, a line of parameters, lines `number r energy force`.

# comment
NB_NB
N 500 RSQ 1.0 6.0 FPRIME -1.5 0.0

1 1.0 25.7 102.8
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from ...files.lines import Line, lines_of
from ...structures.arrays import Floats
from .commands import Command

_ROUNDED = 1e-6  # of a distance that is written beside that of the grid
_USAGE = "N 500 R 1.0 6.0"
_OTHER = f"the line of parameters says how far the points lie apart, such as {_USAGE}"


@dataclass(frozen=True, eq=False)
class TableFile:
    """Of a section r (Å), energy (eV), force −dE/dr (eV/Å). ends: slopes of the force at both, if given."""

    r: Floats
    energy: Floats
    force: Floats
    ends: tuple[float, float] | None


def section_of(path: Path, keyword: str, asking: Command) -> TableFile:
    """The section of a keyword. asking: the line that names it.

    Raises ArtifactError: missing-file, unreadable-file, truncated-file, malformed-input, unknown-keyword,
    missing-entries, unsupported-input.
    """
    lines = lines_of(path, "malformed-input")
    first = lines[0].words if lines else ()
    if "UNITS:" in first and first[first.index("UNITS:") + 1 :][:1] != ("metal",):
        message = "the file is in other units than metal, eV and Å"
        raise lines[0].error(message, "convert the table to eV and Å", "unsupported-input")
    sections, place = [], 0
    while place < len(lines):
        words = _words(lines[place])
        if words:
            sections.append(words[0])
            found, place = _section(path, lines, place + 1, words[0])
            if words[0] == keyword:
                return found
        else:
            place += 1
    known = did_you_mean(keyword, sections) or f"its sections: {', '.join(sections) or 'none'}"
    raise asking.error(f"`{path.name}` has no section `{keyword}`", known, "missing-entries")


def _words(line: Line) -> tuple[str, ...]:
    return () if line.words[:1] and line.words[0].startswith("#") else line.words


def _section(path: Path, lines: list[Line], place: int, keyword: str) -> tuple[TableFile, int]:
    """The section whose parameters are the next line, and the place after it."""
    if place >= len(lines):
        raise _cut_off(path, f"the file ends before the parameters of `{keyword}`")
    head = lines[place]
    n, grid, ends = _parameters(head)
    rows: list[list[float]] = []
    place += 1
    while len(rows) < n:
        if place >= len(lines):
            raise _cut_off(path, f"the file ends after {len(rows)} of the {n} points of `{keyword}`")
        line = lines[place]
        place += 1
        if not _words(line):
            continue
        if len(line.words) != 4:
            message = f"a point has 4 words, its number, r, energy and force, not {len(line.words)}"
            raise line.error(message, f"{len(rows)} of the {n} points of `{keyword}` came before this line")
        values = [line.number(word) for word in line.words]
        if grid is not None:
            written, values[1] = values[1], float(grid[len(rows)])
            if abs(written - values[1]) > _ROUNDED * values[1]:
                raise line.error(f"r is {written:g} Å, but the parameters say {values[1]:g} Å", _OTHER)
        if rows and values[1] <= rows[-1][1]:
            raise line.error("distances do not grow from point to point")
        rows.append(values)
    r, energy, force = np.array(rows)[:, 1:].T
    if r[0] <= 0.0:
        raise head.error("the first distance has to be positive")
    return TableFile(r, energy, force, ends), place


def _parameters(line: Line) -> tuple[int, Floats | None, tuple[float, float] | None]:
    """The number of points; their distances where the line says them; the slopes of the force."""
    words, n, kind, limits, ends = list(line.words), 0, None, (0.0, 0.0), None
    while words:
        word = words.pop(0)
        if word == "BITMAP":
            raise line.error("tables by the bits of r² are not read", f"write {_USAGE}", "unsupported-input")
        if word not in ("N", "R", "RSQ", "FPRIME"):
            known = did_you_mean(word, ("N", "R", "RSQ", "FPRIME")) or "known: N, R, RSQ, FPRIME"
            raise line.error(f"unknown keyword `{word}`", known, "unknown-keyword")
        count = 1 if word == "N" else 2
        if len(words) < count:
            raise line.error(f"`{word}` has {len(words)} values, not {count}", f"usage: {_USAGE}")
        values = [line.number(words.pop(0)) for _ in range(count)]
        if word == "N":
            n = line.count(f"{values[0]:g}" if values[0] % 1 else str(int(values[0])), 2)
        elif word == "FPRIME":
            ends = values[0], values[1]
        else:
            kind, limits = word, (values[0], values[1])
    if n == 0:
        raise line.error("the line has no `N`, the number of points", f"usage: {_USAGE}")
    if kind is None:
        return n, None, ends
    if not 0.0 < limits[0] < limits[1]:
        raise line.error(f"the distances should be 0 < {limits[0]:g} < {limits[1]:g}", f"usage: {_USAGE}")
    if kind == "R":
        return n, np.linspace(*limits, n), ends
    return n, np.sqrt(np.linspace(limits[0] ** 2, limits[1] ** 2, n)), ends


def _cut_off(path: Path, message: str) -> ArtifactError:
    help = "it was cut short, or `N` is wrong"
    return ArtifactError(Diagnostic("truncated-file", message, place=str(path), help=help))
