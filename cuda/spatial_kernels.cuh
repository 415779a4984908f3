// The kernels of spatial layers. Each sum runs in the order of native/spatial, by one thread, so that the
// bits are those of the processor: threads share out sites, samples, slots and pages, never the terms of a
// sum.
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
template <std::uint32_t size>
struct Block {
  static constexpr std::uint32_t kSize = size;
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
      MoveUp<Group>(reinterpret_cast<std::uint8_t*>(l.Residual(first + place.from)), place.moved * bytes,
                    bytes);
    }
  }
  Group::Sync();
  if (Group::Rank() == 0) l.neurons[n].stored |= std::uint64_t{1} << context;
  Group::Sync();
}

// ---- answers

enum class Mode {
  kForward,  ///< only answers
  kLearn,    ///< leaves behind what learning needs
  kAlone,    ///< the same for a single sample, and stores its page first
};

/// Answers a sample by what its context has chosen.
template <std::uint32_t bits, bool cube, bool learns>
__device__ __forceinline__ void Respond(const LayerView& l, const BatchView& b, const Field<cube>& field,
                                        std::uint32_t n, std::uint32_t context, std::size_t at) {
  const Neuron neuron = l.neurons[n];
  const std::uint32_t route = l.rules.RouteOf(neuron, n, context);
  const bool answers = route != kNoPage;
  const float scale = answers ? l.rules.ScaleOf(neuron) : 0.0f;
  float potential =
      Excitation<bits>(field, l.rules.format.weights, answers ? l.Page(route) : nullptr) * scale;
  if (l.old_state != nullptr) {
    potential = l.old_state[at] * b.decay + potential * (1.0f - b.decay);
    l.state[at] = potential;
  }
  float slope;
  float output = spatial::scalar::Activate(l.activations[context], potential, &slope);
  if (!answers) output = 0;
  l.outputs[at] = output;
  if constexpr (learns) {
    float error = answers ? slope * (1.0f - b.decay) : 0.0f;
    if (l.targets != nullptr) {
      const float difference = output - l.targets[at];
      l.differences[at] = difference;
      if (!std::isfinite(difference)) b.state->broken = 1;
      error *= spatial::ClippedError(difference) * scale;
    }
    l.errors[at] = error;
    l.routes[at] = route;
  }
}

/// The context of what a sample shows a site.
template <bool cube>
__device__ __forceinline__ std::uint32_t ContextOf(const LayerView& l, const BatchView& b,
                                                   const SiteWindow& window, const Field<cube>& field,
                                                   const float* below, bool* active) {
  const Pattern pattern = See(field, l.window.cells);
  *active = pattern.active();
  return pattern.Context(*ValueAt(below, window.middle, b.stride), l.window.cells, b.pattern_bits);
}

/// A thread for every site and sample. Batches are answered with the pages that there are; sites that want
/// new ones are marked for AnswerNew.
template <std::uint32_t bits, bool cube, Mode mode>
__global__ void __launch_bounds__(kBlock) Answer(LayerView l, BatchView b) {
  const Place place(b);
  if (place.site >= l.site_count || place.lane >= b.samples) return;
  const SiteEntry site = l.sites[place.site];
  const SiteWindow window(l.window, place.site, site);
  const float* const below = l.below + place.lane;
  const Field<cube> field(l.window, window, below, b.stride);
  bool active;
  const std::uint32_t context = ContextOf(l, b, window, field, below, &active);
  const std::uint32_t n = LayerRules::AnswererOf(l.neurons, site.first, site.count, context);
  if constexpr (mode == Mode::kLearn) {
    if (active && l.rules.Wants(l.neurons[n], context)) l.wants[place.site] = 1;
  } else if constexpr (mode == Mode::kAlone) {
    if (active) StorePage<Alone>(l, n, context);
  }
  Respond<bits, cube, mode != Mode::kForward>(l, b, field, n, context,
                                              std::size_t{site.code} * b.stride + place.lane);
}

