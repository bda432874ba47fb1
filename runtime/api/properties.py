"""The properties of a model: crystals, defects, surfaces, vibrations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from ...compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from ..data.config import FileConfig
from ..files.lock import only_writer_of
from ..files.plain_data import Data
from ..files.settings import ConfigError, validated
from ..potential.potential import Potential
from ..presentation import html
from ..presentation.result import Result
from ..properties.results import PropertyResult, Survey, broken_guards
from ..properties.stored import PROPERTIES, keep, owner
from ..properties.table import property_rows, remarks
from ..runs.run_folder import FittedPotential, covariance
from .models import Model, potential_of, run_of
from .observer import Observer, observer_of
from .options import FileOptions
from .outputs import JSON, require_result
from .plots import draw_curves
from .read_data import Files, file_names
from .targets import evaluate_by

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..data.file_kind import FileKind
    from ..potential.evaluators import Evaluator
    from ..properties.config import PropertiesConfig
    from ..properties.prototypes import Candidate
    from ..structures.arrays import Covariance

_LISTED = 4  # properties in a few lines


@dataclass(frozen=True, eq=False, repr=False)
class Properties(Result):
    """Properties of a potential: values with standard deviations where the fit's covariance is known.

    potential: the one that was measured.
    survey: all results, failed ones with the reason, and the curves behind them. saved: the file of results.
    """

    potential: Potential
    survey: Survey
    saved: Path | None = None

    @property
    def results(self) -> tuple[PropertyResult, ...]:
        """Each property with its value, its σ and its unit."""
        return self.survey.results

    @property
    def broken(self) -> list[str]:
        """The guards of the configuration that are not met."""
        return broken_guards(self.results)

    def __getitem__(self, name: str) -> PropertyResult:
        """The result of this name: `lattice.bcc-Nb.a`. Raises KeyError with the names that are alike."""
        results = {r.name: r for r in self.results}
        if name not in results:
            help = did_you_mean(name, results) or f"known: {', '.join(results)}"
            raise KeyError(f"there is no property `{name}`; {help}")
        return results[name]

    def lines(self) -> list[str]:
        failed = sum(r.status == "failed" for r in self.results)
        n = len(self.results)
        parts = [f"{n} propert{'y' if n == 1 else 'ies'}"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"guards that are not met: {', '.join(self.broken)}"] if self.broken else []
        rows = property_rows(self.results)[1:]
        shown = [_line(row) for row in rows[:_LISTED]]
        more = [f"… and {len(rows) - _LISTED} more"] if len(rows) > _LISTED else []
        return [f"Properties: {'; '.join(parts)}", *shown, *more]

    def parts(self) -> list[str]:
        head, *rows = property_rows(self.results)
        told = [[*row, note] for row, note in zip(rows, remarks(self.results), strict=True)]
        return [html.heading(self.lines()[0]), html.table([[*head, "remark"], *told])]

    def to_dict(self) -> Data:
        """Plain data, as `potentia properties --json` prints it."""
        return {"properties": [r.as_dict() for r in self.results]}

    def plot(self, axes: Axes | None = None, family: str | None = None) -> Axes:
        """The curves of a family, such as `equation_of_state`; by default of the first that has some."""
        return draw_curves(axes, self.survey.curves, family)


def properties(
    model: Model,
    *,
    config: str | Path | None = None,
    structures: Files = (),
    only: str | Sequence[str] | None = None,
    sigma: bool = True,
    plots: str | Path | None = None,
    output: str | Path | None = None,
    target: Literal["auto", "cpp", "xla", "reference"] = "auto",
    observer: Observer | None = None,
    **options: Unpack[FileOptions],
) -> Properties:
    """Lattice and elastic constants, defects, surfaces, phonons, … of a model.

    model: a potential, the result of a fit, or the folder of a run, which keeps the latest results.
    config: a TOML file of properties and references; by default the usual crystals of the species.
    structures: files of crystals to measure too; `FILE@3` takes one of many. only: families to measure.
    sigma: standard deviations too, where the model is a run that knows its covariance.
    plots: a folder for pictures. output: the file of results; by default `properties.json` in the run.
    target: what evaluates the model; derivatives come from XLA in any case.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    options: the kind of the structure files. Values are in the units that each result names.
    Raises ConfigError: those of the configuration; DataError: of structures; ArtifactError as `load`.
    Definitions and their sources are in docs/properties.md.
    """
    from ..properties.config import load_properties_config

    seen, place = observer_of(observer), str(config or "--only")
    settings = load_properties_config(None if config is None else Path(config))
    if only is not None:
        settings = settings.only(only.split(",") if isinstance(only, str) else only)
    potential = potential_of(model, seen)
    where = _place(model, output)
    if where is not None:
        require_result(where, JSON)
    with nullcontext() if where is None else only_writer_of(owner(where)):
        kind = validated(FileConfig, dict(options), None).kind()
        crystals = _crystals(file_names(structures), kind, potential, settings, place, seen)
        by = evaluate_by(potential, target, seen)
        spread = _spread(potential, sigma, seen)
        found = _surveyed(potential, settings, spread, crystals, place, by, seen)
        if where is not None:
            keep(where, found.results, found.structures)
    if plots is not None:
        _plot(Path(plots), found, seen)
    return Properties(potential, found, where)


def _line(row: Sequence[str]) -> str:
    """`lattice.bcc.a  3.3079 ± 0.0021 Å`."""
    name, value, sigma, unit = row[:4]
    return " ".join(part for part in (f"{name} ", value, f"± {sigma}" if sigma != "-" else "", unit) if part)


def _place(model: Model, output: str | Path | None) -> Path | None:
    """The file of results; in the run, where the model is one."""
    if output is not None:
        return Path(output)
    folder = run_of(model)
    return None if folder is None else folder / PROPERTIES


def _spread(potential: Potential, wanted: bool, observer: Observer) -> Covariance | None:
    """The covariance of the trained numbers, where it is wanted and known."""
    found = covariance(potential.folder) if wanted and isinstance(potential, FittedPotential) else None
    if wanted and found is None:
        observer.remarked("the run has no covariance, so there is no ±")
    return found


def _surveyed(
    potential: Potential,
    settings: PropertiesConfig,
    spread: Covariance | None,
    crystals: Sequence[Candidate],
    place: str,
    by: Evaluator,
    observer: Observer,
) -> Survey:
    from ..properties.measurement import survey

    with observer.measuring() as progress:
        own = None if by.target == "xla" else by
        return survey(potential, settings, spread, crystals, progress, place, own)


def _plot(folder: Path, found: Survey, observer: Observer) -> None:
    from ..properties.plots import save_plots

    for path in save_plots(folder, found.curves):
        observer.remarked(f"plot: {path}")


def _crystals(
    files: Sequence[str],
    kind: FileKind,
    potential: Potential,
    settings: PropertiesConfig,
    place: str,
    observer: Observer,
) -> list[Candidate]:
    """The structures of files. Each is called by its file's name, or by more of the path where another
    structure has that name.
    """
    from ..data.names import distinct_names, given_twice
    from ..properties.measurement import configured
    from ..properties.prototypes import from_file

    if not files:
        return []
    twice = given_twice(files)
    if twice is not None:
        message = f"`--structure` names `{twice}` twice"
        raise ConfigError(Diagnostic("bad-value", message, help="name each structure once"))
    taken = [c.name for c in configured(settings, potential.species, place)]
    names, short = distinct_names(files, taken), [distinct_names([file])[0] for file in files]
    for file, name, wanted in zip(files, names, short, strict=True):
        if name != wanted:
            observer.remarked(f"structure {file} is called `{name}`: `{wanted}` is another")
    return [from_file(name, file, potential.species, kind) for name, file in zip(names, files, strict=True)]
