// Feeds samples to a network in batches and counts what comes of it.
#include "native/spatial/training.h"

#include <algorithm>
#include <string>

#include "native/base/error.h"

namespace synfire::spatial {
namespace {

constexpr std::uint32_t kEvaluationBatch = 64;

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

Rows ArraySamples::Load(std::size_t first, std::size_t, RowBuffers&) const {
  return {inputs_.data() + first * inputs_per_, targets_.data() + first * targets_per_};
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
    throw InvalidArgument("dataset",
                          std::to_string(dataset.classes()) + " classes and " +
                              std::to_string(dataset.target_count()) + " targets",
                          "labels of at most " + std::to_string(outputs_) + " classes or as many targets");
}

Rows DatasetSamples::Load(std::size_t first, std::size_t count, RowBuffers& buffers) const {
  const std::size_t inputs_per = dataset_.sample_bytes();
  buffers.inputs.resize(count * inputs_per);
  buffers.targets.assign(count * outputs_, 0.0f);
  for (std::size_t s = 0; s < count; ++s) {
    const std::uint32_t index = indices_[first + s];
    const std::uint8_t* const bytes = dataset_.sample(index);
    float* const targets = buffers.targets.data() + s * outputs_;
    for (std::size_t i = 0; i < inputs_per; ++i)
      buffers.inputs[s * inputs_per + i] = static_cast<float>(bytes[i]) / 255.0f;
    if (dataset_.target_count() > 0) {
      std::copy_n(dataset_.targets(index), outputs_, targets);
    } else {
      targets[dataset_.label(index)] = 1;
    }
  }
  return {buffers.inputs.data(), buffers.targets.data()};
}

std::int32_t DatasetSamples::Label(std::size_t position) const {
  return dataset_.target_count() > 0 ? -1 : dataset_.label(indices_[position]);
}

TrainReport Train(SpatialNetwork& network, const Samples& samples, std::uint32_t batch_size, bool keeps_state,
                  const RunCallback& callback) {
  TrainReport report;
  RowBuffers buffers;
  std::vector<float> outputs;
  for (std::size_t first = 0; first < samples.count(); first += batch_size) {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(batch_size, samples.count() - first));
    const Rows rows = samples.Load(first, count, buffers);
    const BatchResult result = network.Learn({count, rows.inputs, rows.targets}, keeps_state);
    report.grown += result.grown;
    report.losses.push_back(static_cast<float>(result.loss_sum / count));
    report.sums.samples += count;
    report.sums.loss_sum += result.loss_sum;
    if (samples.Label(first) >= 0) {
      outputs.resize(count * network.outputs());
      network.LastOutputs(outputs.data());
      for (std::size_t s = 0; s < count; ++s)
        report.sums.correct +=
            Largest(outputs.data() + s * network.outputs(), network.outputs()) == samples.Label(first + s);
    }
    if (!callback(report.sums)) break;
  }
  return report;
}

EvaluationReport Evaluate(SpatialNetwork& network, const Samples& samples, const RunCallback& callback) {
  EvaluationReport report;
  const std::size_t outputs = network.outputs();
  RowBuffers buffers;
  std::vector<float> answers(std::min<std::size_t>(kEvaluationBatch, samples.count()) * outputs);
  for (std::size_t first = 0; first < samples.count(); first += kEvaluationBatch) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(kEvaluationBatch, samples.count() - first));
    const Rows rows = samples.Load(first, count, buffers);
    network.Forward(count, rows.inputs, answers.data(), false);
    for (std::size_t s = 0; s < count; ++s) {
      const float *const output = answers.data() + s * outputs, *const target = rows.targets + s * outputs;
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
