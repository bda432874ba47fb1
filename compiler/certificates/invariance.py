"""Invariance by construction: translation, exchange of like atoms, rotation and mirror images.

Positions enter through distances and vectors between atoms alone, and atoms through sums and tables by
species. For rotations each value has a form: it is kept, its last axis turns as multiplets do, or it is
polynomials of multiplets. Sums over a whole multiplet with another are kept; what is left is kept where
both generators of rotations take its polynomials to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod

import numpy as np

from ..ir import ops
from ..ir.contraction import parsed
from ..ir.graph import Model, Node, Op, topological
from ..ir.traits import Trait
from ..ir.triads import pole, top_of
from . import polynomials as algebra
from .certificate import Certificate, Finding, Verdict
from .polynomials import Component, Polynomial, TooLarge
from .rotations import couples
from .triangles import is_direction

_STATEMENT = (
    "the energy does not change when all atoms are shifted, turned, mirrored, or like atoms exchanged"
)
_MOST_COMPONENTS = 4000
_AS_ATOMS = Trait.LOCAL | Trait.MOVE | Trait.SUM | Trait.LOOKUP


class NotKept(Exception):
    """A value that rotations change, or that is not seen to be kept: the node, and the reason."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.node, self.reason = node, reason


@dataclass(frozen=True)
class Kept:
    """A value that no rotation and no mirror changes."""


@dataclass(frozen=True)
class Turning:
    """A value whose last axis is multiplets one after the other: (basis, l) of each."""

    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Both:
    """A value whose last axis, or last two axes, is all products of two multiplets of harmonics."""

    degrees: tuple[int, int]


@dataclass(frozen=True)
class Mixed:
    """A value with a polynomial of components for each of its own."""

    of: tuple[Polynomial, ...]


@dataclass(frozen=True)
class Hyper:
    """A value that is harmonics in four dimensions, of points whose vectors turn with the atoms."""


Form = Kept | Turning | Both | Mixed | Hyper
KEPT = Kept()


def invariance(model: Model) -> Certificate:
    """Of the energy: each symmetry by itself."""
    energy = model.outputs["energy"]
    nodes = list(topological([energy]))
    strange = [n for n in nodes if n.args and not n.op.traits & _AS_ATOMS]
    leaves = {n.op for n in nodes if Trait.POSITION in n.op.traits}
    words = {ops.distance: "distances", ops.displacement: "vectors"}
    listed = " and ".join(word for op, word in words.items() if op in leaves)
    entering = f"positions enter through {listed} between atoms alone" if listed else "no position enters"
    findings = [
        Finding("translation", Verdict.PROVED, entering),
        Finding(
            "exchange of like atoms",
            Verdict.OPEN if strange else Verdict.PROVED,
            f"`{strange[0].op.name}` is not known to treat like atoms alike"
            if strange
            else "atoms enter through sums over neighbours, and through tables by species",
        ),
        *_rotations(model),
    ]
    return Certificate("invariance", _STATEMENT, tuple(findings))


def rotations_keep(model: Model) -> bool:
    """Whether the energy is proved to be the same however atoms are turned."""
    return all(f.verdict == Verdict.PROVED for f in _rotations(model))


def _rotations(model: Model) -> list[Finding]:
    names = ("rotation", "mirror image")
    for term in model.terms:
        try:
            forms = _Forms(term.energy)
        except NotKept as fault:
            sentence = f"{term.called}: `{fault.node.op.name}` {fault.reason}"
            return [Finding(n, Verdict.OPEN, sentence, {"term": term.name}) for n in names]
    energy = model.outputs["energy"]
    forms = _Forms(energy)
    directions = any(isinstance(f, (Turning, Mixed)) for f in forms.of.values())
    how = (
        "directions enter through whole multiplets, contracted to numbers"
        if directions
        else "no direction enters"
    )
    return [Finding(n, Verdict.PROVED, how) for n in names]


