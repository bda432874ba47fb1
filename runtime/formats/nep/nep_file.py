"""The content of a file nep.txt of GPUMD, and the places of its numbers.

nep4_zbl 2 Te Pb
zbl 1 2
cutoff 8 4 200 100
n_max 4 4
basis_size 8 8
l_max 4 2 0
ANN 30 0
… numbers, one a line: W, b and w of each species in turn (nep3: once), the energy of an atom, c of the radial
and of the angular descriptors (n, k, species of the atom, of the neighbour), q_scaler, the flexible ZBL
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from ...structures.arrays import Floats


class Zbl(NamedTuple):
    """The line `zbl`: inner and outer in Å, both 0 where the flexible table follows; factor of the typewise
    cutoff.
    """

    inner: float
    outer: float
    factor: float | None = None

    @property
    def flexible(self) -> bool:
        return self.inner == 0.0 and self.outer == 0.0


@dataclass(frozen=True)
class Header:
    """The lines before the numbers. cutoff: radial, angular, Å; neighbours: the most of each that GPUMD
    expects; l_max: the last degree, four bodies (2 or 0), five bodies (1 or 0).
    """

    version: int
    species: tuple[str, ...]
    cutoff: tuple[float, float]
    neighbours: tuple[int, int]
    n_max: tuple[int, int]
    basis_size: tuple[int, int]
    l_max: tuple[int, int, int]
    neuron: int
    zbl: Zbl | None = None

    @property
    def angular_descriptors(self) -> int:
        return (self.n_max[1] + 1) * (self.l_max[0] + sum(flag > 0 for flag in self.l_max[1:]))

    @property
    def descriptors(self) -> int:
        return self.n_max[0] + 1 + self.angular_descriptors

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The tables of numbers, in the order of the file but for W, b, w, which come in turn by species."""
        s, d, h = len(self.species), self.descriptors, self.neuron
        nets = 1 if self.version == 3 else s
        radial, angular = ((n + 1, k + 1, s, s) for n, k in zip(self.n_max, self.basis_size, strict=True))
        shapes: dict[str, tuple[int, ...]] = {"W": (nets, h, d), "b": (nets, h), "w": (nets, h), "shift": ()}
        shapes |= {"c_radial": radial, "c_angular": angular, "q_scaler": (d,)}
        if self.zbl is not None and self.zbl.flexible:
            shapes["flexible"] = (s * (s + 1) // 2, 10)
        return shapes

    @property
    def size(self) -> int:
        """The number of values that follow."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())


@dataclass(frozen=True, eq=False)
class Nep:
    """A model as nep.txt has it: E_i = Σ_h w_h tanh(Σ_d W_hd q_d scaler_d − b_h) − shift, eV.

    flexible: for each pair of species inner, outer (Å), and four times amplitude, exponent.
    """

    header: Header
    W: Floats
    b: Floats
    w: Floats
    shift: Floats
    c_radial: Floats
    c_angular: Floats
    q_scaler: Floats
    flexible: Floats | None = None


def from_numbers(header: Header, values: Floats) -> Nep:
    """The model of the numbers in the order of the file."""
    shapes = header.shapes
    nets, network = shapes["W"][0], {name: shapes[name][1:] for name in ("W", "b", "w")}
    sizes = [int(np.prod(shape)) for shape in network.values()]
    tables: dict[str, Floats] = {}
    rows = values[: nets * sum(sizes)].reshape(nets, sum(sizes))
    for (name, shape), part in zip(
        network.items(), np.split(rows, np.cumsum(sizes)[:-1], axis=1), strict=True
    ):
        tables[name] = part.reshape(nets, *shape)
    place = rows.size
    for name in list(shapes)[3:]:
        size = int(np.prod(shapes[name]))
        tables[name] = values[place : place + size].reshape(shapes[name])
        place += size
    return Nep(header, **tables)


def to_numbers(nep: Nep) -> Floats:
    """The numbers in the order of the file."""
    nets = len(nep.W)
    rows = np.concatenate([nep.W.reshape(nets, -1), nep.b, nep.w], axis=1)
    rest = [getattr(nep, f.name) for f in fields(nep)[4:]]
    return np.concatenate([rows.ravel(), *(np.ravel(part) for part in rest if part is not None)])


def text_of(nep: Nep) -> str:
    """The text of nep.txt. Numbers have as many digits as it takes to read them back unchanged."""
    h = nep.header
    zbl = "" if h.zbl is None else "_zbl"
    lines = [f"nep{h.version}{zbl} {len(h.species)} {' '.join(h.species)}"]
    if h.zbl is not None:
        lines.append(" ".join(["zbl", *(_short(v) for v in h.zbl if v is not None)]))
    lines.append(" ".join(["cutoff", *map(_short, h.cutoff), *map(str, h.neighbours)]))
    for name in ("n_max", "basis_size", "l_max"):
        lines.append(" ".join([name, *map(str, getattr(h, name))]))
    lines.append(f"ANN {h.neuron} 0")
    lines += [np.format_float_scientific(x, unique=True, trim="0", min_digits=7) for x in to_numbers(nep)]
    return "\n".join(lines) + "\n"


def _short(value: float) -> str:
    return np.format_float_positional(value, unique=True, trim="-")
