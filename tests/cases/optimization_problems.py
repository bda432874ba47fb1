"""Small problems of the optimisers, by formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from potentia.runtime.optimize.qr_system import Accumulator, Array, Indices, TriangularSystem

Residuals = Callable[[Array], tuple[Array, Array]]


class Curve:
    """A problem from a function that returns r (m,) and J (m, P); counts its calls."""

    def __init__(
        self,
        function: Residuals,
        size: int,
        linear: Sequence[int] = (),
        lower: float | Array = -np.inf,
        upper: float | Array = np.inf,
    ) -> None:
        self.function = function
        self.names = [f"p{j}" for j in range(size)]
        self.linear = np.isin(np.arange(size), linear)
        self.lower = np.broadcast_to(np.asarray(lower, float), (size,))
        self.upper = np.broadcast_to(np.asarray(upper, float), (size,))
        self.calls = 0

    def linearize(self, theta: Array, columns: Indices) -> TriangularSystem:
        self.calls += 1
        assert np.all((self.lower <= theta) & (theta <= self.upper))
        residual, jacobian = self.function(theta)
        accumulator = Accumulator(len(columns))
        accumulator.add(residual, jacobian[:, columns])
        return accumulator.system()

    def loss(self, theta: Array) -> float:
        self.calls += 1
        residual = self.function(theta)[0]
        return 0.5 * float(residual @ residual)


def affine(jacobian: Array, constant: Array) -> Residuals:
    return lambda theta: (jacobian @ theta + constant, jacobian)


def exponentials(seed: int, terms: int = 2, noise: float = 1e-3) -> tuple[Residuals, Array, Array]:
    """Σ_k a_k exp(−b_k t) + c against noisy data; θ = (a, c, b). Residuals, a poor start, the truth."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 4, 120)
    rates = np.cumsum(rng.uniform(0.5, 1.5, terms)) * np.linspace(1, 1.5, terms)
    truth = np.concatenate([rng.uniform(1, 3, terms), [0.5], rates])
    data = np.zeros_like(t)

    def residuals(theta: Array) -> tuple[Array, Array]:
        a, c, b = theta[:terms], theta[terms], theta[terms + 1 :]
        with np.errstate(over="ignore", invalid="ignore"):
            waves = np.exp(-np.outer(t, b))
            jacobian = np.column_stack([waves, np.ones_like(t), -t[:, None] * waves * a])
            return waves @ a + c - data, jacobian

    data = residuals(truth)[0] + noise * rng.normal(size=len(t))
    start = np.concatenate([np.ones(terms), [0.0], rates * rng.uniform(0.4, 0.8, terms)])
    return residuals, start, truth


class Valley:
    """Residuals 10 (x_{k+1} − x_k²), 1 − x_k: Rosenbrock's, in any number of dimensions, minimum 0 at 1."""

    metric_cost = 5.0

    def __init__(self, size: int, lower: float = -np.inf, upper: float = np.inf) -> None:
        self.lower, self.upper = np.full(size, lower), np.full(size, upper)
        self.gradients = 0

    def parts(self, x: Array) -> tuple[Array, Array]:
        n = len(x)
        jacobian = np.zeros((2 * n - 2, n))
        k = np.arange(n - 1)
        jacobian[k, k], jacobian[k, k + 1], jacobian[n - 1 + k, k] = -20 * x[:-1], 10.0, -1.0
        return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]]), jacobian

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        assert not np.any((theta < self.lower) | (theta > self.upper))
        self.gradients += 1
        r, jacobian = self.parts(theta)
        return 0.5 * float(r @ r), jacobian.T @ r

    def curvature(self, theta: Array, cycle: int) -> Array:
        jacobian = self.parts(theta)[1]
        return jacobian.T @ jacobian

    def errors(self, theta: Array) -> Sequence[float]:
        return (self.value_and_gradient(theta)[0],)
