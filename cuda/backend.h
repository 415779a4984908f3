// The C interface of libsynfire_cuda.so. The library exports one function, synfire_cuda_v1; the number rises
// whenever this file changes what it means. Calls that fail return -1 and leave a text and a code of their
// thread's.
#pragma once

#include <cstdint>

#include "native/spatial/neuron.h"

namespace synfire::cuda {

inline constexpr std::uint32_t kApiVersion = 1;
inline constexpr const char* kEntryName = "synfire_cuda_v1";

struct DeviceInfo {
  char name[256];
  std::uint64_t memory_bytes;
  int major, minor;  ///< compute capability
};

struct Failure {
  int code;  ///< an ErrorCode
  const char* text;
};

/// A site with neurons: spatial::Site, packed.
struct SiteEntry {
  std::uint32_t code;
  std::uint32_t first;
  std::uint16_t position[3];
  std::uint16_t count;
};
static_assert(sizeof(SiteEntry) == 16);

/// What stays the same of a layer.
struct SpatialLayerSpec {
  std::uint32_t below[3], grid[3], reach[3];
  spatial::LayerRules rules;
  std::uint8_t activations[spatial::kContexts];
  bool keeps_residuals;
};

struct SpatialNetworkSpec {
  const SpatialLayerSpec* layers;
  std::uint32_t layer_count;
  std::uint32_t pattern_bits;
  float temporal_decay;
};

/// The arrays of a layer in the processor's memory.
struct SpatialLayerArrays {
  const SiteEntry* sites;
  std::uint32_t site_count;
  const std::uint32_t* ids;  ///< by neuron, or null while they are the neurons' numbers
  std::uint32_t neuron_count;
  spatial::Neuron* neurons;
  std::uint8_t* weights;
  std::int16_t* residuals;
};

class SpatialEngine;

/// What the library offers.
struct Api {
  std::uint32_t version;
  Failure (*last_failure)();
  /// 0 without a driver or a GPU.
  int (*device_count)();
  int (*device_info)(int device, DeviceInfo* info);

  int (*spatial_create)(int device, const SpatialNetworkSpec* spec, SpatialEngine** engine);
  void (*spatial_destroy)(SpatialEngine* engine);
  /// Takes a layer over; Download writes back what learning has changed: neurons, weights and residuals.
  int (*spatial_upload)(SpatialEngine* engine, std::uint32_t layer, const SpatialLayerArrays* arrays);
  int (*spatial_download)(SpatialEngine* engine, std::uint32_t layer, const SpatialLayerArrays* arrays);
  /// Temporal states by code and lane, for this many samples.
  int (*spatial_upload_state)(SpatialEngine* engine, std::uint32_t samples, std::uint32_t layer,
                              const float* state);
  int (*spatial_download_state)(SpatialEngine* engine, std::uint32_t layer, float* state);
  int (*spatial_reset_state)(SpatialEngine* engine);
  int (*spatial_forward)(SpatialEngine* engine, std::uint32_t samples, const float* inputs, float* outputs,
                         bool continues);
  /// `batches` that were learned before choose the random numbers; nothing is learned
  /// when the loss is not finite.
  int (*spatial_learn)(SpatialEngine* engine, std::uint32_t samples, const float* inputs,
                       const float* targets, bool continues, std::uint64_t batches, double* loss_sum);
  int (*spatial_last_outputs)(SpatialEngine* engine, float* outputs);
  std::uint64_t (*spatial_memory_bytes)(const SpatialEngine* engine);
};

using Entry = const Api* (*)();

}  // namespace synfire::cuda
