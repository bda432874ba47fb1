"""Results of measurements that a run keeps: the latest of each property."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.atomic import write_atomic
from ..files.reading import read_plain
from .results import PropertyData, PropertyResult

PROPERTIES = "properties.json"


def keep(path: Path, results: Iterable[PropertyResult]) -> None:
    """Put the results among those of a file, which need not be there.

    Raises ArtifactError: damaged-artifact, unwritable.
    """
    content = kept(path) | {r.name: r.as_dict() for r in results}
    text = json.dumps({"properties": list(content.values())}, ensure_ascii=False, indent=2, allow_nan=False)
    write_atomic(path, text + "\n")


def kept(path: Path) -> dict[str, PropertyData]:
    """The results of a file by their names, none without the file. Raises ArtifactError damaged-artifact."""
    if not path.exists():
        return {}
    try:
        found = json.loads(read_plain(path).decode("utf-8"))["properties"]
        return {str(r["name"]): cast(PropertyData, dict(r)) for r in found}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{path} does not hold the results of a measurement: {error}"
        help = "remove it, and measure again"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=help)) from error
