// SPDX-License-Identifier: GPL-2.0-only
// A LAMMPS pair style around one generated potential. Its kernel has the plain C interface of kernel.cpp.
#ifndef LMP_PAIR_POTENTIA_H
#define LMP_PAIR_POTENTIA_H

#include "pair.h"

#include <cstdint>
#include <vector>

namespace LAMMPS_NS {

class PairPotentia : public Pair {
 public:
  explicit PairPotentia(class LAMMPS *);
  ~PairPotentia() override;

  void settings(int, char **) override;
  void coeff(int, char **) override;
  void init_style() override;
  double init_one(int, int) override;
  void compute(int, int) override;
  int pack_reverse_comm(int, int, double *) override;
  void unpack_reverse_comm(int, int *, double *) override;
  double memory_usage() override;

 private:
  std::vector<int32_t> species_of_type;   // by type; -1: the type is not of this style
  std::vector<int32_t> species;           // by atom, ghosts too
  std::vector<int32_t> centres;           // where some types are not of this style
  std::vector<double> forces;             // (atoms, 3), with newton off: ghosts' go home from here
  std::vector<double> half, neighbour;    // (atoms, 9), virials by atom
  bool all_mapped = true;

  void require_ghosts() const;
  void set_species(int);
  void evaluate(double *, double *, bool, bool);
  void bring_home(bool, bool);
  void add_virials(int, bool, bool);
};

}    // namespace LAMMPS_NS

#endif
