// Inner loops for AVX2.
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {
namespace {

#include "kernels_portable.inc"

inline uint32_t MaskOf(I32 lanes) {
  const auto* half = reinterpret_cast<const __m256*>(&lanes);
  return static_cast<uint32_t>(_mm256_movemask_ps(half[0]) | _mm256_movemask_ps(half[1]) << 8);
}

#include "kernels_deposit.inc"

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx2 = kTable;

}  // namespace synfire::spatial
