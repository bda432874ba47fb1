"""Choosing structures: by `key=value` of their info, or a seeded random fraction."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic, did_you_mean
from ..structures.structure import Structure
from .label_names import named

Chosen = tuple[list[Structure], list[Structure]]

_LISTED = 12  # known values named in a message


def split(structures: Sequence[Structure], rule: str, seed: int = 0) -> Chosen:
    """(train, test), in their order; `rule` chooses the test structures.

    rule: `split=test`, `config_type=slab,bulk`, or a fraction `0.1` drawn with `seed`.
    Raises DataError: bad-selection, unknown-key, unknown-value, empty-selection.
    """
    chosen = _matching(structures, rule) if "=" in rule else _fraction(structures, rule, seed)
    train = [s for s, taken in zip(structures, chosen, strict=True) if not taken]
    test = [s for s, taken in zip(structures, chosen, strict=True) if taken]
    if not train:
        raise _error(
            "empty-selection", f"`{rule}` takes all {len(test)} structures and leaves none to train on"
        )
    return train, test


def select(structures: Sequence[Structure], rule: str) -> list[Structure]:
    """The structures that `key=value` or `key=value,value` chooses.

    Raises DataError: bad-selection, unknown-key, unknown-value.
    """
    return [s for s, taken in zip(structures, _matching(structures, rule), strict=True) if taken]


def _matching(structures: Sequence[Structure], rule: str) -> list[bool]:
    key, _, listed = (part.strip() for part in rule.partition("="))
    wanted = [value.strip() for value in listed.split(",") if value.strip()]
    if not key or not wanted:
        raise _error("bad-selection", f"`{rule}` selects nothing", "write `key=value`, as in `split=test`")
    held = [_value(s, key) for s in structures]
    if all(value is None for value in held):
        known = sorted({"config_type", *(k for s in structures for k in s.info)})
        help = did_you_mean(key, known) or f"known keys: {_listing(known)}"
        raise _error("unknown-key", f"no structure has the key `{key}`", help)
    known = sorted({_text(value) for value in held if value is not None})
    missing = [value for value in wanted if not any(_equal(h, value) for h in held)]
    if missing:
        help = f"values of `{key}`: {_listing(known)}"
        close = did_you_mean(missing[0], known)
        raise _error(
            "unknown-value", f"no structure has {key}={missing[0]}", f"{close} {help}" if close else help
        )
    return [any(_equal(h, value) for value in wanted) for h in held]


def _fraction(structures: Sequence[Structure], rule: str, seed: int) -> list[bool]:
    help = "write a fraction between 0 and 1, as `0.1`, or `key=value`, as `split=test`"
    try:
        share = float(rule)
    except ValueError:
        raise _error("bad-selection", f"`{rule}` is not a way to select structures", help) from None
    if not 0 < share < 1:
        raise _error("bad-selection", f"the fraction {rule} is not between 0 and 1", help)
    total = len(structures)
    if total < 2:
        raise _error("empty-selection", f"{total} structure cannot be split into train and test")
    size = min(max(math.floor(share * total + 0.5), 1), total - 1)
    taken = set(np.random.default_rng(seed).permutation(total)[:size].tolist())
    return [k in taken for k in range(total)]


def _value(structure: Structure, key: str) -> object:
    spelt = named(key, structure.info)
    value = None if spelt is None else structure.info[spelt]
    return structure.config_type if value is None and key == "config_type" else value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equal(held: object, wanted: str) -> bool:
    """Text by its letters; numbers by value, so that `T=300` finds 300.0; truth as true/false or T/F."""
    if held is None:
        return False
    if isinstance(held, bool):
        return wanted.lower() in (("true", "t") if held else ("false", "f"))
    if str(held) == wanted:
        return True
    try:
        return not isinstance(held, str) and float(wanted) == held
    except ValueError:
        return False


def _listing(known: Sequence[str]) -> str:
    return ", ".join(known[:_LISTED]) + (f", … ({len(known)})" if len(known) > _LISTED else "")


def _error(code: str, message: str, help: str | None = None) -> DataError:
    return DataError(Diagnostic(code, message, help=help))
