"""One frame of extended XYZ: keys of its header and names of its columns in any spelling.

ASE knows `Lattice`, `Properties` and `pbc` in this spelling alone and takes other keys for remarks, so that a
crystal becomes a cluster. Here keys are compared without regard to case; a key that looks like one of these
and is none is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from ...compiler.diagnostics.plain import shortened
from ..structures.arrays import Bools, Floats
from .label_names import candidates, folded, looks_like_a_label
from .xyz_atoms import Column, FrameFault, atoms_of

if TYPE_CHECKING:
    from ase import Atoms

# a mark without its partner reaches to the end of the line, so that a line is looked through once
_QUOTED = r'"(?:\\(?:.|$)|[^"\\])*(?:"|$)|\'(?:\\(?:.|$)|[^\'\\])*(?:\'|$)|\{[^}]*(?:\}|$)|\[[^\]]*(?:\]|$)'
_PAIR = re.compile(
    rf'(?P<key>(?:{_QUOTED}|[^\s="\'{{\[])+)(?:\s*=\s*(?P<value>(?:{_QUOTED}|[^\s"\'{{\[])+))?'
)
_COLUMN = re.compile(r"(?P<name>.+?):(?P<type>[RILSrils]):(?P<count>[0-9]{1,9})(?::|$)")
_CLOSING = {'"': '"', "'": "'", "{": "}", "[": "]"}
_MOST = 2000  # keys or columns of a frame
_OWN = {"lattice": "Lattice", "properties": "Properties", "pbc": "pbc"}
_CELL_WORDS = {"lattice", "latt", "cell", "box", "unitcell", "supercell", "simbox", "latticevectors"}
_VECTORS = {"h", "a1", "tv", "tv_1", "va", "vec1", "avec", "abc", "cryst1", "dimensions", "dims"}
_CELL_HELP = 'write `Lattice="ax ay az bx by bz cx cy cz"`, or `pbc="F F F"` where there is no cell'
_PERIODIC_WORDS = {"periodic", "periodicity", "pbcs", "boundary", "boundaries", "boundaryconditions", "bc"}
_COLUMN_WORDS = {"property", "props", "columns", "fields"}
_FLAGS = {"t": True, "true": True, "1": True, "p": True, "f": False, "false": False, "0": False}
_TRUTH = {"T": True, "F": False, "true": True, "false": False, "True": True, "False": False}
_TRUTH |= {"TRUE": True, "FALSE": False}
_COLUMNS = {
    "species": ("species", "symbols", "symbol", "element", "elements"),
    "pos": ("pos", "position", "positions"),
    "Z": ("z", "numbers", "atomic_number", "atomic_numbers"),
    "masses": ("masses", "mass", "atomic_masses", "atomic_mass", "masses_amu", "mass_amu", "amu"),
    "momenta": ("momenta",),
    "move_mask": ("move_mask",),
}


def read_frame(text: str) -> Atoms:
    """The atoms of a frame: its count, its header and its atoms, a line each.

    Raises FrameFault, and the errors of Python in the numbers of atoms.
    """
    count, header, *rows = text.split("\n")
    rows = rows[: int(count)]
    info = _header(header)
    return atoms_of(rows, _columns(info.pop("Properties", None), rows), info)


# --- the header ----------------------------------------------------------------------------------


def _header(line: str) -> dict[str, object]:
    """Keys and values, with the keys that ASE acts on in its spelling."""
    found: dict[str, object] = {}
    raw: dict[str, str] = {}
    for key, value in _pairs(line):
        own = _OWN.get(folded(key), key)
        if (
            own in raw
            and raw[own].split() != value.split()
            and (own in _OWN.values() or looks_like_a_label(own))
        ):
            raise FrameFault(
                f"`{own}` stands twice in the header, with different values", "delete one of them"
            )
        raw[own] = value
        found[own] = _converted(value)
    if "Lattice" in raw:
        found["Lattice"] = _nine(raw["Lattice"], "Lattice").reshape(3, 3, order="F")
    for key in ("stress", "virial"):
        value_of = found.get(key)
        if isinstance(value_of, np.ndarray) and value_of.shape == (9,):
            found[key] = value_of.reshape(3, 3, order="F")
    if "pbc" in raw:
        found["pbc"] = _flags(raw["pbc"])
    _refuse_look_alikes(raw)
    return found


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Keys and values without their quotes; a key without a value is true."""
    for number, match in enumerate(_PAIR.finditer(line)):
        if number == _MOST:
            raise FrameFault(f"the header has more than {_MOST} keys")
        value = match["value"]
        yield _unquoted(match["key"]), "T" if value is None else _unquoted(value)


