/* Neighbours of atoms, packed. Before it: NS (species), NLISTS, CUTOFFS (in ascending order), SLOTS, SLOPES
   and SITE_SLOTS.

   Neighbours of an atom lie by species; each group is filled up to whole vectors with copies of its last one,
   which masks leave out of sums. A list holds numbers of its neighbours a vector at a time: slot q of
   neighbours k … k + LANES − 1 is at numbers[k·SLOTS + q·LANES], and the slots 0, 1, 2 are the way from the
   atom to the neighbour. */
#include <cstdlib>
#include <cstring>
#include <new>

namespace potentia {

/* Memory that begins at a multiple of 64 bytes. (The header of unique_ptr takes longer to compile than this.) */
template <class T> class Aligned {
 public:
  Aligned() = default;
  explicit Aligned(size_t n) : p_(static_cast<T *>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64 + 64))) {
    if (!p_) throw std::bad_alloc();
  }
  Aligned(Aligned &&other) noexcept : p_(other.p_) { other.p_ = nullptr; }
  Aligned &operator=(Aligned &&other) noexcept {
    T *const mine = p_;
    p_ = other.p_, other.p_ = mine;
    return *this;
  }
  ~Aligned() { std::free(p_); }
  T *get() const { return p_; }
  T &operator[](int64_t k) const { return p_[k]; }

 private:
  T *p_ = nullptr;
};

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
  real *slopes; /* rows of `pitch` numbers, one of each neighbour: `sparse.hpp` */
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

/* Ways to neighbours, their squares and indices, one after another. */
struct Ways {
  double *x, *y, *z, *r2;
  int32_t *j;

  void put(int64_t m, const Ways &from, int64_t k) const {
    x[m] = from.x[k], y[m] = from.y[k], z[m] = from.z[k], j[m] = from.j[k];
    if (NLISTS > 1) r2[m] = from.r2[k];
  }
};

/* Sets of parameters in one call: `sets.hpp`. */
struct Sets {
  int64_t n;
  const int64_t *first; /* (n + 1): where the constants begin in which each set differs from the base */
  const int32_t *places;
  const double *values;
  double *numbers; /* energy and virial (7) of each */
  real *constants; /* those of the set that is worked out */
};

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
  Aligned<double> ways;
  Ways near;               /* of one atom, all that the longest cutoff holds, in the order of its list */
  Aligned<int32_t> order;  /* places in `near`, by species: those that are in the next list */
  int64_t n_near[NS];
  int64_t room;
  int64_t pitch; /* an odd number of vectors, so that rows do not lie on one another in the cache */
  const Sets *sets = nullptr; /* of the parameters that vary; null where there is one alone */
  const double *motion, *strain; /* along which positions move, (n_atoms, 3) and (3, 3): `gradient.hpp` */
  real *G;                       /* adjoints of tables, LANES parts of each number */
  bool in_order; /* a single species, and all atoms are seen: the longest list is `near` as it is */

  void reserve(int64_t most) {
    room = whole(most) + (LANES < 4 ? 4 : LANES); /* and a vector more */
    const int64_t size = LANES * (room + int64_t(NS) * LANES);
    int64_t total = int64_t(SITE_SLOTS + 1) * LANES;
    pitch = (size / LANES | 1) * LANES;
    for (int l = 0; l < NLISTS; ++l) total += size * SLOTS[l] + pitch * SLOPES[l];
    memory = Aligned<real>(total);
    indices = Aligned<int32_t>(size * (NLISTS + 1));
    ways = Aligned<double>(4 * room);
    order = Aligned<int32_t>(room * NS);
    near = {ways.get(), ways.get() + room, ways.get() + 2 * room, ways.get() + 3 * room, indices.get() + size * NLISTS};
    S = memory.get();
    std::memset(S, 0, sizeof(real) * (SITE_SLOTS + 1) * LANES);
    real *next = S + int64_t(SITE_SLOTS + 1) * LANES;
    for (int l = 0; l < NLISTS; ++l) {
      lists[l].numbers = next;
      lists[l].j = indices.get() + l * size;
      next += size * SLOTS[l];
      lists[l].slopes = next;
      next += pitch * SLOPES[l];
    }
  }

  void pack(int32_t i, int a);
  template <bool shifted> int64_t gather(const int32_t *js, int64_t count, int32_t i) const;
  void sort(int64_t count);
  template <class F> void for_each_set(F work);
  template <int l> void take(int a);
  template <int l> void move(int32_t i, int a);
  template <int l, int slot> void scatter(int32_t i, int a, const V *sums);
};

