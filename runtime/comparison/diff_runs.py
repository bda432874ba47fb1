"""Two runs side by side: parameters, errors, properties."""

from __future__ import annotations

from dataclasses import dataclass

from ..presentation.text import counted
from ..presentation.text import table as grid
from ..runs.run_folder import FittedPotential
from .numbers import Numbers
from .physics import Physics
from .tables import Table, error_tables, numbers_table, property_table


@dataclass(frozen=True)
class RunsCompared:
    """Two runs side by side."""

    a: FittedPotential
    b: FittedPotential
    numbers: Numbers
    physics: Physics

    @property
    def differs(self) -> bool:
        """Whether a number has changed by more than the fits know it."""
        return bool(self.numbers.changed)

    def tables(self, everything: bool = False) -> list[Table]:
        """The entries that show a change; all of them where `everything` is asked for."""
        numbers = numbers_table(self.numbers, most=None) if everything else numbers_table(self.numbers)
        found = [numbers] if numbers and (everything or self.differs) else []
        found += [t for t in error_tables(self.physics) if everything or _changes(t)]
        properties = property_table(self.physics)
        return found + ([properties] if properties else [])

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"numbers": self.numbers.as_dict(), "physics": self.physics.as_dict()}


def text(found: RunsCompared) -> str:
    """Tables of the changes."""
    parts = []
    for table in found.tables():
        body = [grid(table.rows)] if len(table.rows) > 1 else []
        parts.append("\n".join([table.title, *body, *(f"  {note}" for note in table.notes)]))
    if not found.differs and found.numbers.compared:
        n = counted(found.numbers.compared, "number")
        parts.insert(0, f"numbers: none of {n} trained in both has changed by more than its uncertainty")
    return "\n\n".join(parts)


def _changes(table: Table) -> bool:
    return any("→" in cell for row in table.rows[1:] for cell in row)
