// Inner loops in portable C++: what every processor runs, and what the other instruction sets are compared with.
#include "native/layers/kernels.h"

namespace synfire::layers {
namespace {

#include "kernels_vectors.inc"

struct Bytes64 {
  const uint8_t* at;
};

inline Bytes64 LoadBytes64(const uint8_t* p) { return {p}; }

inline void MulWide(U16 a, uint32_t m, U16* hi, U16* lo) {
  for (int l = 0; l < 16; ++l) {
    const uint64_t product = static_cast<uint64_t>(a[l]) * m;
    (*lo)[l] = static_cast<uint32_t>(product);
    (*hi)[l] = static_cast<uint32_t>(product >> 32);
  }
}

inline I16 DotBytesWord(I16 acc, Bytes64 w, int32_t word) {
  int8_t x[4];
  __builtin_memcpy(x, &word, 4);
  for (int l = 0; l < 16; ++l)
    for (int q = 0; q < 4; ++q) acc[l] += w.at[4 * l + q] * x[q];
  return acc;
}
inline I16 DotBytes(I16 acc, Bytes64 w, const int8_t* g) {
  for (int l = 0; l < 16; ++l)
    for (int q = 0; q < 4; ++q) acc[l] += w.at[4 * l + q] * g[4 * l + q];
  return acc;
}
inline I16 DotShortsWord(I16 acc, const int16_t* p, uint32_t word) {
  const int16_t x0 = static_cast<int16_t>(word), x1 = static_cast<int16_t>(word >> 16);
  for (int l = 0; l < 16; ++l) acc[l] += p[2 * l] * x0 + p[2 * l + 1] * x1;
  return acc;
}

inline uint32_t NonZeroBytes(B16 v) {
  uint32_t mask = 0;
  for (int l = 0; l < 16; ++l) mask |= (v[l] != 0 ? 1u : 0u) << l;
  return mask;
}
inline uint32_t NonZeroInts(I16 v) {
  uint32_t mask = 0;
  for (int l = 0; l < 16; ++l) mask |= (v[l] != 0 ? 1u : 0u) << l;
  return mask;
}
inline bool NonZeroFloats(F16 v) {
  for (int l = 0; l < 16; ++l)
    if (v[l] != 0.0f) return true;
  return false;
}

inline void ReduceAdd4(const I16* acc, int32_t* sums) {
  for (int r = 0; r < 4; ++r) {
    sums[r] = 0;
    for (int l = 0; l < 16; ++l) sums[r] += acc[r][l];
  }
}

/// Writes the places of the set bits in rising order, then the lowest three times more; returns their number. The mask is
/// not 0.
inline int ListBits(uint64_t mask, int32_t* out) {
  const int lowest = __builtin_ctzll(mask);
  int count = 0;
  for (; mask != 0; mask &= mask - 1) out[count++] = __builtin_ctzll(mask);
  for (int i = 0; i < 3; ++i) out[count + i] = lowest;
  return count;
}

#include "kernels_body.inc"

inline F16 SquareRoot(F16 v) {
  for (int l = 0; l < 16; ++l) v[l] = __builtin_sqrtf(v[l]);
  return v;
}

}  // namespace

const Kernels kKernelsBase = kTable;

}  // namespace synfire::layers
