"""The text of `printer.print_plan` back to a plan equal to the one that was printed."""

from __future__ import annotations

from ..diagnostics.diagnostic import InternalError
from ..ir.graph import Node
from ..ir.reader import read_node, read_value
from ..ir.types import Domain
from .plan import Algorithm, Layout, Plan, Step, Storage


def parse_plan(text: str) -> Plan:
    """The plan of a text. Raises InternalError where the text was not written by `print_plan`."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.strip():
                reader.line(line)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise InternalError(f"line {number} of the printed plan cannot be read: {error}") from error
    return reader.plan()


class _Reader:
    def __init__(self) -> None:
        self.target, self.species = "", 0
        self.lists: list[Domain] = []
        self.steps: list[Step] = []
        self.nodes: dict[str, Node] = {}
        self.outputs: list[tuple[str, Node]] = []

    def plan(self) -> Plan:
        return Plan(self.target, self.species, tuple(self.lists), tuple(self.steps), tuple(self.outputs))

    def line(self, line: str) -> None:
        first, _, rest = line.partition(" ")
        if first.startswith("%"):
            node, _, decisions = line.rpartition(" | ")
            self.steps.append(_step(read_node(node, self.nodes), decisions))
        elif first == "plan":
            self.target, _, count, _ = rest.split()
            self.species = int(count)
        elif first == "list":
            self.lists.append(read_value(rest))
        elif first == "output":
            name, _, number = rest.partition(" = ")
            self.outputs.append((name, self.nodes[number]))
        else:
            raise ValueError(f"`{first}` begins no line of a plan")


def _step(node: Node, decisions: str) -> Step:
    layout, storage, algorithm, *rest = decisions.split()
    optional = {word: read_value(value) for word, value in zip(rest[::2], rest[1::2], strict=True)}
    step = Step(
        node=node,
        layout=Layout(layout),
        storage=Storage(storage),
        algorithm=Algorithm(algorithm),
        neighbors=optional.pop("on", None),
        cutoff=optional.pop("within", None),
        operand=optional.pop("operand", None),
    )
    if optional:
        raise ValueError(f"`{next(iter(optional))}` is no decision")
    return step
