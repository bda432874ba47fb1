"""The work that looking at a spec may take, so that an editor and git answer for any text."""

from __future__ import annotations

from dataclasses import dataclass


class Exhausted(Exception):
    """No step is left."""


@dataclass
class Budget:
    """Steps that are left."""

    left: float

    def spend(self, steps: float = 1) -> None:
        """Raise Exhausted where there are not so many steps left."""
        if steps > self.left:
            raise Exhausted
        self.left -= steps
