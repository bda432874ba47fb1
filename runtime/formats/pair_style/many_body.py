"""Stillinger-Weber and Tersoff by LAMMPS's files of parameters.

An entry i j k has the centre first. Numbers of the bond i-j are those of i j j; a file may have others for
j-i, where the terms of the library have one, and such a file is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from ..lammps.native_files import SW_COLUMNS, TERSOFF_COLUMNS
from .calls import Call, Row, length, number
from .entries import Entry, Triple, entries_of
from .settings import Settings, Style

_SYMMETRIC = "a term of potentia has one number for both"
# Tersoff's own tables of mixtures are rounded: LAMMPS takes either direction by the order of atoms
_ROUNDED = 1e-4
_BOND = ("A", "B", "lambda1", "lambda2", "beta", "n")
_ZETA = {"R": "R", "D": "D", "lambda3": "lambda3", "gamma": "gamma", "c": "c", "d": "d", "h": "costheta0"}
_SW_PAIR = ("epsilon", "sigma", "a", "A", "B", "p", "q", "gamma")


def many_body_call(settings: Settings, style: Style) -> tuple[Call, str]:
    """The call of a term, and what to say of it. Raises ArtifactError as `entries_of`, unsupported-input."""
    if style.arguments:
        message = (
            f"`{style.name} {' '.join(style.arguments)}` is another formula than the term `{style.name}`"
        )
        raise style.line.error(message, "leave the keyword out", "unsupported-input")
    species = tuple(dict.fromkeys(e for e in style.elements if e is not None))
    _, rest = next(iter(style.pairs.values()))
    path = settings.path.parent / rest[0]
    only = species if set(species) != set(settings.types.species) else ()
    make, columns = (_sw, SW_COLUMNS) if style.name == "sw" else (_tersoff, TERSOFF_COLUMNS)
    return make(entries_of(path, columns, species), species, only)


def _pairs(species: Sequence[str]) -> list[tuple[str, str]]:
    return [(a, b) for k, a in enumerate(species) for b in species[k:]]


# --- Stillinger-Weber --------------------------------------------------------------------------------


def _sw(entries: Mapping[Triple, Entry], species: tuple[str, ...], only: tuple[str, ...]) -> tuple[Call, str]:
    numbers: dict[str, dict[Row, float]] = {name: {} for name in (*_SW_PAIR, "lambda", "cos0")}
    for i, j in _pairs(species):
        forth, back = entries[i, j, j], entries[j, i, i]
        for name in _SW_PAIR:
            _require_equal(forth, back, name, f"{i} {j} {j} and {j} {i} {i}")
            numbers[name][i, j] = forth[name]
    for i in species:
        for j, k in _pairs(species):
            one, other = entries[i, j, k], entries[i, k, j]
            strength = one["lambda"] * one["epsilon"]
            if strength != other["lambda"] * other["epsilon"]:
                raise other.line.error(
                    f"lambda·epsilon of {i} {j} {k} and {i} {k} {j} differ", _SYMMETRIC, "unsupported-input"
                )
            _require_equal(one, other, "costheta0", f"{i} {j} {k} and {i} {k} {j}")
            numbers["lambda"][i, j, k], numbers["cos0"][i, j, k] = strength, one["costheta0"]
    for entry in entries.values():
        if entry["tol"] != 0.0:
            message = "tol cuts the energies off before a·sigma, which the term `sw` does not"
            raise entry.line.error(
                message, "write 0.0: energies change by less than tol", "unsupported-input"
            )
    reach = max(numbers["a"][pair] * numbers["sigma"][pair] for pair in numbers["a"])
    return Call("sw", only, {"rc": length(reach)}, numbers), ""


def _require_equal(one: Entry, other: Entry, column: str, of: str) -> None:
    if one[column] != other[column]:
        raise other.line.error(f"{column} of {of} differ", _SYMMETRIC, "unsupported-input")


# --- Tersoff -----------------------------------------------------------------------------------------


def _tersoff(
    entries: Mapping[Triple, Entry], species: tuple[str, ...], only: tuple[str, ...]
) -> tuple[Call, str]:
    numbers: dict[str, dict[Row, float]] = {name: {} for name in (*_BOND, *_ZETA, "R2", "D2")}
    for i, j in product(species, repeat=2):
        entry = entries[i, j, j]
        for name in _BOND:
            numbers[name][i, j] = entry[name]
        numbers["R2"][i, j], numbers["D2"][i, j] = entry["R"], entry["D"]
    for triple, entry in entries.items():
        for name, column in _ZETA.items():
            numbers[name][triple] = entry[column]
    ordered = {name: _in_order(rows, species) for name, rows in numbers.items()}
    reach = max(e["R"] + e["D"] for e in entries.values())
    arguments = {"rc": length(reach), "m": number(_power(entries))}
    return Call("tersoff", only, arguments, ordered), _rounding(entries, species)


def _in_order(rows: Mapping[Row, float], species: Sequence[str]) -> dict[Row, float]:
    return {row: rows[row] for row in sorted(rows, key=lambda r: tuple(species.index(s) for s in r))}


def _power(entries: Mapping[Triple, Entry]) -> float:
    """The power m, which counts only where lambda3 is not 0."""
    counting = [e for e in entries.values() if e["lambda3"] != 0.0] or [next(iter(entries.values()))]
    for entry in counting:
        if entry["m"] != counting[0]["m"]:
            raise entry.line.error(
                "m is another one here than before", "the term `tersoff` has one m", "unsupported-input"
            )
        if entry["m"] not in (1.0, 3.0):
            raise entry.line.error(f"m is 3 or 1, not {entry['m']:g}")
    return counting[0]["m"]


def _rounding(entries: Mapping[Triple, Entry], species: Sequence[str]) -> str:
    """The repulsion of a bond is one number, which LAMMPS reads from either end."""
    worst, where = 0.0, ""
    for i, j in _pairs(species):
        forth, back = entries[i, j, j], entries[j, i, i]
        for name in ("A", "lambda1", "R", "D"):
            size = abs(forth[name] - back[name]) / max(abs(forth[name]), 1e-300)
            if size > _ROUNDED:
                message = f"{name} of {i} {j} {j} and {j} {i} {i} differ"
                help = "LAMMPS takes either by the order of atoms: write the same number in both"
                raise back.line.error(message, help, "unsupported-input")
            if size > worst:
                worst, where = (
                    size,
                    f"; {name} of {i}-{j} and {j}-{i} differ by {size:.0e}, and their mean acts",
                )
    return where
