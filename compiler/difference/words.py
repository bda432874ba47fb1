"""Changes in the words of two specs, for the case that one of them is not valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

from ..diagnostics.diagnostic import Diagnostic, SpecError
from ..diagnostics.source import Source
from ..pipeline import parse
from ..syntax import tree as syntax
from ..syntax.formatter import format_source
from . import written
from .compare import Difference
from .operations import TextChanged
from .places import signed_leaves

_MOST_LINES = 1000  # of a text that does not parse: to pair lines takes the square of their number
_STATEMENT = re.compile(r"^\s*(E\b|(pin|let|term|species|import)\s)", re.MULTILINE)


def compare_words(a: Source, b: Source) -> Difference:
    """The difference of two texts by declarations, or by lines where one cannot be read as that. Layout and
    comments do not count. Raises SpecError not-a-spec.
    """
    for source in (a, b):
        _need_spec(source)
    parts_a, parts_b = _parts(a), _parts(b)
    if parts_a is None or parts_b is None:
        changes = tuple(_lines(a.text, b.text))
    else:
        changes = tuple(_declarations(parts_a, parts_b))
    return Difference("different" if changes else "same", changes, level="syntax")


def _need_spec(source: Source) -> None:
    """Raise SpecError where no line begins as a statement does: another file was named by mistake.

    So too where a file that has not the name of a spec does not parse: nothing of it is shown.
    """
    if not _STATEMENT.search(source.text):
        message = f"`{source.name}` is not a spec: no line of it begins a statement of the language"
        help = "a spec has a line `E = …`"
        raise SpecError(Diagnostic("not-a-spec", message, place=source.name, help=help))
    if not source.is_spec:
        parse(source)


def _parts(source: Source) -> dict[str, list[str]] | None:
    """`let rc` -> its words; the operands of the energy one by one. None where the text is no spec."""
    try:
        file = parse(Source(format_source(source.text, source.name), source.name))
    except SpecError:
        return None
    found: dict[str, list[str]] = {}
    for item in file.items:
        if isinstance(item, syntax.Energy):
            leaves = [sign + written.one_line(expr.span.text) for sign, expr in signed_leaves(item.value)]
            found.setdefault("E", []).extend(leaves)
        else:
            found.setdefault(_name(item), []).append(written.one_line(item.span.text))
    return found


def _name(item: syntax.Item) -> str:
    match item:
        case syntax.Let():
            return f"let {item.name}"
        case syntax.Term():
            return f"term {item.name}"
        case syntax.Species():
            return "species"
        case syntax.Import():
            return "import"
        case _:
            return "E"


def _declarations(a: dict[str, list[str]], b: dict[str, list[str]]) -> Iterator[TextChanged]:
    for part in dict.fromkeys((*a, *b)):
        before, after = list(a.get(part, [])), list(b.get(part, []))
        for words in list(before):
            if words in after:
                before.remove(words)
                after.remove(words)
        for old, new in zip_longest(before, after):
            yield TextChanged(part, old, new)


def _lines(a: str, b: str) -> Iterator[TextChanged]:
    old, new = ([written.one_line(line) for line in text.splitlines()[:_MOST_LINES]] for text in (a, b))
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for k, (before, after) in enumerate(zip_longest(old[i1:i2], new[j1:j2])):
            if before or after:
                yield TextChanged(f"line {j1 + k + 1}", before or None, after or None)
