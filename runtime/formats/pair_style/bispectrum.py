"""The style `snap`, with its two files, as calls of the terms `snap` and `reference`."""

from __future__ import annotations

from ..snapcoeff.importing import note_of, snap_calls
from ..snapcoeff.reading import read_snap
from .calls import Call
from .settings import Settings, Style


def bispectrum_calls(settings: Settings, style: Style) -> tuple[list[Call], str]:
    """The calls, and what to say of them.

    Raises ArtifactError as `read_snap`; malformed-input, missing-entries.
    """
    if style.arguments:
        message = f"`snap` has no arguments, not `{' '.join(style.arguments)}`"
        raise style.line.error(message, "usage: pair_style snap")
    line, (coefficients, parameters, *_) = next(iter(style.pairs.values()))
    folder = settings.path.parent
    snap = read_snap(folder / coefficients, folder / parameters)
    wanted = tuple(dict.fromkeys(e for e in style.elements if e is not None))
    lacking = [e for e in wanted if e not in snap.elements]
    if lacking:
        message = f"`{coefficients}` has no {', '.join(lacking)}"
        raise line.error(message, f"it has {', '.join(snap.elements)}", "missing-entries")
    only = wanted if set(wanted) != set(settings.types.species) else ()
    return snap_calls(snap, wanted, only), note_of(snap)
