// The CUDA library as an accelerator of spatial networks.
#pragma once

#include "cuda/backend.h"
#include "native/spatial/accelerator.h"

namespace synfire::spatial {

/// An engine on the library's first GPU.
std::unique_ptr<Accelerator> MakeCudaAccelerator(const cuda::Api& api, const SpatialSpec& spec,
                                                 const Layers& layers);

}  // namespace synfire::spatial
