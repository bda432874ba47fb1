"""The intermediate representation: hash-consed nodes, and models made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

from ..diagnostics.source import Span
from .types import Domain, Kind, entries

Attrs = tuple[tuple[str, Any], ...]


class Node:
    """An operation on other nodes. Equal nodes are one object, so `is` is equality.

    Made only by `ops.make`, which infers the kind. `origin` is where the node came from, outside its
    identity.
    """

    __slots__ = ("__weakref__", "args", "attrs", "key", "kind", "op", "origin")

    op: str
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
        return f"<{self.op}{attrs}: {self.kind}>"

    def __reduce__(self) -> Any:
        return intern, (self.op, self.args, self.attrs, self.kind)


_interned: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()


def intern(op: str, args: tuple[Node, ...], attrs: Attrs, kind: Kind, origin: Span | None = None) -> Node:
    """The one node with these fields."""
    key = (op, tuple(id(a) for a in args), attrs, kind)
    node = _interned.get(key)
    if node is None:
        node = object.__new__(Node)
        node.op, node.args, node.attrs, node.kind, node.origin = op, args, attrs, kind, origin
        text = f"{op} {attrs} {kind}".encode()
        node.key = blake2b(b"".join((text, *(a.key for a in args))), digest_size=16).digest()
        _interned[key] = node
    return node


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
class Parameter:
    """A trainable or fixed number, or table of numbers, of the model.

    start, lower, upper, free: one entry a number, species row slowest, feature axes fastest, in eV, Å, e.
    `free` says which are trained. `name` is unique in the model: `morse.D`; `term` names the term instance
    that owns it. `kind` is that of the table a kernel reads. `components`: which of the declared components
    its feature axis holds, None for all. `places`: for each entry of the table the number that it is, −1 for
    0; None where each is its own.
    """

    name: str
    term: str
    kind: Kind
    start: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    free: tuple[bool, ...]
    components: tuple[int, ...] | None = None
    places: tuple[int, ...] | None = None


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

    def size(self) -> int:
        """Numbers in all parameters, fixed ones included."""
        return sum(len(p.start) for p in self.parameters)


def parameter_size(kind: Kind, species: int) -> int:
    """Numbers in a parameter: rows of its table times its feature components."""
    return entries(kind.domain, species) * kind.components