/// Stores the pages that the samples want at a site, in the order of samples, and answers them again; by a
/// warp.
template <std::uint32_t bits, bool cube>
__device__ void AnswerAgain(const LayerView& l, const BatchView& b, std::uint32_t i,
                            std::uint32_t* first_seen) {
  const std::uint32_t lane = Warp::Rank();
  const SiteEntry site = l.sites[i];
  const SiteWindow window(l.window, i, site);
  const auto for_samples = [&](auto&& visit) {
    for (std::uint32_t s = lane; s < b.samples; s += kWarp) {
      const Field<cube> field(l.window, window, l.below + s, b.stride);
      bool active;
      const std::uint32_t context = ContextOf(l, b, window, field, l.below + s, &active);
      visit(s, field, context, LayerRules::AnswererOf(l.neurons, site.first, site.count, context), active);
    }
  };
  for (std::uint32_t c = lane; c < spatial::kContexts; c += kWarp) first_seen[c] = kNone;
  __syncwarp();
  for_samples([&](std::uint32_t s, const Field<cube>&, std::uint32_t context, std::uint32_t n, bool active) {
    if (active && l.rules.Wants(l.neurons[n], context)) atomicMin(&first_seen[context], s);
  });
  __syncwarp();
  while (true) {
    std::uint32_t key = kNone;  // the sample, then the context
    for (std::uint32_t c = lane; c < spatial::kContexts; c += kWarp) {
      if (first_seen[c] == kNone) continue;
      const std::uint32_t own = first_seen[c] * spatial::kContexts + c;
      key = own < key ? own : key;
    }
    key = __reduce_min_sync(0xFFFFFFFF, key);
    if (key == kNone) break;
    const std::uint32_t context = key % spatial::kContexts;
    if (lane == 0) first_seen[context] = kNone;
    StorePage<Warp>(l, LayerRules::AnswererOf(l.neurons, site.first, site.count, context), context);
    __syncwarp();
  }
  for_samples([&](std::uint32_t s, const Field<cube>& field, std::uint32_t context, std::uint32_t n, bool) {
    Respond<bits, cube, true>(l, b, field, n, context, std::size_t{site.code} * b.stride + s);
  });
  __syncwarp();
}

/// AnswerAgain for the marked ones of 32 sites.
template <std::uint32_t bits, bool cube>
__global__ void __launch_bounds__(kBlock) AnswerNew(LayerView l, BatchView b) {
  auto* const first_seen =
      reinterpret_cast<std::uint32_t*>(shared_bytes) + threadIdx.x / kWarp * spatial::kContexts;
  const std::uint32_t first = (blockIdx.x * kBlock + threadIdx.x) / kWarp * kWarp, own = first + Warp::Rank();
  const bool marked = own < l.site_count && l.wants[own] != 0;
  if (marked) l.wants[own] = 0;
  for (std::uint32_t left = __ballot_sync(0xFFFFFFFF, marked); left != 0; left &= left - 1)
    AnswerAgain<bits, cube>(l, b, first + __ffs(static_cast<int>(left)) - 1, first_seen);
}

// ---- errors

/// The errors of cells without neurons: their outputs are 0, so that their targets have the same squares.
__global__ void __launch_bounds__(kBlock)
    CopySilent(BatchView b, const std::uint8_t* silent, std::uint32_t codes, const float* targets,
               float* differences) {
  const Place place(b);
  if (place.site >= codes || silent[place.site] == 0 || place.lane >= b.samples) return;
  const std::size_t at = std::size_t{place.site} * b.stride + place.lane;
  differences[at] = targets[at];
  if (!std::isfinite(targets[at])) b.state->broken = 1;
}

inline constexpr std::uint32_t kLossLanes = 8;   // threads of a slice
inline constexpr std::uint32_t kLossTerms = 32;  // that they have ready at a time
inline constexpr std::size_t kLossBytes = kBlock / kLossLanes * kLossTerms * sizeof(double);

