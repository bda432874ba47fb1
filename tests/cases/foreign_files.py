"""Files of other programs that `import` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from potentia.runtime.formats.registry import read


def refused(path: Path, text: str | None = None) -> Diagnostic:
    """The one fault of a file. text: its new content; None: it is there."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic
