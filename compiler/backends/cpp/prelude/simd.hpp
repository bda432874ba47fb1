/* Arithmetic on vectors of neighbours: `V`, as wide as the machine has, and simple functions.
   POTENTIA_REAL is double or float. The functions exist for scalars as well, with the same meaning.
   NaN in, NaN out. Results below the smallest normal number may be 0. */
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX512F__) && !defined(__clang__)
#include <immintrin.h> /* where it can be avoided it is: it takes longer to compile than a kernel does */
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define POTENTIA_FMA
#endif
#define POTENTIA_INLINE inline __attribute__((always_inline))

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
typedef decltype(V{} < V{}) M; /* all bits of a lane, or none */
typedef std::conditional_t<WIDE, std::uint64_t, std::uint32_t> word;
typedef word U __attribute__((vector_size(BYTES)));
typedef double Doubles __attribute__((vector_size(BYTES)));
typedef float Floats __attribute__((vector_size(BYTES)));

template <class T> using scalar = std::enable_if_t<std::is_floating_point<T>::value, T>;
template <class T> using same = std::enable_if_t<true, T>; /* does not choose the overload */

/* --- memory and lanes ----------------------------------------------------------------------------------- */

POTENTIA_INLINE V broadcast(real x) { return x - V{}; } /* compiled to no subtraction: x − 0 = x */

/* p is a multiple of BYTES. */
POTENTIA_INLINE V load(const real *p) {
  V x;
  std::memcpy(&x, __builtin_assume_aligned(p, BYTES), BYTES);
  return x;
}
POTENTIA_INLINE void store(real *p, V x) { std::memcpy(__builtin_assume_aligned(p, BYTES), &x, BYTES); }

POTENTIA_INLINE V loadu(const real *p) {
  V x;
  std::memcpy(&x, p, BYTES);
  return x;
}
POTENTIA_INLINE void storeu(real *p, V x) { std::memcpy(p, &x, BYTES); }

POTENTIA_INLINE V select(M c, V a, V b) { return c ? a : b; }

/* The sum of the lanes, halves first. */
POTENTIA_INLINE double sum(V x) {
  double parts[LANES];
  for (int i = 0; i < LANES; i++) parts[i] = x[i];
  for (int n = LANES / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) parts[i] += parts[i + n];
  return parts[0];
}

/* The function of each lane in turn. */
template <class F, class... Args> POTENTIA_INLINE V lanewise(F f, Args... x) {
  V y;
  for (int i = 0; i < LANES; i++) y[i] = f(x[i]...);
  return y;
}

/* --- instructions that have no operator ----------------------------------------------------------------- */

template <class T> POTENTIA_INLINE scalar<T> sqrt(T x) { return T(__builtin_sqrt(x)); }

