// What the programs beside this file share: numbers to run networks on, and networks on the device.
#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "cuda/backend.h"
#include "native/base/error.h"
#include "native/base/philox.h"
#include "native/spatial/cuda_accelerator.h"
#include "native/spatial/network.h"

/// The engine that a program is linked with.
extern "C" const synfire::cuda::Api* synfire_cuda_v1();

namespace synfire::spatial {

/// Numbers from -1.25 to 1.25; a third of them is 0, in runs.
inline std::vector<float> Numbers(std::size_t count, std::uint32_t stream) {
  constexpr std::uint32_t kRun = 40;
  std::vector<float> numbers(count);
  bool silent = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % kRun == 0) silent = Philox({i / kRun, stream, 1, 0}, {1, 2})[0] % 3 == 0;
    if (!silent)
      numbers[i] = static_cast<float>(Philox({i, stream, 0, 0}, {1, 2})[0]) / 4294967296.0f * 2.5f - 1.25f;
  }
  return numbers;
}

inline SpatialNetwork::AcceleratorMaker On(const cuda::Api& api) {
  return [&api](const SpatialSpec& spec, const Layers& layers) {
    return MakeCudaAccelerator(api, spec, layers);
  };
}

/// Runs a program; an error it throws ends it with a line on standard error.
inline int Report(int (*program)(int, char**), int argc, char** argv) {
  try {
    return program(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", ErrorName(error.code()), error.what());
    return 1;
  }
}

}  // namespace synfire::spatial
