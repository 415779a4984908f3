// Inner loops for AVX-512 (F, BW, DQ, VL, VNNI, VBMI2).
#include <immintrin.h>

#include "native/layers/kernels.h"

namespace synfire::layers {
namespace {

#include "kernels_vectors.inc"

typedef __m512i Bytes64;

inline Bytes64 LoadBytes64(const uint8_t* p) { return _mm512_loadu_si512(p); }

inline void MulWide(U16 a, uint32_t m, U16* hi, U16* lo) {
  const __m512i x = (__m512i)a, y = _mm512_set1_epi32(static_cast<int>(m));
  const __m512i even = _mm512_mul_epu32(x, y), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), y);
  *lo = (U16)_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
  *hi = (U16)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
}

/// acc[l] += sum over q < 4 of weight byte 4l+q (unsigned) times byte q of `word` (signed)
inline I16 DotBytesWord(I16 acc, Bytes64 w, int32_t word) {
  return (I16)_mm512_dpbusd_epi32((__m512i)acc, w, _mm512_set1_epi32(word));
}
inline I16 DotBytes(I16 acc, Bytes64 w, const int8_t* g) {
  return (I16)_mm512_dpbusd_epi32((__m512i)acc, w, _mm512_loadu_si512(g));
}
/// acc[l] += sum over q < 2 of short 2l+q of p times short q of `word`
inline I16 DotShortsWord(I16 acc, const int16_t* p, uint32_t word) {
  return (I16)_mm512_dpwssd_epi32((__m512i)acc, _mm512_loadu_si512(p), _mm512_set1_epi32(static_cast<int>(word)));
}

inline uint32_t NonZeroBytes(B16 v) { return _mm_test_epi8_mask((__m128i)v, (__m128i)v); }
inline uint32_t NonZeroInts(I16 v) { return _mm512_test_epi32_mask((__m512i)v, (__m512i)v); }
inline bool NonZeroFloats(F16 v) { return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0; }

template <int rows>
inline void ReduceAdd(const I16* acc, int32_t* sums) {
  for (int r = 0; r < rows; ++r) sums[r] = _mm512_reduce_add_epi32((__m512i)acc[r]);
}

#include "kernels_body.inc"

inline F16 SquareRoot(F16 v) { return (F16)_mm512_sqrt_ps((__m512)v); }

}  // namespace

const Kernels kKernelsAvx512 = kTable;

}  // namespace synfire::layers
