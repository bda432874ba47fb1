"""Reading nep.txt; a fault is reported with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from ...files.lines import Line, lines_of
from .nep_file import Header, Nep, Zbl, from_numbers

_FIRST = re.compile(r"nep(\d+)(_zbl)?((?:_\w+)?)$")
_KEYWORDS = ("zbl", "cutoff", "n_max", "basis_size", "l_max", "ANN")
_GONE = "potentia reads energies of nep3 and nep4, with or without zbl"
_L_FLAGS = ("q_112", "q_123", "q_233", "q_134")


class _Line(Line):
    """A line that begins with a keyword."""

    def numbers(self, counts: Sequence[int], usage: str) -> list[float]:
        """The words after the keyword. counts: the numbers of words that are allowed."""
        given = self.words[1:]
        if len(given) not in counts:
            amount = " or ".join(map(str, dict.fromkeys(counts)))
            raise self.error(f"`{self.words[0]}` has {len(given)} values, not {amount}", f"usage: {usage}")
        return [self.number(word) for word in given]

    def whole(self, counts: Sequence[int], usage: str, least: int = 0) -> list[int]:
        values = self.numbers(counts, usage)
        for value, word in zip(values, self.words[1:], strict=True):
            if value != int(value) or value < least:
                raise self.error(f"`{word}` is not a whole number of at least {least}", f"usage: {usage}")
        return [int(value) for value in values]


def read_nep(path: Path) -> Nep:
    """The model of a file nep.txt.

    Raises ArtifactError: missing-file, unreadable-file; unsupported-nep for other versions, for dipoles,
    polarizabilities, charges, and forms that `nep(…)` has not; unknown-keyword; malformed-nep for what is cut
    off or has other values than it should.
    """
    lines = [line for line in _lines(path) if line.words]
    if not lines:
        raise _fault(path, f"`{path}` is empty", _GONE)
    version, with_zbl, species = _first(lines[0])
    found = _keywords(path, lines[1:], with_zbl)
    header = _header(version, species, found)
    body = lines[1 + len(found) :]
    return from_numbers(header, np.array(_values(path, lines, body, header.size)))


def _lines(path: Path) -> list[_Line]:
    return [_Line(line.place, line.words, line.code) for line in lines_of(path, "malformed-nep")]


def _fault(path: Path, message: str, help: str | None = None) -> ArtifactError:
    return ArtifactError(Diagnostic("malformed-nep", message, place=str(path), help=help))


def _first(line: _Line) -> tuple[int, bool, tuple[str, ...]]:
    """Version, whether there is ZBL, species."""
    word, *rest = line.words
    match = _FIRST.match(word)
    if match is None:
        raise line.error(f"a file nep.txt begins with `nep4` or the like, not with `{word[:20]}`", _GONE)
    if match[1] not in ("3", "4") or match[3]:
        raise line.error(f"`{word}` is another kind of NEP", _GONE, "unsupported-nep")
    usage = f"usage: {word} 2 Te Pb"
    if len(rest) < 2 or rest[0] != str(len(rest) - 1):
        raise line.error("the first line has the number of species, then as many species", usage)
    for name in rest[1:]:
        if name not in ELEMENTS:
            raise line.error(f"there is no element `{name}`", did_you_mean(name, ELEMENTS))
        if rest.count(name) > 1:
            raise line.error(f"`{name}` is there twice", usage)
    return int(match[1]), match[2] is not None, tuple(rest[1:])


def _keywords(path: Path, lines: list[_Line], with_zbl: bool) -> dict[str, _Line]:
    """The lines of keywords, up to ANN, each once."""
    found: dict[str, _Line] = {}
    for line in lines:
        word = line.words[0]
        if word not in _KEYWORDS:
            if re.match(r"[-+.\d]", word):
                raise line.error(
                    f"numbers begin here, but there was no line `{_missing(found, with_zbl)}` before"
                )
            known = f"known: {', '.join(_KEYWORDS)}"
            raise line.error(
                f"unknown keyword `{word}`", did_you_mean(word, _KEYWORDS) or known, "unknown-keyword"
            )
        if word in found:
            raise line.error(f"`{word}` is there twice")
        if word == "zbl" and not with_zbl:
            raise line.error("there is a line `zbl`, but the first line says that there is none")
        found[word] = line
        if word == "ANN":
            break
    missing = _missing(found, with_zbl)
    if missing is not None:
        raise _fault(path, f"the file has no line `{missing}`", "it was cut short, or is not of this kind")
    return found


def _missing(found: dict[str, _Line], with_zbl: bool) -> str | None:
    return next((k for k in _KEYWORDS if k not in found and (with_zbl or k != "zbl")), None)


def _header(version: int, species: tuple[str, ...], found: dict[str, _Line]) -> Header:
    cutoff, neighbours = _cutoff(found["cutoff"], len(species))
    n_max, basis_size = (_two(found[word].whole((2,), f"{word} 4 4")) for word in ("n_max", "basis_size"))
    neuron, second = found["ANN"].whole((2,), "ANN 30 0")
    if second or not neuron:
        raise found["ANN"].error(
            "one hidden layer is read, with at least one neuron", "usage: ANN 30 0", "unsupported-nep"
        )
    zbl = _zbl(found["zbl"], cutoff[1], species) if "zbl" in found else None
    return Header(
        version, species, cutoff, neighbours, n_max, basis_size, _degrees(found["l_max"]), neuron, zbl
    )


def _two(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]


def _cutoff(line: _Line, species: int) -> tuple[tuple[float, float], tuple[int, int]]:
    values = line.numbers((4, 2 * species + 2), "cutoff 8 4 200 100")
    pairs = list(zip(values[:-2:2], values[1:-2:2], strict=True))
    if len(set(pairs)) > 1:
        message = "cutoffs of their own for each species are not possible in `nep(…)`"
        raise line.error(message, code="unsupported-nep")
    radial, angular = pairs[0]
    if not 0.0 < angular <= radial:
        raise line.error(f"the cutoffs are {radial:g} and {angular:g} Å, but should be radial ≥ angular > 0")
    return (radial, angular), (int(values[-2]), int(values[-1]))


def _degrees(line: _Line) -> tuple[int, int, int]:
    values = line.whole(range(1, 8), "l_max 4 2 0")
    top, four, five, *flags = [*values, 0, 0][: max(3, len(values))]
    for name, flag in zip(_L_FLAGS, flags, strict=False):
        if flag:
            raise line.error(f"the descriptors {name} are not possible in `nep(…)`", code="unsupported-nep")
    if not 1 <= top <= 4 or (four and top < 2):
        message = f"angular descriptors of degree {top} are not possible in `nep(…)`"
        raise line.error(
            message, "degrees are 1 to 4, and at least 2 with those of four bodies", "unsupported-nep"
        )
    return top, 2 if four else 0, 1 if five else 0


def _zbl(line: _Line, angular: float, species: tuple[str, ...]) -> Zbl:
    values = line.numbers((2, 3), "zbl 1 2, or zbl 1 2 0.7 for typewise cutoffs")
    zbl = Zbl(*values)
    if not zbl.flexible and not 0.0 <= zbl.inner < zbl.outer:
        raise line.error(
            f"the cutoffs are {zbl.inner:g} and {zbl.outer:g} Å, but should be 0 ≤ inner < outer"
        )
    if zbl.factor is not None and zbl.factor <= 0.0:
        raise line.error(f"the factor of the typewise cutoff is {zbl.factor:g}, but has to be positive")
    if zbl.outer > angular:
        message = f"`zbl` goes to {zbl.outer:g} Å, and GPUMD cuts it off at the angular cutoff, {angular:g} Å"
        raise line.error(message, code="unsupported-nep")
    return zbl if not zbl.flexible else Zbl(0.0, 0.0)


def _values(path: Path, lines: list[_Line], body: list[_Line], size: int) -> list[float]:
    values: list[float] = []
    for line in body:
        for word in line.words:
            if len(values) == size:
                raise line.error(
                    f"there are more numbers than the {size} that the lines before them describe"
                )
            values.append(line.number(word))
    if len(values) < size:
        last = lines[-1]
        message = f"the file ends after {len(values)} of the {size} numbers that its first lines describe"
        raise last.error(message, "it was cut short, or a line before the numbers was changed")
    return values
