"""`potentia check --conflicts`: both sides of a merge that git could not finish, compared by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...compiler.diagnostics.diagnostic import Diagnostic, SpecError
from ...compiler.diagnostics.files import read_source
from ...compiler.diagnostics.render import as_json
from ...compiler.diagnostics.source import Source
from ...compiler.program import Program
from ..comparison.comparing import compared
from ..files.git import read_revision
from ..potential.summary import sentence
from ..runs.versions import Version
from . import console

_MARKS = {"<<<<<<<": "ours", "|||||||": "base", "=======": "theirs", ">>>>>>>": "both"}
_NEXT = {"both": ("ours",), "ours": ("base", "theirs"), "base": ("theirs",), "theirs": ("both",)}


@dataclass(frozen=True)
class Conflict:
    """The texts that a file with conflict markers is made of, and what the markers call the two sides.

    base: the common ancestor, where the markers have it (`merge.conflictStyle diff3`). count: of conflicts.
    """

    ours: str
    theirs: str
    base: str | None
    names: tuple[str, str]
    count: int


def sides(source: Source) -> Conflict:
    """A text taken apart; count 0 where it has no markers. Raises SpecError `broken-conflict`."""
    parts: dict[str, list[str]] = {"ours": [], "base": [], "theirs": []}
    names, state, count, has_base = ["ours", "theirs"], "both", 0, False
    for number, line in enumerate(source.text.splitlines(keepends=True), start=1):
        word, _, rest = line.rstrip().partition(" ")
        following = _MARKS.get(word)
        if following is None:
            for part in parts if state == "both" else (state,):
                parts[part].append(line)
            continue
        if following not in _NEXT[state]:
            message = f"the conflict marker `{word}` has no place here"
            help = "a conflict is `<<<<<<<`, `=======`, `>>>>>>>`, each on a line"
            raise SpecError(
                Diagnostic("broken-conflict", message, place=f"{source.name}, line {number}", help=help)
            )
        state = following
        count += state == "ours"
        has_base |= state == "base"
        if word == "<<<<<<<":
            names[0] = rest or "ours"
        elif word == ">>>>>>>":
            names[1] = rest or "theirs"
    if state != "both":
        message = "the last conflict does not end"
        help = "it ends with `>>>>>>>`"
        raise SpecError(Diagnostic("broken-conflict", message, place=source.name, help=help))
    ours, base, theirs = ("".join(parts[part]) for part in ("ours", "base", "theirs"))
    return Conflict(ours, theirs, base if has_base else None, (names[0], names[1]), count)


def check_conflicts(specs: Sequence[Path], species: tuple[str, ...] | None, json: bool) -> int:
    """Report on each spec; 1 where markers are left or a spec is not valid. Raises SpecError."""
    found = [_looked_at(path, species, json) for path in specs]
    if json:
        console.result_json({"ok": all(f["ok"] for f in found), "specs": found})
    return int(not all(f["ok"] for f in found))


def _looked_at(path: Path, species: tuple[str, ...] | None, json: bool) -> dict[str, object]:
    source = read_source(path)
    conflict = sides(source)
    if not conflict.count:
        side = _side(str(path), source, species, json)
        return {"spec": str(path), "ok": side["valid"], "conflicts": 0, "sides": [side], "changes": []}
    if not json:
        console.result(f"{path}: {console.counted(conflict.count, 'conflict')}")
    texts = (conflict.ours, conflict.theirs)
    versions = [
        Version(f"{path} ({name})", replace(source, text=text))
        for name, text in zip(conflict.names, texts, strict=True)
    ]
    told = [_side(v.name, v.source, species, json) for v in versions]
    base = _ancestor(path, source, conflict)
    pairs = [(versions[0], versions[1])] if base is None else [(base, v) for v in versions]
    changes = [_changes(a, b, species, json) for a, b in pairs]
    return {"spec": str(path), "ok": False, "conflicts": conflict.count, "sides": told, "changes": changes}


def _side(name: str, source: Source, species: tuple[str, ...] | None, json: bool) -> dict[str, object]:
    try:
        model = Program.of(source).for_species(species or ()).model
    except SpecError as error:
        if not json:
            console.result(f"{name}: not valid")
            console.report(error.diagnostics)
        return {"name": name, "valid": False, "diagnostics": as_json(error.diagnostics)}
    if not json:
        console.result(f"{name}: {sentence(model)}")
    return {"name": name, "valid": True, "diagnostics": []}


def _ancestor(path: Path, source: Source, conflict: Conflict) -> Version | None:
    """The text that both sides come from: of the markers, or as git keeps it during a merge."""
    name = f"{path} (common ancestor)"
    if conflict.base is not None:
        return Version(name, replace(source, text=conflict.base))
    try:
        return Version(name, read_revision(f":1:./{path.name}", path.parent))
    except SpecError:  # not in a merge: the two sides are compared with each other
        return None


def _changes(a: Version, b: Version, species: tuple[str, ...] | None, json: bool) -> dict[str, object]:
    found = compared(a, b, species)
    if not json:
        console.result(f"\n{found.text(console.colours_result())}", coloured=True)
    return found.as_dict()
