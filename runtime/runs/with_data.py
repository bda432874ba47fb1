"""A run together with the data of its fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from .run_folder import FittedPotential, load
from ..residuals.config import FitConfig, load_config
from ..data.frames import split_slice
from ..structures.structure import Structure
from ..data.dataset import TrainingData, read_training_data

_ALLOW = "`--allow-data-change` goes on with the data as it is"


@dataclass(frozen=True, eq=False)
class FittedRun:
    """A fitted potential with the configuration and the data of its fit.

    changed: the warning that the data are not those of the fit, if they are not.
    """

    potential: FittedPotential
    config: FitConfig
    data: TrainingData
    changed: Diagnostic | None = None

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The structures that the potential was trained on."""
        return self.data.train


def fitted_run_of(run: Path | str, data: Sequence[str], allow_change: bool = False) -> FittedRun:
    """A run with the structures that it was trained and tested on, read from `data` as its fit read them.

    The files may have moved; their content has to be the same. allow_change: other content is a warning,
    `changed`. Raises ArtifactError: data-changed, data-unknown, and those of `run_folder.load`; and the errors
    of `read_training_data`.
    """
    potential = load(run)
    config = load_config(None, potential.metadata.config)
    recorded = dict(potential.metadata.data)
    if config.data.test in recorded and not split_slice(config.data.test)[0].exists():
        del recorded[config.data.test]  # a file to test on alone, and gone
        rule = config.data.model_copy(update={"test": None})
    else:
        rule = config.data
    training = read_training_data(data, rule, config.weights.config_type, config.seed)
    changed = _difference(Path(run), recorded, training.digests)
    if changed is not None and not allow_change:
        raise ArtifactError(changed)
    warned = None if changed is None else replace(changed, severity="warning", help=None)
    return FittedRun(potential, config, training, warned)


def _difference(run: Path, recorded: Mapping[str, str], found: Mapping[str, str]) -> Diagnostic | None:
    if not recorded:
        message = f"`{run}` does not name the data of its fit"
        return Diagnostic("data-unknown", message, place=str(run), help=_ALLOW)
    before, now = _contents(recorded), _contents(found)
    if before == now:
        return None
    other = [name for name in found if _content(name, found[name]) not in before]
    what = f"`{other[0]}` is not" if other else f"{', '.join(f'`{name}`' for name in found)} is not all of"
    message = f"{what} the data that `{run}` was fitted to"
    files = ", ".join(recorded)
    return Diagnostic("data-changed", message, place=str(run), help=f"it was fitted to {files}; {_ALLOW}")


def _contents(files: Mapping[str, str]) -> Counter[tuple[str, str]]:
    return Counter(_content(*file) for file in files.items())


def _content(name: str, digest: str) -> tuple[str, str]:
    """The content of a file and the part of it that is taken, without its place."""
    return digest, str(split_slice(name)[1])
