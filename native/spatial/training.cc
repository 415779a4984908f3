// Feeds samples to a network in batches and counts what comes of it.
#include "native/spatial/training.h"

#include <algorithm>
#include <string>

#include "native/base/error.h"

namespace synfire::spatial {
namespace {

constexpr std::uint32_t kEvaluationBatch = 64;

/// The inputs, targets and outputs of one batch.
struct BatchBuffers {
  BatchBuffers(const SpatialNetwork& network, std::size_t samples)
      : inputs(samples * network.inputs()),
        targets(samples * network.outputs()),
        outputs(samples * network.outputs()) {}

  std::vector<float> inputs, targets, outputs;
};

std::uint32_t LoadBatch(const SpatialNetwork& network, const Samples& samples, std::size_t first,
                        std::size_t batch_size, BatchBuffers& buffers) {
  const std::size_t count = std::min(batch_size, samples.count() - first);
  for (std::size_t s = 0; s < count; ++s) {
    samples.Load(first + s, buffers.inputs.data() + s * network.inputs(),
                 buffers.targets.data() + s * network.outputs());
  }
  return static_cast<std::uint32_t>(count);
}

std::int32_t Largest(const float* outputs, std::size_t count) {
  return static_cast<std::int32_t>(std::max_element(outputs, outputs + count) - outputs);
}

}  // namespace

ArraySamples::ArraySamples(const SpatialNetwork& network, std::span<const float> inputs,
                           std::span<const float> targets)
    : inputs_per_(network.inputs()), targets_per_(network.outputs()), inputs_(inputs), targets_(targets) {
  if (inputs.size() % inputs_per_ != 0)
    throw InvalidArgument("inputs", std::to_string(inputs.size()) + " values",
                          "rows of " + std::to_string(inputs_per_));
  if (targets.size() != count() * targets_per_)
    throw InvalidArgument("targets", std::to_string(targets.size()) + " values",
                          std::to_string(count()) + " rows of " + std::to_string(targets_per_));
}

std::size_t ArraySamples::count() const {
  return inputs_.size() / inputs_per_;
}

void ArraySamples::Load(std::size_t position, float* inputs, float* targets) const {
  std::copy_n(inputs_.data() + position * inputs_per_, inputs_per_, inputs);
  std::copy_n(targets_.data() + position * targets_per_, targets_per_, targets);
}

DatasetSamples::DatasetSamples(const SpatialNetwork& network, const Dataset& dataset,
                               std::span<const std::uint32_t> indices)
    : outputs_(network.outputs()), dataset_(dataset), indices_(indices) {
  dataset.CheckIndices(indices);
  if (dataset.sample_bytes() != network.inputs())
    throw InvalidArgument("dataset.shape", std::to_string(dataset.sample_bytes()) + " values",
                          std::to_string(network.inputs()) + ", the network's inputs");
  const bool fits = dataset.target_count() > 0
                        ? static_cast<std::size_t>(dataset.target_count()) == outputs_
                        : dataset.classes() > 0 && static_cast<std::size_t>(dataset.classes()) <= outputs_;
  if (!fits)
    throw InvalidArgument(
        "dataset", std::to_string(dataset.classes()) + " classes and " + std::to_string(dataset.target_count()) + " targets",
        "labels of at most " + std::to_string(outputs_) + " classes or as many targets");
}

void DatasetSamples::Load(std::size_t position, float* inputs, float* targets) const {
  const std::uint32_t index = indices_[position];
  const std::uint8_t* const bytes = dataset_.sample(index);
  for (std::size_t i = 0; i < dataset_.sample_bytes(); ++i) inputs[i] = static_cast<float>(bytes[i]) / 255.0f;
  if (dataset_.target_count() > 0) {
    std::copy_n(dataset_.targets(index), outputs_, targets);
  } else {
    std::fill_n(targets, outputs_, 0.0f);
    targets[dataset_.label(index)] = 1;
  }
}

std::int32_t DatasetSamples::Label(std::size_t position) const {
  return dataset_.target_count() > 0 ? -1 : dataset_.label(indices_[position]);
}

TrainReport Train(SpatialNetwork& network, const Samples& samples, std::uint32_t batch_size, bool keeps_state,
                  const RunCallback& callback) {
  TrainReport report;
  BatchBuffers buffers(network, std::min<std::size_t>(batch_size, samples.count()));
  for (std::size_t first = 0; first < samples.count(); first += batch_size) {
    const std::uint32_t count = LoadBatch(network, samples, first, batch_size, buffers);
    const BatchResult result = network.Learn({count, buffers.inputs.data(), buffers.targets.data()}, keeps_state);
    report.grown += result.grown;
    report.losses.push_back(static_cast<float>(result.loss_sum / count));
    report.sums.samples += count;
    report.sums.loss_sum += result.loss_sum;
    if (samples.Label(first) >= 0) {
      network.LastOutputs(buffers.outputs.data());
      for (std::size_t s = 0; s < count; ++s)
        report.sums.correct +=
            Largest(buffers.outputs.data() + s * network.outputs(), network.outputs()) == samples.Label(first + s);
    }
    if (!callback(report.sums)) break;
  }
  return report;
}

EvaluationReport Evaluate(SpatialNetwork& network, const Samples& samples, const RunCallback& callback) {
  EvaluationReport report;
  const std::size_t outputs = network.outputs();
  BatchBuffers buffers(network, std::min<std::size_t>(kEvaluationBatch, samples.count()));
  for (std::size_t first = 0; first < samples.count(); first += kEvaluationBatch) {
    const std::uint32_t count = LoadBatch(network, samples, first, kEvaluationBatch, buffers);
    network.Forward(count, buffers.inputs.data(), buffers.outputs.data(), false);
    for (std::size_t s = 0; s < count; ++s) {
      const float *const output = buffers.outputs.data() + s * outputs,
                         *const target = buffers.targets.data() + s * outputs;
      double loss = 0;
      for (std::size_t i = 0; i < outputs; ++i) {
        const double error = output[i] - target[i];
        loss += error * error;
      }
      report.sums.loss_sum += loss / static_cast<double>(outputs);
      report.predictions.push_back(Largest(output, outputs));
      report.sums.correct += report.predictions.back() == samples.Label(first + s);
    }
    report.sums.samples += count;
    if (!callback(report.sums)) throw Error(ErrorCode::kCancelled, "The evaluation was cancelled");
  }
  return report;
}

}  // namespace synfire::spatial