#if defined(__AVX2__) && !defined(__clang__)
typedef double Four __attribute__((vector_size(32)));
typedef int32_t Eight __attribute__((vector_size(32)));
typedef int32_t FourInts __attribute__((vector_size(16)));

/* For each choice among four things, the order that has those chosen first: halves of doubles, and integers. */
struct Orders {
  alignas(32) int32_t halves[16][8] = {};
  alignas(16) int32_t ints[16][4] = {};
  int32_t count[16] = {};

  constexpr Orders() {
    for (int chosen = 0; chosen < 16; ++chosen)
      for (int k = 0; k < 4; ++k)
        if (chosen >> k & 1) {
          const int m = count[chosen]++;
          ints[chosen][m] = k, halves[chosen][2 * m] = 2 * k, halves[chosen][2 * m + 1] = 2 * k + 1;
        }
  }
};
static constexpr Orders ORDERS;

static POTENTIA_INLINE void put_first(double *to, Four x, Eight order) {
  const Eight moved = __builtin_shuffle(reinterpret_cast<Eight>(x), order);
  std::memcpy(to, &moved, sizeof moved);
}
#endif

/* The neighbours of atom i within the longest cutoff to `near`, and their number. */
template <bool shifted> inline int64_t Work::gather(const int32_t *js, int64_t count, int32_t i) const {
  const potentia_atoms &at = *atoms;
  const Ways &to = near;
  const double *const own = at.positions + 3 * int64_t(i), most = LONGEST * LONGEST;
  const double xi = own[0], yi = own[1], zi = own[2];
  int64_t m = 0, k = 0;
#if defined(__AVX2__) && !defined(__clang__)
  for (; k + 4 <= count; k += 4) {
    FourInts j;
    std::memcpy(&j, js + k, sizeof j);
    const FourInts index = j & at.mask;
    const double *const p[4] = {at.positions + 3 * int64_t(index[0]), at.positions + 3 * int64_t(index[1]),
                                at.positions + 3 * int64_t(index[2]), at.positions + 3 * int64_t(index[3])};
    Four x = Four{p[0][0], p[1][0], p[2][0], p[3][0]} - xi, y = Four{p[0][1], p[1][1], p[2][1], p[3][1]} - yi,
         z = Four{p[0][2], p[1][2], p[2][2], p[3][2]} - zi;
    if (shifted) {
      const FourInts image = 3 * (j >> at.image);
      const double *const s[4] = {at.shifts + image[0], at.shifts + image[1], at.shifts + image[2], at.shifts + image[3]};
      x += Four{s[0][0], s[1][0], s[2][0], s[3][0]}, y += Four{s[0][1], s[1][1], s[2][1], s[3][1]};
      z += Four{s[0][2], s[1][2], s[2][2], s[3][2]};
    }
    const Four r2 = x * x + y * y + z * z;
    const int near = __builtin_ia32_movmskpd256(reinterpret_cast<Four>(!(r2 >= most)));
    Eight order;
    FourInts of_ints;
    std::memcpy(&order, ORDERS.halves[near], sizeof order), std::memcpy(&of_ints, ORDERS.ints[near], sizeof of_ints);
    put_first(to.x + m, x, order), put_first(to.y + m, y, order), put_first(to.z + m, z, order);
    if (NLISTS > 1) put_first(to.r2 + m, r2, order);
    const FourInts moved = __builtin_shuffle(index, of_ints);
    std::memcpy(to.j + m, &moved, sizeof moved);
    m += ORDERS.count[near];
  }
#endif
  for (; k < count; ++k) {
    const int32_t j = js[k] & at.mask;
    const double *other = at.positions + 3 * int64_t(j);
    double dx = other[0] - xi, dy = other[1] - yi, dz = other[2] - zi;
    if (shifted) {
      const double *shift = at.shifts + 3 * int64_t(js[k] >> at.image);
      dx += shift[0], dy += shift[1], dz += shift[2];
    }
    const double r2 = dx * dx + dy * dy + dz * dz;
    to.x[m] = dx, to.y[m] = dy, to.z[m] = dz, to.j[m] = j;
    if (NLISTS > 1) to.r2[m] = r2;
    m += !(r2 >= most);
  }
  return m;
}

