"""Files of `pair_style uf3`, block by block.

#UF3 POT UNITS: metal DATE: … AUTHOR: … CITATION: …
2B A B 0 3 nk                   leading and trailing trim; uk: evenly spaced knots, nk: any
cutoff n
n knots
n − 4
n − 4 coefficients
#
#UF3 POT UNITS: metal …
3B A B C 0 3 nk                 A is the centre
cutoffs of r_jk, r_ik, r_ij, then the numbers of their knots
three lines of knots, of r_jk, r_ik and r_ij
the numbers of coefficients of r_ij, r_ik and r_jk
a line of coefficients by r_jk for each of r_ij and r_ik, r_ik faster
#
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, did_you_mean
from ....compiler.ir.bsplines import FEWEST
from ...files.lines import Line, lines_of
from ...structures.arrays import Floats
from .potential_file import TRIMMED, Knots, Pair, Triple, UltraFast

_DEGREE = 3
_EVEN = 1e-6  # of a step, by which even knots may be rounded


def read_uf3(path: Path) -> UltraFast:
    """The blocks of a file.

    Raises ArtifactError: missing-file, unreadable-file, truncated-file, malformed-input, unsupported-input.
    """
    found, lines = UltraFast({}, {}), _Lines(path)
    seen: set[tuple[str, ...]] = set()
    kinds: dict[str, Line] = {}
    for begin in lines.blocks():
        _require_metal(begin)
        head = lines.line("the line of the elements")
        elements, kind = _head(head)
        kinds.setdefault(kind, head)
        if unordered(elements) in seen:
            raise head.error(f"the block of {'-'.join(elements)} is there twice", "delete one of them")
        seen.add(unordered(elements))
        if len(elements) == 2:
            found.pairs[elements[0], elements[1]] = _pair(lines, kind)
        else:
            i, j, k = elements
            found.triples[i, j, k] = _triple(lines, kind, j == k)
    if not found.pairs:
        raise lines.fault("the file has no block of pairs, `2B`", "malformed-input")
    if len(kinds) > 1:
        message = "one block is `uk` and another `nk`, and LAMMPS reads all of them as one kind"
        raise list(kinds.values())[1].error(message, "write `nk` in all blocks", "unsupported-input")
    return found


def unordered(elements: Sequence[str]) -> tuple[str, ...]:
    """The elements of a pair in alphabetical order; of a triple those of j and k."""
    fixed = len(elements) - 2
    return (*elements[:fixed], *sorted(elements[fixed:]))


class _Lines:
    """The lines of a file that are not blank, one after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = [line for line in lines_of(path, "malformed-input") if line.words]
        self._next = 0

    def blocks(self) -> Iterator[Line]:
        """The first line of each block. Raises ArtifactError malformed-input where something else stands."""
        while self._next < len(self._lines):
            line = self.line("a block")
            if " ".join(line.words[:2]) == "#UF3 POT":
                yield line
            elif not line.words[0].startswith("#"):
                help = "a block begins with `#UF3 POT UNITS: metal`; are the counts of the one before right?"
                raise line.error(f"`{line.words[0]}` begins no block", help)

    def line(self, what: str) -> Line:
        """The next line. Raises ArtifactError: truncated-file; malformed-input where a block ends."""
        if self._next == len(self._lines):
            raise self.fault(f"the file ends before {what}", "truncated-file")
        line = self._lines[self._next]
        self._next += 1
        if line.words[0].startswith("#") and what != "a block":
            help = "a block has as many lines as its counts say"
            raise line.error(f"the block ends before {what}", help)
        return line

    @property
    def last(self) -> Line:
        """The line that was read last."""
        return self._lines[self._next - 1]

    def numbers(self, n: int, what: str) -> Floats:
        """The numbers of a line, so many. Raises ArtifactError: truncated-file, malformed-input."""
        line = self.line(what)
        if len(line.words) < n and self._next == len(self._lines):
            message = f"the file ends after {len(line.words)} of the {n} numbers of {what}"
            raise self.fault(message, "truncated-file")
        if len(line.words) != n:
            message = f"this line has {len(line.words)} numbers, but {what} are {n}"
            raise line.error(message, "a block has as many numbers as its counts say")
        try:
            return np.array([line.number(word) for word in line.words])
        except ArtifactError as fault:
            raise line.error(fault.diagnostics[0].message, f"{what} are {n} numbers") from None

    def fault(self, message: str, code: str) -> ArtifactError:
        help = "it was cut short" if code == "truncated-file" else "each pair of elements has one"
        return ArtifactError(Diagnostic(code, message, place=str(self.path), help=help))


