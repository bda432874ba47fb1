"""A model in the form of another program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.plain_data import Data
from ..formats.foreign_format import ExportedFolder
from ..formats.registry import writer_of
from ..potential.potential import Potential
from ..presentation import html
from ..presentation.result import Result
from .models import Model, potential_of
from .observer import Observer, observer_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Export(Result):
    """The file or folder of another program.

    potential: the one that was written. format: such as `nep`. place: the file or folder.
    sentence: its content in words; facts: the same for programs.
    """

    potential: Potential
    format: str
    place: Path
    sentence: str
    facts: Mapping[str, object]

    def lines(self) -> list[str]:
        return [f"Export: {self.place}, {self.format}", self.sentence]

    def parts(self) -> list[str]:
        rows = [["", ""], *([name, str(value)] for name, value in self.facts.items())]
        return [*map(html.note, self.lines()), html.table(rows), *self.potential.parts()]

    def to_dict(self) -> Data:
        """Plain data, as `potentia export --json` prints it."""
        return dict(self.facts)

    def plot(self, axes: Axes | None = None) -> Axes:
        """The dimer curves of the model that was written, eV over Å."""
        return self.potential.plot(axes)


def export(
    model: Model,
    to: str,
    output: str | Path,
    *,
    style: str | None = None,
    force: bool = False,
    observer: Observer | None = None,
) -> Export:
    """Write a model in the form of another program: a file, where that has room for it, or a folder.

    model: a potential, the result of a fit, or the folder of a run. to: `nep`, `lammps`,
    `pair_style` or `stablehlo`.
    output: the file or folder. style: another way to write, such as `native` of lammps.
    force: replace a file or folder that is there.
    observer: is given warnings; without one they become warnings of Python.
    Raises ArtifactError: unknown-target, unknown-style, file-exists, unwritable, not-expressible, and as
    `load`; ToolError, where a format needs a tool. Units are those of the other program.
    """
    from ..files.atomic import atomic_directory, write_atomic
    from .outputs import require_new_file, require_new_folder

    seen, place = observer_of(observer), Path(output)
    write = writer_of(to, style)
    potential = potential_of(model, seen)
    exported = write(potential)
    if isinstance(exported, ExportedFolder):
        require_new_folder(place, force, exported.marker)
        with atomic_directory(place, replace=force) as part:
            written = exported.fill(part)
        seen.warned(written.warnings)
        sentence, facts = written.sentence, {"folder": str(place), **written.facts}
    else:
        require_new_file(place, force)
        write_atomic(place, exported.text)
        sentence, facts = exported.sentence, {"file": str(place), **exported.facts}
    seen.remarked(f"wrote {sentence}")
    return Export(potential, to, place, sentence, facts)
