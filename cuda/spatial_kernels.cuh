// The kernels of spatial layers. Each sum runs in the order of native/spatial, by one thread, so that the bits are those
// of the processor: threads share out sites, samples, slots and pages, never the terms of a sum.
#pragma once

#include <cmath>

#include "cuda/spatial_view.cuh"
#include "native/spatial/batch.h"

namespace synfire::cuda {

extern __shared__ __align__(16) unsigned char shared_bytes[];

inline constexpr unsigned kBlock = 128;  // threads
inline constexpr unsigned kWarp = 32;
inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

/// Threads that work on one thing together.
struct Alone {
  static constexpr std::uint32_t kSize = 1;
  __device__ static std::uint32_t Rank() { return 0; }
  __device__ static void Sync() {}
};
struct Warp {
  static constexpr std::uint32_t kSize = kWarp;
  __device__ static std::uint32_t Rank() { return threadIdx.x % kWarp; }
  __device__ static void Sync() { __syncwarp(); }
};
struct Block {
  static constexpr std::uint32_t kSize = kBlock;
  __device__ static std::uint32_t Rank() { return threadIdx.x; }
  __device__ static void Sync() { __syncthreads(); }
};

/// A thread's site and lane: threads of a block share out some lanes of some sites.
struct Place {
  std::uint32_t site, lane;
  __device__ explicit Place(const BatchView& b)
      : site((blockIdx.x * kBlock + threadIdx.x) >> b.lane_bits),
        lane((blockIdx.y << b.lane_bits) + (threadIdx.x & ((1u << b.lane_bits) - 1))) {}
};

// ---- new pages

/// Moves bytes to a higher address that may overlap them.
template <class Group>
__device__ void MoveUp(std::uint8_t* from, std::size_t bytes, std::size_t distance) {
  for (std::size_t end = bytes; end > 0;) {
    const std::size_t count = end < Group::kSize ? end : Group::kSize, first = end - count;
    const bool mine = Group::Rank() < count;
    const std::uint8_t byte = mine ? from[first + Group::Rank()] : std::uint8_t{0};
    Group::Sync();
    if (mine) from[first + Group::Rank() + distance] = byte;
    Group::Sync();
    end = first;
  }
}

/// Layer::Remember, by a group of threads.
template <class Group>
__device__ void StorePage(const LayerView& l, std::uint32_t n, std::uint32_t context) {
  const Neuron neuron = l.neurons[n];
  if (!l.rules.Wants(neuron, context)) return;
  const spatial::PageFormat& format = l.rules.format;
  const std::uint32_t first = n * l.rules.most_pages;
  if (neuron.stored == 0) {
    std::uint8_t* const page = l.Page(first);
    for (std::uint32_t byte = Group::Rank(); byte < format.bytes; byte += Group::kSize) page[byte] = 0;
    Group::Sync();
    for (std::uint32_t block = Group::Rank(); block * 8 < format.weights; block += Group::kSize)
      l.rules.Draw(l.IdOf(n), block, page);
  } else {
    const spatial::NewPage place = LayerRules::PlaceFor(neuron, context);
    MoveUp<Group>(l.Page(first + place.from), std::size_t{place.moved} * format.bytes, format.bytes);
    if (l.residuals != nullptr) {
      const std::size_t bytes = format.weights * sizeof(std::int16_t);
      MoveUp<Group>(reinterpret_cast<std::uint8_t*>(l.Residual(first + place.from)), place.moved * bytes, bytes);
    }
  }
  Group::Sync();
  if (Group::Rank() == 0) l.neurons[n].stored |= std::uint64_t{1} << context;
  Group::Sync();
}

/// The contexts of all samples at a site, by a warp; every new one finds its page, in the order of samples.
template <bool cube>
__global__ void __launch_bounds__(kBlock) RememberPatterns(LayerView l, BatchView b) {
  const std::uint32_t i = blockIdx.x * (kBlock / kWarp) + threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  if (i >= l.site_count) return;
  auto* const first_seen = reinterpret_cast<std::uint32_t*>(shared_bytes) + threadIdx.x / kWarp * spatial::kContexts;
  for (std::uint32_t c = lane; c < spatial::kContexts; c += kWarp) first_seen[c] = kNone;
  __syncwarp();
  const SiteEntry site = l.sites[i];
  const SiteWindow window(l.window, site);
  for (std::uint32_t s = lane; s < b.samples; s += kWarp) {
    const Pattern pattern = See(Field<cube>(l.window, window, l.below + s, b.stride));
    const float middle = l.below[std::size_t{window.middle} * b.stride + s];
    const std::uint32_t context = pattern.Context(middle, l.window.cells, b.pattern_bits);
    l.contexts[std::size_t{site.code} * b.stride + s] = static_cast<std::uint8_t>(context);
    const std::uint32_t n = LayerRules::AnswererOf(l.neurons, site.first, site.count, context);
    if (pattern.active() && l.rules.Wants(l.neurons[n], context)) atomicMin(&first_seen[context], s);
  }
  __syncwarp();
  while (true) {
    std::uint32_t key = kNone;  // the sample, then the context
    for (std::uint32_t c = lane; c < spatial::kContexts; c += kWarp) {
      if (first_seen[c] == kNone) continue;
      const std::uint32_t own = first_seen[c] * spatial::kContexts + c;
      key = own < key ? own : key;
    }
    key = __reduce_min_sync(0xFFFFFFFF, key);
    if (key == kNone) return;
    const std::uint32_t context = key % spatial::kContexts;
    if (lane == 0) first_seen[context] = kNone;
    StorePage<Warp>(l, LayerRules::AnswererOf(l.neurons, site.first, site.count, context), context);
    __syncwarp();
  }
}

// ---- answers

enum class Mode {
  kForward,  ///< only answers
  kKnown,    ///< learns, after RememberPatterns
  kAlone,    ///< learns a single sample
};

template <std::uint32_t bits, bool cube, Mode mode>
__global__ void __launch_bounds__(kBlock) Answer(LayerView l, BatchView b) {
  const Place place(b);
  if (place.site >= l.site_count || place.lane >= b.samples) return;
  const SiteEntry site = l.sites[place.site];
  const SiteWindow window(l.window, site);
  const std::size_t at = std::size_t{site.code} * b.stride + place.lane;
  const Field<cube> field(l.window, window, l.below + place.lane, b.stride);
  std::uint32_t context;
  if constexpr (mode == Mode::kKnown) {
    context = l.contexts[at];
  } else {
    const Pattern pattern = See(field);
    const float middle = l.below[std::size_t{window.middle} * b.stride + place.lane];
    context = pattern.Context(middle, l.window.cells, b.pattern_bits);
    if constexpr (mode == Mode::kAlone) {
      if (pattern.active())
        StorePage<Alone>(l, LayerRules::AnswererOf(l.neurons, site.first, site.count, context), context);
    }
  }
  const std::uint32_t n = LayerRules::AnswererOf(l.neurons, site.first, site.count, context);
  const Neuron neuron = l.neurons[n];
  const std::uint32_t route = l.rules.RouteOf(neuron, n, context);
  const bool answers = route != kNoPage;

  float sum = 0;
  ForWeights<bits, cube>(l.rules.format.weights, answers ? l.Page(route) : nullptr,
                         [&](std::uint32_t k, float weight) { sum += field.At(k) * weight; });
  float potential = sum * (answers ? l.rules.ScaleOf(neuron) : 0.0f);
  if (l.state != nullptr) {
    potential = l.state[at] * b.decay + potential * (1.0f - b.decay);
    l.state[at] = potential;
  }
  float slope;
  const float output = spatial::scalar::Activate(l.activations[context], potential, &slope);
  l.outputs[at] = answers ? output : 0.0f;
  if constexpr (mode != Mode::kForward) {
    l.errors[at] = answers ? slope * (1.0f - b.decay) : 0.0f;
    l.routes[at] = route;
  }
}

// ---- errors

/// From the outputs to errors times scale; leaves the plain errors in place of the targets.
__global__ void __launch_bounds__(kBlock) OutputErrors(LayerView l, BatchView b, const std::uint32_t* raster, std::uint32_t codes,
                             float* targets) {
  const Place place(b);
  if (place.site >= codes || raster[place.site] == kNone || place.lane >= b.samples) return;
  const std::size_t at = std::size_t{place.site} * b.stride + place.lane;
  const float error = l.outputs[at] - targets[at];
  targets[at] = error;
  if (!std::isfinite(error)) b.state->broken = 1;
  const std::uint32_t route = l.routes[at];
  if (route != kNoPage) l.errors[at] *= spatial::ClippedError(error) * l.ScaleOf(route);
}

/// The sums of squared errors of slices of codes.
__global__ void __launch_bounds__(kBlock) SumLosses(BatchView b, const std::uint32_t* raster, spatial::Slicing slicing, const float* errors,
                          double* losses) {
  const std::uint32_t slice = blockIdx.x * kBlock + threadIdx.x;
  if (slice >= static_cast<std::uint32_t>(slicing.slices)) return;
  const std::uint32_t first = slice * slicing.size;
  const std::uint32_t last = first + slicing.size < slicing.codes ? first + slicing.size : slicing.codes;
  double loss = 0;
  for (std::uint32_t code = first; code < last; ++code) {
    if (raster[code] == kNone) continue;
    const float* const row = errors + std::size_t{code} * b.stride;
#pragma unroll 8
    for (std::uint32_t s = 0; s < b.samples; ++s) loss += static_cast<double>(row[s]) * row[s];
  }
  losses[slice] = loss;
}

/// What the sites that see a cell tell it, in raster order.
__global__ void __launch_bounds__(kBlock) PassErrors(LayerView l, LayerView below, BatchView b) {
  const Place place(b);
  if (place.site >= below.site_count || place.lane >= b.samples) return;
  const SiteEntry cell = below.sites[place.site];
  const std::size_t at = std::size_t{cell.code} * b.stride + place.lane;
  const std::uint32_t answered = below.routes[at];
  if (answered == kNoPage) return;
  const WindowView& w = l.window;
  const spatial::PageFormat& format = l.rules.format;
  const std::uint32_t *const range_x = w.seers[0] + 2 * cell.position[0], *const range_y = w.seers[1] + 2 * cell.position[1],
                      *const range_z = w.seers[2] + 2 * cell.position[2];
  float sum = 0;
  for (std::uint32_t z = range_z[0]; z < range_z[1]; ++z) {
    const std::uint32_t plane = (cell.position[2] - w.starts[2][z]) * w.size[1];
    for (std::uint32_t y = range_y[0]; y < range_y[1]; ++y) {
      const std::uint32_t row = (plane + cell.position[1] - w.starts[1][y]) * w.size[0];
      const std::uint32_t part = w.own[2][z] | w.own[1][y];
      for (std::uint32_t x = range_x[0]; x < range_x[1]; ++x) {
        const std::size_t seer = std::size_t{part | w.own[0][x]} * b.stride + place.lane;
        const std::uint32_t route = l.routes[seer];
        if (route == kNoPage) continue;
        const std::uint32_t bit = w.slots[row + cell.position[0] - w.starts[0][x]] * format.bits;
        const std::int32_t q = l.Page(route)[bit / 8] >> bit % 8 & static_cast<std::int32_t>(format.levels);
        sum += l.errors[seer] * static_cast<float>(q + q - static_cast<std::int32_t>(format.levels));
      }
    }
  }
  below.errors[at] *= spatial::ClippedError(sum) * below.ScaleOf(answered);
}

// ---- learning

/// Moves up to eight slots of a page, from slot `first` on, by their gradients, which it multiplies by the weights
/// before.
template <std::uint32_t bits>
__device__ __forceinline__ void ChangeBlock(const LayerView& l, const BatchState& batch, std::uint32_t route, std::uint32_t first,
                            float step, float* gradients) {
  namespace scalar = spatial::scalar;
  constexpr std::int32_t kTop = (1 << bits) - 1;
  const std::uint32_t left = l.rules.format.weights - first, count = left < 8 ? left : 8;
  std::uint8_t* const page = l.Page(route) + first / 8 * bits;
  std::int16_t* const residuals = l.residuals == nullptr ? nullptr : l.Residual(route) + first;
  const std::uint32_t bytes = (count * bits + 7) / 8;
  std::uint32_t word = 0, changed = 0;
  for (std::uint32_t byte = 0; byte < bytes; ++byte) word |= std::uint32_t{page[byte]} << 8 * byte;
  spatial::SlotRandoms randoms{};
  if (residuals == nullptr) {
    randoms = Philox({batch.number, l.IdOf(l.rules.NeuronOf(route)), l.rules.index << 8 | route % l.rules.most_pages,
                      first / 8},
                     {l.rules.key[0], l.rules.key[1]});
  }
#pragma unroll
  for (std::uint32_t i = 0; i < 8; ++i) {
    if (i >= count) break;
    const auto q = static_cast<std::int32_t>(word >> i * bits) & kTop;
    const float gradient = gradients[i];
    gradients[i] = gradient * scalar::ToReal(q + q - kTop);
    const float place = scalar::Moved(q, gradient, step);
    std::int32_t kept;
    if (residuals == nullptr) {
      kept = scalar::RoundAtRandom(place, static_cast<std::int32_t>(spatial::RandomOf(randoms, i)), kTop);
    } else {
      std::int32_t rest;
      kept = scalar::RoundWithRest(place, scalar::ToReal(residuals[i]), kTop, &rest);
      residuals[i] = static_cast<std::int16_t>(rest);
    }
    changed |= static_cast<std::uint32_t>(kept) << i * bits;
  }
  for (std::uint32_t byte = 0; byte < bytes; ++byte) page[byte] = static_cast<std::uint8_t>(changed >> 8 * byte);
}

/// One sample: a thread for every site.
template <std::uint32_t bits, bool cube>
__global__ void __launch_bounds__(kBlock) UpdateSingle(LayerView l, BatchView b) {
  const Place place(b);
  if (place.site >= l.site_count || b.state->broken != 0) return;
  const SiteEntry site = l.sites[place.site];
  const std::uint32_t route = l.routes[site.code];
  const std::uint32_t answerer = route == kNoPage ? kNone : l.rules.NeuronOf(route);
  for (std::uint32_t n = site.first; n < site.first + site.count; ++n)
    if (n != answerer) l.rules.Settle(l.neurons[n], {}, 1);
  if (route == kNoPage) return;
  Neuron& neuron = l.neurons[answerer];
  const float delta = l.errors[site.code] / l.rules.ScaleOf(neuron);
  const float step = l.rules.StepOf(neuron) * delta;
  const SiteWindow window(l.window, site);
  const Field<cube> field(l.window, window, l.below, 1);
  const std::uint32_t weights = cube ? kCubeCells + 1 : l.rules.format.weights;
  float dots = 0;
  const auto change = [&](std::uint32_t first) {
    float gradients[8];
#pragma unroll
    for (std::uint32_t i = 0; i < 8; ++i) gradients[i] = first + i < weights ? field.At(first + i) : 0.0f;
    ChangeBlock<bits>(l, *b.state, route, first, step, gradients);
#pragma unroll
    for (std::uint32_t i = 0; i < 8; ++i)
      if (first + i < weights) dots += gradients[i];
  };
  if constexpr (cube) {
    Unrolled<(kCubeCells + 8) / 8>([&](auto block) { change(block * 8); });
  } else {
    for (std::uint32_t first = 0; first < weights; first += 8) change(first);
  }
  l.rules.Settle(neuron, {1, std::abs(delta), std::abs(l.outputs[site.code]), delta * dots}, 1);
}

inline constexpr std::uint32_t kTile = 32;  // samples that are worked on at a time

/// A group's share of a block's memory while it teaches a site.
struct SiteMemory {
  std::uint32_t rows;   ///< pages that a site may have
  std::uint32_t slots;  ///< weights at a time: as many as threads in a group
  float *field = nullptr, *sums = nullptr, *delta = nullptr, *size = nullptr, *dots = nullptr;
  std::uint32_t *tile_rows = nullptr, *codes = nullptr, *counts = nullptr, *first_rows = nullptr;
  spatial::Experience* experiences = nullptr;

