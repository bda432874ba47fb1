"""Labelled structures from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ..data.config import DataConfig
from ..data.dataset import Structures, TrainingData, read_training_data
from ..data.label_counts import counts_of_labels
from ..data.names import matching
from ..data.readers import weighted
from ..files.plain_data import Data
from ..files.settings import ConfigError, validated
from ..presentation import html
from ..presentation.figures import MARKERS, colour_of, legend, repeat_of
from ..presentation.result import Result, axes_or_new
from ..presentation.text import counted
from .observer import Observer, observer_of
from .options import DataOptions, data_options

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..residuals.config import FitConfig

Files = str | Path | Sequence[str | Path]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Result):
    """Labelled structures of `files`, some of them to test on.

    files: their names.
    read: structures in Å with labels in eV, eV/Å and eV/Å³, keys, remarks, digests of the files.
    config: the keys and units that they were read with. seed: of the random choice of test structures.
    """

    files: tuple[str, ...]
    read: TrainingData
    config: DataConfig
    seed: int

    @property
    def train(self) -> Structures:
        """The structures to train on."""
        return self.read.train

    @property
    def test(self) -> Structures:
        """The structures to test on."""
        return self.read.test

    @property
    def structures(self) -> Structures:
        """Those to train on, then those to test on."""
        return (*self.read.train, *self.read.test)

    def weighted(self, factors: dict[str, float]) -> TrainingData:
        """The data with factors on the weights of config types.

        Raises DataError: unknown-config-type, bad-weight.
        """
        if not factors:
            return self.read
        whole = weighted(self.structures, factors)
        n = len(self.train)
        return replace(self.read, train=whole[:n], test=whole[n:])

    def lines(self) -> list[str]:
        atoms = sum(s.n_atoms for s in self.structures)
        split = f"{len(self.train)} to train, {len(self.test)} to test"
        return [
            f"Dataset: {counted(len(self.structures), 'structure')}, {atoms} atoms; {split}",
            f"files   {', '.join(self.files)}; species {' '.join(self.read.species)}",
            f"labels  {counts_of_labels(self.structures)}",
            f"keys    {self.read.keys.echo()}",
            *([f"{counted(len(self.read.warnings), 'remark')} of the readers"] if self.read.warnings else []),
        ]

    def parts(self) -> list[str]:
        rows = [["config type", "structures", "atoms", "train", "test"]]
        for kind in sorted({s.config_type for s in self.structures}):
            own = [s for s in self.structures if s.config_type == kind]
            numbers = (len(own), sum(s.n_atoms for s in own), *self._split(kind))
            rows.append([kind, *map(str, numbers)])
        head, *others = self.lines()
        return [html.heading(head), *map(html.note, others), html.table(rows)]

    def _split(self, kind: str) -> tuple[int, int]:
        train, test = (sum(s.config_type == kind for s in part) for part in (self.train, self.test))
        return train, test

    def to_dict(self) -> Data:
        """Plain data: files with their digests, numbers of structures, species, keys, remarks."""
        return {
            "files": list(self.files),
            "digests": self.read.digests,
            "n_train": len(self.train),
            "n_test": len(self.test),
            "n_atoms": sum(s.n_atoms for s in self.structures),
            "species": list(self.read.species),
            "labels": counts_of_labels(self.structures),
            "keys": self.read.keys.echo(),
            "config": self.config.model_dump(mode="json"),
            "seed": self.seed,
            "warnings": [d.message for d in self.read.warnings],
        }

    def plot(self, axes: Axes | None = None) -> Axes:
        """Energies per atom (eV) over volumes per atom (Å³), or over their place in the files where no cell
        has a volume; a colour and marker for each config type.
        """
        axes = axes_or_new(axes)
        labelled = [(k, s) for k, s in enumerate(self.structures) if s.energy is not None]
        has_volume = bool(labelled) and all(s.volume > 0 for _, s in labelled)
        for number, kind in enumerate(sorted({s.config_type for _, s in labelled})):
            own = [(k, s) for k, s in labelled if s.config_type == kind]
            x = [s.volume / s.n_atoms if has_volume else float(k) for k, s in own]
            y = [(s.energy or 0.0) / s.n_atoms for _, s in own]
            marker = repeat_of(number, MARKERS)
            axes.plot(x, y, marker, markersize=3, color=colour_of(number), alpha=0.7, label=kind)
        axes.set_xlabel("volume per atom (Å³)" if has_volume else "structure")
        if has_volume:
            axes.set_xscale("log")
        axes.set_ylabel("energy per atom (eV)")
        legend(axes)
        return axes


def read_data(
    files: Files, *, seed: int = 0, observer: Observer | None = None, **options: Unpack[DataOptions]
) -> Dataset:
    """The labelled structures of files, in any format that ASE reads, split into train and test.

    files: `nb.xyz`, a part of a file such as `nb.xyz@:100`, a pattern such as `vasp/*/OUTCAR`, or several.
    seed: of the random choice of test structures.
    observer: is given the remarks of the readers; without one they become warnings of Python.
    options: keys and units of labels, and `test`: `split=test`, a fraction such as 0.1, or a file.
    Energies are in eV, forces in eV/Å, stress in `stress_unit` (eV/Å³), tension positive.
    Raises DataError with all faults of the files; ConfigError for an option that does not suit.
    The keys are described in docs/data.md.
    """
    config = validated(DataConfig, data_options(options) | _unknown(options), None)
    _require_seed(seed)
    names = file_names(files)
    found = read_training_data(names, config, seed=seed)
    observer_of(observer).warned(found.warnings)
    return Dataset(tuple(names), found, config, seed)


def _require_seed(seed: object) -> None:
    if not (isinstance(seed, Integral) and int(seed) >= 0):
        message = f"`seed` is {seed!r}, but it is a whole number of 0 or more"
        raise ConfigError(Diagnostic("bad-value", message))


def file_names(files: Dataset | Files) -> list[str]:
    """Files as a list of words; those of data that were read. Raises DataError:
    bad-value; missing-file where a pattern has none."""
    if isinstance(files, Dataset):
        return list(files.files)
    if isinstance(files, str | Path):
        return matching([str(files)])
    names: list[object] = list(files) if isinstance(files, Iterable) else [files]
    for name in names:
        if not isinstance(name, str | PathLike):
            message = f"data are read from files, and this is of type {type(name).__name__}"
            help = "write structures with `ase.io.write`, and give the name of that file"
            raise DataError(Diagnostic("bad-value", message, help=help))
    return matching(str(name) for name in names)


def _unknown(options: DataOptions) -> Data:
    """Options that are none, for the message about them."""
    return {name: value for name, value in options.items() if name not in DataOptions.__optional_keys__}


def training_data(data: Dataset | Files, config: FitConfig) -> tuple[TrainingData, list[str]]:
    """The structures of a fit, and the names of their files. Raises DataError."""
    if isinstance(data, Dataset):
        return data.weighted(config.weights.config_type), list(data.files)
    names = file_names(data)
    return read_training_data(names, config.data, config.weights.config_type, config.seed), names


def require_unread(data: Dataset | Files, options: Data) -> None:
    """Raise ConfigError where options of labels are given for data that were read with others."""
    given = list(data_options(options))
    if given and isinstance(data, Dataset):
        message = f"the data are read already: `{given[0]}` comes too late"
        help = f"give it to `read_data({data.files[0]!r}, {given[0]}=…)`"
        raise ConfigError(Diagnostic("bad-value", message, place=", ".join(data.files), help=help))
