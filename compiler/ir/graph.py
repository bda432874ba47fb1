"""The intermediate representation: operations, hash-consed nodes of them, and models made of nodes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ..diagnostics.diagnostic import InternalError
from ..diagnostics.source import Span
from .interval import Range
from .parameter import Parameter
from .parameter_vector import ParameterVector
from .traits import Role, Trait
from .types import LARGEST, Domain, Kind, too_large

if TYPE_CHECKING:  # `check` does without numpy
    from numpy import bool_
    from numpy.typing import NDArray

    Mask = NDArray[bool_]

Attrs = tuple[tuple[str, Any], ...]

# For each argument of a node, the adjoint that it receives: made only where it is needed.
Lazy = Callable[[], "Node"]
KindRule = Callable[..., Kind]
Pullback = Callable[["Node", "Node"], Sequence[Lazy]]
Pushforward = Callable[["Node", Sequence["Node | None"]], "Node | None"]
IntervalRule = Callable[["Node", Sequence[Range]], Range]


@dataclass(frozen=True)
class Liveness:
    """The components of a value that count, as masks of its feature shape.

    support(node, supports): the components that may differ from 0, from those of the arguments.
    reads(node, wanted, supports): for each argument the components that the wanted ones read.
    """

    support: Callable[[Node, Sequence[Mask]], Mask]
    reads: Callable[[Node, Mask, Sequence[Mask]], list[Mask]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Op:
    """An operation of the IR with all of its facets. Each is one object, so `is` is equality.

    kind: the kind of the result, from arguments and attributes; raises KindError where they do not fit.
    traits: facts that passes and analyses read.
    scalar: the meaning for plain numbers, attributes by name; None where single numbers do not define it.
    interval: an enclosure of the result from those of the arguments.
    pullback(node, g): for each argument a function that makes its adjoint from g, the adjoint of the node.
    pushforward(node, tangents): the tangent of the node from those of the arguments, None for 0.
    flops: operations for one entry of the domain.
    live: the components that may differ from 0 and are read.
    role: the treatment in the normal form of `diff`.
    """

    name: str
    kind: KindRule
    traits: Trait
    scalar: Callable[..., float] | None
    interval: IntervalRule
    pullback: Pullback
    pushforward: Pushforward
    flops: Callable[[Node], float]
    live: Liveness
    role: Role

    def __call__(self, *args: Node, origin: Span | None = None, **attrs: Any) -> Node:
        """The node of this operation. Raises KindError where the arguments do not fit."""
        kind = self.kind(*args, **attrs)
        if kind.components > LARGEST:
            raise too_large("a value here", kind.components)
        return intern(self, args, tuple(sorted(attrs.items())), kind, origin)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return op_named, (self.name,)


OPS: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Make an operation known by its name, which is free."""
    if op.name in OPS:
        raise InternalError(f"two operations are called `{op.name}`")
    OPS[op.name] = op
    return op


def op_named(name: str) -> Op:
    """The operation of a name. Raises KeyError."""
    return OPS[name]


class Node:
    """An operation on other nodes. Equal nodes are one object, so `is` is equality.

    Made only by calling an `Op`, which infers the kind. `origin` is where the node came from, outside its
    identity.
    """

    __slots__ = ("__weakref__", "args", "attrs", "key", "kind", "op", "origin")

    op: Op
    args: tuple[Node, ...]
    attrs: Attrs
    kind: Kind
    key: bytes  # digest of op, arguments, attributes and kind: the same in every process, so orders are too
    origin: Span | None

    def __getitem__(self, name: str) -> Any:
        """An attribute by name. Raises KeyError."""
        for key, value in self.attrs:
            if key == name:
                return value
        raise KeyError(name)

    def __repr__(self) -> str:
        attrs = "".join(f" {k}={v}" for k, v in self.attrs)
        return f"<{self.op.name}{attrs}: {self.kind}>"

    def __reduce__(self) -> Any:
        return intern, (self.op, self.args, self.attrs, self.kind)


_interned: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()
_making = Lock()  # threads that compile at once share all nodes
if hasattr(os, "register_at_fork"):  # no child is born while another thread makes a node
    os.register_at_fork(
        before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release
    )


def intern(op: Op, args: tuple[Node, ...], attrs: Attrs, kind: Kind, origin: Span | None = None) -> Node:
    """The one node with these fields."""
    key = (op.name, tuple(id(a) for a in args), attrs, kind)
    found = _interned.get(key)
    if found is not None:
        return found
    node = object.__new__(Node)
    node.op, node.args, node.attrs, node.kind, node.origin = op, args, attrs, kind, origin
    text = f"{op.name} {attrs} {kind}".encode()
    node.key = blake2b(b"".join((text, *(a.key for a in args))), digest_size=16).digest()
    with _making:
        return _interned.setdefault(key, node)


def topological(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node under the roots once, arguments first. Not recursive: formulas may be long chains."""
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(node.args) if id(a) not in seen)


@dataclass(frozen=True)
class TermInstance:
    """A call of a term in the energy: its name in this model, the term called, and its site energy."""

    name: str
    called: str
    energy: Node
    pinned: bool = False
    origin: Span | None = None


@dataclass(frozen=True)
class Model:
    """A potential: named outputs (nodes) over parameters and species.

    `build` makes the output `energy` (eV, per site). `optimize` leaves `energy` (per structure),
    `site_energy`, `forces` (eV/Å, per site) and `virial` (dE/dε, eV, per structure).
    """

    species: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    terms: tuple[TermInstance, ...]
    outputs: Mapping[str, Node]
    open_species: bool = False

    def nodes(self) -> Iterator[Node]:
        return topological(self.outputs.values())

    def with_outputs(self, outputs: Mapping[str, Node]) -> Model:
        return replace(self, outputs=dict(outputs))

    def lists(self) -> tuple[Domain, ...]:
        """The neighbour lists in use, as pair and edge domains, in a fixed order. Triples run over edges."""
        found = set()
        for node in self.nodes():
            domain = node.kind.domain
            if domain.name in ("pair", "edge"):
                found.add(domain)
            elif domain.name == "triple":
                found.add(Domain("edge", domain.rc))
        return tuple(sorted(found, key=lambda d: (d.name, d.rc or 0.0)))

    @cached_property
    def vector(self) -> ParameterVector:
        """All parameters as one vector."""
        return ParameterVector(self.parameters, self.species)
