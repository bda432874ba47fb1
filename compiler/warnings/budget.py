"""The work that all warnings about one spec may take, so that an editor answers for any text."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 10_000  # each about what it takes to rewrite a node, 30 µs


class Exhausted(Exception):
    """No step is left."""


@dataclass
class Budget:
    """Steps that are left."""

    left: float = STEPS

    def spend(self, steps: float) -> None:
        """Raise Exhausted where there are not so many steps left."""
        if steps > self.left:
            raise Exhausted
        self.left -= steps