/// The sums of squared errors of slices of codes: a few threads fetch and square the terms that one of them
/// adds. Codes without a cell have errors of 0, which change no sum.
__global__ void __launch_bounds__(kBlock)
    SumLosses(BatchView b, spatial::Slicing slicing, const float* differences, double* losses) {
  constexpr std::uint32_t kEach = kLossTerms / kLossLanes;
  const std::uint32_t lane = threadIdx.x % kLossLanes,
                      slice = (blockIdx.x * kBlock + threadIdx.x) / kLossLanes;
  auto* const terms = reinterpret_cast<double*>(shared_bytes) + threadIdx.x / kLossLanes * kLossTerms;
  const std::size_t first = std::size_t{slice} * slicing.size * b.stride;
  const std::size_t all = std::size_t{slicing.codes} * b.stride;
  const std::uint32_t count = slicing.size * b.stride, runs = (count + kLossTerms - 1) / kLossTerms;
  const auto load = [&](std::uint32_t run) {
    const std::uint32_t term = run * kLossTerms + lane * kEach;
    if (term >= count || first + term >= all) return float4{0, 0, 0, 0};
    float4 errors = *reinterpret_cast<const float4*>(differences + first + term);
    if (b.stride == 1) return errors;
    const std::uint32_t sample = term % b.stride;  // those behind the last one are of an earlier batch
    if (sample + 0 >= b.samples) errors.x = 0;
    if (sample + 1 >= b.samples) errors.y = 0;
    if (sample + 2 >= b.samples) errors.z = 0;
    if (sample + 3 >= b.samples) errors.w = 0;
    return errors;
  };
  double loss = 0;
  float4 next = load(0);
  for (std::uint32_t run = 0; run < runs; ++run) {
    const float errors[kEach] = {next.x, next.y, next.z, next.w};
    Unrolled<kEach>([&](auto i) { terms[lane * kEach + i] = static_cast<double>(errors[i]) * errors[i]; });
    next = load(run + 1);
    __syncwarp();
    if (lane == 0) {
#pragma unroll
      for (std::uint32_t i = 0; i < kLossTerms; ++i) loss += terms[i];
    }
    __syncwarp();
  }
  if (lane == 0 && slice < static_cast<std::uint32_t>(slicing.slices)) losses[slice] = loss;
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
  const auto levels = static_cast<std::int32_t>(format.levels);
  constexpr std::uint32_t kRun = 4;
  const std::uint32_t *const range_x = w.seers[0] + 2 * cell.position[0],
                             *const range_y = w.seers[1] + 2 * cell.position[1],
                             *const range_z = w.seers[2] + 2 * cell.position[2];
  float sum = 0;
  for (std::uint32_t z = range_z[0]; z < range_z[1]; ++z) {
    const std::uint32_t plane = (cell.position[2] - w.starts[2][z]) * w.size[1];
    for (std::uint32_t y = range_y[0]; y < range_y[1]; ++y) {
      const std::uint32_t row = (plane + cell.position[1] - w.starts[1][y]) * w.size[0];
      const std::uint32_t part = w.own[2][z] | w.own[1][y];
      const std::uint32_t own = row + cell.position[0];
      // A run's loads are under way before the first of its terms is added.
      for (std::uint32_t first = range_x[0]; first < range_x[1]; first += kRun) {
        std::uint32_t routes[kRun];
        float deltas[kRun], seen[kRun];
        Unrolled<kRun>([&](auto i) {
          const std::uint32_t x = first + i;
          const std::size_t seer =
              std::size_t{part | w.own[0][x < range_x[1] ? x : first]} * b.stride + place.lane;
          routes[i] = x < range_x[1] ? l.routes[seer] : kNoPage;
          deltas[i] = l.errors[seer];
        });
        Unrolled<kRun>([&](auto i) {
          if (routes[i] == kNoPage) return;
          const std::uint32_t bit = w.slots[own - w.starts[0][first + i]] * format.bits;
          const std::int32_t q = l.Page(routes[i])[bit / 8] >> bit % 8 & levels;
          seen[i] = static_cast<float>(q + q - levels);
        });
        Unrolled<kRun>([&](auto i) {
          if (routes[i] != kNoPage) sum += deltas[i] * seen[i];
        });
      }
    }
  }
  below.errors[at] *= spatial::ClippedError(sum) * below.ScaleOf(answered);
}

