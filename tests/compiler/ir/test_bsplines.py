"""Pieces of B-splines against SciPy, knots even and not; straight before the first, 0 beyond the last."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.ir.bsplines import WIDTH, functions, pieces, weights
from scipy.interpolate import BSpline

EVEN, UNEVEN = (0.0, 1.0, 2.0, 3.0, 4.0), (0.001, 0.4, 0.9, 1.0, 2.2, 3.0, 3.7, 4.0)


@pytest.mark.parametrize("knots", [EVEN, UNEVEN])
@pytest.mark.parametrize("order", range(4))
def test_they_are_those_of_scipy_without_the_last_three(knots: tuple[float, ...], order: int) -> None:
    n = len(knots) - 1
    c = np.random.default_rng(n).normal(size=n)
    whole = BSpline([knots[0]] * 3 + list(knots) + [knots[-1]] * 3, [*c, 0, 0, 0], 3)
    assert pieces(knots).functions == n == functions((knots,))
    for x in np.linspace(knots[0] + 1e-3, knots[-1] - 1e-3, 37):
        first, found = weights(knots, float(x), order)
        assert c[first : first + WIDTH] @ found == pytest.approx(float(whole(x, nu=order)), abs=1e-11)


@pytest.mark.parametrize("knots", [EVEN, UNEVEN])
def test_beyond_both_ends_they_are_straight(knots: tuple[float, ...]) -> None:
    begin, slope = (np.array(weights(knots, knots[0], order)[1]) for order in (0, 1))
    before = knots[0] - 0.7
    np.testing.assert_allclose(weights(knots, before)[1], begin - 0.7 * slope, atol=1e-14)
    np.testing.assert_allclose(weights(knots, before, 1)[1], slope, atol=1e-14)
    assert weights(knots, before, 2)[1] == (0.0,) * WIDTH
    for order in range(4):
        np.testing.assert_allclose(weights(knots, knots[-1] + 0.7, order)[1], 0.0, atol=1e-13)


def test_they_are_never_negative_and_at_most_one_together() -> None:
    for x in np.linspace(0.001, 4.0, 51):
        found = weights(UNEVEN, float(x))[1]
        assert min(found) > -1e-15 and sum(found) < 1.0 + 1e-14
