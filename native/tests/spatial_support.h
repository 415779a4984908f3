// What the tests of spatial networks share: kernel tables, reproducible numbers, small networks and their
// states.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "native/base/cpu_features.h"
#include "native/base/philox.h"
#include "native/spatial/network.h"
#include "native/tests/check.h"

namespace synfire::spatial {

/// The kernels of every instruction set that this processor has; the first are the portable ones.
inline std::vector<const Kernels*> SupportedTables() {
  std::vector<const Kernels*> tables;
  for (const Isa isa : SupportedIsas()) {
    const Kernels* kernels = &kKernelsBase;
#if defined(__x86_64__)
    if (isa == Isa::kAvx2) kernels = &kKernelsAvx2;
    if (isa == Isa::kAvx512) kernels = &kKernelsAvx512;
#endif
    tables.push_back(kernels);
  }
  return tables;
}

/// Reproducible numbers without a pattern.
class Random {
 public:
  explicit Random(std::uint32_t seed) : seed_(seed) {}

  std::uint32_t Bits() { return Philox({count_++, 0, 0, 0}, {seed_, 0x57a7u})[0]; }
  std::uint32_t Below(std::uint32_t n) { return Bits() % n; }
  double Uniform(double low, double high) { return low + (high - low) * Bits() / 4294967296.0; }
  float Float(double low, double high) { return static_cast<float>(Uniform(low, high)); }
  std::vector<float> Floats(std::size_t count, double low, double high) {
    std::vector<float> values(count);
    for (float& value : values) value = Float(low, high);
    return values;
  }

 private:
  std::uint32_t seed_;
  std::uint32_t count_ = 0;
};

inline std::uint8_t Number(Activation activation) {
  return static_cast<std::uint8_t>(activation);
}

/// The same activation for every context.
inline ActivationMap Only(Activation activation) {
  ActivationMap map;
  map.fill(Number(activation));
  return map;
}

/// All activations, each for some contexts.
inline ActivationMap Mixed(std::uint32_t seed) {
  ActivationMap map;
  Random random(seed);
  for (std::uint8_t& kind : map) kind = static_cast<std::uint8_t>(random.Below(kActivationNames.size()));
  return map;
}

/// Layers that see their nearest cells and have one activation; weights of four bits.
inline SpatialSpec Network(std::vector<Extent> grids, Activation activation) {
  SpatialSpec spec;
  spec.grids = std::move(grids);
  spec.reach.assign(spec.layers(), {1, 1, 1});
  spec.activations.assign(spec.layers(), Only(activation));
  return spec;
}

/// A layer over a row of cells, in which every neuron sees one cell only.
inline SpatialSpec Pairs(std::uint32_t neurons, Activation activation) {
  SpatialSpec spec = Network({{neurons, 1, 1}, {neurons, 1, 1}}, activation);
  spec.reach = {{0, 0, 0}};
  spec.capacity = 128;
  return spec;
}

/// The spec with learning rates of 0: learning stores pages and changes nothing else.
inline SpatialSpec Frozen(SpatialSpec spec) {
  spec.initial_rate = spec.min_rate = 0;
  return spec;
}

inline std::size_t Cells(const Extent& grid) {
  return std::size_t{grid[0]} * grid[1] * grid[2];
}

inline std::vector<float> Answers(SpatialNetwork& network, const std::vector<float>& inputs,
                                  bool continues = false) {
  const std::size_t samples = inputs.size() / network.inputs();
  std::vector<float> outputs(samples * network.outputs());
  network.Forward(static_cast<std::uint32_t>(samples), inputs.data(), outputs.data(), continues);
  return outputs;
}

inline BatchResult Teach(SpatialNetwork& network, const std::vector<float>& inputs,
                         const std::vector<float>& targets, bool continues = false) {
  const auto samples = static_cast<std::uint32_t>(inputs.size() / network.inputs());
  return network.Learn({samples, inputs.data(), targets.data()}, continues);
}

/// Learns from random samples.
inline void TeachNoise(SpatialNetwork& network, Random& random, std::uint32_t samples, int batches,
                       bool continues = false) {
  for (int batch = 0; batch < batches; ++batch) {
    const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
    Teach(network, inputs, random.Floats(samples * network.outputs(), -1, 1), continues);
  }
}

/// A network with a state of another one.
struct Imported : SpatialNetwork {
  Imported(const SpatialSpec& spec, const NetworkState& state) : SpatialNetwork(spec) { Import(state); }
};

template <class T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

inline bool Same(const LayerState& a, const LayerState& b) {
  return a.codes == b.codes && a.stored == b.stored && SameBits(a.gains, b.gains) && a.rates == b.rates &&
         a.contributions == b.contributions && a.ids == b.ids && a.births == b.births &&
         a.next_id == b.next_id && a.weights == b.weights && a.residuals == b.residuals;
}

inline bool Same(const NetworkState& a, const NetworkState& b) {
  if (a.batches != b.batches || a.samples != b.samples || a.layers.size() != b.layers.size()) return false;
  if (a.temporal.size() != b.temporal.size()) return false;
  for (std::size_t i = 0; i < a.layers.size(); ++i)
    if (!Same(a.layers[i], b.layers[i])) return false;
  for (std::size_t i = 0; i < a.temporal.size(); ++i)
    if (!SameBits(a.temporal[i], b.temporal[i])) return false;
  return true;
}

/// Stored numbers of a layer's state, by page (those of all neurons, one after another) and weight.
class StoredWeights {
 public:
  StoredWeights(LayerState& state, const PageFormat& format) : state_(state), format_(format) {}

