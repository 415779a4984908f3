// Chooses the copy of the inner loops that fits the processor.
#include "native/events/kernels.h"

#include "native/base/cpu_features.h"

namespace synfire::events {

const Kernels& ActiveKernels() {
#if defined(__x86_64__)
  switch (ActiveIsa()) {
    case Isa::kAvx512:
      return kKernelsAvx512;
    case Isa::kAvx2:
      return kKernelsAvx2;
    case Isa::kBase:
      break;
  }
#endif
  return kKernelsBase;
}

}  // namespace synfire::events
