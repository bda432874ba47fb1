"""Specs that a command rewrites in their place."""

from __future__ import annotations

import os
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError


def replace_text(path: Path, text: str) -> None:
    """The new text in place of the old, whole or not at all. Raises SpecError `unwritable`."""
    real = Path(os.path.realpath(path))
    part = real.with_name(f".{real.name}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        part.chmod(real.stat().st_mode)
        os.replace(part, real)
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"cannot write {path}: {error.strerror or error}"
        raise SpecError(Diagnostic("unwritable", message, place=str(path))) from error