#if defined(__clang__) || !defined(__SSE2__)
POTENTIA_INLINE V sqrt(V x) {
  return lanewise([](real a) { return real(__builtin_sqrt(a)); }, x);
}
/* c - a b, rounded once. */
POTENTIA_INLINE V minus_product(V c, V a, V b) {
  return lanewise([](real z, real x, real y) { return real(__builtin_fma(-x, y, z)); }, c, a, b);
}
/* A bit for each lane. */
POTENTIA_INLINE unsigned mask_of(M c) {
  unsigned mask = 0;
  for (int i = 0; i < LANES; i++) mask |= unsigned(c[i] & 1) << i;
  return mask;
}
#elif defined(__AVX512F__)
POTENTIA_INLINE V sqrt(V x) { return WIDE ? (V)_mm512_sqrt_pd((Doubles)x) : (V)_mm512_sqrt_ps((Floats)x); }
POTENTIA_INLINE V minus_product(V c, V a, V b) {
  return WIDE ? (V)_mm512_fnmadd_pd((Doubles)a, (Doubles)b, (Doubles)c)
              : (V)_mm512_fnmadd_ps((Floats)a, (Floats)b, (Floats)c);
}
POTENTIA_INLINE unsigned mask_of(M c) {
  const __m512i bits = (__m512i)c;
  return WIDE ? _mm512_test_epi64_mask(bits, bits) : _mm512_test_epi32_mask(bits, bits);
}
#else
#if defined(__AVX__)
#define POTENTIA_X86(name) __builtin_ia32_##name##256
#else
#define POTENTIA_X86(name) __builtin_ia32_##name
#endif
POTENTIA_INLINE V sqrt(V x) {
  return WIDE ? (V)POTENTIA_X86(sqrtpd)((Doubles)x) : (V)POTENTIA_X86(sqrtps)((Floats)x);
}
#if defined(POTENTIA_FMA)
POTENTIA_INLINE V minus_product(V c, V a, V b) {
  return WIDE ? (V)POTENTIA_X86(vfmaddpd)(-(Doubles)a, (Doubles)b, (Doubles)c)
              : (V)POTENTIA_X86(vfmaddps)(-(Floats)a, (Floats)b, (Floats)c);
}
#endif
POTENTIA_INLINE unsigned mask_of(M c) {
  return unsigned(WIDE ? POTENTIA_X86(movmskpd)((Doubles)c) : POTENTIA_X86(movmskps)((Floats)c));
}
#endif

POTENTIA_INLINE bool any(M c) { return mask_of(c) != 0; }
POTENTIA_INLINE bool all(M c) { return mask_of(c) == (1u << LANES) - 1; }

/* --- simple functions ----------------------------------------------------------------------------------- */

constexpr word SIGN = word(1) << (8 * sizeof(real) - 1);

template <class T> POTENTIA_INLINE scalar<T> abs(T x) { return T(__builtin_fabs(x)); }
POTENTIA_INLINE V abs(V x) { return (V)((U)x & ~SIGN); }

/* 1 or -1; of ±0 and NaN themselves. */
template <class T> POTENTIA_INLINE scalar<T> sign(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x; }
POTENTIA_INLINE V sign(V x) { return select(x > 0, broadcast(1), select(x < 0, broadcast(-1), x)); }

/* 1 where x > 0, else 0. */
template <class T> POTENTIA_INLINE scalar<T> step(T x) { return x > 0 ? T(1) : T(0); }
POTENTIA_INLINE V step(V x) { return select(x > 0, broadcast(1), V{}); }

/* NaN where one of them is. */
template <class T> POTENTIA_INLINE scalar<T> max(T a, same<T> b) { return a != a || a > b ? a : b; }
POTENTIA_INLINE V max(V a, V b) { return select((a != a) | (a > b), a, b); }

template <class T> POTENTIA_INLINE scalar<T> min(T a, same<T> b) { return a != a || a < b ? a : b; }
POTENTIA_INLINE V min(V a, V b) { return select((a != a) | (a < b), a, b); }

/* a where c > 0, else b. */
template <class T> POTENTIA_INLINE scalar<T> choose(T c, same<T> a, same<T> b) { return c > 0 ? a : b; }
POTENTIA_INLINE V choose(V c, V a, V b) { return select(c > 0, a, b); }

/* --- whole exponents ------------------------------------------------------------------------------------ */

template <int n, class T> POTENTIA_INLINE T ipow(T x) {
  if constexpr (n < 0) return T(1 / ipow<-n>(x));
  else if constexpr (n == 0) return T(T{} + 1);
  else if constexpr (n == 1) return x;
  else if constexpr (n % 2) return T(ipow<n - 1>(x) * x);
  else return ipow<n / 2>(T(x * x));
}

template <class T> POTENTIA_INLINE T ipow(T x, int n) {
  T y = T{} + 1;
  for (unsigned left = n < 0 ? -unsigned(n) : unsigned(n); left; left /= 2, x = x * x)
    if (left % 2) y = y * x;
  return n < 0 ? T(1 / y) : y;
}

}  // namespace potentia
