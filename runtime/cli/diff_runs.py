"""Parts of `potentia diff` for two runs: parameters, errors, properties, curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..comparison.numbers import Numbers, compared
from ..comparison.physics import Errors, Physics, stored
from ..comparison.tables import Table, error_tables, numbers_table, property_table
from ..runs.run_folder import FittedPotential, load
from . import console
from .comparing import Compared
from .difference_text import effect_rows
from .labels import say_labels


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


def runs_compared(found: Compared, data: Sequence[str] | None, quiet: bool) -> RunsCompared | None:
    """Both versions as runs; None where one is a spec. data: files that the errors of both are measured on.

    Raises ArtifactError as `load`, and not-a-run where data is given for a spec; DataError as the readers.
    """
    before, after = found.a.run, found.b.run
    if before is None or after is None:
        if data:
            name = found.a.name if before is None else found.b.name
            message = f"`{name}` is a spec: it has no fitted numbers whose errors could be measured"
            help = "give two runs with `--data`"
            raise ArtifactError(Diagnostic("not-a-run", message, place=name, help=help))
        return None
    a, b = load(before), load(after)
    physics = stored(a, b)
    if data:
        physics = replace(physics, errors=(_errors(a, b, data, quiet),), comparable=True)
    return RunsCompared(a, b, compared(a, b, found.difference.parameters), physics)


def _errors(a: FittedPotential, b: FittedPotential, data: Sequence[str], quiet: bool) -> Errors:
    """The errors of both, with the label keys of the second run's fit."""
    from ..comparison.physics import measured
    from ..data.dataset import read_labelled
    from ..residuals.config import load_config
    from .progress import counting

    used = {f"data.{k}": v for k, v in b.metadata.config.get("data", {}).items() if k != "test"}
    settings = load_config(None, used).data
    structures, remarks = read_labelled(data, settings)
    say_labels(structures, settings.keys(), remarks, json=False, quiet=quiet)
    with counting("errors of both", 2 * len(structures), quiet) as progress:
        return measured(", ".join(data), a, b, structures, progress)


def text(found: RunsCompared) -> str:
    """Tables of the changes."""
    parts = []
    for table in found.tables():
        body = [console.table(table.rows)] if len(table.rows) > 1 else []
        parts.append("\n".join([table.title, *body, *(f"  {note}" for note in table.notes)]))
    if not found.differs and found.numbers.compared:
        n = console.counted(found.numbers.compared, "number")
        parts.insert(0, f"numbers: none of {n} trained in both has changed by more than its uncertainty")
    return "\n\n".join(parts)


def save_page(path: Path, found: Compared, runs: RunsCompared | None, quiet: bool) -> None:
    """The HTML page, with the curves of two runs. Raises ArtifactError `unwritable`."""
    from ..comparison.page import page
    from ..files.atomic import write_atomic

    svg = None if runs is None else _curves(runs, quiet)
    tables = [] if found.effects is None else [Table("cost", effect_rows(*found.effects))]
    tables += [] if runs is None else runs.tables(everything=True)
    specs = found.a.source.text, found.b.source.text
    formula = replace(found, effects=None).text().split("\n")
    title = f"{found.a.name} → {found.b.name}"
    write_atomic(path, page(title, formula, specs, tables, svg))
    console.say(f"page: {path}", quiet)


def _curves(found: RunsCompared, quiet: bool) -> str | None:
    from ..comparison.curves import curves, overlaid, paired
    from .progress import measuring

    with measuring(quiet) as progress:
        pairs = paired(curves(found.a, progress), curves(found.b, progress))
    return overlaid(pairs) if pairs else None


def _changes(table: Table) -> bool:
    return any("→" in cell for row in table.rows[1:] for cell in row)
