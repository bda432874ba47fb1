/* Kernels called by XLA: padded lists become the kernel's, and `potentia_compute` runs on XLA's own buffers.

   A kernel is named by a key, which a process ties to an address (`potentia_register`) before it traces a call.
   What XLA compiles then holds no address, and can be kept between processes. */
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace {

namespace ffi = xla::ffi;

struct Kernel {
  decltype(&potentia_compute) compute;
  const potentia_kernel *about;
};

std::mutex kernels_lock;
std::unordered_map<int64_t, Kernel> kernels;

bool find(int64_t key, Kernel &kernel) {
  const std::lock_guard<std::mutex> hold(kernels_lock);
  const auto at = kernels.find(key);
  if (at == kernels.end()) return false;
  kernel = at->second;
  return true;
}

ffi::Error wrong(const char *words) { return ffi::Error(ffi::ErrorCode::kInvalidArgument, words); }

/* `use` of the elements of an array of float or double. */
template <class Use> ffi::Error with_reals(const ffi::AnyBuffer &array, Use &&use) {
  if (array.element_type() == ffi::F64) return use(array.typed_data<double>());
  if (array.element_type() == ffi::F32) return use(array.typed_data<float>());
  return wrong("potentia: positions and shifts are float64 or float32");
}

/* --- lists ------------------------------------------------------------------------------------- */

/* The bits that the index of one of n atoms takes. */
int index_bits(int64_t n) {
  int bits = 0;
  while (n - 1 >> bits > 0) ++bits;
  return bits;
}

/* Different shifts, in the order in which they come. */
class Shifts {
 public:
  Shifts(double *to, int64_t most) : to_(to), most_(most), slots_(64, -1) {}

  int64_t count() const { return count_; }

  /* The place of a shift, or -1 where there is no room for it. */
  int64_t place(double x, double y, double z) {
    const double *last = to_ + 3 * last_;
    if (count_ && last[0] == x && last[1] == y && last[2] == z) return last_;
    const int64_t found = searched(x, y, z);
    if (found >= 0) last_ = found;
    return found;
  }

 private:
  int64_t searched(double x, double y, double z) {
    int64_t &slot = find(x, y, z);
    if (slot >= 0) return slot;
    if (count_ == most_) return -1;
    double *own = to_ + 3 * count_;
    own[0] = x, own[1] = y, own[2] = z;
    const int64_t here = slot = count_++;
    if (2 * count_ > int64_t(slots_.size())) grow();
    return here;
  }

  int64_t &find(double x, double y, double z) {
    const double numbers[3] = {x + 0.0, y + 0.0, z + 0.0}; /* -0 is 0 */
    uint64_t hash = 0;
    for (double number : numbers) {
      uint64_t bits;
      std::memcpy(&bits, &number, 8);
      hash = (hash ^ bits) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    size_t at = hash % slots_.size();
    while (slots_[at] >= 0) {
      const double *own = to_ + 3 * slots_[at];
      if (own[0] == x && own[1] == y && own[2] == z) break;
      at = (at + 1) % slots_.size();
    }
    return slots_[at];
  }

  void grow() {
    slots_.assign(2 * slots_.size(), -1);
    for (int64_t k = 0; k < count_; ++k) find(to_[3 * k], to_[3 * k + 1], to_[3 * k + 2]) = k;
  }

  double *to_;
  int64_t most_, count_ = 0, last_ = 0;
  std::vector<int64_t> slots_;
};

/* j (N, K), shift (3, N, K), valid (N, K), positions (3, N), reach, turn (3, 3) → those nearer than the reach
   where a shift s is turn·s: first (N + 1), neighbours (N K), shifts s (S, 3), 0 beyond the last. */
ffi::Error pack(ffi::Buffer<ffi::S32> j, ffi::AnyBuffer shift, ffi::Buffer<ffi::PRED> valid,
                ffi::Buffer<ffi::F64> positions, ffi::Buffer<ffi::F64> reach, ffi::Buffer<ffi::F64> turn,
                ffi::ResultBuffer<ffi::S64> first, ffi::ResultBuffer<ffi::S32> neighbours,
                ffi::ResultBuffer<ffi::F64> shifts) {
  const auto shape = j.dimensions();
  if (shape.size() != 2) return wrong("potentia: edges are (N, K)");
  const int64_t n = shape[0], width = shape[1], all = n * width;
  if (int64_t(valid.element_count()) != all || int64_t(shift.element_count()) != 3 * all)
    return wrong("potentia: shifts are (3, N, K), and valid is (N, K)");
  if (int64_t(positions.element_count()) != 3 * n || reach.element_count() != 1 || turn.element_count() != 9)
    return wrong("potentia: positions are (3, N), a reach is a number, and a turn is (3, 3)");
  if (int64_t(first->element_count()) != n + 1 || int64_t(neighbours->element_count()) != all)
    return wrong("potentia: lists are (N + 1) and (N K)");
  const int bits = index_bits(n);
  const int64_t room = std::min<int64_t>(shifts->element_count() / 3, int64_t(1) << (31 - bits));
  const int32_t *from = j.typed_data();
  const bool *is_there = valid.typed_data();
  int64_t *start = first->typed_data();
  int32_t *to = neighbours->typed_data();
  Shifts images(shifts->typed_data(), room);
  const double *const x = positions.typed_data(), *const y = x + n, *const z = y + n;
  const double *const t = turn.typed_data();
  const double most = reach.typed_data()[0] * reach.typed_data()[0];
  return with_reals(shift, [&](const auto *s) {
    int64_t m = 0;
    for (int64_t i = 0; i < n; ++i) {
      start[i] = m;
      for (int64_t k = i * width; k < (i + 1) * width; ++k) {
        if (!is_there[k]) continue;
        const int64_t other = from[k];
        if (other < 0 || other >= n) return wrong("potentia: a neighbour is none of the atoms");
        const double sx = s[k], sy = s[all + k], sz = s[2 * all + k];
        const double dx = x[other] - x[i] + (t[0] * sx + t[1] * sy + t[2] * sz);
        const double dy = y[other] - y[i] + (t[3] * sx + t[4] * sy + t[5] * sz);
        const double dz = z[other] - z[i] + (t[6] * sx + t[7] * sy + t[8] * sz);
        if (dx * dx + dy * dy + dz * dz >= most) continue; /* what is no number stays: guards find it */
        const int64_t image = images.place(sx, sy, sz);
        if (image < 0) return wrong("potentia: the neighbours have more periodic images than there is room for");
        to[m++] = int32_t(other | image << bits);
      }
    }
    start[n] = m;
    std::fill(to + m, to + all, 0);
    std::fill(shifts->typed_data() + 3 * images.count(), shifts->typed_data() + shifts->element_count(), 0.0);
    return ffi::Error::Success();
  });
}

/* --- energies and forces ------------------------------------------------------------------------- */

/* Neighbouring atoms [first, end) of one structure. */
struct Run {
  int64_t slot, first, end;
};

/* Memory of a thread that calls kernels, kept from call to call. */
struct Room {
  std::vector<double> positions, forces;
  std::vector<int32_t> centres;
  std::vector<Run> runs;
};

/* Atoms that are real, as runs. */
bool arrange(const int32_t *structure, const bool *real, int64_t n, int64_t slots, Room &room) {
  room.runs.clear();
  room.centres.resize(n);
  for (int64_t i = 0; i < n; ++i) {
    room.centres[i] = int32_t(i);
    if (!real[i]) continue;
    if (structure[i] < 0 || structure[i] >= slots) return false;
    const bool goes_on = !room.runs.empty() && room.runs.back().end == i && room.runs.back().slot == structure[i];
    if (goes_on)
      ++room.runs.back().end;
    else
      room.runs.push_back({structure[i], i, i + 1});
  }
  return true;
}

/* One run of atoms; forces and energies of atoms go where no other run writes. */
int compute(const Kernel &kernel, potentia_atoms atoms, potentia_results &out, const Room &room, const Run &run,
            int threads) {
  atoms.n_centres = run.end - run.first;
  atoms.centres = room.centres.data() + run.first;
  return kernel.compute(&atoms, &out, threads);
}

ffi::Error run_kernel(ffi::Buffer<ffi::F64> constants, ffi::AnyBuffer positions, ffi::Buffer<ffi::S32> species,
                      ffi::Buffer<ffi::S32> structure, ffi::Buffer<ffi::PRED> real, ffi::Buffer<ffi::S64> first,
                      ffi::Buffer<ffi::S32> neighbours, ffi::Buffer<ffi::F64> shifts,
                      ffi::ResultBuffer<ffi::F64> energy, ffi::ResultBuffer<ffi::F64> forces,
                      ffi::ResultBuffer<ffi::F64> virial, ffi::ResultBuffer<ffi::F64> site_energy, int64_t key,
                      int64_t threads) {
  Kernel kernel;
  if (!find(key, kernel)) return ffi::Error(ffi::ErrorCode::kNotFound, "potentia: this process has not loaded the kernel");
  const int64_t n = species.element_count(), slots = energy->element_count();
  if (int64_t(positions.element_count()) != 3 * n || int64_t(forces->element_count()) != 3 * n ||
      int64_t(structure.element_count()) != n || int64_t(real.element_count()) != n ||
      int64_t(first.element_count()) != n + 1 || int64_t(site_energy->element_count()) != n ||
      int64_t(virial->element_count()) != 9 * slots || shifts.element_count() % 3 != 0)
    return wrong("potentia: the arrays of a kernel do not fit together");
  if (int64_t(constants.element_count()) != kernel.about->n_constants)
    return wrong("potentia: the constants are those of another kernel");
  const int32_t *kinds = species.typed_data();
  for (int64_t i = 0; i < n; ++i)
    if (kinds[i] >= kernel.about->n_species) return wrong("potentia: a species is none of the kernel's");

  thread_local Room room;
  if (!arrange(structure.typed_data(), real.typed_data(), n, slots, room))
    return wrong("potentia: a structure is none of the batch");
  room.positions.resize(3 * n);
  room.forces.assign(3 * n, 0.0);
  const ffi::Error laid = with_reals(positions, [&](const auto *from) {
    for (int64_t x = 0; x < 3; ++x)
      for (int64_t i = 0; i < n; ++i) room.positions[3 * i + x] = double(from[x * n + i]);
    return ffi::Error::Success();
  });
  if (laid.failure()) return laid;
  double *const sites = site_energy->typed_data();
  std::fill_n(sites, n, 0.0);
  std::fill_n(energy->typed_data(), slots, 0.0);
  std::fill_n(virial->typed_data(), 9 * slots, 0.0);

  potentia_atoms atoms = {};
  atoms.n_atoms = n, atoms.image = index_bits(n), atoms.mask = int32_t((int64_t(1) << atoms.image) - 1);
  atoms.positions = room.positions.data(), atoms.species = kinds, atoms.constants = constants.typed_data();
  atoms.first = first.typed_data(), atoms.neighbours = neighbours.typed_data(), atoms.shifts = shifts.typed_data();
  const int64_t n_runs = room.runs.size();
  std::vector<potentia_results> out(n_runs);
  for (potentia_results &each : out) each.site_energy = sites, each.forces = room.forces.data();
  int failed = 0;
  const Room &shared = room; /* that of this thread, for all */
  const int inner = n_runs > 1 ? 1 : int(threads);
#pragma omp parallel for schedule(dynamic) reduction(| : failed) num_threads(int(threads)) if (n_runs > 1 && threads > 1)
  for (int64_t r = 0; r < n_runs; ++r) failed |= compute(kernel, atoms, out[r], shared, shared.runs[r], inner);
  if (failed) return ffi::Error(ffi::ErrorCode::kResourceExhausted, "potentia: no memory for the neighbours of a kernel");

  for (int64_t r = 0; r < n_runs; ++r) {
    const int64_t slot = room.runs[r].slot;
    energy->typed_data()[slot] += out[r].energy;
    for (int q = 0; q < 9; ++q) virial->typed_data()[q * slots + slot] += out[r].virial[q];
  }
  double *to = forces->typed_data();
  for (int64_t x = 0; x < 3; ++x)
    for (int64_t i = 0; i < n; ++i) to[x * n + i] = room.forces[3 * i + x];
  return ffi::Error::Success();
}

ffi::Error guarded_run(ffi::Buffer<ffi::F64> constants, ffi::AnyBuffer positions, ffi::Buffer<ffi::S32> species,
                       ffi::Buffer<ffi::S32> structure, ffi::Buffer<ffi::PRED> real, ffi::Buffer<ffi::S64> first,
                       ffi::Buffer<ffi::S32> neighbours, ffi::Buffer<ffi::F64> shifts,
                       ffi::ResultBuffer<ffi::F64> energy, ffi::ResultBuffer<ffi::F64> forces,
                       ffi::ResultBuffer<ffi::F64> virial, ffi::ResultBuffer<ffi::F64> site_energy, int64_t key,
                       int64_t threads) {
  try {
    return run_kernel(constants, positions, species, structure, real, first, neighbours, shifts, energy, forces, virial,
                      site_energy, key, threads);
  } catch (const std::bad_alloc &) {
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "potentia: no memory for the atoms of a kernel");
  }
}

}  // namespace

