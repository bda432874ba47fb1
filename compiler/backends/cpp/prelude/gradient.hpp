/* The gradient of a loss by tables of parameters. Before it: driver.hpp, GRADIENTS (numbers of all tables). */
namespace potentia {

static inline void add_masked(real *to, M valid, V x) { store(to, load(to) + masked(valid, x)); }

/* How the ways of a list to the neighbours of atom i move, in slots 3, 4, 5. */
template <int l> inline void Work::move(int32_t i, int a) {
  const List &list = lists[l];
  const double *const own = motion + 3 * int64_t(i);
  for (int64_t k = list.begin[a][0]; k < list.begin[a][NS]; ++k) {
    const double *const other = motion + 3 * int64_t(list.j[k]);
    real *const d = list.numbers + place<SLOTS[l]>(k);
    for (int q = 0; q < 3; ++q) {
      const double *const row = strain + 3 * q;
      const double turned = row[0] * d[0] + row[1] * d[LANES] + row[2] * d[2 * LANES];
      d[(3 + q) * LANES] = real(other[q] - own[q] + turned);
    }
  }
}

static inline int gradient(const potentia_atoms &at, const double *motion, const double *strain, double *gradients) {
  std::vector<int32_t> order;
  std::vector<Block> blocks;
  int64_t most = 0;
  arrange(at, order, blocks, most);
  std::vector<real> C(at.constants, at.constants + CONSTANTS);
  Aligned<real> G(GRADIENTS * LANES + 1);
  std::memset(G.get(), 0, sizeof(real) * GRADIENTS * LANES);
  Work w;
  w.atoms = &at, w.C = C.data(), w.G = G.get(), w.motion = motion, w.strain = strain;
  w.forces = w.site_energy = w.virial_half = w.virial_neighbour = nullptr;
  w.in_order = in_order(at);
  w.reserve(most);
  for (const Block &b : blocks) block(w, b.species, order.data() + b.first, b.n);
  for (int64_t k = 0; k < GRADIENTS; ++k)
    for (int a = 0; a < LANES; ++a) gradients[k] += double(G[k * LANES + a]);
  return 0;
}

}  // namespace potentia

/* Along motion (n_atoms, 3) in Å and strain (3, 3) of the positions; gradients: (GRADIENTS), added to. Returns as
   `potentia_compute`. */
extern "C" int potentia_gradient(const potentia_atoms *atoms, const double *motion, const double *strain, double *gradients) {
  try {
    return potentia::gradient(*atoms, motion, strain, gradients);
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
