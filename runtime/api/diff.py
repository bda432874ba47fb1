"""Changes of meaning from one version of a potential to another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.chemistry.elements import symbols
from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ...compiler.diagnostics.source import Source
from ..comparison.comparing import compared
from ..comparison.diff_answer import Answer
from ..comparison.gate import changes, kinds_of
from ..comparison.version_warnings import warnings_of_versions
from ..files.plain_data import Data
from ..presentation import html as pages
from ..presentation.result import Result
from ..runs.versions import Version, read_version, read_versions
from .observer import SILENT, Observer, observer_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...compiler.difference.compare import Difference
    from ..comparison.comparing import Compared
    from ..comparison.diff_runs import RunsCompared
    from ..comparison.numeric_difference import NumericDifference
    from ..comparison.physics import Errors
    from ..potential.potential import Potential
    from ..runs.run_folder import FittedPotential
    from .models import Model
    from .read_data import Dataset, Files


_ENERGY = re.compile(r"^\s*E\s*=", re.MULTILINE)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """Two versions and their difference.

    answer: the changes of the formula, of numbers and properties of two runs, and the verdicts of a gate.
    species: those that the versions were compared for.
    """

    answer: Answer
    species: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether both are proved to have the same energy."""
        return self.answer.found.is_same

    @property
    def is_refused(self) -> bool:
        """Whether the gate lets this not pass; without a gate, whether there is a difference."""
        return self.answer.is_refused

    @property
    def text(self) -> str:
        """The whole answer, as `potentia diff` prints it."""
        return self.answer.text(colour=False)

    def lines(self) -> list[str]:
        return [line for line in self.text.split("\n") if line.strip()]

    def parts(self) -> list[str]:
        found, runs = self.answer.found, self.answer.runs
        head, *rest = found.text().split("\n")
        tables = [] if runs is None else runs.tables()
        shown = [pages.heading(head), pages.spec_text("\n".join(rest))]
        for table in tables:
            shown += [pages.table(table.rows, table.title), *map(pages.note, table.notes)]
        return shown

    def to_dict(self) -> Data:
        """Plain data, as `potentia diff --json` prints it."""
        return self.answer.as_dict()

    def plot(self, axes: Axes | None = None) -> Axes:
        """The dimer curves of both, eV over Å: the first dashed, the second drawn through.

        Raises SpecError for versions that are not valid.
        """
        from ..potential.plots import draw_dimers

        before, after = (_potential(v, self.species) for v in (self.answer.found.a, self.answer.found.b))
        axes = draw_dimers(before.dimers(), axes, "--", "before ")
        return draw_dimers(after.dimers(), axes, "-", "after ")


def diff(
    a: Model,
    b: Model,
    *,
    species: str | Iterable[str] | None = None,
    numeric: bool = False,
    data: Dataset | Files | None = None,
    html: str | Path | None = None,
    gate: str | Sequence[str] | None = None,
    include: Iterable[Path] = (),
    observer: Observer | None = None,
) -> Comparison:
    """The changes of meaning from version a to version b; words, order and layout do not count.

    a, b: a potential, the result of a fit, a spec file, the text of a spec, the folder of a run, or
    `REV:FILE` of git.
    species: `Nb,W` or several names, where the specs name none.
    numeric: energies (eV) and forces (eV/Å) of random structures are compared too.
    data: labelled structures that the errors of two runs are compared on.
    html: a file for a page with all tables and curves.
    gate: kinds of change that count in `is_refused`: formula, numbers, properties.
    include: folders that imports may be read from.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    Raises SpecError: not-a-spec, usage, cannot-read; ArtifactError: not-a-run, no-properties,
    unwritable, and as `load`; DataError. Compared and proved is as docs/diffing.md says.
    """
    seen, chosen = observer_of(observer), symbols(species) or None
    if html is not None:
        _require_page(Path(html), (a, b), data)
    kinds = kinds_of(gate if gate is None or isinstance(gate, str) else ",".join(gate))
    found = compared(*_versions(a, b, tuple(include)), chosen)
    if not seen.is_silent:
        sides = (found.a, found.difference.a), (found.b, found.difference.b)
        seen.warned(warnings_of_versions(sides, chosen))
    if found.faults:
        seen.refused(found.faults)
    measured = _measured(found.difference) if numeric else None
    runs = _runs(found, data, seen)
    answer = Answer(found, measured, runs, changes(kinds, found, runs) if kinds else None)
    if html is not None:
        _save_page(Path(html), found, runs, seen)
    return Comparison(answer, chosen or ())


