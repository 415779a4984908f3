// The entry of the library: every call's exceptions become a status and a text.
#include "cuda/backend.h"

#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "cuda/runtime.h"
#include "cuda/spatial.h"

namespace synfire::cuda {
namespace {

thread_local std::string failure_text;
thread_local ErrorCode failure_code = ErrorCode::kInternal;

int Fail(ErrorCode code, const char* text) {
  failure_code = code;
  failure_text = text;
  return -1;
}

template <class Call>
int Guarded(Call&& call) {
  try {
    call();
    return 0;
  } catch (const Error& error) {
    return Fail(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kOutOfMemory, "The processor's memory is used up");
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInternal, error.what());
  }
}

Failure LastFailure() {
  return {static_cast<int>(failure_code), failure_text.c_str()};
}

int DeviceCount() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver) {
    (void)cudaGetLastError();
    return 0;
  }
  const int failed = Guarded([&] { CUDA_CHECK(status); });
  return failed != 0 ? failed : count;
}

int GetDeviceInfo(int device, DeviceInfo* info) {
  return Guarded([&] {
    cudaDeviceProp properties{};
    CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
    std::memcpy(info->name, properties.name, sizeof(info->name));
    info->memory_bytes = properties.totalGlobalMem;
    info->major = properties.major;
    info->minor = properties.minor;
  });
}

constexpr Api kApi = {
    kApiVersion,
    LastFailure,
    DeviceCount,
    GetDeviceInfo,
    [](int device, const SpatialNetworkSpec* spec, SpatialEngine** engine) {
      return Guarded([&] { *engine = new SpatialEngine(device, *spec); });
    },
    [](SpatialEngine* engine) { delete engine; },
    [](SpatialEngine* engine, std::uint32_t layer, const SpatialLayerArrays* arrays) {
      return Guarded([&] { engine->Upload(layer, *arrays); });
    },
    [](SpatialEngine* engine, std::uint32_t layer, const SpatialLayerArrays* arrays) {
      return Guarded([&] { engine->Download(layer, *arrays); });
    },
    [](SpatialEngine* engine, std::uint32_t samples, std::uint32_t layer, const float* state) {
      return Guarded([&] { engine->UploadState(samples, layer, state); });
    },
    [](SpatialEngine* engine, std::uint32_t layer, float* state) {
      return Guarded([&] { engine->DownloadState(layer, state); });
    },
    [](SpatialEngine* engine) { return Guarded([&] { engine->ResetState(); }); },
    [](SpatialEngine* engine, std::uint32_t samples, const float* inputs, float* outputs, bool continues) {
      return Guarded([&] { engine->Forward(samples, inputs, outputs, continues); });
    },
    [](SpatialEngine* engine, std::uint32_t samples, const float* inputs, const float* targets,
       bool continues, std::uint64_t batches, double* loss_sum) {
      return Guarded([&] { *loss_sum = engine->Learn(samples, inputs, targets, continues, batches); });
    },
    [](SpatialEngine* engine, float* outputs) { return Guarded([&] { engine->LastOutputs(outputs); }); },
    [](const SpatialEngine* engine) { return engine->memory_bytes(); },
};

}  // namespace
}  // namespace synfire::cuda

extern "C" __attribute__((visibility("default"))) const synfire::cuda::Api* synfire_cuda_v1() {
  return &synfire::cuda::kApi;
}
