"""nep.txt as a foreign format. What reads and writes it is imported when it is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..foreign_format import Exported, Format, Imported, beginning

if TYPE_CHECKING:
    from ...potential.potential import Potential
    from .nep_file import Header

_FIRST = re.compile(rb"\s*nep\d")


def _recognises(path: Path) -> bool:
    return _FIRST.match(beginning(path, 100)) is not None


def _read(path: Path) -> Imported:
    from .importing import potential_of
    from .reading import read_nep

    nep = read_nep(path)
    return Imported(potential_of(nep, path.name), _sentence(nep.header))


def _write(potential: Potential) -> Exported:
    from .exporting import nep_of
    from .nep_file import text_of

    nep = nep_of(potential)
    facts = {"version": nep.header.version, "numbers": nep.header.size}
    return Exported(text_of(nep), _sentence(nep.header), facts)


def _sentence(header: Header) -> str:
    """`NEP4 of Te, Pb with ZBL, 5284 numbers`."""
    zbl = header.zbl
    core = "" if zbl is None else " with flexible ZBL" if zbl.flexible else " with ZBL"
    return f"NEP{header.version} of {', '.join(header.species)}{core}, {header.size} numbers"


FORMAT = Format(
    "nep",
    "nep.txt of GPUMD (nep3, nep4)",
    "a sum of `nep`, ZBL and reference energies",
    _recognises,
    _read,
    _write,
)