// ---- learning

/// What becomes of up to `unit` slots of a page, from slot `first` on, whose weights are the lowest bits of
/// `word`; their gradients are multiplied by the weights before. Units of eight, or of four.
template <std::uint32_t bits, std::uint32_t unit, bool residual>
__device__ __forceinline__ std::uint32_t Changed(const LayerView& l, const BatchState& batch,
                                                 std::uint32_t route, std::uint32_t first, float step,
                                                 std::uint32_t word, float* gradients) {
  namespace scalar = spatial::scalar;
  static_assert(unit == 8 || unit == 4);
  constexpr std::int32_t kTop = (1 << bits) - 1;
  const std::uint32_t count = l.rules.format.weights - first;
  std::uint32_t randoms[unit / 2];
  if constexpr (!residual) {
    const spatial::SlotRandoms words = Philox({batch.number, l.IdOf(l.rules.NeuronOf(route)),
                                               l.rules.index << 8 | route % l.rules.most_pages, first / 8},
                                              {l.rules.key[0], l.rules.key[1]});
    const bool upper = unit == 4 && first % 8 != 0;
    Unrolled<unit / 2>([&](auto i) { randoms[i] = upper ? words[(i + 2) % 4] : words[i]; });
  }
  std::uint32_t changed = 0;
  Unrolled<unit>([&](auto i) {
    const auto q = static_cast<std::int32_t>(word >> i * bits) & kTop;
    const float gradient = gradients[i], place = scalar::Moved(q, gradient, step);
    std::int32_t kept;
    if constexpr (residual) {
      std::int16_t* const own = l.Residual(route) + first + i;
      std::int32_t rest;
      kept = scalar::RoundWithRest(place, i < count ? scalar::ToReal(*own) : 0.0f, kTop, &rest);
      if (i < count) *own = static_cast<std::int16_t>(rest);
    } else {
      kept = scalar::RoundAtRandom(place, static_cast<std::int32_t>(randoms[i / 2] >> i % 2 * 16 & 0xFFFF),
                                   kTop);
    }
    if (i < count) {
      gradients[i] = gradient * scalar::ToReal(q + q - kTop);
      changed |= static_cast<std::uint32_t>(kept) << i * bits;
    }
  });
  return changed;
}

/// The same in the page itself; units fill whole bytes.
template <std::uint32_t bits, std::uint32_t unit, bool residual>
__device__ __forceinline__ void ChangeSlots(const LayerView& l, const BatchState& batch, std::uint32_t route,
                                            std::uint32_t first, float step, float* gradients) {
  constexpr std::uint32_t kBytes = unit * bits / 8;
  static_assert(kBytes > 0);
  std::uint8_t* const page = l.Page(route) + first / 4 * bits / 2;
  const std::uint32_t left = l.rules.format.bytes - first / 4 * bits / 2;
  std::uint32_t word = 0;
  Unrolled<kBytes>([&](auto byte) {
    if (byte < left) word |= std::uint32_t{page[byte]} << 8 * byte;
  });
  word = Changed<bits, unit, residual>(l, batch, route, first, step, word, gradients);
  Unrolled<kBytes>([&](auto byte) {
    if (byte < left) page[byte] = static_cast<std::uint8_t>(word >> 8 * byte);
  });
}

