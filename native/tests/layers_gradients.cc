// Whole networks against the plain one in double precision: equal spikes, equal losses, gradients of every
// parameter.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_reference.h"
#include "native/tests/layers_support.h"
#include "native/tests/layers_surrogates.h"

namespace synfire::layers {
namespace {

constexpr int kSamples = 9;  // more than a chunk

LayerSpec WithNeuron(LayerSpec layer, const NeuronConstants& neuron) {
  layer.neuron = neuron;
  return layer;
}

NetworkSpec WithReadout(NetworkSpec spec, Readout readout) {
  spec.readout = readout;
  return spec;
}

struct NamedNetwork {
  std::string name;
  NetworkSpec spec;
};

LayerSpec SlowConv() {
  LayerSpec layer = Conv(4, 3);
  layer.update_every = 2;
  layer.input = InputMode::kWindow;
  layer.input_gain = 0.8f;
  return layer;
}

/// Small networks that together use every kind of layer, input, reset and readout.
std::vector<NamedNetwork> Networks() {
  const auto value = Lif(ResetKind::kValue, -0.1f), subtract = Lif(ResetKind::kSubtract),
             scale = Lif(ResetKind::kScale, 0.5f);
  const LayerKind max = LayerKind::kMaxPool2d, average = LayerKind::kAvgPool2d, sum = LayerKind::kSumPool2d;
  const InputMode window = InputMode::kWindow, cumulative = InputMode::kCumulative;
  return {
      {"slow hidden layer",
       Network({1, 8, 8}, 6, {Conv(3, 3, 2), WithNeuron(Dense(12, 2), scale), LinearReadout(4)})},
      {"cumulative input",
       Network({1, 8, 8}, 7,
               {Conv(3, 3, 2), WithNeuron(Dense(12, 2, cumulative, 0.3f), scale), LinearReadout(4)})},
      {"two convolutions, pooling, windows",
       Network({2, 7, 7}, 8,
               {WithNeuron(Conv(5, 3, 1, 1), subtract), Pool(max, 2, 2), WithNeuron(Conv(4, 2), value),
                Pool(average, 2, 1), Dense(10, 3, window, 4.0f), LinearReadout(3)})},
      {"maximum below cumulative input",
       Network({1, 7, 6}, 6,
               {Conv(4, 3), Pool(max, 2, 1), WithNeuron(Dense(9, 2, cumulative, 0.4f), subtract),
                LinearReadout(3)})},
      {"padded sum below cumulative input", Network({1, 7, 6}, 6,
                                                    {WithNeuron(Conv(4, 3), value), Pool(sum, 2, 1, 1),
                                                     Dense(9, 2, cumulative, 0.2f), LinearReadout(3)})},
      {"slow convolution", Network({1, 6, 6}, 7, {SlowConv(), Dense(8, 3, window), LinearReadout(3)})},
      {"forty steps, dense layers",
       Network({1, 4, 4}, 40,
               {WithNeuron(Dense(11), subtract), WithNeuron(Dense(7), scale), LinearReadout(3)})},
      {"spiking readout",
       Network({1, 6, 6}, 8, {Conv(4, 3), WithNeuron(Dense(15), scale), WithNeuron(Dense(3), subtract)})},
      {"last membrane",
       WithReadout(Network({1, 6, 6}, 7, {Conv(4, 3), Dense(9, 2), WithNeuron(Dense(3), Leaky(0.8f))}),
                   Readout::kLastMembrane)},
      {"largest membrane of a slow readout",
       WithReadout(
           Network({1, 6, 6}, 7, {Conv(4, 3), Dense(9), WithNeuron(Dense(3, 2, window, 0.6f), Leaky(0.7f))}),
           Readout::kMaxMembrane)},
      {"largest membrane, cumulative input",
       WithReadout(Network({1, 6, 6}, 5, {Dense(20), WithNeuron(Dense(3, 1, cumulative, 0.5f), Leaky(0.6f))}),
                   Readout::kMaxMembrane)},
  };
}

struct Comparison {
  std::unique_ptr<LayerNetwork> network;  // null: no parameters found
  ReferenceResult expected;
  std::vector<uint8_t> input;
  std::vector<int32_t> labels;
};

/// A network with random parameters that keeps clear of every point where rounding decides.
Comparison MakeComparison(const NetworkSpec& spec) {
  for (uint32_t seed = 1; seed < 40; ++seed) {
    auto network = std::make_unique<LayerNetwork>(spec);
    RandomizeParameters(*network, seed, 2.5);
    std::map<std::string, Vector> parameters;
    for (const TensorInfo& tensor : network->Parameters()) {
      const std::vector<float> values = ReadTensor(*network, tensor.name);
      parameters[tensor.name] = Vector(values.begin(), values.end());
    }
    Random random(seed + 100);
    auto input = random.Counts(static_cast<size_t>(spec.timesteps) * kSamples * spec.input.size(), 0.35);
    std::vector<int32_t> labels;
    for (int s = 0; s < kSamples; ++s) labels.push_back(random.Below(network->classes()));
    ReferenceResult expected = ReferenceNetwork(spec, parameters).Run(input, labels);
    if (expected.margin > 1e-5)
      return {std::move(network), std::move(expected), std::move(input), std::move(labels)};
  }
  return {};
}

void CheckSpikes(const NetworkSpec& spec, const Comparison& c) {
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    if (!spec.layers[i].synaptic() || !spec.layers[i].neuron || !spec.layers[i].neuron->spiking) continue;
    const std::vector<uint8_t>& expected = c.expected.spikes.at(spec.layers[i].name);
    const auto spikes = std::count(expected.begin(), expected.end(), 1);
    CHECK(spikes * 200 > static_cast<std::ptrdiff_t>(expected.size()));
    CHECK(c.network->LayerSpikes(i, kSamples) == expected);
  }
}

void Compare(const std::string& name, const NetworkSpec& spec) {
  const Comparison c = MakeComparison(spec);
  CHECK(c.network != nullptr);
  if (!c.network) return;
  c.network->Prepare(kSamples, 2, OptimizerSpec{}, true);
  std::vector<float> scores(static_cast<size_t>(kSamples) * c.network->classes());
  const auto result = c.network->RunSpikes(c.input.data(), kSamples, c.labels.data(), true, scores.data());
  CheckSpikes(spec, c);
  CHECK_NEAR(result.loss_sum / kSamples, c.expected.loss, 1e-5 * c.expected.loss);
  for (size_t i = 0; i < scores.size(); ++i)
    CHECK_NEAR(scores[i], c.expected.scores[i], 1e-5 * (1 + std::abs(c.expected.scores[i])));
  for (const auto& [parameter, expected] : c.expected.gradients) {
    std::vector<float> gradient;
    c.network->ReadGradient(parameter, &gradient);
    CheckClose(name + ": " + parameter, gradient, expected, 1e-4);
  }
}

TEST("through time, networks equal the plain one for every surrogate, detached and attached") {
  int turn = 0;
  for (auto& [name, spec] : Networks())
    for (const SurrogateKind kind : kSurrogateKinds) {
      spec.learning.mode = LearningMode::kBptt;
      spec.learning.surrogate = {kind, kind == SurrogateKind::kFastSigmoid ? 5.0f : 1.5f};
      spec.learning.detach_reset = turn++ % 2 == 0;
      Compare(name, spec);
    }
}

TEST("with rates, networks equal the plain one for every derivative and presynaptic statistic") {
  int turn = 0;
  for (auto& [name, spec] : Networks())
    for (const auto derivative :
         {RateDerivative::kSurrogate, RateDerivative::kActive, RateDerivative::kIdentity})
      for (const auto presynaptic : {RatePresynaptic::kDrive, RatePresynaptic::kRate}) {
        spec.learning.mode = LearningMode::kRate;
        spec.learning.surrogate = {kSurrogateKinds[turn++ % 5], 1.5f};
        spec.learning.rate_derivative = derivative;
        spec.learning.rate_presynaptic = presynaptic;
        Compare(name, spec);
      }
}

/// Gradients of every parameter, [parameter].
std::vector<std::vector<float>> GradientsOf(LayerNetwork& network, const std::vector<uint8_t>& input,
                                            const std::vector<int32_t>& labels) {
  network.Prepare(kSamples, 1, OptimizerSpec{}, true);
  network.RunSpikes(input.data(), kSamples, labels.data(), true, nullptr);
  std::vector<std::vector<float>> gradients;
  for (const TensorInfo& tensor : network.Parameters())
    network.ReadGradient(tensor.name, &gradients.emplace_back());
  return gradients;
}

TEST("mixed precision learns in the direction of float32") {
  for (const LearningMode mode : {LearningMode::kBptt, LearningMode::kRate}) {
    NetworkSpec spec = Network(
        {1, 12, 12}, 8,
        {Conv(16, 5, 2), WithNeuron(Dense(130), Lif(ResetKind::kScale, 0.5f)), Dense(64), LinearReadout(5)});
    spec.learning.mode = mode;
    NetworkSpec mixed_spec = spec;
    mixed_spec.precision = Precision::kMixed;
    LayerNetwork exact(spec), mixed(mixed_spec);
    RandomizeParameters(exact, 5, 2);
    RandomizeParameters(mixed, 5, 2);
    Random random(6);
    const auto input = random.Counts(static_cast<size_t>(8) * kSamples * 144, 0.35);
    std::vector<int32_t> labels;
    for (int s = 0; s < kSamples; ++s) labels.push_back(random.Below(5));
    const auto expected = GradientsOf(exact, input, labels), actual = GradientsOf(mixed, input, labels);
    // Rounded weights move some spikes across the threshold, which costs more than the rounding of gradients.
    for (size_t p = 0; p < expected.size(); ++p)
      CheckClose("parameter " + std::to_string(p), actual[p], expected[p], 0.25);
  }
}

TEST("parameters that are not trained get no update and leave the others' gradients alone") {
  NetworkSpec spec =
      Network({1, 8, 8}, 6, {Conv(3, 3, 2), Dense(12, 2, InputMode::kCumulative, 0.3f), LinearReadout(4)});
  for (const LearningMode mode : {LearningMode::kBptt, LearningMode::kRate}) {
    spec.learning.mode = mode;
    NetworkSpec frozen_spec = spec;
    frozen_spec.layers[0].train_weight = frozen_spec.layers[0].train_bias = false;
    frozen_spec.layers[1].train_bias = false;
    LayerNetwork network(spec), frozen(frozen_spec);
    RandomizeParameters(network, 7, 2.5);
    RandomizeParameters(frozen, 7, 2.5);
    const std::vector<float> conv = ReadTensor(network, "layers.0.weight"),
                             bias = ReadTensor(network, "layers.1.bias");
    Pictures pictures(spec, kSamples, 8);
    for (LayerNetwork* each : {&network, &frozen}) {
      each->Prepare(kSamples, 1, OptimizerSpec{.kind = OptimizerKind::kSgd});
      each->TrainStep(pictures.batch(), 1, 0, 0.1f, {});
    }
    CHECK(ReadTensor(network, "layers.0.weight") != conv);
    CHECK(ReadTensor(network, "layers.1.bias") != bias);
    CHECK(ReadTensor(frozen, "layers.0.weight") == conv);
    CHECK(ReadTensor(frozen, "layers.1.bias") == bias);
    for (const std::string name : {"layers.1.weight", "layers.2.weight", "layers.2.bias"})
      CHECK(SameBits(ReadTensor(frozen, name), ReadTensor(network, name)));
  }
}

}  // namespace
}  // namespace synfire::layers