def _unquoted(text: str) -> str:
    """Quotes and brackets mark a text off; a backslash takes the next letter as it is."""
    parts = re.findall(rf"{_QUOTED}|[^\"'{{\[]+", text)
    plain = [part[1:].removesuffix(_CLOSING[part[0]]) if part[0] in _CLOSING else part for part in parts]
    return re.sub(r"\\(.)", r"\1", "".join(plain))


def _converted(text: str) -> object:
    """The value of a key, as ASE has it: numbers, truth, JSON or text."""
    words = re.findall(r"[^\s,]+", text)
    if not words:
        return text
    for kind in (int, float):
        try:
            numbers = np.array(words, dtype=kind)
            return numbers[0] if len(numbers) == 1 else numbers
        except (ValueError, OverflowError):
            pass
    if all(word in _TRUTH for word in words):
        return _TRUTH[words[0]] if len(words) == 1 else [_TRUTH[word] for word in words]
    return _from_json(text.removeprefix("_JSON ")) if text.startswith("_JSON ") else text


def _from_json(text: str) -> object:
    try:
        value = json.loads(text)
        array = np.array(value)
    except (ValueError, RecursionError):
        return text
    return array if array.dtype.kind in "ifb" else value


def _nine(text: str, key: str) -> Floats:
    words = re.findall(r"[^\s,;\[\](){}]+", text)
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        raise FrameFault(f"`{key}` is `{shortened(text)}`, not nine numbers") from None
    if len(numbers) != 9:
        help = "three vectors one after another, in Å"
        raise FrameFault(f"`{key}` has {len(numbers)} numbers, not nine", help)
    return numbers


def _flags(text: str) -> Bool[Bools, " 3"]:
    words = re.findall(r"[^\s,;\[\](){}]+", text.lower())
    if len(words) == 1 and len(words[0]) == 3:
        words = list(words[0])
    if len(words) == 1:
        words *= 3
    if len(words) != 3 or any(word not in _FLAGS for word in words):
        raise FrameFault(f"`pbc` is `{shortened(text)}`, not three of T and F", 'write `pbc="T T F"`')
    return np.array([_FLAGS[word] for word in words])


def _refuse_look_alikes(raw: Mapping[str, str]) -> None:
    """A key that looks like the cell, the periodic directions or the columns, where there are none."""
    for key, value in raw.items():
        plain = folded(key)
        words = set(plain.split("_")) | {plain.replace("_", "")}
        cell_like = words & _CELL_WORDS or plain.startswith(("lattice", "cell")) or _is_a_vector(plain, raw)
        if "Lattice" not in raw and "pbc" not in raw and cell_like and _holds_numbers(key, value):
            raise FrameFault(f"there is no `Lattice`, and `{shortened(key)}` looks like a cell", _CELL_HELP)
        if "Lattice" not in raw and "pbc" not in raw and _is_a_stress(key):
            message = f"there is no `Lattice`, and `{shortened(key)}` is of atoms in a cell"
            raise FrameFault(message, _CELL_HELP)
        if "pbc" not in raw and plain.replace("_", "") in _PERIODIC_WORDS and _all_flags(value):
            raise FrameFault(f"there is no `pbc`, and `{key}` looks like it", 'write `pbc="T T F"`')
        if "Properties" not in raw and plain in _COLUMN_WORDS and ":" in value:
            raise FrameFault(f"there is no `Properties`, and `{key}` looks like it", f"rename `{key}`")


