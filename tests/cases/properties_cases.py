"""Configurations of properties in files, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import UserError

BCC = '[structures.bcc]\nprototype = "bcc"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "properties.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(error: pytest.ExceptionInfo[UserError]) -> list[tuple[str, str, str | None]]:
    return [(d.code, d.message, d.help) for d in error.value.diagnostics]