  static constexpr std::uint32_t kPitch = kTile + 1;  // keeps columns in different banks
  __host__ __device__ std::uint32_t pitch() const { return slots + 1; }

  /// Lays the arrays out from `begin` on; returns the bytes that they take.
  __host__ __device__ std::size_t Place(unsigned char* begin, std::uint32_t neurons) {
    std::size_t used = 0;
    const auto take = [&](auto*& array, std::size_t count) {
      array = reinterpret_cast<std::remove_reference_t<decltype(array)>>(begin + used);
      used += count * sizeof(*array);
    };
    take(experiences, neurons);
    take(field, std::size_t{slots} * kPitch);
    take(sums, std::size_t{rows} * pitch());
    take(delta, kTile);
    take(size, kTile);
    take(dots, rows);
    take(tile_rows, kTile);
    take(codes, slots);
    take(counts, rows);
    take(first_rows, neurons + 1);
    return (used + 15) / 16 * 16;
  }
};

/// Pages that the neurons of one site may have together.
__host__ __device__ inline std::uint32_t MostRows(const LayerView& l) {
  const std::uint32_t rows = l.most_neurons * l.rules.most_pages;
  return rows < spatial::kContexts ? rows : spatial::kContexts;
}

/// Teaches the neurons of one site from all samples: gradients page by page, then the pages, then the rest.
template <std::uint32_t bits, class Group>
class SiteLesson {
 public:
  __device__ SiteLesson(const LayerView& l, const BatchView& b, const SiteEntry& site, const SiteMemory& memory)
      : l_(l), b_(b), site_(site), m_(memory), rank_(Group::Rank()), at_(std::size_t{site.code} * b.stride) {}

