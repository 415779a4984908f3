// What the layers of a network share: signals between them, gradients back, one chunk of samples at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "native/layers/kernels.h"
#include "native/layers/plan.h"
#include "native/layers/spec.h"

namespace synfire::layers {

/// Samples that travel through all layers together; fixed, since partial sums per chunk are part of the
/// result.
constexpr int kChunk = 8;

inline int RoundUp(int n, int unit) {
  return (n + unit - 1) / unit * unit;
}

/// Activity of one layer: counts [sample][step][row][column][channel], value = scale * count.
struct Signal {
  Shape shape;
  int channel_stride = 1;  // channels, or their padded number in a population
  int max_count = 1;
  float scale = 1;           // when evaluating
  float training_scale = 1;  // when training (dropout)
  bool raw = false;          // encoder output: no gradient is wanted
  uint8_t* data = nullptr;

  int size() const { return shape.height * shape.width * channel_stride; }
};

/// How a layer is read by the one above: how many gradient rows come back per sample and what they mean.
struct Reader {
  int rows = 1;
  std::vector<int>
      row_of_step;  // back-propagation through time: row of each step, -1 where the step is not read
  std::vector<int> rate_weight;  // rate learning: weight of each step's spikes in the one row's operand
  bool wants_support = false;    // only rows marked by Support() need to be filled in
};

/// One batch on its way through the network.
struct Pass {
  int samples = 0;
  bool training = false;
  uint64_t seed = 0;
  uint32_t epoch = 0;
  const uint32_t* ids = nullptr;  // sample numbers, the key of every random draw
};

/// Some samples of a batch and the worker that has them.
struct Chunk {
  int index;
  int first;
  int count;
  int worker;
};

/// Sizes that memory depends on.
struct Extent {
  int batch;
  int workers;
  int steps;
  bool training;
  LearningMode mode;

  int chunks() const { return (batch + kChunk - 1) / kChunk; }
};

/// Training arrays of one tensor of a layer. Gradient and optimiser state are null where they are not kept.
struct Parameter {
  std::string name;
  std::vector<int> shape;  // as users see it
  float* value = nullptr;
  float* gradient = nullptr;
  float* m = nullptr;
  float* v = nullptr;
  size_t size = 0;  // stored elements, padding included
  bool trained = true;
  float learning_rate_scale = 1;
};

/// Work of a synaptic layer spread over the team after all chunks are done.
enum class UpdateMode { kFused, kGradient, kApply };

struct UpdateStep {
  UpdateMode mode;
  UpdateRule rule;
};

struct LayerStatistics {
  double spikes = 0;
  double neuron_steps = 0;
  double synaptic_operations = 0;
  double dense_macs = 0;
};

/// A layer: reads the signal below, writes its own, and hands gradients down. All calls but the last group
/// happen inside a worker and touch one chunk only.
class Layer {
 public:
  virtual ~Layer() = default;

  const Signal& output() const { return output_; }
  Signal& mutable_output() { return output_; }

  /// How this layer reads the one below, given how it is read itself; also tells it its own reader.
  virtual Reader Connect(const Reader& reader, LearningMode mode) = 0;
  virtual void Reserve(Plan& plan, const Extent& extent) = 0;
  virtual void Forward(const Pass& pass, const Chunk& chunk) = 0;
  /// `gradient` is [sample of chunk][rows of this layer's reader][size]; `below` likewise for the reader this
  /// layer is, or null when nothing below learns.
  virtual void Backward(const Pass& pass, const Chunk& chunk, const float* gradient, float* below) = 0;
  /// Bit r set where gradient row r of the reader matters, per neuron of `sample`; null: everywhere.
  virtual const uint32_t* Support(int /*sample*/) const { return nullptr; }
  virtual void AddStatistics(int sample, LayerStatistics& statistics) const = 0;

 protected:
  Signal output_;
};

}  // namespace synfire::layers
