// The loader of the CUDA library: what it says where there is none.
#include <cstdlib>
#include <string>

#include "native/base/device_library.h"
#include "native/base/error.h"
#include "native/spatial/network.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

/// The message of the error that opening a path throws.
std::string Refusal(const std::string& path) {
  try {
    OpenCudaLibrary(path);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kNativeMissing);
    CHECK_EQUAL(error.field(), std::string("device"));
    CHECK_EQUAL(error.value(), path);
    return error.what();
  }
  return "nothing";
}

TEST("a library that is not there is named, with what would do") {
  const std::string text = Refusal("/nowhere/libsynfire_cuda.so");
  CHECK(text.find("/nowhere/libsynfire_cuda.so") != std::string::npos);
  CHECK(text.find("build:cuda") != std::string::npos);
  CHECK(text.find("SYNFIRE_CUDA_LIBRARY") != std::string::npos);
}

TEST("a library of something else is refused") {
  CHECK(Refusal("libm.so.6").find("synfire_cuda_v1") != std::string::npos);
}

TEST("a variable names the CUDA library") {
  setenv("SYNFIRE_CUDA_LIBRARY", "/nowhere/else.so", 1);
  CHECK_EQUAL(CudaLibraryPath(), std::string("/nowhere/else.so"));
  spatial::SpatialSpec spec;
  spec.grids = {{2, 2, 1}, {2, 2, 1}};
  spec.reach = {{1, 1, 0}};
  spec.activations.resize(1);
  spec.device = spatial::Device::kCuda;
  CHECK_THROWS(spatial::SpatialNetwork(spec), ErrorCode::kNativeMissing);
  unsetenv("SYNFIRE_CUDA_LIBRARY");
  CHECK(CudaLibraryPath().ends_with("/libsynfire_cuda.so"));
}

}  // namespace
}  // namespace synfire
