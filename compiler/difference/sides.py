"""One of two specs that are compared: its model with its terms, their arguments and their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..analysis.budget import Budget
from ..declarations.check import Checked, walk
from ..elaborate.model_builder import Builder, named_species
from ..elaborate.scope import TermScope
from ..elaborate.values import Value
from ..ir import ops
from ..ir.graph import Model, Node, topological
from ..ir.parameter import Parameter
from ..passes.drop_dead import drop_dead_parts
from ..pipeline import optimize
from ..syntax import tree as syntax
from . import written

STEPS = 30_000  # of a comparison, each a sum of products that is looked up or made, 20 µs
RANDOM = "random"  # the word for a start that is drawn
WEIGHTS = "random weights"  # of a network
SIMPLIFIED = "cse"  # the last of the passes that make a model simple


@dataclass(frozen=True, eq=False)
class Instance:
    """A term as it is called: its arguments by name, the defaults too, and its parameters by their own names.

    shared: the parameters of other terms that it reads, by the names that they have here.
    """

    name: str
    called: str
    energy: Node
    pinned: bool
    call: syntax.Call | None
    scope: TermScope
    parameters: dict[str, Parameter]
    shared: dict[str, Parameter]

    @property
    def arguments(self) -> dict[str, Value]:
        return self.scope.formals

    @property
    def only(self) -> tuple[str, ...]:
        return self.scope.only

    @property
    def term(self) -> syntax.Term:
        return self.scope.term


@dataclass(frozen=True, eq=False)
class Side:
    """A checked spec, built for some species."""

    checked: Checked
    model: Model
    instances: tuple[Instance, ...]
    random: Mapping[str, str]  # parameters that start from random numbers, and how: `random(0.1)`
    work: Budget

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        return {p.name: p for p in self.model.parameters}

    @cached_property
    def simplified(self) -> Model:
        """The model with constants folded and equal parts shared."""
        return optimize(self.model, SIMPLIFIED)

    @property
    def energy(self) -> Node:
        return self.model.outputs["energy"]

    @cached_property
    def outermost(self) -> tuple[Instance, ...]:
        """Instances with a body of their own that are in no other such."""
        bodies = [i for i in self.instances if i.term.alias is None]
        inside: set[Node] = set()
        for instance in bodies:
            inside |= set(topological([instance.energy])) - {instance.energy}
        return tuple(i for i in bodies if i.energy not in inside)


def species_of(checked: Checked, given: Sequence[str] | None) -> tuple[str, ...]:
    """The species that a spec names, else those given; empty where data would say. Raises SpecError."""
    return named_species(checked) or tuple(given or ())


def build_side(
    checked: Checked, species: tuple[str, ...], lenient: bool = False, work: Budget | None = None
) -> Side:
    """A spec built for species; lenient: tables of parameters may lack rows of species that the spec does not
    have. work: of the comparison that it is built for. Raises SpecError.
    """
    builder = Builder(checked, species)
    builder.open_species = builder.open_species or lenient
    model = drop_dead_parts(builder.model())
    calls = _calls(checked)
    instances: list[Instance] = []
    for t in model.terms:
        scope = builder.scopes[t.name]
        own = {own_name(p): p for p in model.parameters if p.term == t.name}
        place = (t.origin.start, t.origin.end) if t.origin else None
        call = calls.get(place) if t.origin and t.origin.source is checked.file.source and place else None
        shared = _shared(scope, model)
        instances.append(Instance(t.name, t.called, t.energy, t.pinned, call, scope, own, shared))
    drawn = [(p.name, _random_start(builder.scopes[p.term], own_name(p))) for p in model.parameters]
    random = {name: how for name, how in drawn if how}
    return Side(checked, model, tuple(instances), random, work or Budget(STEPS))


def own_name(p: Parameter) -> str:
    """Its name in its term."""
    return p.name.removeprefix(f"{p.term}.")


def _shared(scope: TermScope, model: Model) -> dict[str, Parameter]:
    leaves = {leaf["name"]: name for name, leaf in scope.declared.items() if leaf.op is ops.param}
    return {leaves[p.name]: p for p in model.parameters if p.name in leaves and p.term != scope.instance}


def _random_start(scope: TermScope, name: str) -> str | None:
    """The distribution of a drawn start: such numbers follow the name of the parameter and mean nothing."""
    declared = scope.params.get(name)
    if declared is None:  # weights of a network
        return WEIGHTS
    given = scope.overrides.get(name)
    value = declared.value if given is None else given.value
    drawn = [part for part in walk(value) if isinstance(part, syntax.Call) and part.name == RANDOM]
    return written.one_line(value.span.text) if drawn else None


def _calls(checked: Checked) -> dict[tuple[int, int], syntax.Call]:
    """Calls written in the spec's own text, by their place."""
    values = [checked.energy.value] if checked.energy else []
    values += [let.value for let in checked.lets.values()]
    values += [t.alias for t in checked.terms.values() if t.alias is not None]
    return {
        (part.span.start, part.span.end): part
        for value in values
        for part in walk(value)
        if isinstance(part, syntax.Call) and part.span.source is checked.file.source
    }
