"""The targets, by name; none is imported before it is asked for, so that naming them costs nothing.

A new target is registered here, and the conformance tests then hold it to the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .target import Target


def _reference() -> Target:
    from .reference.target import ReferenceTarget

    return ReferenceTarget()


def _xla() -> Target:
    from .xla.target import XlaTarget

    return XlaTarget()


TARGETS: Mapping[str, Callable[[], Target]] = {"reference": _reference, "xla": _xla}
