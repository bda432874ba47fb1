/* Lists of neighbours, and the loop over blocks of atoms. Before it: NS (species), NLISTS, CUTOFFS, SLOTS and
   block(), which generated text defines after it.

   A block is up to LANES atoms of one species. Neighbours of an atom lie by species; each group is filled up
   to whole vectors with copies of its last one, which masks leave out of sums. A list holds numbers of its
   neighbours a vector at a time: slot q of neighbours k … k + LANES − 1 is at numbers[k·SLOTS + q·LANES], and
   the slots 0, 1, 2 are the way from the atom to the neighbour. */
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace potentia {

struct Free {
  void operator()(void *p) const { std::free(p); }
};
template <class T> using Aligned = std::unique_ptr<T[], Free>;

template <class T> static Aligned<T> aligned(size_t n) {
  void *p = std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64 + 64);
  if (!p) throw std::bad_alloc();
  return Aligned<T>(static_cast<T *>(p));
}

alignas(BYTES) static const real COUNTS[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The first n lanes, all of them where n ≥ LANES. */
static inline M lanes_below(int64_t n) { return load(COUNTS) < broadcast(real(n < LANES ? n : LANES)); }

/* All lanes but the n-th, where there is one. */
static inline M lanes_but(int64_t n) { return load(COUNTS) != broadcast(real(n >= 0 && n < LANES ? n : -1)); }

static inline V masked(M valid, V x) { return select(valid, x, V{}); }

/* Of arguments in [0, π]. */
static inline V sin_pi(V x) {
  V s, c;
  sincos_pi(x, s, c);
  return s;
}

static inline V cos_pi(V x) {
  V s, c;
  sincos_pi(x, s, c);
  return c;
}

/* x^(−1/2), 0 at 0. */
static inline V inverse_root(V x, V root) { return select(x == V{}, V{}, real(1) / root); }

/* A whole number of vectors. */
static inline int64_t whole(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

struct List {
  int64_t begin[LANES][NS + 1]; /* of each atom: where the group of each species starts; at its end, where all end */
  int64_t count[LANES][NS];
  real *numbers;
  int32_t *j;
};

/* Numbers of neighbour k of a list. */
template <int slots> static inline int64_t place(int64_t k) { return k / LANES * LANES * slots + k % LANES; }

/* The instruction sets that this file was compiled for. */
static const char *const ISA =
#if defined(__AVX512F__)
    "avx512f "
#endif
#if defined(__AVX2__)
    "avx2 "
#endif
#if defined(__AVX__)
    "avx "
#endif
#if defined(__FMA__)
    "fma "
#endif
    "";

/* What a thread works with. */
struct Work {
  const potentia_atoms *atoms;
  const real *C;
  double *forces, *site_energy, *virial_half, *virial_neighbour;
  double energy = 0, virial[6] = {};
  List lists[NLISTS + 1];
  real *S; /* of the atoms of a block: number q of atom a at S[q·LANES + a] */
  Aligned<real> memory;
  Aligned<int32_t> indices;
  Aligned<double> near; /* of one atom, by species, all that the longest cutoff holds: x, y, z, r² */
  Aligned<int32_t> near_j;
  int64_t n_near[NS];
  int64_t room;
  bool all_seen; /* no atom has a negative species */

  void reserve(int64_t most) {
    room = whole(most) + LANES;
    const int64_t size = LANES * (room + int64_t(NS) * LANES);
    int64_t total = int64_t(SITE_SLOTS + 1) * LANES;
    for (int l = 0; l < NLISTS; ++l) total += size * SLOTS[l];
    memory = aligned<real>(total);
    indices = aligned<int32_t>(size * (NLISTS + 1));
    near = aligned<double>(4 * room * NS);
    near_j = aligned<int32_t>(room * NS);
    S = memory.get();
    std::memset(S, 0, sizeof(real) * (SITE_SLOTS + 1) * LANES);
    real *next = S + int64_t(SITE_SLOTS + 1) * LANES;
    for (int l = 0; l < NLISTS; ++l) {
      lists[l].numbers = next;
      lists[l].j = indices.get() + l * size;
      next += size * SLOTS[l];
    }
  }

  void pack(int32_t i, int a);
  template <bool one, bool shifted> void gather(const int32_t *js, int64_t count, int32_t i, const double *shift);
  template <int l> void take(int a);
  template <int l> void fill(int64_t k, int64_t end);
  template <int l, int slot> void scatter(int32_t i, int a, const V *sums);
};

/* Copies of neighbour end − 1 at the places end … k − 1, which fill up its last vector. */
template <int l> inline void Work::fill(int64_t k, int64_t end) {
  constexpr int n = SLOTS[l];
  real *numbers = lists[l].numbers;
  for (int q = 0; q < 3; ++q) {
    const real last = numbers[place<n>(end - 1) + q * LANES];
    for (int64_t p = end; p < k; ++p) numbers[place<n>(p) + q * LANES] = last;
  }
}

/* Those of a list, out of the ones that `gather` found. */
template <int l> inline void Work::take(int a) {
  constexpr int n = SLOTS[l];
  List &list = lists[l];
  const double most = CUTOFFS[l] * CUTOFFS[l];
  int64_t k = a ? list.begin[a - 1][NS] : 0;
  for (int s = 0; s < NS; ++s) {
    const double *x = near.get() + 4 * room * s, *y = x + room, *z = y + room, *r2 = z + room;
    const int32_t *js = near_j.get() + room * s;
    const int64_t m = n_near[s];
    list.begin[a][s] = k;
    int64_t end = k;
    if (l == NLISTS - 1) { /* the longest: all of them */
      for (int64_t p = 0; p < m; p += LANES) {
        real *to = list.numbers + (k + p) * n;
        for (int w = 0; w < LANES; ++w) to[w] = real(x[p + w]);
        for (int w = 0; w < LANES; ++w) to[LANES + w] = real(y[p + w]);
        for (int w = 0; w < LANES; ++w) to[2 * LANES + w] = real(z[p + w]);
        for (int w = 0; w < LANES; ++w) list.j[k + p + w] = js[p + w];
      }
      end += m;
    } else
      for (int64_t p = 0; p < m; ++p) {
        real *to = list.numbers + place<n>(end);
        to[0] = real(x[p]), to[LANES] = real(y[p]), to[2 * LANES] = real(z[p]);
        list.j[end] = js[p];
        end += !(r2[p] >= most);
      }
    list.count[a][s] = end - k;
    const int64_t next = whole(end);
    if (next > end) fill<l>(next, end);
    k = next;
  }
  list.begin[a][NS] = k;
}

template <int l> struct Each {
  static void take(Work &w, int a) {
    Each<l - 1>::take(w, a);
    w.take<l - 1>(a);
  }
};
template <> struct Each<0> {
  static void take(Work &, int) {}
};

/* The neighbours of atom i within the longest cutoff. one: a single species, and no atom that is unseen. */
template <bool one, bool shifted> inline void Work::gather(const int32_t *js, int64_t count, int32_t i, const double *shift) {
  const potentia_atoms &at = *atoms;
  double *const places = near.get();
  int32_t *const indices = near_j.get();
  const double *own = at.positions + 3 * int64_t(i);
  const double xi = own[0], yi = own[1], zi = own[2], most = LONGEST * LONGEST;
  const int32_t mask = at.mask;
  int64_t found[NS] = {};
  for (int64_t k = 0; k < count; ++k) {
    const int32_t j = js[k] & mask, kind = one ? 0 : at.species[j], s = one || kind < 0 ? 0 : kind;
    const double *other = at.positions + 3 * int64_t(j);
    double dx = other[0] - xi, dy = other[1] - yi, dz = other[2] - zi;
    if (shifted) dx += shift[3 * k], dy += shift[3 * k + 1], dz += shift[3 * k + 2];
    const double d2 = dx * dx + dy * dy + dz * dz;
    const int64_t m = found[s];
    double *to = places + 4 * room * s + m;
    to[0] = dx, to[room] = dy, to[2 * room] = dz;
    if (NLISTS > 1) to[3 * room] = d2;
    indices[room * s + m] = j;
    found[s] = m + ((one || kind >= 0) & !(d2 >= most));
  }
  for (int s = 0; s < NS; ++s) n_near[s] = found[s];
}

inline void Work::pack(int32_t i, int a) {
  if (NLISTS == 0) return;
  const potentia_atoms &at = *atoms;
  const int32_t *js;
  int64_t count, row = 0;
  if (at.rows) {
    js = at.rows[i], count = at.counts[i];
  } else {
    row = at.first[i], js = at.neighbours + row, count = at.first[i + 1] - row;
  }
  const double *shift = at.shifts ? at.shifts + 3 * row : nullptr;
  if (NS == 1 && all_seen)
    shift ? gather<true, true>(js, count, i, shift) : gather<true, false>(js, count, i, shift);
  else
    shift ? gather<false, true>(js, count, i, shift) : gather<false, false>(js, count, i, shift);
  Each<NLISTS>::take(*this, a);
}

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
  bool all_seen = true;
  for (int64_t i = 0; i < at.n_atoms; ++i) all_seen &= at.species[i] >= 0;
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
    w.atoms = &at, w.C = C.data(), w.site_energy = out.site_energy, w.all_seen = all_seen;
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
