// Finds and opens the library of CUDA kernels, which nothing needs until a network asks for a GPU.
#pragma once

#include <string>

#include "cuda/backend.h"

namespace synfire {

/// Where the library is looked for: the file that SYNFIRE_CUDA_LIBRARY names, else libsynfire_cuda.so beside
/// the file that holds this code.
std::string CudaLibraryPath();

/// The functions of a library at a path; it stays open for good. Throws Error{kNativeMissing} for a file that
/// cannot be opened or is of another version.
const cuda::Api& OpenCudaLibrary(const std::string& path);

/// The library at CudaLibraryPath(), opened once, on a machine whose GPU it can use. Throws
/// Error{kNativeMissing} with what was found and what would do.
const cuda::Api& CudaLibrary();

/// Throws what a call of the library left behind when its status says that it failed.
void CheckCuda(const cuda::Api& api, int status);

}  // namespace synfire
