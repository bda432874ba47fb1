"""Versions of a potential as people name them: a spec, a run, a revision of git, a range of revisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.source import Source
from ...compiler.program import Program
from .formats import SPEC
from ..files.git import read_revision
from ..files.orphans import recover

_RANGE = re.compile(r"(?P<before>[^\s:]*?)\.\.\.?(?P<after>[^\s:]*)")


@dataclass(frozen=True, eq=False)
class Version:
    """name: as messages show it. run: the folder, of a fitted potential."""

    name: str
    source: Source
    run: Path | None = None

    @cached_property
    def program(self) -> Program:
        """The program of the spec, parsed and checked once. Raises SpecError."""
        return Program.of(self.source)


def read_versions(words: Sequence[str], include: Sequence[Path] = ()) -> tuple[Version, Version]:
    """The two versions that two words name: `A B`, or `REV1..REV2 FILE`; a range without its end goes to the
    file as it is now, one without its beginning from HEAD. include: as `read_source` has it.

    Raises UserError where one cannot be read.
    """
    first, second = words
    span = _RANGE.fullmatch(first)
    if span and not Path(first).exists() and not _is_path(first):
        path = Path(second)
        folder = path.parent if path.parent.is_dir() else Path()
        before = _at_revision(span["before"] or "HEAD", path, folder)
        if span["after"]:
            return before, _at_revision(span["after"], path, folder)
        return before, read_version(second, include=include)
    return read_version(first, include=include), read_version(second, include=include)


def _is_path(word: str) -> bool:
    """`../nb.pes` is no range."""
    return "/.." in word or word.startswith(("../", "./", "/")) or word in ("..", "...")


def _at_revision(revision: str, path: Path, folder: Path) -> Version:
    inside = f"./{path.name}" if folder == path.parent else path.as_posix()
    return Version(f"{revision}:{path}", read_revision(f"{revision}:{inside}", folder))


def read_version(word: str, folder: Path = Path(), include: Sequence[Path] = ()) -> Version:
    """A spec, a run, or `REV:path`, for which git is asked in `folder`.

    Raises UserError: cannot-read, not-utf8, and as `artifact.load` and `read_revision`.
    """
    path = Path(word)
    with suppress(OSError):
        recover(path)
    if path.is_dir():
        from .run_folder import read_spec

        return Version(word, Source(read_spec(path), str(path / SPEC)), path)
    if ":" in word and not path.exists():
        return Version(word, read_revision(word, folder))
    return Version(word, read_source(path, include))
