"""The parser of the grammar, from tables worked out beforehand: to build them takes as long as the rest of
`check`.

The tables are plain data in `grammar/potential.json`, for one text of the grammar and one version of lark.
Where either differs the parser is built from the text. After a change of the grammar, write them again:

    python -m potentia.compiler.syntax.tables grammar/potential.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token, Tree
from lark.grammar import Rule
from lark.lexer import TerminalDef


@cache
def grammar() -> tuple[Lark, list[Token]]:
    """The parser of this process, and the comments of the text that it read last."""
    return load_parser()


def parse(text: str) -> Tree[Token]:
    """Lark's tree of a text. Raises lark's own errors."""
    return grammar()[0].parse(text)


def load_parser() -> tuple[Lark, list[Token]]:
    """The parser, and the list that it puts the comments of a text into."""
    comments: list[Token] = []
    callbacks: dict[str, Callable[[Token], Any]] = {"COMMENT": comments.append}
    return _stored(callbacks) or build(callbacks), comments


def build(callbacks: dict[str, Callable[[Token], Any]]) -> Lark:
    """The parser from the text of the grammar."""
    return Lark(
        _text("potential.lark"),
        parser="lalr",
        lexer="contextual",
        start="file",
        propagate_positions=True,
        maybe_placeholders=False,
        lexer_callbacks=callbacks,
    )


def tables() -> str:
    """The tables of the grammar as it is, as JSON."""
    built = build({})
    data, memo = built.memo_serialize([TerminalDef, Rule])
    content = {"made_of": _made_of(), "data": data, "memo": memo}
    return json.dumps(content, default=list, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


def _stored(callbacks: dict[str, Callable[[Token], Any]]) -> Lark | None:
    """The parser from its tables; None where these are of another grammar or of another lark."""
    try:
        content = json.loads(_text("potential.json"), object_pairs_hook=_numbered)
        if content["made_of"] != _made_of():
            return None
        parser: Lark = Lark.__new__(Lark)._load(content, lexer_callbacks=callbacks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return parser


def _numbered(pairs: list[tuple[str, Any]]) -> dict[Any, Any]:
    """JSON has texts for keys where the tables have numbers."""
    return {int(key) if key.isdecimal() else key: value for key, value in pairs}


def _made_of() -> list[str]:
    return [lark.__version__, sha256(_text("potential.lark").encode()).hexdigest()]


@cache
def _text(name: str) -> str:
    folder = resources.files(__package__.partition(".compiler")[0] + ".grammar")
    return folder.joinpath(name).read_text("utf-8")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(tables(), encoding="utf-8")