  std::size_t pages() const { return state_.weights.size() / format_.bytes; }
  std::uint32_t Get(std::size_t page, std::size_t k) const {
    const std::size_t bit = k * format_.bits;
    return state_.weights[page * format_.bytes + bit / 8] >> bit % 8 & format_.levels;
  }
  void Set(std::size_t page, std::size_t k, std::uint32_t q) {
    const std::size_t bit = k * format_.bits;
    std::uint8_t& byte = state_.weights[page * format_.bytes + bit / 8];
    byte = static_cast<std::uint8_t>((byte & ~(format_.levels << bit % 8)) | q << bit % 8);
  }
  void SetAll(std::uint32_t q) {
    for (std::size_t page = 0; page < pages(); ++page)
      for (std::size_t k = 0; k < format_.weights; ++k) Set(page, k, q);
  }

 private:
  LayerState& state_;
  PageFormat format_;
};

inline PageFormat FormatOf(const SpatialSpec& spec, std::size_t layer) {
  return FormatOf(spec.PageWeights(layer), spec.bits);
}

/// Random weights and residuals in all pages, other gains, and the given learning rate, in 65535ths of the
/// highest.
inline void Shuffle(NetworkState& state, const SpatialSpec& spec, Random& random, std::uint16_t rate) {
  for (std::size_t i = 0; i < state.layers.size(); ++i) {
    LayerState& layer = state.layers[i];
    const PageFormat format = FormatOf(spec, i);
    StoredWeights weights(layer, format);
    for (std::size_t page = 0; page < weights.pages(); ++page) {
      for (std::size_t k = 0; k < format.weights; ++k) {
        const std::uint32_t q = random.Below(format.levels + 1);
        weights.Set(page, k, q);
        if (layer.residuals.empty()) continue;
        // Half a step either way, but never beyond the smallest and the largest weight.
        const auto residual =
            static_cast<std::int32_t>(random.Below(32768)) * (random.Below(2) == 0 ? 1 : -1);
        layer.residuals[page * format.weights + k] =
            static_cast<std::int16_t>(q == 0               ? std::abs(residual)
                                      : q == format.levels ? -std::abs(residual)
                                                           : residual);
      }
    }
    for (float& gain : layer.gains) gain *= random.Float(0.5, 2);
    for (std::uint16_t& own : layer.rates) own = rate;
  }
}

}  // namespace synfire::spatial