# --- heads -------------------------------------------------------------------------------------------


def _require_metal(line: Line) -> None:
    words = line.words
    units = words[words.index("UNITS:") + 1 :][:1] if "UNITS:" in words else ()
    if not units:
        raise line.error("the line does not name its units", "usage: #UF3 POT UNITS: metal")
    if units[0] != "metal":
        message = f"the file is in units {units[0]}: numbers are read in metal units, eV and Å"
        raise line.error(message, "convert it to eV and Å", "unsupported-input")


def _head(line: Line) -> tuple[tuple[str, ...], str]:
    """The elements of a block, and the kind of its knots."""
    body = line.words[0]
    if body not in ("2B", "3B"):
        help = did_you_mean(body, ("2B", "3B")) or "known: `2B`, pairs, and `3B`, triples"
        raise line.error(f"there is no block `{body}`", help)
    usage = f"usage: {body} {'A B' if body == '2B' else 'A B C'} 0 3 nk"
    if len(line.words) != int(body[0]) + 4:
        raise line.error(f"the line has {len(line.words)} words, not {int(body[0]) + 4}", usage)
    *elements, leading, trailing, kind = line.words[1:]
    for name in elements:
        if name not in ELEMENTS:
            raise line.error(f"there is no element `{name}`", did_you_mean(name, ELEMENTS))
    if (leading, trailing) != ("0", str(TRIMMED)):
        message = f"the leading and trailing trim are {leading} and {trailing}: LAMMPS takes 0 and {TRIMMED}"
        raise line.error(message, usage, "unsupported-input")
    if kind not in ("uk", "nk"):
        help = "known: uk, even knots, and nk, any"
        raise line.error(f"there is no kind of knots `{kind}`", help)
    return tuple(elements), kind


# --- blocks ------------------------------------------------------------------------------------------


def _pair(lines: _Lines, kind: str) -> Pair:
    head = lines.line("the cutoff")
    if len(head.words) != 2:
        raise head.error(f"the line has {len(head.words)} words, not 2", "usage: CUTOFF NUMBER_OF_KNOTS")
    knots = _knots(lines, kind, head, 0, "r_ij")
    count = lines.line("the number of coefficients")
    _require_counts(count, (knots,), ("r_ij",))
    coefficients = lines.numbers(len(knots) - 1 + TRIMMED, "coefficients")
    _require_trim(count, coefficients)
    return Pair(knots, coefficients[:-TRIMMED])


