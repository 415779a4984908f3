// What a spatial network is: grids, windows, memory, learning and growth. Checked before anything is built.
#pragma once

#include <cstdint>
#include <vector>

#include "native/spatial/activations.h"
#include "native/spatial/grid.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {

enum class Rounding {
  kStochastic,  ///< a change is rounded up or down at random, so that it is right on average
  kResidual,    ///< what rounding left over is kept with 16 bits for each weight
};

/// Who computes.
enum class Device { kCpu, kCuda };

struct SpatialSpec {
  std::vector<Extent> grids;               ///< the input first, then one for every layer
  std::vector<Extent> reach;               ///< by layer
  std::vector<ActivationMap> activations;  ///< by layer
  std::uint32_t bits = 4;                  ///< of a weight: 1, 2 or 4
  std::uint32_t capacity = 256;            ///< weights that a neuron may store
  std::uint32_t pattern_bits = 3;          ///< that count of each half of a context
  Rounding rounding = Rounding::kStochastic;
  float temporal_decay = 0;  ///< share of its sum that a neuron keeps from step to step
  float initial_rate = 0.01f, min_rate = 0.001f, max_rate = 0.1f;
  float growth_threshold = 0.9f;                       ///< saturation from which on a neuron splits
  std::uint32_t grow_every = 0;                        ///< batches between two growths; 0: only when asked
  std::uint64_t max_neurons = std::uint64_t{1} << 26;  ///< of a layer
  std::uint64_t seed = 42;
  std::uint64_t max_memory_bytes = std::uint64_t{1} << 62;
  int threads = 1;
  Device device = Device::kCpu;

  std::size_t layers() const { return grids.size() - 1; }
  /// Weights of a page: the window's cells and a bias.
  std::uint32_t PageWeights(std::size_t layer) const {
    return static_cast<std::uint32_t>(WindowCells(grids[layer], reach[layer])) + 1;
  }
};

/// How pages of this many weights are stored.
PageFormat FormatOf(std::uint32_t weights, std::uint32_t bits);

/// Pages of this format that a neuron may store: as many as fit into its capacity, at most one for each
/// context.
std::uint32_t MostPages(const PageFormat& format, std::uint32_t capacity);

/// Memory of one neuron.
std::uint64_t NeuronBytes(const PageFormat& format, std::uint32_t pages, Rounding rounding);

/// Bytes that a network needs at least, before it grows, for a batch of one.
std::uint64_t EstimateBytes(const SpatialSpec& spec);

/// Throws Error{kOutOfMemory} when a network of this spec may not take so many bytes.
void CheckMemory(const SpatialSpec& spec, std::uint64_t bytes);

/// Throws Error{kInvalidArgument} for what cannot be built, Error{kOutOfMemory} for what would be too large.
void CheckSpec(const SpatialSpec& spec);

}  // namespace synfire::spatial
