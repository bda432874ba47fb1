"""A result of the Python interface: short in a terminal, whole in a notebook, plain data for files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...compiler.diagnostics.plain import plain, shortened
from ..files.plain_data import Data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = 6
_WIDTH = 110


class Result(ABC):
    """The manners that all results share. Its own parts are `lines` and `parts`."""

    def __repr__(self) -> str:
        """At most six lines."""
        lines = self.lines()
        shown = [*lines[: _LINES - 1], f"… and {len(lines) - _LINES + 1} more"]
        kept = lines if len(lines) <= _LINES else shown
        return "\n".join(shortened(plain(line), _WIDTH) for line in kept)

    def _repr_html_(self) -> str:
        """A fragment of HTML that needs nothing beside it."""
        from .html import fragment

        return fragment(self.parts())

    @abstractmethod
    def lines(self) -> Sequence[str]:
        """The result in a few lines of text, the most important first."""

    @abstractmethod
    def parts(self) -> Sequence[str]:
        """The result as parts of a page, each of them HTML."""

    @abstractmethod
    def to_dict(self) -> Data:
        """Plain data, ready for JSON."""

    @abstractmethod
    def plot(self, axes: Axes | None = None) -> Axes:
        """The result as a picture, in `axes` or in a new figure."""


def axes_or_new(axes: Axes | None) -> Axes:
    """The axes, or those of a new figure of pyplot, which notebooks show by themselves."""
    if axes is not None:
        return axes
    from matplotlib import pyplot

    from .figures import style

    with style():
        return pyplot.subplots(figsize=(5.6, 4.0), layout="constrained")[1]