  __device__ void Run() {
    Begin();
    const std::uint32_t weights = l_.rules.format.weights;
    for (std::uint32_t first = 0; first < weights; first += Group::kSize) {
      CollectGradients(first);
      ChangePages(first);
      AddDots(first);
    }
    for (std::uint32_t i = rank_; i < site_.count; i += Group::kSize) {
      spatial::Experience& e = m_.experiences[i];
      for (std::uint32_t row = m_.first_rows[i]; row < m_.first_rows[i + 1]; ++row)
        if (m_.counts[row] > 0) e.dots += m_.dots[row];
      l_.rules.Settle(l_.neurons[site_.first + i], e, b_.samples);
    }
  }

 private:
  __device__ void Begin() {
    if (rank_ == 0) {
      m_.first_rows[0] = 0;
      for (std::uint32_t i = 0; i < site_.count; ++i)
        m_.first_rows[i + 1] = m_.first_rows[i] + spatial::StoredPages(l_.neurons[site_.first + i]);
    }
    for (std::uint32_t i = rank_; i < site_.count; i += Group::kSize) m_.experiences[i] = {};
    Group::Sync();
    rows_ = m_.first_rows[site_.count];
    for (std::uint32_t row = rank_; row < rows_; row += Group::kSize) {
      m_.counts[row] = 0;
      m_.dots[row] = 0;
    }
  }

