"""The lines on labels of every command that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic
from . import console

if TYPE_CHECKING:
    from ..data.labels import LabelKeys
    from ..runs.with_data import FittedRun
    from ..structures.structure import Structure


def say_labels(
    structures: Sequence[Structure], keys: LabelKeys, remarks: Sequence[Diagnostic], json: bool, quiet: bool
) -> None:
    """How many structures have which labels, under which keys, and what the readers remarked."""
    from ..data.label_counts import counts_of_labels

    if quiet:
        return
    console.say(f"labels  {counts_of_labels(structures)}")
    console.say(f"keys    {keys.echo()}")
    console.report(remarks, json)


def say_training(training: FittedRun, json: bool, quiet: bool) -> None:
    """The labels of the fit of a run, and whether the data are still its data. json: stderr is JSON alone."""
    changed = [] if training.changed is None else [training.changed]
    remarks = (*changed, *training.data.warnings)
    if json and not quiet:
        console.report(remarks, json)
    else:
        say_labels(training.structures, training.data.keys, remarks, json, quiet)
