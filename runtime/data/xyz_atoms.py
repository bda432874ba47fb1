"""The atoms of a frame of extended XYZ, from its columns, as ASE's reader has them.

That reader costs a second of imports in each process, and several times the time for each frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...compiler.diagnostics.plain import shortened
from ..files.npz import AnyArray

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_TRUTH = {"T": True, "True": True, "F": False, "False": False}
_ISOTOPES = {"D": "deuterium", "T": "tritium"}
_OF_ATOMS = {"energies", "forces", "stresses", "charges", "magmoms", "born_effective_charges"}


class FrameFault(Exception):
    """A frame that is not read; the text is the reason. help: a way to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class Column(NamedTuple):
    """kind: R, I, S or L, for a real number, an integer, a text, a truth; width: how many of the file."""

    name: str
    kind: str
    width: int


def atoms_of(rows: Sequence[str], columns: Sequence[Column], info: Mapping[str, object]) -> Atoms:
    """Atoms with their arrays and info; the results of a calculation among them are its calculator's.

    rows: a line for each atom. Raises FrameFault, and ValueError or OverflowError of a number.
    """
    from ase import Atoms

    arrays = dict(_arrays(rows, columns))
    rest = dict(info)
    cell = rest.pop("Lattice", None)
    pbc = rest.pop("pbc", None if cell is None else True)
    symbols = [str(symbol).capitalize() for symbol in arrays.pop("species", ())]
    try:
        atoms = Atoms(
            arrays.pop("Z", symbols),
            positions=arrays.pop("pos"),
            charges=arrays.pop("initial_charges", None),
            cell=None if cell is None else np.transpose(cell),  # type: ignore[call-overload]
            pbc=pbc,
        )
    except KeyError as error:
        raise _unknown_symbol(str(error.args[0])) from error
    _constrain(atoms, arrays.pop("move_mask", None))
    _attach(atoms, arrays, rest)
    return atoms


def _arrays(rows: Sequence[str], columns: Sequence[Column]) -> Iterator[tuple[str, AnyArray]]:
    """Each column of the atoms: (n,), or (n, width) where it is several of the file."""
    words = [row.split() for row in rows]
    needed = sum(width for *_, width in columns)
    short = next((k for k, row in enumerate(words) if len(row) < needed), None)
    if short is not None:
        raise FrameFault(f"atom {short + 1} has {len(words[short])} of {needed} columns")
    first = 0
    for name, kind, width in columns:
        read, dtype = _KINDS[kind]
        found = np.array([[read(word) for word in row[first : first + width]] for row in words], dtype)
        yield name, found.reshape(len(rows), width) if width > 1 else found.reshape(len(rows))
        first += width


def _truth(word: str) -> bool:
    if word not in _TRUTH:
        raise FrameFault(f"`{shortened(word)}` is neither T nor F")
    return _TRUTH[word]


_KINDS: dict[str, tuple[Callable[[str], object], type | str]] = {
    "R": (float, "d"),
    "I": (int, "i"),
    "S": (str, object),
    "L": (_truth, "bool"),
}


def _constrain(atoms: Atoms, may_move: NDArray[np.bool_] | None) -> None:
    """Atoms, or components of theirs, that may not move."""
    if may_move is None:
        return
    from ase.constraints import FixAtoms, FixCartesian

    frozen = ~may_move.astype(bool)
    if frozen.ndim == 1:
        atoms.set_constraint(FixAtoms(mask=frozen))
    elif frozen.shape[1] == 3:
        atoms.set_constraint([FixCartesian(k, mask=row) for k, row in enumerate(frozen)])
    else:
        raise FrameFault(f"`move_mask` has {frozen.shape[1]} columns, not 1 or 3")


def _attach(atoms: Atoms, arrays: dict[str, AnyArray], info: dict[str, object]) -> None:
    """Results of a calculation go to a calculator, other columns to the arrays, other keys to the info."""
    from ase.calculators.calculator import all_properties
    from ase.calculators.singlepoint import SinglePointCalculator

    results: dict[str, object] = {}
    for name, values in arrays.items():
        name = "charges" if name == "charge" else name
        if name in all_properties:
            results[name] = values
        else:
            atoms.new_array(name, values)
    for key, value in info.items():
        of_all = key in all_properties and key not in _OF_ATOMS
        if of_all and (key != "stress" or isinstance(value, np.ndarray)):
            results[key] = _voigt(value) if key == "stress" else value
        else:
            atoms.info[key] = value
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)


def _voigt(stress: Any) -> object:
    """xx yy zz yz xz xy, in ASE's order, of a matrix."""
    return stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] if stress.shape == (3, 3) else stress


def _unknown_symbol(symbol: str) -> FrameFault:
    from ase.data import atomic_numbers

    message = f"`{shortened(symbol)}` is no chemical symbol"
    if symbol in _ISOTOPES:
        help = f"for {_ISOTOPES[symbol]} write `H`, with its mass in a column `masses:R:1`"
    elif symbol.isdigit():
        help = "a column of atomic numbers is `Z:I:1`"
    else:
        letters = re.match(r"[A-Za-z]+", symbol)
        name = letters[0].capitalize() if letters else ""
        help = (
            f"write `{name}`; labels of atoms go into a column of their own" if name in atomic_numbers else ""
        )
    return FrameFault(message, help or None)
