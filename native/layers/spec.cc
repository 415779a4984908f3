// Checks a network description and infers the shape of every layer.
#include "native/layers/spec.h"

#include <cmath>

#include "native/base/error.h"

namespace synfire::layers {
namespace {

constexpr int kMaxSteps = 1000;
constexpr int kMaxSide = 4096;
constexpr int64_t kMaxWeights = int64_t{1} << 30;
constexpr int64_t kMaxOutputs = int64_t{1} << 30;
constexpr int kMostPadding = 64;  // channels that a population may be padded by

void Require(bool ok, const std::string& field, double value, const std::string& expected) {
  if (ok) return;
  std::string shown = std::to_string(value);
  if (shown.find('.') != std::string::npos) {
    shown.erase(shown.find_last_not_of('0') + 1);
    if (shown.back() == '.') shown.pop_back();
  }
  throw InvalidArgument(field, shown, expected);
}

void RequireRange(const std::string& field, double value, double low, double high) {
  Require(std::isfinite(value) && value >= low && value <= high, field, value,
          "a number from " + std::to_string(low) + " to " + std::to_string(high));
}

void RequireInt(const std::string& field, int64_t value, int64_t low, int64_t high) {
  Require(value >= low && value <= high, field, static_cast<double>(value),
          "an integer from " + std::to_string(low) + " to " + std::to_string(high));
}

void CheckNeuron(const std::string& at, const NeuronConstants& n) {
  RequireRange(at + ".decay", n.decay, 0, 1);
  Require(n.threshold > 0 && std::isfinite(n.threshold), at + ".threshold", n.threshold, "a number above 0");
  RequireRange(at + ".resetValue", n.reset_value, -1e6, 1e6);
}

int OutSide(const std::string& field, int side, int kernel, int stride, int padding) {
  const int padded = side + 2 * padding;
  Require(kernel <= padded, field, kernel, "at most the padded input side, " + std::to_string(padded));
  return (padded - kernel) / stride + 1;
}

Shape Windowed(const LayerSpec& layer, const Shape& in, int channels) {
  RequireInt(layer.name + ".kernel", layer.kernel_height, 1, 64);
  RequireInt(layer.name + ".kernel", layer.kernel_width, 1, 64);
  RequireInt(layer.name + ".stride", layer.stride_y, 1, 64);
  RequireInt(layer.name + ".stride", layer.stride_x, 1, 64);
  RequireInt(layer.name + ".padding", layer.padding_y, 0, layer.kernel_height - 1);
  RequireInt(layer.name + ".padding", layer.padding_x, 0, layer.kernel_width - 1);
  return {channels,
          OutSide(layer.name + ".kernel", in.height, layer.kernel_height, layer.stride_y, layer.padding_y),
          OutSide(layer.name + ".kernel", in.width, layer.kernel_width, layer.stride_x, layer.padding_x)};
}

void CheckSynaptic(const LayerSpec& layer, const NetworkSpec& spec, bool last) {
  RequireInt(layer.name + ".updateEvery", layer.update_every, 1, spec.timesteps);
  RequireRange(layer.name + ".inputGain", layer.input_gain, 1e-6, 1e6);
  RequireRange(layer.name + ".initStd", layer.init_std, 0, 1e3);
  RequireRange(layer.name + ".learningRateScale", layer.learning_rate_scale, 0, 1e6);
  if (layer.neuron) CheckNeuron(layer.name + ".neuron", *layer.neuron);
  const bool spiking = layer.neuron && layer.neuron->spiking;
  if (!last && !spiking)
    throw InvalidArgument(layer.name + ".neuron", layer.neuron ? "leaky" : "none",
                          "a spiking neuron (lif or if) in every layer but the last");
  if (last && layer.kind != LayerKind::kDense)
    throw InvalidArgument(layer.name + ".kind", "conv2d", "dense as the last layer");
  if (!last) return;
  const bool reads_membrane = spec.readout != Readout::kMeanCount;
  if (reads_membrane != (layer.neuron && !spiking))
    throw InvalidArgument("readout", reads_membrane ? "a membrane" : "meanCount",
                          "lastMembrane or maxMembrane with a leaky last layer, meanCount with any other");
  RequireInt(layer.name + ".units", layer.units, 2, 4096);
}

Shape OutputShape(const LayerSpec& layer, const Shape& in) {
  switch (layer.kind) {
    case LayerKind::kConv2d:
      RequireInt(layer.name + ".filters", layer.filters, 1, 4096);
      return Windowed(layer, in, layer.filters);
    case LayerKind::kDense:
      RequireInt(layer.name + ".units", layer.units, 1, 1 << 20);
      return {layer.units, 1, 1};
    case LayerKind::kAvgPool2d:
    case LayerKind::kSumPool2d:
      RequireInt(layer.name + ".kernel", int64_t{layer.kernel_height} * layer.kernel_width, 1, 127);
      return Windowed(layer, in, in.channels);
    case LayerKind::kMaxPool2d:
      return Windowed(layer, in, in.channels);
    case LayerKind::kDropout:
      Require(layer.dropout_rate >= 0 && layer.dropout_rate < 1, layer.name + ".rate", layer.dropout_rate,
              "a number from 0 up to, not including, 1");
      return in;
    case LayerKind::kFlatten:
      return {in.size(), 1, 1};
  }
  return in;
}

void CheckGlobals(const NetworkSpec& spec) {
  RequireInt("inputShape.channels", spec.input.channels, 1, 64);
  RequireInt("inputShape.height", spec.input.height, 1, kMaxSide);
  RequireInt("inputShape.width", spec.input.width, 1, kMaxSide);
  RequireInt("timesteps", spec.timesteps, 1, kMaxSteps);
  RequireInt("encoder.deterministicSteps", spec.encoder.deterministic_steps, 1, kMaxSteps);
  RequireRange("encoder.gain", spec.encoder.gain, 1e-6, 1e6);
  Require(spec.learning.surrogate.slope > 0 && std::isfinite(spec.learning.surrogate.slope),
          "learning.surrogate.slope", spec.learning.surrogate.slope, "a number above 0");
  RequireRange("loss.labelSmoothing", spec.loss.label_smoothing, 0, 0.999);
  RequireRange("loss.targetCorrect", spec.loss.target_correct, -1e6, 1e6);
  RequireRange("loss.targetIncorrect", spec.loss.target_incorrect, -1e6, 1e6);
  RequireInt("layers", static_cast<int64_t>(spec.layers.size()), 1, 256);
}

}  // namespace

std::vector<Shape> CheckedShapes(const NetworkSpec& spec) {
  CheckGlobals(spec);
  std::vector<Shape> shapes;
  Shape in = spec.input;
  bool flat = false;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const bool last = i + 1 == spec.layers.size();
    if (flat && layer.windowed())
      throw InvalidArgument(layer.name + ".kind", "a layer of windows after flatten",
                            "dense, dropout or flatten there");
    flat = layer.kind == LayerKind::kFlatten || (flat && layer.kind == LayerKind::kDropout);
    if (last && !layer.synaptic())
      throw InvalidArgument(layer.name + ".kind", "not dense", "dense as the last layer");
    const Shape out = OutputShape(layer, in);
    RequireInt(layer.name + " outputs", int64_t{out.height} * out.width * (out.channels + kMostPadding), 1,
               kMaxOutputs);
    if (layer.synaptic()) {
      CheckSynaptic(layer, spec, last);
      const int64_t fan_in = layer.kind == LayerKind::kDense
                                 ? in.size()
                                 : int64_t{in.channels} * layer.kernel_height * layer.kernel_width;
      RequireInt(layer.name + " weights", fan_in * out.channels, 1, kMaxWeights);
    }
    shapes.push_back(out);
    in = out;
  }
  return shapes;
}

}  // namespace synfire::layers
