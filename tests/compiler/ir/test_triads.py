"""Harmonics in four dimensions: rows, symbols, and the couplings of three degrees."""

from __future__ import annotations

import numpy as np
import pytest
from potentia.compiler.backends.reference.hyperharmonics import coupled, harmonics
from potentia.compiler.backends.triads import products
from potentia.compiler.ir.triads import pole, size, symbols, top_of, triads

DEGREES = ((0, 0, 0), (1, 1, 2), (2, 1, 3), (2, 2, 2), (3, 2, 3), (4, 3, 1))


def table(a: int, b: int, c: int) -> np.ndarray:
    """T by the products that XLA adds up."""
    found, total = products(a, b, c), np.zeros(tuple((n + 1) ** 2 for n in (a, b, c)))
    places = found.i - size(a - 1), found.j - size(b - 1), found.k - size(c - 1)
    np.add.at(total, places, found.factor)
    return total


def test_rows_tell_their_degree() -> None:
    assert [top_of(n) for n in (1, 5, 14, 285)] == [0, 1, 2, 8]
    assert top_of(13) is None and top_of(0) is None
    assert [len(triads(top)) for top in (2, 6, 8)] == [5, 30, 55]


@pytest.mark.parametrize("triad", DEGREES)
def test_symbols_have_the_length_one_and_the_order_of_degrees_does_not_count(
    triad: tuple[int, int, int],
) -> None:
    a, b, c = triad
    assert sum(t * t for t in symbols(a, b, c)) == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose(table(a, b, c), table(c, a, b).transpose(1, 2, 0), atol=1e-15)
    np.testing.assert_allclose(table(a, b, c), table(b, a, c).transpose(1, 0, 2), atol=1e-15)


@pytest.mark.parametrize("triad", DEGREES)
def test_products_add_up_to_sums_over_matrices(triad: tuple[int, int, int]) -> None:
    a, b, c = triad
    x, y = np.random.default_rng(0).normal(size=(2, size(4)))
    (found,) = coupled(x[None], y[None], [triad])
    rows = x[size(a - 1) : size(a)], y[size(b - 1) : size(b)]
    np.testing.assert_allclose(found[0], np.einsum("i,j,ijk->k", *rows, table(a, b, c)), atol=1e-14)


def test_harmonics_are_unitary_matrices_whose_products_are_harmonics() -> None:
    """U_c = (c + 1) T(U_a, U_b, ·), of a point of the sphere; the pole has θ = 0."""
    u = np.array([0.36, -0.48, 0.8])
    point = np.array([np.cos(0.7)]), np.sin(0.7) * u[None]
    row = harmonics(*point, 4)
    for n in range(5):
        assert (row[0, size(n - 1) : size(n)] ** 2).sum() == pytest.approx(n + 1.0)
    for triad, found in zip(DEGREES, coupled(row, row, DEGREES), strict=True):
        c = triad[2]
        np.testing.assert_allclose((c + 1) * found, row[:, size(c - 1) : size(c)], atol=1e-14)
    np.testing.assert_allclose(harmonics(np.array([1.0]), np.zeros((1, 3)), 4)[0], pole(4), atol=1e-15)
