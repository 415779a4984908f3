// The spatial engine of a GPU: layers, tables and activity in its memory, and the order in which kernels work
// on them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/backend.h"
#include "cuda/runtime.h"

namespace synfire::cuda {

struct BatchView;
struct LayerView;

class SpatialEngine {
 public:
  SpatialEngine(int device, const SpatialNetworkSpec& spec);
  ~SpatialEngine();

  void Upload(std::uint32_t layer, const SpatialLayerArrays& arrays);
  void Download(std::uint32_t layer, const SpatialLayerArrays& arrays);
  void UploadState(std::uint32_t samples, std::uint32_t layer, const float* state);
  void DownloadState(std::uint32_t layer, float* state);
  void ResetState();

  void Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues);
  /// Returns the sum over samples of the mean squared error.
  double Learn(std::uint32_t samples, const float* inputs, const float* targets, bool continues,
               std::uint64_t batches);
  void LastOutputs(float* outputs);
  std::uint64_t memory_bytes() const;

  // The parts of Forward and Learn, so that they can be measured one by one: copies from the processor's
  // memory, then work within the device's.
  void Prepare(std::uint32_t samples, bool learns, bool continues);
  void CopyIn(const float* inputs, const float* targets, std::uint64_t batches);
  void RunForward();
  void RunLearn();
  cudaStream_t stream() const { return stream_.get(); }

 private:
  struct Layer;

  void MakeTables(std::uint32_t layer, const SpatialLayerSpec& spec);
  LayerView ViewOf(std::uint32_t layer, bool learns) const;
  BatchView View() const;
  void TurnIn(const std::uint32_t* raster, std::uint32_t codes, std::uint32_t cells, const float* rows,
              float* lanes);
  void Answer(bool learns);
  void CopySilent();
  void SumLosses();
  void PassErrors(std::uint32_t layer);
  void Update(std::uint32_t layer);
  void StoreOutputs();

  int device_;
  std::uint32_t pattern_bits_;
  float decay_;
  std::vector<std::unique_ptr<Layer>> layers_;
  Stream stream_, side_;
  Event forked_, joined_;
  std::uint32_t inputs_ = 0, input_codes_ = 0, outputs_ = 0, output_codes_ = 0;
  DeviceBuffer<std::uint32_t> input_raster_, output_raster_;    ///< cells by code
  DeviceBuffer<float> input_rows_, target_rows_, output_rows_;  ///< as the caller has them
  DeviceBuffer<float> values_, targets_, differences_;          ///< by code and lane
  DeviceBuffer<std::uint8_t>
      silent_;                   ///< by code of the last layer: a cell without neurons; empty without any
  DeviceBuffer<double> losses_;  ///< by slice
  PinnedBuffer<double> host_losses_;
  DeviceBuffer<std::uint32_t> batch_;  ///< a BatchState
  std::uint32_t samples_ = 0, stride_ = 0;
};

}  // namespace synfire::cuda
