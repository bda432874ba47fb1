"""Runs that lie beside a spec, and the numbers that they found for its parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

from ...compiler import pipeline
from ...compiler.diagnostics.diagnostic import ArtifactError, SpecError
from ...compiler.program import Program
from ..runs.formats import METADATA
from .document import Document

_MOST = 8  # runs that are read whole


@dataclass(frozen=True)
class Fitted:
    """A number of a fit: name `lj.epsilon[Nb-W]`, value and standard deviation in eV, Å, e.

    sigma: None where it is not known, and infinite for a number that no label depends on.
    """

    name: str
    parameter: str
    value: float
    unit: str
    free: bool
    sigma: float | None


@dataclass(frozen=True)
class FittedRun:
    """A fit of the spec. same: of this very formula, up to layout and added reference energies."""

    folder: Path
    numbers: tuple[Fitted, ...]
    same: bool

    def of(self, parameter: str) -> list[Fitted]:
        """The numbers of a parameter, `lj.epsilon`."""
        return [n for n in self.numbers if n.parameter == parameter]


def run_beside(document: Document) -> FittedRun | None:
    """The newest run of a spec among the folders beside it and in `runs`, those of this very formula first.

    A run is of the spec if it has a number for each parameter of it.
    """
    if document.checked is None or document.model is None:
        return None
    names = {p.name for p in document.model.parameters}
    found: FittedRun | None = None
    for folder in [path for path in _candidates(document.folder) if names <= _parameters(path)][:_MOST]:
        read = _read(folder, (folder / METADATA).stat().st_mtime_ns)
        run = None if read is None else _of_spec(document, folder, read)
        if run is not None and run.same:
            return run
        found = found or run
    return found


def _candidates(folder: Path) -> list[Path]:
    """Folders that hold a run, the newest first; the folder itself where the spec is that of a run."""
    try:
        runs = folder / "runs"
        around = [folder, *folder.iterdir(), *(runs.iterdir() if runs.is_dir() else ())]
        found = [path for path in around if (path / METADATA).is_file()]
        return sorted(found, key=lambda path: -(path / METADATA).stat().st_mtime_ns)
    except OSError:  # a folder that may not be read holds no run for us
        return []


def _parameters(folder: Path) -> set[str]:
    """The parameters that a run says it has; a glance, to leave aside the many runs of other specs."""
    try:
        entries = json.loads((folder / METADATA).read_bytes())["parameters"]
        return {entry["name"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()


@dataclass(frozen=True)
class _Read:
    text: str
    species: tuple[str, ...]
    numbers: tuple[Fitted, ...]


@lru_cache(maxsize=64)
def _read(folder: Path, stamp: int) -> _Read | None:
    """The numbers of a run; None where it is damaged, which `eval` tells of. stamp: of its last change."""
    from ..runs.run_folder import covariance, covariance_root, load

    try:
        potential = load(folder)
        root, known = covariance_root(folder), covariance(folder)
    except (ArtifactError, SpecError):
        return None
    free = 0
    found = []
    for c, value in zip(potential.model.vector.coefficients, potential.theta, strict=True):
        sigma = None
        if c.free and root is not None:
            sigma = sqrt(float(root[free] @ root[free])) or float("inf")
        elif c.free and known is not None:
            sigma = sqrt(float(known[free, free]))
        free += c.free
        p = c.parameter
        found.append(Fitted(c.name, p.name, float(value), str(p.kind.unit), c.free, sigma))
    return _Read(potential.text, potential.species, tuple(found))


def _of_spec(document: Document, folder: Path, read: _Read) -> FittedRun | None:
    checked = document.checked
    assert checked is not None
    try:
        wanted = pipeline.build(checked, read.species).vector.names
        fitted = Program.of(read.text).for_species(read.species).self_contained().text
        plain = Program.of(document.source).for_species(read.species)
        same = any(p.self_contained().text == fitted for p in (plain, plain.with_reference()))
    except SpecError:  # other species, or a statement that does not parse yet
        return None
    if not set(wanted) <= {n.name for n in read.numbers}:
        return None
    return FittedRun(folder, read.numbers, same)
