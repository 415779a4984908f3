// What the kernels of a spatial layer see of it, and how they read windows and pages.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "cuda/backend.h"
#include "native/spatial/morton.h"
#include "native/spatial/scalar.h"

namespace synfire::cuda {

using spatial::kNoPage;
using spatial::LayerRules;
using spatial::Neuron;

/// The tables of a spatial::Window and of the grid of its sites, by axis.
struct WindowView {
  std::uint32_t size[3];
  std::uint32_t cells;
  const std::uint32_t* parts[3];    ///< [coordinate][size]: parts of codes below
  const std::uint32_t* middles[3];  ///< [coordinate]: part of the middle's code
  const std::uint32_t* starts[3];   ///< [coordinate]: the first coordinate below
  const std::uint32_t* seers[3];    ///< [coordinate below][2]: the range of coordinates that see it
  const std::uint32_t* own[3];      ///< [coordinate]: parts of codes of the sites
  const std::uint32_t* offsets;     ///< [cells][3]
  const std::uint32_t* slots;       ///< [cells]
  const std::uint32_t* codes;       ///< [sites][code_pitch] of all windows, or null where that would be much;
                                    ///< the pitch is a multiple of four
  std::uint32_t code_pitch;
};

/// A layer in the device's memory. Activity lies by code and lane.
struct LayerView {
  LayerRules rules;
  WindowView window;
  const std::uint8_t* activations;  ///< by context
  const SiteEntry* sites;
  std::uint32_t site_count;
  std::uint32_t most_neurons;  ///< of one site
  const std::uint32_t* ids;    ///< or null
  Neuron* neurons;
  std::uint8_t* weights;
  std::int16_t* residuals;  ///< or null
  std::uint8_t* wants;      ///< by site: a sample has met a context that may get a page
  const float* below;
  float *outputs, *errors;
  std::uint32_t* routes;
  const float* old_state;  ///< or null
  float* state;
  const float* targets;  ///< of the last layer while it learns, else null
  float* differences;    ///< outputs less targets

  __device__ std::uint32_t IdOf(std::uint32_t n) const { return ids == nullptr ? n : ids[n]; }
  __device__ std::uint8_t* Page(std::uint32_t route) const {
    return weights + std::size_t{route} * rules.format.bytes;
  }
  __device__ std::int16_t* Residual(std::uint32_t route) const {
    return residuals == nullptr ? nullptr : residuals + std::size_t{route} * rules.format.weights;
  }
  __device__ float ScaleOf(std::uint32_t route) const {
    return rules.ScaleOf(neurons[rules.NeuronOf(route)]);
  }
};

/// What changes from batch to batch; in the device's memory, so that a recorded run can be replayed.
struct BatchState {
  std::uint32_t number;  ///< of batches learned before
  std::uint32_t broken;  ///< an error is not finite: nothing is learned
};

struct BatchView {
  std::uint32_t samples, stride;
  std::uint32_t lane_bits;  ///< of a thread's number: the lane within a block
  std::uint32_t pattern_bits;
  float decay;
  BatchState* state;
};

// ---- windows

/// Where the value of a code lies.
__device__ __forceinline__ const float* ValueAt(const float* below, std::uint32_t code,
                                                std::uint32_t stride) {
  return reinterpret_cast<const float*>(reinterpret_cast<const char*>(below) +
                                        std::size_t{code} * (stride * 4));
}

struct SiteWindow {
  const std::uint32_t *x, *y, *z, *offsets, *codes;
  std::uint32_t middle;

  __device__ SiteWindow(const WindowView& w, std::uint32_t index, const SiteEntry& site)
      : x(w.parts[0] + site.position[0] * w.size[0]),
        y(w.parts[1] + site.position[1] * w.size[1]),
        z(w.parts[2] + site.position[2] * w.size[2]),
        offsets(w.offsets),
        codes(w.codes == nullptr ? nullptr : w.codes + std::size_t{index} * w.code_pitch),
        middle(w.middles[0][site.position[0]] | w.middles[1][site.position[1]] |
               w.middles[2][site.position[2]]) {}

