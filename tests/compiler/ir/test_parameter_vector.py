"""The layout of all parameters in one vector: names, bounds, tables, for joined, kept and fixed numbers."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from potentia.compiler.ir.graph import Model
from potentia.compiler.program import Program

SPECS = {
    "plain": "species Nb\nE = lj()\n",
    "pairs": "species Nb, W\nE = morse(D = {Nb-Nb = W-W: 0.5 eV in (0.1 eV, 2 eV), Nb-W: fixed 0.7 eV})\n",
    "kept": "species Nb, W\nE = pair(bessel4, c = {Nb-Nb: keep(0, 3), Nb-W: keep(), W-W: keep(3)})\n",
    "vectors": "species Nb\nE = pair(bessel4, c = [0.1, 0.2, 0.3, 0.4]) + reference()\n",
}


def model(name: str) -> Model:
    return Program.of(SPECS[name]).model


@pytest.mark.parametrize("name", SPECS)
def test_every_part_has_one_entry_a_coefficient(name: str) -> None:
    vector = model(name).vector
    entries = (vector.coefficients, vector.names, vector.start, vector.lower, vector.upper, vector.free)
    assert {len(x) for x in entries} == {len(vector)}
    assert len(set(vector.names)) == len(vector)
    assert [c.start for c in vector.coefficients] == list(vector.start)
    assert [vector.coefficients[k] for k in vector.trained_places] == list(vector.trained)
    assert vector.n_trained == len(vector.trained) == sum(vector.free)
    assert [vector.start[part] for _, part in vector.parts()] == [p.start for p in vector.parameters]
    assert [c for p in vector.parameters for c in vector.of(p)] == list(vector.coefficients)


def test_joined_and_fixed_rows() -> None:
    vector = model("pairs").vector
    joined, fixed = vector.coefficients[:2]
    assert (joined.name, joined.rows, joined.component) == ("morse.D[Nb-Nb=W-W]", ("Nb-Nb", "W-W"), 0)
    assert (vector.lower[0], vector.upper[0], vector.free[0]) == (0.1, 2.0, True)
    assert (fixed.name, fixed.start, fixed.free) == ("morse.D[Nb-W]", 0.7, False)
    assert 1 not in vector.trained_places
    assert vector.rows(vector.parameters[0]) == {"Nb-Nb": {0: 0}, "Nb-W": {0: 1}, "W-W": {0: 0}}


def test_components_that_are_kept() -> None:
    vector = model("kept").vector
    assert vector.names == ("pair.c[Nb-Nb,0]", "pair.c[Nb-Nb,3]", "pair.c[W-W,3]")
    assert vector.rows(vector.parameters[0]) == {"Nb-Nb": {0: 0, 3: 1}, "Nb-W": {}, "W-W": {3: 2}}
    assert set(vector.lower) == {-inf}


@pytest.mark.parametrize("name", SPECS)
def test_a_table_holds_the_coefficient_of_each_row_and_component(name: str) -> None:
    vector = model(name).vector
    theta = np.arange(1.0, len(vector) + 1)
    tables = vector.tables(theta, lambda flat, places: np.append(flat, 0.0)[list(places)])
    for p, part in vector.parts():
        rows = vector.rows(p)
        table = tables[p.name].reshape(len(rows), -1)
        for row, own in zip(table, rows.values(), strict=True):
            expected = [theta[part][own[c]] if c in own else 0.0 for c in p.declared]
            assert row.tolist() == expected


def test_coefficients_of_some_parameters() -> None:
    vector = model("vectors").vector
    assert vector.among({"pair.c"}) == (True,) * 4 + (False,)
    assert vector.among(()) == (False,) * 5
