"""Atoms of a frame, held against ASE's reader of extended XYZ."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest
from ase import Atoms
from ase.io.extxyz import per_config_properties, read_xyz
from hypothesis import given
from hypothesis import strategies as st
from potentia.runtime.data.extxyz import read_frame
from potentia.runtime.data.xyz_atoms import FrameFault

_NUMBERS = st.floats(-1e6, 1e6).map(repr) | st.integers(-99, 99).map(str)
_OTHERS = {
    "masses:R:1": _NUMBERS,
    "forces:R:3": _NUMBERS,
    "magmoms:R:1": _NUMBERS,
    "tags:I:1": st.integers(-(2**31), 2**31 - 1).map(str),
    "label:S:2": st.text("abcXYZ_.:0", min_size=1, max_size=4),
    "is_core:L:1": st.sampled_from(["T", "F", "True", "False"]),
    "move_mask:L:1": st.sampled_from("TF"),
    "move_mask:L:3": st.sampled_from("TF"),
    "charge:R:1": _NUMBERS,
}
_KEYS = ["energy=-1.5", "free_energy=2", 'stress="1 2 3 4 5 6 7 8 9"', 'dipole="0 1 2"', "name=a"]
_CELL = 'Lattice="4 0 0 1 5 0 0 2 6"'


@st.composite
def frames(draw: st.DrawFn) -> str:
    n = draw(st.integers(0, 4))
    others = draw(st.lists(st.sampled_from(sorted(_OTHERS)), unique_by=lambda name: name[:9]))
    columns = [("species:S:1", st.sampled_from(["Nb", "o", "LI"])), ("pos:R:3", _NUMBERS)]
    columns += [(name, _OTHERS[name]) for name in others]
    keys = draw(st.lists(st.sampled_from(_KEYS), unique=True))
    keys += [_CELL] if any("stress" in key for key in keys) or draw(st.booleans()) else []
    keys += ['pbc="T F T"'] if draw(st.booleans()) else []
    header = " ".join([f"Properties={':'.join(name for name, _ in columns)}", *keys])
    rows = [" ".join(draw(words) for name, words in columns for _ in range(int(name[-1]))) for _ in range(n)]
    return "\n".join([str(n), header, *rows, ""])


def _results(atoms: Atoms) -> dict[str, object]:
    return {} if atoms.calc is None else dict(atoms.calc.results)


def _same(ours: dict[str, object], theirs: dict[str, object]) -> None:
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert np.array_equal(np.asarray(ours[key]), np.asarray(value)), key
        assert np.asarray(ours[key]).dtype == np.asarray(value).dtype, key


@given(frames())
def test_a_frame_is_as_ase_reads_it(text: str) -> None:
    ours, theirs = read_frame(text), next(read_xyz(StringIO(text), slice(0, 1)))
    _same(ours.arrays, theirs.arrays)
    _same(ours.info, theirs.info)
    _same(_results(ours), _results(theirs))
    assert np.array_equal(ours.cell, theirs.cell)
    assert list(ours.pbc) == list(theirs.pbc)
    assert [c.todict() for c in ours.constraints] == [c.todict() for c in theirs.constraints]


@pytest.mark.parametrize("key", per_config_properties)
def test_each_result_of_a_calculation_is_one(key: str) -> None:
    text = f'1\nProperties=species:S:1:pos:R:3 {key}="1 2 3" {_CELL}\nNb 0 0 0\n'
    assert list(_results(read_frame(text))) == [key]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("Nb 0 0 0 maybe\n", "`maybe` is neither T nor F"),
        ("Nb 0 0 0 T\nNb 0 0 1\n", "atom 2 has 4 of 5 columns"),
        ("Nb1 0 0 0 T\n", "`Nb1` is no chemical symbol"),
    ],
)
def test_rows_that_are_not_read(rows: str, message: str) -> None:
    with pytest.raises(FrameFault) as caught:
        read_frame(f"{rows.count(chr(10))}\nProperties=species:S:1:pos:R:3:core:L:1\n{rows}")
    assert str(caught.value) == message
