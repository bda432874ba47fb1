/* One structure with several sets of the parameters that vary. Before it: driver.hpp. */
namespace potentia {

/* The loops that depend on those parameters, for each set with its constants and its forces. */
template <class F> inline void Work::for_each_set(F work) {
  if (!of_sets) return work();
  const real *const constants = C;
  double *const all = forces;
  for (int64_t q = 0; q < n_sets; ++q) {
    C = constants + q * CONSTANTS, forces = all + q * 3 * atoms->n_atoms;
    energy = 0;
    for (double &v : virial) v = 0;
    work();
    double *const to = of_sets + 7 * q;
    to[0] += energy;
    for (int p = 0; p < 6; ++p) to[1 + p] += virial[p];
  }
  C = constants, forces = all;
}

static inline int compute_sets(const potentia_atoms &at, int64_t n_sets, double *of_sets, double *forces) {
  std::vector<int32_t> order;
  std::vector<Block> blocks;
  int64_t most = 0;
  arrange(at, order, blocks, most);
  const std::vector<real> C(at.constants, at.constants + n_sets * CONSTANTS);
  Work w;
  w.atoms = &at, w.C = C.data(), w.n_sets = n_sets, w.of_sets = of_sets, w.forces = forces;
  w.site_energy = w.virial_half = w.virial_neighbour = nullptr;
  w.in_order = in_order(at);
  w.reserve(most);
  for (const Block &b : blocks) block(w, b.species, order.data() + b.first, b.n);
  return 0;
}

}  // namespace potentia

/* constants of `atoms`: (n_sets, n_constants). of_sets: (n_sets, 7), added to: energy in eV, and the virial as xx, yy,
   zz, xy, xz, yz. forces: (n_sets, n_atoms, 3), added to, eV/Å. Returns as `potentia_compute`. */
extern "C" int potentia_compute_sets(const potentia_atoms *atoms, int64_t n_sets, double *of_sets, double *forces) {
  try {
    return potentia::compute_sets(*atoms, n_sets, of_sets, forces);
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
