// Inner loops for AVX2.
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {
namespace {

#include "kernels_deposit.inc"
#include "kernels_portable.inc"
#include "native/base/philox_lanes.inc"

inline Lanes LoadLanes(const float* values, const uint32_t* indices) {
  const auto* half = reinterpret_cast<const __m256i*>(indices);
  Lanes lanes;
  auto* out = reinterpret_cast<__m256*>(&lanes);
  out[0] = _mm256_i32gather_ps(values, _mm256_loadu_si256(half), 4);
  out[1] = _mm256_i32gather_ps(values, _mm256_loadu_si256(half + 1), 4);
  return lanes;
}

// columns[lane][row] = rows[row][lane], for up to sixteen rows; 0 for rows that are not there.
inline void Transpose(const float* rows, uint32_t count, float* columns) {
  for (uint32_t row = 0; row < kLanes; ++row)
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      columns[lane * kLanes + row] = row < count ? rows[row * kLanes + lane] : 0;
}

inline uint32_t OnesOf(uint64_t bits) {
  return static_cast<uint32_t>(_mm_popcnt_u64(bits));
}

inline uint32_t MaskOf(I32 lanes) {
  const auto* half = reinterpret_cast<const __m256*>(&lanes);
  return static_cast<uint32_t>(_mm256_movemask_ps(half[0]) | _mm256_movemask_ps(half[1]) << 8);
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx2 = kTable;

}  // namespace synfire::spatial
