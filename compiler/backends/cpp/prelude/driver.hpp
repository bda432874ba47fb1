/* The loop over blocks of atoms. Before it: lists.hpp; generated text defines block() after it.

   A block is up to LANES atoms of one species. */
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace potentia {

/* The gradients in slots `slot`, … of a list onto forces; sums: gradient (3) and virial (6) of the atom, masked. */
template <int l, int slot> inline void Work::scatter(int32_t i, int a, const V *sums) {
  constexpr int n = SLOTS[l];
  const List &list = lists[l];
  double *own = forces + 3 * int64_t(i);
  for (int s = 0; s < NS; ++s) {
    const int64_t first = list.begin[a][s], end = first + list.count[a][s];
    for (int64_t k = first; k < end; ++k) {
      const real *g = list.numbers + place<n>(k) + slot * LANES;
      double *f = forces + 3 * int64_t(list.j[k]);
      f[0] -= g[0], f[1] -= g[LANES], f[2] -= g[2 * LANES];
    }
    if (virial_half || virial_neighbour)
      for (int64_t k = first; k < end; ++k) {
        const real *d = list.numbers + place<n>(k), *g = d + slot * LANES;
        for (int p = 0; p < 3; ++p)
          for (int q = 0; q < 3; ++q) {
            const double w = double(d[p * LANES]) * g[q * LANES];
            const int64_t j = list.j[k];
            if (virial_half) virial_half[9 * int64_t(i) + 3 * p + q] += 0.5 * w, virial_half[9 * j + 3 * p + q] += 0.5 * w;
            if (virial_neighbour) virial_neighbour[9 * j + 3 * p + q] += w;
          }
      }
  }
  for (int q = 0; q < 3; ++q) own[q] += sum(sums[q]);
  for (int q = 0; q < 6; ++q) virial[q] += sum(sums[3 + q]);
}

/* Σ_k a_p(k) b_q(k) over blocks of a list, for `rows` times `columns` of them at p0, q0. */
template <int slots, int columns_of_all, int rows, int columns>
static inline void tile(const real *first, const real *end, const int *a, const int *b, real *to) {
  V t[rows][columns] = {};
  for (const real *at = first; at < end; at += LANES * slots) {
    V u[rows];
    for (int p = 0; p < rows; ++p) u[p] = load(at + a[p] * LANES);
    for (int q = 0; q < columns; ++q) {
      const V v = load(at + b[q] * LANES);
      for (int p = 0; p < rows; ++p) t[p][q] += u[p] * v;
    }
  }
  for (int p = 0; p < rows; ++p)
    for (int q = 0; q < columns; ++q) to[(p * columns_of_all + q) * LANES] = real(sum(t[p][q]));
}

template <int slots, int all, int rows>
static inline void tiles(const real *first, const real *end, const int *a, const int *b, real *to) {
  constexpr int width = rows >= 4 ? 2 : rows >= 3 ? 3 : 4, rest = all % width;
  int q = 0;
  for (; q + width <= all; q += width) tile<slots, all, rows, width>(first, end, a, b + q, to + q * LANES);
  if constexpr (rest > 0) tile<slots, all, rows, rest>(first, end, a, b + q, to + q * LANES);
}

/* Sums over the neighbours of atom a of all products of numbers in `rows` and `columns`; the former are masked. */
template <int slots, int NA, int NB>
static inline void add_products(const List &list, int a, const int *rows, const int *columns, real *S) {
  constexpr int height = 5, rest = NA % height;
  const real *first = list.numbers + list.begin[a][0] * slots, *end = list.numbers + list.begin[a][NS] * slots;
  int p = 0;
  for (; p + height <= NA; p += height) tiles<slots, NB, height>(first, end, rows + p, columns, S + int64_t(p) * NB * LANES + a);
  if constexpr (rest > 0) tiles<slots, NB, rest>(first, end, rows + p, columns, S + int64_t(p) * NB * LANES + a);
}

static void block(Work &w, int si, const int32_t *centre, int m);

struct Block {
  int64_t first;
  int32_t n, species;
};

/* Centres in blocks of one species each, in the order in which they are. */
static inline void arrange(const potentia_atoms &at, std::vector<int32_t> &order, std::vector<Block> &blocks, int64_t &most) {
  int64_t start[NS + 1] = {};
  for (int64_t c = 0; c < at.n_centres; ++c) {
    const int32_t i = at.centres ? at.centres[c] : int32_t(c), s = at.species[i];
    if (s < 0) continue;
    ++start[s + 1];
    const int64_t count = at.rows ? at.counts[i] : at.first[i + 1] - at.first[i];
    if (count > most) most = count;
  }
  for (int s = 0; s < NS; ++s) start[s + 1] += start[s];
  order.resize(start[NS]);
  int64_t next[NS];
  for (int s = 0; s < NS; ++s) next[s] = start[s];
  for (int64_t c = 0; c < at.n_centres; ++c) {
    const int32_t i = at.centres ? at.centres[c] : int32_t(c), s = at.species[i];
    if (s >= 0) order[next[s]++] = i;
  }
  for (int s = 0; s < NS; ++s)
    for (int64_t c = start[s]; c < start[s + 1]; c += LANES)
      blocks.push_back({c, int32_t(start[s + 1] - c < LANES ? start[s + 1] - c : LANES), s});
}

/* Whether there is a single species, and all atoms are seen. */
static inline bool in_order(const potentia_atoms &at) {
  bool all_seen = NS == 1;
  for (int64_t i = 0; i < at.n_atoms; ++i) all_seen &= at.species[i] >= 0;
  return all_seen;
}

static inline int compute(const potentia_atoms &at, potentia_results &out, int threads) {
  std::vector<int32_t> order;
  std::vector<Block> blocks;
  int64_t most = 0;
  arrange(at, order, blocks, most);
  std::vector<real> C(at.constants, at.constants + CONSTANTS);
  out.energy = 0;
  for (double &v : out.virial) v = 0;
#ifdef _OPENMP
  if (threads > int64_t(blocks.size())) threads = blocks.size() ? int(blocks.size()) : 1;
#else
  threads = 1;
#endif
  if (threads < 1) threads = 1;
  std::vector<Work> works(threads);
  /* results of all threads but the first go to memory of their own, and are added in order */
  double *const own[] = {out.forces, out.virial_half, out.virial_neighbour};
  const int widths[] = {3, 9, 9};
  std::vector<std::vector<double>> more(3 * threads);
  for (int t = 0; t < threads; ++t) {
    double *to[3];
    for (int p = 0; p < 3; ++p) {
      to[p] = own[p];
      if (t && own[p]) {
        more[3 * t + p].resize(widths[p] * at.n_atoms);
        to[p] = more[3 * t + p].data();
      }
    }
    Work &w = works[t];
    w.atoms = &at, w.C = C.data(), w.site_energy = out.site_energy, w.in_order = in_order(at);
    w.forces = to[0], w.virial_half = to[1], w.virial_neighbour = to[2];
    w.reserve(most);
  }
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) if (threads > 1)
#endif
  {
#ifdef _OPENMP
    const int t = omp_get_thread_num(), n = omp_get_num_threads();
#else
    const int t = 0, n = 1;
#endif
    const int64_t first = blocks.size() * t / n, end = blocks.size() * (t + 1) / n;
    for (int64_t b = first; b < end; ++b) block(works[t], blocks[b].species, order.data() + blocks[b].first, blocks[b].n);
  }
  static const int at_place[9] = {0, 3, 4, 3, 1, 5, 4, 5, 2};
  for (int t = 0; t < threads; ++t) {
    out.energy += works[t].energy;
    for (int q = 0; q < 9; ++q) out.virial[q] += works[t].virial[at_place[q]];
    for (int p = 0; p < 3; ++p)
      for (size_t k = 0; k < more[3 * t + p].size(); ++k) own[p][k] += more[3 * t + p][k];
  }
  return 0;
}

}  // namespace potentia

extern "C" int potentia_compute(const potentia_atoms *atoms, potentia_results *results, int threads) {
  try {
    return potentia::compute(*atoms, *results, threads);
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