  __device__ std::uint32_t Code(std::uint32_t k) const {
    if (codes != nullptr) return codes[k];
    const std::uint32_t* const offset = offsets + 3 * k;
    return x[offset[0]] | y[offset[1]] | z[offset[2]];
  }
};

inline constexpr std::uint32_t kCubeCells = 27;

/// Offsets of the cells of a window of 3 x 3 x 3, in the order of Window::offsets().
inline constexpr auto kCube = [] {
  std::array<std::array<std::uint32_t, 3>, kCubeCells> cells{};
  std::size_t found = 0;
  for (std::uint64_t code = 0; found < cells.size(); ++code) {
    const spatial::Position p = spatial::MortonDecode(code);
    if (p.x < 3 && p.y < 3 && p.z < 3) cells[found++] = {p.x, p.y, p.z};
  }
  return cells;
}();

/// visit(std::integral_constant) for 0 to count - 1, without a loop.
template <std::size_t count, class Visit>
__device__ __forceinline__ void Unrolled(Visit&& visit) {
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    (visit(std::integral_constant<std::uint32_t, k>{}), ...);
  }
  (std::make_index_sequence<count>{});
}

inline constexpr std::uint32_t kRun =
    32;  // values of a large window that are fetched at a time: whole words of weights

/// The values of a window in one lane: held in registers when it is the usual cube, else read in runs.
template <bool cube>
struct Field;

template <>
struct Field<true> {
  float values[kCubeCells];

  __device__ __forceinline__ Field(const WindowView&, const SiteWindow& window, const float* below,
                                   std::uint32_t stride) {
    const std::uint32_t x[3] = {window.x[0], window.x[1], window.x[2]};
    const std::uint32_t y[3] = {window.y[0], window.y[1], window.y[2]};
    const std::uint32_t z[3] = {window.z[0], window.z[1], window.z[2]};
    Unrolled<kCubeCells>([&](auto k) {
      constexpr std::uint32_t i = kCube[k][0], j = kCube[k][1], l = kCube[k][2];
      values[k] = *ValueAt(below, x[i] | y[j] | z[l], stride);
    });
  }
  /// count values from slot `first` on; behind the cells lies a 1, then 0.
  template <std::uint32_t count>
  __device__ __forceinline__ void Load(std::uint32_t first, float (&run)[count]) const {
    Unrolled<count>([&](auto i) {
      const std::uint32_t k = first + i;
      run[i] = k < kCubeCells ? values[k] : k == kCubeCells ? 1.0f : 0.0f;
    });
  }
};

template <>
struct Field<false> {
  const SiteWindow& window;
  const float* below;
  std::uint32_t stride, cells;

  __device__ Field(const WindowView& view, const SiteWindow& window, const float* below, std::uint32_t stride)
      : window(window), below(below), stride(stride), cells(view.cells) {}
  // All loads of a run are under way before the first value is used.
  template <std::uint32_t count>
  __device__ __forceinline__ void Load(std::uint32_t first, float (&run)[count]) const {
    if (first + count <= cells) {
      std::uint32_t codes[count];
      if (window.codes != nullptr) {
        Unrolled<count / 4>([&](auto i) {
          const uint4 four = reinterpret_cast<const uint4*>(window.codes + first)[i];
          codes[4 * i] = four.x;
          codes[4 * i + 1] = four.y;
          codes[4 * i + 2] = four.z;
          codes[4 * i + 3] = four.w;
        });
      } else {
        Unrolled<count>([&](auto i) { codes[i] = window.Code(first + i); });
      }
      Unrolled<count>([&](auto i) { run[i] = *ValueAt(below, codes[i], stride); });
    } else {
      Unrolled<count>([&](auto i) {
        const std::uint32_t k = first + i;
        run[i] = k < cells ? *ValueAt(below, window.Code(k), stride) : k == cells ? 1.0f : 0.0f;
      });
    }
  }
};

/// The pattern in a window, gathered cell by cell in order.
struct Pattern {
  float sum = 0;
  std::uint32_t bits = 0;

  __device__ void See(float value) {
    sum += value;
    bits |= std::bit_cast<std::uint32_t>(value) << 1;
  }
  /// Whether anything but 0 was seen.
  __device__ bool active() const { return bits != 0; }
  __device__ std::uint32_t Context(float middle, std::uint32_t cells, std::uint32_t pattern_bits) const {
    const float mean = sum * (1.0f / static_cast<float>(cells));
    return static_cast<std::uint32_t>(spatial::scalar::MortonOf(spatial::scalar::Level(middle, pattern_bits),
                                                                spatial::scalar::Level(mean, pattern_bits)));
  }
};

