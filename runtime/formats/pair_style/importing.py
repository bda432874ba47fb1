"""An input of LAMMPS as a potential: a spec of terms of the library, whose starts are the coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from ..foreign_format import Imported
from .bispectrum import bispectrum_calls
from .calls import Call, potential_of
from .commands import commands_of
from .embedded import STYLES as EMBEDDED
from .embedded import embedded_call, named_by_files
from .many_body import many_body_call
from .pairs import mixed_pairs, named_by_charges, pair_calls
from .settings import PAIR_STYLES, Pair, Settings, Style, settings_of
from .table_style import table_calls
from .ultra_fast import ultra_fast_calls


def imported(path: Path) -> Imported:
    """The potential of an input.

    Raises ArtifactError: missing-file, unreadable-file, unknown-keyword, unknown-style, unsupported-input,
    malformed-input; missing-pairs where there are no coefficients; of files of parameters also
    truncated-file, missing-entries.
    """
    settings = settings_of(path, commands_of(path))
    calls, notes = _calls(settings)
    potential = potential_of(path.name, settings.types.species, calls)
    names = ", ".join(dict.fromkeys(style.name for style in settings.styles))
    return Imported(potential, f"{names} of {', '.join(settings.types.species)}{notes}")


def _calls(settings: Settings) -> tuple[list[Call], str]:
    for style in settings.styles:
        if style.name == "zbl":
            named_by_charges(settings, style)
        elif style.name == "eam":
            named_by_files(settings, style)
    mixed = mixed_pairs(settings)
    _require_pairs(settings)
    _require_one_meaning(settings)
    calls: list[Call] = []
    notes = ""
    for style in settings.styles:
        if not style.pairs:
            raise style.line.error(f"`{style.name}` has no line `pair_coeff`")
        if style.name in EMBEDDED:
            call, note = embedded_call(settings, style)
            calls.append(call)
            notes += note
        elif style.name == "snap":
            found, note = bispectrum_calls(settings, style)
            calls += found
            notes += note
        elif style.name == "table":
            found, note = table_calls(settings, style)
            calls += found
            notes += note
        elif style.name == "uf3":
            found, note = ultra_fast_calls(settings, style)
            calls += found
            notes += note
        elif style.name in PAIR_STYLES:
            calls += pair_calls(settings, style, mixed)
        else:
            call, note = many_body_call(settings, style)
            calls.append(call)
            notes += note
    return calls, notes


def _require_pairs(settings: Settings) -> None:
    types = range(1, settings.types.n + 1)
    missing = [(i, j) for i in types for j in types if i <= j and (i, j) not in settings.acting]
    if missing:
        raise ArtifactError(_missing(settings, missing))


def _require_one_meaning(settings: Settings) -> None:
    """Types of one element are one species in a spec: the same styles act on them."""
    first: dict[tuple[str, ...], tuple[Pair, list[Style]]] = {}
    known = settings.types.known
    for pair, styles in sorted(settings.acting.items()):
        elements = tuple(sorted(known.get(k, str(k)) for k in pair))
        other, before = first.setdefault(elements, (pair, styles))
        if any(s not in before for s in styles) or len(styles) != len(before):
            one, two = (" ".join(map(str, p)) for p in (other, pair))
            message = (
                f"pairs of types {one} and {two} are both {'-'.join(elements)}, and have different styles"
            )
            help = "an element has one set of terms in a spec: keep the types of one element alike"
            place = str(settings.path)
            raise ArtifactError(Diagnostic("unsupported-input", message, place=place, help=help))


def _missing(settings: Settings, pairs: Sequence[tuple[int, int]]) -> Diagnostic:
    names = [settings.types.pair_name(pair) for pair in pairs]
    i, j = pairs[0]
    message = f"there are no coefficients of {', '.join(names)}"
    help = f"add `pair_coeff {i} {j} …` for each; with `hybrid`, `pair_coeff {i} {j} none` where nothing acts"
    return Diagnostic("missing-pairs", message, place=str(settings.path), help=help)
