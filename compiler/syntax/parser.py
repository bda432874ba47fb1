"""Text to syntax tree. The modules beside it alone know lark: `faults`, `mistakes`, `tables`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from ..diagnostics.diagnostic import Diagnostic, Fix, SpecError
from ..diagnostics.source import Source, Span
from . import tree as syntax
from .characters import look_alikes
from .faults import declaration_before, explain, hidden, start, valueless
from .tables import grammar

# Deeper than any formula a person writes; well inside Python's own recursion limit.
MAX_DEPTH = 120
_MOST_STATEMENTS = 100

# as in QUANTITY of the grammar: what is left is the unit
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def parse_source(source: Source) -> syntax.File:
    """The syntax tree of a text.

    Raises SpecError with the place and the reason where the text is not in the language; not-a-spec with the
    place alone, where its file has not the name of a spec.
    """
    try:
        return _parsed(source)
    except SpecError as error:
        raise error if source.is_spec else SpecError(hidden(error.diagnostics[0], source)) from None


def _parsed(source: Source) -> syntax.File:
    lark, comments = grammar()
    comments.clear()
    odd = look_alikes(source)
    if odd:
        raise SpecError(odd)
    _refuse_deep_nesting(source)
    try:
        tree = lark.parse(source.text)
    except UnexpectedInput as error:
        first = explain(source, error)
        raise SpecError((first, *_faults_after(first, source))) from None
    if not tree.children:
        raise SpecError(
            Diagnostic(
                "empty-spec",
                "the spec is empty",
                primary=Span(source, 0, len(source.text)) if source.text.strip() else None,
                place=None if source.text.strip() else source.name,
                help="a whole spec can be one line: `E = zbl(Nb) + eam(rc=5)`",
            )
        )
    kept = tuple(Span(source, start(c), start(c) + len(c)) for c in comments)
    return syntax.File(source, tuple(_Walk(source).item(cast(Any, t)) for t in tree.children), kept)


_STATEMENT = re.compile(r"^(?=(?:let|term|species|import)\s|E\s*=)", re.MULTILINE)
_SHORT = 50_000  # characters of a text whose statements are parsed one by one


def _faults_after(first: Diagnostic, source: Source) -> Iterator[Diagnostic]:
    """The faults of writing in the statements after the one of the first, as far as that is one by itself.

    A statement begins on a line of its own, with its word.
    """
    text, place = source.text, first.primary
    starts = [match.start() for match in _STATEMENT.finditer(text)]
    if place is None or len(text) > _SHORT or len(starts) > _MOST_STATEMENTS:
        return
    ends = [*starts[1:], len(text)]
    at = next((k for k in range(len(starts)) if starts[k] <= place.start < ends[k]), None)
    if at is None or _fault_within(source, starts[at], ends[at]) != first:
        return
    for begin, end in zip(starts[at + 1 :], ends[at + 1 :], strict=True):
        found = _fault_within(source, begin, end)
        if found is not None:
            yield found


def _fault_within(source: Source, start: int, end: int) -> Diagnostic | None:
    """The fault of one statement, at its place in the whole text."""
    text = source.text
    blank = re.sub(r"[^\n]", " ", text[:start]) + text[start:end]
    try:
        grammar()[0].parse(blank)
    except UnexpectedInput as error:
        return _at(source, explain(replace(source, text=blank), error))
    return None


def _at(source: Source, d: Diagnostic) -> Diagnostic:
    def moved(span: Span) -> Span:
        return Span(source, span.start, span.end)

    return replace(
        d,
        primary=d.primary and moved(d.primary),
        secondary=tuple((moved(span), words) for span, words in d.secondary),
        fix=d.fix and Fix(moved(d.fix.span), d.fix.text),
    )


def _refuse_deep_nesting(source: Source) -> None:
    """Brackets, signs and powers nest; the tree walks are recursive, so the depth is bounded here."""
    depth = run = 0
    for offset, character in enumerate(source.text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth = max(0, depth - 1)
        run = run + 1 if character in "-^" else 0 if character in "\n," else run
        if depth > MAX_DEPTH or run > 8 * MAX_DEPTH:
            raise SpecError(
                Diagnostic(
                    "too-deep",
                    f"the formula is nested more than {MAX_DEPTH} deep",
                    primary=Span(source, offset, offset + 1),
                    help="name the inner parts with `let`",
                )
            )


# --- tree to syntax ----------------------------------------------------------------------------


class _Walk:
    """Lark's tree to ours, one method a rule (plain functions: lark wraps errors raised in its own)."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def span(self, node: Tree[Token] | Token) -> Span:
        if isinstance(node, Token):
            return Span(self.source, start(node), start(node) + len(node))
        return Span(self.source, node.meta.start_pos, node.meta.end_pos)

    def item(self, tree: Tree[Token]) -> syntax.Item:
        return cast(syntax.Item, getattr(self, "_" + str(tree.data))(tree))

    def expr(self, node: Tree[Token]) -> syntax.Expr:
        method: Callable[[Any], Any] = getattr(self, "_" + str(node.data))
        return cast(syntax.Expr, method(node))

    # items

    def _import(self, t: Tree[Token]) -> syntax.Import:
        return syntax.Import(str(t.children[0])[1:-1], self.span(t))

    def _species(self, t: Tree[Token]) -> syntax.Species:
        return syntax.Species(tuple(syntax.Name(str(c), self.span(c)) for c in t.children), self.span(t))

    def _let(self, t: Tree[Token]) -> syntax.Let:
        name, value = t.children
        return syntax.Let(str(name), self.expr(cast(Any, value)), self.span(name), self.span(t))

    def _assignment(self, t: Tree[Token]) -> syntax.Energy:
        name, value = t.children
        if name != "E":
            keyword = declaration_before(self.source, self.span(name))
            if keyword is not None:
                raise SpecError(valueless(keyword))
            raise SpecError(
                Diagnostic(
                    "not-the-energy",
                    f"`{name}` is given a value, but only the energy `E` is",
                    primary=self.span(name),
                    help=f"write `let {name} = …` for a name of your own",
                    fix=Fix(self.span(name), f"let {name}"),
                )
            )
        return syntax.Energy(self.expr(cast(Any, value)), self.span(t))

    def _term(self, t: Tree[Token]) -> syntax.Term:
        name, *rest = t.children
        formals: tuple[syntax.Formal, ...] = ()
        if rest and isinstance(rest[0], Tree) and rest[0].data == "parameters":
            formals = tuple(self._parameter(p) for p in rest.pop(0).children)  # type: ignore[union-attr,arg-type]
        members = tuple(self.expr(m) for m in rest if m.data in _MEMBERS)  # type: ignore[union-attr,arg-type]
        alias = [self.expr(m) for m in rest if m.data not in _MEMBERS]  # type: ignore[union-attr,arg-type]
        return syntax.Term(
            str(name), formals, cast(Any, members), alias[0] if alias else None, self.span(name), self.span(t)
        )

    def _parameter(self, t: Tree[Token]) -> syntax.Formal:
        default = self.expr(cast(Any, t.children[1])) if len(t.children) > 1 else None
        return syntax.Formal(str(t.children[0]), default, self.span(t))

    def _param(self, t: Tree[Token]) -> syntax.Param:
        children = list(t.children)
        fixed = isinstance(children[0], Token) and children[0].type == "FIXED"
        if fixed:
            children.pop(0)
        name = children.pop(0)
        bounds, sharing, values = None, None, []
        for child in cast("list[Tree[Token]]", children):
            if child.data == "bounds":
                bounds = self._bounds(child)
            elif child.data == "sharing":
                sharing = cast(syntax.Sharing, " ".join(str(c) for c in child.children))
            else:
                values.append(self.expr(child))
        size, value = (values[0], values[1]) if len(values) == 2 else (None, values[0])
        return syntax.Param(str(name), size, value, bounds, sharing, fixed, self.span(name), self.span(t))

    def _bounds(self, t: Tree[Token]) -> tuple[syntax.Expr, syntax.Expr]:
        low, high = (self.expr(cast(Any, c)) for c in t.children)
        return low, high

    def _definition(self, t: Tree[Token]) -> syntax.Definition:
        name, names, value = t.children
        formals = tuple(str(c) for c in cast("Tree[Token]", names).children)
        return syntax.Definition(
            str(name), formals, self.expr(cast(Any, value)), self.span(name), self.span(t)
        )

    def _constant(self, t: Tree[Token]) -> syntax.Definition:
        name, value = t.children
        return syntax.Definition(str(name), None, self.expr(cast(Any, value)), self.span(name), self.span(t))

    # expressions

    def _chain(self, t: Tree[Token]) -> syntax.Expr:
        operands = tuple(self.expr(c) for c in t.children if isinstance(c, Tree))
        operators = tuple(str(c) for c in t.children if isinstance(c, Token))
        return operands[0] if not operators else syntax.Chain(operands, operators, self.span(t))

    _addition = _chain
    _multiplication = _chain

    def _neighbours(self, t: Tree[Token]) -> syntax.Neighbours:
        index, *reach, body = t.children
        within = self.expr(cast(Any, reach[0])) if reach else None
        return syntax.Neighbours(str(index), self.expr(cast(Any, body)), self.span(t), within)

    def _negative(self, t: Tree[Token]) -> syntax.Negative:
        return syntax.Negative(self.expr(cast(Any, t.children[-1])), self.span(t))

    def _pin(self, t: Tree[Token]) -> syntax.Pin:
        return syntax.Pin(self.expr(cast(Any, t.children[0])), self.span(t))

    def _power(self, t: Tree[Token]) -> syntax.Expr:
        base, exponent = (self.expr(cast(Any, c)) for c in t.children)
        return syntax.Power(base, exponent, self.span(t))

    def _number(self, t: Tree[Token]) -> syntax.Number:
        return syntax.Number(float(cast(Token, t.children[0])), None, 1, self.span(t))

    def _quantity(self, t: Tree[Token]) -> syntax.Number:
        text = str(t.children[0])
        number = cast(re.Match[str], _NUMBER.match(text))[0]
        unit, _, exponent = text[len(number) :].strip(" \t").partition("^")
        return syntax.Number(float(number), unit, int(exponent or 1), self.span(t))

    def _string(self, t: Tree[Token]) -> syntax.Text:
        return syntax.Text(str(t.children[0])[1:-1], self.span(t))

    def _name(self, t: Tree[Token]) -> syntax.Name:
        return syntax.Name(str(t.children[0]), self.span(t))

    def _shared(self, t: Tree[Token]) -> syntax.Shared:
        owner, _, parameter = str(t.children[0]).rpartition(".")
        return syntax.Shared(owner, parameter, self.span(t))

    def _group(self, t: Tree[Token]) -> syntax.Expr:
        return self.expr(cast(Any, t.children[0]))

    def _list(self, t: Tree[Token]) -> syntax.List:
        return syntax.List(tuple(self.expr(cast(Any, c)) for c in t.children), self.span(t))

    def _table(self, t: Tree[Token]) -> syntax.Table:
        entries = []
        for entry in cast("list[Tree[Token]]", t.children):
            *keys, value = cast("list[Tree[Token]]", entry.children)
            named = tuple(tuple(map(str, key.children)) for key in keys)
            entries.append((named, self.expr(value), self.span(entry)))
        return syntax.Table(tuple(entries), self.span(t))

    def _setting(self, t: Tree[Token]) -> syntax.Setting:
        fixed = isinstance(t.children[0], Token)
        parts = cast("list[Tree[Token]]", t.children[1:] if fixed else t.children)
        bounds = self._bounds(parts[1]) if len(parts) > 1 else None
        return syntax.Setting(self.expr(parts[0]), fixed, bounds, self.span(t))

    def _call(self, t: Tree[Token]) -> syntax.Call:
        name, *arguments = t.children
        parsed = tuple(self._argument(cast(Any, a)) for a in arguments)
        return syntax.Call(str(name), parsed, self.span(name), self.span(t))

    def _argument(self, t: Tree[Token]) -> syntax.Argument:
        if t.data == "named":
            name, value = t.children
            return syntax.Argument(str(name), self.expr(cast(Any, value)), self.span(t), self.span(name))
        return syntax.Argument(None, self.expr(t), self.span(t))


_MEMBERS = ("param", "definition", "constant")
