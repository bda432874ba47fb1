"""A study: configuration, data and folder, and what each kind of trial does with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic, FitError
from ..data.dataset import TrainingData
from ..evaluation.errors import compare
from ..files.atomic import write_atomic
from ..files.npz import npz_bytes, read_npz
from ..fitting.fit import fit
from ..fitting.result import FitResult
from ..information.folds import folds_of
from ..optimize.deadline import TimeIsUp
from ..properties.config import PropertiesConfig, load_properties_config
from ..properties.measurement import measure as measure_properties
from ..properties.results import PropertyData, broken_guards
from ..residuals.config import FitConfig
from ..residuals.residuals import Sigmas
from ..runs.run_folder import save
from ..structures.structure import Structure
from .catalogue import Catalogue, file_name
from .columns import Layout, write_columns
from .composition import Pool
from .config import DesignConfig
from .factors import Factors, fold_columns
from .forms import is_choice, is_result, is_trial
from .material import length
from .pieces import Material
from .selection import selected
from .solution import composed, is_linear, solved
from .store import Payload, Result, Store, Trial

TRIALS = "1"  # of what trials depend on and result in: a folder of another version is refused

OnShare = Callable[[float], None]


@dataclass(frozen=True)
class Study:
    """config and data of a design, and the folder that holds all that it finds. place: the configuration."""

    config: DesignConfig
    data: TrainingData
    folder: Path
    place: str

    @cached_property
    def catalogue(self) -> Catalogue:
        species = tuple(self.config.species) or self.data.species
        material = Material(species, length(self.structures))
        return Catalogue(material, self.config.core, self.folder, self.place)

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The structures that decisions are made by, without the test set."""
        return self.data.train

    @property
    def store_file(self) -> Path:
        return self.folder / "study.sqlite"

    @cached_property
    def store(self) -> Store:
        return Store(self.store_file)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.structures)

    @property
    def fit_config(self) -> FitConfig:
        shared = self.config.model_dump(include={"data", "weights", "seed", "memory_mb"})
        return FitConfig.model_validate(shared)

    @cached_property
    def _pools(self) -> dict[tuple[str, ...], Pool]:
        return {}

    def pool(self, calls: Sequence[str]) -> Pool:
        """Pieces together, built once: their formula has hundreds of numbers."""
        return self._pools.setdefault(tuple(calls), Pool(self.catalogue, tuple(calls)))

    def identity(self) -> dict[str, str]:
        """Digests of the inputs of the results; budgets are no part of them."""
        depends = self.config.model_copy(update={"budget": None}).model_dump_json()
        if self.properties is not None:
            depends += self.properties.model_dump_json()
        return {
            "version": TRIALS,
            "configuration": sha256(depends.encode()).hexdigest(),
            "data": " ".join(sorted(self.data.digests.values())),
        }

    @cached_property
    def properties(self) -> PropertiesConfig | None:
        """The properties and guards of each fitted model."""
        name = self.config.properties
        return None if name is None else load_properties_config(Path(self.place).parent / name)

    def affordable(self, calls: Sequence[str]) -> tuple[str, ...]:
        """The calls, in their order, up to the largest number of columns together."""
        kept, columns = [], 0
        for call in calls:
            numbers = len(self.catalogue.piece(call).linear)
            if columns + numbers <= self.config.most_columns:
                columns += numbers
                kept.append(call)
        return tuple(kept)

    def factors(self, calls: Sequence[str]) -> Path:
        return self.folder / "factors" / f"{file_name(*calls)}.npz"

    def read_factors(self, calls: Sequence[str]) -> Factors:
        """The last that were asked for are kept: the trials of one pool follow each other."""
        path = self.factors(calls)
        if path not in self._read:
            self._read.clear()
            arrays = read_npz(path)
            self._read[path] = Factors(arrays["factors"], arrays["counts"])
        return self._read[path]

    @cached_property
    def _read(self) -> dict[Path, Factors]:
        return {}

    def run(self, spec: str) -> Path:
        return self.folder / "runs" / file_name(spec)

    def perform(self, trial: Trial, on_progress: OnShare | None = None) -> Result:
        """The result of a trial. Raises UserError where nothing comes of it, damaged-artifact for none."""
        if not is_trial(trial.kind, trial.payload, self.config.folds):
            raise self.store.changed(f"trial {trial.id}")
        return _KINDS[trial.kind](self, trial.payload, on_progress)

    def result(self, trial: Trial) -> Result | None:
        """The result of a trial that is done, else None. Raises ArtifactError damaged-artifact."""
        found = self.store.result(trial)
        if found is not None and not is_result(trial.kind, found):
            raise self.changed_result(trial)
        return found

    def changed_result(self, trial: Trial) -> ArtifactError:
        """The error damaged-artifact of a result that its trial cannot have had."""
        return self.store.changed(f"result of the trial {trial.id}")


