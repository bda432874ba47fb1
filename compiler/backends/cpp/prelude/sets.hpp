/* One structure with several sets of the parameters that vary. Before it: driver.hpp. */
namespace potentia {

/* The loops that depend on those parameters, for each set with its constants and its forces. */
template <class F> inline void Work::for_each_set(F work) {
  if (!sets) return work();
  double *const all = forces;
  for (int64_t q = 0; q < sets->n; ++q) {
    const int64_t begin = sets->first[q], end = sets->first[q + 1];
    for (int64_t k = begin; k < end; ++k) sets->constants[sets->places[k]] = real(sets->values[k]);
    forces = all + q * 3 * atoms->n_atoms;
    energy = 0;
    for (double &v : virial) v = 0;
    work();
    double *const to = sets->numbers + 7 * q;
    to[0] += energy;
    for (int p = 0; p < 6; ++p) to[1 + p] += virial[p];
    for (int64_t k = begin; k < end; ++k) sets->constants[sets->places[k]] = real(atoms->constants[sets->places[k]]);
  }
  forces = all;
}

static inline int compute_sets(const potentia_atoms &at, Sets sets, double *forces) {
  std::vector<int32_t> order;
  std::vector<Block> blocks;
  int64_t most = 0;
  arrange(at, order, blocks, most);
  std::vector<real> C(at.constants, at.constants + CONSTANTS);
  sets.constants = C.data();
  Work w;
  w.atoms = &at, w.C = C.data(), w.sets = &sets, w.forces = forces;
  w.site_energy = w.virial_half = w.virial_neighbour = nullptr;
  w.in_order = in_order(at);
  w.reserve(most);
  for (const Block &b : blocks) block(w, b.species, order.data() + b.first, b.n);
  return 0;
}

}  // namespace potentia

/* `atoms` has the constants of a base; set k has values[first[k]], … values[first[k + 1] − 1] at those places instead.
   numbers: (n_sets, 7), added to: energy in eV, and the virial as xx, yy, zz, xy, xz, yz. forces: (n_sets, n_atoms, 3),
   added to, eV/Å. Returns as `potentia_compute`. */
extern "C" int potentia_compute_sets(const potentia_atoms *atoms, int64_t n_sets, const int64_t *first, const int32_t *places,
                                     const double *values, double *numbers, double *forces) {
  try {
    return potentia::compute_sets(*atoms, {n_sets, first, places, values, numbers, nullptr}, forces);
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
