"""Terms of the library that styles of LAMMPS compute by the same formula, number by number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import isclose

import numpy as np

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import ArtifactError
from ....compiler.ir.types import row_number
from ...potential.plain_sum import Numbers, Term
from ...structures.arrays import Floats
from ..snapcoeff.snap_files import Parameters, Snap, SnapElement, coefficients_text, diagonal, parameters_text
from ..uf3.exporting import uf3_of
from .native_files import SW_COLUMNS, TERSOFF_COLUMNS, entries_file

_ZBL_LENGTH = 0.46850  # Å, of LAMMPS
SNAP_FILES = ("formula.snapcoeff", "formula.snapparam")


class NoStyle(Exception):
    """A term that no style computes by the same formula. The text is the reason."""


@dataclass(frozen=True)
class Style:
    """A style of LAMMPS.

    arguments: after its name in `pair_style`. coefficients: of `pair_coeff`, atom types apart from the rest.
    files: by name. shifted: whether energies are 0 at the cutoff. species: indices of those that it acts
    among.
    """

    name: str
    arguments: str
    coefficients: tuple[tuple[str, str], ...]
    files: Mapping[str, str] = field(default_factory=dict)
    shifted: bool = False
    species: tuple[int, ...] = ()


def style_of(term: Term, numbers: Numbers, energies: Floats) -> Style:
    """The style of a term. energies: of atoms by species (eV), for a style that has room for them. Raises
    NoStyle.
    """
    maker = _STYLES.get(term.called)
    if maker is None or not term.is_of_library:
        raise NoStyle("no style has its formula")
    values = _Values(term, numbers, energies)
    return replace(maker(term, values), species=values.acting)


class _Values:
    """Parameters of a term by the species that they are of, as indices."""

    def __init__(self, term: Term, numbers: Numbers, energies: Floats) -> None:
        self.term, self.numbers, self.symbols = term, numbers, numbers.model.species
        self.energies = energies

    @property
    def n(self) -> int:
        return len(self.symbols)

    @property
    def acting(self) -> tuple[int, ...]:
        """Of the species, those that the term acts among."""
        return tuple(
            k for k, s in enumerate(self.symbols) if not self.term.scope.only or s in self.term.scope.only
        )

    def of(self, name: str, *atoms: int) -> float:
        full = f"{self.term.instance.name}.{name}"
        rows = self.numbers.of(self.term, name)
        parameter = next((p for p in self.numbers.model.parameters if p.name == full), None)
        if parameter is None or len(rows) == 1:
            return float(rows[0])
        return float(rows[row_number(parameter.kind.domain, atoms, self.n)])

    def pairs(self) -> list[tuple[int, int]]:
        return [(a, b) for a in self.acting for b in self.acting if a <= b]


def _pair_style(name: str, parameters: str, rest: str = "") -> Callable[[Term, _Values], Style]:
    """A style whose coefficients are parameters of the term, and constants after them."""

    def style(term: Term, values: _Values) -> Style:
        switch = term.word("switch")
        if switch not in ("hard", "v", "shifted"):
            raise NoStyle(f"no style has its switch `{switch}`")
        lines = []
        for a, b in values.pairs():
            numbers = " ".join(repr(values.of(p, a, b)) for p in parameters.split())
            lines.append((f"{a + 1} {b + 1}", f"{numbers}{rest}"))
        return Style(name, repr(term.number("rc")), tuple(lines), shifted=switch == "shifted")

    return style


def _zbl(term: Term, values: _Values) -> Style:
    if term.word("switch") != "lammps" or not isclose(term.number("a0"), _ZBL_LENGTH, rel_tol=1e-12):
        raise NoStyle("the style `zbl` has the switch `lammps` and a0 = 0.46850 Å")
    z = [ELEMENTS[s][0] for s in values.symbols]
    lines = tuple((f"{a + 1} {b + 1}", f"{z[a]} {z[b]}") for a, b in values.pairs())
    return Style("zbl", f"{term.number('inner')!r} {term.number('outer')!r}", lines)


def _sw(term: Term, values: _Values) -> Style:
    entries = {}
    for i, j, k in product(values.acting, repeat=3):
        entry = {name: values.of(name, i, j) for name in ("sigma", "a", "gamma", "A", "B", "p", "q")}
        if entry["a"] * entry["sigma"] > term.number("rc") * (1 + 1e-12):
            raise NoStyle("its rc cuts off before a·sigma")
        epsilon = values.of("epsilon", i, j)
        if epsilon == 0.0:
            raise NoStyle("an epsilon is 0, and the style multiplies lambda by it")
        more = {"epsilon": epsilon, "lambda": values.of("lambda", i, j, k) / epsilon, "tol": 0.0}
        key = (values.symbols[i], values.symbols[j], values.symbols[k])
        entries[key] = entry | more | {"costheta0": values.of("cos0", i, j, k)}
    return _of_file("sw", entries_file(entries, SW_COLUMNS), values)


def _tersoff(term: Term, values: _Values) -> Style:
    (m,) = term.whole("m")
    entries = {}
    for i, j, k in product(values.acting, repeat=3):
        bond = {name: values.of(name, i, j) for name in ("A", "B", "lambda1", "lambda2", "beta", "n")}
        own = {name: values.of(name, i, j, k) for name in ("R", "D", "lambda3", "gamma", "c", "d")}
        if j == k and (own["R"], own["D"]) != (values.of("R2", i, j), values.of("D2", i, j)):
            raise NoStyle("R2 and D2 of a bond i-j are not R and D of i-j-j")
        if any(bond[name] != values.of(name, j, i) for name in ("A", "lambda1")):
            raise NoStyle("A and lambda1 of the bonds i-j and j-i differ")
        if own["R"] + own["D"] > term.number("rc") * (1 + 1e-12):
            raise NoStyle("its rc cuts off before R + D")
        key = (values.symbols[i], values.symbols[j], values.symbols[k])
        entries[key] = bond | own | {"m": float(m), "costheta0": values.of("h", i, j, k)}
    return _of_file("tersoff", entries_file(entries, TERSOFF_COLUMNS), values)


def _snap(term: Term, values: _Values) -> Style:
    rc = term.number("rc")
    (top,) = term.whole("twojmax")
    switches = {"switch": "smoothed", "origin": "free_atom", "form": "quadratic"}
    flags = (term.word(name) == yes for name, yes in switches.items())
    parameters = Parameters(rc, top, term.number("rfac0"), term.number("rmin0"), *flags)
    n, elements = parameters.components, {}
    rows = {
        name: values.numbers.of(term, name, (size,)) for name, size in (("c", n), ("q", n * (n + 1) // 2))
    }
    for k in values.acting:
        radius = values.of("radius", k)
        if radius > 0.5 * rc * (1 + 1e-12):
            raise NoStyle("its rc cuts off before the sum of two radii")
        parts = [[values.energies[k]], rows["c"][k]]
        if parameters.quadraticflag:
            parts.append(rows["q"][k] / diagonal(n))
        elements[values.symbols[k]] = SnapElement(radius / rc, values.of("weight", k), np.concatenate(parts))
    texts = coefficients_text(Snap(parameters, elements)), parameters_text(parameters)
    return _with_files("snap", dict(zip(SNAP_FILES, texts, strict=True)), values)


def _ultra_fast(term: Term, values: _Values) -> Style:
    try:
        text, bodies = uf3_of([term], values.numbers)
    except ArtifactError as fault:
        raise NoStyle(fault.diagnostics[0].message) from None
    style = _with_files("uf3", {f"{term.instance.name}.uf3": text}, values)
    return replace(style, arguments=str(bodies))


def _of_file(name: str, text: str, values: _Values) -> Style:
    return _with_files(name, {f"formula.{name}": text}, values)


def _with_files(name: str, files: Mapping[str, str], values: _Values) -> Style:
    names = (s if k in values.acting else "NULL" for k, s in enumerate(values.symbols))
    return Style(name, "", (("* *", " ".join([*files, *names])),), files)


_STYLES: Mapping[str, Callable[[Term, _Values], Style]] = {
    "lj": _pair_style("lj/cut", "epsilon sigma"),
    "morse": _pair_style("morse", "D a r0"),
    "buckingham": _pair_style("buck", "A rho C"),
    "born": _pair_style("born", "A rho sigma C D"),
    "born_mayer": _pair_style("born", "A rho", " 0.0 0.0 0.0"),
    "zbl": _zbl,
    "snap": _snap,
    "sw": _sw,
    "tersoff": _tersoff,
    "uf_pair": _ultra_fast,
    "uf_triple": _ultra_fast,
}
