"""The fit of a round: from the parameters of the round before, saved as a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..data.dataset import digest
from ..evaluation.errors import evaluate
from ..files.orphans import recover
from ..files.states import checkpoint_of, remove_checkpoint
from ..fitting.fit import fit
from ..fitting.result import FitResult, Progress
from ..potential.potential import Potential
from ..runs.formats import METADATA
from ..runs.run_folder import load, save
from ..structures.structure import Structure
from .study import Study


def fitted(
    study: Study, folder: Path, before: Potential, known: Sequence[Structure], files: Sequence[Path]
) -> Potential:
    """The potential fitted to all that is known, from where it was before; done once.

    files: where the labels of earlier rounds lie. A fit that was cut off goes on from its last state.
    """
    recover(folder)
    if not (folder / METADATA).is_file():
        what = f"{folder.parent.name}: fitting"
        study.on_progress(what, 0.0)
        config = study.config.fit.model_copy(update={"starts": 1} if files else {})

        def on_progress(progress: Progress) -> None:
            study.on_progress(what, progress.fraction)

        resume = checkpoint_of(folder).is_file()
        result = fit(before, known, config, folder=folder, resume=resume, on_progress=on_progress)
        if "interrupt" in result.reason:
            raise KeyboardInterrupt
        _save(study, folder, result, known, files)
        remove_checkpoint(folder)
    return before.with_theta(load(folder).theta)


def _save(
    study: Study, folder: Path, result: FitResult, known: Sequence[Structure], files: Sequence[Path]
) -> None:
    test = study.data.test
    labels = {str(path.relative_to(study.folder)): digest(str(path)) for path in files}
    save(
        folder,
        result.potential,
        covariance=result.covariance,
        root=result.root,
        replace=True,
        train=evaluate(result.potential, known).as_dict(),
        test=evaluate(result.potential, test).as_dict() if test else None,
        config=study.config.fit.flat(),
        data=study.data.digests | labels,
        labels=study.data.keys.echo(),
        warnings=[d.message for d in result.warnings],
        converged=result.converged,
        reason=result.reason,
        origin=f"active learning, {folder.parent.name}",
    )
