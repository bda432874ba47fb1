"""A run of molecular dynamics: from its settings to its files."""

from __future__ import annotations

from pathlib import Path

from ..potential.potential import Potential
from ..structures.arrays import Velocities
from ..structures.structure import Structure
from . import checks, state
from .continuing import begin, identity, require_same
from .distances import pair_names
from .kernels import choose, kernel_of
from .lists import Search
from .outputs import STATE, Folder, Memory
from .result import MDResult
from .run import MDLoop, OnProgress
from .settings import MDSettings
from .start import conditions, first_velocities, skin_of
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
) -> MDResult:
    """Molecular dynamics of `structure` with `potential`.

    velocities: needed where the settings take those of the structure.
    folder: where log, trajectory and states are written; without one the result holds them. resume: go on
    from the last state there, to the same bits as without the interruption; overwrite: replace the run there.

    A run that a guard stops is a result too (`MDResult.stopped`). Raises DataError as `checks.check`;
    ArtifactError unwritable, run-exists, damaged-artifact, other-model; FitError resume-mismatch and
    nothing-to-resume.
    """
    checks.check(structure, potential.species, settings, velocities)
    present = checks.present_species(structure, potential.species)
    chosen = choose(potential, settings, structure.n_atoms, folder if resume else None)
    settings = settings.model_copy(update={"target": chosen.target})
    about = identity(potential, structure, settings, velocities, chosen.threads)
    model = {"model": about["model"]}
    record: Folder | Memory = Memory(columns(pair_names(present)))
    saved = None
    if folder is not None:
        if resume:
            require_same(folder, about)
        else:
            begin(folder, about, overwrite)
        record = Folder(folder, settings.trajectory, record.columns)
        if resume and (folder / STATE).is_file():
            saved = state.read(folder / STATE, model)
    first = first_velocities(structure, settings, velocities)
    kernel, numbers = kernel_of(potential, settings.precision, chosen)
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