template <bool cube>
__device__ __forceinline__ Pattern See(const Field<cube>& field, std::uint32_t cells) {
  Pattern pattern;
  if constexpr (cube) {
    Unrolled<kCubeCells>([&](auto k) { pattern.See(field.values[k]); });
  } else {
    for (std::uint32_t first = 0; first < cells; first += kRun) {
      float run[kRun];
      field.Load(first, run);
      Unrolled<kRun>([&](auto i) {
        if (first + i < cells) pattern.See(run[i]);
      });
    }
  }
  return pattern;
}

// ---- pages

/// The words of a page, which may begin at any byte; all 0 without a page.
class PageWords {
 public:
  __device__ explicit PageWords(const std::uint8_t* page) {
    if (page == nullptr) return;
    const auto address = reinterpret_cast<std::uintptr_t>(page);
    next_ = reinterpret_cast<const std::uint32_t*>(address & ~std::uintptr_t{3});
    shift_ = static_cast<std::uint32_t>(address & 3) * 8;
    held_ = *next_++;
  }
  __device__ std::uint32_t Next() {
    if (next_ == nullptr) return 0;
    const std::uint32_t low = held_;
    held_ = *next_++;
    return __funnelshift_r(low, held_, shift_);
  }

 private:
  const std::uint32_t* next_ = nullptr;
  std::uint32_t shift_ = 0, held_ = 0;
};

/// The weight in slot i of a word, as 2q - levels: q is put into the fraction of a float instead of being
/// converted, which the processors of a GPU do at half the speed. All steps are exact.
template <std::uint32_t bits, std::uint32_t i>
__device__ __forceinline__ float WeightIn(std::uint32_t word) {
  constexpr std::uint32_t kAt = i * bits, kLevels = (1u << bits) - 1;
  constexpr int kMove = kAt == 0 ? -1 : kAt + bits <= 20 ? 0 : static_cast<int>(kAt) - 12;  // to the right
  constexpr std::uint32_t kPlace = static_cast<std::uint32_t>(static_cast<int>(kAt) - kMove);
  constexpr float kUnit = 2.0f / static_cast<float>(1u << kPlace);
  constexpr float kBase = static_cast<float>(1u << 23);
  const std::uint32_t moved = kMove < 0 ? word << 1 : word >> (kMove < 0 ? 0 : kMove);
  const auto real = std::bit_cast<float>((moved & kLevels << kPlace) | std::bit_cast<std::uint32_t>(kBase));
  return __fmaf_rn(real, kUnit, -(kBase * kUnit + static_cast<float>(kLevels)));
}

/// The sum of a window's values times a page's weights, in order of the slots.
template <std::uint32_t bits, bool cube>
__device__ __forceinline__ float Excitation(const Field<cube>& field, std::uint32_t weights,
                                            const std::uint8_t* page) {
  constexpr std::uint32_t kPerWord = 32 / bits;
  PageWords words(page);
  float sum = 0;
  if constexpr (cube) {
    constexpr std::uint32_t kWeights = kCubeCells + 1;
    Unrolled<(kWeights + kPerWord - 1) / kPerWord>([&](auto w) {
      const std::uint32_t word = words.Next();
      constexpr std::uint32_t kFirst = w * kPerWord;
      constexpr std::uint32_t kCount = kWeights - kFirst < kPerWord ? kWeights - kFirst : kPerWord;
      Unrolled<kCount>([&](auto i) {
        if constexpr (kFirst + i < kCubeCells) {
          sum += field.values[kFirst + i] * WeightIn<bits, i>(word);
        } else {
          sum += WeightIn<bits, i>(word);
        }
      });
    });
  } else {
    for (std::uint32_t first = 0; first < weights; first += kRun) {
      float run[kRun];
      field.Load(first, run);
      std::uint32_t word = 0;
      Unrolled<kRun>([&](auto i) {
        if constexpr (i % kPerWord == 0) word = words.Next();
        if (first + i < weights) sum += run[i] * WeightIn<bits, i % kPerWord>(word);
      });
    }
  }
  return sum;
}

}  // namespace synfire::cuda
