"""`bspline` and `symmetric`: values against SciPy, and what is refused with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import SpecError
from registry import by_reference, compiled, dimer
from scipy.interpolate import BSpline

TERM = "species Nb\nterm t(rc = 4 Å{arguments}) {{\n  {param}\n  {body}\n}}\nE = t()"
KNOTS = [0.5, 1.0, 1.2, 2.5, 3.1, 4.0]


def spec(body: str, param: str = "param c[5] = 0 eV", arguments: str = "") -> str:
    return TERM.format(arguments=arguments, param=param, body=body)


@pytest.mark.parametrize("r", [0.6, 1.1, 2.0, 3.9, 4.5])
def test_a_sum_is_that_of_scipy(r: float) -> None:
    model = compiled(spec("pair(r) = bspline(c, r, [0.5 Å, 1, 0.12 nm, 2.5, 3.1, rc])"), optimized=False)
    theta = np.random.default_rng(1).normal(size=5)
    whole = BSpline([0.5] * 3 + KNOTS + [4.0] * 3, [*theta, 0, 0, 0], 3)
    want = float(whole(r)) if r < 4.0 else 0.0
    assert by_reference(model, theta, dimer("Nb", "Nb", r)).energy == pytest.approx(want, abs=1e-12)


def test_several_values_are_a_product_with_those_of_the_last_fastest() -> None:
    body = "pair(r) = bspline(c, r, [0, 1, 2, 3, 4], r / 2, [0, 1, 2, 3, 4, 5])"
    model = compiled(spec(body, "param c[20] = 0 eV"), optimized=False)
    one, two = np.arange(4.0), np.arange(1.0, 6.0)
    factors = []
    for knots, c, x in ((range(5), one, 2.3), (range(6), two, 1.15)):
        whole = BSpline([0.0] * 3 + list(knots) + [float(knots[-1])] * 3, [*c, 0, 0, 0], 3)
        factors.append(float(whole(x)))
    found = by_reference(model, np.outer(one, two).ravel(), dimer("Nb", "Nb", 2.3)).energy
    assert found == pytest.approx(factors[0] * factors[1], rel=1e-12)


def test_symmetric_coefficients_are_written_out() -> None:
    even = "[0, 1, 2, 3, 4]"
    packed = spec(f"pair(r) = bspline(symmetric(c, 4), r, {even}, r / 2, {even})", "param c[10] = 0 eV")
    whole = spec(f"pair(r) = bspline(c, r, {even}, r / 2, {even})", "param c[16] = 0 eV")
    theta = np.random.default_rng(2).normal(size=10)
    full = np.zeros((4, 4))
    full[np.triu_indices(4)] = full.T[np.triu_indices(4)] = theta
    energies = [
        by_reference(compiled(text, optimized=False), numbers, dimer("Nb", "Nb", 2.3)).energy
        for text, numbers in ((packed, theta), (whole, full.ravel()))
    ]
    assert energies[0] == pytest.approx(energies[1], rel=1e-12)


REFUSED = {
    "knots that fall": (
        "bspline(c, r, [0, 1, 3, 2, 4, 5])",
        "bad-knots",
        "knot 4 is 2, and the one before it 3",
    ),
    "knots without a distance": (
        "bspline(c, r, [0, 1, 2, 3, 4, 4.000000000000001e-200 + 4])",
        "bad-knots",
        "knot 6 is 4, and the one before it 4",
    ),
    "near knots": (
        "bspline(c, r, [0, 1e-200, 2, 3, 4, 5])",
        "bad-knots",
        "two knots are so near to each other",
    ),
    "few knots": ("bspline(c, r, [0, 1, 2, 3])", "bad-knots", "there are 4 knots, but at least 5"),
    "other numbers": ("bspline(c, r, [0, 1, 2, 3, 4])", "shape-mismatch", "these knots have 4 coefficients"),
    "other units": ("bspline(c, r, [0 eV, 1 eV, 2 eV, 3 eV, 4 eV, 5 eV])", "wrong-unit", "knots are in Å"),
    "no knots": ("bspline(c, r)", "wrong-arguments", "`bspline` takes coefficients, then a value and its kn"),
    "a number as knots": ("bspline(c, r, 5)", "wrong-arguments", "`bspline` takes a value, then a list"),
    "coefficients of places": ("bspline(r * c, r, [0, 1, 2, 3, 4, 5])", "not-a-parameter", "coefficients do"),
    "several components": (
        "bspline(c, outer(c, c), [0, 1, 2, 3, 4, 5])",
        "shape-mismatch",
        "a spline takes one place",
    ),
    "symmetric": (
        "bspline(symmetric(c, 3), r, [0, 1, 2, 3, 4, 5])",
        "wrong-arguments",
        "`symmetric` of 3 func",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sum_is_refused(name: str) -> None:
    body, code, message = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        compiled(spec(f"pair(r) = {body}"), optimized=False)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code and diagnostic.message.startswith(message), diagnostic.message
