// Inner loops for AVX-512 (F, BW, DQ, VL).
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {
namespace {

#include "kernels_portable.inc"

inline uint32_t MaskOf(I32 lanes) {
  return _mm512_movepi32_mask((__m512i)lanes);
}

#include "kernels_deposit.inc"

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx512 = kTable;

}  // namespace synfire::spatial
