"""A term called in the energy becomes IR: its arguments bound, its parameters made, its body evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..chemistry.units import ANGSTROM, EV
from ..declarations.keywords import INDICES
from ..diagnostics.diagnostic import Diagnostic, SpecError
from ..diagnostics.source import Span
from ..ir import build as alg
from ..ir import ops
from ..ir.graph import Node
from ..ir.types import SITE, Domain
from ..syntax import tree as syntax
from . import builtins as calls
from .binding import bind
from .evaluate import AT_SITE, Locals, arithmetic, evaluate, fault, geometry, move, spread
from .parameters import declare, read
from .values import Basis, Function, Override, Quantity, Value, Where, as_node

if TYPE_CHECKING:
    from .model_builder import Builder


class TermScope:
    """Names inside one instance of a term: arguments, parameters, definitions, then the words of the
    language.
    """

    def __init__(self, builder: Builder, instance: str, term: syntax.Term, called_at: Span) -> None:
        self.builder = builder
        self.instance = instance
        self.term = term
        self.called_at = called_at
        self.formals: dict[str, Value] = {}
        self.given: frozenset[str] = frozenset()  # names of what the call gives
        self.overrides: dict[str, Override] = {}
        self.params = {m.name: m for m in term.members if isinstance(m, syntax.Param)}
        self.definitions = {m.name: m for m in term.members if isinstance(m, syntax.Definition)}
        self.declared: dict[str, Node] = {}
        self.only: tuple[str, ...] = ()
        self.inside: list[str] = []  # definitions being evaluated

    # --- Scope -----------------------------------------------------------------------------

    def name(self, name: syntax.Name, where: Where, local: Locals) -> Value:
        word = name.name
        if word in local:
            return local[word]
        if word in self.formals:
            return self.formals[word]
        if word in self.params:
            return read(self, declare(self, word), self.params[word], where, (), name.span)
        if word in self.definitions:
            return self._definition_value(self.definitions[word], where, name.span)
        shape = geometry(word, where)
        if shape is not None:
            return shape
        return calls.word(name, self.builder, self.known_words(where))

    def call(self, call: syntax.Call, where: Where, local: Locals) -> Value:
        if call.name in self.params and call.name not in local:
            indices = calls.index_letters(call, where)
            return read(self, declare(self, call.name), self.params[call.name], where, indices, call.span)
        if call.name in self.definitions:
            return self._apply(self.definitions[call.name], call, where, local)
        bound = local.get(call.name, self.formals.get(call.name))
        if isinstance(bound, Function):
            if bound.name in self.definitions:
                return self._apply(self.definitions[bound.name], call, where, local)
            call = syntax.Call(bound.name, call.arguments, call.name_span, call.span)
        return calls.call(call, self, where, local, bound if isinstance(bound, Basis) else None)

    def pin(self, pin: syntax.Pin, where: Where, local: Locals) -> Value:
        return self.builder.pinned(pin, self, where, local)

    def reach(self, span: Span) -> float:
        """The cutoff `rc` of the term, Å: an argument, or a constant of its body."""
        if "rc" not in self.formals and "rc" not in self.definitions:
            raise fault(
                "no-cutoff",
                f"term `{self.term.name}` sums over neighbours but has no `rc`",
                span,
                "add the argument `rc = 5 Å`",
            )
        value = self.formals.get("rc") or self.name(syntax.Name("rc", span), AT_SITE, {})
        if not isinstance(value, Quantity) or value.unit != ANGSTROM:
            raise fault(
                "wrong-unit", "the cutoff `rc` is a distance known at compile time", span, "write `rc = 5 Å`"
            )
        if not 0.0 < value.value < float("inf"):
            raise fault(
                "bad-cutoff", f"the cutoff is {value.value:g} Å, but it has to be positive", self.called_at
            )
        return value.value

    def restrict(self, node: Node, where: Where) -> Node:
        """Neighbours of other species than the term's do not count."""
        if not self.only:
            return node
        return alg.mul(node, move(self.builder.is_one_of(self.only), (where.indices[-1],), where))

    def known_words(self, where: Where) -> list[str]:
        words = [*self.formals, *self.params, *self.definitions, *INDICES]
        letters = where.indices
        if len(letters) > 1:
            words += [f"r_{letters[0]}{x}" for x in letters[1:]] + [f"u_{letters[0]}{letters[1]}"]
        return words

    # --- definitions -----------------------------------------------------------------------

    def _definition_value(self, definition: syntax.Definition, where: Where, span: Span) -> Value:
        if definition.formals is None:
            return evaluate(definition.value, self, where, {})
        if all(f in INDICES for f in definition.formals):
            raise fault(
                "missing-index",
                f"`{definition.name}` needs its atoms",
                span,
                f"write `{definition.name}({', '.join(definition.formals)})`",
            )
        return Function(definition.name)

    def _apply(self, definition: syntax.Definition, call: syntax.Call, where: Where, local: Locals) -> Value:
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
            return self._indexed(definition, call, where)
        bound = {
            f: evaluate(a.value, self, where, local) for f, a in zip(formals, call.arguments, strict=True)
        }
        return self._body(definition, where, bound)

    def _body(self, definition: syntax.Definition, where: Where, local: Locals) -> Value:
        self.inside.append(definition.name)
        try:
            return evaluate(definition.value, self, where, local)
        finally:
            self.inside.pop()

    def _indexed(self, definition: syntax.Definition, call: syntax.Call, where: Where) -> Value:
        """`rho(j)`: the definition evaluated for its own atoms, then carried to the ones in hand."""
        indices = calls.index_letters(call, where)
        own = self.own_place(definition, call.span)
        value = self._body(definition, own, {})
        if isinstance(value, Quantity):
            return value
        if not isinstance(value, Node):
            raise fault("not-a-number", f"`{definition.name}` is not a value", call.span)
        return move(value, indices, where)

    def own_place(self, definition: syntax.Definition, span: Span) -> Where:
        formals = definition.formals or ()
        if len(set(formals)) != len(formals) or len(formals) > 2:
            raise fault(
                "bad-index",
                f"`{definition.name}` is defined for {len(formals)} atoms",
                span,
                "one or two different atoms are possible",
            )
        if len(formals) == 1:
            return Where(formals, SITE)
        return Where(formals, Domain("edge", self.reach(span)))

    # --- energy ----------------------------------------------------------------------------

    def energy(self) -> Node:
        """Site energy of the instance, eV."""
        if self.term.alias is not None:
            value = as_node(arithmetic(self.term.alias, self, AT_SITE, {}))
            return self._is_energy(spread(value, AT_SITE), self.term.alias.span)
        parts = [self._part(d) for n, d in self.definitions.items() if n in ("pair", "triple", "site")]
        total = alg.add(*parts)
        if self.only:
            total = alg.mul(total, ops.at(self.builder.is_one_of_table(self.only), domain=SITE, of="i"))
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
            where = Where(definition.formals, SITE)
            value = spread(as_node(arithmetic(definition.value, self, where, {})), where)
            return self._is_energy(value, span)
        triple = definition.name == "triple"
        rc = self.reach(definition.name_span)
        where = Where(("i", "j", "k") if triple else ("i", "j"), Domain("triple" if triple else "edge", rc))
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
        local = {f: geometry(n, where) for f, n in zip(formals, names, strict=True)}
        body = spread(as_node(arithmetic(definition.value, self, where, local)), where)  # type: ignore[arg-type]
        body = self._is_energy(self.restrict(body, where), span)
        if triple:  # each triple of i; j, k is met as j, k and as k, j
            if self.only:
                body = alg.mul(body, move(self.builder.is_one_of(self.only), ("j",), where))
            body = ops.sum_to_ij(body, within=rc)
        # half of a pair's energy to each of its atoms
        return alg.scale(0.5, ops.sum_i(body, within=rc))

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


def instantiate(
    builder: Builder,
    name: str,
    term: syntax.Term,
    call: syntax.Call,
    outer: object,
    where: Where,
    local: Locals,
) -> Node:
    """The site energy of a call of a term. Raises SpecError placed at the call where the library's text is
    at fault.
    """
    scope = builder.scopes[name] = TermScope(builder, name, term, call.span)
    bind(scope, call, outer, where, local)
    for formal in term.formals:  # a cutoff is checked also where no sum uses it
        if formal.name == "rc" and "rc" in scope.formals:
            scope.reach(call.span)
    try:
        return scope.energy()
    except SpecError as error:
        raise SpecError(tuple(_seen_from(d, call) for d in error.diagnostics)) from None


def _seen_from(d: Diagnostic, call: syntax.Call) -> Diagnostic:
    """A fault inside a term of another text, told at the call too."""
    if d.primary is None or d.primary.source is call.span.source:
        return d
    return Diagnostic(
        d.code,
        f"in `{call.name}`: {d.message}",
        primary=call.span,
        secondary=((d.primary, d.label or "here"),),
        help=d.help,
    )