/* Places in `near`, by species. */
inline void Work::sort(int64_t count) {
  if (in_order) {
    n_near[0] = count;
    if (NLISTS > 1)
      for (int64_t k = 0; k < count; ++k) order[k] = int32_t(k);
    for (int w = 0; count && w < LANES; ++w) near.put(count + w, near, count - 1);
    return;
  }
  int64_t m[NS] = {};
  for (int64_t k = 0; k < count; ++k) {
    const int32_t kind = atoms->species[near.j[k]], s = kind < 0 ? 0 : kind;
    order[room * s + m[s]] = int32_t(k);
    m[s] += kind >= 0;
  }
  for (int s = 0; s < NS; ++s) n_near[s] = m[s];
}

/* The ways of a list, out of those that are left in `order`; shorter lists come after longer ones. */
template <int l> inline void Work::take(int a) {
  constexpr int n = SLOTS[l];
  constexpr bool longest = l == NLISTS - 1;
  List &list = lists[l];
  const double most = CUTOFFS[l] * CUTOFFS[l];
  const Ways &from = near;
  int64_t k = a ? list.begin[a - 1][NS] : 0;
  for (int s = 0; s < NS; ++s) {
    int32_t *const at = order.get() + room * s;
    int64_t m = n_near[s];
    if (!longest) {
      int64_t kept = 0;
      for (int64_t p = 0; p < m; ++p) {
        const int32_t q = at[p];
        at[kept] = q;
        kept += !(from.r2[q] >= most);
      }
      m = n_near[s] = kept;
    }
    list.begin[a][s] = k, list.count[a][s] = m;
    if (m && !(longest && in_order))
      for (int w = 0; w < LANES; ++w) at[m + w] = at[m - 1];
    for (int64_t p = 0; p < m; p += LANES, k += LANES) {
      real *const to = list.numbers + k * n;
      int32_t *const j = list.j + k;
      if (longest && in_order)
        for (int w = 0; w < LANES; ++w)
          to[w] = real(from.x[p + w]), to[LANES + w] = real(from.y[p + w]), to[2 * LANES + w] = real(from.z[p + w]),
          j[w] = from.j[p + w];
      else
        for (int w = 0; w < LANES; ++w) {
          const int32_t q = at[p + w];
          to[w] = real(from.x[q]), to[LANES + w] = real(from.y[q]), to[2 * LANES + w] = real(from.z[q]);
          j[w] = from.j[q];
        }
    }
  }
  list.begin[a][NS] = k;
}

template <int l> struct Each {
  static void take(Work &w, int a) {
    w.take<l - 1>(a);
    Each<l - 1>::take(w, a);
  }
};
template <> struct Each<0> {
  static void take(Work &, int) {}
};

inline void Work::pack(int32_t i, int a) {
  if (NLISTS == 0) return;
  const potentia_atoms &at = *atoms;
  const int32_t *js;
  int64_t count;
  if (at.rows) {
    js = at.rows[i], count = at.counts[i];
  } else {
    js = at.neighbours + at.first[i], count = at.first[i + 1] - at.first[i];
  }
  sort(at.shifts ? gather<true>(js, count, i) : gather<false>(js, count, i));
  Each<NLISTS>::take(*this, a);
}

}  // namespace potentia