/// Writes a page from its words: whole words where they lie so, bytes at its ends, which share words with
/// other pages.
template <std::uint32_t count>
__device__ __forceinline__ void StoreWords(std::uint8_t* page, std::uint32_t bytes,
                                           const std::uint32_t (&words)[count]) {
  const std::uint32_t before = static_cast<std::uint32_t>(-reinterpret_cast<std::uintptr_t>(page) & 3);
  Unrolled<3>([&](auto byte) {
    if (byte < before) page[byte] = static_cast<std::uint8_t>(words[0] >> 8 * byte);
  });
  Unrolled<count>([&](auto w) {
    const std::uint32_t at = before + 4 * w;
    const std::uint32_t next = w + 1 < count ? words[w + 1 < count ? w + 1 : w] : 0;
    const std::uint32_t word = __funnelshift_r(words[w], next, 8 * before);
    if (at + 4 <= bytes) {
      *reinterpret_cast<std::uint32_t*>(page + at) = word;
    } else {
      Unrolled<3>([&](auto byte) {
        if (at + byte < bytes) page[at + byte] = static_cast<std::uint8_t>(word >> 8 * byte);
      });
    }
  });
}

/// One sample: a thread for every site.
template <std::uint32_t bits, bool cube, bool residual>
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
  const SiteWindow window(l.window, place.site, site);
  const Field<cube> field(l.window, window, l.below, 1);
  constexpr std::uint32_t kUnit = 8;
  float dots = 0;
  if constexpr (cube) {
    constexpr std::uint32_t kWeights = kCubeCells + 1, kPerWord = 32 / bits,
                            kWords = (kWeights + kPerWord - 1) / kPerWord;
    PageWords words(l.Page(route));
    std::uint32_t changed[kWords];
    Unrolled<kWords>([&](auto w) {
      const std::uint32_t word = words.Next();
      changed[w] = 0;
      constexpr std::uint32_t kLeft = kWeights - w * kPerWord, kCount = kLeft < kPerWord ? kLeft : kPerWord;
      Unrolled<(kCount + kUnit - 1) / kUnit>([&](auto part) {
        constexpr std::uint32_t kFirst = w * kPerWord + part * kUnit, kShift = part * kUnit * bits;
        float gradients[kUnit];
        field.Load(kFirst, gradients);
        changed[w] |=
            Changed<bits, kUnit, residual>(l, *b.state, route, kFirst, step, word >> kShift, gradients)
            << kShift;
        Unrolled<kUnit>([&](auto i) {
          if (kFirst + i < kWeights) dots += gradients[i];
        });
      });
    });
    StoreWords(l.Page(route), l.rules.format.bytes, changed);
  } else {
    const std::uint32_t weights = l.rules.format.weights;
    for (std::uint32_t first = 0; first < weights; first += kUnit) {
      float gradients[kUnit];
      field.Load(first, gradients);
      ChangeSlots<bits, kUnit, residual>(l, *b.state, route, first, step, gradients);
      Unrolled<kUnit>([&](auto i) {
        if (first + i < weights) dots += gradients[i];
      });
    }
  }
  l.rules.Settle(neuron, {1, std::abs(delta), std::abs(l.outputs[site.code]), delta * dots}, 1);
}

inline constexpr std::uint32_t kTile = 32;  // samples that are worked on at a time

/// A group's share of a block's memory while it teaches a site.
struct SiteMemory {
  std::uint32_t rows;   ///< pages that a site may have
  std::uint32_t slots;  ///< weights at a time: as many as threads in a group
  spatial::Experience* experiences = nullptr;
  float *field = nullptr, *sums = nullptr, *deltas = nullptr, *sizes = nullptr, *ones = nullptr,
        *dots = nullptr, *watched = nullptr;
  std::uint32_t *tile_rows = nullptr, *offsets = nullptr, *codes = nullptr, *used = nullptr,
                *first_rows = nullptr;

  // Both keep columns in different banks, the first for reads of four samples.
  static constexpr std::uint32_t kPitch = kTile + 4;
  __host__ __device__ std::uint32_t pitch() const { return slots + 1; }

