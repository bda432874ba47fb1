// A kernel by hand for tests of the pair style: Lennard-Jones pairs and -A sqrt(sum_j exp(-r_ij)) by atom, cut
// hard at 6 Å. Constants: epsilon and sigma of Nb-Nb, Nb-W, W-W, then A.
#include "kernel.h"

#include <cmath>
#include <cstddef>

static constexpr double CUTOFF = 6.0;

static const double CONSTANTS[] = {@CONSTANTS@};
static const potentia_kernel ABOUT = {POTENTIA_ABI, 2, 8, 1, 7, CONSTANTS, CUTOFF, "Nb W", "@ISA@", "by hand"};

namespace {

struct Work {
  const potentia_atoms &a;
  potentia_results &r;

  int neighbours(int i, const int32_t *&list) const
  {
    list = a.rows ? a.rows[i] : a.neighbours + a.first[i];
    return a.rows ? a.counts[i] : (int) (a.first[i + 1] - a.first[i]);
  }

  bool vector(int i, int j, double *d) const
  {
    double square = 0.0;
    for (int x = 0; x < 3; x++) {
      d[x] = a.positions[3 * (size_t) j + x] - a.positions[3 * (size_t) i + x];
      square += d[x] * d[x];
    }
    return square < CUTOFF * CUTOFF;
  }

  // dE_i/dd = slope * d / |d|
  void add(int i, int j, const double *d, double slope, double *virial) const
  {
    const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (int x = 0; x < 3; x++) {
      const double g = slope * d[x] / r;
#pragma omp atomic
      this->r.forces[3 * (size_t) i + x] += g;
#pragma omp atomic
      this->r.forces[3 * (size_t) j + x] -= g;
      for (int y = 0; y < 3; y++) {
        const double v = d[y] * g;
        virial[3 * y + x] += v;
        if (this->r.virial_half) {
#pragma omp atomic
          this->r.virial_half[9 * (size_t) i + 3 * y + x] += 0.5 * v;
#pragma omp atomic
          this->r.virial_half[9 * (size_t) j + 3 * y + x] += 0.5 * v;
        }
        if (this->r.virial_neighbour) {
#pragma omp atomic
          this->r.virial_neighbour[9 * (size_t) j + 3 * y + x] += v;
        }
      }
    }
  }

  double centre(int64_t k, double *virial) const
  {
    const int i = a.centres ? a.centres[k] : (int) k;
    const int32_t *list;
    const int n = neighbours(i, list);
    const int64_t first = a.first ? a.first[i] : 0;
    double pairs = 0.0, density = 0.0, d[3];
    for (int m = 0; m < n; m++) {
      const int j = list[m] & a.mask;
      if (a.species[j] < 0 || !vector(i, j, d)) continue;
      const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      const int pair = a.species[i] + a.species[j];
      const double six = pow(a.constants[3 + pair] / r, 6), depth = 2.0 * a.constants[pair];
      pairs += depth * (six * six - six);
      density += exp(-r);
      add(i, j, d, depth * (6.0 * six - 12.0 * six * six) / r, virial);
    }
    const double A = a.constants[6];
    if (A == 0.0 || density == 0.0) return pairs;
    for (int m = 0; m < n; m++) {
      const int j = list[m] & a.mask;
      if (a.species[j] < 0 || !vector(i, j, d)) continue;
      const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      add(i, j, d, 0.5 * A / sqrt(density) * exp(-r), virial);
    }
    return pairs - A * sqrt(density);
  }
};

}    // namespace

extern "C" const potentia_kernel *potentia_about(void) { return &ABOUT; }

extern "C" int potentia_compute(const potentia_atoms *atoms, potentia_results *results, int threads)
{
  const Work work = {*atoms, *results};
  double energy = 0.0, virial[9] = {};
#pragma omp parallel for num_threads(threads) reduction(+ : energy, virial[:9])
  for (int64_t k = 0; k < atoms->n_centres; k++) {
    const double own = work.centre(k, virial);
    energy += own;
    if (results->site_energy) results->site_energy[atoms->centres ? atoms->centres[k] : k] += own;
  }
  results->energy = energy;
  for (int k = 0; k < 9; k++) results->virial[k] = virial[k];
  return 0;
}