class _Forms:
    """The form of each value under a root, which is kept. Raises NotKept."""

    def __init__(self, root: Node) -> None:
        self.of: dict[Node, Form] = {}
        self._sources: dict[Node, int] = {}
        for node in topological([root]):
            self.of[node] = self._form(node)
        self.kept(root)

    def kept(self, node: Node) -> None:
        """Polynomials are looked at, once; all else has its form."""
        form = self.of[node]
        if isinstance(form, Kept):
            return
        if not isinstance(form, Mixed):
            raise NotKept(node, "turns with the atoms")
        if not all(algebra.is_invariant(p) for p in _distinct(form.of)):
            raise NotKept(node, "has components that a rotation or a mirror changes")
        self.of[node] = KEPT

    def _form(self, node: Node) -> Form:
        forms = [self.of[a] for a in node.args]
        if node.op is ops.displacement:
            return Turning((("vector", 1),))
        if node.op is ops.sphericals:
            if not is_direction(node.args[0]):
                raise NotKept(node, "is of a vector that is not known to be a direction")
            return Turning(tuple(("harmonics", l) for l in range(node["l"] + 1)))  # noqa: E741
        if node.op is ops.hyperharmonics and forms == [KEPT, Turning((("vector", 1),))]:
            return Hyper()
        if all(isinstance(f, Kept) for f in forms):
            return KEPT
        made = _RULES[node.op](self, node, forms) if node.op in _RULES else None
        if made is None and node.op in _POLYNOMIAL:
            made = self._expanded(node)
        if made is None:
            for a in node.args:
                self.kept(a)
            made = KEPT
        return made

    # --- polynomials -------------------------------------------------------------------------------------

    def _expanded(self, node: Node) -> Form | None:
        """Components as polynomials; None where an argument is kept and no constant, so that all must be."""
        arguments = [self._polynomials(a) for a in node.args]
        if any(a is None for a in arguments):
            return None
        try:
            return Mixed(tuple(_POLYNOMIAL[node.op](node, *arguments)))
        except TooLarge:
            raise NotKept(node, "is too large a polynomial of directions to be worked out") from None

    def _polynomials(self, node: Node) -> tuple[Polynomial, ...] | None:
        form = self.of[node]
        if isinstance(form, Mixed):
            return form.of
        if isinstance(form, Kept):
            return tuple(map(algebra.number, node["values"])) if _is_number(node) else None
        if isinstance(form, (Both, Hyper)) or node.kind.components > _MOST_COMPONENTS:
            raise NotKept(node, "is not contracted with whole multiplets, and too large to be written out")
        source = self._sources.setdefault(node, len(self._sources))
        places = [(basis, l, m) for basis, l in form.parts for m in range(2 * l + 1)]  # noqa: E741
        rows = node.kind.components // len(places)
        return tuple({(Component(source, row, *place),): 1.0} for row in range(rows) for place in places)


def _is_number(node: Node) -> bool:
    """A constant of the model: not a table by species."""
    return node.op is ops.const and len(node["values"]) == node.kind.components


def _distinct(all_of_them: tuple[Polynomial, ...]) -> list[Polynomial]:
    """One of those that are alike but for their rows."""
    found = {}
    for p in all_of_them:
        rows: dict[tuple[int, int], int] = {}
        for monomial in p:
            for c in monomial:
                rows.setdefault((c.value, c.row), len(rows))
        renamed = {
            tuple(sorted(c._replace(value=0, row=rows[c.value, c.row]) for c in monomial)): x
            for monomial, x in p.items()
        }
        found[tuple(sorted(renamed.items()))] = renamed
    return list(found.values())


# --- rules of multiplets -----------------------------------------------------------------------------------


