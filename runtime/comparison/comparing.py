"""Two versions compared, as `diff`, `log`, `check --conflicts` and git show them."""

from __future__ import annotations

from dataclasses import dataclass

from ...compiler.analysis.budget import Exhausted
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
from ...compiler.difference.compare import Difference, compare
from ...compiler.difference.effect import Effect, effect
from ...compiler.difference.words import compare_words
from ..runs.versions import Version
from .difference_text import as_text, painter


@dataclass(frozen=True)
class Compared:
    """Two versions and their difference. effects: what each costs, where they differ; faults: why the
    specs are compared by their words alone, where they are not valid or too large.
    """

    a: Version
    b: Version
    difference: Difference
    effects: tuple[Effect, Effect] | None = None
    faults: tuple[Diagnostic, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether they are proved to be."""
        return self.difference.verdict == "same"

    def text(self, colour: bool = False) -> str:
        """The answer for people."""
        return as_text(self.difference, (self.a.name, self.b.name), self.effects, painter(colour))

    def as_dict(self) -> dict[str, object]:
        """The JSON of every comparison."""
        return {
            "a": self.a.name,
            "b": self.b.name,
            "verdict": self.difference.verdict,
            "level": self.difference.level,
            "operations": [operation.as_dict() for operation in self.difference.operations],
        }


def compared(a: Version, b: Version, species: tuple[str, ...] | None = None) -> Compared:
    """The difference of two versions. Raises SpecError not-a-spec."""
    try:
        difference = compare(a.program.checked, b.program.checked, species)
    except Exhausted:
        message = "the specs are too large to compare their meaning in a second"
        note = Diagnostic("too-large", message, "note", help="they are compared by their words")
        return Compared(a, b, compare_words(a.source, b.source), faults=(note,))
    except (SpecError, RecursionError):  # what is wrong is told of both
        faults = tuple(fault for v in (a, b) for fault in _faults(v, species))
        if not faults:
            raise
        return Compared(a, b, compare_words(a.source, b.source), faults=faults)
    if difference.verdict == "same" or difference.a is None or difference.b is None:
        return Compared(a, b, difference)
    effects = effect(difference.a), effect(difference.b)
    if effects[0] is None or effects[1] is None:
        return Compared(a, b, difference)
    return Compared(a, b, difference, (effects[0], effects[1]))


def _faults(version: Version, species: tuple[str, ...] | None) -> tuple[Diagnostic, ...]:
    """The faults of a spec; none where it is valid."""
    try:
        _ = version.program.for_species(species or ()).model
    except SpecError as error:
        return error.diagnostics
    return ()
