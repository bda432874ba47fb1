// SPDX-License-Identifier: GPL-2.0-only
// The entry of LAMMPS's plugin loader (https://docs.lammps.org/Developer_plugins.html), with checks before
// anything of the pair style is touched. Its declarations are our own: the header with them is not installed.
#include "pair_potentia.h"

#include "kernel.h"

#include "error.h"
#include "force.h"
#include "lammps.h"

#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

struct Registration {
  const char *version, *style, *name, *info, *author;
  union {
    void *(*without_arguments)(LAMMPS_NS::LAMMPS *);
    void *(*with_arguments)(LAMMPS_NS::LAMMPS *, int, char **);
  } creator;
  void *handle;
};
using Register = void (*)(void *, void *);

void *new_pair(LAMMPS_NS::LAMMPS *lmp)
{
  return new LAMMPS_NS::PairPotentia(lmp);
}

// the first instruction set of the kernel that this processor lacks; empty: none
std::string lacking(const char *isa)
{
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  std::istringstream words(isa);
  for (std::string word; words >> word;) {
#define POTENTIA_NEEDS(name) \
  if (word == name && !__builtin_cpu_supports(name)) return word;
    POTENTIA_NEEDS("sse4.2")
    POTENTIA_NEEDS("avx")
    POTENTIA_NEEDS("avx2")
    POTENTIA_NEEDS("fma")
    POTENTIA_NEEDS("avx512f")
    POTENTIA_NEEDS("avx512dq")
    POTENTIA_NEEDS("avx512vl")
    POTENTIA_NEEDS("avx512bw")
    POTENTIA_NEEDS("avx512cd")
#undef POTENTIA_NEEDS
  }
#else
  (void) isa;
#endif
  return "";
}

std::string fault_of(LAMMPS_NS::LAMMPS *lmp, int (*version)(void *))
{
  const potentia_kernel *about = potentia_about();
  const int found = version ? version(lmp) : lmp->num_ver;
  std::ostringstream text;
  if (found != POTENTIA_LAMMPS_VERSION)
    text << "it was built for LAMMPS " << POTENTIA_LAMMPS_VERSION << ", and this is LAMMPS " << found;
  else if (about->abi != POTENTIA_ABI || (about->n_constants > 0 && !about->constants))
    text << "its kernel is not of this export";
  else if (const std::string set = lacking(about->isa); !set.empty())
    text << "its kernel was built for a processor with " << set << ", which this one lacks";
  return text.str();
}

}    // namespace

extern "C" {
int lammps_version(void *) __attribute__((weak));

__attribute__((visibility("default"))) void lammpsplugin_init(void *lmp, void *handle, void *registers)
{
  auto here = static_cast<LAMMPS_NS::LAMMPS *>(lmp);
  const std::string fault = fault_of(here, lammps_version);
  if (!fault.empty())    // of LAMMPS's classes nothing is known where its version is another
    throw std::runtime_error("the plugin of pair style " POTENTIA_STYLE " cannot be used: " + fault +
                             "; `sh build.sh` in its folder builds it again");
  // LAMMPS leaves out a second plugin of one name, and would go on with the first potential
  auto &known = *here->force->pair_map;
  const auto creator = reinterpret_cast<LAMMPS_NS::Force::PairCreator>(&new_pair);
  if (auto place = known.find(POTENTIA_STYLE); place != known.end() && place->second != creator)
    here->error->all(FLERR,
                     "another potential is loaded as pair style " POTENTIA_STYLE
                     "; build one of them with a name of its own: `STYLE=potentia/2 sh build.sh`");
  Registration plugin = {};
  plugin.version = here->version;
  plugin.style = "pair";
  plugin.name = POTENTIA_STYLE;
  plugin.info = "generated potential";
  plugin.author = "potentia";
  plugin.creator.without_arguments = &new_pair;
  plugin.handle = handle;
  reinterpret_cast<Register>(registers)(&plugin, lmp);
}
}
