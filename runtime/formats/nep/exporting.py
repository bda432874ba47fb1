"""A potential as nep.txt: its formula has to be a sum of one `nep`, ZBL and reference energies."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, pi, tanh

import numpy as np

from ....compiler.chemistry.elements import D3_RADII
from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.ir.graph import TermInstance
from ...potential.plain_sum import Numbers, Term, is_plain_sum, terms_of
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


def nep_of(potential: Potential) -> Nep:
    """The model that nep.txt can hold, the same in every energy and force.

    Energies of free atoms that differ among species take one more neuron, as nep.txt has one for all; a
    network shared by all species then becomes one for each. Raises ArtifactError `not-a-nep`.
    """
    terms = _terms(potential)
    tables = Numbers(potential.model, potential.theta)
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


def _terms(potential: Potential) -> list[Term]:
    """The terms of the formula, which is their plain sum. Raises ArtifactError."""
    model, terms = terms_of(potential)
    for term in terms:
        if term.called not in _HELD or not term.is_of_library:
            raise _at(term, f"nep.txt cannot hold the term `{term.called}`")
        if term.only:
            raise _at(term, f"nep.txt cannot hold `{term.called}` among some of the species alone")
    if not is_plain_sum(model.outputs["energy"], terms):
        raise _fault("the energy is not a plain sum of its terms: nep.txt cannot hold it", _SUM)
    return terms


def _at(term: Term, message: str, help: str | None = None) -> ArtifactError:
    return _fault(message, help or _SUM, term.instance)


def _only(terms: list[Term], names: tuple[str, ...]) -> Term | None:
    found = [t for t in terms if t.called in names]
    if len(found) > 1:
        raise _at(found[1], f"nep.txt holds one `{names[0]}`, and this is the second")
    return found[0] if found else None


# --- the parts ---------------------------------------------------------------------------------


def _network(term: Term | None, tables: Numbers) -> Nep:
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
        raise _at(term, "the angular cutoff of nep.txt is not longer than the radial one")
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


def _with_core(nep: Nep, term: Term, tables: Numbers) -> Nep:
    a0 = term.number("a0")
    if abs(a0 / _A0 - 1) > 1e-6:
        raise _at(term, f"the ZBL of nep.txt has a0 = {_A0:.6f} Å, not {a0:.6f}", "leave `a0` as it is")
    if term.instance.called == "zbl_flexible":
        return _with_flexible(nep, term, tables)
    inner, outer, switch = term.number("inner"), term.number("outer"), term.word("switch")
    _require_reach(nep, term, outer)
    if switch == "cosine":
        return _replaced(nep, Zbl(inner, outer))
    if switch != "typewise":
        raise _at(
            term, f"nep.txt cannot hold the switch `{switch}` of `zbl`", "it has `cosine` and `typewise`"
        )
    beyond = [s for s in nep.header.species if s not in D3_RADII]
    if term.word("radii") != "d3" or beyond:
        message = "the typewise cutoffs of nep.txt are of other covalent radii"
        raise _at(term, message, "write `radii = d3`" if not beyond else f"there are none of {beyond[0]}")
    # what GPUMD does not use there, but has to find below the other
    inner = inner if 0.0 <= inner < outer else outer / 2
    return _replaced(nep, Zbl(inner, outer, term.number("factor")))


def _with_flexible(nep: Nep, term: Term, tables: Numbers) -> Nep:
    s = len(nep.header.species)
    pairs = s * (s + 1) // 2
    inner, outer = (tables.of(term, name, (), pairs) for name in ("inner", "outer"))
    amplitudes, exponents = (tables.of(term, name, (4,), pairs) for name in ("amplitudes", "exponents"))
    if outer.max() > term.number("rc"):
        raise _at(term, "the sum over neighbours ends before `outer` of a pair", "make `rc` longer")
    _require_reach(nep, term, float(outer.max()))
    if not (inner < outer).all():
        raise _at(term, "`inner` of a pair is not shorter than its `outer`")
    table = np.empty((pairs, 10))
    table[:, 0], table[:, 1], table[:, 2::2], table[:, 3::2] = inner, outer, amplitudes, exponents
    return _replaced(nep, Zbl(0.0, 0.0), table)


def _require_reach(nep: Nep, term: Term, outer: float) -> None:
    angular = nep.header.cutoff[1]
    if outer > angular:
        reach = f"no farther than `rc_angular`, {angular:g} Å"
        message = f"`{term.instance.called}` reaches {outer:g} Å, and in nep.txt {reach}"
        raise _at(term, message, "make `rc_angular` longer, or the core shorter")


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
