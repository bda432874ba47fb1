"""Reading files snapcoeff and snapparam; a fault is reported with its line.

# comment                              rcutfac 4.73442
2 56                                   twojmax 8
W 0.5 1
-0.0
…
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from ...files.lines import Line, text_of
from ..not_read import WAY_ROUND
from .snap_files import HIGHEST, Parameters, Snap, SnapElement

_FLAGS = (
    "switchflag",
    "bzeroflag",
    "quadraticflag",
    "chemflag",
    "bnormflag",
    "wselfallflag",
    "switchinnerflag",
)
_WITHOUT_EFFECT = ("chunksize", "parallelthresh")
_KNOWN = ("rcutfac", "twojmax", "rfac0", "rmin0", *_FLAGS)
# what flags would change that the term `snap` has not
_REFUSED = {
    "chemflag": "components of its own for each triple of elements",
    "bnormflag": "components that are divided by 2j + 1",
    "switchinnerflag": "a switch at short distances",
}
_UNITS = re.compile(r"UNITS:\s*(\S+)")


def read_snap(coefficients: Path, parameters: Path) -> Snap:
    """The numbers of two files.

    Raises ArtifactError: missing-file, unreadable-file, truncated-file, malformed-input, unknown-keyword,
    missing-entries, unsupported-input.
    """
    found = _parameters(parameters)
    return Snap(found, _elements(coefficients, found))


def _lines(path: Path) -> Iterator[Line]:
    """The lines with words before a comment."""
    for number, text in enumerate(text_of(path).splitlines(), 1):
        words = text.partition("#")[0].replace('"', " ").replace("'", " ").split()  # quotes mean nothing
        line = Line(f"{path}, line {number}", tuple(words), "malformed-input")
        units = _UNITS.search(text)
        if units is not None and units[1] != "metal":
            message = f"the file is in units {units[1]}: numbers are read in metal units, eV and Å"
            raise line.error(message, code="unsupported-input")
        if line.words:
            yield line


# --- snapparam ---------------------------------------------------------------------------------------


def _parameters(path: Path) -> Parameters:
    found: dict[str, float] = {}
    for line in _lines(path):
        keyword, *values = line.words
        if keyword in ("sinner", "dinner"):
            raise _unsupported(line, keyword, "switchinnerflag")
        if keyword not in _KNOWN + _WITHOUT_EFFECT:
            known = did_you_mean(keyword, _KNOWN) or f"known: {', '.join(_KNOWN)}"
            raise line.error(f"unknown keyword `{keyword}`", known, "unknown-keyword")
        if len(values) != 1:
            raise line.error(f"`{keyword}` has {len(values)} values, not 1", f"usage: {keyword} 1")
        if keyword not in _WITHOUT_EFFECT:
            found[keyword] = _value(line, keyword, values[0])
    for name in ("rcutfac", "twojmax"):
        if name not in found:
            message = f"the file has no line `{name}`"
            help = "it was cut short, or is not of this kind"
            raise ArtifactError(Diagnostic("missing-entries", message, place=str(path), help=help))
    kept = {k: v for k, v in found.items() if k not in (*_REFUSED, "wselfallflag")}  # of chemflag 1 alone
    made = Parameters(**kept)  # type: ignore[arg-type]
    if not 0.0 <= made.rmin0 < made.rcutfac:
        message = f"rmin0 is {made.rmin0:g} Å, but should be at least 0 and less than the cutoffs"
        raise ArtifactError(Diagnostic("malformed-input", message, place=str(path)))
    return made


def _value(line: Line, keyword: str, word: str) -> float:
    if keyword in _FLAGS:
        flag = line.count(word)
        if flag > 1:
            raise line.error(f"`{keyword}` is 0 or 1, not {flag}")
        if flag and keyword in _REFUSED:
            raise _unsupported(line, f"{keyword} 1", keyword)
        return bool(flag)
    if keyword == "twojmax":
        top = line.count(word)
        if not 1 <= top <= HIGHEST:
            message = f"`twojmax {top}` is not possible in `snap(…)`"
            raise line.error(message, f"it goes from 1 to {HIGHEST}", "unsupported-input")
        return top
    value = line.number(word)
    if value <= 0.0 and keyword in ("rcutfac", "rfac0"):
        raise line.error(f"{keyword} is {value:g}, but has to be positive")
    return value


def _unsupported(line: Line, words: str, keyword: str) -> ArtifactError:
    message = f"`{words}` asks for {_REFUSED[keyword]}, which the term `snap` has not"
    return line.error(message, WAY_ROUND, "unsupported-input")


# --- snapcoeff ---------------------------------------------------------------------------------------


def _elements(path: Path, parameters: Parameters) -> dict[str, SnapElement]:
    lines = _lines(path)
    head = next(lines, None)
    if head is None:
        raise _cut_off(path, "the file ends before the numbers of elements and coefficients")
    if len(head.words) != 2:
        message = "the first line has the number of elements and that of their coefficients"
        raise head.error(message, f"usage: 1 {parameters.coefficients}")
    n, count = (head.count(word, 1) for word in head.words)
    _require_count(head, count, parameters)
    found: dict[str, SnapElement] = {}
    for k in range(n):
        line = next(lines, None)
        if line is None:
            raise _cut_off(path, f"the file ends after {k} of its {n} elements")
        name = _name(line, found)
        radius, weight = map(line.number, line.words[1:])
        if radius <= 0.0:
            raise line.error(f"the radius of {name} is {radius:g}, but has to be positive")
        found[name] = SnapElement(radius, weight, np.array(_block(path, lines, name, count)))
    rest = next(lines, None)
    if rest is not None:
        message = f"the file goes on after the {count} coefficients of its last element"
        raise rest.error(message, "the counts of the first line and the blocks differ")
    return found


def _require_count(line: Line, count: int, parameters: Parameters) -> None:
    wanted = parameters.coefficients
    if count != wanted:
        form = "quadraticflag 1" if parameters.quadraticflag else "quadraticflag 0"
        which = f"`twojmax {parameters.twojmax}` and `{form}`"
        message = f"{which} ask for {wanted} coefficients of an element, not {count}"
        raise line.error(message, "the files snapcoeff and snapparam do not belong together")


def _name(line: Line, before: dict[str, SnapElement]) -> str:
    if len(line.words) != 3:
        message = (
            f"a block begins with an element, its radius and its weight, not with {len(line.words)} words"
        )
        raise line.error(message, "the counts of the first line and the blocks differ; usage: W 0.5 1.0")
    name = line.words[0]
    if name not in ELEMENTS:
        raise line.error(f"there is no element `{name}`", did_you_mean(name, ELEMENTS))
    if name in before:
        raise line.error(f"{name} is there twice")
    return name


def _block(path: Path, lines: Iterator[Line], name: str, count: int) -> list[float]:
    values: list[float] = []
    while len(values) < count:
        line = next(lines, None)
        came = f"{len(values)} of the {count} coefficients of {name}"
        if line is None:
            raise _cut_off(path, f"the file ends after {came}")
        if len(line.words) != 1:
            raise line.error(
                f"a coefficient is one number, not {len(line.words)} words", f"{came} came before"
            )
        values.append(line.number(line.words[0]))
    return values


def _cut_off(path: Path, message: str) -> ArtifactError:
    help = "it was cut short, or the counts of its first line are wrong"
    return ArtifactError(Diagnostic("truncated-file", message, place=str(path), help=help))
