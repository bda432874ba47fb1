"""A place that is no number gives a cubic, and each of its derivatives, that is none either."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.backends.reference import rules
from potentia.compiler.backends.xla.rules import splines


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("x", [np.nan, 1.5, -2.0])
def test_no_number_stays_none(x: float, order: int) -> None:
    place = np.array([x])
    _, u, beyond = rules._between(place, 5)
    by_reference = rules._weights(u, beyond, order)[0]
    by_xla = np.array([w[0] for w in splines._weights(splines._place(place, 5), order)])
    np.testing.assert_allclose(by_xla, by_reference, rtol=1e-5, atol=1e-5)
    assert np.isnan(by_reference).all() == np.isnan(x)
