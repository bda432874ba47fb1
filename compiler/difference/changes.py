"""The changes between two specs built for the same species: terms, their parameters, their places."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..ir.parameter import Parameter
from . import operations as op
from . import written
from .forms import Forms, Sum
from .matching import matched_parameters, members_that_differ, with_bodies
from .parameters import parameter_changes
from .places import Places, place_changes, skeleton
from .sameness import normal_forms
from .sides import Instance, Side

Pairs = Sequence[tuple[Instance, Instance]]


@dataclass(frozen=True)
class Changes:
    """operations: the changes. names: of a parameter of b -> that of its partner in a. forms:
    of the energies and of terms that belong together, where they are not one form.
    """

    operations: tuple[op.Operation, ...]
    names: Mapping[str, str]
    forms: tuple[tuple[Sum, Sum], ...]


def changes(a: Side, b: Side, pairs: Pairs, own: tuple[Side, Side]) -> Changes:
    """All that changed. pairs: terms that belong together. own: both sides for the species that they name."""
    parameters = {y.name: matched_parameters(x, y) for x, y in pairs}
    names = {q.name: p.name for found in parameters.values() for p, q in found}
    lent = _lent(pairs, names)
    names |= {q.name: p.name for p, q in lent}
    renamed = {**{n: "b " + n for n in b.parameters}, **names}
    forms = Forms(a.work)
    keep = {n: n for n in a.parameters}
    normal_a = normal_forms(forms, a, {n: n.encode() for n in keep}, keep)
    normal_b = normal_forms(forms, b, {n: renamed[n].encode() for n in b.parameters}, renamed)
    found = [*_terms_alone(a, b, pairs, own, names), *parameter_changes(a, b, lent, _common(own, b))]
    unlike = [(normal_a.of(a.energy), normal_b.of(b.energy))]
    for x, y in pairs:
        if normal_a.of(x.energy) is not normal_b.of(y.energy):
            unlike.append((normal_a.of(x.energy), normal_b.of(y.energy)))
            found += _term_changes(x, y, names)
        found += _parameter_sets(a, b, x, y, parameters[y.name])
        found += _owners(x, y, names)
        found += parameter_changes(a, b, parameters[y.name], _common(own, b))
    partner = {y.name: x.name for x, y in pairs}
    before = skeleton(forms, a, {i.name: i.name for i in a.outermost}, keep)
    after = skeleton(forms, b, {i.name: partner.get(i.name, "b " + i.name) for i in b.outermost}, renamed)
    found += place_changes(a, b, list(pairs), before, after)
    return Changes(tuple(found), names, tuple(unlike))


def _common(own: tuple[Side, Side], built: Side) -> frozenset[str]:
    """Species that both specs have; one that leaves them to the data has all."""
    named = [frozenset(side.model.species) for side in own if not side.model.open_species]
    return frozenset(built.model.species).intersection(*named)


def _terms_alone(
    a: Side, b: Side, pairs: Pairs, own: tuple[Side, Side], names: Mapping[str, str]
) -> Iterator[op.Operation]:
    gone = [i for i in with_bodies(a) if i.name not in {x.name for x, _ in pairs}]
    new = [i for i in with_bodies(b) if i.name not in {y.name for _, y in pairs}]
    if gone:
        places = Places(a)
        yield from (
            op.TermRemoved(i.name, places.of(i), _trained(own[0], i.name, names.values())) for i in gone
        )
    if new:
        places = Places(b)
        yield from (op.TermAdded(i.name, places.of(i), _trained(own[1], i.name, names)) for i in new)


def _trained(side: Side, term: str, shared: Container[str]) -> int:
    """Numbers of a term that a fit changes. shared: parameters that others read on both sides."""
    own = [p for p in side.model.parameters if p.term == term and p.name not in shared]
    return sum(sum(p.free) for p in own)


def _term_changes(x: Instance, y: Instance, names: Mapping[str, str]) -> Iterator[op.Operation]:
    """The reason that the energies of two terms are not one formula."""
    found = [*_argument_changes(x, y)]
    if x.only != y.only:
        found.append(op.TermSpeciesChanged(y.name, x.only, y.only))
    if x.term.span.source.name != y.term.span.source.name or x.term.span.text != y.term.span.text:
        found += [op.DefinitionChanged(y.name, *change) for change in members_that_differ(x.term, y.term)]
    kinds = [(p, q) for p, q in matched_parameters(x, y) if p.kind != q.kind or p.components != q.components]
    told = kinds or any(_owners(x, y, names))
    return iter(found or ([] if told else [op.FormulaUnproved(y.name)]))


def _argument_changes(x: Instance, y: Instance) -> Iterator[op.Operation]:
    for name in dict.fromkeys((*x.arguments, *y.arguments)):
        before, after = written.value(x.arguments.get(name)), written.value(y.arguments.get(name))
        given = name in x.scope.given or name in y.scope.given
        if before != after and (given or x.term.span.text != y.term.span.text):  # not what follows another
            yield op.ArgumentChanged(y.name, name, before, after)


def _parameter_sets(
    a: Side, b: Side, x: Instance, y: Instance, pairs: Sequence[tuple[Parameter, Parameter]]
) -> Iterator[op.Operation]:
    """Parameters that only one of two terms has."""
    for name, p in x.parameters.items():
        if all(p is not q for q, _ in pairs) and p.name not in a.random and name not in y.shared:
            yield op.ParameterRemoved(f"{y.name}.{name}", written.parameter(p))
    for name, q in y.parameters.items():
        if all(q is not p for _, p in pairs) and q.name not in b.random and name not in x.shared:
            yield op.ParameterAdded(q.name, written.parameter(q))


def _lent(pairs: Pairs, names: Mapping[str, str]) -> list[tuple[Parameter, Parameter]]:
    """Shared parameters that belong together and whose owners are in neither energy."""
    found: dict[str, tuple[Parameter, Parameter]] = {}
    for x, y in pairs:
        for name, q in y.shared.items():
            if name in x.shared and q.name not in names and x.shared[name].name not in names.values():
                found.setdefault(q.name, (x.shared[name], q))
    return list(found.values())


def _owners(x: Instance, y: Instance, names: Mapping[str, str]) -> Iterator[op.Operation]:
    """Parameters that are shared with others than before."""
    for name in dict.fromkeys((*x.shared, *y.shared)):
        before = x.shared[name].name if name in x.shared else None
        after = y.shared[name].name if name in y.shared else None
        if before is None or after is None or names.get(after) != before:
            yield op.OwnerChanged(f"{y.name}.{name}", before, after)
