"""The IR of an energy as a normal form.

Values are carried between atoms and neighbours as far down as they go, sums over neighbours are taken product
by product with what does not depend on the neighbour before them, and rearrangements of components likewise;
`max`, `min` and `abs` become one function, the positive part. What is left in an atom is what the formula
does to the positions and parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..ir import ops
from ..ir.graph import OPS, Node, Op, topological
from ..ir.parameter import Parameter
from ..ir.traits import Role
from ..ir.types import NONE, TABLES, Domain, Kind, entries
from .arithmetic import exponent
from .forms import GROUP, LONG, POSITIVE, TERM, Atom, Forms, Made, Product, Sum
from .functions import Functions, exchanged, is_local

# what switches and powers of the distance are made of
_POLYNOMIAL: tuple[Op | Made, ...] = (POSITIVE, ops.distance, ops.const)
# a sum over neighbours of i, or over k of ij, has what comes from there before it
_BEFORE: dict[Op, Op] = {
    ops.sum_i: ops.to_i,
    ops.sum_j: ops.to_j,
    ops.sum_to_ij: ops.to_ij,
    ops.sum_to_ik: ops.to_ik,
}


@dataclass(frozen=True)
class Label:
    """The stand-in for a parameter: its identity in forms, and what orders may know of it."""

    name: str
    key: bytes


class NormalForms(Functions):
    """Normal forms of nodes of one model. Forms of models made with the same `Forms` can be compared.

    labels: for each parameter by name. opaque: nodes that are atoms by themselves, with a name.
    """

    def __init__(
        self,
        forms: Forms,
        species: int,
        parameters: tuple[Parameter, ...],
        labels: Mapping[str, Label],
        opaque: Mapping[Node, str] | None = None,
    ) -> None:
        super().__init__(forms)
        self.species = species
        self.parameters = {p.name: p for p in parameters}
        self.labels = labels
        self.opaque = opaque or {}
        self._values: dict[Node, Sum] = {}
        self._moves: dict[tuple[Op, float | None, Atom], Sum] = {}

    def of(self, root: Node) -> Sum:
        """The normal form of a node."""
        for node in topological([root]):
            if node not in self._values:
                self._values[node] = self._value(node)
        return self._values[root]

    def _value(self, node: Node) -> Sum:
        if node in self.opaque:
            return self.forms.of(self.forms.atom(TERM, (self.opaque[node],)))
        args = [self._values[a] for a in node.args]
        rule = _OWN.get(node.op) or _BY_ROLE.get(node.op.role)
        if rule is not None:
            return rule(self, node, args)
        attrs = tuple((k, v) for k, v in node.attrs if k != "kind")
        return self.function(node.op, attrs, args, node.kind)

    def _list(self, domain: Domain) -> tuple[object, ...]:
        """A domain with its reach as the number that it is taken for."""
        return domain.name, None if domain.rc is None else self.forms.numbers.one(domain.rc)

    # --- leaves ----------------------------------------------------------------------------

    def const(self, node: Node, args: list[Sum]) -> Sum:
        domain, shape, values = node.kind.domain, node.kind.shape, node["values"]
        if domain.name not in TABLES or entries(domain, self.species) == 1:
            return self.algebra.row(("row", shape), values)
        return self.algebra.row((domain.name, shape), values)

    def param(self, node: Node, args: list[Sum]) -> Sum:
        name = node["name"]
        parameter, label = self.parameters[name], self.labels[name]
        single = entries(node.kind.domain, self.species) == 1
        above = parameter.places is None or -1 not in parameter.places
        return self.forms.of(
            self.forms.atom(
                ops.param,
                (label.name, None if single else node.kind.domain.name, node.kind.shape),
                label=label.key,
                scalar=not node.kind.shape,
                everywhere=node.kind.domain == NONE or single,
                nonzero=above and (min(parameter.lower) > 0.0 or max(parameter.upper) < 0.0),
                positive=min(parameter.lower) >= 0.0,
            )
        )

    def distance(self, node: Node, args: list[Sum]) -> Sum:
        domain = node["domain"]
        return self.forms.of(self.forms.atom(ops.distance, self._list(domain), nonzero=True, positive=True))

    def displacement(self, node: Node, args: list[Sum]) -> Sum:
        domain = node["domain"]
        return self.forms.of(self.forms.atom(ops.displacement, self._list(domain), scalar=False))

    def at(self, node: Node, args: list[Sum]) -> Sum:
        """Rows of a table, product by product: what is read of each atom in it."""
        place = (*self._list(node["domain"]), node["of"])
        return self._mapped(args[0], lambda atom: self._read(atom, place))

    def _read(self, atom: Atom, place: tuple[object, ...]) -> Sum:
        if atom.everywhere:
            return self.forms.of(atom)
        return self._held(ops.at, place, atom)

    def _held(self, op: Op, place: tuple[object, ...], atom: Atom) -> Sum:
        """The value of an atom somewhere else: what is known of it stays true."""
        made = self.forms.atom(
            op,
            place,
            (self.forms.of(atom),),
            scalar=atom.scalar,
            nonzero=atom.nonzero,
            positive=atom.positive,
            binary=atom.binary,
        )
        return self.forms.of(made)

    def _mapped(self, x: Sum, change: Callable[[Atom], Sum]) -> Sum:
        """A form with each atom replaced."""
        total = []
        for product, c in x.terms.items():
            value = self.forms.constant(c)
            for atom, kind, e in product:
                value = self.algebra.mul(value, self.algebra.power(change(atom), exponent(kind, e)))
            total.append(value)
        return self.algebra.add(*total)

    # --- structure -------------------------------------------------------------------------

    def moved(self, node: Node, args: list[Sum]) -> Sum:
        return self._mapped(args[0], lambda atom: self._moved(node.op, atom, node.kind))

    def _moved(self, op: Op, atom: Atom, kind: Kind) -> Sum:
        if atom.everywhere:
            return self.forms.of(atom)
        key = (op, kind.domain.rc, atom)
        found = self._moves.get(key)
        if found is None:
            found = self._moves[key] = self._moved_atom(op, atom, kind)
        return found

    def _moved_atom(self, op: Op, atom: Atom, kind: Kind) -> Sum:
        if is_local(atom.op):
            args = tuple(self._mapped(x, lambda a: self._moved(op, a, kind)) for x in atom.args)
            return self._again(atom, args)
        if op is ops.to_ik and atom.op is ops.to_i:
            op = ops.to_ij  # the centre is the same
        return self._held(op, self._list(kind.domain), atom)

    def _again(self, atom: Atom, args: tuple[Sum, ...]) -> Sum:
        """The same function of other forms, brought to its normal form again."""
        if atom.op in (GROUP, LONG):
            return args[0]
        if atom.op is ops.exp:
            return self.algebra.exp(args[0])
        if atom.op is POSITIVE:
            return self.positive_part(args[0])
        if atom.op is ops.einsum:
            args = exchanged(atom.attrs[0], args)
        elif atom.op in _SIGNED:  # the sign of the argument is chosen once more
            stand_in = _StandIn(atom.op, atom.attrs, Kind(NONE, () if atom.scalar else (1,)))
            return _SIGNED[atom.op](self, stand_in, list(args))  # type: ignore[arg-type]
        made = self.forms.atom(
            atom.op,
            atom.attrs,
            args,
            scalar=atom.scalar,
            nonzero=atom.nonzero,
            positive=atom.positive,
            binary=atom.binary,
        )
        return self.forms.of(made)

    def reduced(self, node: Node, args: list[Sum]) -> Sum:
        """A sum over neighbours, product by product, with what is the same for all of them before it.

        Products that differ in polynomials of the distance only, as a switch has them, stay one sum.
        """
        groups: dict[tuple[Product, Product], dict[Product, float]] = {}
        for product, c in args[0].terms.items():
            outside, inside = self.forms.constant(c), []
            for atom, kind, e in product:
                if atom.everywhere or atom.op is _BEFORE[node.op]:
                    before = self.forms.of(atom) if atom.everywhere else atom.args[0]
                    outside = self.algebra.mul(outside, self.algebra.power(before, exponent(kind, e)))
                else:
                    inside.append((atom, kind, e))
            ((left, number),) = outside.terms.items()
            signature = tuple(f for f in inside if f[0].op not in _POLYNOMIAL)
            groups.setdefault((left, signature), {})[tuple(inside)] = number
        domain = node.args[0].kind.domain
        attrs = (node.op, self.forms.numbers.one(node["within"]), *self._list(domain))
        parts = []
        for (left, signature), body in groups.items():
            made = self.algebra.neighbours(attrs, self.forms.sum(body), self.forms.sum({signature: 1.0}))
            parts.append(self.algebra.mul(self.forms.sum({left: 1.0}), made))
        return self.algebra.add(*parts)


@dataclass(frozen=True)
class _StandIn:
    """Enough of a node for a rule of a function of one argument."""

    op: Op | Made
    attrs: tuple[object, ...]
    kind: Kind


Method = Callable[[NormalForms, Node, list[Sum]], Sum]
_BY_ROLE: dict[Role, Method] = {
    Role.ODD: NormalForms.odd,
    Role.EVEN: NormalForms.even,
    Role.MOVE: NormalForms.moved,
    Role.REDUCE: NormalForms.reduced,
    Role.REARRANGE: NormalForms.rearranged,
}
_OWN: dict[Op, Method] = {
    ops.const: NormalForms.const,
    ops.param: NormalForms.param,
    ops.distance: NormalForms.distance,
    ops.displacement: NormalForms.displacement,
    ops.at: NormalForms.at,
    ops.row: NormalForms.row,
    ops.add: NormalForms.add,
    ops.mul: NormalForms.mul,
    ops.neg: NormalForms.neg,
    ops.pow: NormalForms.pow,
    ops.exp: NormalForms.exp,
    ops.erfc: NormalForms.erfc,
    ops.step: NormalForms.step,
    ops.max: NormalForms.max,
    ops.min: NormalForms.min,
    ops.abs: NormalForms.abs,
    ops.select: NormalForms.select,
    ops.einsum: NormalForms.einsum,
}
# functions whose rule looks at the sign of the argument
_SIGNED: dict[Op | Made, Method] = {
    **{op: _BY_ROLE[op.role] for op in OPS.values() if op.role in (Role.ODD, Role.EVEN)},
    **{op: _OWN[op] for op in (ops.erfc, ops.step, ops.select)},
}
