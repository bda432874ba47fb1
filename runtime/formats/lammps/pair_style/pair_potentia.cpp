// SPDX-License-Identifier: GPL-2.0-only
// Energies are summed over the atoms of this rank, each with its full list of neighbours; forces and virials
// that fall on ghosts go home by LAMMPS's reverse communication, or by our own where newton is off.
#include "pair_potentia.h"

#include "kernel.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <sstream>
#include <string>

using namespace LAMMPS_NS;

// order of LAMMPS's components (xx yy zz xy xz yz, and yx zx zy) among the rows of a 3 x 3 matrix
static constexpr int COMPONENT[9] = {0, 4, 8, 1, 2, 5, 3, 6, 7};
static constexpr int MOST_IN_REVERSE = 3 + 9 + 9;

static std::vector<std::string> kernel_species()
{
  std::istringstream words(potentia_about()->species);
  std::vector<std::string> found;
  for (std::string word; words >> word;) found.push_back(word);
  return found;
}

PairPotentia::PairPotentia(LAMMPS *lmp) : Pair(lmp)
{
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  no_virial_fdotr_compute = 1;
  centroidstressflag = CENTROID_AVAIL;
  comm_reverse_off = MOST_IN_REVERSE;
}

PairPotentia::~PairPotentia()
{
  if (copymode || !allocated) return;
  memory->destroy(setflag);
  memory->destroy(cutsq);
}

void PairPotentia::settings(int narg, char **)
{
  if (narg > 0)
    error->all(FLERR, "Pair style potentia takes no arguments: formula and parameters are in its plugin");
  if (comm->me == 0) {
    auto about = potentia_about();
    utils::logmesg(lmp, "Pair style potentia: species {}, cutoff {} Angstrom, {} bytes a number, kernel {:.16}\n",
                   about->species, about->cutoff, about->bytes_of_real, about->digest);
  }
}

void PairPotentia::coeff(int narg, char **arg)
{
  const int types = atom->ntypes;
  const auto known = kernel_species();
  if (narg < 2 || strcmp(arg[0], "*") != 0 || strcmp(arg[1], "*") != 0)
    error->all(FLERR, "Pair style potentia: coefficients begin with `pair_coeff * *`");
  if (narg != 2 + types)
    error->all(FLERR,
               "Pair style potentia: after `pair_coeff * *` comes the element of each of the {} atom types, "
               "or NULL, and there are {} words",
               types, narg - 2);
  if (!allocated) {
    memory->create(setflag, types + 1, types + 1, "pair:setflag");
    memory->create(cutsq, types + 1, types + 1, "pair:cutsq");
    allocated = 1;
  }
  species_of_type.assign(types + 1, -1);
  for (int type = 1; type <= types; type++) {
    const std::string word = arg[1 + type];
    if (word == "NULL") continue;
    const auto place = std::find(known.begin(), known.end(), word);
    if (place == known.end())
      error->all(FLERR, "Pair style potentia: this model has no element `{}`, it has: {}", word,
                 potentia_about()->species);
    species_of_type[type] = place - known.begin();
  }
  all_mapped = std::count(species_of_type.begin() + 1, species_of_type.end(), -1) == 0;
  int set = 0;
  for (int i = 1; i <= types; i++)
    for (int j = 1; j <= types; j++) {
      setflag[i][j] = species_of_type[i] >= 0 && species_of_type[j] >= 0;
      set += setflag[i][j];
    }
  if (set == 0) error->all(FLERR, "Pair style potentia: `pair_coeff * *` names no element, NULL for each type");
}

void PairPotentia::init_style()
{
  if (strcmp(update->unit_style, "metal") != 0)
    error->all(FLERR, "Pair style potentia needs `units metal` (Angstrom, eV), not `units {}`",
               update->unit_style);
  neighbor->add_request(this, NeighConst::REQ_FULL);
}

double PairPotentia::init_one(int i, int j)
{
  if (setflag[i][j] == 0)
    error->all(FLERR, "Pair style potentia: no element is given for atom type {}",
               species_of_type[i] < 0 ? i : j);
  return potentia_about()->cutoff;
}

void PairPotentia::compute(int eflag, int vflag)
{
  ev_init(eflag, vflag);
  if (neighbor->ago == 0) require_ghosts();
  const int all = atom->nlocal + atom->nghost;
  const bool at_home = force->newton_pair;    // LAMMPS itself sends home what falls on ghosts
  const bool halves = vflag_atom, neighbours = cvflag_atom;
  try {
    set_species(all);
    if (halves) half.assign(9 * (size_t) all, 0.0);
    if (neighbours) neighbour.assign(9 * (size_t) all, 0.0);
    if (!at_home) forces.assign(3 * (size_t) all, 0.0);
  } catch (std::bad_alloc &) {
    error->one(FLERR, "Pair style potentia: no memory for {} atoms", all);
  }
  if (all > 0)
    evaluate(at_home ? &atom->f[0][0] : forces.data(), eflag_atom ? eatom : nullptr, halves, neighbours);
  if (!at_home) bring_home(halves, neighbours);
  if (halves || neighbours) add_virials(at_home ? all : atom->nlocal, halves, neighbours);
}

