// Arithmetic on vectors of neighbours: `V`, as wide as the machine has, with the functions that formulas call.
// POTENTIA_REAL is double or float. Every function exists for scalars as well, with the same meaning.
// NaN in, NaN out. Results below the smallest normal number may be 0.
//
// Polynomials are minimax ones, found by Remez's exchange in arithmetic of 50 digits, relative to the function;
// the second row of each pair is for float. Products and sums may be contracted to FMA, and need not be.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace potentia {

typedef POTENTIA_REAL real;
#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
constexpr int LANES = BYTES / int(sizeof(real));
constexpr bool WIDE = sizeof(real) == 8;

typedef real V __attribute__((vector_size(BYTES)));
typedef decltype(V{} < V{}) M;  // of a lane, all bits or none
typedef std::conditional_t<WIDE, std::uint64_t, std::uint32_t> word;
typedef word U __attribute__((vector_size(BYTES)));

template <class T>
using scalar = std::enable_if_t<std::is_floating_point<T>::value, T>;
template <class T>
using same = std::enable_if_t<true, T>;  // an argument that does not choose the overload

#define POTENTIA_INLINE inline __attribute__((always_inline))

// Instructions of x86 by width: POTENTIA_X86(sqrt, pd)
#if defined(__AVX512F__)
typedef __m512d Doubles;
typedef __m512 Floats;
#define POTENTIA_X86(name, kind) _mm512_##name##_##kind
#elif defined(__AVX__)
typedef __m256d Doubles;
typedef __m256 Floats;
#define POTENTIA_X86(name, kind) _mm256_##name##_##kind
#elif defined(__SSE2__)
typedef __m128d Doubles;
typedef __m128 Floats;
#define POTENTIA_X86(name, kind) _mm_##name##_##kind
#endif

// --- memory and lanes ----------------------------------------------------------------------------

POTENTIA_INLINE V broadcast(real x) { return x - V{}; }  // compiled to no subtraction: x − 0 = x

// p is a multiple of BYTES
POTENTIA_INLINE V load(const real *p) { return *reinterpret_cast<const V *>(__builtin_assume_aligned(p, BYTES)); }
POTENTIA_INLINE void store(real *p, V x) { *reinterpret_cast<V *>(__builtin_assume_aligned(p, BYTES)) = x; }

POTENTIA_INLINE V loadu(const real *p) {
  V x;
  std::memcpy(&x, p, BYTES);
  return x;
}

POTENTIA_INLINE void storeu(real *p, V x) { std::memcpy(p, &x, BYTES); }

POTENTIA_INLINE V select(M c, V a, V b) { return c ? a : b; }

#if defined(__AVX512F__)
POTENTIA_INLINE unsigned mask_of(M c) {
  return WIDE ? _mm512_test_epi64_mask((__m512i)c, (__m512i)c) : _mm512_test_epi32_mask((__m512i)c, (__m512i)c);
}
#elif defined(__AVX__)
POTENTIA_INLINE unsigned mask_of(M c) {
  return unsigned(WIDE ? _mm256_movemask_pd((__m256d)c) : _mm256_movemask_ps((__m256)c));
}
#elif defined(__SSE2__)
POTENTIA_INLINE unsigned mask_of(M c) {
  return unsigned(WIDE ? _mm_movemask_pd((__m128d)c) : _mm_movemask_ps((__m128)c));
}
#else
POTENTIA_INLINE unsigned mask_of(M c) {
  unsigned mask = 0;
  for (int i = 0; i < LANES; i++) mask |= unsigned(c[i] & 1) << i;
  return mask;
}
#endif

POTENTIA_INLINE bool any(M c) { return mask_of(c) != 0; }
POTENTIA_INLINE bool all(M c) { return mask_of(c) == (1u << LANES) - 1; }

// The sum of the lanes, halves first.
POTENTIA_INLINE double sum(V x) {
  double parts[LANES];
  for (int i = 0; i < LANES; i++) parts[i] = x[i];
  for (int n = LANES / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) parts[i] += parts[i + n];
  return parts[0];
}

// The function of each lane in turn.
template <class F, class... Args>
POTENTIA_INLINE V lanewise(F f, Args... x) {
  V y;
  for (int i = 0; i < LANES; i++) y[i] = f(x[i]...);
  return y;
}

// --- parts ---------------------------------------------------------------------------------------

