"""`potentia cache`: the compiled kernels that are kept from one process to the next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .options import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cache_parts import Held


def command(
    clear: Annotated[
        bool, typer.Option("--clear", help="Remove the entries that no process uses now.")
    ] = False,
    json: Json = False,
) -> int:
    """Show the folder of compiled kernels, its parts and their sizes; `--clear` empties it.

    POTENTIA_CACHE names another folder. POTENTIA_CACHE_LIMIT=2GB is the size of each part with a limit,
    beyond which the entries that were not used for longest are removed. What is removed is compiled again
    when it is needed.

    \b
    Examples:
      potentia cache
      potentia cache --clear
      POTENTIA_CACHE_LIMIT=200MB potentia cache --json
    """
    from ...compiler.backends.user_folder import user_folder
    from .cache_parts import PARTS

    folder = user_folder()
    before = [part.held(folder) for part in PARTS]
    if clear:
        for part in PARTS:
            part.clear(folder)
    found = [part.held(folder) for part in PARTS] if clear else before
    if json:
        freed = {"freed_bytes": _total(before) - _total(found)} if clear else {}
        data = [held.as_data() for held in found]
        console.result_json({"path": str(folder), "parts": data, **freed})
    else:
        console.result(_shown(folder, before, found) if clear else _table(folder, found))
    return 0


def _total(parts: Sequence[Held]) -> int:
    return sum(held.size for held in parts)


def _table(folder: Path, found: Sequence[Held]) -> str:
    from .cache_parts import megabytes

    rows = [(held.part.name, held.described, held.room) for held in found]
    rows.append(("together", "", megabytes(_total(found))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    others = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    remark = [f"jax keeps programs in {others} (JAX_COMPILATION_CACHE_DIR)"] if others else []
    return "\n".join([str(folder), *(f"  {line.rstrip()}" for line in lines), *remark])


def _shown(folder: Path, before: Sequence[Held], after: Sequence[Held]) -> str:
    from .cache_parts import megabytes

    gone = [(held.part.name, held.entries - left.entries) for held, left in zip(before, after, strict=True)]
    counts = ", ".join(f"{count} of {name}" for name, count in gone if count > 0)
    freed = megabytes(_total(before) - _total(after))
    lines = [f"removed {counts}: {freed}" if counts else f"{folder} holds nothing to remove"]
    lines += [f"in use and kept: {left.described}" for left in after if left.entries]
    return "\n".join(lines)