// the ghosts of this rank reach as far as the model sees
void PairPotentia::require_ghosts() const
{
  const double *h = domain->h_inv;
  const double per_length[3] = {sqrt(h[0] * h[0] + h[5] * h[5] + h[4] * h[4]), sqrt(h[1] * h[1] + h[3] * h[3]),
                                h[2]};
  for (int k = 0; k < 3; k++) {
    const double width = domain->triclinic ? comm->cutghost[k] / per_length[k] : comm->cutghost[k];
    if (width < potentia_about()->cutoff * (1.0 - 1e-9))
      error->all(FLERR,
                 "Pair style potentia: ghost atoms are known up to {} Angstrom, and the model sees up to {}; "
                 "raise it by `comm_modify cutoff`",
                 width, potentia_about()->cutoff);
  }
}

void PairPotentia::set_species(int all)
{
  species.resize(all);
  const int *type = atom->type;
  for (int i = 0; i < all; i++) species[i] = species_of_type[type[i]];
  if (all_mapped) return;
  centres.clear();
  for (int k = 0; k < list->inum; k++)
    if (species[list->ilist[k]] >= 0) centres.push_back(list->ilist[k]);
}

void PairPotentia::evaluate(double *onto, double *site_energy, bool halves, bool neighbours)
{
  potentia_atoms atoms = {};
  atoms.n_centres = all_mapped ? list->inum : (int64_t) centres.size();
  atoms.n_atoms = species.size();
  atoms.positions = &atom->x[0][0];
  atoms.species = species.data();
  atoms.centres = all_mapped ? list->ilist : centres.data();
  atoms.rows = list->firstneigh;
  atoms.counts = list->numneigh;
  atoms.mask = NEIGHMASK;
  atoms.constants = potentia_about()->constants;
  if (atoms.n_centres == 0) return;

  potentia_results results = {};
  results.site_energy = site_energy;
  results.forces = onto;
  results.virial_half = halves ? half.data() : nullptr;
  results.virial_neighbour = neighbours ? neighbour.data() : nullptr;
  if (potentia_compute(&atoms, &results, comm->nthreads) != 0)
    error->one(FLERR, "Pair style potentia: no memory for the neighbours of {} atoms", atoms.n_centres);
  if (eflag_global) eng_vdwl += results.energy;
  if (vflag_global)    // LAMMPS's virial is -dE/d(strain)
    for (int k = 0; k < 6; k++) virial[k] -= results.virial[COMPONENT[k]];
}

void PairPotentia::bring_home(bool halves, bool neighbours)
{
  comm->reverse_comm(this, 3 + (halves ? 9 : 0) + (neighbours ? 9 : 0));
  double *f = atom->nlocal > 0 ? &atom->f[0][0] : nullptr;
  for (int k = 0; k < 3 * atom->nlocal; k++) f[k] += forces[k];
}

int PairPotentia::pack_reverse_comm(int n, int first, double *buf)
{
  int m = 0;
  for (int i = first; i < first + n; i++) {
    for (int k = 0; k < 3; k++) buf[m++] = forces[3 * (size_t) i + k];
    for (int k = 0; k < 9 && vflag_atom; k++) buf[m++] = half[9 * (size_t) i + k];
    for (int k = 0; k < 9 && cvflag_atom; k++) buf[m++] = neighbour[9 * (size_t) i + k];
  }
  return m;
}

void PairPotentia::unpack_reverse_comm(int n, int *onto, double *buf)
{
  int m = 0;
  for (int each = 0; each < n; each++) {
    const size_t i = onto[each];
    for (int k = 0; k < 3; k++) forces[3 * i + k] += buf[m++];
    for (int k = 0; k < 9 && vflag_atom; k++) half[9 * i + k] += buf[m++];
    for (int k = 0; k < 9 && cvflag_atom; k++) neighbour[9 * i + k] += buf[m++];
  }
}

// Six components of an atom are those of the symmetric part: r_x f_y and r_y f_x differ for one atom, not in
// the sum. The nine of the centroid form are kept apart, as the heat flux needs them.
void PairPotentia::add_virials(int count, bool halves, bool neighbours)
{
  for (size_t i = 0; i < (size_t) count && halves; i++) {
    const double *v = &half[9 * i];
    for (int k = 0; k < 3; k++) vatom[i][k] -= v[COMPONENT[k]];
    for (int k = 3; k < 6; k++) vatom[i][k] -= 0.5 * (v[COMPONENT[k]] + v[COMPONENT[k + 3]]);
  }
  for (size_t i = 0; i < (size_t) count && neighbours; i++)
    for (int k = 0; k < 9; k++) cvatom[i][k] -= neighbour[9 * i + COMPONENT[k]];
}

double PairPotentia::memory_usage()
{
  return Pair::memory_usage() + sizeof(int32_t) * (double) (species.capacity() + centres.capacity()) +
      sizeof(double) * (double) (forces.capacity() + half.capacity() + neighbour.capacity());
}
