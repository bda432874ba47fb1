"""Files setfl of `eam/alloy` and `eam/fs`.

three lines of comment
2 Ni Cu
n_rho drho n dr cutoff
28 58.69 3.52 fcc            of each element: F(ρ), then f(r), in `eam/fs` one for each element that feels it
…                            r φ(r) of the pairs 1-1, 2-1, 2-2, 3-1, …
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import did_you_mean
from ...files.lines import Line
from .blocks import Blocks
from .tables import FEWEST, EamTables

_UNITS = re.compile(r"UNITS:\s*(\S+)")
_ROUNDED = 1e-6  # of a step, by which a cutoff may be rounded
GRID = "500 0.005 500 0.01 5.0"


def read_setfl(path: Path, by_pair: bool) -> EamTables:
    """The tables of a file. by_pair: whether it is of `eam/fs`.

    Raises ArtifactError: missing-file, unreadable-file, truncated-file, malformed-input, unsupported-input.
    """
    blocks = Blocks(path)
    require_metal(blocks.line("the first line"))
    for _ in range(2):
        blocks.line("the line of the elements")
    species = _elements(blocks.header("the line of the elements", 2, "2 Ni Cu"))
    n_rho, drho, n, dr, cutoff = grid_of(blocks)
    embedding, density = [], []
    for a in species:
        _head_of(blocks, a, by_pair)
        embedding.append(blocks.numbers(n_rho, f"F of {a}"))
        felt = [f"f of {a} at {b}" for b in species] if by_pair else [f"f of {a}"]
        density.append([blocks.numbers(n, what) for what in felt])
    z = np.zeros((len(species), len(species), n))
    for i, a in enumerate(species):
        for j, b in enumerate(species[: i + 1]):
            z[i, j] = z[j, i] = blocks.numbers(n, f"r φ of {a}-{b}")
    blocks.require_end()
    found = np.array(density)
    return EamTables(species, cutoff, dr, drho, np.array(embedding), found if by_pair else found[:, 0], z)


def require_metal(line: Line) -> None:
    """Raise ArtifactError unsupported-input where a file says that it is in other units."""
    units = _UNITS.search(" ".join(line.words))
    if units is not None and units[1] != "metal":
        message = f"the file is in units {units[1]}: numbers are read in metal units, eV and Å"
        raise line.error(message, "convert the tables to eV and Å", "unsupported-input")


def grid_of(blocks: Blocks) -> tuple[int, float, int, float, float]:
    """n_rho, drho, n, dr, cutoff. Raises ArtifactError malformed-input."""
    line = blocks.header("the line of the grids", 5, GRID)
    n_rho, n = (_count(line, k) for k in (0, 2))
    drho, dr, cutoff = (line.number(line.words[k]) for k in (1, 3, 4))
    if drho <= 0.0 or dr <= 0.0 or cutoff <= 0.0:
        raise line.error("the steps and the cutoff have to be positive", f"usage: {GRID}")
    if cutoff > n * dr * (1.0 + _ROUNDED):
        message = f"the tables end at {(n - 1) * dr:g} Å and do not reach the cutoff, {cutoff:g} Å"
        raise line.error(message, "the cutoff is at most the number of points times their distance")
    return n_rho, drho, n, dr, cutoff


def _count(line: Line, k: int) -> int:
    return line.count(line.words[k], FEWEST)


def _elements(line: Line) -> tuple[str, ...]:
    number, *names = line.words
    if line.count(number, 1) != len(names):
        raise line.error(f"the line names {len(names)} elements, not {number}", "usage: 2 Ni Cu")
    for name in names:
        if name not in ELEMENTS:
            raise line.error(f"there is no element `{name}`", did_you_mean(name, ELEMENTS))
        if names.count(name) > 1:
            raise line.error(f"`{name}` is there twice", "usage: 2 Ni Cu")
    return tuple(names)


def _head_of(blocks: Blocks, element: str, by_pair: bool) -> None:
    """The line of number, mass, lattice constant and lattice. Raises ArtifactError malformed-input."""
    line = blocks.line(f"the line of {element}")
    if len(line.words) < 2 or not line.words[0].isdigit():
        other = "eam/alloy" if by_pair else "eam/fs"
        found = " ".join(line.words[:4])
        message = f"the line of {element} is `{found}`, not its number, mass, lattice constant and lattice"
        help = f"the counts of the head and the tables differ, or the file is of `{other}`"
        raise line.error(message, help)
