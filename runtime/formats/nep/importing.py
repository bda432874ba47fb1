"""A model read from nep.txt as a potential: a short spec, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ....compiler.program import Program
from ...potential.potential import Potential, at_start
from ...structures.arrays import Floats
from .nep_file import Nep

# 1/a0 of GPUMD, 2.134563 /Å, to all its digits
_A0 = "a0 = 1 Å / 2.134563"


def potential_of(nep: Nep, name: str) -> Potential:
    """The potential of a model. name: of the file, for the first line of the spec.

    Raises ArtifactError `unsupported-nep` where the flexible ZBL reaches beyond the angular cutoff.
    """
    made = at_start(_program(nep, name))
    return made.with_theta(_theta(made, _tables(nep)))


def spec_of(nep: Nep, name: str) -> str:
    """The spec in canonical form."""
    return _program(nep, name).text


def _program(nep: Nep, name: str) -> Program:
    h = nep.header
    arguments = [
        f"rc = {_number(h.cutoff[0])} Å",
        f"rc_angular = {_number(h.cutoff[1])} Å",
        f"n_max = {list(h.n_max)}",
        f"basis_size = {list(h.basis_size)}",
        f"l_max = {list(h.l_max)}",
        f"neuron = {h.neuron}",
    ]
    if h.version == 3:
        arguments.append("network = shared")
    terms = [f"nep({', '.join(arguments)})", *_core(nep, name), "reference()"]
    text = f"# NEP{h.version}, read from {name}\nspecies {', '.join(h.species)}\nE = {' + '.join(terms)}\n"
    return Program.of(text).self_contained()


def _core(nep: Nep, name: str) -> list[str]:
    zbl = nep.header.zbl
    if zbl is None:
        return []
    if nep.flexible is not None:
        reach = float(nep.flexible[:, 1].max())
        if reach > nep.header.cutoff[1] or not (nep.flexible[:, 0] < nep.flexible[:, 1]).all():
            message = "a pair of the flexible ZBL ends beyond the angular cutoff, or before it begins"
            raise ArtifactError(Diagnostic("unsupported-nep", message, place=name))
        return [f"pin zbl_flexible(rc = {_number(reach)} Å, {_A0})"]
    if zbl.factor is not None:
        switch = f"switch = typewise, factor = {_number(zbl.factor)}, radii = d3"
        return [f"pin zbl(inner = {_number(zbl.inner)} Å, outer = {_number(zbl.outer)} Å, {switch}, {_A0})"]
    return [f"pin zbl(inner = {_number(zbl.inner)} Å, outer = {_number(zbl.outer)} Å, {_A0})"]


def _number(value: float) -> str:
    return np.format_float_positional(value, unique=True, trim="-")


def _tables(nep: Nep) -> dict[str, Floats]:
    """The parameters of the spec by their names, rows of a table first."""
    s = len(nep.header.species)
    found = {
        "nep.c_radial": by_pair(nep.c_radial),
        "nep.c_angular": by_pair(nep.c_angular),
        "nep.q_scaler": nep.q_scaler,
        "nep.W1": nep.W,
        "nep.b1": -nep.b,
        "nep.w": nep.w,
        "reference.e0": np.full(s, -float(nep.shift)),
    }
    if nep.flexible is not None:
        names = ("inner", "outer", "amplitudes", "exponents")
        parts = (nep.flexible[:, 0], nep.flexible[:, 1], nep.flexible[:, 2::2], nep.flexible[:, 3::2])
        found |= {f"zbl_flexible.{name}": part for name, part in zip(names, parts, strict=True)}
    return found


def by_pair(c: Floats) -> Floats:
    """(n, k, S, S) of nep.txt -> (S·S, n·k), a row for each ordered pair."""
    n, k, s, _ = c.shape
    return c.transpose(2, 3, 0, 1).reshape(s * s, n * k)


def _theta(made: Potential, tables: Mapping[str, Floats]) -> Floats:
    return np.concatenate([np.ravel(tables[p.name]) for p in made.model.parameters])
