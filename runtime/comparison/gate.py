"""The gate of `diff` and `log`: kinds of change that a check of a repository does not let pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, SpecError, did_you_mean
from ...compiler.difference.compare import Difference
from ..presentation.text import counted

if TYPE_CHECKING:
    from .comparing import Compared
    from .diff_runs import RunsCompared

KINDS = ("formula", "numbers", "properties")
Changes = Mapping[str, int]  # how many, by kind


def kinds_of(text: str | None, known: Sequence[str] = KINDS) -> tuple[str, ...]:
    """`formula,numbers` as kinds, none without a text. Raises SpecError `usage`."""
    if text is None:
        return ()
    named = [word.strip() for word in text.split(",") if word.strip()]
    listed = f"the kinds are {', '.join(known)}"
    for word in named:
        if word not in known:
            help = did_you_mean(word, known) or listed
            raise SpecError(Diagnostic("usage", f"`--gate` knows no kind of change `{word}`", help=help))
    if not named:
        raise SpecError(Diagnostic("usage", "`--gate` names no kind of change", help=listed))
    return tuple(kind for kind in known if kind in named)


def changes(kinds: Sequence[str], found: Compared, runs: RunsCompared | None = None) -> Changes:
    """The number of changes of each kind. runs: two runs side by side.

    Raises ArtifactError not-a-run and no-properties where properties are asked for and not both have some.
    """
    return {kind: _count(kind, found, runs) for kind in kinds}


def _count(kind: str, found: Compared, runs: RunsCompared | None) -> int:
    if kind == "properties":
        return _properties(found, runs)
    fitted = len(runs.numbers.changed) if kind == "numbers" and runs is not None else 0
    return of_specs(found.difference, kind) + fitted


def of_specs(difference: Difference, kind: str) -> int:
    """The number of changes of the formula, or of starts, bounds and what is trained."""
    if difference.level == "syntax":  # a change of words may be of either
        return len(difference.operations)
    own = sum(operation.counts_as == kind for operation in difference.operations)
    unproved = kind == "formula" and difference.verdict == "unproved"
    return max(own, int(unproved))


def _properties(found: Compared, runs: RunsCompared | None) -> int:
    if runs is None:
        name = found.a.name if found.a.run is None else found.b.name
        message = f"`{name}` is a spec: it has no measured properties"
        help = "give two runs, or leave `properties` out of `--gate`"
        raise ArtifactError(Diagnostic("not-a-run", message, place=name, help=help))
    physics = runs.physics
    if not physics.properties and not physics.incomparable:
        message = f"`{found.a.name}` and `{found.b.name}` keep no property that both have"
        help = "`potentia properties RUN` measures them and keeps the results in the run"
        raise ArtifactError(Diagnostic("no-properties", message, place=found.b.name, help=help))
    changed = sum(p.has_changed for p in physics.properties)
    return changed + len(physics.incomparable) + len(physics.of_one)


def lines(counts: Changes) -> list[str]:
    """A line for each kind."""
    return [
        f"gate {kind}: {counted(n, 'change') if n else 'nothing has changed'}" for kind, n in counts.items()
    ]
