"""The work that one comparison may take, so that git shows a change in any file at once."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 30_000  # each a sum of products that is looked up or made, 20 µs


class TooLong(Exception):
    """No step is left: the specs are compared by their words."""


@dataclass
class Work:
    """Steps that are left."""

    left: int = STEPS

    def spend(self, steps: int = 1) -> None:
        """Raise TooLong where there are not so many steps left."""
        self.left -= steps
        if self.left < 0:
            raise TooLong