def _is_a_vector(plain: str, raw: Mapping[str, str]) -> bool:
    """Whether a key has the first vector of a cell, all of them, or their lengths."""
    if plain == "a":
        return {"a", "b", "c"} <= {folded(key) for key in raw}
    values = [value for key, value in raw.items() if folded(key) == plain]
    return plain in _VECTORS and all(len(value.split()) >= 3 or value == "T" for value in values)


def _is_a_stress(key: str) -> bool:
    return any(candidates(kind, [key]) for kind in ("stress", "virial"))


def _holds_numbers(key: str, value: str) -> bool:
    """Whether a key has a number as its value, or in its own text where an `=` was forgotten."""
    return bool(re.search(r"\d", value if value != "T" else key))


def _all_flags(value: str) -> bool:
    words = re.findall(r"[^\s,;\[\](){}]+", value.lower())
    return bool(words) and all(w in _FLAGS or (len(w) == 3 and set(w) <= set(_FLAGS)) for w in words)


# --- columns -------------------------------------------------------------------------------------


def _columns(text: object, rows: Sequence[str]) -> list[Column]:
    """The columns of a frame, with those that the header does not name as text."""
    declared = list(_declared(str(text))) if text is not None else [("species", "S", 1), ("pos", "R", 3)]
    names = [name for name, _, _ in declared]
    known = _known(names)
    found = [Column(known[name], kind, n) for name, kind, n in declared]
    _require(found, names)
    if not rows:
        return found
    width, there = sum(n for *_, n in found), len(rows[0].split())
    if there < width:
        raise FrameFault(f"the header names {width} columns, and atom 1 has {there}")
    if there > width:
        there = min(len(row.split()) for row in rows)
    return [*found, *(Column(f"column_{k}", "S", 1) for k in range(width + 1, there + 1))]


def columns_in(text: str) -> Iterator[re.Match[str]]:
    """The columns at the beginning of `species:S:1:pos:R:3`, each with its name, type and count."""
    match = _COLUMN.match(text)
    while match:
        yield match
        match = _COLUMN.match(text, match.end())


def _declared(text: str) -> Iterator[tuple[str, str, int]]:
    """Names, types and widths of `species:S:1:pos:R:3`; a name may hold `::`."""
    end = 0
    for number, match in enumerate(columns_in(text)):
        if number == _MOST:
            raise FrameFault(f"`Properties` has more than {_MOST} columns")
        end = match.end()
        yield match["name"], match["type"].upper(), int(match["count"])
    if end != len(text) or not text:
        part = shortened(text[end:].strip()) or "nothing"
        raise FrameFault(f"`Properties` cannot be read at `{part}`", "write `name:type:width`, as `pos:R:3`")


def _known(names: Sequence[str]) -> dict[str, str]:
    """The name that ASE knows for each column; the first of several that mean one thing has it."""
    found = {name: name for name in names}
    for own, spellings in _COLUMNS.items():
        if own not in names:
            meant = [name for spelling in spellings for name in names if folded(name) == spelling]
            found |= {name: own for name in meant[:1]}
    return found


def _require(columns: Sequence[Column], names: Sequence[str]) -> None:
    own = [column.name for column in columns]
    twice = next((name for name in own if own.count(name) > 1), None)
    if twice is not None:
        raise FrameFault(f"there are two columns `{twice}`")
    listed = ", ".join(names)
    if "species" not in own and "Z" not in own:
        raise FrameFault("no column has the chemical symbols", f"name it `species`; columns: {listed}")
    widths = {name: n for name, _, n in columns}
    if widths.get("pos") != 3:
        raise FrameFault("no three columns have the positions", f"name them `pos:R:3`; columns: {listed}")
    zero = next((name for name, n in widths.items() if n == 0), None)
    if zero is not None:
        raise FrameFault(f"the column `{zero}` has no width")