  /// Puts samples' pages, errors and sizes of outputs where all threads see them.
  __device__ void LoadSamples(std::uint32_t first_sample) {
    for (std::uint32_t i = rank_; i < kTile; i += Group::kSize) {
      const std::uint32_t s = first_sample + i;
      const std::uint32_t route = s < b_.samples ? l_.routes[at_ + s] : kNoPage;
      m_.tile_rows[i] = kNone;
      if (route == kNoPage) continue;
      const std::uint32_t n = l_.rules.NeuronOf(route);
      m_.tile_rows[i] = m_.first_rows[n - site_.first] + (route - n * l_.rules.most_pages);
      m_.delta[i] = l_.errors[at_ + s] / l_.rules.ScaleOf(l_.neurons[n]);
      m_.size[i] = std::abs(l_.outputs[at_ + s]);
    }
  }

  /// The same for what the slots saw.
  __device__ void LoadField(std::uint32_t first, std::uint32_t first_sample) {
    const std::uint32_t lane = rank_ % kTile, s = first_sample + lane;
    for (std::uint32_t slot = rank_ / kTile; slot < Group::kSize; slot += Group::kSize / kTile) {
      const std::uint32_t k = first + slot;
      if (k >= l_.rules.format.weights) break;
      const bool seen = k < l_.window.cells && s < b_.samples;
      m_.field[slot * SiteMemory::kPitch + lane] = seen ? l_.below[std::size_t{m_.codes[slot]} * b_.stride + s] : 1.0f;
    }
  }

