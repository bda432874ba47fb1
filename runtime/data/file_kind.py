"""The kind of a data file, where it does not say itself what it is."""

from __future__ import annotations

from dataclasses import dataclass

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean


@dataclass(frozen=True)
class FileKind:
    """format: a name of ASE, or one of ours; None: as the file looks.

    types: the elements of the atom types 1, 2, … of files that have no elements.
    """

    format: str | None = None
    types: tuple[str, ...] = ()


DEEPMD, DPDATA, FITSNAP = "deepmd", "dpdata", "fitsnap"  # that ASE does not read
AS_IT_LOOKS = FileKind()


def file_kind(format: str | None, types: str | None) -> FileKind:
    """The kind as options say it: `lammps-data`, `Nb,Mo`. Raises DataError: unknown-format, bad-types."""
    if format is not None:
        _require_readable(format)
    return FileKind(format, () if types is None else _elements(types))


def _elements(text: str) -> tuple[str, ...]:
    from ase.data import chemical_symbols

    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in chemical_symbols[1:]:
            usual = "name the element of each type: `--types Nb,Mo`"
            help = did_you_mean(name, chemical_symbols[1:]) or usual
            raise DataError(Diagnostic("bad-types", f"`{name}` is not a chemical element", help=help))
    return names


def _require_readable(format: str) -> None:
    from ase.io.formats import ioformats

    known = sorted([*(name for name, f in ioformats.items() if f.can_read), DEEPMD, DPDATA, FITSNAP])
    if format not in known:
        help = did_you_mean(format, known) or "`ase info --formats` lists the formats of ASE"
        raise DataError(Diagnostic("unknown-format", f"`{format}` is no format that is read", help=help))
