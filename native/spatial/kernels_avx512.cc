// Inner loops for AVX-512 (F, BW, DQ, VL).
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {
namespace {

#include "kernels_deposit.inc"
#include "kernels_portable.inc"
#include "native/base/philox_lanes.inc"

inline Lanes LoadLanes(const float* values, const uint32_t* indices) {
  return (Lanes)_mm512_i32gather_ps(_mm512_loadu_si512(indices), values, 4);
}

// columns[lane][row] = rows[row][lane], for up to sixteen rows; 0 for rows that are not there.
inline void Transpose(const float* rows, uint32_t count, float* columns) {
  __m512 r[kLanes], t[kLanes];
  for (uint32_t i = 0; i < kLanes; ++i)
    r[i] = i < count ? _mm512_load_ps(rows + i * kLanes) : _mm512_setzero_ps();
  // Pairs of rows, then of pairs within 128 bits; then the blocks of 128 bits change places, twice.
  for (uint32_t i = 0; i < kLanes; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (uint32_t i = 0; i < kLanes; i += 4) {
    r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  for (uint32_t i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (uint32_t i = 0; i < 8; ++i) {
    _mm512_store_ps(columns + i * kLanes, _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88));
    _mm512_store_ps(columns + (i + 8) * kLanes, _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd));
  }
}

inline uint32_t OnesOf(uint64_t bits) {
  return static_cast<uint32_t>(_mm_popcnt_u64(bits));
}

inline uint32_t MaskOf(I32 lanes) {
  return _mm512_movepi32_mask((__m512i)lanes);
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx512 = kTable;

}  // namespace synfire::spatial
