// The spatial network: layers of neurons on grids, run forward and taught by a team of threads, with the same
// bits for any number of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/base/thread_team.h"
#include "native/spatial/accelerator.h"
#include "native/spatial/batch.h"
#include "native/spatial/layer.h"
#include "native/spatial/spec.h"

namespace synfire::spatial {

struct BatchResult {
  double loss_sum = 0;  ///< over samples: the mean squared error of the outputs
  std::uint32_t grown = 0;
};

struct NetworkState {
  std::uint64_t batches = 0;
  std::vector<LayerState> layers;
  std::uint32_t samples = 0;                 ///< that the temporal state is of
  std::vector<std::vector<float>> temporal;  ///< by layer: [cells][samples]; empty without a temporal state
};

class SpatialNetwork {
 public:
  /// Throws as CheckSpec does.
  explicit SpatialNetwork(SpatialSpec spec);
  /// On a device that the caller has opened for the spec.
  using AcceleratorMaker = std::function<std::unique_ptr<Accelerator>(const SpatialSpec&, const Layers&)>;
  SpatialNetwork(SpatialSpec spec, const AcceleratorMaker& make_accelerator);
  ~SpatialNetwork();

  const SpatialSpec& spec() const { return spec_; }
  std::size_t inputs() const { return input_.cells(); }
  std::size_t outputs() const { return layers_.back()->grid().cells(); }
  std::size_t layers() const { return layers_.size(); }
  /// As it stands after all that was learned.
  const Layer& layer(std::size_t index) const;
  std::uint64_t batches() const { return batches_; }
  std::uint64_t memory_bytes() const;
  void SetThreads(int threads);

  /// Runs samples forward, from rest unless the temporal state is continued; outputs are [samples][outputs].
  /// Throws Error{kNumeric}, with the temporal state back at rest, when outputs are not finite.
  void Forward(std::uint32_t samples, const float* inputs, float* outputs, bool continues);
  /// Learns one batch; grows when that is due. The temporal state of sample s continues that of sample s of
  /// the call before when `continues` and there are as many. Throws Error{kNumeric} when the loss is not
  /// finite.
  BatchResult Learn(const Batch& batch, bool continues);
  /// The outputs of the last batch that was learned, before it was: [samples][outputs].
  void LastOutputs(float* outputs) const;

  /// By layer, how many neurons were split or removed.
  std::vector<std::uint32_t> Grow();
  std::vector<std::uint32_t> Prune(float threshold, PruneBy by);
  void ResetState();

  NetworkState Export() const;
  /// Throws Error{kCheckpoint} for a state that cannot be, Error{kOutOfMemory} for one that is too large;
  /// either way the network stays as it was.
  void Import(const NetworkState& state);

 private:
  /// What a layer computes in a batch, by code and lane.
  struct Activity {
    AlignedBuffer<float> outputs;
    AlignedBuffer<float> errors;          ///< slopes on the way up, errors times scale on the way down
    AlignedBuffer<std::uint32_t> routes;  ///< the pages that answered
    AlignedBuffer<float> state;
  };
  /// Codes that one task works on.
  struct Slice {
    std::uint32_t first, last;
  };
  struct Scratch;

  const Grid& GridBelow(std::size_t layer) const { return layer == 0 ? input_ : layers_[layer - 1]->grid(); }
  const float* ValuesBelow(std::size_t layer) const {
    return layer == 0 ? values_.data() : activity_[layer - 1].outputs.data();
  }
  std::uint32_t blocks() const { return (stride_ + kLanes - 1) / kLanes; }
  bool single() const { return stride_ == 1; }

  std::uint64_t ActivityBytes(std::uint32_t samples, bool learns) const;
  void GiveToDevice();
  void TakeFromDevice() const;
  void DeviceRan(std::uint32_t samples);
  void Prepare(std::uint32_t samples, bool learns, bool continues);
  void LoadInputs(std::uint32_t samples, const float* inputs);
  void StoreOutputs(std::uint32_t samples, float* outputs) const;
  /// Whether all values are numbers of at most this size.
  bool AllWithin(std::span<const float> values, float most) const;
  void CheckInputs(std::uint32_t samples, const float* inputs) const;
  Slicing SlicesOf(std::size_t layer) const { return SlicingOf(layers_[layer]->grid().box_cells(), stride_); }
  /// visit(slice, scratch, number of the slice) for all codes of a layer, by the whole team.
  template <class Visit>
  void ForSlices(std::size_t layer, Visit&& visit);
  double LearnHere(const Batch& batch, bool continues);
  void RunForward(bool learns);
  void ForwardSites(std::size_t layer, Slice slice, bool learns, Scratch& scratch);
  void ForwardSingle(std::size_t layer, Slice slice, bool learns, Scratch& scratch);
  void RespondLanes(std::size_t layer, const std::uint8_t* contexts, float* state, float* output,
                    float* slope, Scratch& scratch);
  double OutputErrors(const Batch& batch);
  void PassErrors(std::size_t layer);
  void ScatterBlock(std::size_t layer, std::uint32_t block, Scratch& scratch);
  void GatherSlice(std::size_t layer, Slice slice, Scratch& scratch);
  void UpdateSites(std::size_t layer, Slice slice, Scratch& scratch);
  void UpdateSingle(std::size_t layer, Slice slice, Scratch& scratch);
  void Change(std::size_t layer, std::uint32_t lanes, const float* gradient, Scratch& scratch);

  SpatialSpec spec_;
  Grid input_;
  Layers layers_;
  std::unique_ptr<Accelerator> accelerator_;  ///< null when the processor does the work
  /// Who has the newest layers and temporal state; with an accelerator the processor's are brought up to date
  /// when they are asked for.
  enum class Newest { kBoth, kHere, kDevice };
  mutable Newest newest_ = Newest::kHere;
  mutable std::vector<Activity> activity_;
  AlignedBuffer<float> values_;                    ///< inputs, by code and lane
  AlignedBuffer<float> sums_;                      ///< errors on their way down, for batches
  std::vector<std::unique_ptr<Scratch>> scratch_;  ///< by worker
  std::unique_ptr<ThreadTeam> team_;
  std::uint32_t stride_ = 0;   ///< lanes of a cell: 1, or samples rounded up to whole vectors
  std::uint32_t samples_ = 0;  ///< of the last batch
  std::uint64_t batches_ = 0;
};

}  // namespace synfire::spatial