  /// Sums over samples for the slot of this thread, page by page.
  __device__ void CollectGradients(std::uint32_t first) {
    const SiteWindow window(l_.window, site_);
    const std::uint32_t k = first + rank_;
    if (k < l_.window.cells) m_.codes[rank_] = window.Code(k);
    for (std::uint32_t row = 0; row < rows_; ++row) m_.sums[row * m_.pitch() + rank_] = 0;
    Group::Sync();
    std::uint32_t held = kNone;  // the page whose sum is in a register
    float sum = 0;
    const auto turn_to = [&](std::uint32_t row) {
      if (held != kNone) m_.sums[held * m_.pitch() + rank_] = sum;
      held = row;
      if (held != kNone) sum = m_.sums[held * m_.pitch() + rank_];
    };
    for (std::uint32_t first_sample = 0; first_sample < b_.samples; first_sample += kTile) {
      LoadSamples(first_sample);
      LoadField(first, first_sample);
      Group::Sync();
      const float* const field = m_.field + rank_ * SiteMemory::kPitch;
#pragma unroll 4
      for (std::uint32_t i = 0; i < kTile; ++i) {
        const std::uint32_t row = m_.tile_rows[i];
        if (row == kNone) continue;
        if (row != held) turn_to(row);
        sum += field[i] * m_.delta[i];
      }
      if (first == 0) Experience();
      Group::Sync();
    }
    turn_to(kNone);
    Group::Sync();
  }

