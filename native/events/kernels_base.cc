// Inner loops for any processor.
#include "native/events/kernels.h"

namespace synfire::events {
namespace {

template <class Lane>
inline uint32_t MaskOf(Lane lanes) {
  uint32_t mask = 0;
  for (size_t l = 0; l < 64 / sizeof(lanes[0]); ++l) mask |= (lanes[l] != 0 ? 1u : 0u) << l;
  return mask;
}

template <class Row>
inline size_t AdditiveVectors(const Row&) {
  return 0;
}

#include "kernels_body.inc"

}  // namespace

const Kernels kKernelsBase = kTable;

}  // namespace synfire::events
