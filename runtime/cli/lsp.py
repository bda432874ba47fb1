"""`potentia lsp`: the language server, for editors."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Annotated, BinaryIO, cast

import typer


def command(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Use stdin and stdout, which is the default.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print a failure to start as one JSON object.")
    ] = False,
) -> int:
    """Serve an editor through stdin and stdout, in the Language Server Protocol. Editors start this.

    \b
    Examples:
      potentia lsp --stdio
    """
    from ...compiler.diagnostics.diagnostic import Diagnostic, UserError

    if find_spec("pygls") is None:
        message = "the language server needs pygls, which is not installed"
        raise UserError(Diagnostic("no-pygls", message, help="pip install 'potentia[lsp]'"))
    if sys.stdin is None or sys.stdout is None:
        message = "the language server talks to an editor through stdin and stdout, and one of them is closed"
        raise UserError(Diagnostic("usage", message, help="editors start it"))
    from ..editor.messages import Messages
    from ..editor.server import make_server

    make_server(_version()).start_io(cast(BinaryIO, Messages(sys.stdin.buffer)))
    return 0


def _version() -> str:
    try:
        return version("potentia")
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"