  __device__ void Experience() {
    for (std::uint32_t n = rank_; n < site_.count; n += Group::kSize) {
      spatial::Experience e = m_.experiences[n];
      for (std::uint32_t i = 0; i < kTile; ++i) {
        const std::uint32_t row = m_.tile_rows[i];
        if (row == kNone || row < m_.first_rows[n] || row >= m_.first_rows[n + 1]) continue;
        m_.counts[row] += 1;
        e.samples += 1;
        e.errors += std::abs(m_.delta[i]);
        e.outputs += m_.size[i];
      }
      m_.experiences[n] = e;
    }
  }

  /// Pages that were used, in shares of eight slots.
  __device__ void ChangePages(std::uint32_t first) {
    const std::uint32_t left = l_.rules.format.weights - first;
    const std::uint32_t slots = left < Group::kSize ? left : Group::kSize, blocks = (slots + 7) / 8;
    for (std::uint32_t share = rank_; share < rows_ * blocks; share += Group::kSize) {
      const std::uint32_t row = share / blocks, slot = share % blocks * 8;
      if (m_.counts[row] == 0) continue;
      std::uint32_t i = 0;
      while (row >= m_.first_rows[i + 1]) ++i;
      const std::uint32_t n = site_.first + i;
      ChangeBlock<bits>(l_, *b_.state, n * l_.rules.most_pages + (row - m_.first_rows[i]), first + slot,
                        l_.rules.StepOf(l_.neurons[n]), m_.sums + row * m_.pitch() + slot);
    }
    Group::Sync();
  }

  __device__ void AddDots(std::uint32_t first) {
    const std::uint32_t left = l_.rules.format.weights - first, slots = left < Group::kSize ? left : Group::kSize;
    for (std::uint32_t row = rank_; row < rows_; row += Group::kSize) {
      if (m_.counts[row] == 0) continue;
      float dots = m_.dots[row];
      for (std::uint32_t slot = 0; slot < slots; ++slot) dots += m_.sums[row * m_.pitch() + slot];
      m_.dots[row] = dots;
    }
    Group::Sync();
  }

