// The shared memory of the block that runs; filled with what no kernel may rely on.
#include <cuda_runtime.h>

namespace synfire::cuda {

alignas(16) unsigned char shared_bytes[emulation::kSharedBytes];

}  // namespace synfire::cuda
