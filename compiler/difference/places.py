"""The places of terms in the energy: the skeleton of its formula, with terms as atoms, and words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..diagnostics.diagnostic import SpecError
from ..elaborate.evaluate import arithmetic
from ..elaborate.model_builder import Builder
from ..elaborate.scope import Env
from ..elaborate.values import as_node
from ..ir.graph import Node, topological
from ..syntax import tree as syntax
from . import operations as op
from . import written
from .forms import TERM, Forms, Product, Sum, atoms_of, digest, product_key
from .sameness import normal_forms
from .sides import Instance, Side


@dataclass(frozen=True)
class Skeleton:
    """The energy as a sum of products of terms. names: of the terms as its atoms know them."""

    root: Sum
    names: Mapping[str, str]

    def uses(self, atom: str) -> Counter[tuple[bytes, float]]:
        """The products that a term is in, with their coefficients."""
        return Counter((product_key(p), c) for p, c in self.root.terms.items() if atom in _terms(p))

    def alone(self, atom: str) -> float | None:
        """The number before a term that stands by itself, once; None where it does not."""
        found = [(p, c) for p, c in self.root.terms.items() if atom in _terms(p)]
        if len(found) == 1 and len(found[0][0]) == 1 and found[0][0][0][0].op is TERM:
            return found[0][1] if found[0][0][0][2] == 1.0 else None
        return None

    def rest(self) -> bytes:
        """A digest of the products without a term."""
        return digest(
            *sorted(
                b"%s %r" % (product_key(p), c)
                for p, c in self.root.terms.items()
                if not set(_terms(p)) & set(self.names)
            )
        )


def _terms(product: Product) -> set[str]:
    direct = [a for a, _, _ in product]
    below = atoms_of([x for a in direct for x in a.args])
    return {str(a.attrs[0]) for a in (*direct, *below) if a.op is TERM}


def skeleton(forms: Forms, side: Side, names: Mapping[str, str], parameters: Mapping[str, str]) -> Skeleton:
    """names: of outermost instances; those of b have the name of their partner in a."""
    opaque: dict[Node, str] = {}
    for instance in side.outermost:
        opaque.setdefault(instance.energy, names[instance.name])
    keys = {name: parameters[name].encode() for name in side.parameters}
    root = normal_forms(forms, side, keys, parameters, opaque).of(side.energy)
    return Skeleton(root, {atom: atom for atom in opaque.values()})


# --- words -------------------------------------------------------------------------------------


class Places:
    """The summands of an energy as text, and which terms are in each."""

    def __init__(self, side: Side) -> None:
        self.side = side

    @cached_property
    def _found(self) -> list[tuple[str, set[Node]]]:
        side, found = self.side, []
        assert side.checked.energy is not None
        builder = Builder(side.checked, () if side.model.open_species else side.model.species)
        builder.open_species = True
        for sign, expr in signed_leaves(side.checked.energy.value):
            try:
                node = as_node(arithmetic(expr, Env(builder)))
            except SpecError:  # a part of the whole that means nothing alone: a bare 0
                continue
            found.append((sign + written.one_line(expr.span.text), set(topological([node]))))
        return found

    def of(self, instance: Instance) -> str:
        """The summands that a term is in, `a * f(b) + …`."""
        texts = [text for text, nodes in self._found if instance.energy in nodes]
        return " + ".join(texts).replace("+ -", "- ") or instance.name

    def without(self, energies: set[Node]) -> str:
        """The summands that none of these are in."""
        texts = [text for text, nodes in self._found if not nodes & energies]
        return " + ".join(texts).replace("+ -", "- ") or "0"


def signed_leaves(expr: syntax.Expr, sign: str = "") -> Iterator[tuple[str, syntax.Expr]]:
    """The operands of a sum, those of sums within it in its place, each with `-` where it is taken away."""
    if isinstance(expr, syntax.Chain) and expr.operators[0] in "+-":
        yield from signed_leaves(expr.operands[0], sign)
        for operator, operand in zip(expr.operators, expr.operands[1:], strict=True):
            flipped = "" if sign else "-"
            yield from signed_leaves(operand, flipped if operator == "-" else sign)
    else:
        yield sign, expr


def place_changes(
    a: Side, b: Side, pairs: list[tuple[Instance, Instance]], before: Skeleton, after: Skeleton
) -> Iterator[op.Operation]:
    """Terms that stand elsewhere, and the parts of the energy beside terms."""
    places_a, places_b = Places(a), Places(b)
    outer_a, outer_b = {i.name for i in a.outermost}, {i.name for i in b.outermost}
    for x, y in pairs:
        if x.name not in outer_a or y.name not in outer_b or before.uses(x.name) == after.uses(x.name):
            continue
        factors = before.alone(x.name), after.alone(x.name)
        if factors[0] is not None and factors[1] is not None:
            yield op.FactorChanged(y.name, factors[0], factors[1])
        else:
            yield op.TermMoved(y.name, places_a.of(x), places_b.of(y))
    if before.rest() != after.rest():
        energies_a, energies_b = ({i.energy for i in side.outermost} for side in (a, b))
        yield op.EnergyChanged(places_a.without(energies_a), places_b.without(energies_b))
