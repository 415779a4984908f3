// Whole passes over a data set: an epoch of training, an evaluation.
#include "native/layers/epoch.h"

#include <algorithm>
#include <chrono>

#include "native/base/error.h"
#include "native/data/sampler.h"
#include "native/layers/loss.h"

namespace synfire::layers {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void CheckFits(const LayerNetwork& network, const Dataset& dataset) {
  const Shape& shape = network.spec().input;
  if (dataset.channels() != shape.channels || dataset.height() != shape.height ||
      dataset.width() != shape.width) {
    const auto text = [](int c, int h, int w) {
      return "[" + std::to_string(c) + ", " + std::to_string(h) + ", " + std::to_string(w) + "]";
    };
    throw InvalidArgument("dataset.shape", text(dataset.channels(), dataset.height(), dataset.width()),
                          text(shape.channels, shape.height, shape.width));
  }
  if (dataset.classes() < 1 || dataset.classes() > network.classes())
    throw InvalidArgument("dataset.classes", std::to_string(dataset.classes()),
                          "1 to the network's " + std::to_string(network.classes()) + " outputs");
}

/// The arrays of one batch, filled from a data set.
class BatchBuffer {
 public:
  BatchBuffer(const Dataset& dataset, std::span<const float> weights, int capacity)
      : dataset_(dataset),
        sample_weights_(weights),
        ids_(capacity),
        pixels_(capacity),
        labels_(capacity),
        weights_(capacity) {}

  void Put(int at, uint32_t id) {
    ids_[at] = id;
    pixels_[at] = dataset_.sample(id);
    labels_[at] = dataset_.label(id);
    if (!sample_weights_.empty()) weights_[at] = sample_weights_[id];
  }

  Batch Take(int samples) const {
    return {samples, ids_.data(), pixels_.data(), labels_.data(),
            sample_weights_.empty() ? nullptr : weights_.data()};
  }

 private:
  const Dataset& dataset_;
  std::span<const float> sample_weights_;
  std::vector<uint32_t> ids_;
  std::vector<const uint8_t*> pixels_;
  std::vector<int32_t> labels_;
  std::vector<float> weights_;
};

void CheckTrainOptions(const LayerNetwork& network, const TrainEpochOptions& o, int64_t steps) {
  CheckFits(network, *o.dataset);
  if (!network.trainable())
    throw Error(ErrorCode::kInvalidArgument,
                "The network is not prepared for training: call prepare with an optimizer first",
                "optimizer");
  if (o.indices.empty()) throw InvalidArgument("indices", "empty", "at least one sample");
  o.dataset->CheckIndices(o.indices);
  if (o.first_step < 0 || o.first_step > o.last_step || o.last_step > steps)
    throw InvalidArgument("firstStep", std::to_string(o.first_step) + " to " + std::to_string(o.last_step),
                          "steps within the epoch's " + std::to_string(steps));
  if (static_cast<int64_t>(o.learning_rates.size()) != steps)
    throw InvalidArgument("learningRates", std::to_string(o.learning_rates.size()) + " values",
                          std::to_string(steps) + " values, one per step");
  if (!o.sample_weights.empty() && o.sample_weights.size() != o.dataset->samples())
    throw InvalidArgument("sampleWeights", std::to_string(o.sample_weights.size()) + " values",
                          std::to_string(o.dataset->samples()) + " values, one per sample");
  for (const float w : o.sample_weights)
    if (!(w >= 0 && w < 1e30f))
      throw InvalidArgument("sampleWeights", std::to_string(w), "numbers from 0 on");
}

}  // namespace

TrainEpochResult TrainEpoch(LayerNetwork& network, const TrainEpochOptions& o,
                            const EpochCallback& callback) {
  const auto samples = static_cast<uint32_t>(o.indices.size());
  const int64_t batch = network.batch_capacity(), steps = (samples + batch - 1) / batch;
  CheckTrainOptions(network, o, steps);
  const Clock::time_point start = Clock::now();
  const Permutation order(o.seed, o.epoch, samples);
  BatchBuffer buffer(*o.dataset, o.sample_weights, static_cast<int>(batch));
  const Shape& shape = network.spec().input;
  std::vector<AugmentWorkspace> workspaces;
  InputTransform transform;
  if (o.augmentation.any()) {
    workspaces.reserve(network.threads());
    for (int w = 0; w < network.threads(); ++w)
      workspaces.emplace_back(o.augmentation, shape.height, shape.width);
    transform = [&](int worker, uint32_t id, const uint8_t* in, uint8_t* out) {
      Augment(o.augmentation, in, shape.channels, shape.height, shape.width, o.seed, o.epoch, id,
              workspaces[worker], out);
    };
  }
  TrainEpochResult result{.step = o.first_step, .sums = o.sums};
  while (result.step < o.last_step) {
    const int64_t first = result.step * batch;
    const int count = static_cast<int>(std::min<int64_t>(batch, samples - first));
    for (int i = 0; i < count; ++i) buffer.Put(i, o.indices[order(static_cast<uint32_t>(first + i))]);
    const auto step = network.TrainStep(buffer.Take(count), o.seed, o.epoch,
                                        static_cast<float>(o.learning_rates[result.step]), transform);
    result.gradient_norm = step.gradient_norm;
    result.sums.loss_sum += step.loss_sum;
    result.sums.correct += step.correct;
    result.sums.samples += count;
    ++result.step;
    if (callback && !callback({result.step, steps, result.sums})) break;
  }
  network.CheckFinite();
  result.completed = result.step == o.last_step;
  result.seconds = SecondsSince(start);
  return result;
}

EvaluationResult EvaluateSamples(LayerNetwork& network, const Dataset& dataset,
                                 std::span<const uint32_t> indices, uint64_t seed, bool statistics,
                                 const EpochCallback& callback) {
  CheckFits(network, dataset);
  dataset.CheckIndices(indices);
  const Clock::time_point start = Clock::now();
  const size_t batch = network.batch_capacity(), classes = network.classes();
  BatchBuffer buffer(dataset, {}, static_cast<int>(batch));
  std::vector<float> scores(batch * classes);
  EvaluationResult result;
  result.predictions.resize(indices.size());
  const auto steps = static_cast<int64_t>((indices.size() + batch - 1) / batch);
  for (int64_t step = 0; step < steps; ++step) {
    const size_t first = static_cast<size_t>(step) * batch;
    const int count = static_cast<int>(std::min(batch, indices.size() - first));
    for (int i = 0; i < count; ++i) buffer.Put(i, indices[first + i]);
    const auto r = network.Evaluate(buffer.Take(count), seed, kEvaluationEpoch, scores.data());
    for (int i = 0; i < count; ++i)
      result.predictions[first + i] = ArgMax(&scores[i * classes], network.classes());
    if (statistics) network.AddStatistics(count, &result.statistics);
    result.sums.loss_sum += r.loss_sum;
    result.sums.correct += r.correct;
    result.sums.samples += count;
    if (callback && !callback({step + 1, steps, result.sums}))
      throw Error(ErrorCode::kCancelled, "The evaluation was cancelled");
  }
  result.seconds = SecondsSince(start);
  return result;
}

}  // namespace synfire::layers
