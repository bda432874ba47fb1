"""Names of files: those that a pattern has, and short ones, no two alike, for results of what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from glob import glob
from itertools import count

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from .frames import split_slice


def matching(files: Iterable[str]) -> list[str]:
    """The files, with those that match in the place of a pattern: `vasp/*/OUTCAR`, `runs/**/OUTCAR@-1`.

    A file whose own name is like a pattern is that file. Raises DataError: missing-file.
    """
    found: list[str] = []
    for file in files:
        path, chosen = split_slice(file)
        if path.exists() or not any(sign in str(path) for sign in "*?["):
            found.append(file)
            continue
        names = sorted(glob(str(path), recursive=True))
        if not names:
            message = f"no file matches `{path}`"
            raise DataError(Diagnostic("missing-file", message, place=str(path)))
        end = "" if chosen == slice(None) else "@" + file.rpartition("@")[2]
        found += [name + end for name in names]
    return found


def distinct_names(files: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """A name for each of `path` or `path@slice`, in their order: the file's without its ending, and as much
    more of the path as it takes to tell it from the others and from those that are taken. A dot becomes `_`.
    """
    longer = [_longer_and_longer(file) for file in files]
    found = [names[0] for names in longer]
    for level in range(1, max(map(len, longer), default=0)):
        times = Counter(found)
        for k, names in enumerate(longer):
            if times[found[k]] > 1 or found[k] in taken:
                found[k] = names[min(level, len(names) - 1)]
    used = set(taken)
    for k, name in enumerate(found):  # `a.b` and `a_b`
        numbered = (f"{name}#{i}" for i in count(2))
        found[k] = name if name not in used else next(n for n in numbered if n not in used)
        used.add(found[k])
    return found


def _longer_and_longer(file: str) -> list[str]:
    path, _ = split_slice(file)
    parts, chosen = path.parts, file.removeprefix(str(path)) if "@" in file else ""
    names = [path.stem, *("/".join(parts[-k:]) for k in range(1, len(parts) + 1))]
    names += [names[0] + chosen, names[-1] + chosen]
    return [name.replace(".", "_") for name in names]


def given_twice(files: Sequence[str]) -> str | None:
    """The first of `path` or `path@slice` that is there already, perhaps by another path."""
    seen = set()
    for file in files:
        path, chosen = split_slice(file)
        key = (path.resolve(), str(chosen))
        if key in seen:
            return file
        seen.add(key)
    return None
