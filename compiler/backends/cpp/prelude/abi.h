/* The plain C interface of a generated kernel. Lengths in Å, energies in eV. */
#include <stdint.h>

enum { POTENTIA_ABI = 2 };

/* Facts about a kernel. */
typedef struct {
  int32_t abi;            /* POTENTIA_ABI of the file */
  int32_t n_species;
  int32_t bytes_of_real;  /* 8 or 4: precision of the work on neighbours */
  int32_t lanes;          /* neighbours that are worked on at once */
  int64_t n_constants;
  const double *constants; /* (n_constants) where the file carries them (an export); null where the caller has them */
  double cutoff;          /* Å, of the longest list */
  const char *species;    /* symbols with spaces between them, in the order of indices */
  const char *isa;        /* the instruction sets that the file was compiled for, with spaces between them */
  const char *digest;     /* of the generated text */
} potentia_kernel;

/* Atoms with neighbours: every directed neighbour, so that i is in the list of j where j is in that of i.
   A list may be longer than the cutoff. */
typedef struct {
  int64_t n_centres;           /* atoms whose energies are summed */
  int64_t n_atoms;             /* atoms that have positions: centres and, in LAMMPS, ghosts */
  const double *positions;     /* (n_atoms, 3) */
  const int32_t *species;      /* (n_atoms), indices; a negative one is not seen by anybody */
  const int32_t *centres;      /* (n_centres), or null: centre k is atom k */
  const int64_t *first;        /* by atom, (n_atoms + 1): the place in `neighbours` where its own start; or null */
  const int32_t *neighbours;   /* the bits of `mask`: an index; those from bit `image` on: the place of its shift */
  const double *shifts;        /* (images, 3) added to the position of a neighbour, or null for 0 */
  int32_t *const *rows;        /* by atom, the neighbours of each: LAMMPS's `firstneigh`; or null */
  const int32_t *counts;       /* by atom, their number: LAMMPS's `numneigh`; or null */
  int32_t mask;                /* the bits of a neighbour that are its index: LAMMPS's NEIGHMASK, for example */
  int32_t image;               /* 0 … 30, the lowest bit of the place of its shift; not read where there are none */
  const double *constants;     /* (n_constants): what depends on parameters and species alone */
} potentia_atoms;

/* Results. What has a pointer is added to; null pointers are not worked out. */
typedef struct {
  double energy;               /* set, eV */
  double virial[9];            /* set, eV: dE/dε_ab, row a */
  double *site_energy;         /* (n_atoms), at centres */
  double *forces;              /* (n_atoms, 3), eV/Å; never null */
  double *virial_half;         /* (n_atoms, 9): half of d_a dE/dd_b to the centre, half to the neighbour */
  double *virial_neighbour;    /* (n_atoms, 9): all of it to the neighbour, doi:10.1103/PhysRevB.92.094301 */
} potentia_results;

#ifdef __cplusplus
extern "C" {
#endif
const potentia_kernel *potentia_about(void);
/* Returns 0, or 1 where memory for lists is not to be had. threads: 1, or more where OpenMP is compiled in. */
int potentia_compute(const potentia_atoms *atoms, potentia_results *results, int threads);
#ifdef __cplusplus
}
#endif
