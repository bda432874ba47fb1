"""Steps of VASP whose electrons did not converge; the readers of ASE do not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ase import Atoms

CONVERGED = "converged"  # a key of `info`; where it is False the labels of a structure are left out
VASP = ("vasp-out", "vasp-xml")

_LINE = re.compile(
    r"NELM\s*=\s*(?P<limit>\d+)|Iteration\s+\d+\(\s*(?P<taken>\d+)\)"
    r"|aborting loop (?P<reason>because EDIFF|EDIFF)"
    r"|(?P<done>FREE ENERGIE OF THE ION)|energy  without entropy(?P<energy>.*)",
    re.DOTALL,
)
_OLD = re.compile(r"\s*vasp\.[1-5]\.")
_LIMIT = re.compile(r'<i[^>]*name="NELM"[^>]*>\s*(\d+)')

_MARK = re.compile(r"<calculation|<scstep|</calculation>")


def marked(steps: Iterable[Atoms], path: Path) -> Iterator[Atoms]:
    """The steps of an OUTCAR or vasprun.xml, with `converged` False in the info of those that are not.

    An OUTCAR that ends within the energy of its last step, as VASP was stopped, ends with the step before.
    """
    flags = list(_converged(path))
    for number, atoms in enumerate(steps):
        if number < len(flags):
            if flags[number] is None:
                return
            if not flags[number]:
                atoms.info[CONVERGED] = False
        yield atoms


def _converged(path: Path) -> Iterator[bool | None]:
    """Whether each step converged; None for one whose energy is cut off."""
    with path.open(encoding="utf-8", errors="replace") as file:
        if file.read(5).startswith("<?xml"):
            yield from _of_xml(file)
            return
        file.seek(0)
        yield from _of_outcar(file)


def _of_outcar(lines: Iterable[str]) -> Iterator[bool | None]:
    """A step converged where VASP 6 says so. VASP 5 says so of every step, and some files say nothing: there
    one with as many electronic steps as NELM allows did not.
    """
    limit: int | None = None
    reason: str | None = None
    taken, old, done = 0, False, False
    for number, line in enumerate(lines):
        old = old or (number == 0 and _OLD.match(line) is not None)
        found = _LINE.search(line)
        if found is None:
            continue
        if found["limit"]:
            limit = limit or int(found["limit"])
        elif found["taken"]:
            taken, done = int(found["taken"]), False
        elif found["reason"]:
            reason = found["reason"]
        elif found["done"]:
            done = True
        elif done:
            by_number = limit is None or taken < limit
            said = None if reason is None else reason.startswith("because")
            reached = by_number if said is None or (said and old) else said
            yield reached if found["energy"].endswith("\n") else None
            reason, taken, done = None, 0, False


def _of_xml(lines: Iterable[str]) -> Iterator[bool]:
    """A step is a <calculation>; one with as many electronic steps as NELM allows did not converge."""
    limit: int | None = None
    taken = 0
    for line in lines:
        if limit is None and (found := _LIMIT.search(line)):
            limit = int(found[1])
        for mark in _MARK.findall(line):
            if mark == "</calculation>":
                yield limit is None or taken < limit
            taken = taken + 1 if mark == "<scstep" else 0
