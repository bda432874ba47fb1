/* Products with the few numbers of many that are not 0. Before it: lists.hpp. */
namespace potentia {

/* Those of N numbers that are not 0, and their places among all. */
template <int N> struct Sparse {
  real values[N];
  int places[N];
  int n = 0;

  inline void add(int place, real value) {
    values[n] = value, places[n] = place;
    n += !(value == 0);
  }

  /* Added to sum[q]: the numbers times rows[(place·Q + q)·pitch], a vector of neighbours. */
  template <int Q> inline void add_products(const real *rows, int64_t pitch, V (&sum)[Q]) const {
    for (int t = 0; t < n; ++t) {
      const V value = broadcast(values[t]);
      const real *const row = rows + places[t] * Q * pitch;
      for (int q = 0; q < Q; ++q) sum[q] += value * load(row + q * pitch);
    }
  }
};

}  // namespace potentia