  const LayerView& l_;
  const BatchView& b_;
  const SiteEntry& site_;
  const SiteMemory& m_;
  const std::uint32_t rank_;
  const std::size_t at_;
  std::uint32_t rows_ = 0;
};

/// Many samples: a group of threads for every site.
template <std::uint32_t bits, class Group>
__global__ void __launch_bounds__(kBlock) UpdateSites(LayerView l, BatchView b) {
  if (b.state->broken != 0) return;
  const std::uint32_t group = threadIdx.x / Group::kSize, i = blockIdx.x * (kBlock / Group::kSize) + group;
  if (i >= l.site_count) return;
  SiteMemory memory{.rows = MostRows(l), .slots = Group::kSize};
  const std::size_t bytes = memory.Place(shared_bytes, l.most_neurons);
  memory.Place(shared_bytes + group * bytes, l.most_neurons);
  const SiteEntry site = l.sites[i];
  SiteLesson<bits, Group>(l, b, site, memory).Run();
}

// ---- in and out

/// From [samples][cells in raster order] to codes and lanes, in tiles of 32 x 32 so that both sides are read and
/// written in runs; `raster` gives a code's cell.
inline constexpr unsigned kTurnRows = 8;

__global__ void __launch_bounds__(kWarp* kTurnRows) TurnIn(BatchView b, const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells,
                       const float* rows, float* lanes) {
  auto* const tile = reinterpret_cast<float(*)[kWarp + 1]>(shared_bytes);
  const std::uint32_t x = threadIdx.x % kWarp, y = threadIdx.x / kWarp;
  const std::uint32_t first_code = blockIdx.x * kWarp, first_lane = blockIdx.y * kWarp;
  const std::uint32_t cell = first_code + x < codes ? raster[first_code + x] : kNone;
  for (std::uint32_t i = y; i < kWarp; i += kTurnRows) {
    const std::uint32_t s = first_lane + i;
    tile[i][x] = cell != kNone && s < b.samples ? rows[std::size_t{s} * cells + cell] : 0.0f;
  }
  __syncthreads();
  for (std::uint32_t i = y; i < kWarp; i += kTurnRows) {
    const std::uint32_t code = first_code + i, s = first_lane + x;
    if (code < codes && s < b.stride) lanes[std::size_t{code} * b.stride + s] = tile[x][i];
  }
}

__global__ void __launch_bounds__(kWarp* kTurnRows) TurnOut(BatchView b, const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells,
                        const float* lanes, float* rows) {
  auto* const tile = reinterpret_cast<float(*)[kWarp + 1]>(shared_bytes);
  const std::uint32_t x = threadIdx.x % kWarp, y = threadIdx.x / kWarp;
  const std::uint32_t first_code = blockIdx.x * kWarp, first_lane = blockIdx.y * kWarp;
  for (std::uint32_t i = y; i < kWarp; i += kTurnRows) {
    const std::uint32_t code = first_code + i, s = first_lane + x;
    tile[i][x] = code < codes && s < b.samples ? lanes[std::size_t{code} * b.stride + s] : 0.0f;
  }
  __syncthreads();
  const std::uint32_t cell = first_code + x < codes ? raster[first_code + x] : kNone;
  if (cell == kNone) return;
  for (std::uint32_t i = y; i < kWarp; i += kTurnRows) {
    const std::uint32_t s = first_lane + i;
    if (s < b.samples) rows[std::size_t{s} * cells + cell] = tile[x][i];
  }
}

/// The same for one sample.
__global__ void __launch_bounds__(kBlock) TurnInSingle(const std::uint32_t* raster, std::uint32_t codes, const float* row, float* lanes) {
  const std::uint32_t code = blockIdx.x * kBlock + threadIdx.x;
  if (code < codes && raster[code] != kNone) lanes[code] = row[raster[code]];
}

__global__ void __launch_bounds__(kBlock) TurnOutSingle(const std::uint32_t* raster, std::uint32_t codes, const float* lanes, float* row) {
  const std::uint32_t code = blockIdx.x * kBlock + threadIdx.x;
  if (code < codes && raster[code] != kNone) row[raster[code]] = lanes[code];
}

}  // namespace synfire::cuda
