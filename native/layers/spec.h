// What a layer network is: the description that the plan, the layers and the training loop are built from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/layers/kernels.h"

namespace synfire::layers {

/// Channels, rows, columns of one step's activity.
struct Shape {
  int channels = 1;
  int height = 1;
  int width = 1;

  int size() const { return channels * height * width; }
  bool operator==(const Shape&) const = default;
};

enum class LayerKind { kConv2d, kDense, kAvgPool2d, kMaxPool2d, kSumPool2d, kDropout, kFlatten };
enum class NeuronKind { kLif, kIntegrateAndFire, kLeaky };
enum class InputMode { kLatest, kWindow, kCumulative };
enum class Readout { kMeanCount, kLastMembrane, kMaxMembrane };
enum class LossKind { kCrossEntropy, kMseCount };
enum class LearningMode { kBptt, kRate };
enum class RateDerivative { kSurrogate, kActive, kIdentity };
enum class RatePresynaptic { kDrive, kRate };
enum class Precision { kFloat32, kMixed };

struct EncoderSpec {
  EncoderKind kind = EncoderKind::kHybrid;
  int deterministic_steps = 5;
  float gain = 1.0f;
};

struct LayerSpec {
  std::string name;  // "layers.3"
  LayerKind kind = LayerKind::kDense;
  int filters = 0;
  int kernel_height = 1, kernel_width = 1;
  int stride_y = 1, stride_x = 1;
  int padding_y = 0, padding_x = 0;
  int units = 0;
  float dropout_rate = 0;
  bool bias = true;
  bool train_weight = true;
  bool train_bias = true;
  float learning_rate_scale = 1;
  float init_std = 0;
  std::optional<NeuronConstants> neuron;  // none: a linear readout of the mean spike count below
  int update_every = 1;
  InputMode input = InputMode::kLatest;
  float input_gain = 1;

  bool synaptic() const { return kind == LayerKind::kConv2d || kind == LayerKind::kDense; }
  bool windowed() const {
    return kind != LayerKind::kDense && kind != LayerKind::kDropout && kind != LayerKind::kFlatten;
  }
};

struct LossSpec {
  LossKind kind = LossKind::kCrossEntropy;
  float label_smoothing = 0;
  bool mean = true;                                // over the batch; false: sum
  float target_correct = 1, target_incorrect = 0;  // of kMseCount, as fractions of the steps
};

struct LearningSpec {
  LearningMode mode = LearningMode::kRate;
  Surrogate surrogate;
  bool detach_reset = true;
  RateDerivative rate_derivative = RateDerivative::kSurrogate;
  RatePresynaptic rate_presynaptic = RatePresynaptic::kDrive;
};

struct NetworkSpec {
  Shape input;
  int timesteps = 10;
  uint64_t seed = 1;
  Precision precision = Precision::kMixed;
  EncoderSpec encoder;
  std::vector<LayerSpec> layers;
  Readout readout = Readout::kMeanCount;
  LossSpec loss;
  LearningSpec learning;
};

/// The shape each layer of `spec` puts out. Throws Error{kInvalidArgument} naming the layer and field at
/// fault; every number of the description is checked here, so that nothing behind it needs to.
std::vector<Shape> CheckedShapes(const NetworkSpec& spec);

}  // namespace synfire::layers
