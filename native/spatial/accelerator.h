// What a device does for a spatial network: it holds what the layers have learned while it runs them forward
// and teaches them. Growth, pruning and reports are left to the layers, which get everything back for that.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "native/spatial/batch.h"
#include "native/spatial/layer.h"
#include "native/spatial/spec.h"

namespace synfire::spatial {

using Layers = std::vector<std::unique_ptr<Layer>>;

class Accelerator {
 public:
  virtual ~Accelerator() = default;

  /// Takes the layers over as they are.
  virtual void Upload(const Layers& layers) = 0;
  /// Brings the layers up to what has been learned since.
  virtual void Download(const Layers& layers) = 0;
  /// Temporal states of samples, by code and lane.
  virtual void UploadState(std::uint32_t samples, std::size_t layer, std::span<const float> state) = 0;
  virtual void DownloadState(std::size_t layer, std::span<float> state) = 0;
  virtual void ResetState() = 0;

  /// As SpatialNetwork does.
  virtual void Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues) = 0;
  /// The same without growth: returns the sum over samples of the mean squared error, learning nothing when
  /// that is not finite. The number of batches before chooses the random numbers.
  virtual double Learn(const Batch& batch, bool continues, std::uint64_t batches) = 0;
  virtual void LastOutputs(float* outputs) = 0;
  virtual std::uint64_t memory_bytes() const = 0;
};

/// The accelerator for a checked spec's device; null for the processor. Throws Error{kNativeMissing} where
/// there is no such device.
std::unique_ptr<Accelerator> MakeAccelerator(const SpatialSpec& spec, const Layers& layers);

}  // namespace synfire::spatial
