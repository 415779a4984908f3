// Inner loops for AVX-512 (F, BW, DQ, VL).
#include <immintrin.h>

#include "native/events/kernels.h"

namespace synfire::events {
namespace {

typedef int32_t MaskI32 __attribute__((vector_size(64), may_alias));
typedef int64_t MaskI64 __attribute__((vector_size(64), may_alias));

inline uint32_t MaskOf(MaskI32 lanes) {
  return _mm512_movepi32_mask((__m512i)lanes);
}
inline uint32_t MaskOf(MaskI64 lanes) {
  return _mm512_movepi64_mask((__m512i)lanes);
}

inline __m512i LoadTargets(const uint16_t* target) {
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(target)));
}
inline __m512i LoadTargets(const uint32_t* target) {
  return _mm512_loadu_si512(target);
}

inline __m512 ClipVector(__m512 w, __m512 w_min, __m512 w_max) {
  return _mm512_max_ps(_mm512_min_ps(w, w_max), w_min);
}

// Sixteen synapses at a time; inputs one by one, since targets may repeat.
template <class Index>
inline size_t AdditiveVectors(const AdditiveRow<float, Index>& row) {
  if (row.target == nullptr) return 0;
  const __m512 scale = _mm512_set1_ps(row.scale), gain = _mm512_set1_ps(row.gain);
  const __m512 pre_gain = _mm512_set1_ps(row.pre_gain), pre_constant = _mm512_set1_ps(row.pre_constant);
  const __m512 w_min = _mm512_set1_ps(row.w_min), w_max = _mm512_set1_ps(row.w_max);
  const bool same_epoch = row.then == row.now;
  // Copies, since the stores below might change what `row` refers to for all the compiler knows.
  const Index* const target = row.target;
  float* const weight = row.weight;
  float* const seen = row.seen;
  float* const input = row.input;
  const float *const then_sum = row.then, *const now_sum = row.now, *const post_trace = row.post_trace;
  alignas(64) float delivered[16];
  size_t k = 0;
  for (; k + 16 <= row.count; k += 16) {
    const __m512i j = LoadTargets(target + k);
    const __m512 then = _mm512_i32gather_ps(j, then_sum, 4);
    const __m512 now = same_epoch ? then : _mm512_i32gather_ps(j, now_sum, 4);
    const __m512 trace = _mm512_i32gather_ps(j, post_trace, 4);
    const __m512 news = _mm512_sub_ps(then, _mm512_loadu_ps(seen + k));
    const __m512 w =
        ClipVector(_mm512_add_ps(_mm512_loadu_ps(weight + k), _mm512_mul_ps(scale, news)), w_min, w_max);
    _mm512_storeu_ps(seen + k, now);
    _mm512_store_ps(delivered, _mm512_mul_ps(gain, w));
    const __m512 depressed = _mm512_add_ps(_mm512_add_ps(w, _mm512_mul_ps(trace, pre_gain)), pre_constant);
    _mm512_storeu_ps(weight + k, ClipVector(depressed, w_min, w_max));
    for (int l = 0; l < 16; ++l) input[target[k + l]] += delivered[l];
  }
  return k;
}
template <class Index>
inline size_t AdditiveVectors(const AdditiveRow<double, Index>&) {
  return 0;
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsAvx512 = kTable;

}  // namespace synfire::events
