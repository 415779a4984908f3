// Activations and steps of learning for single numbers, with the bits of the vector kernels.
#pragma once

#include <bit>
#include <cstdint>

#include "native/base/host_device.h"

namespace synfire::spatial::scalar {

using std::int32_t;
using std::uint32_t;
using Real = float;
using Whole = int32_t;

#define SYNFIRE_INLINE SYNFIRE_HOST_DEVICE inline

SYNFIRE_INLINE Real Max(Real a, Real b) {
  return a > b ? a : b;
}
SYNFIRE_INLINE Real Min(Real a, Real b) {
  return a < b ? a : b;
}
SYNFIRE_INLINE Real Select(bool mask, Real a, Real b) {
  return mask ? a : b;
}
SYNFIRE_INLINE Real ToReal(Whole n) {
  return static_cast<Real>(n);
}
SYNFIRE_INLINE Whole ToWhole(Real x) {
  return static_cast<Whole>(x);
}
// To the nearest integer, halves away from 0.
SYNFIRE_INLINE Whole Round(Real x) {
  return ToWhole(x + (x < 0.0f ? -0.5f : 0.5f));
}
SYNFIRE_INLINE Real PowerOfTwo(Whole n) {
  return std::bit_cast<Real>((n + 127) << 23);
}
SYNFIRE_INLINE bool Any(bool mask) {
  return mask;
}

#include "native/spatial/activations.inc"
#include "native/spatial/steps.inc"

#undef SYNFIRE_INLINE

}  // namespace synfire::spatial::scalar