constexpr real INF = std::numeric_limits<real>::infinity();
constexpr real QUIET_NAN = std::numeric_limits<real>::quiet_NaN();
constexpr int MANTISSA = WIDE ? 52 : 23;
constexpr int BIAS = WIDE ? 1023 : 127;
constexpr word SIGN = word(1) << (8 * sizeof(real) - 1);
constexpr real MAGIC = real(WIDE ? 6755399441055744.0 : 12582912.0);  // 1.5 2^MANTISSA: a sum is rounded to integers

// c0 + c1 t + c2 t² + …, in one chain
template <int first = 0, int n>
POTENTIA_INLINE V polynomial(V t, const real (&c)[n]) {
  if constexpr (first == n - 1) return broadcast(c[first]);
  else return polynomial<first + 1>(t, c) * t + c[first];
}

// The same by fours, which takes two products more and is there sooner.
template <int first, int n>
POTENTIA_INLINE V fours(V t, V t2, V t4, const real (&c)[n]) {
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
template <int n>
POTENTIA_INLINE V by_fours(V t, const real (&c)[n]) {
  V t2 = t * t;
  return fours<0>(t, t2, t2 * t2, c);
}

// The same with c0 added last and alone, which is half a place more exact.
template <int n>
POTENTIA_INLINE V first_and_fours(V t, const real (&c)[n]) {
  V t2 = t * t;
  return fours<1>(t, t2, t2 * t2, c) * t + c[0];
}

POTENTIA_INLINE V signs(V x) { return (V)((U)x & SIGN); }
POTENTIA_INLINE V flip(V x, V sign) { return (V)((U)x ^ (U)sign); }

#if defined(__FMA__)
// c - a b, rounded once
POTENTIA_INLINE V minus_product(V c, V a, V b) {
  return WIDE ? (V)POTENTIA_X86(fnmadd, pd)((Doubles)a, (Doubles)b, (Doubles)c)
              : (V)POTENTIA_X86(fnmadd, ps)((Floats)a, (Floats)b, (Floats)c);
}
#endif

// --- simple functions ----------------------------------------------------------------------------

template <class T>
POTENTIA_INLINE scalar<T> sqrt(T x) {
  return std::sqrt(x);
}
POTENTIA_INLINE V sqrt(V x) {
#if defined(POTENTIA_X86)
  return WIDE ? (V)POTENTIA_X86(sqrt, pd)((Doubles)x) : (V)POTENTIA_X86(sqrt, ps)((Floats)x);
#else
  return lanewise([](real a) { return std::sqrt(a); }, x);
#endif
}

template <class T>
POTENTIA_INLINE scalar<T> abs(T x) {
  return std::fabs(x);
}
POTENTIA_INLINE V abs(V x) { return (V)((U)x & ~SIGN); }

// 1 or -1; of ±0 and NaN themselves
template <class T>
POTENTIA_INLINE scalar<T> sign(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;
}
POTENTIA_INLINE V sign(V x) { return select(x > 0, broadcast(1), select(x < 0, broadcast(-1), x)); }

// 1 where x > 0, else 0
template <class T>
POTENTIA_INLINE scalar<T> step(T x) {
  return x > 0 ? T(1) : T(0);
}
POTENTIA_INLINE V step(V x) { return select(x > 0, broadcast(1), V{}); }

// NaN where one of them is
template <class T>
POTENTIA_INLINE scalar<T> max(T a, same<T> b) {
  return a != a || a > b ? a : b;
}
POTENTIA_INLINE V max(V a, V b) {
#if defined(POTENTIA_X86)
  V c = WIDE ? (V)POTENTIA_X86(max, pd)((Doubles)a, (Doubles)b) : (V)POTENTIA_X86(max, ps)((Floats)a, (Floats)b);
#else
  V c = select(a > b, a, b);
#endif
  return select(a != a, a, c);  // c is b where one of them is NaN
}

template <class T>
POTENTIA_INLINE scalar<T> min(T a, same<T> b) {
  return a != a || a < b ? a : b;
}
POTENTIA_INLINE V min(V a, V b) {
#if defined(POTENTIA_X86)
  V c = WIDE ? (V)POTENTIA_X86(min, pd)((Doubles)a, (Doubles)b) : (V)POTENTIA_X86(min, ps)((Floats)a, (Floats)b);
#else
  V c = select(a < b, a, b);
#endif
  return select(a != a, a, c);  // c is b where one of them is NaN
}

// a where c > 0, else b
template <class T>
POTENTIA_INLINE scalar<T> choose(T c, same<T> a, same<T> b) {
  return c > 0 ? a : b;
}
POTENTIA_INLINE V choose(V c, V a, V b) { return select(c > 0, a, b); }

// --- whole exponents -----------------------------------------------------------------------------

template <int n, class T>
POTENTIA_INLINE T ipow(T x) {
  if constexpr (n < 0) return T(1 / ipow<-n>(x));
  else if constexpr (n == 0) return T(x * 0 + 1);
  else if constexpr (n == 1) return x;
  else if constexpr (n % 2) return T(ipow<n - 1>(x) * x);
  else return ipow<n / 2>(T(x * x));
}

template <class T>
POTENTIA_INLINE T ipow(T x, int n) {
  T y = x * 0 + 1;
  for (unsigned left = n < 0 ? -unsigned(n) : unsigned(n); left; left /= 2, x = x * x)
    if (left % 2) y = y * x;
  return n < 0 ? T(1 / y) : y;
}

// --- exponential functions -----------------------------------------------------------------------

constexpr real LN2_HIGH = real(WIDE ? 0x1.62e42fee00000p-1 : 0x1.62e000p-1);
constexpr real LN2_LOW = real(WIDE ? 0x1.a39ef35793c76p-33 : 0x1.0bfbe8p-15);
constexpr real LN2_INVERSE = real(1.4426950408889634);
constexpr real EXP_LEAST = real(WIDE ? -708.3964185322641 : -87.336545);  // smaller: below normal numbers
constexpr real EXP_MOST = real(WIDE ? 709.782712893384 : 88.7228317);  // larger: infinite

// x + rest = n ln 2 + r, n = `shifted` - MAGIC, |r| < 0.347
struct Halvings {
  V shifted, r;
};
POTENTIA_INLINE Halvings halvings(V x, V rest) {
  V shifted = x * LN2_INVERSE + MAGIC, n = shifted - MAGIC;
  return {shifted, (x - n * LN2_HIGH) - (n * LN2_LOW - rest)};
}

// (e^r - 1 - r)/r², |r| < 0.347
POTENTIA_INLINE V exp_tail(V r) {
  if constexpr (WIDE)
    return by_fours(r, {0.50000000000000106865, 0.16666666666666407883, 0.04166666666652941278,
                      0.0083333333334970321057, 0.0013888888943875250937, 0.00019841269501882906538,
                      0.000024801492804105353336, 2.7557589819333706518e-6, 2.7630365831057475409e-7,
                      2.4999201677636713449e-8});
  else
    return by_fours(r, {0.49999993430335666543, 0.16666520182479188697, 0.041668392359123769447,
                      0.0083687754841131638325, 0.0013814510073218355739});
}

// e^(x + rest) for a rest that is small beside 1
POTENTIA_INLINE V exp_of_sum(V x, V rest) {
  Halvings h = halvings(x, rest);
  V y = h.r * h.r * exp_tail(h.r) + h.r + 1;
  y = (V)((U)y + ((U)h.shifted << MANTISSA));
  return select(x <= EXP_MOST, select(x > EXP_LEAST, y, V{}), x * INF);
}

template <class T>
POTENTIA_INLINE scalar<T> exp(T x) {
  return std::exp(x);
}
POTENTIA_INLINE V exp(V x) { return exp_of_sum(x, V{}); }

template <class T>
POTENTIA_INLINE scalar<T> tanh(T x) {
  return std::tanh(x);
}
// (e^y - 1)/((e^y - 1) + 2), y = 2 |x|
POTENTIA_INLINE V tanh(V x) {
  constexpr real FLAT = WIDE ? 40 : 20;  // 1 within rounding
  V y = abs(x) + abs(x);
  y = select(y > FLAT, broadcast(FLAT), y);
  Halvings h = halvings(y, V{});
  V scale = (V)(((U)h.shifted << MANTISSA) + (word(BIAS) << MANTISSA));
  V e = scale * (h.r * h.r * exp_tail(h.r) + h.r) + (scale - 1);
  return flip(e / (e + 2), signs(x));
}

// --- logarithm and powers ------------------------------------------------------------------------

template <class T>
POTENTIA_INLINE scalar<T> log(T x) {
  return std::log(x);
}
// For normal x = 2^n (1 + f), √½ ≤ 1 + f < √2; log(1 + f) = 2 artanh(s) = f - s (f - t P(t)), s = f/(2 + f), t = s².
POTENTIA_INLINE V log_of_normal(V x) {
  constexpr word ONE = word(BIAS) << MANTISSA, BELOW = (word(1) << MANTISSA) - 1;
  constexpr word ROOT = WIDE ? word(0x3fe6a09e667f3bcdull) : word(0x3f3504f3u);  // the bits of √½
  constexpr real COUNT = real(WIDE ? 0x1p52 : 0x1p23);
  U bits = (U)x + (ONE - ROOT);
  V f = (V)((bits & BELOW) + ROOT) - 1;
  V n = (V)((bits >> MANTISSA) | (U)broadcast(COUNT)) - (COUNT + BIAS);
  V s = f / (f + 2), t = s * s, p;
  if constexpr (WIDE)
    p = by_fours(t, {0.66666666666667350272, 0.39999999999410244153, 0.28571428743452124637,
                     0.22222198456588747424, 0.18183570737954974534, 0.15313878091205047459,
                     0.14797754901096419591});
  else
    p = by_fours(t, {0.66666776873124854913, 0.39977474997513900313, 0.29873618201915039332});
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

// x^p for x ≥ 0, 0 at 0; NaN for x < 0
template <class T>
POTENTIA_INLINE scalar<T> power(T x, same<T> p) {
  return x == 0 ? T(0) : x != x ? x : x < 0 ? std::numeric_limits<T>::quiet_NaN() : std::pow(x, p);
}
POTENTIA_INLINE V power(V x, V p) {
  V y = p * log(select(x == 0, broadcast(1), x));
  y = select((p == 0) & (x > 0), V{}, y);
  return select(x == 0, V{}, exp(y));
}
POTENTIA_INLINE V power(V x, real p) { return power(x, broadcast(p)); }

// --- sine and cosine -----------------------------------------------------------------------------

constexpr real QUARTERS = real(0.6366197723675814);  // of a circle in a radian
constexpr real QUARTER = real(WIDE ? 0x1.921fb54442d18p+0 : 0x1.921fb6p+0);
constexpr real QUARTER_REST = real(WIDE ? 0x1.1a62633145c07p-54 : -0x1.777a5cp-25);

// sin r and cos r, |r| < 0.786
POTENTIA_INLINE void sincos_near_zero(V r, V &s, V &c) {
  V t = r * r, p, q;
  if constexpr (WIDE) {
    p = by_fours(t, {-0.16666666666666631814, 0.0083333333333223594474, -0.00019841269829762731452,
                   2.7557313675740469849e-6, -2.5050755508127056685e-8, 1.5896640702261937776e-10});
    q = by_fours(t, {0.041666666666666599175, -0.001388888888887406948, 0.000024801587289445910729,
                   -2.7557314341145841726e-7, 2.0875721658556051744e-9, -1.1359559606293896859e-11});
  } else {
    p = by_fours(t, {-0.16666654895128068143, 0.0083321750429516119067, -0.0001951687725522306192});
    q = by_fours(t, {0.041666646802698056578, -0.0013887364399485476546, 0.000024438087002842309705});
  }
  s = r * (t * p) + r;
  c = t * (t * q - real(0.5)) + 1;
}

// sin and cos of n π/2 + r, n = `shifted` - MAGIC
POTENTIA_INLINE void sincos_of_quarters(V shifted, V r, V &s, V &c) {
  constexpr int TOP = 8 * int(sizeof(real)) - 2;
  V p, q;
  sincos_near_zero(r, p, q);
  U n = (U)shifted;
  M odd = (n & 1) != 0;
  s = flip(select(odd, q, p), (V)((n & 2) << TOP));
  c = flip(select(odd, p, q), (V)(((n + 1) & 2) << TOP));
}

// x - n π/2, rounded once or nearly, for n that are small beside 2^MANTISSA
POTENTIA_INLINE V without_quarters(V x, V n) {
#if defined(__FMA__)
  constexpr real LAST = real(WIDE ? -0x1.f1976b7ed8fbcp-110 : -0x1.ee59dap-50);
  V first = minus_product(x, n, broadcast(QUARTER));  // exact
  return minus_product(minus_product(first, n, broadcast(QUARTER_REST)), n, broadcast(LAST));
#else
  // three parts of π/2; multiples of the first two are exact
  constexpr real PART_1 = real(WIDE ? 0x1.921fb544p+0 : 0x1.9218p+0);
  constexpr real PART_2 = real(WIDE ? 0x1.0b4611a6p-34 : 0x1.ed4p-14);
  constexpr real PART_3 = real(WIDE ? 0x1.3198a2e037073p-69 : 0x1.110b46p-26);
  V first = x - n * PART_1, second = first - n * PART_2;
  V rounded_away = (first - second) - n * PART_2;
  return second - (n * PART_3 - rounded_away);
#endif
}

template <class T>
POTENTIA_INLINE scalar<T> sin(T x) {
  return std::sin(x);
}
template <class T>
POTENTIA_INLINE scalar<T> cos(T x) {
  return std::cos(x);
}
template <class T, class = scalar<T>>
POTENTIA_INLINE void sincos(T x, T &s, T &c) {
  s = std::sin(x);
  c = std::cos(x);
}
POTENTIA_INLINE void sincos(V x, V &s, V &c) {
  constexpr real FAR = WIDE ? 1e5 : 1e3;
  if (__builtin_expect(any(abs(x) > FAR), 0)) {
    s = lanewise([](real a) { return std::sin(a); }, x);
    c = lanewise([](real a) { return std::cos(a); }, x);
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

// The same for |x| ≤ π.
template <class T, class = scalar<T>>
POTENTIA_INLINE void sincos_pi(T x, T &s, T &c) {
  sincos(x, s, c);
}
// With z = π/2 - |x| and t = z²: cos x = sin z, and sin |x| = cos z = |x| (π - |x|) G(t), G = cos z/((π/2)² - t).
POTENTIA_INLINE void sincos_pi(V x, V &s, V &c) {
  V y = abs(x), z = (QUARTER - y) + QUARTER_REST, t = z * z, p, g;
  if constexpr (WIDE) {
    p = first_and_fours(t, {-0.16666666666666665569, 0.0083333333333331942437, -0.00019841269841209191293,
                     2.7557319211131269571e-6, -2.5052106872138971807e-8, 1.6058939667232592376e-10,
                     -7.6429903568108275044e-13, 2.72116183157271312e-15});
    g = first_and_fours(t, {0.40528473456935107866, -0.038386651209725820089, 0.0013293401938464949811,
                     -0.000024134177053428165434, 2.7049116636911173659e-7, -2.0596485550523031983e-9,
                     1.1347647990483399623e-11, -4.5892471036156993997e-14});
  } else {
    p = first_and_fours(t, {-0.16666659554669146304, 0.0083330663245775772505, -0.00019809605313707822518,
                     2.6057790900668542729e-6});
    g = first_and_fours(t, {0.40528473417151425055, -0.038386643459364372072, 0.0013293157002667973333,
                     -0.000024106831138753421098, 2.5792104330670942003e-7});
  }
  s = x * ((2 * QUARTER - y) * g + 2 * QUARTER_REST * g);
  c = z * (t * p) + z;
}

// --- complementary error function ----------------------------------------------------------------

template <class T>
POTENTIA_INLINE scalar<T> erfc(T x) {
  return std::erfc(x);
}
// For y = |x|: e^(-y²) h(t)/(y + a), t = (y - a)/(y + a). y² = head² + (y - head)(y + head), the first of them exact.
POTENTIA_INLINE V erfc(V x) {
  constexpr real FAR = WIDE ? 28 : 11;  // 0 from here
  constexpr real a = WIDE ? 3 : 2;
  V y = abs(x);
  y = select(y > FAR, broadcast(FAR), y);
  V d = 1 / (y + a), t = (y - a) * d, h;
  if constexpr (WIDE)
    h = by_fours(t, {1.0740069070883397204, -0.88339445316988224762, 0.59022835710409488067,
                   -0.31046726190070746195, 0.11952776128769101687, -0.026827234620273892289,
                   -0.001212416635729003778, 0.0030340619426949597529, -0.00054830960301439576227,
                   -0.00027677739251317289614, 0.0001075609718876145614, 0.00003039600904766167124,
                   -0.000017468808280612839329, -4.7426748964355232815e-6, 2.761853463764268434e-6,
                   9.8596512444585464832e-7, -4.040984147190975584e-7, -2.17232065798118289e-7,
                   4.4549441114753190154e-8, 3.8199072519921254629e-8, -1.920438298091262979e-9,
                   -3.3365596635562573245e-9});
  else
    h = by_fours(t, {1.0215827091855071393, -0.68716069050865654247, 0.27947173048106132312,
                   -0.036441979287287214654, -0.021505284092401635456, 0.0064775255438122318498,
                   0.0030614329088933628213, -0.0008373196645725888861, -0.00059302246796626585253,
                   0.00005257852450184747033, 0.000072556325469959048912});
  V head = (V)((U)y >> (MANTISSA / 2 + 1) << (MANTISSA / 2 + 1));
  V e = exp_of_sum(-head * head, (head - y) * (y + head)) * (h * d);
  return select(x < 0, 2 - e, e);
}

}  // namespace potentia
