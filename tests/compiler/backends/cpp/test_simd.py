"""The vector arithmetic of generated kernels: accuracy, special values, scalars, by a driver in C++."""

import ctypes
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PRELUDE = Path(__file__).parents[4] / "compiler" / "backends" / "cpp" / "prelude"
COMPILER = shutil.which("g++") or shutil.which("clang++")
FLAGS = ("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
ONE = ("sqrt", "exp", "log", "sin", "cos", "tanh", "erfc", "abs", "sign", "step")
TWO = ("max", "min", "power")
WHOLE = (-3, -1, 0, 1, 2, 5, 12)

DRIVER = r"""
#include "simd.hpp"
#include "elementary.hpp"
using namespace potentia;
#define EACH(name, vector, scalar) \
  extern "C" void v_##name(const real *x, const real *y, const real *z, real *out, long n) { \
    for (long i = 0; i < n; i += LANES) { \
      V a = loadu(x + i), b = loadu(y + i), c = loadu(z + i); \
      (void)b, (void)c; \
      storeu(out + i, vector); \
    } \
  } \
  extern "C" void s_##name(const real *x, const real *y, const real *z, real *out, long n) { \
    for (long i = 0; i < n; i++) { \
      real a = x[i], b = y[i], c = z[i]; \
      (void)b, (void)c; \
      out[i] = scalar; \
    } \
  }
template <class T>
T part(T x, bool first, void (*f)(T, T &, T &)) {
  T s, c;
  f(x, s, c);
  return first ? s : c;
}
template <class T>
void general(T x, T &s, T &c) {
  sincos(x, s, c);
}
template <class T>
void bounded(T x, T &s, T &c) {
  sincos_pi(x, s, c);
}
EACH(both_sin, part<V>(a, true, general<V>), part<real>(a, true, general<real>))
EACH(both_cos, part<V>(a, false, general<V>), part<real>(a, false, general<real>))
EACH(pi_sin, part<V>(a, true, bounded<V>), part<real>(a, true, bounded<real>))
EACH(pi_cos, part<V>(a, false, bounded<V>), part<real>(a, false, bounded<real>))
EACH(choose, choose(a, b, c), choose(a, b, c))
extern "C" int lanes() { return LANES; }
extern "C" double total(const real *x) { return sum(loadu(x)); }
extern "C" int some(const real *x) { return any(loadu(x) > 0); }
extern "C" int every(const real *x) { return all(loadu(x) > 0); }
"""


class Driver:
    """Calls of compiled functions on arrays: kind "v" is for those of vectors, "s" for those of scalars."""

    def __init__(self, path: Path, real: type) -> None:
        self.library, self.real = ctypes.CDLL(str(path)), real
        self.lanes = self.library.lanes()

    def __call__(self, name: str, *args: np.ndarray, kind: str = "v") -> np.ndarray:
        n = len(args[0])
        size = -(-n // self.lanes) * self.lanes
        rows = [np.ascontiguousarray(np.resize(a, size), dtype=self.real) for a in args]
        rows += [rows[0]] * (3 - len(rows))
        out = np.empty(size, self.real)
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*rows, out)]
        getattr(self.library, f"{kind}_{name}")(*pointers, ctypes.c_long(size))
        return out[:n]


@pytest.fixture(scope="module", params=["double", "float"])
def driver(request, tmp_path_factory) -> Driver:
    if COMPILER is None:
        pytest.skip("no C++ compiler on this machine")
    folder = tmp_path_factory.mktemp("simd")
    lines = [DRIVER]
    lines += [f"EACH({f}, {f}(a), {f}(a))" for f in ONE]
    lines += [f"EACH({f}, {f}(a, b), {f}(a, b))" for f in TWO]
    for n in WHOLE:
        lines.append(f"EACH({_whole(n)}, ipow<{n}>(a), ipow<{n}>(a))")
        lines.append(f"EACH(run_{_whole(n)}, ipow(a, {n}), ipow(a, {n}))")
    source, library = folder / "driver.cpp", folder / "driver.so"
    source.write_text("\n".join(lines) + "\n")
    command = [
        COMPILER,
        *FLAGS,
        f"-DPOTENTIA_REAL={request.param}",
        f"-I{PRELUDE}",
        source,
        "-o",
        library,
    ]
    subprocess.run(command, check=True)
    return Driver(library, {"double": np.float64, "float": np.float32}[request.param])


def _whole(n: int) -> str:
    return f"power_{n}".replace("-", "minus_")


