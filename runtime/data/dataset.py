"""The data of a fit: read, checked against the spec, split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ...compiler.declarations.check import Checked
from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, FitError, SpecError
from ...compiler.ir.graph import Model
from ...compiler.program import Program
from ..potential.potential import Potential, at_start
from ..structures.structure import Structure
from .checks import frozen_forces
from .config import DataConfig
from .duplicates import shared_structures
from .frames import split_slice
from .labels import LabelKeys
from .readers import read, require_forces, weighted
from .splits import select, split
from .stress_convention import check_stress

Structures = tuple[Structure, ...]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Structures to train and to test on, with the remarks of their readers."""

    train: Structures
    test: Structures
    keys: LabelKeys
    warnings: tuple[Diagnostic, ...]
    digests: dict[str, str]

    @property
    def species(self) -> tuple[str, ...]:
        """All chemical species, in the order of atomic numbers."""
        return species_of((*self.train, *self.test))


def read_training_data(
    paths: Sequence[str], config: DataConfig, weights: dict[str, float] | None = None, seed: int = 0
) -> TrainingData:
    """Read files, split, and warn about structures in both parts.

    config.test: `key=value`, a fraction, or a file.
    Raises DataError: no-forces, no-structures, and those of `readers.read`.
    """
    keys = config.keys()
    structures, warnings = read_labelled(paths, config)
    if weights:
        structures = weighted(structures, weights)
    if config.use_forces:
        require_forces(structures, keys)
    files, train, test = list(paths), structures, Structures()
    if config.test is not None and _is_file(config.test):
        test, more = read_labelled([config.test], config)
        warnings, files = warnings + more, [*files, config.test]
    elif config.test is not None:
        parts = split(structures, config.test, seed)
        train, test = tuple(parts[0]), tuple(parts[1])
    warnings += tuple(shared_structures(train, test))
    return TrainingData(train, test, keys, warnings, {name: digest(name) for name in files})


def read_labelled(
    paths: Sequence[str], config: DataConfig, only: str | None = None
) -> tuple[Structures, tuple[Diagnostic, ...]]:
    """Structures of several files, without the labels that the configuration leaves aside, and remarks, also
    on doubtful stress labels.

    Raises DataError: no-structures where no file is named, and those of `readers.read`.
    """
    if not paths:
        raise DataError(Diagnostic("no-structures", "no file is named"))
    found: list[Structure] = []
    remarks: tuple[Diagnostic, ...] = ()
    for path in paths:
        reading = read(path, config.keys(), kind=config.kind(), aside=config.aside(), skips=config.skip_bad)
        found += reading.structures
        remarks += (*reading.warnings, *(frozen_forces(reading.structures) if config.use_forces else ()))
    chosen = tuple(select(found, only) if only else found)
    return chosen, (*remarks, *check_stress(chosen, config.keys()))


def species_of(structures: Sequence[Structure]) -> tuple[str, ...]:
    from ase.data import atomic_numbers

    return tuple(sorted({x for s in structures for x in s.species}, key=lambda x: int(atomic_numbers[x])))


def potential_for(program: Program, species: Sequence[str], reference: bool) -> Potential:
    """The potential of a program at its start values, as it is fitted to data of these species and stored.

    reference: with an energy for each species. Raises SpecError, species-conflict and species-without-data.
    """
    program = require_data_of(program, species)
    return potential_of_named(program, reference)


def require_data_of(program: Program, species: Sequence[str]) -> Program:
    """The program for data of these species. Raises SpecError, species-conflict and species-without-data."""
    program = program.for_species(species)
    _check_species(program.checked, program.species, species)
    return program


def potential_of_named(program: Program, reference: bool) -> Potential:
    """The same potential of a program that has its species, before any data are read. Raises SpecError."""
    return at_start((program.with_reference() if reference else program).self_contained())


def _check_species(checked: Checked, named: Sequence[str], data: Sequence[str]) -> None:
    """Raise SpecError `species-without-data` where the spec has species that no structure has."""
    absent = [s for s in named if s not in data]
    if absent:
        written = next((s.span for s in checked.species if s.name in absent), None)
        message = f"the spec is for {', '.join(named)}, but no structure has {', '.join(absent)}"
        help = f"species in the data: {', '.join(data)}"
        place = None if written else checked.file.source.name
        raise SpecError(Diagnostic("species-without-data", message, primary=written, place=place, help=help))


def check_rows(model: Model, structures: Sequence[Structure]) -> None:
    """Raise FitError `too-few-rows` where there are fewer labels than trainable numbers."""
    rows = n_rows(structures)
    free = model.vector.n_trained
    if rows < free:
        message = f"{rows} labels cannot determine {free} parameters"
        help = "use fewer parameters, or more data"
        raise FitError(Diagnostic("too-few-rows", message, help=help))


def n_rows(structures: Sequence[Structure]) -> int:
    """The number of residual rows: one energy, 3N force components, up to six of the stress."""
    return sum(sum(s.n_labels) for s in structures if s.weight > 0)


def digest(where: str) -> str:
    """The SHA-256 of a data file (without a slice, `nb.xyz@:10`), or of the files of a folder."""
    path, _ = split_slice(where)
    state = sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        state.update(part.relative_to(path).as_posix().encode() if part != path else b"")
        with part.open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return "sha256:" + state.hexdigest()


def _is_file(where: str) -> bool:
    return split_slice(where)[0].exists() and not _is_number(where)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
