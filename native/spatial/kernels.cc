// Chooses the copy of the inner loops that fits the processor.
#include "native/spatial/kernels.h"

#include "native/base/cpu_features.h"

namespace synfire::spatial {

const std::uint8_t kZeroPage[kMostPageBytes] = {};

const Kernels& ActiveKernels() {
#if defined(__x86_64__)
  return ForActiveIsa(kKernelsBase, kKernelsAvx2, kKernelsAvx512);
#else
  return kKernelsBase;
#endif
}

}  // namespace synfire::spatial
