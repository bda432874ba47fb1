"""What a kernel's time is to be read with: this machine's rates, the work of a model, hand-written trials."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from ctypes import c_double, c_int, c_long
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from potentia.compiler.backends.cpp.library import Atoms
from potentia.compiler.backends.cpp.passes import optimize
from potentia.compiler.backends.cpp.toolchain import SUFFIX, compiler
from potentia.compiler.ir.graph import Model
from potentia.compiler.schedule.sweep import static_nodes

TRIALS = Path(__file__).resolve().parents[2] / "shared" / "trials"
TRIAL_FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC")
Call = Callable[[], object]

_LOOPS = """
#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif
template <class T> struct Loops {
  typedef T V __attribute__((vector_size(BYTES)));
  static double products(long n) {
    V x[10], a, b;
    for (unsigned q = 0; q < BYTES / sizeof(T); ++q) a[q] = T(0.999), b[q] = T(1e-3);
    for (int p = 0; p < 10; ++p) x[p] = b * T(p);
    for (long k = 0; k < n; ++k)
#pragma GCC unroll 10
      for (int p = 0; p < 10; ++p) x[p] = x[p] * a + b;
    double sum = 0;
    for (int p = 0; p < 10; ++p) for (unsigned q = 0; q < BYTES / sizeof(T); ++q) sum += x[p][q];
    return sum;
  }
};
typedef double D __attribute__((vector_size(BYTES)));
extern "C" double products_double(long n) { return Loops<double>::products(n); }
extern "C" double products_float(long n) { return Loops<float>::products(n); }
extern "C" long lanes(void) { return BYTES / 8; }
extern "C" double read_all(const double *x, long n, long times) {
  D s[8] = {};
  const long step = 8 * BYTES / 8;
  for (long t = 0; t < times; ++t)
    for (long k = 0; k + step <= n; k += step)
#pragma GCC unroll 8
      for (int p = 0; p < 8; ++p) s[p] += *(const D *)(x + k + p * (BYTES / 8));
  double sum = 0;
  for (int p = 0; p < 8; ++p) for (unsigned q = 0; q < BYTES / 8; ++q) sum += s[p][q];
  return sum;
}
"""


@dataclass(frozen=True)
class Rates:
    """Of one core. flops: additions and multiplications a second of fused vector instructions, by precision;
    cache, memory: bytes a second read from the second cache and from beyond all."""

    flops: dict[str, float]
    cache: float
    memory: float

    def line(self) -> str:
        double, single = (self.flops[name] / 1e9 for name in ("float64", "float32"))
        return (
            f"one core: {double:.1f} Gflop/s in f64, {single:.1f} in f32; {self.cache / 1e9:.1f} GB/s from "
            f"the second cache, {self.memory / 1e9:.1f} GB/s from memory"
        )


@cache
def rates() -> Rates:
    """Measured now: the fastest of nine rounds each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"loops{SUFFIX}"
        compiler().compile(_LOOPS, path)
        loops = ctypes.CDLL(str(path))
    lanes, n = int(loops.lanes()), 2_000_000
    flops = {}
    for name, loop, width in (("float64", "double", lanes), ("float32", "float", 2 * lanes)):
        seconds = _fastest(lambda of=f"products_{loop}": loops[of](c_long(n)))
        flops[name] = 20.0 * width * n / seconds
    read = loops.read_all
    read.argtypes = (ctypes.c_void_p, c_long, c_long)
    speeds = []
    for size, times in ((256 << 10, 1000), (256 << 20, 1)):
        numbers = np.ones(size // 8 + 8)
        start = numbers.ctypes.data + (-numbers.ctypes.data) % 64
        seconds = _fastest(lambda at=start, s=size, t=times: read(at, s // 8, t))
        speeds.append(size * times / seconds)
    return Rates(flops, *speeds)


def _fastest(call: Call) -> float:
    found = []
    for _ in range(9):
        begin = process_time()
        call()
        found.append(process_time() - begin)
    return min(found)


@dataclass(frozen=True)
class Work:
    """The least that an atom costs. flops: operations of the model with each of its neighbours; bytes: its
    list, read once, its neighbours' positions, read, and their forces, read and written."""

    flops: float
    streamed: float
    gathered: float

    def seconds(self, dtype: str) -> float:
        """Of one atom: the larger one of arithmetic and of traffic, which overlap."""
        rate = rates()
        return max(self.flops / rate.flops[dtype], self.streamed / rate.memory + self.gathered / rate.cache)


def work(model: Model, atoms: Atoms, distance: NDArray[np.float64]) -> Work:
    """distance: of each neighbour in the list of atoms."""
    n = len(atoms.positions)
    optimized = optimize(model)
    order = tuple(optimized.nodes())
    skipped = static_nodes(order)

    @cache
    def places(name: str, rc: float | None) -> float:
        near = distance < (rc or 0.0)
        if name == "edge":
            return float(near.sum()) / n
        owners = np.repeat(np.arange(n), np.diff(atoms.first))
        counts = np.bincount(owners[near], minlength=n)
        return float((counts * (counts - 1)).sum()) / n if name == "triple" else 1.0

    flops = sum(
        places(x.kind.domain.name, x.kind.domain.rc) * x.op.flops(x) for x in order if x not in skipped
    )
    listed, near = len(atoms.neighbours) / n, places("edge", max(d.rc or 0.0 for d in model.lists()))
    return Work(flops, listed * 4 + 24, listed * 24 + near * 48)


# --- trials ----------------------------------------------------------------------------------------


def trial(name: str) -> ctypes.CDLL | None:
    """A compiled kernel of ../shared/trials; None, and the reason printed, where it is absent."""
    source = TRIALS / f"{name}.cpp"
    if not source.is_file():
        print(f"trial {name}: left out, there is no {source}")
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}{SUFFIX}"
        command = [compiler().path, *TRIAL_FLAGS, str(source), "-o", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"trial {name}: left out, it does not compile: {done.stderr[:300]}")
            return None
        return ctypes.CDLL(str(path))


def _pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def three_body_trial(atoms: Atoms, cutoff: float) -> Call | None:
    """The work of pair(bessel14) + three_body(bessel5, l = 3)."""
    rng = np.random.default_rng(0)
    numbers = [rng.normal(0, 0.1, 14), rng.normal(0, 0.01, (4, 5, 5))]
    return _call("threebody_floor", "tb", atoms, (), (cutoff,), numbers)


def nep_trial(atoms: Atoms, radial: float, angular: float) -> Call | None:
    """The work of a NEP4 of four species: n 4/4, k 8/8, l 4 2 0, 30 neurons."""
    rng = np.random.default_rng(0)
    shapes = ((16, 5, 9), (16, 5, 9), (4, 30, 30), (4, 30), (4, 30))
    numbers = [rng.normal(0.0, 0.1, shape) for shape in shapes]
    return _call("nep_floor", "nepk", atoms, (atoms.species,), (radial, angular), numbers)


def _call(
    file: str,
    name: str,
    atoms: Atoms,
    kinds: Sequence[NDArray[np.int32]],
    cutoffs: Sequence[float],
    numbers: Sequence[NDArray[np.float64]],
) -> Call | None:
    """A call of a trial's function: atoms, positions, kinds, lists, cutoffs, numbers, forces, virial."""
    found = trial(file)
    if found is None:
        return None
    kernel, n = getattr(found, name), len(atoms.positions)
    kernel.restype = c_double
    forces, virial = np.zeros((n, 3)), np.zeros(9)
    shifts = np.zeros((len(atoms.neighbours), 3)) if atoms.shifts is None else atoms.shifts[atoms.image]
    held = (atoms.positions, *kinds, atoms.first.astype(np.int32), atoms.index, shifts)

    def call() -> object:
        forces[:] = 0.0
        lists, rest = map(_pointer, held), map(_pointer, (*numbers, forces, virial))
        return kernel(c_int(n), *lists, *map(c_double, cutoffs), *rest)

    return call
