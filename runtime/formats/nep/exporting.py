"""A potential as nep.txt: its formula has to be a sum of one `nep`, ZBL and reference energies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, pi, tanh

import numpy as np

from ....compiler.chemistry.elements import D3_RADII
from ....compiler.declarations import library
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.diagnostics.source import Source
from ....compiler.elaborate.model_builder import Builder
from ....compiler.elaborate.scope import TermScope
from ....compiler.elaborate.values import Function, Quantity, Value, Values
from ....compiler.ir import ops
from ....compiler.ir.graph import Model, Node, TermInstance
from ....compiler.program import Program
from ...potential.potential import Potential
from ...structures.arrays import Floats
from .nep_file import Header, Nep, Zbl

_HELD = ("nep", "zbl", "zbl_flexible", "reference")
_SUM = "nep.txt holds a sum of one `nep(…)`, one `zbl(…)` or `zbl_flexible(…)`, and `reference()`"
_A0 = 1 / 2.134563  # Å, of GPUMD
# atoms per Å³ in the densest matter, diamond, and some more
_DENSEST = 0.2
_MOST_NEIGHBOURS = 819  # what GPUMD allows
# what GPUMD and calorine have room for
_LIMITS = {"neuron": 120, "descriptors": 103, "angular descriptors": 90, "basis_size": 16}


@dataclass(frozen=True)
class _Term:
    """A term of the formula, with what its arguments are worth."""

    instance: TermInstance
    scope: TermScope

    def fault(self, message: str, help: str | None = None) -> ArtifactError:
        return _fault(message, help or _SUM, self.instance)

    def number(self, name: str) -> float:
        value = self.scope.formals[name]
        assert isinstance(value, Quantity)
        return value.value

    def whole(self, name: str) -> tuple[int, ...]:
        value: Value = self.scope.formals[name]
        items = value.items if isinstance(value, Values) else (value,)
        return tuple(int(item.value) for item in items if isinstance(item, Quantity))

    def word(self, name: str) -> str:
        value = self.scope.formals[name]
        assert isinstance(value, Function)
        return value.name


def nep_of(potential: Potential) -> Nep:
    """The model that nep.txt can hold, the same in every energy and force.

    Energies of free atoms that differ among species take one more neuron, as nep.txt has one for all; a
    network shared by all species then becomes one for each. Raises ArtifactError `not-a-nep`.
    """
    terms = _terms(potential)
    tables = _Tables(potential.model, potential.theta)
    nep = _network(_only(terms, ("nep",)), tables)
    core = _only(terms, ("zbl", "zbl_flexible"))
    if core is not None:
        nep = _with_core(nep, core, tables)
    e0 = np.zeros(len(potential.species))
    for term in terms:
        if term.instance.called == "reference":
            e0 += tables.of(term, "e0", ())
    return _checked(_with_energies(nep, e0))


def _fault(message: str, help: str | None, instance: TermInstance | None = None) -> ArtifactError:
    origin = instance.origin if instance is not None else None
    place = None if origin is not None else "spec.pes"
    return ArtifactError(Diagnostic("not-a-nep", message, primary=origin, place=place, help=help))


# --- the formula -------------------------------------------------------------------------------


def _terms(potential: Potential) -> list[_Term]:
    """The terms of the formula, which is their plain sum. Raises ArtifactError."""
    checked = Program.of(Source(potential.text, "spec.pes")).checked
    builder = Builder(checked, potential.species)
    model = builder.model()
    terms = [_Term(i, builder.scopes[i.name]) for i in model.terms]
    inner = {t.instance.name for t in terms if t.scope.term.alias is None}
    terms = [t for t in terms if t.instance.name in inner]
    for term in terms:
        called = term.instance.called
        if called not in _HELD or term.scope.term is not library.term(called):
            raise term.fault(f"nep.txt cannot hold the term `{called}`")
        if term.scope.only:
            raise term.fault(f"nep.txt cannot hold `{called}` among some of the species alone")
    _require_plain_sum(model.outputs["energy"], terms)
    return terms


def _require_plain_sum(energy: Node, terms: list[_Term]) -> None:
    left = [t.instance.energy for t in terms]
    for part in _summands(energy, set(left)):
        if part not in left:
            raise _fault("the energy is not a plain sum of its terms: nep.txt cannot hold it", _SUM)
        left.remove(part)
    if left:
        raise _fault("the energy is not a plain sum of its terms: nep.txt cannot hold it", _SUM)


def _summands(node: Node, whole: set[Node]) -> Iterator[Node]:
    stack = [node]
    while stack:
        part = stack.pop()
        if part.op is ops.add and part not in whole:
            stack.extend(part.args)
        else:
            yield part


def _only(terms: list[_Term], names: tuple[str, ...]) -> _Term | None:
    found = [t for t in terms if t.instance.called in names]
    if len(found) > 1:
        raise found[1].fault(f"nep.txt holds one `{names[0]}`, and this is the second")
    return found[0] if found else None


class _Tables:
    """The numbers of parameters, written out: components not kept are 0, joined ones repeated."""

    def __init__(self, model: Model, theta: Floats) -> None:
        self.model = model
        self.found = model.vector.tables(theta, lambda flat, places: np.append(flat, 0.0)[list(places)])
        self.kept = {p.name: p.components for p in model.parameters if p.components is not None}

    def of(self, term: _Term, name: str, shape: tuple[int, ...], rows: int | None = None) -> Floats:
        """(rows, *shape). rows: how many, where nothing is left of a table to tell, else those of species."""
        full = f"{term.instance.name}.{name}"
        if full not in self.found:
            return np.zeros((rows or len(self.model.species), *shape))
        table = self.found[full]
        if full in self.kept:
            whole = np.zeros((len(table), int(np.prod(shape))))
            whole[:, list(self.kept[full] or ())] = table
            table = whole
        return table.reshape(len(table), *shape)


# --- the parts ---------------------------------------------------------------------------------


def _network(term: _Term | None, tables: _Tables) -> Nep:
    if term is None:
        raise _fault("the formula has no term `nep`", _SUM)
    n_max, basis_size, l_max = (term.whole(name) for name in ("n_max", "basis_size", "l_max"))
    top, four, five = [*l_max, 0, 0][:3]
    (neuron,) = term.whole("neuron")
    cutoff = term.number("rc"), term.number("rc_angular")
    species = tables.model.species
    header = Header(
        3 if term.word("network") == "shared" else 4,
        species,
        cutoff,
        (_neighbours(cutoff[0]), _neighbours(cutoff[1])),
        (n_max[0], n_max[1]),
        (basis_size[0], basis_size[1]),
        (top, four, five),
        neuron,
    )
    if cutoff[1] > cutoff[0]:
        raise term.fault("the angular cutoff of nep.txt is not longer than the radial one")
    shapes = header.shapes
    s = len(species)
    c = {
        name: _of_pairs(tables.of(term, name, (int(np.prod(shapes[name][:2])),), s * s), shapes[name])
        for name in ("c_radial", "c_angular")
    }
    return Nep(
        header,
        tables.of(term, "W1", shapes["W"][1:]),
        -tables.of(term, "b1", shapes["b"][1:]),
        tables.of(term, "w", shapes["w"][1:]),
        np.zeros(()),
        c["c_radial"],
        c["c_angular"],
        tables.of(term, "q_scaler", shapes["q_scaler"], 1)[0],
    )


def _of_pairs(rows: Floats, shape: tuple[int, ...]) -> Floats:
    """(S·S, n·k), a row for each ordered pair -> (n, k, S, S) of nep.txt."""
    n, k, s, _ = shape
    return rows.reshape(s, s, n, k).transpose(2, 3, 0, 1)


def _neighbours(cutoff: float) -> int:
    """More neighbours than an atom has in matter of any density."""
    return min(_MOST_NEIGHBOURS, ceil(4 / 3 * pi * cutoff**3 * _DENSEST))


def _with_core(nep: Nep, term: _Term, tables: _Tables) -> Nep:
    a0 = term.number("a0")
    if abs(a0 / _A0 - 1) > 1e-6:
        raise term.fault(f"the ZBL of nep.txt has a0 = {_A0:.6f} Å, not {a0:.6f}", "leave `a0` as it is")
    if term.instance.called == "zbl_flexible":
        return _with_flexible(nep, term, tables)
    inner, outer, switch = term.number("inner"), term.number("outer"), term.word("switch")
    _require_reach(nep, term, outer)
    if switch == "cosine":
        return _replaced(nep, Zbl(inner, outer))
    if switch != "typewise":
        raise term.fault(
            f"nep.txt cannot hold the switch `{switch}` of `zbl`", "it has `cosine` and `typewise`"
        )
    beyond = [s for s in nep.header.species if s not in D3_RADII]
    if term.word("radii") != "d3" or beyond:
        message = "the typewise cutoffs of nep.txt are of other covalent radii"
        raise term.fault(message, "write `radii = d3`" if not beyond else f"there are none of {beyond[0]}")
    # what GPUMD does not use there, but has to find below the other
    inner = inner if 0.0 <= inner < outer else outer / 2
    return _replaced(nep, Zbl(inner, outer, term.number("factor")))


def _with_flexible(nep: Nep, term: _Term, tables: _Tables) -> Nep:
    s = len(nep.header.species)
    pairs = s * (s + 1) // 2
    inner, outer = (tables.of(term, name, (), pairs) for name in ("inner", "outer"))
    amplitudes, exponents = (tables.of(term, name, (4,), pairs) for name in ("amplitudes", "exponents"))
    if outer.max() > term.number("rc"):
        raise term.fault("the sum over neighbours ends before `outer` of a pair", "make `rc` longer")
    _require_reach(nep, term, float(outer.max()))
    if not (inner < outer).all():
        raise term.fault("`inner` of a pair is not shorter than its `outer`")
    table = np.empty((pairs, 10))
    table[:, 0], table[:, 1], table[:, 2::2], table[:, 3::2] = inner, outer, amplitudes, exponents
    return _replaced(nep, Zbl(0.0, 0.0), table)


def _require_reach(nep: Nep, term: _Term, outer: float) -> None:
    angular = nep.header.cutoff[1]
    if outer > angular:
        reach = f"no farther than `rc_angular`, {angular:g} Å"
        message = f"`{term.instance.called}` reaches {outer:g} Å, and in nep.txt {reach}"
        raise term.fault(message, "make `rc_angular` longer, or the core shorter")


def _replaced(nep: Nep, zbl: Zbl, flexible: Floats | None = None) -> Nep:
    return replace(nep, header=replace(nep.header, zbl=zbl), flexible=flexible)


def _with_energies(nep: Nep, e0: Floats) -> Nep:
    """Energies of free atoms: one for all, or a neuron that reads nothing, w tanh(1) = e0 − the first."""
    if (e0 == e0[0]).all():
        return replace(nep, shift=np.array(-e0[0]))
    s, d = len(e0), nep.header.descriptors
    nets = [np.repeat(part, s // len(part), axis=0) for part in (nep.W, nep.b, nep.w)]
    W = np.concatenate([nets[0], np.zeros((s, 1, d))], axis=1)
    b = np.concatenate([nets[1], np.full((s, 1), -1.0)], axis=1)
    w = np.concatenate([nets[2], (e0 - e0[0])[:, None] / tanh(1.0)], axis=1)
    header = replace(nep.header, version=4, neuron=nep.header.neuron + 1)
    return replace(nep, header=header, W=W, b=b, w=w, shift=np.array(-e0[0]))


def _checked(nep: Nep) -> Nep:
    h = nep.header
    sizes = (h.neuron, h.descriptors, h.angular_descriptors, max(h.basis_size))
    for (name, most), size in zip(_LIMITS.items(), sizes, strict=True):
        if size > most:
            raise _fault(f"{size} is more than GPUMD has room for: {name} of nep.txt is at most {most}", None)
    if not all(np.isfinite(part).all() for part in (nep.W, nep.b, nep.w, nep.c_radial, nep.c_angular)):
        raise _fault("a parameter is not a finite number", None)
    return nep
