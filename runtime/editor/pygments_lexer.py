"""The language for Pygments, as `potentia` or `pes`: coloured pages and terminals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from .patterns import Style, painted

TOKENS: dict[Style, object] = {
    "comment": Comment.Single,
    "string": String.Double,
    "number": Number,
    "unit": Keyword.Type,
    "declaration": Keyword.Declaration,
    "keyword": Keyword,
    "sharing": Keyword.Pseudo,
    "energy": Name.Function.Magic,
    "declared": Name.Function,
    "parameter": Name.Attribute,
    "term": Name.Class,
    "function": Name.Builtin,
    "basis": Name.Builtin,
    "called": Name.Function,
    "species": Name.Constant,
    "constant": Name.Constant,
    "atom": Name.Builtin.Pseudo,
    "operator": Operator,
    "bracket": Punctuation,
}


class PotentiaLexer(Lexer):  # type: ignore[misc]
    """Specs of potentia."""

    name = "potentia"
    aliases: ClassVar[list[str]] = ["potentia", "pes"]
    filenames: ClassVar[list[str]] = ["*.pes"]
    mimetypes: ClassVar[list[str]] = ["text/x-potentia"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, object, str]]:
        for start, piece, style in painted(text):
            yield start, Text if style is None else TOKENS[style], piece
