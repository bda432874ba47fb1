"""A term called in the energy becomes IR: its arguments bound, its parameters made, its body evaluated."""

from __future__ import annotations

from ..chemistry.units import ANGSTROM, EV
from ..declarations.keywords import ENERGIES, INDICES
from ..diagnostics.diagnostic import Diagnostic, SpecError
from ..diagnostics.source import Span
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import SITE, Domain
from ..syntax import tree as syntax
from . import builtins
from .binding import bind
from .evaluate import LONGEST, arithmetic, evaluate, fault, geometry, move, spread
from .parameters import declare, read
from .scope import AT_SITE, Atoms, Env, Scope, TermScope
from .species import index_letters, is_one_of
from .values import Basis, Function, Quantity, Value, Values, as_node


class TermBuilder(TermScope):
    """One instance of a term made: its arguments, parameters and definitions evaluated, then its energy."""

    def __init__(self, outer: Scope, instance: str, term: syntax.Term, called_at: Span) -> None:
        super().__init__(outer, instance, term, called_at)
        self.inside: list[str] = []  # definitions being evaluated
        self._known: dict[tuple[object, ...], Value] = {}  # what a definition is for values of its arguments

    # --- Scope -----------------------------------------------------------------------------

    def name(self, name: syntax.Name, env: Env) -> Value:
        word = name.name
        if word in env.locals:
            return env.locals[word]
        if word in self.formals:
            return self.formals[word]
        if word in self.params:
            return read(self, declare(self, word), self.params[word], env.atoms, (), name.span)
        if word in self.definitions:
            return self._definition_value(self.definitions[word], env.atoms, name.span)
        shape = geometry(word, env.atoms)
        if shape is not None:
            return shape
        return builtins.word(name, env, self.known_words(env.atoms))

    def call(self, call: syntax.Call, env: Env) -> Value:
        if call.name in self.params and call.name not in env.locals:
            indices = index_letters(call, env.atoms)
            return read(self, declare(self, call.name), self.params[call.name], env.atoms, indices, call.span)
        if call.name in self.definitions:
            return self._apply(self.definitions[call.name], call, env)
        bound = env.locals.get(call.name, self.formals.get(call.name))
        if isinstance(bound, Function):
            if bound.name in self.definitions:
                return self._apply(self.definitions[bound.name], call, env)
            call = syntax.Call(bound.name, call.arguments, call.name_span, call.span)
        return builtins.call(call, env, bound if isinstance(bound, Basis) else None)

    def cutoff(self, span: Span) -> float:
        """The cutoff `rc` of the term, Å: an argument, or a constant of its body."""
        if "rc" not in self.formals and "rc" not in self.definitions:
            raise fault(
                "no-cutoff",
                f"term `{self.term.name}` sums over neighbours but has no `rc`",
                span,
                "add the argument `rc = 5 Å`",
            )
        value = self.formals.get("rc") or self.name(syntax.Name("rc", span), Env(self))
        if not isinstance(value, Quantity) or value.unit != ANGSTROM:
            raise fault(
                "wrong-unit", "the cutoff `rc` is a distance known at compile time", span, "write `rc = 5 Å`"
            )
        if not 0.0 < value.value <= LONGEST:
            wanted = "has to be positive" if not value.value > 0.0 else f"is at most {LONGEST:g} Å"
            raise fault("bad-cutoff", f"the cutoff is {value.value:g} Å, but it {wanted}", self.called_at)
        return value.value

    def restrict(self, node: Node, atoms: Atoms) -> Node:
        """Neighbours of other species than the term's do not count."""
        if not self.only:
            return node
        return alg.mul(node, move(is_one_of(self.only, self.top.species), (atoms.indices[-1],), atoms))

    def known_words(self, atoms: Atoms) -> list[str]:
        words = [*self.formals, *self.params, *self.definitions, *INDICES]
        letters = atoms.indices
        if len(letters) > 1:
            words += [f"r_{letters[0]}{x}" for x in letters[1:]] + [f"u_{letters[0]}{letters[1]}"]
        return words

    # --- definitions -----------------------------------------------------------------------

    def _definition_value(self, definition: syntax.Definition, atoms: Atoms, span: Span) -> Value:
        if definition.formals is None:
            return self._body(definition, Env(self, atoms))
        if all(f in INDICES for f in definition.formals):
            raise fault(
                "missing-index",
                f"`{definition.name}` needs its atoms",
                span,
                f"write `{definition.name}({', '.join(definition.formals)})`",
            )
        return Function(definition.name)

    def _apply(self, definition: syntax.Definition, call: syntax.Call, env: Env) -> Value:
        formals = definition.formals or ()
        if len(formals) != len(call.arguments):
            raise fault(
                "wrong-arguments",
                f"`{definition.name}` takes {len(formals)} argument{'s' * (len(formals) != 1)}, "
                f"not {len(call.arguments)}",
                call.span,
            )
        if definition.name in self.inside:  # through an argument that names it: `lj(switch = pair)`
            raise fault(
                "cyclic-definition",
                f"`{definition.name}` needs itself: {' → '.join([*self.inside, definition.name])}",
                call.span,
            )
        if all(f in INDICES for f in formals):
            return self._indexed(definition, call, env.atoms)
        bound = {f: evaluate(a.value, env) for f, a in zip(formals, call.arguments, strict=True)}
        return self._body(definition, Env(self, env.atoms, bound))

    def _body(self, definition: syntax.Definition, env: Env) -> Value:
        """The value of a definition, worked out once unless it makes parameters or terms of its own."""
        given = tuple(env.locals.values())
        key = (definition.name, env.atoms, given)
        known = not any(isinstance(value, Values) for value in given)  # whose hash may take for ever
        if known and key in self._known:
            return self._known[key]
        made = len(self.top.parameters), len(self.top.instances)
        around, self.inside = self.inside, [*self.inside, *([definition.name] if definition.formals else [])]
        try:
            value = evaluate(definition.value, env)
        finally:
            self.inside = around
        if known and made == (len(self.top.parameters), len(self.top.instances)):
            self._known[key] = value
        return value

    def _indexed(self, definition: syntax.Definition, call: syntax.Call, atoms: Atoms) -> Value:
        """`rho(j)`: the definition evaluated for its own atoms, then carried to the ones in hand."""
        indices = index_letters(call, atoms)
        own = self.own_place(definition, call.span)
        value = self._body(definition, Env(self, own))
        if isinstance(value, Quantity):
            return value
        if not isinstance(value, Node):
            raise fault("not-a-number", f"`{definition.name}` is not a value", call.span)
        return move(value, indices, atoms)

    def own_place(self, definition: syntax.Definition, span: Span) -> Atoms:
        formals = definition.formals or ()
        if len(set(formals)) != len(formals) or len(formals) > 2:
            raise fault(
                "bad-index",
                f"`{definition.name}` is defined for {len(formals)} atoms",
                span,
                "one or two different atoms are possible",
            )
        if len(formals) == 1:
            return Atoms(formals, SITE)
        return Atoms(formals, Domain("edge", self.cutoff(span)))

    # --- energy ----------------------------------------------------------------------------

    def energy(self) -> Node:
        """Site energy of the instance, eV."""
        if self.term.alias is not None:
            value = as_node(arithmetic(self.term.alias, Env(self)))
            return self._is_energy(spread(value, AT_SITE), self.term.alias.span)
        parts, faults = list[Node](), list[Diagnostic]()
        for name, definition in self.definitions.items():
            if name in ENERGIES:
                try:
                    parts.append(self._part(definition))
                except SpecError as error:
                    faults += [d for d in error.diagnostics if d not in faults]
        if faults:
            raise SpecError(faults)
        total = alg.add(*parts)
        if self.only:
            total = alg.mul(total, is_one_of(self.only, self.top.species))
        return total

    def _part(self, definition: syntax.Definition) -> Node:
        span = definition.value.span
        if definition.name == "site":
            if definition.formals is None or len(definition.formals) != 1:
                raise fault(
                    "wrong-arguments",
                    "`site` is defined for one atom",
                    definition.name_span,
                    "write `site(i) = …`",
                )
            atoms = Atoms(definition.formals, SITE)
            value = spread(as_node(arithmetic(definition.value, Env(self, atoms))), atoms)
            return self._is_energy(value, span)
        triple = definition.name == "triple"
        cutoff = self.cutoff(definition.name_span)
        indices = ("i", "j", "k") if triple else ("i", "j")
        atoms = Atoms(indices, Domain("triple" if triple else "edge", cutoff))
        names = ("r_ij", "r_ik", "cos_jik") if triple else ("r_ij",)
        formals = definition.formals or ()
        if len(formals) != len(names):
            example = "triple(r_ij, r_ik, cos_jik)" if triple else "pair(r)"
            raise fault(
                "wrong-arguments",
                f"`{definition.name}` is a function of {', '.join(names)}",
                definition.name_span,
                f"write `{example} = …`",
            )
        values = [geometry(n, atoms) for n in names]
        local = {f: v for f, v in zip(formals, values, strict=True) if v is not None}
        body = spread(as_node(arithmetic(definition.value, Env(self, atoms, local))), atoms)
        body = self._is_energy(self.restrict(body, atoms), span)
        if triple:  # each triple of i; j, k is met as j, k and as k, j
            if self.only:
                body = alg.mul(body, move(is_one_of(self.only, self.top.species), ("j",), atoms))
            body = ops.sum_to_ij(body, within=cutoff)
        # half of a pair's energy to each of its atoms
        return alg.scale(0.5, ops.sum_i(body, within=cutoff))

    def _is_energy(self, node: Node, span: Span) -> Node:
        if node.kind.shape:
            raise fault(
                "shape-mismatch",
                f"an energy is one number, not {node.kind.shape}",
                span,
                "use `dot(c, x)` or `total(x)`",
            )
        if node.kind.unit != EV and self.term.alias is None:
            raise fault("wrong-unit", f"an energy is in eV, not {node.kind.unit}", span)
        return node


def opened(name: str, term: syntax.Term, call: syntax.Call, env: Env) -> TermBuilder:
    """An instance of a term with the arguments of its call bound. Raises SpecError."""
    scope = env.top.scopes[name] = TermBuilder(env.scope, name, term, call.span)
    bind(scope, call, env)
    for formal in term.formals:  # a cutoff is checked also where no sum uses it
        if formal.name == "rc" and "rc" in scope.formals:
            scope.cutoff(call.span)
    return scope


def site_energy(scope: TermBuilder, call: syntax.Call) -> Node:
    """The site energy of an instance, eV. Raises SpecError placed at its call where the library's text is at
    fault.
    """
    try:
        return scope.energy()
    except SpecError as error:
        raise SpecError(tuple(_seen_from(d, call) for d in error.diagnostics)) from None


def _seen_from(d: Diagnostic, call: syntax.Call) -> Diagnostic:
    """A fault inside a term of another text, reported at the call too."""
    if d.primary is None or d.primary.source is call.span.source:
        return d
    return Diagnostic(
        d.code,
        f"in `{call.name}`: {d.message}",
        primary=call.span,
        secondary=((d.primary, d.label or "here"),),
        help=d.help,
    )
