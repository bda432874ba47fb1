"""Operations on feature axes: contractions, and components chosen, laid out and renamed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

from ..contraction import Contraction, parsed
from ..graph import Lazy, Node, Op, register
from ..interval import ALL, ZERO, Range, hull, product
from ..live import CONTRACTION, PUT, RESHAPE, STACK, TAKE
from ..traits import Role, Trait
from ..types import Kind, KindError
from . import rules
from .arithmetic import add, widened
from .leaves import constant

# --- contractions ------------------------------------------------------------------------------


def _einsum_kind(*args: Node, spec: str) -> Kind:
    """Sums of products over feature axes, in the notation of numpy.einsum."""
    contraction = parsed(spec)
    sizes: dict[str, int] = {}
    for letters, arg in zip(contraction.inputs, args, strict=True):
        if len(letters) != len(arg.kind.shape):
            raise KindError(
                "shape-mismatch", f"a value with {len(letters)} axes is needed, not {arg.kind.shape}"
            )
        for letter, size in zip(letters, arg.kind.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise KindError("shape-mismatch", f"{sizes[letter]} components do not pair with {size}")
    shape = tuple(sizes[c] for c in contraction.output)
    return Kind(rules.domain_of(*args), shape, rules.unit_of_product(*args))


def _einsum_range(node: Node, args: Sequence[Range]) -> Range:
    """Sums of so many products as the letters that are not in the result have values."""
    contraction = parsed(node["spec"])
    count = float(contraction.terms(contraction.sizes(a.kind.shape for a in node.args)))
    return product(reduce(product, args), (count, count))


def _einsum_adjoints(node: Node, g: Node) -> list[Lazy]:
    contraction = parsed(node["spec"])
    letters, out = contraction.inputs, contraction.output

    def adjoint(k: int) -> Node:
        others = [(s, x) for j, (s, x) in enumerate(zip(letters, node.args, strict=True)) if j != k]
        present = set(out).union(*(s for s, _ in others)) if others else set(out)
        missing = "".join(c for c in letters[k] if c not in present)
        sizes = dict(zip(letters[k], node.args[k].kind.shape, strict=True))
        ones = [(c, constant((1.0,) * sizes[c], shape=(sizes[c],))) for c in missing]
        specs, nodes = zip((out, g), *others, *ones, strict=True)
        return einsum(*nodes, spec=str(Contraction(specs, letters[k])))

    return [lambda k=k: adjoint(k) for k in range(len(node.args))]  # type: ignore[misc]


def _einsum_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    total: Node | None = None
    for k, t in enumerate(tangents):
        if t is not None:
            part = einsum(*(t if j == k else a for j, a in enumerate(node.args)), spec=node["spec"])
            total = part if total is None else add(total, part)
    return None if total is None else widened(total, node)


einsum: Op = register(
    Op(
        name="einsum",
        kind=_einsum_kind,
        traits=Trait.LOCAL | Trait.MULTILINEAR,
        scalar=None,
        interval=_einsum_range,
        pullback=_einsum_adjoints,
        pushforward=_einsum_tangent,
        flops=rules.contraction,
        live=CONTRACTION,
        role=Role.OWN,
    )
)

# --- components --------------------------------------------------------------------------------


def _take_kind(a: Node, *, indices: tuple[int, ...]) -> Kind:
    """Components of the last feature axis."""
    *before, size = a.kind.shape
    if any(not 0 <= k < size for k in indices):
        raise KindError("index-out-of-range", f"components run from 0 to {size - 1}")
    return Kind(a.kind.domain, (*before, len(indices)), a.kind.unit)


def _take_adjoints(node: Node, g: Node) -> list[Lazy]:
    return [lambda: put(g, indices=node["indices"], size=node.args[0].kind.shape[-1])]


take: Op = register(
    Op(
        name="take",
        kind=_take_kind,
        traits=Trait.LOCAL | Trait.LINEAR | Trait.REARRANGES | Trait.FREE,
        scalar=None,
        interval=rules.first,
        pullback=_take_adjoints,
        pushforward=rules.again,
        flops=rules.free,
        live=TAKE,
        role=Role.REARRANGE,
    )
)


def _put_kind(a: Node, *, indices: tuple[int, ...], size: int) -> Kind:
    """Adjoint of take: component k goes to indices[k], adding up."""
    return Kind(a.kind.domain, (*a.kind.shape[:-1], size), a.kind.unit)


def _put_range(node: Node, args: Sequence[Range]) -> Range:
    covered = set(node["indices"]) == set(range(node["size"]))
    several = len(set(node["indices"])) < len(node["indices"])
    return ALL if several else args[0] if covered else hull([args[0], ZERO])


put: Op = register(
    Op(
        name="put",
        kind=_put_kind,
        traits=Trait.LOCAL | Trait.LINEAR | Trait.REARRANGES | Trait.FREE,
        scalar=None,
        interval=_put_range,
        pullback=lambda node, g: [lambda: take(g, indices=node["indices"])],
        pushforward=rules.again,
        flops=rules.free,
        live=PUT,
        role=Role.REARRANGE,
    )
)


def _stack_kind(*args: Node) -> Kind:
    """Single values become the components of one feature axis."""
    domain, shape = rules.joined(*args)
    if shape:
        raise KindError("shape-mismatch", "only single values are stacked")
    return Kind(domain, (len(args),), rules.same_unit("stack", *args))


def _stack_adjoints(node: Node, g: Node) -> list[Lazy]:
    return [lambda k=k: reshape(take(g, indices=(k,)), shape=()) for k in range(len(node.args))]  # type: ignore[misc]


def _stack_tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    there = next((t for t in tangents if t is not None), None)
    if there is None:
        return None
    zero = constant(0.0, there.kind.unit)
    return widened(stack(*(zero if t is None else t for t in tangents)), node)


stack: Op = register(
    Op(
        name="stack",
        kind=_stack_kind,
        traits=Trait.LOCAL | Trait.LINEAR | Trait.FREE,
        scalar=None,
        interval=lambda node, args: hull(args),
        pullback=_stack_adjoints,
        pushforward=_stack_tangent,
        flops=rules.free,
        live=STACK,
        role=Role.FUNCTION,
    )
)


def _reshape_kind(a: Node, *, shape: tuple[int, ...]) -> Kind:
    if prod(a.kind.shape) != prod(shape):
        raise KindError("shape-mismatch", f"{a.kind.shape} does not reshape to {shape}")
    return Kind(a.kind.domain, shape, a.kind.unit)


reshape: Op = register(
    Op(
        name="reshape",
        kind=_reshape_kind,
        traits=Trait.LOCAL | Trait.LINEAR | Trait.REARRANGES | Trait.FREE,
        scalar=None,
        interval=rules.first,
        pullback=lambda node, g: [lambda: reshape(g, shape=node.args[0].kind.shape)],
        pushforward=rules.again,
        flops=rules.free,
        live=RESHAPE,
        role=Role.REARRANGE,
    )
)


def components(a: Node) -> list[Node]:
    """The components of a value with one feature axis, as single values."""
    (n,) = a.kind.shape
    return [reshape(take(a, indices=(k,)), shape=()) for k in range(n)]
