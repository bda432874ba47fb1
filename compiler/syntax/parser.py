"""Text to syntax tree. Only this module and `parser_tables` know lark."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ...grammar.mistakes import MISTAKES
from ..diagnostics.diagnostic import Diagnostic, Fix, SpecError
from ..diagnostics.source import Source, Span
from . import tree as syntax
from .mistakes import closed, mended, recognise
from .tables import load_parser

# Deeper than any formula a person writes; well inside Python's own recursion limit.
MAX_DEPTH = 120

# as in QUANTITY of the grammar: what is left is the unit
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "QUANTITY": "a number with a unit",
    "STRING": "a text in quotes",
    "ADDOP": "`+` or `-`",
    "MULOP": "`*` or `/`",
    "$END": "the end of the file",
}


@cache
def _grammar() -> tuple[Lark, list[Token]]:
    return load_parser()


def _parse(text: str) -> Tree[Token]:
    return _grammar()[0].parse(text)


def parse_source(source: Source) -> syntax.File:
    """The syntax tree of a text.

    Raises SpecError with the place and the reason where the text is not in the language.
    """
    lark, comments = _grammar()
    comments.clear()
    _refuse_deep_nesting(source)
    try:
        tree = lark.parse(source.text)
    except UnexpectedInput as error:
        raise SpecError(_explain(source, error)) from None
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
    kept = tuple(Span(source, _start(c), _start(c) + len(c)) for c in comments)
    return syntax.File(source, tuple(_Walk(source).item(cast(Any, t)) for t in tree.children), kept)


def _start(token: Token) -> int:
    return cast(int, token.start_pos)


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


# --- mistakes ----------------------------------------------------------------------------------


def _explain(source: Source, error: UnexpectedInput) -> Diagnostic:
    if isinstance(error, UnexpectedCharacters):
        at = cast(int, error.pos_in_stream)
        character = source.text[at]
        return Diagnostic(
            "unexpected-character",
            f"`{character}` does not belong here",
            primary=Span(source, at, at + 1),
            help=_about_character(source.text, at),
        )
    assert isinstance(error, UnexpectedToken)
    token = error.token
    if token.type == "$END":
        return _at_end(source, error)
    span = Span(source, _start(token), _start(token) + len(token))
    keyword = _declaration_before(source, span)
    if keyword is not None:
        return _valueless(keyword)
    slug = recognise(error, _parse, _last_open(source.text) is None)
    if slug:
        mistake = MISTAKES[slug]
        label, fix = f"found `{token}`", mended(slug, span)
        return Diagnostic(slug, mistake.message, primary=span, label=label, help=mistake.help, fix=fix)
    return Diagnostic(
        "unexpected-token",
        f"`{token}` does not belong here",
        primary=span,
        help=_wanted(error.accepts or set()),
    )


def _declaration_before(source: Source, span: Span) -> Span | None:
    """The `let` of `E = lj() + let a = 3`: where a value is due it was read as a name."""
    match = re.search(r"[-+*/^=(]\s*\b(let|term|import|species)\s+$", source.text[: span.start])
    return Span(source, match.start(1), match.end(1)) if match else None


def _valueless(keyword: Span) -> Diagnostic:
    after_equals = keyword.source.text[: keyword.start].rstrip().endswith("=")
    slug = "missing-value" if after_equals else "missing-operand"
    mistake = MISTAKES[slug]
    return Diagnostic(
        slug, mistake.message, primary=keyword, label=f"found `{keyword.text}`", help=mistake.help
    )


def _about_character(text: str, at: int) -> str | None:
    if text[at] == '"':
        return "a text in quotes ends on its own line"
    if text[at].isdigit() or text[at] == ".":
        return "a number looks like `5`, `0.5` or `1e-3`, and a name does not start with a digit"
    return None


def _at_end(source: Source, error: UnexpectedToken) -> Diagnostic:
    # lark reports the last token's column at the end of input: the place is the end of the text
    end = len(source.text.rstrip())
    opener = _last_open(source.text)
    if opener is not None:
        close = {"(": ")", "[": "]", "{": "}"}[source.text[opener]]
        return Diagnostic(
            "unclosed-parenthesis",
            f"the text ends before this `{source.text[opener]}` is closed",
            primary=Span(source, opener, opener + 1),
            secondary=((Span(source, end, end), "the text ends here"),),
            help=f"add `{close}`",
            fix=closed(source, end, close),
        )
    slug = recognise(error, _parse, _last_open(source.text) is None)
    if slug:
        mistake = MISTAKES[slug]
        return Diagnostic(
            slug,
            mistake.message,
            primary=Span(source, end, end),
            label="the text ends here",
            help=mistake.help,
        )
    return Diagnostic(
        "unexpected-end",
        "the text ends in the middle of a formula",
        primary=Span(source, end, end),
        help=_wanted(error.accepts or set()),
    )


def _last_open(text: str) -> int | None:
    stack: list[int] = []
    comment = False
    for offset, character in enumerate(text):
        comment = character != "\n" and (comment or character == "#")
        if comment:
            continue
        if character in "([{":
            stack.append(offset)
        elif character in ")]}" and stack:
            stack.pop()
    return stack[-1] if stack else None


def _wanted(accepts: set[str]) -> str | None:
    if not accepts or len(accepts) > 8:
        return None
    lark, _ = _grammar()
    shown = []
    for name in sorted(accepts):
        pattern = next((t.pattern for t in lark.terminals if t.name == name), None)
        literal = pattern is not None and pattern.type == "str"
        shown.append(_WORDS.get(name) or (f"`{pattern.value}`" if literal and pattern else name.lower()))
    return "expected " + " or ".join(shown)


# --- tree to syntax ----------------------------------------------------------------------------


class _Walk:
    """Lark's tree to ours, one method a rule (plain functions: lark wraps errors raised in its own)."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def span(self, node: Tree[Token] | Token) -> Span:
        if isinstance(node, Token):
            return Span(self.source, _start(node), _start(node) + len(node))
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
            keyword = _declaration_before(self.source, self.span(name))
            if keyword is not None:
                raise SpecError(_valueless(keyword))
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