def _triple(lines: _Lines, kind: str, alike: bool) -> Triple:
    """alike: j and k are of one element."""
    head = lines.line("the cutoffs")
    if len(head.words) != 6:
        usage = "usage: CUTOFF_JK CUTOFF_IK CUTOFF_IJ KNOTS_JK KNOTS_IK KNOTS_IJ"
        raise head.error(f"the line has {len(head.words)} words, not 6", usage)
    cutoffs = [head.number(word) for word in head.words[:3]]
    if cutoffs[1] != cutoffs[2] or cutoffs[0] != 2.0 * cutoffs[1]:
        message = f"the cutoffs of r_jk, r_ik and r_ij are {', '.join(head.words[:3])} Å"
        raise head.error(message, "LAMMPS asks for one of r_ij and r_ik, and twice as much of r_jk")
    jk, ik, ij = (_knots(lines, kind, head, k, name) for k, name in enumerate(("r_jk", "r_ik", "r_ij")))
    count = lines.line("the numbers of coefficients")
    _require_counts(count, (ij, ik, jk), ("r_ij", "r_ik", "r_jk"))
    sizes = tuple(len(knots) - 1 + TRIMMED for knots in (ij, ik, jk))
    rows = [lines.numbers(sizes[2], "coefficients by r_jk") for _ in range(sizes[0] * sizes[1])]
    coefficients = np.array(rows).reshape(sizes)
    for axis in range(3):
        _require_trim(count, np.moveaxis(coefficients, axis, -1))
    inner = coefficients[:-TRIMMED, :-TRIMMED, :-TRIMMED]
    if alike and (ij != ik or not np.array_equal(inner, inner.transpose(1, 0, 2))):
        message = "j and k are of one element, and the coefficients change where r_ij and r_ik are exchanged"
        raise count.error(message, "give both the same knots, and c_lmn = c_mln", "unsupported-input")
    return Triple(ij, ik, jk, inner)


def _knots(lines: _Lines, kind: str, head: Line, place: int, name: str) -> Knots:
    """The knots, each once. head: cutoffs and numbers of knots; place: of this cutoff among them."""
    cutoff, n = head.number(head.words[place]), head.count(head.words[place + len(head.words) // 2])
    found = lines.numbers(n, f"the knots of {name}")
    line = lines.last
    knots = found[_DEGREE : n - _DEGREE]
    if len(knots) < FEWEST:
        message = f"there are {len(knots)} different knots of {name}, but at least {FEWEST} are needed"
        raise line.error(message, "the first and the last are there four times", "unsupported-input")
    if (
        (found[:_DEGREE] != found[0]).any()
        or (found[-_DEGREE:] != found[-1]).any()
        or (found[0] != knots[0] or found[-1] != knots[-1])
    ):
        help = "write the first and the last knot four times"
        raise line.error(f"the knots of {name} do not begin and end with four equal ones", help)
    steps = np.diff(knots)
    if (steps <= 0.0).any():
        k = int(np.argmax(steps <= 0.0)) + _DEGREE
        message = f"knot {k + 2} of {name} is {found[k + 1]:g}, and the one before it {found[k]:g}"
        raise line.error(message, "between the first four and the last four knots increase")
    if knots[0] < 0.0:
        raise line.error(f"the first knot of {name} is {knots[0]:g}", "distances are not negative")
    if abs(cutoff - knots[-1]) > _EVEN * steps[-1]:
        message = f"the cutoff of {name} is {cutoff:g} Å, and the last knot {knots[-1]:g} Å"
        raise head.error(message, "write the last knot as the cutoff")
    if kind == "uk" and np.ptp(steps) > _EVEN * steps[0]:
        message = f"the knots of {name} are not even, and `uk` says that they are"
        raise line.error(message, "write `nk` in all blocks")
    return tuple(float(x) for x in knots)


def _require_counts(line: Line, knots: Sequence[Knots], names: Sequence[str]) -> None:
    wanted = [len(own) - 1 + TRIMMED for own in knots]
    if [line.count(word) for word in line.words] != wanted:
        counts = ", ".join(f"{n} of {name}" for n, name in zip(wanted, names, strict=True))
        message = f"the numbers of coefficients are {' '.join(line.words)}, but the knots make {counts}"
        raise line.error(message, "there are four coefficients less than knots")


def _require_trim(line: Line, coefficients: Floats) -> None:
    if coefficients[..., -TRIMMED:].any():
        message = f"the last {TRIMMED} coefficients of a distance are not 0, and energies jump at its end"
        raise line.error(message, f"a trailing trim of {TRIMMED} says that they are 0", "unsupported-input")
