// Inner loops for AVX2; multiplications and additions stay separate, so that the bits match the other
// instruction sets.
#include <immintrin.h>

#include "native/base/philox.h"
#include "native/layers/kernels.h"

namespace synfire::layers {
namespace {

#include "kernels_vectors.inc"
#include "native/base/philox_lanes.inc"

struct Halves {
  __m256i low, high;
};

typedef Halves Bytes64;
typedef Halves Sums;  // sixteen 32-bit sums

inline Halves Split(I16 v) {
  Halves h;
  __builtin_memcpy(&h, &v, 64);
  return h;
}
inline I16 Join(__m256i low, __m256i high) {
  const Halves h = {low, high};
  I16 v;
  __builtin_memcpy(&v, &h, 64);
  return v;
}
inline Sums SplatSums(int32_t x) {
  return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
inline Sums AddSums(Sums a, Sums b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
inline I16 ToI16(Sums s) {
  return Join(s.low, s.high);
}

inline __m256i LoadHalf(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

inline Bytes64 LoadBytes64(const uint8_t* p) {
  return {LoadHalf(p), LoadHalf(p + 32)};
}
inline Sums LoadSums(const int32_t* p) {
  return {LoadHalf(p), LoadHalf(p + 8)};
}

/// Counts stay at or below 64, so that the pairwise 16-bit sums cannot saturate.
inline __m256i DotBytesHalf(__m256i acc, __m256i w, __m256i counts) {
  return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(w, counts), _mm256_set1_epi16(1)));
}
inline Sums DotBytesWord(Sums acc, Bytes64 w, int32_t word) {
  const __m256i x = _mm256_set1_epi32(word);
  return {DotBytesHalf(acc.low, w.low, x), DotBytesHalf(acc.high, w.high, x)};
}

/// Full-range bytes: widened to 16 bits first.
inline __m256i WideDotHalf(__m256i acc, __m256i w, __m256i g) {
  const __m256i lo = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(w)),
                                       _mm256_cvtepi8_epi16(_mm256_castsi256_si128(g)));
  const __m256i hi = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_extracti128_si256(w, 1)),
                                       _mm256_cvtepi8_epi16(_mm256_extracti128_si256(g, 1)));
  return _mm256_add_epi32(acc, _mm256_add_epi32(lo, hi));
}
inline Sums DotBytes(Sums acc, Bytes64 w, const int8_t* g) {
  return {WideDotHalf(acc.low, w.low, LoadHalf(g)), WideDotHalf(acc.high, w.high, LoadHalf(g + 32))};
}

inline Sums DotShortsWord(Sums acc, const int16_t* p, uint32_t word) {
  const __m256i x = _mm256_set1_epi32(static_cast<int>(word));
  return {_mm256_add_epi32(acc.low, _mm256_madd_epi16(LoadHalf(p), x)),
          _mm256_add_epi32(acc.high, _mm256_madd_epi16(LoadHalf(p + 16), x))};
}

inline uint32_t NonZeroBytes(B16 v) {
  return 0xffffu ^ static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)v, _mm_setzero_si128())));
}
inline uint32_t NonZeroInts(I16 v) {
  const Halves h = Split(v);
  const __m256i zero = _mm256_setzero_si256();
  const int low = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(h.low, zero)));
  const int high = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(h.high, zero)));
  return 0xffffu ^ static_cast<uint32_t>(low | (high << 8));
}
inline bool NonZeroFloats(F16 v) {
  return NonZeroInts((I16)(v != 0.0f)) != 0;
}

inline void ReduceAdd4(const Sums* acc, int32_t* sums) {
  const __m256i a = _mm256_add_epi32(acc[0].low, acc[0].high), b = _mm256_add_epi32(acc[1].low, acc[1].high);
  const __m256i c = _mm256_add_epi32(acc[2].low, acc[2].high), d = _mm256_add_epi32(acc[3].low, acc[3].high);
  const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums), sum);
}

// The order matters: the loops use the primitives above and the lists.
// clang-format off
#include "kernels_lists.inc"
#include "kernels_body.inc"
// clang-format on

inline F16 SquareRoot(F16 v) {
  const Halves h = Split((I16)v);
  return (F16)Join(_mm256_castps_si256(_mm256_sqrt_ps(_mm256_castsi256_ps(h.low))),
                   _mm256_castps_si256(_mm256_sqrt_ps(_mm256_castsi256_ps(h.high))));
}

}  // namespace

const Kernels kKernelsAvx2 = kTable;

}  // namespace synfire::layers