def _versions(a: Model, b: Model, include: Sequence[Path]) -> tuple[Version, Version]:
    if isinstance(a, str | Path) and isinstance(b, str | Path) and not (_is_text(a) or _is_text(b)):
        return read_versions([str(a), str(b)], include)
    return _version(a, "before", include), _version(b, "after", include)


def _version(model: Model, name: str, include: Sequence[Path]) -> Version:
    """A version with its name in messages, where it has none of its own."""
    if isinstance(model, str | Path):
        if _is_text(model):
            return Version(name, Source(str(model), name, include=tuple(include)))
        return read_version(str(model), include=include)
    from .models import potential_of, run_of

    folder = run_of(model)
    if folder is not None:
        return read_version(str(folder))
    return Version(name, Source(potential_of(model, SILENT).text, name))


def _is_text(word: str | Path) -> bool:
    """Whether this is a spec and no name of a file: `E = lj(Ar)`."""
    return isinstance(word, str) and _ENERGY.search(word) is not None


def _measured(difference: Difference) -> NumericDifference | None:
    if difference.a is None or difference.b is None:
        return None
    from ..comparison.numeric_difference import sampled

    return sampled(difference)


def _potential(version: Version, species: tuple[str, ...]) -> Potential:
    from ..potential.potential import at_start
    from ..runs.run_folder import load

    return at_start(version.program.for_species(species)) if version.run is None else load(version.run)


# --- two runs --------------------------------------------------------------------------------------


def _runs(found: Compared, data: Dataset | Files | None, observer: Observer) -> RunsCompared | None:
    """Both versions as runs; None where one is a spec. Raises ArtifactError not-a-run where data are given
    for a spec.
    """
    before, after = found.a.run, found.b.run
    if before is None or after is None:
        if data is not None:
            name = found.a.name if before is None else found.b.name
            message = f"`{name}` is a spec: it has no fitted numbers whose errors could be measured"
            help = "give two runs with `--data`"
            raise ArtifactError(Diagnostic("not-a-run", message, place=name, help=help))
        return None
    from ..comparison.diff_runs import RunsCompared
    from ..comparison.numbers import compared as compared_numbers
    from ..comparison.physics import stored
    from ..runs.run_folder import load

    a, b = load(before), load(after)
    physics = stored(a, b)
    if data is not None:
        physics = replace(physics, errors=(_errors(a, b, data, observer),), comparable=True)
    return RunsCompared(a, b, compared_numbers(a, b, found.difference.parameters), physics)


def _errors(a: FittedPotential, b: FittedPotential, data: Dataset | Files, observer: Observer) -> Errors:
    """The errors of both, with the label keys of the second run's fit."""
    from ..comparison.physics import measured
    from ..data.dataset import read_labelled
    from ..residuals.config import load_config
    from .models import label_settings
    from .read_data import Dataset, file_names

    names = file_names(data)
    if isinstance(data, Dataset):
        structures = data.structures
    else:
        settings = load_config(None, label_settings(b, b)).data
        structures, remarks = read_labelled(names, settings)
        observer.labels_read(structures, settings.keys(), remarks)
    with observer.counting("errors of both", 2 * len(structures)) as progress:
        return measured(", ".join(names), a, b, structures, progress)


def _require_page(path: Path, versions: Sequence[Model], data: Dataset | Files | None) -> None:
    """Raise ArtifactError `unwritable` where the page cannot be written, or is a file that is read."""
    from .outputs import HTML, require_result
    from .read_data import file_names

    files = [v for v in versions if isinstance(v, str | Path) and not _is_text(v)]
    require_result(path, HTML, [*files, *([] if data is None else file_names(data))])


def _save_page(path: Path, found: Compared, runs: RunsCompared | None, observer: Observer) -> None:
    """The HTML page, with the curves of two runs. Raises ArtifactError `unwritable`."""
    from ..comparison.difference_text import effect_rows
    from ..comparison.page import page
    from ..comparison.tables import Table
    from ..files.atomic import write_atomic

    svg = None if runs is None else _curves(runs, observer)
    tables = [] if found.effects is None else [Table("cost", effect_rows(*found.effects))]
    tables += [] if runs is None else runs.tables(everything=True)
    specs = found.a.source.text, found.b.source.text
    formula = replace(found, effects=None).text().split("\n")
    title = f"{found.a.name} → {found.b.name}"
    write_atomic(path, page(title, formula, specs, tables, svg))
    observer.remarked(f"page: {path}")


def _curves(found: RunsCompared, observer: Observer) -> str | None:
    from ..comparison.curves import curves, overlaid, paired

    with observer.measuring() as progress:
        pairs = paired(curves(found.a, progress), curves(found.b, progress))
    return overlaid(pairs) if pairs else None
