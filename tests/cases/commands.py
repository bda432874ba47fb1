"""The command line, run in this process; the options of its commands, the modules that it imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest
import typer
from potentia.runtime.cli.main import application, main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, and what this run alone printed to stdout and stderr."""
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@contextmanager
def held_by_another(lock: AbstractContextManager[object]) -> Iterator[None]:
    """In the block a lock is another's: of a thread of its own, in this process."""
    with ThreadPoolExecutor(1) as other:
        other.submit(lock.__enter__).result()
        try:
            yield
        finally:
            other.submit(lock.__exit__, None, None, None).result()


def options_of(command: str) -> set[str]:
    """Every flag of a command, long and short."""
    described = typer.main.get_command(application(command)).commands[command]  # type: ignore[attr-defined]
    names = {flag for p in described.params for flag in (*p.opts, *p.secondary_opts) if flag.startswith("-")}
    return names | {"--help", "-h"}


def imported_by(*arguments: str) -> set[str]:
    """The modules that a process of its own has loaded once it has run these arguments."""
    code = (
        "import sys; from potentia.runtime.cli.main import main; "
        f"code = main({list(arguments)!r}); print(*sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())
