// Inner loops for AVX-512 (F, BW, DQ, VL, VNNI, VBMI2).
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/layers/kernels.h"

namespace synfire::layers {
namespace {

#include "kernels_vectors.inc"
#include "native/base/philox_lanes.inc"

typedef __m512i Bytes64;
typedef __m512i Sums;  // sixteen 32-bit sums

inline Sums SplatSums(int32_t x) {
  return _mm512_set1_epi32(x);
}
inline Sums LoadSums(const int32_t* p) {
  return _mm512_loadu_si512(p);
}
inline Sums AddSums(Sums a, Sums b) {
  return _mm512_add_epi32(a, b);
}
inline I16 ToI16(Sums s) {
  return (I16)s;
}

inline Bytes64 LoadBytes64(const uint8_t* p) {
  return _mm512_loadu_si512(p);
}

// The dot products are written as instructions: through gcc 12's intrinsics every sum is copied around and
// kept in memory.

/// acc[l] += sum over q < 4 of weight byte 4l+q (unsigned) times byte q of `word` (signed)
inline Sums DotBytesWord(Sums acc, Bytes64 w, int32_t word) {
  asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(w), "v"(_mm512_set1_epi32(word)));
  return acc;
}
inline Sums DotBytes(Sums acc, Bytes64 w, const int8_t* g) {
  asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(w), "m"(*reinterpret_cast<const I16u*>(g)));
  return acc;
}
/// acc[l] += sum over q < 2 of short 2l+q of p times short q of `word`
inline Sums DotShortsWord(Sums acc, const int16_t* p, uint32_t word) {
  asm("vpdpwssd %2, %1, %0"
      : "+v"(acc)
      : "v"(_mm512_set1_epi32(static_cast<int>(word))), "m"(*reinterpret_cast<const I16u*>(p)));
  return acc;
}

inline uint32_t NonZeroBytes(B16 v) {
  return _mm_test_epi8_mask((__m128i)v, (__m128i)v);
}
inline uint32_t NonZeroInts(I16 v) {
  return _mm512_test_epi32_mask((__m512i)v, (__m512i)v);
}
inline bool NonZeroFloats(F16 v) {
  return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0;
}

/// Sums of the lanes of four vectors: halves are added until each vector is one lane of the result.
inline void ReduceAdd4(const Sums* acc, int32_t* sums) {
  const __m512i a = acc[0], b = acc[1], c = acc[2], d = acc[3];
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
  const __m512i abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
  const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums), sum);
}

/// Writes the places of the set bits in rising order, then the lowest 16 times more; returns their number.
/// The mask is not 0.
inline int ListBits(uint64_t mask, int32_t* out) {
  __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i lowest = _mm512_set1_epi32(__builtin_ctzll(mask));
  int count = 0;
  for (; mask != 0; mask >>= 16) {
    const auto low = static_cast<__mmask16>(mask);
    _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi32(low, places));
    count += __builtin_popcount(low);
    places = _mm512_add_epi32(places, _mm512_set1_epi32(16));
  }
  _mm512_storeu_si512(out + count, lowest);
  return count;
}

/// Writes the values that are not zero and their places, each followed by whatever fills a vector; returns
/// their number.
inline int Compress(I16 values, I16 places, uint32_t* out_values, uint32_t* out_places) {
  const __mmask16 mask = _mm512_test_epi32_mask((__m512i)values, (__m512i)values);
  _mm512_storeu_si512(out_values, _mm512_maskz_compress_epi32(mask, (__m512i)values));
  _mm512_storeu_si512(out_places, _mm512_maskz_compress_epi32(mask, (__m512i)places));
  return __builtin_popcount(mask);
}

#include "kernels_body.inc"

inline F16 SquareRoot(F16 v) {
  return (F16)_mm512_sqrt_ps((__m512)v);
}

}  // namespace

const Kernels kKernelsAvx512 = kTable;

}  // namespace synfire::layers
