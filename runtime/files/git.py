"""Files as they were in revisions of a git repository, read through git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...compiler import pipeline
from ...compiler.declarations.canonical import edited
from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError, did_you_mean
from ...compiler.diagnostics.source import Source
from ...compiler.syntax import tree as syntax


def read_revision(name: str, folder: Path = Path()) -> Source:
    """The spec that git calls `name`, `HEAD~3:pots/nb.pes`, with its imports from the same revision
    written out. folder: where git is asked; `REV:./nb.pes` is relative to it. The folder of a run gives its
    spec.

    Raises SpecError: no-git, not-a-repository, missing-revision, missing-in-revision, not-utf8.
    """
    revision, _, path = name.partition(":")
    if name.startswith(":") and name[1:2].isdecimal():  # a side of a merge: `:2:nb.pes`
        stage, _, path = name[1:].partition(":")
        revision = f":{stage}"
    _need_revision(revision, name, folder)
    if _git(folder, "cat-file", "-t", name).stdout == b"tree\n":
        path = f"{path.rstrip('/')}/spec.pes"
    source = Source(_blob(revision, path, folder), f"{revision}:{path}")
    return _written_out(source, revision, PurePosixPath(path), folder, set())


class Commit(NamedTuple):
    """A commit that changed a file: its short digest, its day, its subject."""

    digest: str
    day: str
    subject: str


def commits(path: Path, since: str | None = None) -> list[Commit]:
    """The commits that changed a file, the latest first; none where git has no such file.

    since: a revision; commits that it has already are left out. Raises SpecError: no-git, not-a-repository,
    missing-revision.
    """
    if since is not None:
        _need_revision(since, since, path.parent)
    span = ["HEAD"] if since is None else ["--end-of-options", f"{since}..HEAD"]
    found = _git(path.parent, "log", "--format=%h%x09%as%x09%s", *span, "--", path.name)
    lines = found.stdout.decode("utf-8", "replace").splitlines() if found.returncode == 0 else []
    return [Commit(*line.split("\t", 2)) for line in lines]


def _need_revision(revision: str, name: str, folder: Path) -> None:
    inside = _git(folder, "rev-parse", "--git-dir")
    if inside.returncode:
        message = f"`{name}` is a git revision, and {folder.resolve()} is in no git repository"
        raise SpecError(Diagnostic("not-a-repository", message, place=name, help="name two files"))
    if not revision or revision.startswith(":"):
        return  # the index
    known = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    if known.returncode:
        names = _git(folder, "for-each-ref", "--format=%(refname:short)").stdout.decode().split()
        message = f"there is no revision `{revision}`"
        help = did_you_mean(revision, names) or "`git log --oneline` lists them"
        raise SpecError(Diagnostic("missing-revision", message, place=name, help=help))


def _blob(revision: str, path: str, folder: Path) -> str:
    found = _git(folder, "show", "--end-of-options", f"{revision}:{path}")
    if found.returncode:
        where = f"`{revision}`" if revision else "the index"
        help = "paths are from the top of the repository; `REV:./FILE` is from here"
        message = f"there is no `{path}` in {where}"
        raise SpecError(Diagnostic("missing-in-revision", message, place=f"{revision}:{path}", help=help))
    try:
        return found.stdout.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text (byte {error.start})"
        place = f"{revision}:{path}"
        raise SpecError(Diagnostic("not-utf8", message, place=place, help="save it as UTF-8")) from None


def _written_out(
    source: Source, revision: str, path: PurePosixPath, folder: Path, seen: set[PurePosixPath]
) -> Source:
    """A spec with each import replaced by the declarations of its file in the revision."""
    try:
        file = pipeline.parse(source)
    except SpecError:
        return source  # it is told where the spec is used
    edits = []
    for item in file.items:
        if isinstance(item, syntax.Import):
            inner = _joined(path.parent, item.path)
            text = ""
            if inner not in seen:
                seen.add(inner)
                lent = Source(_blob(revision, str(inner), folder), f"{revision}:{inner}")
                text = _lent(_written_out(lent, revision, inner, folder, seen))
            edits.append((item.span.start, item.span.end, text))
    return Source(edited(source.text, edits), source.name) if edits else source


def _lent(source: Source) -> str:
    """The text of an imported file without its energy."""
    file = pipeline.parse(source)
    gone = [(i.span.start, i.span.end, "") for i in file.items if isinstance(i, syntax.Energy)]
    return edited(source.text, gone).rstrip() + "\n"


def _joined(folder: PurePosixPath, path: str) -> PurePosixPath:
    """folder/path with `..` worked out, as git does not."""
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == ".." and parts and parts[-1] not in ("..", "."):
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        message = "git is not installed, or not found"
        raise SpecError(Diagnostic("no-git", message, help="name two files")) from None
