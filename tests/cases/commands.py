"""The command line, run in this process."""

from __future__ import annotations

import pytest
from potentia.runtime.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, and what this run alone printed to stdout and stderr."""
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err
