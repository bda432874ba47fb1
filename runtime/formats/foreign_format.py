"""A foreign format: how a file of it becomes a potential, and a potential a file of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...compiler.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:  # help texts read the formats, and start at once
    from ..potential.potential import Potential


def beginning(path: Path, n: int) -> bytes:
    """The first bytes of a file, at most n, by which its format is known; none where it cannot be read: its
    reader tells that.
    """
    try:
        with path.open("rb") as file:
            return file.read(n)
    except OSError:
        return b""


@dataclass(frozen=True, eq=False)
class Imported:
    """A potential that was read. sentence: the content of the file, for people."""

    potential: Potential
    sentence: str


@dataclass(frozen=True)
class Exported:
    """The text of a file to write. sentence: its content, for people; facts: the same for JSON."""

    text: str
    sentence: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Written:
    """A folder that was written. sentence, facts: as in `Exported`; warnings: of what could not be done."""

    sentence: str
    facts: Mapping[str, object]
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class ExportedFolder:
    """A folder to write. marker: a file that each folder of this kind has; fill: fills an empty one."""

    marker: str
    fill: Callable[[Path], Written]


Writer = Callable[["Potential"], Exported | ExportedFolder]


@dataclass(frozen=True)
class Format:
    """The model of another program, in a file or in a folder.

    name: of the file or folder here, and of `export --to`; file: for help texts, `nep.txt of GPUMD`; holds:
    the formulas that it has room for. recognises: whether a file is of this format, by its name or its first
    bytes, False where it cannot be read; it and read are None where a format is only written. styles: other
    ways to write, by name. read and write raise ArtifactError.
    """

    name: str
    file: str
    holds: str
    recognises: Callable[[Path], bool] | None
    read: Callable[[Path], Imported] | None
    write: Writer
    styles: Mapping[str, Writer] = field(default_factory=dict)
