"""A run of molecular dynamics: from its settings to its files."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from ...compiler.diagnostics.warning import OnWarning, as_python_warning
from ..files.lock import only_writer_within
from ..potential.potential import Potential
from ..structures.arrays import Velocities
from ..structures.structure import Structure
from . import checks
from .continuing import begin, identity, require_same
from .distances import pair_names
from .kernels import choose, kernel_of
from .lists import Search
from .outputs import Folder, Memory
from .result import MDResult
from .resuming import state_of
from .run import MDLoop, OnProgress
from .settings import MDSettings
from .start import conditions, first_velocities, skin_of
from .state import Sizes
from .thermo import columns


def simulate(
    potential: Potential,
    structure: Structure,
    settings: MDSettings,
    *,
    velocities: Velocities | None = None,
    folder: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    on_warning: OnWarning = as_python_warning,
) -> MDResult:
    """Molecular dynamics of `structure` with `potential`.

    velocities: needed where the settings take those of the structure.
    folder: where log, trajectory and states are written; without one the result holds them. resume: go on
    from the last state there, to the same bits as without the interruption; overwrite: replace the run there.
    on_warning: is told where the last state is damaged, and the run goes on from the one before.

    A run that a guard stops is a result too (`MDResult.stopped`). Raises DataError as `checks.check`;
    ArtifactError unwritable, in-use, run-exists, damaged-artifact, other-model; FitError resume-mismatch and
    nothing-to-resume.
    """
    checks.check(structure, potential.species, settings, velocities)
    with nullcontext() if folder is None else only_writer_within(folder):
        present = checks.present_species(structure, potential.species)
        chosen = choose(potential, settings, structure.n_atoms, folder if resume else None)
        settings = settings.model_copy(update={"target": chosen.target})
        about = identity(potential, structure, settings, velocities, chosen.threads)
        model = {"model": about["model"]}
        record: Folder | Memory = Memory(columns(pair_names(present)))
        if folder is not None:
            record = Folder(folder, settings.trajectory, record.columns)
            if resume:
                require_same(folder, about)
            else:
                begin(folder, about, overwrite)
        first = first_velocities(structure, settings, velocities)
        kernel, numbers = kernel_of(potential, settings.precision, chosen)
        saved = None
        if resume and isinstance(record, Folder):
            sizes = Sizes(structure.n_atoms, len(pair_names(present)), len(kernel.lists) + 1)
            saved = state_of(record, model, sizes, on_warning)
        loop = MDLoop(
            structure=structure,
            settings=settings,
            present=present,
            theta=numbers,
            conditions=conditions(structure, present, settings, first),
            search=Search(kernel, potential.species, present, skin_of(structure, settings, first)),
            record=record,
            depends_on=model,
            on_progress=on_progress or (lambda _: None),
        )
        try:
            return loop.run(first, saved)
        finally:
            record.close()
