"""A front of models, composed from a catalogue of terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

from ...compiler.analysis.budget import Exhausted
from ...compiler.diagnostics.diagnostic import Diagnostic
from ...compiler.warnings import warnings_of_fitted
from ..design.table import front_rows
from ..files.plain_data import Data
from ..presentation import html
from ..presentation.result import Result
from ..presentation.text import counted
from ..runs.run_folder import FittedPotential, load
from .observer import Observer, observer_of
from .options import DesignOptions, flags
from .plots import draw_front
from .read_data import Dataset, Files, file_names, require_unread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..design.config import DesignConfig
    from ..design.front_row import Row
    from ..design.study import Study
    from ..ranks.team import Team

_LISTED = 3  # models in a few lines


@dataclass(frozen=True, eq=False, repr=False)
class Front(Result):
    """The models of a design by their number of parameters, none of which another beats in everything.

    folder: the study.
    rows: of each model its size, errors, terms, spec and run. left_out: terms and models left out, and why.
    """

    folder: Path
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of parameters."""
        return tuple(row["size"] for row in self.rows)

    def load(self, size: int) -> FittedPotential:
        """The largest model of at most this many parameters. Raises LookupError; ArtifactError as `load`."""
        fitting = [row for row in self.rows if row["size"] <= size]
        if not fitting:
            raise LookupError(f"the smallest model has {min(self.sizes, default=0)} parameters")
        return load(max(fitting, key=lambda row: row["size"])["run"])

    def lines(self) -> list[str]:
        models = counted(len(self.rows), "model")
        left = [f"{len(self.left_out)} left out"] if self.left_out else []
        found = ["; ".join([f"Front: {models} in {self.folder / 'front'}", *left])]
        step = max(1, -(-len(self.rows) // _LISTED))
        for row in self.rows[::-1][::step][::-1]:
            energy, forces = (f"{1e3 * row['cv'][kind]:.3g}" for kind in ("energy", "forces"))
            found.append(f"{row['size']:>4} parameters: cv E {energy} meV/atom, F {forces} meV/Å")
        return found

    def parts(self) -> list[str]:
        terms = [[call, str(row["size"]), str(n)] for row in self.rows for call, n, _ in row["terms"]]
        found = [
            html.heading(self.lines()[0]),
            html.table(front_rows(self.rows), "meV/atom and meV/Å"),
        ]
        found += map(html.note, self.left_out)
        return [*found, html.table([["term", "of the model with", "numbers"], *terms], "terms")]

    def to_dict(self) -> Data:
        """Plain data, as `potentia design --json` prints it."""
        return {"front": list(self.rows), "left_out": list(self.left_out)}

    def plot(self, axes: Axes | None = None, kind: Literal["energy", "forces"] = "forces") -> Axes:
        """Errors (meV/atom or meV/Å) over the number of parameters."""
        return draw_front(axes, self.rows, kind)


def design(
    config: str | Path,
    data: Dataset | Files,
    *,
    output: str | Path,
    observer: Observer | None = None,
    team: Team | None = None,
    **options: Unpack[DesignOptions],
) -> Front:
    """Compose potentials of growing size from a catalogue of terms, by their effect on the loss.

    config: a TOML file with the catalogue, the sizes and the budget. data: from `read_data`, or files.
    output: the folder of the study; a second call with the same folder resumes it.
    observer: is given warnings and progress; without one warnings become warnings of Python.
    team: the processes that share the work, instead of `workers`; this one and its workers by default.
    options: keys and units of labels, where `data` are files; `time_limit` (s), `fits`, `workers`.
    Raises ConfigError; DataError; SpecError: of the catalogue; ArtifactError: in-use, unwritable, and where
    the folder is of another study. The method and its sources are described in docs/designing.md.
    """
    from ..design.config import load_design
    from ..design.front import write_front
    from ..design.loop import design as search

    seen, folder = observer_of(observer), Path(output)
    require_unread(data, dict(options))
    settings = load_design(Path(config), flags(options, "budget."))
    seen.kept(folder, f"finished trials are kept in {folder}; the same command goes on")
    study = _study(settings, str(config), data, folder)
    seen.study_read(study)
    with seen.designing() as report:
        found = search(study, report, team)
    rows = write_front(study, found.members)
    if not seen.is_silent:
        seen.warned(list(_warnings(rows)))
    return Front(folder, tuple(rows), tuple(found.left_out))


def _warnings(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    """The warnings of the models of a front; none of one that takes too long."""
    for row in rows:
        with suppress(Exhausted, RecursionError):
            run = load(row["run"])
            yield from warnings_of_fitted(run.program.checked, run.model, run.theta)


def _study(settings: DesignConfig, place: str, data: Dataset | Files, folder: Path) -> Study:
    from ..data.dataset import read_training_data
    from ..design.study import Study

    if isinstance(data, Dataset):
        own = settings.model_copy(update={"data": data.config})
        return Study(own, data.weighted(settings.weights.config_type), folder, place)
    names, weights = file_names(data), settings.weights.config_type
    return Study(settings, read_training_data(names, settings.data, weights, settings.seed), folder, place)
