"""The style `uf3` with its file as calls of the terms `uf_pair` and `uf_triple`."""

from __future__ import annotations

from ..uf3.importing import uf3_calls
from ..uf3.reading import read_uf3
from .calls import Call
from .settings import Settings, Style


def ultra_fast_calls(settings: Settings, style: Style) -> tuple[list[Call], str]:
    """The calls, and what to say of them.

    Raises ArtifactError as `read_uf3` and `uf3_calls`; malformed-input.
    """
    if style.arguments not in (("2",), ("3",)):
        message = f"`uf3` takes 2, pairs, or 3, pairs and triples, not `{' '.join(style.arguments)}`"
        raise style.line.error(message, "usage: pair_style uf3 3")
    species = tuple(dict.fromkeys(e for e in style.elements if e is not None))
    only = species if set(species) != set(settings.types.species) else ()
    _, rest = next(iter(style.pairs.values()))
    path = settings.path.parent / rest[0]
    return uf3_calls(path, read_uf3(path), species, style.arguments == ("3",), only)
