"""Changes from one spec to another: a value for each, with plain data. Words are made elsewhere.

Values are written as the language writes them (`5 Å`, `bessel(8)`, `0.1 eV in (0, 10)`); None: nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Operation:
    """A change. `kind` is its name in JSON, `counts_as` the kind that a gate has it under."""

    kind: ClassVar[str]
    counts_as: ClassVar[Literal["formula", "numbers"]] = "formula"

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}


# --- the model ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpeciesChanged(Operation):
    """Empty: the spec names none and takes those of the data."""

    kind = "species_changed"
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class SpeciesReordered(Operation):
    """The same species in another order, on which it depends which component of a value is which."""

    kind = "species_reordered"
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class EnergyChanged(Operation):
    """The parts of the energy beside its terms."""

    kind = "energy_changed"
    before: str
    after: str


# --- terms -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TermAdded(Operation):
    """place: the summand of the energy that it is in. parameters: trained numbers."""

    kind = "term_added"
    term: str
    place: str
    parameters: int


@dataclass(frozen=True)
class TermRemoved(Operation):
    kind = "term_removed"
    term: str
    place: str
    parameters: int


@dataclass(frozen=True)
class TermMoved(Operation):
    """The summands that it is in have changed: another factor, another function around it."""

    kind = "term_moved"
    term: str
    before: str
    after: str


@dataclass(frozen=True)
class FactorChanged(Operation):
    """The number before a term."""

    kind = "factor_changed"
    term: str
    before: float
    after: float


@dataclass(frozen=True)
class ArgumentChanged(Operation):
    kind = "argument_changed"
    term: str
    argument: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TermSpeciesChanged(Operation):
    """The species that a term acts among. Empty: all."""

    kind = "term_species_changed"
    term: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class DefinitionChanged(Operation):
    """A line of a term of the spec's own."""

    kind = "definition_changed"
    term: str
    definition: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class FormulaUnproved(Operation):
    """Written differently, and neither a change nor a proof that there is none was found."""

    kind = "formula_unproved"
    term: str


@dataclass(frozen=True)
class PinChanged(Operation):
    kind = "pin_changed"
    term: str
    pinned: bool


# --- parameters --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ParameterAdded(Operation):
    kind = "parameter_added"
    parameter: str
    written: str


@dataclass(frozen=True)
class ParameterRemoved(Operation):
    kind = "parameter_removed"
    parameter: str
    written: str


@dataclass(frozen=True)
class ParameterFreed(Operation):
    """rows: those of its table, `Nb-W`; empty: all."""

    kind = "parameter_freed"
    counts_as = "numbers"
    parameter: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class ParameterFixed(Operation):
    kind = "parameter_fixed"
    counts_as = "numbers"
    parameter: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class StartChanged(Operation):
    kind = "start_changed"
    counts_as = "numbers"
    parameter: str
    rows: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True)
class BoundsChanged(Operation):
    kind = "bounds_changed"
    counts_as = "numbers"
    parameter: str
    rows: tuple[str, ...]
    before: str | None
    after: str | None


@dataclass(frozen=True)
class SharingChanged(Operation):
    """The domain of a parameter, and its unit."""

    kind = "sharing_changed"
    parameter: str
    before: str
    after: str


@dataclass(frozen=True)
class ComponentsChanged(Operation):
    """The number of components of a parameter, or the kept ones."""

    kind = "components_changed"
    parameter: str
    before: str
    after: str


@dataclass(frozen=True)
class JoinedChanged(Operation):
    """Rows of a table that share one number."""

    kind = "joined_changed"
    parameter: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class OwnerChanged(Operation):
    """The parameter of another term that one is shared with, None where its numbers are its own."""

    kind = "owner_changed"
    parameter: str
    before: str | None
    after: str | None


# --- text --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextChanged(Operation):
    """A change of the words alone, where a spec is not valid. part: `E`, `term morse6`, `line 3`."""

    kind = "text_changed"
    part: str
    before: str | None
    after: str | None
