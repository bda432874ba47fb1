"""The pictures of errors that `fit` and `eval` save."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .labelled import Part
from .parity import save_parity
from .spread import by_config_type, save_spread


def save_errors(path: Path, parts: Mapping[str, Part]) -> list[Path]:
    """The parity plot, and beside it the errors by config type where there is more than one; their files.

    Raises ArtifactError `unwritable`.
    """
    save_parity(path, parts)
    written, rows = [path], by_config_type(parts)
    if len({row.config_type for row in rows}) > 1:
        written.append(
            path.with_name("errors_by_type.png" if path.stem == "parity" else f"{path.stem}_by_type.png")
        )
        save_spread(written[-1], rows)
    return written
