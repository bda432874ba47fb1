"""The text of `printer.print_model` back to a model: its nodes are the very ones that were printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf, nan
from typing import Any, cast

from ..chemistry.units import ONE, Unit
from ..diagnostics.diagnostic import InternalError
from . import ops
from .graph import Model, Node, TermInstance, op_named
from .parameter import Parameter, parameter_size
from .printer import show_kind
from .types import NONE, Domain, DomainName, Kind

_TOKEN = re.compile(
    r'\s*(?P<text>"(?:[^"\\]|\\.)*")'
    r"|\s*(?P<node>%\d+)"
    r"|\s*(?P<number>-?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf)(?![\w.])|nan(?!\w))"
    r"|\s*(?P<name>[A-Za-z_][\w.]*)"
    r"|\s*(?P<mark>[^\s\w])"
)
_UNIT = re.compile(r"(?P<below>/?)(?P<name>eV|Å|e)(?:\^(?P<power>\d+|\(\d+/\d+\)))?$")
_WORDS = {"None": None, "True": True, "False": False}


def parse_model(text: str) -> Model:
    """The model of a text. Raises InternalError where the text was not written by `print_model`."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.strip():
                reader.line(line)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise InternalError(f"line {number} of the printed model cannot be read: {error}") from error
    return reader.model()


class _Reader:
    def __init__(self) -> None:
        self.species: tuple[str, ...] = ()
        self.open = False
        self.parameters: list[Parameter] = []
        self.terms: list[TermInstance] = []
        self.nodes: dict[str, Node] = {}
        self.outputs: dict[str, Node] = {}

    def model(self) -> Model:
        parameters, terms = tuple(self.parameters), tuple(self.terms)
        return Model(self.species, parameters, terms, self.outputs, self.open)

    def line(self, line: str) -> None:
        if line.startswith("%"):
            read_node(line, self.nodes)
            return
        first, _, rest = line.partition(" ")
        if first not in _LINES:
            raise ValueError(f"`{first}` begins no line of a model")
        _LINES[first](self, rest)

    def _species(self, rest: str) -> None:
        self.open = rest.endswith(" open")
        self.species = tuple(rest.removesuffix(" open").split(", "))

    def _parameter(self, rest: str) -> None:
        head, _, tail = rest.partition(" of ")
        name, _, kind_text = head.partition(" ")
        kind = read_kind(kind_text)
        words = _Words(tail)
        term = words.take()
        kept = words.value() if words.skip("keep") else None
        places = words.value() if words.skip("at") else None
        n = parameter_size(kind, len(self.species)) if places is None else max(places) + 1
        words.expect("=")
        start = words.run(n)
        words.expect("in", "(")
        lower = words.run(n)
        words.expect(",")
        upper = words.run(n)
        words.expect(")")
        free: tuple[Any, ...] = (True,) * n
        if words.left():
            free = (False,) * n if words.take() == "fixed" else words.run(n)
        self.parameters.append(Parameter(name, term, kind, start, lower, upper, free, kept, places))

    def _term(self, rest: str) -> None:
        words = _Words(rest)
        name = words.take()
        words.expect("=")
        node = self.nodes[words.take()]
        words.expect("calls")
        self.terms.append(TermInstance(name, words.take(), node, pinned=words.left()))

    def _output(self, rest: str) -> None:
        name, _, node = rest.partition(" = ")
        self.outputs[name] = self.nodes[node]


_LINES: Mapping[str, Callable[[_Reader, str], None]] = {
    "species": _Reader._species,
    "parameter": _Reader._parameter,
    "term": _Reader._term,
    "output": _Reader._output,
}


def read_node(line: str, nodes: dict[str, Node]) -> Node:
    """The node of a line of `printer.print_node`, with the nodes of its arguments; it joins them.

    Raises LookupError, ValueError, AttributeError or TypeError where the line is no such line.
    """
    head, _, kind_text = line.rpartition(" : ")
    words = _Words(head)
    name = words.take()
    words.expect("=")
    op = op_named(words.take())
    args = words.listed("(", ")", lambda: nodes[words.take()]) if words.peek() == "(" else []
    attrs = dict(words.listed("{", "}", words.attribute)) if words.peek() == "{" else {}
    kind = read_kind(kind_text)
    if op in (ops.const, ops.param):
        attrs["kind"] = kind
    node = op(*args, **attrs)
    if node.kind != kind:
        raise ValueError(f"{op.name} is {show_kind(node.kind)}, not {kind_text}")
    nodes[name] = node
    return node


def read_value(text: str) -> Any:
    """An attribute as `printer.show` writes it."""
    return _Words(text).value()


class _Words:
    """The words of a line, one after another."""

    def __init__(self, text: str) -> None:
        self.words = [(cast(str, m.lastgroup), m[cast(str, m.lastgroup)]) for m in _TOKEN.finditer(text)]
        self.at = 0

    def left(self) -> bool:
        return self.at < len(self.words)

    def peek(self) -> str | None:
        return self.words[self.at][1] if self.left() else None

    def take(self) -> str:
        self.at += 1
        return self.words[self.at - 1][1]

    def skip(self, word: str) -> bool:
        """Whether the next word is this one, which is then taken."""
        there = self.peek() == word
        self.at += there
        return there

    def expect(self, *expected: str) -> None:
        for word in expected:
            if self.take() != word:
                raise ValueError(f"`{word}` is missing")

    def listed(self, opening: str, closing: str, item: Any) -> list[Any]:
        self.expect(opening)
        found = []
        while self.peek() != closing:
            found.append(item())
            if self.peek() == ",":
                self.take()
        self.take()
        return found

    def run(self, n: int) -> tuple[Any, ...]:
        return tuple(self.listed("[", "]", self.value)) if self.peek() == "[" else (self.value(),) * n

    def attribute(self) -> tuple[str, Any]:
        name = self.take()
        self.expect("=")
        return name, self.value()

    def value(self) -> Any:
        kind, word = self.words[self.at]
        if word == "(":
            return tuple(self.listed("(", ")", self.value))
        self.at += 1
        if kind == "text":
            return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], word[1:-1])
        if kind == "number":
            return _number(word)
        if word in _WORDS:
            return _WORDS[word]
        if self.peek() != "(":
            return Domain(cast(DomainName, word))
        (rc,) = self.listed("(", ")", self.value)
        return Domain(cast(DomainName, word), rc)


def _number(word: str) -> float | int:
    special = {"inf": inf, "-inf": -inf, "nan": nan}
    if word in special:
        return special[word]
    return float(word) if "." in word or "e" in word else int(word)


def read_kind(text: str) -> Kind:
    """`edge(5.0)[8] eV/Å`."""
    words = _Words(text.strip())
    domain = words.value()
    shape = tuple(words.listed("[", "]", words.value)) if words.peek() == "[" else ()
    return Kind(
        domain if isinstance(domain, Domain) else NONE,
        shape,
        _unit(re.split(r"[\])a-z] ", text, maxsplit=1)[-1]),
    )


def _unit(text: str) -> Unit:
    unit = ONE
    if text == "1":
        return unit
    for part in (
        text.replace("/eV", " /eV").replace("/Å", " /Å").replace("/e", " /e").replace("//", "/").split()
    ):
        match = _UNIT.match(part)
        if match is None:
            raise ValueError(f"`{part}` is not a unit")
        power = Fraction((match["power"] or "1").strip("()"))
        base = {"eV": Unit(energy=power), "Å": Unit(length=power), "e": Unit(charge=power)}[match["name"]]
        unit = unit / base if match["below"] else unit * base
    return unit
