/* Harmonics in four dimensions and couplings of three of their degrees; `ir/triads.py` has the numbers and their
   order: matrices U_qp of degree n, of which number k is √2 Re U_k and number k' √2 Im U_k, k' the mirrored place. */
namespace potentia {

/* Degrees, and the symbols t_qr of them, the last fastest. */
struct Triad {
  int a, b, c;
  const real *t;
};

/* Where degree n begins in a row. */
constexpr int degree_at(int n) { return n * (n + 1) * (2 * n + 1) / 6; }

constexpr real HALF_ROOT = real(0.70710678118654752440), ROOT_TWO = real(1.41421356237309504880);

/* sqrt(p/q) */
struct Roots {
  real of[16][16];
  Roots() {
    for (int p = 0; p < 16; p++)
      for (int q = 1; q < 16; q++) of[p][q] = real(__builtin_sqrt(double(p) / q));
  }
};
inline const Roots roots;

/* The other half of a matrix, from the places before the middle. */
inline void mirror(V *re, V *im, int n) {
  const int last = (n + 1) * (n + 1) - 1;
  for (int q = 0, k = 0; 2 * k < last; q++)
    for (int p = 0; p <= n && 2 * k < last; p++, k++) {
      re[last - k] = (q + p) % 2 ? -re[k] : re[k];
      im[last - k] = (q + p) % 2 ? im[k] : -im[k];
    }
}

/* The matrices of degrees 0…top, one after the other, from their numbers. */
inline void elements(const V *x, int top, V *re, V *im) {
  for (int n = 0; n <= top; n++) {
    const int first = degree_at(n), last = degree_at(n + 1) - 1;
    int k = first, m = last;
    for (; k < m; k++, m--) re[k] = HALF_ROOT * x[k], im[k] = HALF_ROOT * x[m];
    if (k == m) re[k] = x[k], im[k] = V{};
    mirror(re + first, im + first, n);
  }
}

/* Degrees 0…top at the point (c, (x, y, z)), a = c - iz, b = y - ix:
   U_qp = sqrt((n - p)/(n - q)) a* U_qp + sqrt(p/(n - q)) (-b*) U_q(p-1) of degree n - 1. */
template <int top> inline void hyperharmonics(V c, V x, V y, V z, V *out) {
  constexpr int most = (top + 1) * (top + 1);
  V re[most], im[most], r[most], i[most];
  re[0] = broadcast(1), im[0] = V{}, out[0] = re[0];
  for (int n = 1; n <= top; n++) {
    for (int k = 0; k < n * n; k++) r[k] = re[k], i[k] = im[k];
    for (int q = 0; 2 * q <= n; q++)
      for (int p = 0; p <= n; p++) {
        V u{}, v{};
        const real one = roots.of[n - p][n - q], other = roots.of[p][n - q];
        if (p < n) {
          const int k = q * n + p;
          u = one * (c * r[k] - z * i[k]), v = one * (c * i[k] + z * r[k]);
        }
        if (p > 0) {
          const int k = q * n + p - 1;
          u += other * (x * i[k] - y * r[k]), v -= other * (y * i[k] + x * r[k]);
        }
        re[q * (n + 1) + p] = u, im[q * (n + 1) + p] = v;
      }
    mirror(re, im, n);
    V *const to = out + degree_at(n);
    int k = 0, m = (n + 1) * (n + 1) - 1;
    for (; k < m; k++, m--) to[k] = ROOT_TWO * re[k], to[m] = ROOT_TWO * im[k];
    if (k == m) to[k] = re[k];
  }
}

/* The element (m, n) of the product of two matrices, Σ t_qr t_ps X_qp Y_rs over q + r = m + s and p + s = n + s. */
POTENTIA_INLINE void coupled(const Triad &d, const V *xr, const V *xi, const V *yr, const V *yi, int m, int n, V &re, V &im) {
  const int shift = (d.a + d.b - d.c) / 2, rows = m + shift, columns = n + shift;
  const int q0 = rows > d.b ? rows - d.b : 0, q1 = rows < d.a ? rows : d.a;
  const int p0 = columns > d.b ? columns - d.b : 0, p1 = columns < d.a ? columns : d.a;
  re = im = V{};
  for (int q = q0; q <= q1; q++) {
    const int r = rows - q;
    const V *const ur = xr + q * (d.a + 1), *const ui = xi + q * (d.a + 1);
    const V *const vr = yr + r * (d.b + 1) + columns, *const vi = yi + r * (d.b + 1) + columns;
    const real *const t = d.t + columns;
    V rr{}, ii{}, ri{}, ir{};
    for (int p = p0; p <= p1; p++) {
      const V u = t[p * d.b] * ur[p], v = t[p * d.b] * ui[p]; /* t_p(columns - p) */
      rr += u * vr[-p], ii += v * vi[-p], ri += u * vi[-p], ir += v * vr[-p];
    }
    const real outer = d.t[q * (d.b + 1) + r];
    re += outer * (rr - ii), im += outer * (ri + ir);
  }
}

/* T(x_a, y_b, z_c) for each triad. X, Y: the highest degrees of x and y. */
template <int X, int Y> inline void triads(const Triad *list, int count, const V *x, const V *y, const V *z, V *out) {
  V xr[degree_at(X + 1)], xi[degree_at(X + 1)], yr[degree_at(Y + 1)], yi[degree_at(Y + 1)];
  elements(x, X, xr, xi), elements(y, Y, yr, yi);
  for (int e = 0; e < count; e++) {
    const Triad d = list[e];
    const int a = degree_at(d.a), b = degree_at(d.b), last = (d.c + 1) * (d.c + 1) - 1;
    const V *const with = z + degree_at(d.c);
    V total{}, re, im;
    for (int k = 0; 2 * k < last; k++) {
      coupled(d, xr + a, xi + a, yr + b, yi + b, k / (d.c + 1), k % (d.c + 1), re, im);
      total += ROOT_TWO * (re * with[k] + im * with[last - k]);
    }
    if (last % 2 == 0) {
      coupled(d, xr + a, xi + a, yr + b, yi + b, d.c / 2, d.c / 2, re, im);
      total += re * with[last / 2];
    }
    out[e] = total;
  }
}

/* Σ w T(x_a, y_b, ·) over triads, as a row of degrees 0…top. */
template <int X, int Y, int top>
inline void couple(const Triad *list, int count, const V *w, const V *x, const V *y, V *out) {
  V xr[degree_at(X + 1)], xi[degree_at(X + 1)], yr[degree_at(Y + 1)], yi[degree_at(Y + 1)];
  elements(x, X, xr, xi), elements(y, Y, yr, yi);
  for (int k = 0; k < degree_at(top + 1); k++) out[k] = V{};
  for (int e = 0; e < count; e++) {
    const Triad d = list[e];
    const int a = degree_at(d.a), b = degree_at(d.b), last = (d.c + 1) * (d.c + 1) - 1;
    V *const to = out + degree_at(d.c);
    const V weight = ROOT_TWO * w[e];
    V re, im;
    for (int k = 0; 2 * k < last; k++) {
      coupled(d, xr + a, xi + a, yr + b, yi + b, k / (d.c + 1), k % (d.c + 1), re, im);
      to[k] += weight * re, to[last - k] += weight * im;
    }
    if (last % 2 == 0) {
      coupled(d, xr + a, xi + a, yr + b, yi + b, d.c / 2, d.c / 2, re, im);
      to[last / 2] += w[e] * re;
    }
  }
}

}  // namespace potentia
