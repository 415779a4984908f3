// Inner loops for any processor.
#include "native/base/philox.h"
#include "native/spatial/kernels.h"
#include "native/spatial/morton.h"
#include "native/spatial/neuron.h"

namespace synfire::spatial {
namespace {

#include "kernels_portable.inc"
#include "native/base/philox_lanes.inc"

inline Lanes LoadLanes(const float* values, const uint32_t* indices) {
  Lanes lanes;
  for (uint32_t lane = 0; lane < kLanes; ++lane) lanes[lane] = values[indices[lane]];
  return lanes;
}

// columns[lane][row] = rows[row][lane], for up to sixteen rows; 0 for rows that are not there.
inline void Transpose(const float* rows, uint32_t count, float* columns) {
  for (uint32_t row = 0; row < kLanes; ++row)
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      columns[lane * kLanes + row] = row < count ? rows[row * kLanes + lane] : 0;
}

inline uint32_t OnesOf(uint64_t bits) {
  return CountBits(bits);
}

inline uint32_t MaskOf(I32 lanes) {
  uint32_t mask = 0;
  for (uint32_t lane = 0; lane < kLanes; ++lane) mask |= (lanes[lane] != 0 ? 1u : 0u) << lane;
  return mask;
}

inline void EncodeMorton(const uint16_t* positions, size_t count, uint64_t* codes) {
  for (size_t i = 0; i < count; ++i)
    codes[i] = MortonEncode({positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]});
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsBase = kTable;

}  // namespace synfire::spatial
