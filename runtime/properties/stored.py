"""Results of measurements that a run keeps: the latest of each property, by its name, and digests of the
structures, by theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.atomic import write_atomic
from ..files.lock import only_writer_of
from ..files.reading import read_plain
from .results import PropertyData, PropertyResult

PROPERTIES = "properties.json"
_IS_RUN = "metadata.json"


@dataclass(frozen=True)
class Kept:
    """Results by the names of properties, digests by those of structures."""

    results: dict[str, PropertyData] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)

    def of_others(self, structures: Mapping[str, str]) -> list[str]:
        """The properties of structures that have these names and are other ones."""
        other = [n for n, digest in self.structures.items() if structures.get(n, digest) != digest]
        return [name for name in self.results if any(f".{n}." in f"{name}." for n in other)]


def keep(path: Path, results: Iterable[PropertyResult], structures: Mapping[str, str] | None = None) -> None:
    """Put the results among those of a file, which need not be there. Results that it has of another
    structure of the same name go.

    structures: digests by name. Raises ArtifactError: damaged-artifact, unwritable, in-use.
    """
    with only_writer_of(owner(path)):
        known, now = kept(path), dict(structures or {})
        content = {name: r for name, r in known.results.items() if name not in known.of_others(now)}
        content |= {r.name: r.as_dict() for r in results}
        whole = {"properties": list(content.values()), "structures": known.structures | now}
        write_atomic(path, json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def owner(path: Path) -> Path:
    """What one process at a time writes: the run that a file of results lies in, else the file."""
    return path.parent if (path.parent / _IS_RUN).is_file() else path


def kept(path: Path) -> Kept:
    """The content of a file, nothing without it. Raises ArtifactError damaged-artifact."""
    if not path.exists():
        return Kept()
    try:
        found = json.loads(read_plain(path).decode("utf-8"))
        results = {str(r["name"]): cast(PropertyData, dict(r)) for r in found["properties"]}
        return Kept(results, {str(k): str(v) for k, v in found.get("structures", {}).items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{path} does not hold the results of a measurement: {error}"
        help = "remove it, and measure again"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=help)) from error
