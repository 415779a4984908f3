// Inner loops for AVX2.
#include <immintrin.h>

#include "native/events/kernels.h"

namespace synfire::events {
namespace {

typedef int32_t MaskI32 __attribute__((vector_size(64), may_alias));
typedef int64_t MaskI64 __attribute__((vector_size(64), may_alias));

inline uint32_t MaskOf(MaskI32 lanes) {
  const auto* half = reinterpret_cast<const __m256*>(&lanes);
  return static_cast<uint32_t>(_mm256_movemask_ps(half[0]) | _mm256_movemask_ps(half[1]) << 8);
}
inline uint32_t MaskOf(MaskI64 lanes) {
  const auto* half = reinterpret_cast<const __m256d*>(&lanes);
  return static_cast<uint32_t>(_mm256_movemask_pd(half[0]) | _mm256_movemask_pd(half[1]) << 4);
}

template <class Row>
inline size_t AdditiveVectors(const Row&) {
  return 0;
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx2 = kTable;

}  // namespace synfire::events
