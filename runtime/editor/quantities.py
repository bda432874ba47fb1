"""Values of formulas in a spec, as far as the compiler knows them without the rest: units and numbers."""

from __future__ import annotations

from functools import lru_cache

from ...compiler.chemistry.units import Unit
from ...compiler.diagnostics.diagnostic import SpecError
from ...compiler.elaborate.evaluate import evaluate
from ...compiler.elaborate.model_builder import Builder, named_species
from ...compiler.elaborate.scope import AT_SITE, Atoms, Env, Scope
from ...compiler.elaborate.term import TermBuilder
from ...compiler.elaborate.values import Basis, Function, Quantity, Value, Values
from ...compiler.ir.graph import Node
from ...compiler.syntax import tree as syntax
from .document import Document


class TermQuantities:
    """The arguments of a term with their defaults, and the units of its parameters and definitions."""

    def __init__(self, builder: Builder, term: syntax.Term) -> None:
        self.term = term
        self.scope = TermBuilder(builder, term.name, term, term.name_span)
        for formal in term.formals:
            value = None if formal.default is None else self._default(formal.default)
            if value is not None:
                self.scope.formals[formal.name] = value

    def _default(self, expr: syntax.Expr) -> Value | None:
        if isinstance(expr, syntax.Name) and expr.name in self.scope.definitions:
            return Function(expr.name)
        return worth(expr, self.scope)

    def argument(self, name: str) -> Value | None:
        return self.scope.formals.get(name)

    def unit(self, name: str) -> Unit | None:
        """The unit that a bare number takes as this argument or parameter; None where it takes none."""
        if name in self.scope.params:
            return unit_of(worth(self.scope.params[name].value, self.scope))
        return unit_of(self.argument(name))

    def definition(self, name: str) -> Value | None:
        """A constant, or a value of one or two atoms; None for a function, whose worth its call decides."""
        found = self.scope.definitions[name]
        if found.formals is None:
            return worth(found.value, self.scope)
        try:
            own = self.scope.own_place(found, found.name_span)
        except SpecError:
            return None
        return worth(found.value, self.scope, own) if set(found.formals) == set(own.indices) else None


def worth(expr: syntax.Expr, scope: Scope, atoms: Atoms = AT_SITE) -> Value | None:
    """The value of an expression, None where the compiler refuses it; diagnostics tell of that."""
    try:
        return evaluate(expr, Env(scope, atoms))
    except SpecError:
        return None


def unit_of(value: Value | None) -> Unit | None:
    """The unit of a number, of the first of a list, or of the result of a formula."""
    if isinstance(value, Values):
        value = value.items[0] if value.items else None
    if isinstance(value, Quantity):
        return value.unit
    return value.kind.unit if isinstance(value, Node) else None


def shown(value: Value | None, components: bool = True) -> str | None:
    """A value as text: `4 Å`, `[8, 8]`, `bessel(8)`, the unit of a formula and, if wanted, its components."""
    if isinstance(value, Quantity):
        return amount(value.value, value.unit)
    if isinstance(value, Values):
        items = [shown(item) for item in value.items]
        return f"[{', '.join(i for i in items if i)}]" if all(items) else None
    if isinstance(value, Basis):
        return f"{value.family}({value.n})"
    if isinstance(value, Node):
        shape = "" if not value.kind.shape or not components else f"[{', '.join(map(str, value.kind.shape))}]"
        unit = str(value.kind.unit)
        return f"{shape} {unit}".strip() if unit != "1" else shape or "1"
    return None


def amount(value: float, unit: Unit | str) -> str:
    """A number with its unit, `4 Å`, `1.5 /Å`, `0.3`."""
    name = str(unit)
    return f"{value:.6g}" if name == "1" else f"{value:.6g} {name.removeprefix('1')}"


@lru_cache(maxsize=64)
def term_quantities(document: Document, name: str) -> TermQuantities | None:
    """Of a term that a document declares; None where the document does not check or has no such term."""
    builder = top_level(document)
    term = None if document.checked is None else document.checked.terms.get(name)
    return None if builder is None or term is None else TermQuantities(builder, term)


@lru_cache(maxsize=64)
def top_level(document: Document) -> Builder | None:
    """The scope of a spec outside its terms."""
    if document.checked is None:
        return None
    try:
        return Builder(document.checked, named_species(document.checked))
    except SpecError:
        return Builder(document.checked, ())