# --- kinds of trials ---------------------------------------------------------------------------


def measure(call: str) -> Trial:
    """The columns of a piece."""
    return Trial("measure", {"piece": call})


def fold(calls: Sequence[str]) -> Trial:
    """The factors of several pieces, the first the base."""
    return Trial("fold", {"pieces": list(calls)})


def select(calls: Sequence[str], sizes: Sequence[int], without: int | None) -> Trial:
    """The best columns of each size, chosen without a fold, and the errors on it."""
    return Trial("select", {"pieces": list(calls), "sizes": list(sizes), "without": without})


def refine(calls: Sequence[str], columns: Sequence[int], coefficients: Sequence[float]) -> Trial:
    """The composition of chosen columns, fitted to the training structures."""
    payload = {"pieces": list(calls), "columns": list(columns), "coefficients": list(coefficients)}
    return Trial("refine", payload)


def _measure(study: Study, payload: Payload, on_progress: OnShare | None) -> Result:
    made = study.catalogue.piece(payload["piece"])
    path = study.catalogue.columns(payload["piece"])
    path.parent.mkdir(parents=True, exist_ok=True)
    config = study.config
    sigmas, is_base = Sigmas.of(config.weights), not payload["piece"]  # the base's residual is that of all
    write_columns(path, made, study.structures, sigmas, config.memory_mb, on_progress, not is_base)
    return {"numbers": len(made.linear), "trained": made.trained}


def _fold(study: Study, payload: Payload, on_progress: OnShare | None) -> Result:
    calls = payload["pieces"]
    config = study.config
    folds = folds_of(len(study.structures), config.folds, config.seed)
    found = fold_columns([study.catalogue.columns(c) for c in calls], study.layout, folds, on_progress)
    arrays = {"factors": found.factors, "counts": found.counts}
    write_atomic(study.factors(calls), npz_bytes(arrays))
    return {"columns": found.size}


def _select(study: Study, payload: Payload, on_progress: OnShare | None) -> Result:
    factors, without = study.read_factors(payload["pieces"]), payload["without"]
    always = range(len(study.catalogue.piece("").linear))
    found = {}
    for size, (columns, coefficients) in selected(
        factors.without(without), always, payload["sizes"], on_progress
    ).items():
        squares = [] if without is None else factors.squares(without, columns, coefficients).tolist()
        found[str(size)] = {
            "columns": columns.tolist(),
            "coefficients": coefficients.tolist(),
            "squares": squares,
        }
    return found


def _refine(study: Study, payload: Payload, on_progress: OnShare | None) -> Result:
    pool = study.pool(payload["pieces"])
    if not is_choice(payload, len(pool.owners)):
        raise study.store.changed(f"trial {Trial('refine', payload).id}")
    coefficients = np.array(payload["coefficients"])
    made = pool.composition(payload["columns"], coefficients)
    start, columns = composed(pool, made, coefficients)
    structures = study.structures
    if is_linear(start):
        sigmas = Sigmas.of(study.config.weights)
        found, predicted = solved(pool, start, columns, structures, sigmas, on_progress)
    else:
        told = on_progress or (lambda share: None)
        found = fit(start, structures, study.fit_config, on_progress=lambda state: told(state.fraction))
        if "interrupt" in found.reason:  # the trial is open again
            raise KeyboardInterrupt
        if found.reason == "time":
            raise TimeIsUp.now()
        predicted = found.potential.predict(structures, lambda done: told(done / len(structures)))
    metrics = compare(structures, predicted).as_dict()
    save(
        study.run(made.spec),
        found.potential,
        covariance=found.covariance,
        root=found.root,
        replace=True,
        train=metrics,
        config=study.fit_config.flat(),
        data=study.data.digests,
        labels=study.data.keys.echo(),
        warnings=[d.message for d in found.warnings],
        converged=found.converged,
        reason=found.reason,
        origin=f"designed by {study.place}",
    )
    return {
        "spec": made.spec,
        "train": metrics,
        "loss": found.loss,
        "parameters": found.potential.n_parameters,
        "properties": _held(study, found),
    }


def _held(study: Study, found: FitResult) -> list[PropertyData]:
    """The properties of a fitted model. Raises FitError `guard-broken` where one is not as it has to be."""
    if study.properties is None:
        return []
    results = measure_properties(found.potential, study.properties, found.covariance)
    broken = broken_guards(results)
    if broken:
        count = found.potential.n_parameters
        message = f"the model of {count} parameters breaks the guards of {', '.join(broken)}"
        raise FitError(Diagnostic("guard-broken", message, place=study.config.properties))
    return [r.as_dict() for r in results]


_KINDS: Mapping[str, Callable[[Study, Payload, OnShare | None], Result]] = {
    "measure": _measure,
    "fold": _fold,
    "select": _select,
    "refine": _refine,
}