def _same(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    return of[0]


def _sum(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    if any(isinstance(f, Hyper) for f in of):
        return _hyper(forms, node, of)
    return of[0] if isinstance(of[0], Turning) and of[0] == of[1] else None


def _choice(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    condition, a, b = of
    plain = isinstance(condition, Kept) and not node.args[0].kind.shape
    return a if plain and isinstance(a, Turning) and a == b else None


def _product(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    for factor, form, other in ((node.args[0], of[0], of[1]), (node.args[1], of[1], of[0])):
        if isinstance(form, Kept) and not factor.kind.shape and not isinstance(other, Mixed):
            return other
    return None


def _taken(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    """Whole multiplets."""
    form = of[0]
    if not isinstance(form, Turning):
        return None
    starts, first = {}, 0
    for part in form.parts:
        starts[first] = part
        first += 2 * part[1] + 1
    parts, at, indices = [], 0, node["indices"]
    while at < len(indices):
        whole = starts.get(indices[at])
        size = 0 if whole is None else 2 * whole[1] + 1
        if whole is None or indices[at : at + size] != tuple(range(indices[at], indices[at] + size)):
            return None
        parts.append(whole)
        at += size
    return Turning(tuple(parts))


def _reshaped(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    form, before, after = of[0], node.args[0].kind.shape, node["shape"]
    if isinstance(form, Turning) and after and after[-1] == before[-1]:
        return form
    if isinstance(form, Both) and after and after[-1] == prod(2 * l + 1 for l in form.degrees):  # noqa: E741
        return form
    return None


def _contracted(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    """Kept factors beside one multiplet; two multiplets summed to a number, or side by side, or coupled."""
    inputs, output = parsed(node["spec"]).inputs, parsed(node["spec"]).output
    turning = [k for k, f in enumerate(of) if not isinstance(f, Kept)]
    letters = [inputs[k][-1:] for k in turning]
    rest = "".join(c for k, own in enumerate(inputs) if k not in turning for c in own)
    if any(isinstance(of[k], Mixed) for k in turning) or any(
        inputs[k].count(c) > 1 for k, c in zip(turning, letters, strict=True)
    ):
        return None
    if len(turning) == 1:
        form, (c,) = of[turning[0]], letters
        if c not in rest and c in output:
            return form if output[-1] == c and isinstance(form, Turning) else None
        return _coupled(node, of, turning[0]) if len(of) == 2 else None
    if len(turning) == 2 and not rest:
        a, b = (of[k] for k in turning)
        if not isinstance(a, Turning) or not isinstance(b, Turning):
            return None
        if letters[0] in inputs[turning[1]][:-1] or letters[1] in inputs[turning[0]][:-1]:
            return None
        if letters[0] == letters[1]:
            return KEPT if letters[0] not in output and a == b else None
        sides = [p for f in (a, b) for p in f.parts]
        single = len(sides) == 2 and all(basis == "harmonics" for basis, _ in sides)
        return Both((sides[0][1], sides[1][1])) if single and output[-2:] == "".join(letters) else None
    return None


def _coupled(node: Node, of: list[Form], place: int) -> Form | None:
    """Products of two multiplets summed with a table that makes a third of them."""
    form, table = of[place], node.args[1 - place]
    contraction = parsed(node["spec"])
    value, own = contraction.inputs[place], contraction.inputs[1 - place]
    if not isinstance(form, Both) or not _is_number(table) or own != value[-1] + contraction.output[-1]:
        return None
    degree = (table.kind.shape[-1] - 1) // 2
    matrix = np.array(table["values"]).reshape(table.kind.shape)
    return Turning((("harmonics", degree),)) if couples(matrix, form.degrees, degree) else None


def _hyper(forms: _Forms, node: Node, of: list[Form]) -> Form | None:
    """Harmonics in four dimensions, beside them at their pole, which no rotation moves."""
    poles = (
        _is_number(a) and a.kind.shape != () and a["values"] == pole(top_of(a.kind.components) or 0)
        for a in node.args
    )
    whole = all(isinstance(f, Hyper) or fixed for f, fixed in zip(of, poles, strict=True))
    return (Hyper() if node.op is ops.add else KEPT) if whole else None


Rule = Callable[[_Forms, Node, list[Form]], Form | None]
_ONE = (ops.neg, ops.to_i, ops.to_j, ops.to_ij, ops.to_ik, ops.sum_i, ops.sum_j, ops.sum_to_ij, ops.sum_to_ik)
_RULES: Mapping[Op, Rule] = {
    **dict.fromkeys(_ONE, _same),
    ops.add: _sum,
    ops.mul: _product,
    ops.select: _choice,
    ops.take: _taken,
    ops.reshape: _reshaped,
    ops.einsum: _contracted,
    ops.triads: _hyper,
}


# --- rules of polynomials --------------------------------------------------------------------------------


def _pairs(
    node: Node, a: tuple[Polynomial, ...], b: tuple[Polynomial, ...]
) -> list[tuple[Polynomial, Polynomial]]:
    n = node.kind.components
    return list(zip(a * (n if len(a) == 1 else 1), b * (n if len(b) == 1 else 1), strict=True))


def _power(node: Node, a: tuple[Polynomial, ...]) -> list[Polynomial]:
    p = node["exponent"]
    if p != int(p) or not 0 < p <= 8:
        raise TooLarge
    return [reduce(algebra.multiplied, [x] * int(p)) for x in a]


def _einsum(node: Node, *args: tuple[Polynomial, ...]) -> list[Polynomial]:
    contraction = parsed(node["spec"])
    sizes = contraction.sizes(a.kind.shape for a in node.args)
    if contraction.products(sizes) > algebra.MOST:
        raise TooLarge
    found: list[Polynomial] = [{} for _ in range(node.kind.components)]
    for values in product(*map(range, sizes.values())):
        at = dict(zip(sizes, values, strict=True))
        parts = [a[_flat(own, at, sizes)] for own, a in zip(contraction.inputs, args, strict=True)]
        if all(parts):
            k = _flat(contraction.output, at, sizes)
            found[k] = algebra.added(found[k], reduce(algebra.multiplied, parts))
    return found


def _flat(letters: str, at: Mapping[str, int], sizes: Mapping[str, int]) -> int:
    return reduce(lambda k, c: k * sizes[c] + at[c], letters, 0)


def _take(node: Node, a: tuple[Polynomial, ...]) -> list[Polynomial]:
    size = node.args[0].kind.shape[-1]
    return [a[start + k] for start in range(0, len(a), size) for k in node["indices"]]


def _put(node: Node, a: tuple[Polynomial, ...]) -> list[Polynomial]:
    size = node.args[0].kind.shape[-1]
    found: list[Polynomial] = [{} for _ in range(node.kind.components)]
    for k, p in enumerate(a):
        place = k // size * node["size"] + node["indices"][k % size]
        found[place] = algebra.added(found[place], p)
    return found


_POLYNOMIAL: Mapping[Op, Callable[..., list[Polynomial]]] = {
    ops.add: lambda node, a, b: [algebra.added(x, y) for x, y in _pairs(node, a, b)],
    ops.mul: lambda node, a, b: [algebra.multiplied(x, y) for x, y in _pairs(node, a, b)],
    ops.neg: lambda node, a: [algebra.multiplied(x, algebra.number(-1.0)) for x in a],
    ops.pow: _power,
    ops.einsum: _einsum,
    ops.take: _take,
    ops.put: _put,
    ops.reshape: lambda node, a: list(a),
    ops.stack: lambda node, *args: [p for a in args for p in a],
}
