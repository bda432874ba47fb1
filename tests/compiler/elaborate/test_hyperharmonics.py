"""Functions of harmonics in four dimensions: what they refuse, and what a free atom has."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from potentia.compiler.diagnostics.diagnostic import SpecError
from registry import by_reference, compiled

TERM = "species Nb\nterm t(rc = 4 Å) {{\n  x(i) = {}\n  site(i) = 1 eV * total(x(i))\n}}\nE = t()\n"
SUM = "sum(j) smooth(r_ij, rc) * hyperharmonics(u_ij, {})"


@pytest.mark.parametrize(
    ("formula", "code", "message"),
    [
        (SUM.format("r_ij / rc, 15"), "bad-size", "harmonics in four dimensions go up to n = 14, not 15"),
        (SUM.format("r_ij / rc, 0"), "bad-size", "the degree n is a whole number of at least 1"),
        (SUM.format("r_ij, 2"), "wrong-unit", "the argument of a function is a plain number"),
        ("sum(j) hyperharmonics(r_ij, 1, 2)", "shape-mismatch", "`hyperharmonics` takes a direction and an"),
        ("sum(j) hyperharmonics(u_ij, smooth, 2)", "shape-mismatch", "`hyperharmonics` takes a direction"),
        ("hyperbispectrum(products(hyperpole(1)))", "shape-mismatch", "`hyperbispectrum` takes hyperharm"),
        ("hyperbispectrum(2)", "shape-mismatch", "`hyperbispectrum` takes hyperharmonics summed"),
    ],
)
def test_what_is_refused(formula: str, code: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(TERM.format(formula), optimized=False)
    found = caught.value.diagnostics[0]
    assert (found.code, found.message[: len(message)]) == (code, message)


def test_a_free_atom_has_the_size_of_each_matrix() -> None:
    """B_abc = c + 1 at the pole, of the triads 000, 101, 202, 112, 222."""
    model = compiled(TERM.format("hyperbispectrum(hyperpole(2))"), optimized=False)
    energy = by_reference(model, np.zeros(0), Atoms("Nb", positions=[[0, 0, 0]])).energy
    assert energy == pytest.approx(1 + 2 + 3 + 3 + 3, rel=1e-14)
