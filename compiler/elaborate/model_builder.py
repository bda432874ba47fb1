"""A checked spec to a model: the energy evaluated to IR, its terms named, its parameters gathered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..chemistry.elements import ELEMENTS
from ..chemistry.units import EV, ONE, Unit
from ..declarations.check import Checked, walk
from ..diagnostics.diagnostic import MOST_FOUND, Diagnostic, SpecError, capped, did_you_mean, respelt
from ..diagnostics.source import Span
from ..ir.graph import Model, Node, TermInstance
from ..ir.types import SITE
from ..syntax import tree as syntax
from . import builtins
from .evaluate import arithmetic, combine, evaluate, fault
from .radial_bases import FAMILIES
from .scope import Atoms, Env, ModelScope, Scope, TermScope
from .term import TermBuilder, opened, site_energy
from .values import Value, as_node

MOST_TERMS = 300  # of one energy, those within terms too


def build_model(checked: Checked, species: tuple[str, ...] | None = None) -> Model:
    """The model of a spec.

    species: those of the data, used where the spec names none. Raises SpecError with the faults found, and
    as `species_with`.
    """
    return Builder(checked, species_with(checked, species or ())).model()


def species_with(checked: Checked, species: Sequence[str]) -> tuple[str, ...]:
    """The species that the spec names, else those of the data.

    Raises SpecError: unknown-species, duplicate-species; `species-conflict` where the data has species that
    the spec does not.
    """
    _require_elements(species)
    named = named_species(checked)
    if species and named and not set(species) <= set(named):
        extra = ", ".join(s for s in species if s not in named)
        raise SpecError(
            Diagnostic(
                "species-conflict",
                f"the data has {extra}, but the spec is for {', '.join(named)}",
                place=checked.file.source.name,
                help=f"write `species {', '.join([*named, *(s for s in species if s not in named)])}`",
            )
        )
    return named or tuple(species)


def _require_elements(species: Sequence[str]) -> None:
    for k, name in enumerate(species):
        if name not in ELEMENTS:
            help = did_you_mean(name, ELEMENTS)
            raise SpecError(Diagnostic("unknown-species", f"there is no element `{name}`", help=help))
        if name in species[:k]:
            raise SpecError(Diagnostic("duplicate-species", f"species {name} is listed twice"))


def joined(model: Model, checked: Checked, operand: syntax.Expr) -> Model:
    """The model of a spec with one more operand at the end of its energy. checked: with the operand.

    The operand is a call of a term of which the spec has none yet. Raises SpecError.
    """
    builder = Builder(checked, () if model.open_species else model.species)
    more = arithmetic(operand, Env(builder))
    energy = as_node(combine("+", model.outputs["energy"], more))
    return replace(
        model,
        parameters=(*model.parameters, *builder.parameters),
        terms=(*model.terms, *builder.instances),
        outputs={"energy": energy},
    )


def named_species(checked: Checked) -> tuple[str, ...]:
    """Species that the spec itself names: in `species`, else in calls and tables of parameters, in order of
    appearance.
    """
    listed = tuple(s.name for s in checked.species)
    used: dict[str, Span] = {}
    for expr in _reachable(checked):
        for part in walk(expr):
            for name, span in _mentioned(part):
                if name in ELEMENTS and name not in checked.lets:
                    used.setdefault(name, span)
    if listed:
        for name, span in used.items():
            if name not in listed:
                raise fault(
                    "species-conflict",
                    f"{name} is not in `species {', '.join(listed)}`",
                    span,
                    f"add {name} to `species`",
                )
    return listed or tuple(used)


def _mentioned(part: syntax.Expr) -> Iterator[tuple[str, Span]]:
    if isinstance(part, syntax.Call):
        for argument in part.arguments:
            if argument.name is None and isinstance(argument.value, syntax.Name):
                yield argument.value.name, argument.span
    elif isinstance(part, syntax.Table):
        for keys, _, span in part.entries:
            yield from ((name, span) for key in keys for name in key)


def _reachable(checked: Checked) -> Iterator[syntax.Expr]:
    if checked.energy is not None:
        yield checked.energy.value
    yield from (let.value for let in checked.lets.values())
    yield from (t.alias for t in checked.terms.values() if t.alias is not None)


class Builder(ModelScope):
    """One model made of a spec, whose top level it evaluates."""

    def __init__(self, checked: Checked, species: tuple[str, ...]) -> None:
        super().__init__(checked, species)
        self._lets: dict[str, Value] = {}
        self._naming: str | None = None
        self._named: dict[syntax.Call, TermBuilder] = {}  # terms that a let names, by their calls
        self._counts: dict[str, int] = {}  # by the name that was wanted: the last number given to it

    def model(self) -> Model:
        assert self.checked.energy is not None
        expr = self.checked.energy.value
        try:
            energy = evaluate(expr, Env(self))
        except SpecError as error:
            endless = any(d.code == "too-large" for d in error.diagnostics)
            others = [] if endless else self._all_faults(expr)
            raise SpecError(capped(others or error.diagnostics, len(others) < MOST_FOUND)) from None
        if not isinstance(energy, Node) or energy.kind.domain != SITE:
            raise fault(
                "no-atoms", "the energy depends on no atom", expr.span, "add a term, such as `eam(rc=5)`"
            )
        if energy.kind.unit != EV:
            raise fault(
                "wrong-unit",
                f"the energy is in eV, not {energy.kind.unit}",
                expr.span,
                _product_help(energy.kind.unit),
            )
        if energy.kind.shape:
            raise fault("shape-mismatch", f"the energy is one number, not {energy.kind.shape}", expr.span)
        return Model(
            self.species, tuple(self.parameters), tuple(self.instances), {"energy": energy}, self.open_species
        )

    def _all_faults(self, expr: syntax.Expr) -> list[Diagnostic]:
        """The faults of each operand of the top-level sum, so that one run tells them all."""
        found: list[Diagnostic] = []
        for operand in expr.operands if isinstance(expr, syntax.Chain) else ():
            if len(found) >= MOST_FOUND:
                break
            try:
                fresh = Builder(self.checked, () if self.open_species else self.species)
                evaluate(operand, Env(fresh))
            except SpecError as error:
                found.extend(d for d in error.diagnostics if d not in found)
        return found

    # --- Scope -----------------------------------------------------------------------------

    def name(self, name: syntax.Name, env: Env) -> Value:
        return builtins.word(name, env)

    def call(self, call: syntax.Call, env: Env) -> Value:
        return builtins.call(call, env)

    def cutoff(self, span: Span) -> float:
        raise fault(
            "misplaced-value",
            "sums over neighbours are written inside a term",
            span,
            "write `term name(rc = 5 Å) { site(i) = sum(j) … }`",
        )

    def restrict(self, node: Node, atoms: Atoms) -> Node:
        return node

    def let(self, name: str) -> Value:
        """The value of a let; a term in it is one instance, however often the name is used."""
        if name not in self._lets:
            declaration = self.checked.lets[name]
            outer, self._naming = self._naming, name if _is_call(declaration.value) else None
            self._lets[name] = evaluate(declaration.value, Env(self))
            self._naming = outer
        return self._lets[name]

    def opened(self, let: str, call: syntax.Call) -> TermScope:
        if call not in self._named:
            outer, self._naming = self._naming, let
            self.taken.add(self._opened(self._term(call, self), call, Env(self)).instance)
            self._naming = outer
        return self._named[call]

    def term_call(self, call: syntax.Call, env: Env) -> Node:
        term = self._term(call, env.scope)
        if env.atoms.domain != SITE:
            raise fault(
                "misplaced-value",
                f"`{call.name}` is the energy of an atom; it has no place inside a sum over neighbours",
                call.span,
            )
        if len(self.instances) >= MOST_TERMS:
            message = f"the energy is made of more than {MOST_TERMS} terms"
            raise fault("too-large", message, call.span, "a term that is used often is named with `let`")
        scope = self._named.get(call) or self._opened(term, call, env)
        self._naming = None
        energy = site_energy(scope, call)
        self.instances.append(TermInstance(scope.instance, call.name, energy, origin=call.span))
        self.taken.add(scope.instance)
        return energy

    def _term(self, call: syntax.Call, scope: Scope) -> syntax.Term:
        """The term that is called. Raises SpecError unknown-term."""
        caller = scope if isinstance(scope, TermScope) else None
        term = self.checked.term(call.name)
        if term is None:
            known = [*self.checked.term_names(), *builtins.BUILTINS, *FAMILIES]
            known += [*caller.definitions, *caller.params] if caller is not None else []
            raise fault(
                "unknown-term",
                f"there is no term `{call.name}`",
                call.name_span,
                did_you_mean(call.name, known) or _list_terms(self.checked),
                fix=respelt(call.name_span, call.name, known),
            )
        return term

    def _opened(self, term: syntax.Term, call: syntax.Call, env: Env) -> TermBuilder:
        """A new instance of the term, its arguments bound."""
        prefix = f"{env.scope.instance}." if isinstance(env.scope, TermScope) else ""
        naming, self._naming = self._naming, None
        scope = opened(self._instance_name(prefix + (naming or call.name)), term, call, env)
        if naming is not None:
            self._named[call] = scope
        return scope

    def _instance_name(self, wanted: str) -> str:
        name, count = wanted, self._counts.get(wanted, 1)
        if count > 1:
            name = f"{wanted}_{count}"
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self._counts[wanted] = count
        return name


def _is_call(expr: syntax.Expr) -> bool:
    return isinstance(syntax.unpinned(expr), syntax.Call)


def _product_help(unit: Unit) -> str | None:
    if unit == EV**2:
        return "a product of two energies: divide by `1 eV`, or pass one through `gate(…)`"
    return "multiply by `1 eV`" if unit == ONE else None


def _list_terms(checked: Checked) -> str:
    return "known terms: " + ", ".join(checked.term_names())
