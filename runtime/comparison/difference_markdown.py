"""Changes as Markdown, for a pull request: tables as GitHub, GitLab and Forgejo show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...compiler.diagnostics.plain import plain
from ...compiler.diagnostics.render import as_text
from ...compiler.difference import operations as op
from .comparing import Compared
from .difference_text import WORDS_ONLY, effect_rows, headline, shown, together, words

if TYPE_CHECKING:
    from ..comparison.tables import Table

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~]")


def markdown(found: Compared) -> str:
    """The verdict, a row for each change, the effects, and what is wrong with a spec."""
    a, b = (code(version.name) for version in (found.a, found.b))
    verdict = headline(found.difference)
    parts = [f"### {a} → {b}: {verdict}"]
    if found.difference.level == "syntax" and found.difference.verdict == "different":
        parts.append(f"**{escaped(WORDS_ONLY)}**")
    parts += changed(found)
    if found.effects is not None:
        effects = effect_rows(*found.effects)
        parts.append(table([[escaped(cell) for cell in row] for row in effects]))
    if found.faults:
        parts.append(fenced(as_text(found.faults)))
    return "\n\n".join(parts)


def changed(found: Compared) -> list[str]:
    """The changes of the formula as a table, if there are some."""
    rows = [_row(operation) for operation in together(found.difference.operations)]
    return [table([["", "change", "before", "after"], *rows])] if rows else []


def _row(operation: op.Operation) -> list[str]:
    mark, text, pair = words(operation)
    before, after = ("" if x is None or x == "" else code(shown(x)) for x in pair or (None, None))
    return [code(mark), escaped(shown(text).rstrip(",:")), before, after]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells that are Markdown already, the head first."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def titled(found: Table) -> str:
    """A table of numbers with its title and notes."""
    body = [table([[escaped(cell) for cell in row] for row in found.rows])] if len(found.rows) > 1 else []
    notes = [listed(found.notes)] if found.notes else []
    return "\n\n".join([f"#### {escaped(found.title)}", *body, *notes])


def listed(sentences: Sequence[str]) -> str:
    """Sentences as a list."""
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def escaped(text: str) -> str:
    """Plain text on one line, none of which is markup."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(plain(text).split()))


def code(text: str) -> str:
    """Text as code on one line, also within a table."""
    flat = " ".join(plain(text).split()).replace("|", "\\|")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def fenced(text: str) -> str:
    """Lines as a block of code."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}text\n{plain(text)}\n{ticks}"
