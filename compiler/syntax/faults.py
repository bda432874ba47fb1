"""Faults of writing: a text that is not in the language, told with its place, its reason and the remedy."""

from __future__ import annotations

import re
from typing import cast

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ...grammar.mistakes import MISTAKES
from ..diagnostics.diagnostic import Diagnostic
from ..diagnostics.source import Source, Span
from .mistakes import closed, mended, recognise
from .tables import grammar, parse

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "QUANTITY": "a number with a unit",
    "STRING": "a text in quotes",
    "ADDOP": "`+` or `-`",
    "MULOP": "`*` or `/`",
    "STAR": "`*`",
    "$END": "the end of the file",
}


def hidden(d: Diagnostic, source: Source) -> Diagnostic:
    """A fault without the content of the file, which a stranger's import or link may have named."""
    where = "" if d.primary is None else " (line {}, column {})".format(*source.locate(d.primary.start))
    message = f"the file is not a spec: it does not parse{where}"
    help = "the name of a spec ends in `.pes`; of other files no content is shown"
    return Diagnostic("not-a-spec", message, place=source.name, help=help)


def start(token: Token) -> int:
    """The offset of a word."""
    return cast(int, token.start_pos)


def explain(source: Source, error: UnexpectedInput) -> Diagnostic:
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
    span = Span(source, start(token), start(token) + len(token))
    keyword = declaration_before(source, span)
    if keyword is not None:
        return valueless(keyword)
    if (param := _param_outside(source, span)) is not None:
        return _misplaced(param)
    slug = recognise(error, parse, _last_open(source.text) is None)
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


_PARAM = re.compile(r"(?:^|[\s)])(?:fixed\s+)?(param)\s*$")


def _param_outside(source: Source, span: Span) -> Span | None:
    """The word `param` at the fault or before it, where no term is open."""
    if span.text != "param":
        found = _PARAM.search(source.text, max(0, span.start - 100), span.start)
        if found is None:
            return None
        span = Span(source, found.start(1), found.end(1))
    return span if _last_open(source.text[: span.start]) is None else None


def _misplaced(param: Span) -> Diagnostic:
    message = "`param` declares a number of a term, and stands within its braces"
    help = (
        "write `term name(rc = 5 Å) { param a = 1 eV … }`, or `let a = 1 eV` for a number that is not trained"
    )
    return Diagnostic("misplaced-param", message, primary=param, help=help)


def declaration_before(source: Source, span: Span) -> Span | None:
    """The `let` of `E = lj() + let a = 3`: where a value is due it was read as a name."""
    match = re.search(r"[-+*/^=(]\s*\b(let|term|import|species)\s+$", source.text[: span.start])
    return Span(source, match.start(1), match.end(1)) if match else None


def valueless(keyword: Span) -> Diagnostic:
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
    slug = recognise(error, parse, _last_open(source.text) is None)
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
    lark, _ = grammar()
    shown = []
    for name in sorted(accepts):
        pattern = next((t.pattern for t in lark.terminals if t.name == name), None)
        literal = pattern is not None and pattern.type == "str"
        shown.append(_WORDS.get(name) or (f"`{pattern.value}`" if literal and pattern else name.lower()))
    return "expected " + " or ".join(shown)