  /// Lays the arrays out from `begin` on; returns the bytes that they take.
  __host__ __device__ std::size_t Place(unsigned char* begin, std::uint32_t neurons) {
    std::size_t taken = 0;
    const auto take = [&](auto*& array, std::size_t count) {
      array = reinterpret_cast<std::remove_reference_t<decltype(array)>>(begin + taken);
      taken += (count * sizeof(*array) + 15) / 16 * 16;
    };
    take(experiences, neurons);
    take(field, std::size_t{slots} * kPitch);
    take(sums, std::size_t{rows + 1} * pitch());
    take(deltas, kTile);
    take(sizes, kTile);
    take(ones, kTile);
    take(dots, rows);
    take(watched, 2);
    take(tile_rows, kTile);
    take(offsets, kTile);
    take(codes, slots);
    take(used, rows);
    take(first_rows, neurons + 1);
    return taken;
  }
};

/// Pages that the neurons of one site may have together.
__host__ __device__ inline std::uint32_t MostRows(const LayerView& l) {
  const std::uint32_t rows = l.most_neurons * l.rules.most_pages;
  return rows < spatial::kContexts ? rows : spatial::kContexts;
}

/// Teaches the neurons of one site from all samples: gradients page by page, then the pages, then the rest.
template <std::uint32_t bits, class Group, bool residual>
class SiteLesson {
 public:
  __device__ SiteLesson(const LayerView& l, const BatchView& b, std::uint32_t index, const SiteEntry& site,
                        const SiteMemory& memory)
      : l_(l),
        b_(b),
        index_(index),
        site_(site),
        m_(memory),
        rank_(Group::Rank()),
        weights_(l.rules.format.weights),
        at_(std::size_t{site.code} * b.stride),
        watched_(site.count == 1 && weights_ + 2 <= Group::kSize) {}

