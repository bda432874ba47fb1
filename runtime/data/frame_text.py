"""Extended XYZ as text: numbers to the last bit, and frames that keep all that nobody asked to change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..files.npz import AnyArray
from ..structures.arrays import Forces, Stress
from ..structures.constraints import frozen_components
from .extxyz import columns_in

if TYPE_CHECKING:
    from ase import Atoms

Renamed: TypeAlias = dict[str, str | None]
PROPERTIES = "Properties"
# labels that would contradict new ones in the same frame, in any spelling
_LABELS = frozenset(
    ("energy", "energies", "free_energy", "force", "forces", "stress", "stresses", "virial", "virials")
)
_GIVEN = "given_"
_OF_CELL = ("stress", "virial", "dipole")  # results that are none of the atoms, of however many atoms
_CLOSING = {'"': '"', "'": "'", "{": "}", "[": "]"}
# items of a header whose parts are easily told: a word, or key=value without blanks beside `=`
_ITEM = re.compile(r"""[^\s"'=\[\]{}\\]+(?:=(?:"[^"\\]*"|[^\s"'=\[\]{}\\]+))?(?!\S)""")
_PLAIN = re.compile(rf"\s*(?:{_ITEM.pattern}\s*)*")
_USUAL = "species:S:1:pos:R:3"


@dataclass(frozen=True)
class Column:
    """Some words of the line of an atom. kind: S, R, I or L."""

    name: str
    kind: str
    width: int

    def __str__(self) -> str:
        return f"{self.name}:{self.kind}:{self.width}"


def frame_text(atoms: Atoms) -> str:
    """A frame with all columns, info and results of a calculation; numbers can be read back unchanged."""
    from ase.io.extxyz import key_val_dict_to_str

    arrays, info = dict(atoms.arrays), dict(atoms.info)
    del arrays["numbers"], arrays["positions"]
    frozen, _ = frozen_components(atoms)
    if frozen is not None:
        arrays["move_mask"] = ~frozen if (frozen.any(1) != frozen.all(1)).any() else ~frozen[:, :1]
    for name, value in _results(atoms).items():
        per_atom = name not in _OF_CELL and value.ndim > 0 and len(value) == len(atoms)
        (arrays if per_atom else info).setdefault(name, value)
    columns = [(Column("species", "S", 1), [[symbol] for symbol in atoms.get_chemical_symbols()])]
    columns += [_column(name, array) for name, array in {"pos": atoms.positions, **arrays}.items()]
    cell = " ".join(repr(x) for x in atoms.cell.array.ravel().tolist())
    header = [f'Lattice="{cell}"'] if atoms.cell.any() else []
    header += [f"{PROPERTIES}={':'.join(str(column) for column, _ in columns)}"]
    # ASE writes neither an empty text nor None so that they can be read back
    empty = {key: f"_JSON {json.dumps(value)}" for key, value in info.items() if _is_nothing(value)}
    header += [key_val_dict_to_str({**info, **empty, "pbc": atoms.pbc}).replace("\n", " ")]
    rows = zip(*(words for _, words in columns), strict=True)
    lines = [" ".join(word for part in row for word in part) for row in rows]
    return "\n".join([str(len(atoms)), " ".join(header), *lines, ""])


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _results(atoms: Atoms) -> dict[str, AnyArray]:
    """Of a calculation; the stress (3, 3)."""
    from ase.stress import voigt_6_to_full_3x3_stress

    found = {} if atoms.calc is None else getattr(atoms.calc, "results", {})
    results = {name: np.asarray(value) for name, value in found.items() if value is not None}
    if "stress" in results and results["stress"].shape == (6,):
        results["stress"] = voigt_6_to_full_3x3_stress(results["stress"])
    return results


def _column(name: str, array: AnyArray) -> tuple[Column, list[list[str]]]:
    """The column of an array of atoms and its words, (N, width)."""
    rows = array.reshape(len(array), -1).tolist()
    kind = {"f": "R", "i": "I", "u": "I", "b": "L"}.get(array.dtype.kind, "S")
    words = [[_word(x, kind) for x in row] for row in rows]
    return Column(re.sub(r"[\s:=\"']+", "_", name), kind, len(rows[0]) if rows else 1), words


def _word(value: object, kind: str) -> str:
    if kind == "L":
        return "T" if value else "F"
    return repr(value) if kind == "R" else "_".join(str(value).split()) or "_"


def with_labels(text: str, energy: float, forces: Forces, stress: Stress | None) -> tuple[str, Renamed]:
    """The text of a frame with other labels, all else as it is; the new names of its own labels.

    `energy` becomes `given_energy`; where the frame has such keys already, its labels are older predictions,
    and go: their new name is None.

    Energy in eV, forces in eV/Å, stress in eV/Å³, tension positive.
    """
    count, said, *atoms = text.removesuffix("\n").split("\n")
    tokens = _tokens(said)
    columns = columns_of(said)
    words = [line.split() for line in atoms]
    columns += _unnamed(columns, words)
    keys = {key for key, _ in tokens} | {c.name for c in columns}
    renamed = _renamed(keys)
    kept: Renamed = {**{key: key for key in keys}, **renamed}
    new = {"energy": repr(float(energy))}
    if stress is not None:
        new["stress"] = f'"{" ".join(repr(x) for x in stress.ravel().tolist())}"'
    listed = [(c, kept.get(c.name)) for c in columns]
    named = [str(Column(name, c.kind, c.width)) for c, name in listed if name is not None]
    stay = [(key, token) for key, token in tokens if not _is_properties(key) and kept[key] is not None]
    header = [_renamed_token(key, token, kept) for key, token in stay]
    header += [f"{PROPERTIES}={':'.join([*named, 'forces:R:3'])}", *(f"{k}={v}" for k, v in new.items())]
    rows = [[*_kept_words(row, listed), *map(repr, f)] for row, f in zip(words, forces.tolist(), strict=True)]
    lines = [" ".join(row) for row in rows]
    return "\n".join([count.strip(), " ".join(header), *lines, ""]), renamed


def _renamed(keys: set[str]) -> Renamed:
    labels = sorted(key for key in keys if key.lower() in _LABELS)
    again = any(key.startswith(_GIVEN) and key.removeprefix(_GIVEN).lower() in _LABELS for key in keys)
    return {key: None if again else _GIVEN + key for key in labels}


def _is_properties(key: str) -> bool:
    return key.lower() == PROPERTIES.lower()


def _renamed_token(key: str, raw: str, kept: Mapping[str, str | None]) -> str:
    """The token of a header under its new name."""
    name = kept[key]
    return raw if name == key or name is None else f"{_GIVEN}{raw}"


def _kept_words(words: Sequence[str], columns: Sequence[tuple[Column, str | None]]) -> list[str]:
    """Those of the columns that stay."""
    found: list[str] = []
    begin = 0
    for column, name in columns:
        found += words[begin : begin + column.width] if name is not None else []
        begin += column.width
    return found


def columns_of(header: str) -> list[Column]:
    """The columns that a header names, or those of a plain xyz file."""
    found = next((raw.partition("=")[2] for key, raw in _tokens(header) if _is_properties(key)), _USUAL)
    parts = columns_in(found.strip("\"'{}[] "))
    return [Column(part["name"], part["type"], int(part["count"])) for part in parts]


def with_columns(header: str, listed: str) -> str:
    """The header with other columns."""
    others = [raw for key, raw in _tokens(header) if not _is_properties(key)]
    return " ".join([*others, f"{PROPERTIES}={listed}"])


def _unnamed(columns: Sequence[Column], words: Sequence[Sequence[str]]) -> list[Column]:
    """A column for words behind the named ones, where each line has as many."""
    named = sum(c.width for c in columns)
    more = {len(row) - named for row in words}
    return [Column("unnamed", "S", more.pop())] if len(more) == 1 and min(more) > 0 else []


def _tokens(header: str) -> list[tuple[str, str]]:
    """(key, the text of key and value) of each item of a header, as ASE divides it."""
    if _PLAIN.fullmatch(header):
        return [(text.partition("=")[0], text) for text in _ITEM.findall(header)]
    found: list[str] = []
    closing, escaped, inside = None, False, False
    for char in header.strip():
        blank = char.isspace() and closing is None and not escaped
        if blank:
            inside = False
            continue
        if not inside:
            joined = bool(found) and (char == "=" or found[-1].endswith("="))
            found += [] if joined else [""]
            inside = True
        found[-1] += char
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif closing is not None:
            closing = None if char == closing else closing
        else:
            closing = _CLOSING.get(char)
    return [(text.partition("=")[0].strip("\"'"), text) for text in found]
