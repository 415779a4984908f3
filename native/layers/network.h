// A layer network at work: builds the layers, lays out their memory, runs batches forward and back, updates
// weights.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/base/thread_team.h"
#include "native/layers/layer.h"
#include "native/layers/spec.h"
#include "native/layers/synaptic_layer.h"

namespace synfire::layers {

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::kAdam;
  float momentum = 0;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float weight_decay = 0;
  float decay_factor = 1;
  float clip_norm = 0;
};

/// A named array users may read and write: weights, optimiser state, rounding scales.
struct TensorInfo {
  std::string name;
  std::vector<int> shape;
};

struct LayerInfo {
  std::string name;
  LayerKind kind;
  Shape shape;
  double parameters;
  double macs;
  double neurons;
};

/// One batch: `samples` samples by number (the key of their random draws) and pixels (channel, row, column
/// order).
struct Batch {
  int samples = 0;
  const uint32_t* ids = nullptr;
  const uint8_t* const* pixels = nullptr;
  const int32_t* labels = nullptr;  // may be null when evaluating
  const float* weights = nullptr;   // null: all 1
};

/// Changes a sample's pixels on their way in; called inside workers.
using InputTransform = std::function<void(int worker, uint32_t id, const uint8_t* in, uint8_t* out)>;

class LayerNetwork {
 public:
  /// Draws the initial weights. Throws Error{kInvalidArgument} for an impossible description.
  explicit LayerNetwork(NetworkSpec spec, const Kernels& kernels = ActiveKernels());
  ~LayerNetwork();

  const NetworkSpec& spec() const { return spec_; }
  int classes() const { return classes_; }
  size_t input_size() const { return static_cast<size_t>(spec_.input.size()); }
  std::vector<LayerInfo> Layers() const;
  std::vector<TensorInfo> Parameters() const;
  std::vector<TensorInfo> Tensors() const;
  size_t TensorSize(const std::string& name) const;
  /// Copies a tensor into `out`, which has TensorSize(name) elements.
  void ReadTensor(const std::string& name, float* out) const;
  /// Throws Error{kInvalidArgument} for an unknown name, a wrong size or a value that is not finite.
  void WriteTensor(const std::string& name, const float* values, size_t count);

  /// Lays out memory for batches of up to `batch` samples on `threads` threads; with an optimiser, for
  /// training too. `keep_gradients` stores every gradient instead of using it at once. Returns the bytes of
  /// weights, state and plan.
  size_t Prepare(int batch, int threads, const std::optional<OptimizerSpec>& optimizer,
                 bool keep_gradients = false);
  int batch_capacity() const { return extent_.batch; }
  int threads() const { return extent_.workers; }
  bool trainable() const { return optimizer_.has_value(); }

  int64_t optimizer_step() const { return optimizer_step_; }
  void set_optimizer_step(int64_t step) { optimizer_step_ = step; }

  struct StepResult {
    double loss_sum = 0;
    int correct = 0;
    double gradient_norm = 0;  // only with clipping or kept gradients
  };
  /// One training step. Throws Error{kNumeric} naming the layer when the loss is not finite; weights are then
  /// unchanged.
  StepResult TrainStep(const Batch& batch, uint64_t seed, uint32_t epoch, float learning_rate,
                       const InputTransform& transform);
  /// Forward only. Scores [samples][classes], if wanted.
  StepResult Evaluate(const Batch& batch, uint64_t seed, uint32_t epoch, float* scores);
  /// Adds up activity of the batch evaluated last.
  void AddStatistics(int samples, std::vector<LayerStatistics>* statistics) const;
  /// Forward (and back) on given input spikes [step][sample][C, H, W] instead of encoded pixels; for tests
  /// and study.
  StepResult RunSpikes(const uint8_t* spikes, int samples, const int32_t* labels, bool gradients,
                       float* scores);
  /// Spikes [step][sample][C, H, W] of layer `index` in the last batch; empty when it does not spike.
  std::vector<uint8_t> LayerSpikes(size_t index, int samples) const;
  void ReadGradient(const std::string& parameter, std::vector<float>* out) const;

  /// Throws Error{kNumeric} naming the first layer with a weight that is not finite.
  void CheckFinite() const;

 private:
  struct Node {  // a layer of the description; flatten has no work of its own
    LayerSpec spec;
    Shape shape;
    std::unique_ptr<Layer> layer;
    SynapticLayer* synaptic = nullptr;
  };
  struct Tensor {  // where a named array lives
    TensorInfo info;
    float* data;
    size_t stored;
    const SynapticLayer* layer;
    enum class Kind { kWeight, kBias, kScale } kind;
    bool is_parameter;
  };

  void Build();
  void ConnectLayers();
  void InitializeWeights();
  void AllocateParameters(bool training, bool keep_gradients);
  void ReservePlan();
  void Refresh(bool keep_scales);
  std::vector<Tensor> AllTensors() const;
  Tensor FindTensor(const std::string& name) const;

  void LoadInput(const Pass& pass, const Chunk& chunk, const Batch& batch, const InputTransform* transform);
  void ForwardChunk(const Pass& pass, const Chunk& chunk);
  void ScoreChunk(const Pass& pass, const Chunk& chunk, const Batch& batch);
  void ReadScores(const Chunk& chunk, int s, float* scores, int* read_step) const;
  void LossGradient(int s, const float* score_gradient, const int* read_step, float* out) const;
  void BackwardChunk(const Pass& pass, const Chunk& chunk);
  StepResult RunBatch(const Pass& pass, const Batch& batch, const InputTransform* transform, bool encode);
  void Update(const Pass& pass, float learning_rate, StepResult* result);
  double RunUpdate(UpdateMode mode, const UpdateRule& rule);
  UpdateRule RuleFor(const UpdateRule& rule, float scale) const;
  [[noreturn]] void ThrowNotFinite(const std::string& what) const;
  int RowsPerOutput() const;

  NetworkSpec spec_;
  const Kernels& kernels_;
  std::vector<Node> nodes_;
  std::vector<SynapticLayer*> synaptic_;
  SynapticLayer* readout_ = nullptr;
  Signal input_;
  int classes_ = 0;
  bool any_learns_ = false;

  struct Storage {  // arrays of one parameter
    AlignedBuffer<float> value, gradient, m, v;
  };
  std::vector<Storage> storage_;
  std::vector<Parameter*> parameters_;

  Extent extent_{1, 1, 1, false, LearningMode::kRate};
  std::optional<OptimizerSpec> optimizer_;
  bool keep_gradients_ = false;
  int64_t optimizer_step_ = 0;
  std::unique_ptr<Plan> plan_;
  std::unique_ptr<ThreadTeam> team_;
  bool initialized_ = false;

  // In the plan.
  uint8_t* picture_ = nullptr;         // [worker][pixels] transformed, twice
  float* scores_ = nullptr;            // [sample][classes]
  double* sample_loss_ = nullptr;      // [sample]
  uint8_t* sample_correct_ = nullptr;  // [sample]
  float* gradient_a_ = nullptr;        // [worker][chunk sample][rows][size], handed down in turn
  float* gradient_b_ = nullptr;
  size_t gradient_stride_ = 0;
  int* read_step_ = nullptr;         // [worker][classes]
  float* score_gradient_ = nullptr;  // [worker][classes]
  double* task_squares_ = nullptr;
  int* task_layer_ = nullptr;
  int* task_index_ = nullptr;
  int update_tasks_ = 0;
  double weight_sum_ = 1;
};

}  // namespace synfire::layers