def spread(driver: Driver, low: float, high: float, n: int = 100_000) -> np.ndarray:
    """Values in an interval, half of them with magnitudes over all decades; whole and half ones."""
    rng = np.random.default_rng(1)
    even = rng.uniform(low, high, n // 2)
    decades = np.exp(rng.uniform(np.log(1e-30), np.log(max(abs(low), high)), n // 2))
    decades = decades * rng.choice([-1, 1], n // 2)
    x = np.concatenate([even, decades[(decades >= low) & (decades <= high)], np.arange(-9, 9.5, 0.5)])
    return x[(x >= low) & (x <= high)].astype(driver.real)


def units(got: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units in the last place. Results below normal numbers may be 0."""
    real = got.dtype.type
    exact = np.asarray(exact, np.longdouble)
    with np.errstate(all="ignore"):
        rounded = exact.astype(real)
    finite = np.isfinite(rounded)
    assert np.array_equal(got[~finite], rounded[~finite], equal_nan=True)
    unit = np.spacing(np.abs(rounded[finite]))
    normal = np.abs(rounded[finite]) >= np.finfo(real).tiny
    assert np.all(np.abs(got[finite][~normal]) <= np.finfo(real).tiny)
    error = np.abs(got[finite].astype(np.longdouble) - exact[finite])
    return float(np.max(error[normal] / unit[normal], initial=0.0))


def long(x: np.ndarray) -> np.ndarray:
    return x.astype(np.longdouble)


RANGES = {
    "sqrt": (0, 1e6, 0.5, 0.5),
    "exp": (-750, 750, 2, 2),
    "log": (1e-30, 1e6, 2, 2),
    "sin": (-1e5, 1e5, 2, 2),
    "cos": (-1e5, 1e5, 2, 2),
    "both_sin": (-30, 30, 2, 2),
    "both_cos": (-30, 30, 2, 2),
    "pi_sin": (-math.pi, math.pi, 4, 4),
    "pi_cos": (-math.pi, math.pi, 2, 2),
    "tanh": (-30, 30, 4, 4),
}


@pytest.mark.parametrize("name", RANGES)
def test_last_places(driver, name) -> None:
    low, high, wide, narrow = RANGES[name]
    x = spread(driver, low, high)
    exact = getattr(np, name.split("_")[-1])(long(x))
    allowed = wide if driver.real is np.float64 else narrow
    assert units(driver(name, x), exact) <= allowed + 0.01
    assert units(driver(name, x, kind="s"), exact) <= allowed + 0.01


@pytest.mark.parametrize("name", RANGES)
def test_small_numbers(driver, name) -> None:
    """Around every power of two of the format, with both signs where the function has them."""
    rng = np.random.default_rng(2)
    tiny = np.finfo(driver.real).smallest_subnormal
    low = RANGES[name][0]
    x = np.exp(rng.uniform(np.log(float(tiny)), 0, 20_000)) * (1 if low > -1 else rng.choice([-1, 1], 20_000))
    x = x.astype(driver.real)
    assert units(driver(name, x), getattr(np, name.split("_")[-1])(long(x))) <= 4


def test_erfc(driver) -> None:
    x = spread(driver, -7, 27.2)
    exact = np.array([math.erfc(float(a)) for a in x])
    normal = exact >= np.finfo(driver.real).tiny
    error = np.abs(driver("erfc", x)[normal] / exact[normal] - 1)
    assert error.max() <= (1e-14 if driver.real is np.float64 else 1e-6)
    assert np.all(driver("erfc", x)[~normal] <= np.finfo(driver.real).tiny)


def test_power(driver) -> None:
    rng = np.random.default_rng(3)
    x = np.exp(rng.uniform(-20, 20, 100_000)).astype(driver.real)
    p = rng.uniform(-30, 30, len(x)).astype(driver.real)
    p[::7] = rng.choice([-2, -1, -0.5, 0, 0.5, 1, 1.5, 2], len(p[::7]))
    bits = long(p) * np.log(long(x))
    edge = np.log(np.finfo(driver.real).max) * 0.98
    x, p, bits = (a[np.abs(bits) < edge] for a in (x, p, bits))
    error = np.abs(driver("power", x, p) / np.exp(bits) - 1) / np.maximum(1, np.abs(bits))
    assert error.max() <= (1e-15 if driver.real is np.float64 else 5e-7)


def test_power_of_zero_is_zero(driver) -> None:
    x, p = (
        np.array([0.0, -0.0, 0, 0, np.nan, np.inf, np.inf, -1]),
        np.array([0.5, 2, 0, -1, 2, 0.5, -0.5, 0.5]),
    )
    expected = [0, 0, 0, 0, np.nan, np.inf, 0, np.nan]
    for kind in "vs":
        np.testing.assert_array_equal(driver("power", x, p, kind=kind), expected)


@pytest.mark.parametrize("n", WHOLE)
def test_whole_exponents(driver, n) -> None:
    x = spread(driver, -20, 20)
    x = x[np.abs(x) > 1e-3]
    for name in (_whole(n), f"run_{_whole(n)}"):
        for kind in "vs":
            assert units(driver(name, x, kind=kind), long(x) ** n) <= max(1, abs(n))


SPECIAL = {
    "sqrt": ([0.0, -0.0, np.inf, np.nan, -1], [0.0, -0.0, np.inf, np.nan, np.nan]),
    "exp": (
        [0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 3e38, -3e38],
        [1, 1, np.inf, 0, np.nan, np.inf, 0, np.inf, 0],
    ),
    "log": (
        [1, 0.0, -0.0, np.inf, np.nan, -1, -np.inf],
        [0, -np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan],
    ),
    "sin": ([0.0, -0.0, np.inf, -np.inf, np.nan], [0.0, -0.0, np.nan, np.nan, np.nan]),
    "cos": ([0.0, -0.0, np.inf, -np.inf, np.nan], [1, 1, np.nan, np.nan, np.nan]),
    "pi_sin": ([0.0, -0.0, np.nan], [0.0, -0.0, np.nan]),
    "pi_cos": ([0.0, -0.0, np.nan], [1, 1, np.nan]),
    "tanh": ([0.0, -0.0, np.inf, -np.inf, np.nan, 3e38], [0.0, -0.0, 1, -1, np.nan, 1]),
    "erfc": ([0.0, -0.0, np.inf, -np.inf, np.nan, 3e38, -3e38], [1, 1, 0, 2, np.nan, 0, 2]),
    "abs": ([-2.5, -0.0, np.inf, -np.inf, np.nan], [2.5, 0.0, np.inf, np.inf, np.nan]),
    "sign": ([2.5, -3, 0.0, np.inf, -np.inf, np.nan], [1, -1, 0, 1, -1, np.nan]),
    "step": ([2.5, -3, 0.0, np.inf, -np.inf, np.nan], [1, 0, 0, 1, 0, 0]),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(driver, name) -> None:
    x, expected = (np.array(a, driver.real) for a in SPECIAL[name])
    for kind in "vs":
        got = driver(name, x, kind=kind)
        np.testing.assert_allclose(got, expected, rtol=1e-7 if name == "erfc" else 0)
        zero = expected == 0
        np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


def test_angles_next_to_zeros(driver) -> None:
    """What is left of them after reduction is far below them."""
    n = np.arange(1, 63_000 if driver.real is np.float64 else 630)
    x = (n * (np.arctan(np.longdouble(1)) * 2)).astype(driver.real)
    x = np.concatenate([x, np.nextafter(x, driver.real(0))])
    allowed = 2 if driver.real is np.float64 else 3
    assert units(driver("sin", x), np.sin(long(x))) <= allowed
    assert units(driver("cos", x), np.cos(long(x))) <= allowed


def test_far_angles_are_reduced_by_the_standard_library(driver) -> None:
    x = np.array([1e6, -3e7, 1e15, 1.0, -1e30, 1e5, 99_999.5, 1234.5], driver.real)
    assert units(driver("sin", x), np.sin(long(x))) <= 2
    assert units(driver("cos", x), np.cos(long(x))) <= 2


def test_choices_keep_nan(driver) -> None:
    a, b = (np.array(x).ravel() for x in np.meshgrid(*[[1.0, -2, 0, np.inf, np.nan]] * 2))
    for kind in "vs":
        np.testing.assert_array_equal(driver("max", a, b, kind=kind), np.maximum(a, b))
        np.testing.assert_array_equal(driver("min", a, b, kind=kind), np.minimum(a, b))
        np.testing.assert_array_equal(driver("choose", a, b, -b, kind=kind), np.where(a > 0, b, -b))


def test_sums_and_conditions_over_lanes(driver) -> None:
    x = np.arange(1, driver.lanes + 1).astype(driver.real)
    pointer = ctypes.c_void_p(x.ctypes.data)
    driver.library.total.restype = ctypes.c_double
    assert driver.library.total(pointer) == x.sum()
    assert driver.library.every(pointer) and driver.library.some(pointer)
    x[-1] = -1
    assert not driver.library.every(pointer) and driver.library.some(pointer)
    x[:] = -1
    assert not driver.library.some(pointer)
