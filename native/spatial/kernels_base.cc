// Inner loops for any processor.
#include "native/base/philox.h"
#include "native/spatial/kernels.h"
#include "native/spatial/morton.h"

namespace synfire::spatial {
namespace {

#include "kernels_portable.inc"

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
