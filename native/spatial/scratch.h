// What one worker of a spatial network needs while it works on sixteen lanes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/spatial/network.h"

namespace synfire::spatial {

struct SpatialNetwork::Scratch {
  Scratch(std::uint32_t weights, std::uint32_t window_sides, std::uint32_t seers, std::uint32_t stride)
      : width((weights + kLanes - 1) / kLanes * kLanes),
        field(std::size_t{width} * kLanes),
        gradient(std::size_t{width} * kLanes),
        sums(std::size_t{width} * kContexts),
        codes(weights),
        parts(std::size_t{window_sides} * kLanes),
        seers(std::size_t{seers} * kLanes),
        places(std::size_t{seers} * kLanes),
        contexts(stride) {}

  std::uint32_t width;  ///< weights of a page, rounded up to whole vectors
  AlignedBuffer<float> field, gradient, sums;
  std::vector<std::uint32_t> codes, parts, seers, places;
  std::vector<std::uint8_t> contexts;

  // By lane.
  alignas(64) float middle[kLanes], scale[kLanes], state[kLanes], output[kLanes], slope[kLanes],
      delta[kLanes], step[kLanes], dots[kLanes];
  alignas(64) std::uint32_t neurons[kLanes], ranks[kLanes], routes[kLanes], ids[kLanes], stream[kLanes];
  std::uint64_t stored[kLanes];
  std::uint8_t kinds[kLanes], rows[kLanes], lane_contexts[kLanes];
  std::uint8_t* pages[kLanes];
  const std::uint8_t* answers[kLanes];
  std::int16_t* residuals[kLanes];
};

/// Codes of the cells that the neurons of a site see.
inline void WindowCodes(const Window& window, const Extent& position, std::uint32_t* codes) {
  const std::uint32_t* const x = window.Parts(0, position[0]);
  const std::uint32_t* const y = window.Parts(1, position[1]);
  const std::uint32_t* const z = window.Parts(2, position[2]);
  for (const Extent& offset : window.offsets()) *codes++ = x[offset[0]] | y[offset[1]] | z[offset[2]];
}

inline std::uint32_t MiddleCode(const Window& window, const Extent& position) {
  return window.MiddlePart(0, position[0]) | window.MiddlePart(1, position[1]) |
         window.MiddlePart(2, position[2]);
}

/// Puts a site's window into a lane of `parts`, as Windows has them.
inline void PlaceWindow(const Window& window, const Extent& position, std::uint32_t lane,
                        std::uint32_t* parts) {
  for (int axis = 0; axis < 3; ++axis) {
    const std::uint32_t* const own = window.Parts(axis, position[axis]);
    for (std::uint32_t k = 0; k < window.size()[axis]; ++k, parts += kLanes) parts[lane] = own[k];
  }
}

/// Gives lanes that are not in use the window of the first one, so that nothing outside of the grid is read
/// for them.
inline void RepeatWindow(const Window& window, std::uint32_t used, std::uint32_t* parts) {
  const std::uint32_t sides = window.size()[0] + window.size()[1] + window.size()[2];
  for (std::uint32_t k = 0; k < sides; ++k, parts += kLanes)
    std::fill(parts + used, parts + kLanes, parts[0]);
}

template <class Visit>
void SpatialNetwork::ForSlices(std::size_t layer, Visit&& visit) {
  const Slicing slicing = SlicesOf(layer);
  team_->Run(slicing.slices, [&](int task, int worker) {
    const std::uint32_t first = static_cast<std::uint32_t>(task) * slicing.size;
    visit(Slice{first, std::min(first + slicing.size, slicing.codes)},
          *scratch_[static_cast<std::size_t>(worker)], task);
  });
}

}  // namespace synfire::spatial
