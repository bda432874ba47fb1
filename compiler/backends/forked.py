"""Processes that were forked: threads of compiled code stayed behind, and to wait for them is to hang."""

from __future__ import annotations

import os
import sys

from ..diagnostics.diagnostic import Diagnostic, ToolError


class _Fork:
    """The last fork before this process. with_xla: XLA had threads then."""

    happened = False
    with_xla = False

    def mark(self) -> None:
        self.happened = True
        # private to jax, and asked for here alone: where it is gone, nothing is known of XLA
        self.with_xla = bool(getattr(sys.modules.get("jax._src.xla_bridge"), "_backends", None))


_fork = _Fork()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork.mark)


def is_forked() -> bool:
    """Whether OpenMP's threads may have stayed behind: none are asked for in this process."""
    return _fork.happened


def require_xla() -> None:
    """Raises ToolError `forked` where XLA would hang."""
    if _fork.with_xla:
        message = "XLA cannot compute in this process: it was forked from one in which XLA had begun"
        help = (
            'start processes with `multiprocessing.get_context("spawn")`, or let generated C++ compute: '
            '`target="cpp"`'
        )
        raise ToolError(Diagnostic("forked", message, help=help))
