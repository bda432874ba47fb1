"""The style `table` as calls of the term `pair_table`: cubics in r², and how far LAMMPS differs from them.

LAMMPS brings the points of a file to an even grid in r² by cubic splines in r, and interpolates energies and
forces on that grid apart from each other: by splines, or straight. A term has one energy, and its slope is
the force. So the energy of `spline` is that of LAMMPS, and its force the derivative; of `linear` and `lookup`
the cubic with the energies and forces of the grid is taken. The largest differences are told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from ...structures.arrays import Floats
from .calls import Call, Row, length
from .commands import Command
from .pairs import by_elements
from .settings import Pair, Settings, Style
from .table_file import TableFile, section_of

_KINDS = ("lookup", "linear", "spline", "bitmap")
_WITHIN = 10.0  # eV: differences are told where the energy is less
_SECANT = 0.1  # of a step, over which LAMMPS takes the slope of a force


@dataclass(frozen=True, eq=False)
class _Grid:
    """Points in r² from `start` to `cutoff` (Å): energy (eV), force (eV/Å), the slope of the term by r²."""

    start: float
    cutoff: float
    square: Floats
    energy: Floats
    force: Floats
    slope: Floats

    @property
    def knots(self) -> Floats:
        step = (self.square[-1] - self.square[0]) / (len(self.square) - 1)
        return np.stack([self.energy, step * self.slope], axis=-1).ravel()


def table_calls(settings: Settings, style: Style) -> tuple[list[Call], str]:
    """A call for each range of distances, and what to say of them.

    Raises ArtifactError as `section_of`; malformed-input, unsupported-input.
    """
    kind, n = _kind(style)
    rows: dict[Pair, tuple[float, ...]] = {}
    differences = [(0.0, 0.0)]
    for pair, (line, words) in style.pairs.items():
        table, cutoff = _section(settings, line, words)
        grid = _grid(table, cutoff, n, kind)
        differences.append(_differences(table, grid, kind))
        rows[pair] = (grid.start, grid.cutoff, *grid.knots)
    ranges: dict[tuple[float, ...], dict[Row, Floats]] = {}
    for row, numbers in by_elements(settings, style, rows).items():
        ranges.setdefault(numbers[:2], {})[row] = np.array(numbers[2:])
    calls = [_call(settings, n, start, cutoff, tables) for (start, cutoff), tables in ranges.items()]
    energy, force = (max(d) for d in zip(*differences, strict=True))
    told = f"energies by at most {energy:.1e} eV and forces" if kind != "spline" else "forces"
    note = f"; `table {kind}` of LAMMPS interpolates forces by themselves: {told} by at most {force:.1e} eV/Å"
    return calls, f"{note} differ, where a pair has less than {_WITHIN:g} eV"


def _kind(style: Style) -> tuple[str, int]:
    words = style.arguments
    if len(words) < 2 or words[0] not in _KINDS:
        message = f"`table` has a way to interpolate and a number of points, not `{' '.join(words)}`"
        raise style.line.error(message, "usage: pair_style table spline 1000")
    if words[0] == "bitmap":
        message = "`table bitmap` has its points by the bits of r², at distances that no term has"
        raise style.line.error(message, "write `table spline 4096`", "unsupported-input")
    if len(words) > 2:
        message = f"`{' '.join(words[2:])}` asks for a long-range part, which no term has"
        raise style.line.error(message, "leave the keyword out", "unsupported-input")
    return words[0], style.line.count(words[1], 2)


def _section(settings: Settings, line: Command, words: tuple[str, ...]) -> tuple[TableFile, float]:
    """The table of a pair, and its cutoff."""
    if len(words) not in (2, 3):
        message = f"`table` has a file, a section of it and perhaps a cutoff, not {len(words)} words"
        raise line.error(message, "usage: pair_coeff 1 1 nb.table NB_NB 5.0")
    table = section_of(settings.path.parent / words[0], words[1], line)
    last = float(table.r[-1])
    cutoff = line.number(words[2]) if len(words) == 3 else last
    if cutoff > last:
        message = f"the table ends at {last:g} Å and does not reach the cutoff, {cutoff:g} Å"
        raise line.error(message, f"write a cutoff of at most {last:g}")
    if cutoff <= table.r[0]:
        raise line.error(f"the cutoff, {cutoff:g} Å, is before the table begins, {table.r[0]:g} Å")
    return table, cutoff


def _splines(table: TableFile) -> tuple[CubicSpline, CubicSpline]:
    """Energy and force by r. The energy ends with the force; the force with slopes given or of its ends."""
    r, e, f = table.r, table.energy, table.force
    low, high = table.ends or ((f[1] - f[0]) / (r[1] - r[0]), (f[-1] - f[-2]) / (r[-1] - r[-2]))
    energy = CubicSpline(r, e, bc_type=((1, -f[0]), (1, -f[-1])))
    return energy, CubicSpline(r, f, bc_type=((1, low), (1, high)))


def _grid(table: TableFile, cutoff: float, n: int, kind: str) -> _Grid:
    start = float(table.r[0])
    square = np.linspace(start**2, cutoff**2, n)
    r = np.clip(np.sqrt(square), start, cutoff)
    energy, force = (spline(r) for spline in _splines(table))
    slope = -0.5 * force / r
    if kind == "spline":
        slope = CubicSpline(square, energy, bc_type=((1, slope[0]), (1, slope[-1])))(square, 1)
    return _Grid(start, cutoff, square, energy, force, slope)


def _differences(table: TableFile, grid: _Grid, kind: str) -> tuple[float, float]:
    """The largest of energies and of forces, between what LAMMPS does and the term."""
    square, r = grid.square, np.sqrt(grid.square)
    step = square[1] - square[0]
    x = (square[:-1, None] + step * np.linspace(0.05, 0.95, 7)).ravel()
    mine = CubicHermiteSpline(square, grid.energy, grid.slope)
    if kind == "linear":
        energy, over_r = np.interp(x, square, grid.energy), np.interp(x, square, grid.force / r)
    elif kind == "lookup":
        middle = np.sqrt(np.repeat(square[:-1] + 0.5 * step, 7))
        energy, force = (spline(middle) for spline in _splines(table))
        over_r = force / middle
    else:
        of_r = _splines(table)[1]
        near = np.sqrt([square[0] + _SECANT * step, square[-1] - _SECANT * step])
        begin, end = of_r(near) / near
        first, last = (begin - grid.force[0] / r[0]), (grid.force[-1] / r[-1] - end)
        slopes = ((1, first / (_SECANT * step)), (1, last / (_SECANT * step)))
        energy, over_r = mine(x), CubicSpline(square, grid.force / r, bc_type=slopes)(x)
    counted = np.abs(mine(x)) < _WITHIN
    forces = np.sqrt(x) * (over_r + 2.0 * mine(x, 1))
    return tuple(float(np.abs(d[counted]).max(initial=0.0)) for d in (energy - mine(x), forces))  # type: ignore[return-value]


def difference_of(r: Floats, energy: Floats, force: Floats) -> float:
    """By how much forces of LAMMPS (eV/Å) differ from the slopes of its energy: `table spline`, these points.

    r: even in r².
    """
    table = TableFile(r, energy, force, None)
    return _differences(table, _grid(table, float(r[-1]), len(r), "spline"), "spline")[1]


def _call(settings: Settings, n: int, start: float, cutoff: float, tables: dict[Row, Floats]) -> Call:
    """Of pairs with one range of distances; other pairs have no energy in it."""
    species = [s for s in settings.types.species if any(s in row for row in tables)]
    arguments = {
        "rc": length(cutoff),
        "n": str(n),
        "start": length(start),
        "grid": "squared",
        "switch": "hard",
    }
    only = tuple(species) if len(species) < len(settings.types.species) else ()
    return Call("pair_table", only, arguments, {}, tables={"e": tables})
