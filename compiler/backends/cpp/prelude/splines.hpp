/* Cubics through knots: n values and slopes in turn, at x = 0, 1, 2, …, and straight beyond both ends. */
namespace potentia {

/* The derivative of this order at each lane. NaN in, NaN out. */
template <int order> POTENTIA_INLINE V interpolate(V x, const real *knots, int n) {
  const V inside = min(max(x, V{}), broadcast(real(n - 1)));
  V u, v, s, w, t;
  for (int i = 0; i < LANES; i++) {
    const int first = inside[i] < real(n - 2) ? int(inside[i]) : n - 2; /* of NaN the last */
    const real *const at = knots + 2 * first;
    u[i] = inside[i] - real(first), v[i] = at[0], s[i] = at[1], w[i] = at[2], t[i] = at[3];
  }
  const V d = w - v, a = 3 * d - 2 * s - t, b = s + t - 2 * d;
  if constexpr (order == 0) return ((b * u + a) * u + s) * u + v + (x - inside) * ((3 * b * u + 2 * a) * u + s);
  else if constexpr (order == 1) return (3 * b * u + 2 * a) * u + s;
  else return select(x == inside, order == 2 ? 6 * b * u + 2 * a : 6 * b, x - x);
}

/* The adjoint: weight times that of each of the four numbers about x; a lane of `to` for each lane. */
template <int order> inline void add_to_knots(real *to, M valid, V weight, V x, int n) {
  const V inside = min(max(x, V{}), broadcast(real(n - 1)));
  for (int i = 0; i < LANES; i++) {
    if (!valid[i]) continue;
    const int first = inside[i] < real(n - 2) ? int(inside[i]) : n - 2;
    const real u = inside[i] - real(first), beyond = x[i] - inside[i], near = beyond == 0 ? 1 : beyond - beyond;
    const real slopes[] = {6 * u * (u - 1), (u - 1) * (3 * u - 1), 6 * u * (1 - u), u * (3 * u - 2)};
    const real values[] = {(1 + 2 * u) * (1 - u) * (1 - u), u * (1 - u) * (1 - u), u * u * (3 - 2 * u), u * u * (u - 1)};
    const real bends[] = {12 * u - 6, 6 * u - 4, 6 - 12 * u, 6 * u - 2}, last[] = {12, 6, -12, 6};
    for (int k = 0; k < 4; k++) {
      const real w = order == 0   ? values[k] + beyond * slopes[k]
                     : order == 1 ? slopes[k]
                                    : near * (order == 2 ? bends[k] : last[k]);
      to[(2 * first + k) * LANES + i] += weight[i] * w;
    }
  }
}

}  // namespace potentia
