"""The names of labels in files, in one table: `docs/data.md` shows it.

A label is read under its own name, in any case of letters, and under aliases whose unit and sign are certain.
Other names that look like labels are not read, and are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

# what a program or a functional writes before the name of its labels; names of models are not among them,
# as their predictions are no labels
_SOURCES = (
    "ref|dft|qm|true|target|vasp|qe|cp2k|aims|castep|gpaw|abinit|siesta|orca|pbe|pbesol|scan|r2scan|rpbe|lda"
)
_NAMES = {
    "energy": ("energy", "total_energy", "potential_energy", "free_energy"),
    "forces": ("forces", "force"),
    "stress": ("stress",),
    "virial": ("virial", "virials"),
}
_PREFIX = re.compile(rf"(?:{_SOURCES})_")
_LOOK = re.compile(
    r"energ|force|stress|virial|pressure|toten|^[eufp]$|^e_?(tot|pot)|^frc|^f_?[xyz]$|gradients?$|weight|^column_\d+$"
)
# results and settings that are none, however they look
_NONE = re.compile(
    r"kinetic|^energy_uncertainty|_cutoff|^(force|stress)_?constant|^(energies|stresses|forces_uncertainty)$"
)


@lru_cache(maxsize=1024)
def folded(key: str) -> str:
    """A key in small letters, with `_` for other signs than letters and digits: `REF-E:` is `ref_e`."""
    return re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")


@lru_cache(maxsize=4096)  # the same keys come with each of thousands of structures
def looks_like_a_label(key: str) -> bool:
    """Whether a key may be that of a label, by its name."""
    plain = folded(key)
    return bool(_LOOK.search(plain)) and not _NONE.search(plain)


def candidates(kind: str, keys: Iterable[str]) -> list[str]:
    """The keys under which a kind of label stands, the best one first.

    The name itself comes first, then its other spellings and aliases, then those of a source (`REF_energy`).
    """
    ranked = [(rank, key) for key in keys if (rank := _rank(kind, key)) is not None]
    return [key for _, key in sorted(ranked)]


def not_converged(raw: Mapping[str, object]) -> bool:
    """Whether a structure says of itself that its electrons did not converge."""
    return any(
        folded(key).removeprefix("is_").removeprefix("scf_").removeprefix("electronic_") == "converged"
        and isinstance(value, bool | int | np.bool_ | np.integer)
        and not value
        for key, value in raw.items()
    )


def named(wanted: str, keys: Mapping[str, object]) -> str | None:
    """A key that was asked for, as the file spells it: without regard to case where that is one key."""
    if wanted in keys:
        return wanted
    alike = [key for key in keys if key.lower() == wanted.lower()] or [
        key for key in keys if folded(key) == folded(wanted)
    ]
    return alike[0] if len(alike) == 1 else None


def unread(keys: Iterable[str], read: Sequence[str]) -> tuple[str, ...]:
    """Keys that look like labels and are none of those that were read or compared."""
    return tuple(sorted(key for key in keys if key not in read and looks_like_a_label(key)))


@lru_cache(maxsize=4096)
def _rank(kind: str, key: str) -> tuple[bool, int, bool] | None:
    plain = folded(key)
    bare = _PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else plain
    if bare not in _NAMES[kind]:
        return None
    return bare != plain, _NAMES[kind].index(bare), key != plain
