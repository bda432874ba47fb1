"""The line on labels that every command prints: how many structures have each, under which keys, how many not
and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..structures.structure import Structure

KINDS = ("energy", "forces", "stress")


def counts_of_labels(structures: Sequence[Structure]) -> str:
    """`energy 120 of 120 · forces 118 (2 without) · stress 60 (`virial` 20, `stress` 40; 60 without)`."""
    parts = [_kind(kind, structures) for kind in KINDS]
    unread = Counter(key for s in structures for key in s.origin.unread)
    if unread:
        parts.append("not read: " + _listed(unread))
    return " · ".join(parts)


def _kind(kind: str, structures: Sequence[Structure]) -> str:
    """The count of a kind of label; its keys where they are not its name alone."""
    having = [s for s in structures if getattr(s, kind) is not None]
    others = [s for s in structures if getattr(s, kind) is None]
    keys = Counter(s.origin.keys[kind] for s in having if kind in s.origin.keys)
    reasons = Counter(s.origin.left_out.get(kind, "without") for s in others)
    notes = [] if set(keys) <= {kind} else [_listed(keys)]
    in_plane = sum(not s.stress_components.all() for s in having) if kind == "stress" else 0
    notes += [f"{in_plane} in the plane alone"] if in_plane else []
    notes += [f"{n} {reason}" for reason, n in sorted(reasons.items(), key=lambda item: item[0] == "without")]
    count = f"{len(having)} of {len(structures)}" if kind == "energy" else f"{len(having)}"
    return f"{kind} {count}" + (f" ({'; '.join(notes)})" if notes else "")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"`{key}` {n}" for key, n in counts.items())
