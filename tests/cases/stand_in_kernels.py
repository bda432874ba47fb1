"""Kernels written by hand against the C interface of generated ones, and lists of neighbours for them."""

from __future__ import annotations

import numpy as np
import pytest
from places import ROOT
from potentia.compiler.backends.cpp.library import Atoms, with_images
from potentia.compiler.backends.cpp.toolchain import Compiler, compiler
from potentia.compiler.diagnostics.diagnostic import ToolError

ABI = (ROOT / "compiler/backends/cpp/prelude/abi.h").read_text(encoding="utf-8")
CUTOFF = 4.0

_LENNARD_JONES = """
/* constants: 4 epsilon sigma^6, 4 epsilon sigma^12, 0.5 (the share of a centre) */
CARRIED
static const potentia_kernel about = {ABI, 2, sizeof(REAL), 1, 3, CONSTANTS, 4.0, "A B", "ISA", "DIGEST"};
extern "C" const potentia_kernel *potentia_about(void) { return &about; }

extern "C" int potentia_compute(const potentia_atoms *a, potentia_results *out, int threads) {
  if (threads > 1000) return 1;  /* stands for memory that is not to be had */
  const double *c = a->constants;
  out->energy = 0;
  for (double &v : out->virial) v = 0;
  for (int64_t k = 0; k < a->n_centres; ++k) {
    const int64_t i = a->centres ? a->centres[k] : k;
    if (a->species[i] < 0) continue;
    double site = 0;
    for (int64_t n = a->first[i]; n < a->first[i + 1]; ++n) {
      const int64_t j = a->neighbours[n] & a->mask, image = 3 * int64_t(a->neighbours[n] >> a->image);
      if (a->species[j] < 0) continue;
      REAL d[3], r2 = 0;
      for (int x = 0; x < 3; ++x) {
        const double shift = a->shifts ? a->shifts[image + x] : 0;
        d[x] = REAL(a->positions[3 * j + x] + shift - a->positions[3 * i + x]);
        r2 += d[x] * d[x];
      }
      if (r2 >= REAL(16)) continue;
      const REAL u = 1 / (r2 * r2 * r2);
      site += c[2] * u * (REAL(c[1]) * u - REAL(c[0]));
      const double slope = c[2] * (6 * REAL(c[0]) * u - 12 * REAL(c[1]) * u * u) / r2;  /* dE/dr / r */
      for (int x = 0; x < 3; ++x) {
        out->forces[3 * i + x] += slope * d[x];
        out->forces[3 * j + x] -= slope * d[x];
        for (int y = 0; y < 3; ++y) {
          const double v = slope * d[x] * d[y];
          out->virial[3 * x + y] += v;
          if (out->virial_half) out->virial_half[9 * i + 3 * x + y] += v / 2;
          if (out->virial_half) out->virial_half[9 * j + 3 * x + y] += v / 2;
          if (out->virial_neighbour) out->virial_neighbour[9 * j + 3 * x + y] += v;
        }
      }
    }
    out->energy += site;
    if (out->site_energy) out->site_energy[i] += site;
  }
  return 0;
}
"""


def lennard_jones(
    real: str = "double",
    abi: str = "POTENTIA_ABI",
    isa: str = "",
    digest: str = "lj",
    carried: np.ndarray | None = None,
) -> str:
    """The text of a kernel for species A and B that are alike, with a cutoff of 4 Å."""
    text = _LENNARD_JONES.replace("REAL", real).replace("{ABI,", f"{{{abi},")
    values = "" if carried is None else ", ".join(map(repr, carried.tolist()))
    text = text.replace("CARRIED", f"static const double carried[] = {{{values}}};" if values else "")
    text = text.replace("CONSTANTS", "carried" if values else "nullptr")
    return ABI + text.replace('"ISA"', f'"{isa}"').replace('"DIGEST"', f'"{digest}"')


def constants_of(epsilon: float, sigma: float) -> np.ndarray:
    """The constants of the kernel: ε in eV, σ in Å."""
    return np.array([4 * epsilon * sigma**6, 4 * epsilon * sigma**12, 0.5])


def require_compiler() -> Compiler:
    """The compiler of this machine; the test is skipped where there is none."""
    try:
        return compiler()
    except ToolError as error:
        pytest.skip(f"no C++ is compiled here: {error.diagnostics[0].message}")


def atoms_in_a_box(n: int = 24, edge: float = 6.0, cutoff: float = CUTOFF, seed: int = 5) -> Atoms:
    """Atoms at least 1.6 Å apart in a periodic cube, with every directed neighbour within the cutoff."""
    rng = np.random.default_rng(seed)
    images = np.array([(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]) * edge
    positions = np.zeros((0, 3))
    while len(positions) < n:
        new = rng.uniform(0, edge, 3)
        if not len(positions) or _distances(new, positions, images).min() > 1.6:
            positions = np.vstack((positions, new))
    lists, places = [], []
    for i, x in enumerate(positions):
        near = _distances(x, positions, images) < cutoff
        near[i, len(images) // 2] = False
        j, image = np.nonzero(near)
        lists.append(j)
        places.append(image)
    first = np.cumsum([0, *map(len, lists)])
    species = rng.integers(0, 2, n).astype(np.int32)
    index, image = (np.concatenate(parts).astype(np.int32) for parts in (lists, places))
    return Atoms(positions, species, first.astype(np.int64), with_images(index, image, n), images)


def _distances(x: np.ndarray, positions: np.ndarray, images: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, None] + images - x, axis=-1)


def energy_of(atoms: Atoms, epsilon: float, sigma: float, strain: np.ndarray | None = None) -> float:
    """The energy by NumPy, of distances that are strained by (1 + ε)."""
    centre = np.repeat(np.arange(len(atoms.first) - 1), np.diff(atoms.first))
    d = atoms.positions[atoms.index] + atoms.shifts[atoms.image] - atoms.positions[centre]
    d = d if strain is None else d @ (np.eye(3) + strain).T
    u = (sigma**2 / (d * d).sum(1)) ** 3
    return float((2 * epsilon * (u * u - u)).sum())
