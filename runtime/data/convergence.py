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

_OUTCAR = re.compile(r"aborting loop (?:because EDIFF is reached|EDIFF was not reached)")
_LIMIT = re.compile(r'<i[^>]*name="NELM"[^>]*>\s*(\d+)')

_MARK = re.compile(r"<calculation|<scstep|</calculation>")


def marked(steps: Iterable[Atoms], path: Path) -> Iterator[Atoms]:
    """The steps of an OUTCAR or vasprun.xml, with `converged` False in the info of those that are not."""
    flags = list(_converged(path))
    for number, atoms in enumerate(steps):
        if number < len(flags) and not flags[number]:
            atoms.info[CONVERGED] = False
        yield atoms


def _converged(path: Path) -> Iterator[bool]:
    """Whether each step converged; none where the file does not say."""
    with path.open(encoding="utf-8", errors="replace") as file:
        if file.read(5).startswith("<?xml"):
            yield from _of_xml(file)
            return
        file.seek(0)
        for line in file:
            if found := _OUTCAR.search(line):
                yield "not" not in found[0]


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
