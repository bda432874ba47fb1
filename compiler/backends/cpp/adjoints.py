"""Outputs that are added up over the atoms, neighbours or triples of each species: adjoints of tables."""

from __future__ import annotations

from typing import Protocol

from ...ir.bsplines import Knots
from ...ir.graph import Node
from ...schedule.sweep import Loop
from . import splines
from .loops import Context
from .writer import Value, Writer, vector

_ROWS = {0: "0", 1: "si", 2: "(si * NS + sj)", 3: "((si * NS + sj) * NS + sk)"}
_WRITTEN_OUT = 16  # components; more are added in a loop where they lie in an array


class Body(Protocol):
    """What additions ask of the loop body that they are in."""

    writer: Writer
    outside: Writer
    context: Context
    loop: Loop

    @property
    def knots(self) -> dict[Knots, int]: ...
    def value(self, node: Node, reader: Node) -> Value: ...


class AddedAdjoints:
    """The additions of one loop. pointers: statements before its innermost loop; lines: within it."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.pointers: list[str] = []
        self.lines: list[str] = []

    def write(self) -> None:
        """The additions of the loop's results."""
        for node in self.body.loop.results:
            for to in self.body.context.adjoints.get(node, ()):
                name, components = self.body.writer.name(), node.kind.components
                row = f"({to.place} + {_ROWS[to.letters]} * {components}) * LANES"
                self.pointers.append(f"real *const {name} = w.G + {row};")
                if splines.are_added(node):
                    args = (self.body.value(a, node) for a in node.args)
                    self.lines.append(splines.added(self.body, node, name, *args))
                else:
                    self.lines += _added(name, self.body.value(node, node))


def _added(to: str, value: Value) -> list[str]:
    first = str(value[0])
    base = first[: first.rfind("[")] if first.endswith("[0]") else ""
    if base and len(value) > _WRITTEN_OUT and value == [f"{base}[{c}]" for c in range(len(value))]:
        return [f"for (int c = 0; c < {len(value)}; ++c) add_masked({to} + c * LANES, valid, {base}[c]);"]
    kept = ((c, v) for c, v in enumerate(value) if v != 0.0)
    return [f"add_masked({to} + {c} * LANES, valid, {vector(v)});" for c, v in kept]
