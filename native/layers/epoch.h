// Whole passes over a data set: an epoch of training, an evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "native/data/augment.h"
#include "native/data/dataset.h"
#include "native/layers/network.h"

namespace synfire::layers {

/// The epoch that keys the random draws of an evaluation.
constexpr uint32_t kEvaluationEpoch = 0xffffffffu;

struct EpochSums {
  double loss_sum = 0;
  double correct = 0;
  double samples = 0;
};

struct EpochProgress {
  int64_t step;
  int64_t steps;
  EpochSums sums;
};

struct TrainEpochOptions {
  const Dataset* dataset = nullptr;
  std::span<const uint32_t> indices;      // the training part
  std::span<const float> sample_weights;  // one per sample of the data set, or empty
  uint64_t seed = 0;
  uint32_t epoch = 0;
  int64_t first_step = 0;
  int64_t last_step = 0;                   // exclusive
  std::span<const double> learning_rates;  // one per step of the epoch
  Augmentation augmentation;
  EpochSums sums;  // carried on when resuming within the epoch
};

struct TrainEpochResult {
  int64_t step = 0;  // the next one
  bool completed = false;
  EpochSums sums;
  double seconds = 0;
  double gradient_norm = 0;  // of the last step, where it is known
};

/// Called after every step; returns whether to go on. Stopping leaves the state of a finished step.
using EpochCallback = std::function<bool(const EpochProgress&)>;

/// Batch i of epoch e is made of positions [i, i + 1) * batch of the permutation that (seed, e) keys. Throws
/// Error{kInvalidArgument} for a data set that does not fit the network or steps outside the epoch,
/// Error{kNumeric} when the loss or a weight is not finite.
TrainEpochResult TrainEpoch(LayerNetwork& network, const TrainEpochOptions& options,
                            const EpochCallback& callback);

struct EvaluationResult {
  EpochSums sums;
  double seconds = 0;
  std::vector<int32_t> predictions;
  std::vector<LayerStatistics> statistics;  // per layer, when asked for
};

/// Throws Error{kCancelled} when the callback says stop.
EvaluationResult EvaluateSamples(LayerNetwork& network, const Dataset& dataset,
                                 std::span<const uint32_t> indices, uint64_t seed, bool statistics,
                                 const EpochCallback& callback);

}  // namespace synfire::layers
