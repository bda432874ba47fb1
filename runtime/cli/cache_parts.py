"""The parts of the user's cache folder: what each holds, and how it is emptied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...compiler.backends.cpp import cache
from ...compiler.backends.user_folder import limit, size_of
from ...compiler.backends.xla import kept
from ..files.plain_data import Data
from ..formats.lammps import installation


@dataclass(frozen=True)
class Part:
    """A folder in the user's cache folder.

    noun, more: of an entry, and of several. pattern: finds the entries. default: the limit in bytes; None:
    none, as these stay small. empty: removes what no process uses.
    """

    name: str
    noun: str
    more: str
    pattern: str
    default: int | None
    empty: Callable[[Path, str], None]

    def held(self, within: Path) -> Held:
        """Raises DataError bad-value: the limit."""
        folder = within / self.name
        entries = len(list(folder.glob(self.pattern)))
        return Held(self, entries, size_of(folder), None if self.default is None else limit(self.default))

    def clear(self, within: Path) -> None:
        """Raises OSError."""
        self.empty(within / self.name, self.pattern)


@dataclass(frozen=True)
class Held:
    """The entries of a part, their bytes and its limit."""

    part: Part
    entries: int
    size: int
    limit: int | None

    @property
    def described(self) -> str:
        return f"{self.entries} {self.part.noun if self.entries == 1 else self.part.more}"

    @property
    def room(self) -> str:
        return megabytes(self.size) + ("" if self.limit is None else f" of {megabytes(self.limit)}")

    def as_data(self) -> Data:
        return {
            "name": self.part.name,
            "entries": self.entries,
            "bytes": self.size,
            "limit_bytes": self.limit,
        }


def megabytes(size: int) -> str:
    return f"{size / 2**20:.{0 if size % 2**20 == 0 else 1}f} MB"


def _libraries(folder: Path, pattern: str) -> None:
    cache.Cache(folder, limit=0).trim()


def _files(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink(missing_ok=True)


def _folders(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        shutil.rmtree(path)


PARTS = (
    Part(
        *(cache.FOLDER, "kernel of generated C++", "kernels of generated C++"),
        *(f"[!.]*/{cache.FACTS}", cache.LIMIT, _libraries),
    ),
    Part(kept.FOLDER, "program of XLA", "programs of XLA", kept.ENTRIES, kept.LIMIT, _files),
    Part("compilers", "compiler with its flags", "compilers with their flags", "*.json", None, _files),
    Part(
        *(installation.FOLDER, "pair style of LAMMPS", "pair styles of LAMMPS"),
        *("*", installation.LIMIT, _folders),
    ),
)
