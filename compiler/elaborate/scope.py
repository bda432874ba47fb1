"""The scope of an expression: the data of a model and of a term while they are built.

`model_builder.Builder` and `term.TermBuilder` add the evaluation of names and calls; a module that only reads
or fills in the data imports this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..declarations.check import Checked
from ..diagnostics.source import Span
from ..ir.graph import Node, TermInstance
from ..ir.parameter import Parameter
from ..ir.types import SITE, Domain
from ..syntax import tree as syntax
from .values import Override, Value

PLACEHOLDER = "X"  # stands for the species of a spec that leaves them to the data


@dataclass(frozen=True)
class Atoms:
    """The atoms in hand (`i`, `i j` or `i j k`) and the domain of values there."""

    indices: tuple[str, ...]
    domain: Domain


AT_SITE = Atoms(("i",), SITE)


@dataclass(frozen=True)
class Env:
    """All that the value of an expression depends on.

    scope: the meaning of its names. atoms: those in hand. locals: arguments of the definition it stands in.
    """

    scope: Scope
    atoms: Atoms = AT_SITE
    locals: Mapping[str, Value] = field(default_factory=dict)

    def at(self, atoms: Atoms) -> Env:
        """The same with other atoms in hand."""
        return replace(self, atoms=atoms)

    @property
    def top(self) -> ModelScope:
        """The model that is being built."""
        return self.scope.top


class Scope(ABC):
    """The meaning of names and calls at a place of a spec, and how far its sums over neighbours go."""

    top: ModelScope

    @abstractmethod
    def name(self, name: syntax.Name, env: Env) -> Value:
        """The value of a name. Raises SpecError."""

    @abstractmethod
    def call(self, call: syntax.Call, env: Env) -> Value:
        """The value of a call. Raises SpecError."""

    @abstractmethod
    def cutoff(self, span: Span) -> float:
        """The cutoff of a sum without one of its own, Å. Raises SpecError at `span`."""

    @abstractmethod
    def restrict(self, node: Node, atoms: Atoms) -> Node:
        """A value of the last of the atoms, 0 where that is none of the scope's species."""


class ModelScope(Scope):
    """A model while it is built, and the top level of its spec as a scope."""

    def __init__(self, checked: Checked, species: tuple[str, ...]) -> None:
        self.top = self
        self.checked = checked
        self.open_species = not species
        self.species = species or (PLACEHOLDER,)
        self.parameters: list[Parameter] = []
        self.kept: dict[str, tuple[int, ...] | None] = {}  # by parameter: its components, None for all
        self.numbers = 0  # of all parameters
        self.taken: set[str] = set()  # names of instances
        self.steps = 0  # expressions that were evaluated
        self.instances: list[TermInstance] = []
        self.scopes: dict[str, TermScope] = {}  # by instance, with the values of its arguments

    def enter(self, parameter: Parameter) -> None:
        """A parameter, in the order of the first readings."""
        self.parameters.append(parameter)
        self.kept.setdefault(parameter.name, parameter.components)
        self.numbers += len(parameter.start)
        self.taken.add(parameter.term)

    @abstractmethod
    def let(self, name: str) -> Value:
        """The value of a let. Raises SpecError."""

    @abstractmethod
    def opened(self, let: str, call: syntax.Call) -> TermScope:
        """The term that a let calls, its arguments bound; its energy may never be read. Raises SpecError."""

    @abstractmethod
    def term_call(self, call: syntax.Call, env: Env) -> Node:
        """The site energy of a term that is called, eV. Raises SpecError."""


class TermScope(Scope):
    """One instance of a term: its arguments, its parameters and its definitions by name.

    outer: the scope of its call.
    given: names of the arguments and parameters that the call gives; overrides: the parameters among them.
    declared: the IR leaves of parameters that were read.
    only: the species that the term is limited to, empty for all.
    """

    def __init__(self, outer: Scope, instance: str, term: syntax.Term, called_at: Span) -> None:
        self.top = outer.top
        self.outer = outer
        self.instance = instance
        self.term = term
        self.called_at = called_at
        self.formals: dict[str, Value] = {}
        self.given: frozenset[str] = frozenset()
        self.overrides: dict[str, Override] = {}
        self.params = {m.name: m for m in term.members if isinstance(m, syntax.Param)}
        self.definitions = {m.name: m for m in term.members if isinstance(m, syntax.Definition)}
        self.declared: dict[str, Node] = {}
        self.only: tuple[str, ...] = ()