  __device__ void Run() {
    Begin();
    for (std::uint32_t first = 0; first < weights_; first += Group::kSize) {
      CollectGradients(first);
      ChangePages(first);
      AddDots(first);
    }
    for (std::uint32_t i = rank_; i < site_.count; i += Group::kSize) {
      spatial::Experience e = m_.experiences[i];
      if (watched_) {
        e.errors = m_.watched[0];
        e.outputs = m_.watched[1];
      }
      for (std::uint32_t row = m_.first_rows[i]; row < m_.first_rows[i + 1]; ++row)
        if (m_.used[row] != 0) e.dots += m_.dots[row];
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
    for (std::uint32_t i = rank_; i < kTile; i += Group::kSize) m_.ones[i] = 1;
    Group::Sync();
    rows_ = m_.first_rows[site_.count];
    for (std::uint32_t row = rank_; row < rows_; row += Group::kSize) {
      m_.used[row] = 0;
      m_.dots[row] = 0;
    }
    Group::Sync();
  }

  /// Puts samples' pages, errors and sizes of outputs where all threads see them; by the first warp. Samples
  /// without a page go to a row of their own with errors of 0.
  __device__ void LoadSamples(std::uint32_t first_sample, bool counts) {
    if (rank_ >= kTile) return;
    const std::uint32_t s = first_sample + rank_;
    const std::uint32_t route = s < b_.samples ? l_.routes[at_ + s] : kNoPage;
    std::uint32_t row = kNone;
    float delta = 0, size = 0;
    if (route != kNoPage) {
      const std::uint32_t n = site_.count == 1 ? site_.first : l_.rules.NeuronOf(route);
      row = m_.first_rows[n - site_.first] + (route - n * l_.rules.most_pages);
      delta = l_.errors[at_ + s] / l_.rules.ScaleOf(l_.neurons[n]);
      size = std::abs(l_.outputs[at_ + s]);
      m_.used[row] = 1;
    }
    m_.tile_rows[rank_] = row;
    m_.offsets[rank_] = (row == kNone ? rows_ : row) * m_.pitch();
    m_.deltas[rank_] = delta;
    m_.sizes[rank_] = size;
    if (!watched_ || !counts) return;
    m_.field[weights_ * SiteMemory::kPitch + rank_] = delta < 0 ? -1.0f : 1.0f;
    m_.field[(weights_ + 1) * SiteMemory::kPitch + rank_] = size;
    const std::uint32_t answered = __ballot_sync(0xFFFFFFFF, row != kNone);
    if (rank_ == 0) m_.experiences[0].samples += static_cast<std::uint32_t>(__popc(answered));
  }

  /// The same for what the slots saw: four samples of four slots by eight threads each.
  __device__ void LoadField(std::uint32_t first, std::uint32_t first_sample) {
    constexpr std::uint32_t kPerRow = kTile / 4, kRounds = kPerRow;
    const std::uint32_t column = rank_ % kPerRow * 4, s = first_sample + column;
    float4 values[kRounds];
#pragma unroll
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      const std::uint32_t slot = round * (Group::kSize / kPerRow) + rank_ / kPerRow;
      values[round] = {1, 1, 1, 1};
      if (first + slot < l_.window.cells && s < b_.stride)
        values[round] = *reinterpret_cast<const float4*>(ValueAt(l_.below + s, m_.codes[slot], b_.stride));
    }
#pragma unroll
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      const std::uint32_t slot = round * (Group::kSize / kPerRow) + rank_ / kPerRow;
      if (first + slot < weights_)
        *reinterpret_cast<float4*>(m_.field + slot * SiteMemory::kPitch + column) = values[round];
    }
  }

  /// Sums over samples for the slot of this thread, page by page. Two threads behind the slots watch a lone
  /// neuron: they add up |error|, as error times its sign, and |output|.
  __device__ void CollectGradients(std::uint32_t first) {
    const SiteWindow window(l_.window, index_, site_);
    const std::uint32_t k = first + rank_;
    if (k < l_.window.cells) m_.codes[rank_] = window.Code(k);
    float* const column = m_.sums + rank_;
    for (std::uint32_t row = 0; row <= rows_; ++row) column[row * m_.pitch()] = 0;
    const bool watches_outputs = watched_ && rank_ == weights_ + 1;
    const auto* const factors = reinterpret_cast<const float4*>(watches_outputs ? m_.ones : m_.deltas);
    const auto* const field = reinterpret_cast<const float4*>(m_.field + rank_ * SiteMemory::kPitch);
    const auto* const offsets = reinterpret_cast<const uint4*>(m_.offsets);
    float all = 0;  // of all pages, for those who watch
    for (std::uint32_t first_sample = 0; first_sample < b_.samples; first_sample += kTile) {
      Group::Sync();
      LoadSamples(first_sample, first == 0);
      LoadField(first, first_sample);
      Group::Sync();
#pragma unroll 2
      for (std::uint32_t i = 0; i < kTile / 4; ++i) {
        const float4 value = field[i], factor = factors[i];
        const uint4 offset = offsets[i];
        const float terms[4] = {value.x * factor.x, value.y * factor.y, value.z * factor.z,
                                value.w * factor.w};
        column[offset.x] += terms[0];
        column[offset.y] += terms[1];
        column[offset.z] += terms[2];
        column[offset.w] += terms[3];
        for (const float term : terms) all += term;
      }
      if (first == 0 && !watched_) AddExperience();
    }
    if (watched_ && (rank_ == weights_ || watches_outputs)) m_.watched[rank_ - weights_] = all;
    Group::Sync();
  }

  __device__ void AddExperience() {
    for (std::uint32_t n = rank_; n < site_.count; n += Group::kSize) {
      spatial::Experience e = m_.experiences[n];
      for (std::uint32_t i = 0; i < kTile; ++i) {
        const std::uint32_t row = m_.tile_rows[i];
        if (row == kNone || row < m_.first_rows[n] || row >= m_.first_rows[n + 1]) continue;
        e.samples += 1;
        e.errors += std::abs(m_.deltas[i]);
        e.outputs += m_.sizes[i];
      }
      m_.experiences[n] = e;
    }
  }

  /// How many slots there are from one on for the group to work on.
  __device__ std::uint32_t Slots(std::uint32_t first) const {
    return weights_ - first < Group::kSize ? weights_ - first : Group::kSize;
  }

  /// Pages that were used, in shares of a few slots.
  __device__ void ChangePages(std::uint32_t first) {
    constexpr std::uint32_t kUnit = bits == 1 ? 8 : 4;
    const std::uint32_t units = (Slots(first) + kUnit - 1) / kUnit;
    for (std::uint32_t share = rank_; share < rows_ * units; share += Group::kSize) {
      const std::uint32_t row = share / units, slot = (share - row * units) * kUnit;
      if (m_.used[row] == 0) continue;
      std::uint32_t i = 0;
      while (row >= m_.first_rows[i + 1]) ++i;
      const std::uint32_t n = site_.first + i;
      ChangeSlots<bits, kUnit, residual>(l_, *b_.state, n * l_.rules.most_pages + (row - m_.first_rows[i]),
                                         first + slot, l_.rules.StepOf(l_.neurons[n]),
                                         m_.sums + row * m_.pitch() + slot);
    }
    Group::Sync();
  }

  __device__ void AddDots(std::uint32_t first) {
    const std::uint32_t slots = Slots(first);
    for (std::uint32_t row = rank_; row < rows_; row += Group::kSize) {
      if (m_.used[row] == 0) continue;
      float dots = m_.dots[row];
#pragma unroll 4
      for (std::uint32_t slot = 0; slot < slots; ++slot) dots += m_.sums[row * m_.pitch() + slot];
      m_.dots[row] = dots;
    }
    Group::Sync();
  }

  const LayerView& l_;
  const BatchView& b_;
  const std::uint32_t index_;
  const SiteEntry& site_;
  const SiteMemory& m_;
  const std::uint32_t rank_, weights_;
  const std::size_t at_;
  const bool watched_;  ///< see CollectGradients
  std::uint32_t rows_ = 0;
};

