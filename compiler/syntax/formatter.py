"""The one canonical layout of a spec. Words and comments stay, in their order; blanks and line ends are ours.

A sum that is written over several lines, does not fit on one or holds comments has one operand a line.
Arguments are tight, `eam(rc=5)`, where each of a call is a word, and spaced where one is more:
`zbl(inner = 0.9 Å, outer = 1.8 Å)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..chemistry.units import UNITS
from ..diagnostics.diagnostic import InternalError
from ..diagnostics.source import Source
from . import tree as syntax
from .parser import parse_source
from .pretty import Doc, Group, Indent, Line, Remark, render
from .tokens import END, Token, tokens, words

# names of units that nobody takes for a parameter: `20 eV/Å^2` is a unit, `20 eV / A` may be anything
_UNITS = frozenset(UNITS) - {"A", "J", "e"}
_PREFIXES = ("in", "pin", "fixed")


def format_source(text: str, name: str = "<text>") -> str:
    """The text in canonical layout, with a newline at its end. Raises SpecError where it does not parse."""
    return format_file(parse_source(Source(text, name)))


def format_expression(text: str) -> str:
    """An expression in canonical layout, from its first word on and without comments."""
    bare = [
        replace(t, newline_before=False, blank_before=False, before=(), after=None) for t in tokens(text)[:-1]
    ]
    return render(_phrase(_nest(bare)))


def format_file(file: syntax.File) -> str:
    """The text of a syntax tree in canonical layout."""
    text = file.source.text
    stream = tokens(text)
    starts = {item.span.start for item in file.items}
    blocks = [_item(item, part) for item, part in zip(file.items, _split(stream[:-1], starts), strict=True)]
    result = _joined(blocks, stream[-1])
    if list(words(result)) != list(words(text)):
        raise InternalError("the formatter changed more than the layout")
    return result


@dataclass(frozen=True)
class _Block:
    """A statement as lines, the comments and blank lines before it included."""

    text: str
    first: Token
    term: bool = False


def _joined(blocks: Sequence[_Block], end: Token) -> str:
    out: list[str] = []
    for index, block in enumerate(blocks):
        apart = index > 0 and (block.term or blocks[index - 1].term or _blank_before(block.first))
        out.append(("\n" if apart else "") + block.text)
    if end.before:
        out.append(("\n" if _blank_before(end) and out else "") + "\n".join(_remarks(end, 0)))
    return "\n".join(out) + "\n"


def _blank_before(token: Token) -> bool:
    return token.before[0].blank_before if token.before else token.blank_before


def _remarks(token: Token, margin: int) -> list[str]:
    """The comments before a statement, one a line, with one blank line where there were any."""
    lines = []
    for index, comment in enumerate(token.before):
        lines += [""] * (comment.blank_before and index > 0)
        lines.append(" " * margin + comment.text)
    if token.before and token.blank_before:
        lines.append("")
    return lines


def _split(stream: Sequence[Token], starts: set[int]) -> list[list[Token]]:
    parts: list[list[Token]] = []
    for token in stream:
        if token.start in starts:
            parts.append([])
        parts[-1].append(token)
    return parts


def _item(item: syntax.Item, stream: list[Token]) -> _Block:
    if isinstance(item, syntax.Term) and item.alias is None:
        return _Block(_term(item, stream), stream[0], term=True)
    return _Block(_statement(stream, 0), stream[0])


def _term(term: syntax.Term, stream: list[Token]) -> str:
    """`term name(…) {`, its members, `}`."""
    opening = _body(stream)
    lines = _remarks(stream[0], 0)
    head, brace = stream[:opening], stream[opening]
    lines.append(render(Group((_phrase(_nest(_bare(head)), spaced=True), " ", *_word(brace)))))
    starts = {m.span.start for m in term.members}
    for index, part in enumerate(_split(stream[opening + 1 : -1], starts)):
        lines += [""] * (index > 0 and _blank_before(part[0]))
        lines.append(_statement(part, 2))
    closing = stream[-1]
    if closing.before:
        lines += [""] * (bool(term.members) and _blank_before(closing))
        lines += [line for line in _remarks(closing, 2) if line or not closing.blank_before]
    end = "}" + (f"  {closing.after}" if closing.after else "")
    if len(stream) == opening + 2 and not closing.before and brace.after is None:
        return "\n".join(lines) + end
    return "\n".join([*lines, end])


def _body(stream: Sequence[Token]) -> int:
    """The place of the brace that opens the body of a term, after its arguments."""
    depth = 0
    for place, token in enumerate(stream):
        if token.text == "{" and depth == 0:
            return place
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
    raise InternalError("a term has no body")


def _bare(stream: Sequence[Token]) -> list[Token]:
    """The words without the comments before the first, which are written apart."""
    first = stream[0]
    return [replace(first, newline_before=False, blank_before=False, before=()), *stream[1:]]


def _statement(stream: Sequence[Token], margin: int) -> str:
    lines = _remarks(stream[0], margin)
    body = _nest(_bare(stream))
    lines.append(render(Group((_assignment(body, sums_break=True),)), margin))
    return "\n".join(lines)


# --- nesting -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bracket:
    """`( … )` with its elements, which commas part."""

    opening: Token
    elements: tuple[tuple[_Part, ...], ...]
    commas: tuple[Token, ...]
    closing: Token


_Part = Token | _Bracket


def _nest(stream: Sequence[Token]) -> list[_Part]:
    """Words with their brackets as trees. Not recursive over the words of a long sum."""
    top: list[_Part] = []
    stack: list[tuple[Token, list[list[_Part]], list[Token]]] = []
    for token in stream:
        current = stack[-1][1][-1] if stack else top
        if token.kind == "mark" and token.text in "([{":
            stack.append((token, [[]], []))
        elif token.kind == "mark" and token.text in ")]}":
            opening, elements, commas = stack.pop()
            kept = tuple(tuple(e) for e in elements if e)
            (stack[-1][1][-1] if stack else top).append(_Bracket(opening, kept, tuple(commas), token))
        elif token.text == "," and stack:
            stack[-1][1].append([])
            stack[-1][2].append(token)
        else:
            current.append(token)
    return top


# --- layout of an expression ------------------------------------------------------------------


def _assignment(parts: Sequence[_Part], sums_break: bool = False, spaced: bool = True) -> Doc:
    """`left = right`, or an expression, or an entry of a table: `Nb-Nb = Nb-W: 1 eV`."""
    at = next((k for k, p in enumerate(parts) if isinstance(p, Token) and p.text == "="), None)
    if at is None or any(_text(p) == ":" for p in parts):
        return _phrase(parts, sums_break)
    equals = parts[at]
    assert isinstance(equals, Token)
    gap = " " if spaced else ""
    left, value = _phrase(parts[:at], spaced=spaced), parts[at + 1 :]
    right = _phrase(value, sums_break)
    # a table indents its lines itself
    return Group((left, gap, *_word(equals), gap, right if _is_table(value) else Indent((right,))))


def _is_table(parts: Sequence[_Part]) -> bool:
    return len(parts) == 1 and isinstance(parts[0], _Bracket) and parts[0].opening.text == "{"


def _phrase(parts: Sequence[_Part], sums_break: bool = False, spaced: bool = True) -> Doc:
    """A sum: operands at its + and -, each a product."""
    if any(isinstance(p, Token) and p.text == "," for p in parts):  # species Li, La
        return Group(_run(parts))
    cuts = [k for k in range(1, len(parts)) if _is_binary(parts, k, "+-")]
    if not cuts:
        return _product(parts, alone=True)
    broken = sums_break and any(
        _first(parts[k]).newline_before or _first(parts[k + 1]).newline_before for k in cuts
    )
    docs: list[Doc] = [_product(parts[: cuts[0]])]
    for cut, end in zip(cuts, [*cuts[1:], len(parts)], strict=True):
        operator = parts[cut]
        assert isinstance(operator, Token)
        docs += [Line(), *_word(operator), " ", _product(parts[cut + 1 : end])]
    return Group(tuple(docs), broken)


def _product(parts: Sequence[_Part], alone: bool = False) -> Doc:
    """Factors at * and /, with units and fractions of whole numbers kept together."""
    cuts = [k for k in range(1, len(parts)) if _is_binary(parts, k, "*/") and not _is_tight(parts, k)]
    if not cuts:
        return Group(_run(parts))
    rest: list[Doc] = []
    for cut, end in zip(cuts, [*cuts[1:], len(parts)], strict=True):
        operator = parts[cut]
        assert isinstance(operator, Token)
        rest += [Line(), *_word(operator), " ", *_run(parts[cut + 1 : end])]
    return Group((*_run(parts[: cuts[0]]), Indent(tuple(rest), 0 if alone else 2)))


def _is_binary(parts: Sequence[_Part], k: int, operators: str) -> bool:
    part, before = parts[k], parts[k - 1]
    if not isinstance(part, Token) or part.kind != "mark" or part.text not in operators:
        return False
    if isinstance(before, Token):
        if before.kind == "mark" or before.text in _PREFIXES:
            return False
    elif k > 1 and _text(parts[k - 2]) == "sum":  # sum(j) -x
        return part.text != "-"
    # a key of a table: Nb-Nb: 1 eV
    return not any(_text(p) == ":" for p in parts[k:])


def _is_tight(parts: Sequence[_Part], k: int) -> bool:
    """`20 eV/Å^2`, `1.5 /Å` and `4/2`, which is no part of a longer product."""
    before, after = parts[k - 1], parts[k + 1]
    if not isinstance(before, Token) or not isinstance(after, Token):
        return False
    if after.text in _UNITS and after.kind == "name":
        called = k + 2 < len(parts) and isinstance(parts[k + 2], _Bracket)
        return not called and (before.kind == "quantity" or _after_unit(parts, k) or _is_per(parts, k))
    whole = before.text.isdigit() and after.text.isdigit() and parts[k].text == "/"  # type: ignore[union-attr]
    alone = k < 2 or _text(parts[k - 2]) not in ("*", "/", "^")
    return whole and alone and (k + 2 == len(parts) or _text(parts[k + 2]) not in ("*", "/", "^"))


def _is_per(parts: Sequence[_Part], k: int) -> bool:
    return _text(parts[k - 1]) != "" and parts[k - 1].kind == "number" and _text(parts[k]) == "/"  # type: ignore[union-attr]


def _after_unit(parts: Sequence[_Part], k: int) -> bool:
    """Whether what stands before is itself a unit in a chain: the second / of `5 eV/Å/e`."""
    j = k - 1
    if j > 1 and _text(parts[j - 1]) == "^":
        j -= 2
    return (
        j > 1 and _text(parts[j]) in _UNITS and _text(parts[j - 1]) in ("*", "/") and _is_tight(parts, j - 1)
    )


def _run(parts: Sequence[_Part]) -> tuple[Doc, ...]:
    """Words side by side, with the blanks between them."""
    docs: list[Doc] = []
    for k, part in enumerate(parts):
        if k and _blank_between(parts, k):
            docs.append(" ")
        docs += (
            _bracket(part, k > 0 and _is_word(parts[k - 1])) if isinstance(part, _Bracket) else _word(part)
        )
    return tuple(docs)


def _blank_between(parts: Sequence[_Part], k: int) -> bool:
    before, part = parts[k - 1], parts[k]
    old, new = _text(before), _text(part)
    if new in (",", ":") or old == "^":
        return False
    if new == "^":  # `2 Å ^2` is (2 Å)², `2 Å^2` is 2 Å²
        return isinstance(before, Token) and before.kind == "quantity"
    if old in (",", ":"):
        return True
    if old in ("-", "+"):  # signs, and keys of tables
        return False
    if new in ("-", "+"):
        return old in _PREFIXES or isinstance(before, _Bracket)
    if old in ("*", "/") or new in ("*", "/"):
        return (
            new == "/"
            and isinstance(before, Token)
            and before.kind == "number"
            and not _is_whole(parts, k + 1)
        )
    if isinstance(part, _Bracket):
        return old in ("in",) or (isinstance(before, _Bracket)) or old in ("pin", "fixed", "import")
    return True


def _is_whole(parts: Sequence[_Part], k: int) -> bool:
    return k < len(parts) and _text(parts[k]).isdigit()


def _is_word(part: _Part) -> bool:
    return isinstance(part, Token) and part.kind == "name" and part.text not in _PREFIXES


def _bracket(part: _Bracket, is_call: bool) -> tuple[Doc, ...]:
    if not part.elements:
        return (*_word(part.opening), *_word(part.closing))
    spaced = not is_call or not all(_is_short(e) for e in part.elements)
    run = all(_is_number(e) for e in part.elements)  # as many on a line as fit
    docs: list[Doc] = []
    for k, element in enumerate(part.elements):
        doc = _assignment(element, spaced=spaced)
        gap = (Line(),) if k else ()
        docs += [Group((*gap, doc))] if run else [*gap, doc]
        if k < len(part.commas):
            docs += _word(part.commas[k])
    edge = () if run else (Line(""),)
    inner = Indent((*edge, *docs))
    close = _word(part.closing)
    end = next(k for k, d in enumerate(close) if d == part.closing.text) + 1
    return (Group((*_word(part.opening), inner, *edge, *close[:end])), *close[end:])


def _is_number(element: Sequence[_Part]) -> bool:
    return len(element) == 1 and isinstance(element[0], Token) and element[0].kind == "number"


def _is_short(element: Sequence[_Part]) -> bool:
    """Whether an argument, or its value, is written without blanks."""
    at = next((k for k, p in enumerate(element) if _text(p) == "="), None)
    value = element if at is None else element[at + 1 :]
    return at is None or " " not in render(Group((_phrase(value),)))


def _text(part: _Part) -> str:
    return part.text if isinstance(part, Token) else ""


def _first(part: _Part) -> Token:
    return part if isinstance(part, Token) else part.opening


def _word(token: Token) -> tuple[Doc, ...]:
    before: list[Doc] = [Remark(c.text, trailing=False) for c in token.before]
    after: list[Doc] = [Remark(token.after, trailing=True)] if token.after else []
    return (*before, token.text, *after) if token.kind != END else (*before,)
