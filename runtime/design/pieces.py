"""Pieces of a catalogue as specs: one alone, to be measured, and all together, to be selected from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...compiler.analysis.linearity import linear_parameters
from ...compiler.declarations.canonical import REFERENCE
from ...compiler.diagnostics.diagnostic import Diagnostic, UserError
from ...compiler.diagnostics.source import Source
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ...compiler.reduction.spec_rewriter import Rewritable
from ...compiler.warnings import require_sound
from ...compiler.warnings.cutoff_discontinuity import cutoff_discontinuity
from ...compiler.warnings.formula import Formula
from ..files.settings import ConfigError
from ..potential.potential import Potential, compile
from ..structures.arrays import Indices


@dataclass(frozen=True)
class Material:
    """The material of a design: its species and a length d, Å."""

    species: tuple[str, ...]
    length: float

    def spec(self, energy: str) -> str:
        return f"species {', '.join(self.species)}\nlet d = {self.length:g} Å\nE = {energy}\n"


@dataclass(frozen=True, eq=False)
class Piece:
    """A spec with its potential; `linear` are the places among its trained numbers that select may choose."""

    text: str
    potential: Potential
    linear: Indices

    @property
    def trained(self) -> int:
        return self.potential.n_parameters


def piece(material: Material, call: str, place: str) -> Piece:
    """A term of the catalogue alone. Raises UserError where it is not one, or has nothing linear to train."""
    made = _potential(material.spec(call), place)
    linear = _linear(made.model)
    if not len(linear):
        message = (
            f"`{call}` has no parameters that enter the energy linearly: nothing can be selected from it"
        )
        raise ConfigError(Diagnostic("nothing-to-select", message, place=place))
    return Piece(call, made, linear)


def base(material: Material, core: str, place: str) -> Piece:
    """The fixed part of a model: the core and an energy for each species."""
    made = _potential(material.spec(f"{core} + {REFERENCE}()" if core else f"{REFERENCE}()"), place)
    return Piece(core, made, _linear(made.model))


def together(material: Material, core: str, calls: Sequence[str]) -> Rewritable:
    """The spec of everything: core, reference energies, and the pieces in their order."""
    energy = " + ".join([*([core] if core else []), f"{REFERENCE}()", *calls])
    return Rewritable(Program.of(Source(material.spec(energy), "the catalogue")))


def _potential(text: str, place: str) -> Potential:
    try:
        made = compile(text)
        require_sound(cutoff_discontinuity(Formula(made.program.checked, made.model)))
        return made
    except UserError as error:
        raise ConfigError([_placed(d, place) for d in error.diagnostics]) from None


def _placed(d: Diagnostic, place: str) -> Diagnostic:
    """A fault of a term, reported at the configuration that has it."""
    written = d.primary.source.text[d.primary.start : d.primary.end] if d.primary is not None else ""
    message = f"{d.message} (`{written}`)" if written else d.message
    return Diagnostic(d.code, message, place=place, help=d.help)


def _linear(model: Model) -> Indices:
    names = linear_parameters(model)
    return np.flatnonzero([c.parameter.name in names for c in model.vector.trained])
