"""Harmonics in four dimensions and their couplings: calls of functions that fill arrays. All that this target
knows of them is here, with `prelude/triads.hpp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...ir import ops
from ...ir.graph import Node
from ...ir.triads import Triad, symbols, top_of
from .rules import Body, lowers
from .writer import Value, literal, vector

PART = "triads.hpp"  # of the prelude


def are_in(nodes: Iterable[Node]) -> bool:
    """Whether the prelude's part is needed."""
    return any(node.op in (ops.hyperharmonics, ops.triads, ops.couple) for node in nodes)


def definitions(names: Mapping[Triad, str]) -> Iterator[str]:
    """The arrays of the symbols of triads, by their names."""
    for triad, name in names.items():
        yield f"constexpr real {name}[] = {{{', '.join(map(literal, symbols(*triad)))}}};"


@lowers(ops.hyperharmonics)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    point = ", ".join(map(vector, (*args[0], *args[1])))
    return _filled(body, node, f"hyperharmonics<{node['top']}>({point}, {{out}})")


@lowers(ops.triads)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    x, y = (top_of(a.kind.components) for a in node.args[:2])
    return _filled(body, node, f"triads<{x}, {y}>({_given(body, node, args)}, {{out}})")


@lowers(ops.couple)
def _(body: Body, node: Node, args: Sequence[Value]) -> Value:
    x, y = (top_of(a.kind.components) for a in node.args[1:])
    return _filled(body, node, f"couple<{x}, {y}, {node['top']}>({_given(body, node, args)}, {{out}})")


def _filled(body: Body, node: Node, call: str) -> Value:
    """The components of an array that a function of the prelude fills."""
    out, n = body.writer.name(), node.kind.components
    body.writer.lines += [f"V {out}[{n}];", call.format(out=out) + ";"]
    return [f"{out}[{k}]" for k in range(n)]


def _given(body: Body, node: Node, args: Sequence[Value]) -> str:
    """Triads with their symbols, the number of them, and the arguments as arrays."""
    name = body.writer.name()
    listed = [f"{{{a}, {b}, {c}, {body.symbols((a, b, c))}}}" for a, b, c in node["degrees"]]
    body.writer.lines.append(f"static const Triad {name}[] = {{{', '.join(listed)}}};")
    return ", ".join([name, str(len(listed)), *map(body.copied, args)])