extern "C" void potentia_register(int64_t key, void *compute, void *about) {
  const std::lock_guard<std::mutex> hold(kernels_lock);
  kernels[key] = {reinterpret_cast<decltype(&potentia_compute)>(compute), static_cast<const potentia_kernel *>(about)};
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(potentia_ffi_pack, pack,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::Buffer<ffi::PRED>>()
                                  .Arg<ffi::Buffer<ffi::F64>>()
                                  .Arg<ffi::Buffer<ffi::F64>>()
                                  .Arg<ffi::Buffer<ffi::F64>>()
                                  .Ret<ffi::Buffer<ffi::S64>>()
                                  .Ret<ffi::Buffer<ffi::S32>>()
                                  .Ret<ffi::Buffer<ffi::F64>>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(potentia_ffi_compute, guarded_run,
                              ffi::Ffi::Bind()
                                  .Arg<ffi::Buffer<ffi::F64>>()
                                  .Arg<ffi::AnyBuffer>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::PRED>>()
                                  .Arg<ffi::Buffer<ffi::S64>>()
                                  .Arg<ffi::Buffer<ffi::S32>>()
                                  .Arg<ffi::Buffer<ffi::F64>>()
                                  .Ret<ffi::Buffer<ffi::F64>>()
                                  .Ret<ffi::Buffer<ffi::F64>>()
                                  .Ret<ffi::Buffer<ffi::F64>>()
                                  .Ret<ffi::Buffer<ffi::F64>>()
                                  .Attr<int64_t>("kernel")
                                  .Attr<int64_t>("threads"));
