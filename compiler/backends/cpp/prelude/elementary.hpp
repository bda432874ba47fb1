/* Elementary functions on vectors and scalars of simd.hpp, which goes before.

   Largest errors, in units in the last place: exp and log 1, sin and cos 1.5, sincos_pi 3.5, tanh 2.6; erfc 4,
   in float 6; power 2 for each unit of its logarithm.

   Polynomials are minimax ones, found by Remez's exchange in arithmetic of 50 digits, relative to the function;
   the second of each pair is for float. Products and sums may be contracted to FMA, and need not be. */
#include <limits>

namespace potentia {

/* --- parts ---------------------------------------------------------------------------------------------- */

constexpr real INF = std::numeric_limits<real>::infinity();
constexpr real QUIET_NAN = std::numeric_limits<real>::quiet_NaN();
constexpr int MANTISSA = WIDE ? 52 : 23;
constexpr int BIAS = WIDE ? 1023 : 127;
constexpr real MAGIC = real(WIDE ? 6755399441055744.0 : 12582912.0); /* 1.5·2^MANTISSA */

/* c0 + c1 t + c2 t² + … by fours: two products more than in one chain, and there sooner. */
template <int first, int n> POTENTIA_INLINE V fours(V t, V t2, V t4, const real (&c)[n]) {
  constexpr int left = n - first;
  if constexpr (left == 1) return broadcast(c[first]);
  else if constexpr (left == 2) return t * c[first + 1] + c[first];
  else if constexpr (left == 3) return t2 * c[first + 2] + (t * c[first + 1] + c[first]);
  else {
    V low = (t * c[first + 3] + c[first + 2]) * t2 + (t * c[first + 1] + c[first]);
    if constexpr (left == 4) return low;
    else return fours<first + 4>(t, t2, t4, c) * t4 + low;
  }
}
template <int n> POTENTIA_INLINE V by_fours(V t, const real (&c)[n]) {
  V t2 = t * t;
  return fours<0>(t, t2, t2 * t2, c);
}

/* The same with c0 added last and alone, which is half a place more exact. */
template <int n> POTENTIA_INLINE V first_and_fours(V t, const real (&c)[n]) {
  V t2 = t * t;
  return fours<1>(t, t2, t2 * t2, c) * t + c[0];
}

POTENTIA_INLINE V signs(V x) { return (V)((U)x & SIGN); }
POTENTIA_INLINE V flip(V x, V sign) { return (V)((U)x ^ (U)sign); }

/* --- exponential functions ------------------------------------------------------------------------------ */

constexpr real LN2_HIGH = real(WIDE ? 0x1.62e42fee00000p-1 : 0x1.62e000p-1);
constexpr real LN2_LOW = real(WIDE ? 0x1.a39ef35793c76p-33 : 0x1.0bfbe8p-15);
constexpr real LN2_INVERSE = real(1.4426950408889634);
constexpr real EXP_LEAST = real(WIDE ? -708.3964185322641 : -87.336545); /* smaller: below normal numbers */
constexpr real EXP_MOST = real(WIDE ? 709.782712893384 : 88.7228317); /* larger: infinite */

/* x + rest = n ln 2 + r, n = `shifted` - MAGIC, |r| < 0.347. */
struct Halvings {
  V shifted, r;
};
POTENTIA_INLINE Halvings halvings(V x, V rest) {
  V shifted = x * LN2_INVERSE + MAGIC, n = shifted - MAGIC;
  return {shifted, (x - n * LN2_HIGH) - (n * LN2_LOW - rest)};
}

/* (e^r - 1 - r)/r², |r| < 0.347. */
POTENTIA_INLINE V exp_tail(V r) {
  if constexpr (WIDE)
    return by_fours(r, {0.50000000000000111, 0.16666666666666408, 0.041666666666529413, 0.0083333333334970321,
                        0.001388888894387525, 0.00019841269501882905, 2.4801492804105352e-05,
                        2.7557589819333707e-06, 2.7630365831057473e-07, 2.4999201677636713e-08});
  else
    return by_fours(r, {0.49999993430335665, 0.16666520182479189, 0.041668392359123771, 0.0083687754841131647,
                        0.0013814510073218355});
}

/* e^(x + rest) for a rest that is small beside 1. */
POTENTIA_INLINE V exp_of_sum(V x, V rest) {
  Halvings h = halvings(x, rest);
  V y = h.r * h.r * exp_tail(h.r) + h.r + 1;
  y = (V)((U)y + ((U)h.shifted << MANTISSA));
  return select(x <= EXP_MOST, select(x > EXP_LEAST, y, V{}), x * INF);
}

template <class T> POTENTIA_INLINE scalar<T> exp(T x) { return T(__builtin_exp(x)); }
POTENTIA_INLINE V exp(V x) { return exp_of_sum(x, V{}); }

template <class T> POTENTIA_INLINE scalar<T> tanh(T x) { return T(__builtin_tanh(x)); }
/* (e^y - 1)/((e^y - 1) + 2), y = 2 |x|. */
POTENTIA_INLINE V tanh(V x) {
  constexpr real FLAT = WIDE ? 40 : 20; /* 1 within rounding */
  V y = abs(x) + abs(x);
  y = select(y > FLAT, broadcast(FLAT), y);
  Halvings h = halvings(y, V{});
  V scale = (V)(((U)h.shifted << MANTISSA) + (word(BIAS) << MANTISSA));
  V e = scale * (h.r * h.r * exp_tail(h.r) + h.r) + (scale - 1);
  return flip(e / (e + 2), signs(x));
}

/* --- logarithm and powers ------------------------------------------------------------------------------- */

template <class T> POTENTIA_INLINE scalar<T> log(T x) { return T(__builtin_log(x)); }
/* For normal x = 2^n (1 + f), √½ ≤ 1 + f < √2. With s = f/(2 + f), t = s²:
   log(1 + f) = 2 artanh s = f - s (f - t P(t)). */
POTENTIA_INLINE V log_of_normal(V x) {
  constexpr word ONE = word(BIAS) << MANTISSA, BELOW = (word(1) << MANTISSA) - 1;
  constexpr word ROOT = WIDE ? word(0x3fe6a09e667f3bcdull) : word(0x3f3504f3u); /* the bits of √½ */
  constexpr real COUNT = real(WIDE ? 0x1p52 : 0x1p23);
  U bits = (U)x + (ONE - ROOT);
  V f = (V)((bits & BELOW) + ROOT) - 1;
  V n = (V)((bits >> MANTISSA) | (U)broadcast(COUNT)) - (COUNT + BIAS);
  V s = f / (f + 2), t = s * s, p;
  if constexpr (WIDE)
    p = by_fours(t, {0.66666666666667351, 0.39999999999410246, 0.28571428743452126, 0.22222198456588749,
                     0.18183570737954974, 0.15313878091205047, 0.14797754901096419});
  else
    p = by_fours(t, {0.66666776873124856, 0.39977474997513901, 0.29873618201915042});
  return n * LN2_HIGH + (f - (s * (f - t * p) - n * LN2_LOW));
}

POTENTIA_INLINE V log(V x) {
  constexpr real LEAST = std::numeric_limits<real>::min(), UP = real(WIDE ? 0x1p54 : 0x1p25);
  constexpr real LOG_UP = real(WIDE ? 37.429947750237047899 : 17.328679513998632735);
  V y = log_of_normal(x);
  if (__builtin_expect(all((x >= LEAST) & (x < INF)), 1)) return y;
  y = select(x < LEAST, log_of_normal(x * UP) - LOG_UP, y);
  V edge = select(x == 0, broadcast(-INF), select(x < 0, broadcast(QUIET_NAN), x));
  return select((x > 0) & (x < INF), y, edge);
}

/* x^p for x ≥ 0, 0 at 0; NaN for x < 0. */
template <class T> POTENTIA_INLINE scalar<T> power(T x, same<T> p) {
  return x == 0 ? T(0) : x > 0 ? T(__builtin_pow(x, p)) : std::numeric_limits<T>::quiet_NaN();
}
POTENTIA_INLINE V power(V x, V p) {
  V y = p * log(select(x == 0, broadcast(1), x));
  y = select((p == 0) & (x > 0), V{}, y);
  return select(x == 0, V{}, exp(y));
}
POTENTIA_INLINE V power(V x, real p) { return power(x, broadcast(p)); }

/* --- sine and cosine ------------------------------------------------------------------------------------ */

constexpr real QUARTERS = real(0.6366197723675814); /* of a circle in a radian */
constexpr real QUARTER = real(WIDE ? 0x1.921fb54442d18p+0 : 0x1.921fb6p+0);
constexpr real QUARTER_REST = real(WIDE ? 0x1.1a62633145c07p-54 : -0x1.777a5cp-25);

/* sin r and cos r, |r| < 0.786. */
POTENTIA_INLINE void sincos_near_zero(V r, V &s, V &c) {
  V t = r * r, p, q;
  if constexpr (WIDE) {
    p = by_fours(t, {-0.16666666666666632, 0.0083333333333223594, -0.00019841269829762732,
                     2.755731367574047e-06, -2.5050755508127056e-08, 1.5896640702261938e-10});
    q = by_fours(t, {0.041666666666666602, -0.0013888888888874071, 2.4801587289445911e-05,
                     -2.7557314341145842e-07, 2.0875721658556051e-09, -1.1359559606293897e-11});
  } else {
    p = by_fours(t, {-0.16666654895128069, 0.0083321750429516117, -0.00019516877255223062});
    q = by_fours(t, {0.041666646802698055, -0.0013887364399485477, 2.4438087002842311e-05});
  }
  s = r * (t * p) + r;
  c = t * (t * q - real(0.5)) + 1;
}

/* sin and cos of n π/2 + r, n = `shifted` - MAGIC. */
POTENTIA_INLINE void sincos_of_quarters(V shifted, V r, V &s, V &c) {
  constexpr int TOP = 8 * int(sizeof(real)) - 2;
  V p, q;
  sincos_near_zero(r, p, q);
  U n = (U)shifted;
  M odd = (n & 1) != 0;
  s = flip(select(odd, q, p), (V)((n & 2) << TOP));
  c = flip(select(odd, p, q), (V)(((n + 1) & 2) << TOP));
}

/* x - n π/2, rounded once or nearly, for |x| up to FAR. */
#if defined(POTENTIA_FMA)
constexpr real FAR = WIDE ? 1e5 : 1e3;
POTENTIA_INLINE V without_quarters(V x, V n) {
  constexpr real LAST = real(WIDE ? -0x1.f1976b7ed8fbcp-110 : -0x1.ee59dap-50);
  V first = minus_product(x, n, broadcast(QUARTER)); /* exact */
  return minus_product(minus_product(first, n, broadcast(QUARTER_REST)), n, broadcast(LAST));
}
#else
constexpr real FAR = WIDE ? 1e5 : 30;
POTENTIA_INLINE V without_quarters(V x, V n) {
  /* three parts of π/2; multiples of the first two are exact */
  constexpr real PART_1 = real(WIDE ? 0x1.921fb544p+0 : 0x1.9218p+0);
  constexpr real PART_2 = real(WIDE ? 0x1.0b4611a6p-34 : 0x1.ed4p-14);
  constexpr real PART_3 = real(WIDE ? 0x1.3198a2e037073p-69 : 0x1.110b46p-26);
  V first = x - n * PART_1, second = first - n * PART_2;
  V rounded_away = (first - second) - n * PART_2;
  return second - (n * PART_3 - rounded_away);
}
#endif

template <class T> POTENTIA_INLINE scalar<T> sin(T x) { return T(__builtin_sin(x)); }
template <class T> POTENTIA_INLINE scalar<T> cos(T x) { return T(__builtin_cos(x)); }
template <class T, class = scalar<T>> POTENTIA_INLINE void sincos(T x, T &s, T &c) {
  s = T(__builtin_sin(x));
  c = T(__builtin_cos(x));
}
POTENTIA_INLINE void sincos(V x, V &s, V &c) {
  if (__builtin_expect(any(abs(x) > FAR), 0)) {
    s = lanewise([](real a) { return real(__builtin_sin(a)); }, x);
    c = lanewise([](real a) { return real(__builtin_cos(a)); }, x);
    return;
  }
  V shifted = abs(x) * QUARTERS + MAGIC, n = shifted - MAGIC;
  sincos_of_quarters(shifted, without_quarters(abs(x), n), s, c);
  s = flip(s, signs(x));
}
POTENTIA_INLINE V sin(V x) {
  V s, c;
  sincos(x, s, c);
  return s;
}
POTENTIA_INLINE V cos(V x) {
  V s, c;
  sincos(x, s, c);
  return c;
}

/* The same for |x| ≤ π. */
template <class T, class = scalar<T>> POTENTIA_INLINE void sincos_pi(T x, T &s, T &c) {
  sincos(x, s, c);
}
/* With z = π/2 - |x|, t = z²: cos x = sin z, sin |x| = cos z = |x| (π - |x|) G(t), G = cos z/((π/2)² - t). */
POTENTIA_INLINE void sincos_pi(V x, V &s, V &c) {
  V y = abs(x), z = (QUARTER - y) + QUARTER_REST, t = z * z, p, g;
  if constexpr (WIDE) {
    p = first_and_fours(t, {-0.16666666666666666, 0.0083333333333331944, -0.00019841269841209191,
                            2.755731921113127e-06, -2.5052106872138973e-08, 1.6058939667232591e-10,
                            -7.6429903568108278e-13, 2.7211618315727132e-15});
    g = first_and_fours(t, {0.4052847345693511, -0.038386651209725821, 0.0013293401938464949,
                            -2.4134177053428166e-05, 2.7049116636911174e-07, -2.0596485550523033e-09,
                            1.1347647990483399e-11, -4.5892471036156995e-14});
  } else {
    p = first_and_fours(t, {-0.16666659554669147, 0.0083330663245775767, -0.00019809605313707822,
                            2.6057790900668545e-06});
    g = first_and_fours(t, {0.40528473417151423, -0.038386643459364371, 0.0013293157002667974,
                            -2.4106831138753422e-05, 2.5792104330670941e-07});
  }
  s = x * ((2 * QUARTER - y) * g + 2 * QUARTER_REST * g);
  c = z * (t * p) + z;
}

/* --- complementary error function ----------------------------------------------------------------------- */

template <class T> POTENTIA_INLINE scalar<T> erfc(T x) { return T(__builtin_erfc(x)); }
/* For y = |x|: e^(-y²) h(t)/(y + a), t = (y - a)/(y + a); y² = head² + (y - head)(y + head), head² exact. */
POTENTIA_INLINE V erfc(V x) {
  constexpr real NONE = WIDE ? 28 : 11; /* 0 from here */
  constexpr real a = WIDE ? 3 : 2;
  V y = abs(x);
  y = select(y > NONE, broadcast(NONE), y);
  V d = 1 / (y + a), t = (y - a) * d, h;
  if constexpr (WIDE)
    h = by_fours(t, {1.0740069070883398, -0.8833944531698823, 0.59022835710409494, -0.31046726190070745,
                     0.11952776128769102, -0.026827234620273893, -0.0012124166357290037,
                     0.0030340619426949596, -0.00054830960301439577, -0.00027677739251317292,
                     0.00010756097188761456, 3.0396009047661673e-05, -1.746880828061284e-05,
                     -4.7426748964355231e-06, 2.7618534637642686e-06, 9.8596512444585472e-07,
                     -4.0409841471909756e-07, -2.172320657981183e-07, 4.4549441114753187e-08,
                     3.8199072519921257e-08, -1.9204382980912629e-09, -3.3365596635562575e-09});
  else
    h = by_fours(t, {1.0215827091855072, -0.68716069050865658, 0.27947173048106133, -0.036441979287287214,
                     -0.021505284092401634, 0.0064775255438122318, 0.0030614329088933627,
                     -0.00083731966457258891, -0.00059302246796626591, 5.2578524501847469e-05,
                     7.255632546995905e-05});
  V head = (V)((U)y >> (MANTISSA / 2 + 1) << (MANTISSA / 2 + 1));
  V e = exp_of_sum(-head * head, (head - y) * (y + head)) * (h * d);
  return select(x < 0, 2 - e, e);
}

} /* namespace potentia */
