// Inner loops in portable C++: what every processor runs, and what the other instruction sets are compared
// with.
#include "native/base/philox.h"
#include "native/layers/kernels.h"

namespace synfire::layers {
namespace {

#include "kernels_vectors.inc"
#include "native/base/philox_lanes.inc"

struct Bytes64 {
  const uint8_t* at;
};

inline Bytes64 LoadBytes64(const uint8_t* p) {
  return {p};
}

struct Sums {  // sixteen 32-bit sums
  int32_t lane[16];
};

inline Sums SplatSums(int32_t x) {
  Sums s;
  for (int32_t& lane : s.lane) lane = x;
  return s;
}
inline Sums LoadSums(const int32_t* p) {
  Sums s;
  __builtin_memcpy(&s, p, sizeof(s));
  return s;
}
inline Sums AddSums(Sums a, const Sums& b) {
  for (int l = 0; l < 16; ++l) a.lane[l] += b.lane[l];
  return a;
}
inline I16 ToI16(const Sums& s) {
  I16 v;
  __builtin_memcpy(&v, &s, sizeof(v));
  return v;
}

inline Sums DotBytesWord(Sums acc, Bytes64 w, int32_t word) {
  int8_t x[4];
  __builtin_memcpy(x, &word, 4);
  for (int l = 0; l < 16; ++l)
    acc.lane[l] +=
        w.at[4 * l] * x[0] + w.at[4 * l + 1] * x[1] + w.at[4 * l + 2] * x[2] + w.at[4 * l + 3] * x[3];
  return acc;
}
inline Sums DotBytes(Sums acc, Bytes64 w, const int8_t* g) {
  for (int l = 0; l < 16; ++l)
    for (int q = 0; q < 4; ++q) acc.lane[l] += w.at[16 * q + l] * g[16 * q + l];
  return acc;
}
inline Sums DotShortsWord(Sums acc, const int16_t* p, uint32_t word) {
  const int16_t x0 = static_cast<int16_t>(word), x1 = static_cast<int16_t>(word >> 16);
  for (int l = 0; l < 16; ++l) acc.lane[l] += p[2 * l] * x0 + p[2 * l + 1] * x1;
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

inline void ReduceAdd4(const Sums* acc, int32_t* sums) {
  for (int r = 0; r < 4; ++r) {
    sums[r] = 0;
    for (int l = 0; l < 16; ++l) sums[r] += acc[r].lane[l];
  }
}

// The order matters: the loops use the primitives above and the lists.
// clang-format off
#include "kernels_lists.inc"
#include "kernels_body.inc"
// clang-format on

inline F16 SquareRoot(F16 v) {
  for (int l = 0; l < 16; ++l) v[l] = __builtin_sqrtf(v[l]);
  return v;
}

}  // namespace

const Kernels kKernelsBase = kTable;

}  // namespace synfire::layers
