"""The report of `potentia fisher` that a run keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..files.reading import read_plain
from .calibration import CoverageData
from .parts import BlockReport, FisherReport, NumberReport, Redundancy

FISHER = "fisher.json"

Stored = tuple[FisherReport, Mapping[str, CoverageData] | None]


def read_information(path: Path) -> Stored | None:
    """The report and the quality of the calibration; None without the file. Raises ArtifactError
    damaged-artifact.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(read_plain(path).decode("utf-8"))
        known = {f.name: content[f.name] for f in fields(FisherReport)}
        known["spectrum"] = tuple(float(v) for v in content["spectrum"])
        known["numbers"] = tuple(NumberReport(**n) for n in content["numbers"])
        known["blocks"] = tuple(BlockReport(**b) for b in content["blocks"])
        known["unsupported"] = tuple(content["unsupported"])
        known["redundant"] = tuple(
            Redundancy(r["direction"], tuple(r["terms"])) for r in content["redundant"]
        )
        return FisherReport(**known), content.get("coverage")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{path} does not hold a report of `potentia fisher`: {error}"
        help = "remove it, or run `potentia fisher` again"
        raise ArtifactError(Diagnostic("damaged-artifact", message, place=str(path), help=help)) from error
