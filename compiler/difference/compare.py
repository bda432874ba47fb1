"""Changes of meaning from one spec to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..analysis.budget import Budget
from ..declarations.check import Checked
from ..ir import ops
from . import operations as op
from .changes import Changes, changes
from .forms import Numbers
from .matching import matched_terms
from .sameness import content, correspondence, equal
from .sampling import distinct
from .sides import STEPS, Instance, Side, build_side, species_of

Verdict = Literal["same", "different", "unproved"]
# A spec that leaves its species to the data is compared for these: one, and more than two.
_SAMPLES: tuple[tuple[str, ...], ...] = (("Nb", "O", "Li"), ("Nb",))

# changes that may be of words alone
_WORDS = (op.DefinitionChanged, op.FormulaUnproved, op.ArgumentChanged)


@dataclass(frozen=True)
class Difference:
    """The changes. verdict: `same` only where it is proved; `unproved` where nothing was found to have
    changed and there is no proof of it either.

    parameters: name of a parameter of b -> that of its partner in a. level: `syntax` where one of the
    specs is not valid, and only words were compared.
    """

    verdict: Verdict
    operations: tuple[op.Operation, ...]
    a: Side | None = None
    b: Side | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    level: Literal["meaning", "syntax"] = "meaning"


def compare(a: Checked, b: Checked, species: Sequence[str] | None = None) -> Difference:
    """The difference of two checked specs. species: of a spec that names none.

    Raises SpecError, and Exhausted where that would take more than a second.
    """
    work = Budget(STEPS)
    of_a, of_b = species_of(a, species), species_of(b, species)
    if set(of_a) != set(of_b):
        return _across_species(a, b, of_a, of_b, work)
    samples = (of_a,) if of_a else _SAMPLES
    sides = [(build_side(a, chosen, work=work), build_side(b, chosen, work=work)) for chosen in samples]
    first_a, first_b = sides[0]
    own_a, own_b = (
        (first_a, first_b) if of_a else (build_side(a, (), work=work), build_side(b, (), work=work))
    )
    reordered = _reordered(of_a, of_b, (first_a, first_b))
    found = [correspondence(x, y) for x, y in sides]
    proved = all(names is not None for names in found)
    if proved and not any(i.pinned for side in sides[0] for i in side.instances) and not reordered:
        return Difference("same", (), own_a, own_b, found[0] or {})
    pairs = matched_terms(first_a, first_b)
    pins = tuple(_pins(pairs))
    if proved:
        beside = (*reordered, *pins)
        return Difference("different" if beside else "same", beside, own_a, own_b, found[0] or {})
    found_changes = changes(first_a, first_b, pairs, (own_a, own_b))
    if not found_changes.operations and not of_a and found[1] is None:
        # specs without species may agree for several and differ for one
        found_changes = changes(*sides[1], matched_terms(*sides[1]), (own_a, own_b))
    names = found_changes.names
    told = (*reordered, *found_changes.operations, *pins)
    if not told and _proved_at_last(first_a, first_b, names) and len(sides) == 1:
        return Difference("same", (), own_a, own_b, names)
    return Difference(_verdict(first_a, first_b, told, found_changes), told, own_a, own_b, names)


def _verdict(a: Side, b: Side, told: tuple[op.Operation, ...], found: Changes) -> Verdict:
    """Other words may mean the same: where nothing else changed, numbers decide whether they do not."""
    if not all(isinstance(operation, _WORDS) for operation in told):
        return "different"
    renamed = {name: b.parameters[name] for name in b.parameters if name not in found.names}
    parameters = {**a.parameters, **{f"b {name}": p for name, p in renamed.items()}}
    return "different" if any(distinct(x, y, parameters) for x, y in found.forms) else "unproved"


def _across_species(
    a: Checked, b: Checked, of_a: tuple[str, ...], of_b: tuple[str, ...], work: Budget
) -> Difference:
    """Specs for different species: what differs beside that, seen with all of them."""
    union = tuple(dict.fromkeys((*of_a, *of_b)))
    sides = build_side(a, union, True, work), build_side(b, union, True, work)
    pairs = matched_terms(*sides)
    own = build_side(a, of_a, work=work), build_side(b, of_b, work=work)
    found = changes(*sides, pairs, own)
    kept = [c for c in found.operations if not isinstance(c, op.TermSpeciesChanged)]
    told = (op.SpeciesChanged(of_a, of_b), *kept, *_pins(pairs))
    names = {y: x for y, x in found.names.items() if x in own[0].parameters and y in own[1].parameters}
    return Difference("different", told, *own, names)


def _reordered(
    of_a: tuple[str, ...], of_b: tuple[str, ...], sides: tuple[Side, Side]
) -> tuple[op.Operation, ...]:
    """The order of species matters where components are counted by it, as `by_species` does."""
    tables = (n for side in sides for n in side.model.nodes() if n.op is ops.const and n.kind.shape)
    if of_a == of_b or not any(n.kind.domain.name == "species" for n in tables):
        return ()
    return (op.SpeciesReordered(of_a, of_b),)


def _pins(pairs: list[tuple[Instance, Instance]]) -> Iterator[op.Operation]:
    return (op.PinChanged(y.name, y.pinned) for x, y in pairs if x.pinned != y.pinned)


def _proved_at_last(a: Side, b: Side, names: Mapping[str, str]) -> bool:
    """Whether the terms that belong together show the parameters that do: one more try of the proof."""
    if set(names) != set(b.parameters) or set(names.values()) != set(a.parameters):
        return False
    numbers = Numbers()
    n = len(a.model.species)
    alike = all(
        content(b.parameters[y], n, b.random.get(y), numbers)
        == content(a.parameters[x], n, a.random.get(x), numbers)
        for y, x in names.items()
    )
    return alike and equal(a, b, names)
