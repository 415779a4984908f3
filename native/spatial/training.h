// Runs over many samples: learning one batch after another, and measuring.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "native/data/dataset.h"
#include "native/spatial/network.h"

namespace synfire::spatial {

/// Rows of inputs and targets, one for each sample.
struct Rows {
  const float* inputs;
  const float* targets;
};

/// Where rows are put together; as large as the largest batch so far.
struct RowBuffers {
  std::vector<float> inputs, targets;
};

/// Samples in an order, with what the network should answer.
class Samples {
 public:
  virtual ~Samples() = default;
  virtual std::size_t count() const = 0;
  /// The rows of `count` samples from `first` on: the samples' own memory, or `buffers`, until the next call.
  virtual Rows Load(std::size_t first, std::size_t count, RowBuffers& buffers) const = 0;
  /// The sample's class; -1 without classes.
  virtual std::int32_t Label(std::size_t position) const = 0;
};

/// Rows of arrays: inputs [count][inputs], targets [count][outputs].
class ArraySamples final : public Samples {
 public:
  ArraySamples(const SpatialNetwork& network, std::span<const float> inputs, std::span<const float> targets);
  std::size_t count() const override;
  Rows Load(std::size_t first, std::size_t count, RowBuffers& buffers) const override;
  std::int32_t Label(std::size_t) const override { return -1; }

 private:
  std::size_t inputs_per_, targets_per_;
  std::span<const float> inputs_, targets_;
};

/// Samples of a data set: bytes from 0 to 1; targets of a labelled set are 1 for the class and 0 for the
/// others. Throws Error{kInvalidArgument} for a set or indices that do not fit the network.
class DatasetSamples final : public Samples {
 public:
  DatasetSamples(const SpatialNetwork& network, const Dataset& dataset,
                 std::span<const std::uint32_t> indices);
  std::size_t count() const override { return indices_.size(); }
  Rows Load(std::size_t first, std::size_t count, RowBuffers& buffers) const override;
  std::int32_t Label(std::size_t position) const override;

 private:
  std::size_t outputs_;
  const Dataset& dataset_;
  std::span<const std::uint32_t> indices_;
};

struct RunSums {
  std::size_t samples = 0;
  double loss_sum = 0;      ///< of the mean squared error of each sample
  std::size_t correct = 0;  ///< samples whose largest output was that of their class
};

/// Called after every batch; returns whether to go on.
using RunCallback = std::function<bool(const RunSums&)>;

struct TrainReport {
  RunSums sums;
  std::uint64_t grown = 0;
  std::vector<float> losses;  ///< mean squared error of each batch
};

/// Learns batches until the samples or the callback say stop: the network then stands after the last of them.
TrainReport Train(SpatialNetwork& network, const Samples& samples, std::uint32_t batch_size, bool keeps_state,
                  const RunCallback& callback);

struct EvaluationReport {
  RunSums sums;
  std::vector<std::int32_t> predictions;  ///< the largest output of every sample
};

/// Throws Error{kCancelled} when the callback says stop.
EvaluationReport Evaluate(SpatialNetwork& network, const Samples& samples, const RunCallback& callback);

}  // namespace synfire::spatial