/// Threads of a block of UpdateSites.
template <class Group>
inline constexpr unsigned kLessonBlock = Group::kSize < kBlock ? kBlock : Group::kSize;

/// Many samples: a group of threads for every site.
template <std::uint32_t bits, class Group, bool residual>
__global__ void __launch_bounds__(kLessonBlock<Group>) UpdateSites(LayerView l, BatchView b) {
  if (b.state->broken != 0) return;
  constexpr unsigned kGroups = kLessonBlock<Group> / Group::kSize;
  const std::uint32_t group = threadIdx.x / Group::kSize, i = blockIdx.x * kGroups + group;
  if (i >= l.site_count) return;
  SiteMemory memory{.rows = MostRows(l), .slots = Group::kSize};
  const std::size_t bytes = memory.Place(shared_bytes, l.most_neurons);
  memory.Place(shared_bytes + group * bytes, l.most_neurons);
  const SiteEntry site = l.sites[i];
  SiteLesson<bits, Group, residual>(l, b, i, site, memory).Run();
}

// ---- in and out

/// From [samples][cells in raster order] to codes and lanes, in tiles of 32 x 32 so that both sides are read
/// and written in runs; `raster` gives a code's cell.
inline constexpr unsigned kTurnRows = 8;

__global__ void __launch_bounds__(kWarp* kTurnRows)
    TurnIn(BatchView b, const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells,
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

__global__ void __launch_bounds__(kWarp* kTurnRows)
    TurnOut(BatchView b, const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells,
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
__global__ void __launch_bounds__(kBlock)
    TurnInSingle(const std::uint32_t* raster, std::uint32_t codes, const float* row, float* lanes) {
  const std::uint32_t code = blockIdx.x * kBlock + threadIdx.x;
  if (code < codes && raster[code] != kNone) lanes[code] = row[raster[code]];
}

__global__ void __launch_bounds__(kBlock)
    TurnOutSingle(const std::uint32_t* raster, std::uint32_t codes, const float* lanes, float* row) {
  const std::uint32_t code = blockIdx.x * kBlock + threadIdx.x;
  if (code < codes && raster[code] != kNone) row[raster[code]] = lanes[code];
}

}  // namespace synfire::cuda
