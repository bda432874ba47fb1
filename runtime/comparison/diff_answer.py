"""The answer of `potentia diff`, in each of its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...compiler.diagnostics.plain import plain
from ...compiler.diagnostics.render import as_json
from ...compiler.difference.effect import DENSITY
from .comparing import Compared
from .gate import Changes, lines

if TYPE_CHECKING:
    from ..comparison.numeric_difference import NumericDifference
    from .diff_runs import RunsCompared

SCHEMA = 1  # of the JSON; raised when a field changes its meaning or goes


class Answer(NamedTuple):
    """All that was found. gate: the number of changes of each kind that was asked for."""

    found: Compared
    measured: NumericDifference | None
    runs: RunsCompared | None
    gate: Changes | None

    @property
    def is_refused(self) -> bool:
        """Whether the exit code is 1."""
        if self.gate is not None:
            return any(self.gate.values())
        return not self.found.is_same or (self.runs is not None and self.runs.differs)

    def text(self, colour: bool) -> str:
        """The answer for people; plain but for the colours."""
        parts = [self.found.text(colour)]
        if self.measured is not None:
            parts.append(self.measured.sentence())
        if self.runs is not None:
            from .diff_runs import text

            parts.append("\n" + plain(text(self.runs)))
        if self.gate is not None:
            parts.append("\n" + "\n".join(lines(self.gate)))
        return "\n".join(parts)

    def markdown(self) -> str:
        """The answer for a pull request."""
        from .difference_markdown import escaped, listed, markdown, titled

        parts = [markdown(self.found)]
        if self.measured is not None:
            parts.append(escaped(self.measured.sentence()))
        if self.runs is not None:
            parts += [titled(table) for table in self.runs.tables()]
        if self.gate is not None:
            parts.append(listed(lines(self.gate)))
        return "\n\n".join(parts)

    def as_dict(self) -> dict[str, object]:
        """The JSON, as docs/diffing.md has it."""
        from dataclasses import asdict

        effect = None
        if self.found.effects is not None:
            before, after = map(asdict, self.found.effects)
            effect = {"density_per_ang3": DENSITY, "before": before, "after": after}
        return {
            "schema": SCHEMA,
            **self.found.as_dict(),
            "effect": effect,
            "numeric": None if self.measured is None else self.measured.as_dict(),
            "diagnostics": as_json(self.found.faults),
            **({"numbers": None, "physics": None} if self.runs is None else self.runs.as_dict()),
            "gate": self.gate,
        }
