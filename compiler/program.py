"""A spec with all that is made of it, each once: text, syntax, declarations, model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from . import pipeline
from .declarations import canonical
from .declarations.check import Checked
from .diagnostics.files import read_source
from .diagnostics.source import Source
from .elaborate.model_builder import named_species, species_with
from .ir.graph import Model


@dataclass(frozen=True, eq=False)
class Program:
    """A spec whose declarations are in order; its model is built when it is asked for, and then kept.

    data_species: those of the data, which count where the spec names none.
    """

    checked: Checked
    data_species: tuple[str, ...] = ()
    _made: Callable[[], Model] | None = None

    @classmethod
    def of(cls, text: str | Source) -> Program:
        """The program of a text. Raises SpecError."""
        return cls(pipeline.check(pipeline.parse(text)))

    @classmethod
    def read(cls, path: Path, include: Iterable[Path] = ()) -> Program:
        """The program of a file. include: folders that its imports may be read from, beside its own.

        Raises SpecError.
        """
        return cls.of(read_source(path, include))

    # --- what it is ------------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        return self.checked.file.source

    @property
    def text(self) -> str:
        return self.source.text

    @cached_property
    def named_species(self) -> tuple[str, ...]:
        """The species that the spec itself names, in their order. Raises SpecError `species-conflict`."""
        return named_species(self.checked)

    @property
    def species(self) -> tuple[str, ...]:
        """The species of the model; empty where neither the spec nor the data has said them."""
        return self.named_species or self.data_species

    @cached_property
    def model(self) -> Model:
        """The site energy as IR, in eV and Å. Raises SpecError."""
        return pipeline.build(self.checked, self.data_species) if self._made is None else self._made()

    @cached_property
    def optimized(self) -> Model:
        """The model after all passes: energy, forces and virial. Raises SpecError."""
        return pipeline.optimize(self.model)

    # --- others like it ----------------------------------------------------------------------------

    def for_species(self, species: Sequence[str]) -> Program:
        """The program for data of these species, which count where the spec names none.

        Raises SpecError `species-conflict` where the data has species that the spec does not.
        """
        species_with(self.checked, species)
        if self.named_species or tuple(species) == self.data_species:
            return self
        return Program(self.checked, tuple(species))

    def with_reference(self) -> Program:
        """The program with `+ reference()` in its energy; itself where that is there. Raises SpecError: the
        faults of its own energy come first.
        """
        if canonical.has_reference(self.checked):
            return self
        changed = canonical.with_reference(self.checked)
        return self._as(changed, lambda model: pipeline.join(model, changed.checked))

    def self_contained(self) -> Program:
        """The program as it is stored: in canonical layout, its species stated, its imports written out."""
        changed = canonical.self_contained(self.checked, self.species)
        if not changed.same_names:
            return Program.of(changed.checked.file.source)
        return self._as(changed, lambda model: model)

    def __reduce__(self) -> Any:
        """A program goes to another process as its text, with the texts that it imports in it."""
        program = self.self_contained() if self.checked.imported and self.species else self
        return _of_text, (program.text, program.source.name, program.data_species)

    def _as(self, changed: canonical.Rewritten, more: Callable[[Model], Model]) -> Program:
        def made() -> Model:
            terms = (replace(t, origin=changed.place(t.origin)) for t in self.model.terms)
            return more(replace(self.model, terms=tuple(terms)))

        return Program(changed.checked, self.data_species, made)


def _of_text(text: str, name: str, data_species: tuple[str, ...]) -> Program:
    return Program(Program.of(Source(text, name)).checked, data_species)
