"""Rows of a table of properties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .results import PropertyResult


def property_rows(results: Sequence[PropertyResult]) -> list[list[str]]:
    """A row a property, under a head: value ± σ, and, where any has one, reference, difference, verdict."""
    referenced = any(r.reference for r in results)
    head = ["property", "value", "±", "unit"] + (["reference", "difference", "verdict"] if referenced else [])
    rows = [head]
    for r in results:
        row = [r.name, _number(r.value), _number(r.sigma, 2), r.unit if r.unit != "1" else ""]
        rows.append(row + ([_reference(r), _number(r.difference, 3, "+"), _verdict(r)] if referenced else []))
    return rows


def remarks(results: Sequence[PropertyResult]) -> Iterator[str]:
    """The remark on each result; a crystal that failed fails many, and its reason is given once."""
    told = set()
    for r in results:
        if r.status == "failed":
            yield "failed: " + ("as above" if r.reason in told else r.reason)
            told.add(r.reason)
        else:
            yield r.reason


def _number(value: float | None, digits: int = 5, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.{digits}g}"


def _reference(r: PropertyResult) -> str:
    wanted = r.reference
    if wanted is None:
        return ""
    if wanted.value is not None:
        return _number(wanted.value) + ("" if wanted.tolerance is None else f" ± {wanted.tolerance:.3g}")
    low = "" if wanted.min is None else f"≥ {wanted.min:.5g}"
    high = "" if wanted.max is None else f"≤ {wanted.max:.5g}"
    return " and ".join(part for part in (low, high) if part)


def _verdict(r: PropertyResult) -> str:
    words: dict[bool | None, str] = {None: "", True: "ok", False: "off"}
    return "GUARD" if r.broken_guard else words[r.within]
