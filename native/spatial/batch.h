// How the samples of a batch lie in memory and in which shares a layer is worked on: part of the result,
// because sums have an order.
#pragma once

#include <algorithm>
#include <cstdint>

#include "native/spatial/kernels.h"

namespace synfire::spatial {

/// Samples of one batch: value i of sample s is inputs[s * stride + i].
struct Batch {
  std::uint32_t samples;
  const float* inputs;
  const float* targets;  ///< [samples][outputs]; null when there is nothing to learn
};

/// Lanes of a cell: 1, or samples rounded up to whole vectors.
constexpr std::uint32_t StrideOf(std::uint32_t samples) {
  return samples == 1 ? 1 : (samples + kLanes - 1) / kLanes * kLanes;
}

/// The codes of a layer in shares of `size`.
struct Slicing {
  std::uint32_t codes, size;
  int slices;
};

/// Enough slices for a team; the same ones for every size of it.
constexpr Slicing SlicingOf(std::uint32_t box_cells, std::uint32_t stride) {
  const std::uint32_t size =
      stride == 1 ? (box_cells <= 4096 ? 64 : 256) : std::clamp(box_cells / 32, 1u, 64u);
  return {box_cells, size, static_cast<int>((box_cells + size - 1) / size)};
}

}  // namespace synfire::spatial
