// Opens the library of CUDA kernels and says what is missing when that fails.
#include "native/base/device_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include "native/base/error.h"

namespace synfire {
namespace {

constexpr const char* kVariable = "SYNFIRE_CUDA_LIBRARY";
constexpr const char* kFile = "libsynfire_cuda.so";
constexpr int kLeastMajor = 8;  // compute capability that the kernels are built for

Error Missing(const std::string& reason, const std::string& value, const std::string& expected) {
  return Error(ErrorCode::kNativeMissing,
               "device \"cuda\" cannot be used: " + reason + "; expected " + expected, "device", value,
               expected);
}

}  // namespace

std::string CudaLibraryPath() {
  if (const char* named = std::getenv(kVariable); named != nullptr && *named != '\0') return named;
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&CudaLibraryPath), &info) == 0 || info.dli_fname == nullptr)
    return kFile;
  const std::string own = info.dli_fname;
  const std::size_t slash = own.rfind('/');
  return (slash == std::string::npos ? "./" : own.substr(0, slash + 1)) + kFile;
}

const cuda::Api& OpenCudaLibrary(const std::string& path) {
  const std::string expected = "a built " + std::string(kFile) +
                               " of this version there (npm run build:cuda makes one) "
                               "or its path in " +
                               kVariable;
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Missing(dlerror(), path, expected);
  const auto entry = reinterpret_cast<cuda::Entry>(dlsym(library, cuda::kEntryName));
  if (entry == nullptr) throw Missing(path + " has no function " + cuda::kEntryName, path, expected);
  const cuda::Api& api = *entry();
  if (api.version != cuda::kApiVersion) {
    throw Missing(path + " has version " + std::to_string(api.version), path, expected);
  }
  return api;
}

const cuda::Api& CudaLibrary() {
  static std::mutex mutex;
  static const cuda::Api* opened = nullptr;
  const std::lock_guard lock(mutex);
  if (opened != nullptr) return *opened;
  const cuda::Api& api = OpenCudaLibrary(CudaLibraryPath());
  const int devices = api.device_count();
  CheckCuda(api, devices);
  const std::string expected = "an NVIDIA GPU of compute capability " + std::to_string(kLeastMajor) +
                               ".0 or above and a driver for CUDA 13 (580 or above)";
  if (devices == 0) throw Missing("there is no GPU or no driver for it", "0 devices", expected);
  cuda::DeviceInfo info{};
  CheckCuda(api, api.device_info(0, &info));
  if (info.major < kLeastMajor) {
    const std::string found =
        std::string(info.name) + " (" + std::to_string(info.major) + "." + std::to_string(info.minor) + ")";
    throw Missing("the GPU is an " + found, found, expected);
  }
  opened = &api;
  return *opened;
}

void CheckCuda(const cuda::Api& api, int status) {
  if (status >= 0) return;
  const cuda::Failure failure = api.last_failure();
  throw Error(static_cast<ErrorCode>(failure.code), failure.text, "device", "cuda");
}

}  // namespace synfire
