"""The grammar of TextMate, which VS Code and others colour by, made of the table of patterns.

After a change of the language write it again:

    python -m potentia.runtime.editor.textmate editors/pes.tmLanguage.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from .patterns import Pattern, Style, patterns

SCOPES: dict[Style, str] = {
    "comment": "comment.line.number-sign.pes",
    "string": "string.quoted.double.pes",
    "number": "constant.numeric.pes",
    "unit": "keyword.other.unit.pes",
    "declaration": "storage.type.pes",
    "keyword": "keyword.control.pes",
    "sharing": "storage.modifier.pes",
    "energy": "entity.name.function.energy.pes",
    "declared": "entity.name.function.pes",
    "parameter": "variable.parameter.pes",
    "term": "support.class.term.pes",
    "function": "support.function.pes",
    "basis": "support.function.basis.pes",
    "called": "entity.name.function.call.pes",
    "species": "constant.other.species.pes",
    "constant": "constant.language.pes",
    "atom": "variable.language.pes",
    "operator": "keyword.operator.pes",
    "bracket": "punctuation.pes",
}


def grammar() -> str:
    """The grammar as JSON."""
    content = {
        "name": "potentia",
        "scopeName": "source.pes",
        "fileTypes": ["pes"],
        "patterns": [_rule(pattern) for pattern in patterns()],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _rule(pattern: Pattern) -> dict[str, object]:
    if re.compile(pattern.regex).groups == 0:
        name = {"name": SCOPES[pattern.styles[0]]} if pattern.styles else {}
        return {"match": pattern.regex, **name}
    captures = {str(k): {"name": SCOPES[style]} for k, style in enumerate(pattern.styles, start=1)}
    return {"match": pattern.regex, "captures": captures}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(grammar(), encoding="utf-8")
