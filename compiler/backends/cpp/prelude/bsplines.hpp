/* Sums of cubic B-splines of one or several values: of each value four functions count. */
namespace potentia {

/* m functions on knots t: of each interval and each of its four functions the coefficients of x − t[k]. */
struct Knots {
  int m;
  const real *t, *p;
};

/* Of each lane the interval k, the first function that counts, and x within it and beyond all knots. */
struct Place {
  int k[LANES], first[LANES];
  V u, beyond;
};

struct Weights {
  V w[4];
};

/* Of NaN the first interval. */
POTENTIA_INLINE Place place(const Knots &s, V x) {
  const V inside = min(max(x, broadcast(s.t[0])), broadcast(s.t[s.m]));
  V number = {}, before;
  for (int i = 1; i < s.m; i++) number += step(inside - broadcast(s.t[i]));
  Place at;
  for (int i = 0; i < LANES; i++) {
    at.k[i] = int(number[i]);
    at.first[i] = at.k[i] < s.m - 4 ? at.k[i] : s.m - 4;
    before[i] = s.t[at.k[i]];
  }
  at.u = inside - before, at.beyond = x - inside;
  return at;
}

/* The derivatives of the four functions. NaN in, NaN out. */
template <int order> POTENTIA_INLINE Weights weights(const Knots &s, const Place &at) {
  Weights found;
  for (int f = 0; f < 4; f++) {
    V a[4];
    for (int n = 0; n < 4; n++)
      for (int i = 0; i < LANES; i++) a[n][i] = s.p[(at.k[i] * 4 + f) * 4 + n];
    const V u = at.u, slope = (3 * a[3] * u + 2 * a[2]) * u + a[1];
    if constexpr (order == 0) found.w[f] = ((a[3] * u + a[2]) * u + a[1]) * u + a[0] + at.beyond * slope;
    else if constexpr (order == 1) found.w[f] = slope;
    else {
      const V bend = order == 2 ? 6 * a[3] * u + 2 * a[2] : 6 * a[3];
      found.w[f] = select(at.beyond == V{}, bend, at.beyond - at.beyond);
    }
  }
  return found;
}

/* Of D values: functions of each, places, derivatives of the four functions. */
template <int D> using Sizes = const int (&)[D];
template <int D> using Places = const Place *const (&)[D];
template <int D> using AllWeights = const Weights *const (&)[D];

/* The coefficients that count, those of the last value fastest. */
template <int D> struct Near {
  V c[1 << (2 * D)];
};

/* Where the coefficient q of those that count is after the first of them. */
template <int D> POTENTIA_INLINE int offset(Sizes<D> m, int q) {
  int at = 0;
  for (int d = 0; d < D; d++) at = at * m[d] + (q >> (2 * (D - 1 - d)) & 3);
  return at;
}

template <int D> POTENTIA_INLINE int first_of(Sizes<D> m, Places<D> at, int lane) {
  int first = 0;
  for (int d = 0; d < D; d++) first = first * m[d] + at[d]->first[lane];
  return first;
}

template <int D> POTENTIA_INLINE Near<D> near(const real *c, Sizes<D> m, Places<D> at) {
  Near<D> found;
  const real *own[LANES];
  for (int i = 0; i < LANES; i++) own[i] = c + first_of<D>(m, at, i);
  for (int q = 0; q < 1 << (2 * D); q++) {
    V x; /* a lane after another in a register: memory would be read before it is written whole */
    for (int i = 0; i < LANES; i++) x[i] = own[i][offset<D>(m, q)];
    found.c[q] = x;
  }
  return found;
}

/* Coefficients summed over the functions of their first value, which is the same in all lanes. */
template <int order> inline void sum_first(real *to, const real *c, int rest, const Knots &s, real x) {
  const Place at = place(s, broadcast(x));
  const Weights four = weights<order>(s, at);
  const real a = four.w[0][0], b = four.w[1][0], d = four.w[2][0], e = four.w[3][0];
  const real *const own = c + at.first[0] * rest;
  for (int n = 0; n < rest; n++)
    to[n] = (a * own[n] + b * own[n + rest]) + (d * own[n + 2 * rest] + e * own[n + 3 * rest]);
}

template <int D> POTENTIA_INLINE V bspline(const Near<D> &near, AllWeights<D> w) {
  V total[1 << (2 * D)];
  for (int q = 0; q < 1 << (2 * D); q++) total[q] = near.c[q];
  for (int d = D - 1; d >= 0; d--)
    for (int q = 0; q < 1 << (2 * d); q++) {
      const V *const c = total + 4 * q, *const f = w[d]->w;
      total[q] = (c[0] * f[0] + c[1] * f[1]) + (c[2] * f[2] + c[3] * f[3]);
    }
  return total[0];
}

/* The adjoint: weight times that of each coefficient that counts; a lane of `to` for each lane. */
template <int D>
inline void add_to_bspline(real *to, M valid, V weight, Sizes<D> m, Places<D> at, AllWeights<D> w) {
  for (int q = 0; q < 1 << (2 * D); q++) {
    V own = weight;
    for (int d = 0; d < D; d++) own *= w[d]->w[q >> (2 * (D - 1 - d)) & 3];
    for (int i = 0; i < LANES; i++)
      if (valid[i]) to[(first_of<D>(m, at, i) + offset<D>(m, q)) * LANES + i] += own[i];
  }
}

}  // namespace potentia
