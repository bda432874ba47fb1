"""`potentia doctor`: the parts of this machine that potentia can use."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import console
from .options import Json

if TYPE_CHECKING:
    from .finding import Finding

_WIDTH = 110


def command(json: Json = False) -> int:
    """Show what potentia finds on this machine, and whether it works.

    Python and its packages, jax and GPUs, the C++ compiler, the cache of kernels, LAMMPS. The exit code is 1
    where something fails that potentia needs; it does without the rest.

    \b
    Examples:
      potentia doctor
      potentia doctor --json
    """
    from .checkup import findings

    found = findings()
    works = all(finding.state == "works" for finding in found if finding.required)
    if json:
        console.result_json({"works": works, "findings": [finding.as_data() for finding in found]})
    else:
        console.result(shown(found))
    return 0 if works else 1


def shown(found: Sequence[Finding]) -> str:
    """A row for each part, its help below."""
    names, states = (
        max(map(len, column)) for column in zip(*((f.name, f.state) for f in found), strict=True)
    )
    indent = " " * (names + states + 4)
    lines = []
    for finding in found:
        row = f"{finding.name:<{names}}  {finding.state:<{states}}  "
        first, *more = finding.text.splitlines()
        lines += _wrapped(first, row, indent)
        lines += [indent + line for line in more]
        if finding.help:
            lines += _wrapped(finding.help, f"{indent}help: ", indent + "      ")
    return "\n".join(lines)


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
