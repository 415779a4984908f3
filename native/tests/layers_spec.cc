// Descriptions: shapes of what is possible, errors that name layer and field for what is not.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

NetworkSpec Possible() {
  return Network({2, 12, 10}, 6,
                 {Conv(4, 3, 2, 1), Pool(LayerKind::kAvgPool2d, 2, 1), DropoutOf(0.2f),
                  Dense(7, 2, InputMode::kWindow), LinearReadout(3)});
}

TEST("shapes follow from windows, strides and padding") {
  const std::vector<Shape> shapes = CheckedShapes(Possible());
  CHECK(shapes == std::vector<Shape>({{4, 6, 5}, {4, 5, 4}, {4, 5, 4}, {7, 1, 1}, {3, 1, 1}}));
  LayerSpec flatten;
  flatten.kind = LayerKind::kFlatten;
  CHECK((CheckedShapes(Network({2, 3, 4}, 1, {flatten, LinearReadout(2)}))[0] == Shape{24, 1, 1}));
}

struct Impossible {
  std::string field;
  std::function<void(NetworkSpec&)> change;
};

LayerSpec OfKind(LayerKind kind) {
  LayerSpec layer;
  layer.kind = kind;
  return layer;
}

/// Turns the last layer into an integrator.
void MakeLeaky(NetworkSpec& s) {
  s.layers[4].neuron = Leaky(0.9f);
}

std::vector<Impossible> ImpossibleGlobals() {
  return {
      {"inputShape.channels", [](NetworkSpec& s) { s.input.channels = 0; }},
      {"inputShape.channels", [](NetworkSpec& s) { s.input.channels = 65; }},
      {"inputShape.height", [](NetworkSpec& s) { s.input.height = 0; }},
      {"inputShape.height", [](NetworkSpec& s) { s.input.height = 4097; }},
      {"inputShape.width", [](NetworkSpec& s) { s.input.width = -5; }},
      {"timesteps", [](NetworkSpec& s) { s.timesteps = 0; }},
      {"timesteps", [](NetworkSpec& s) { s.timesteps = 1001; }},
      {"encoder.deterministicSteps", [](NetworkSpec& s) { s.encoder.deterministic_steps = 0; }},
      {"encoder.gain", [](NetworkSpec& s) { s.encoder.gain = 0; }},
      {"encoder.gain", [](NetworkSpec& s) { s.encoder.gain = NAN; }},
      {"learning.surrogate.slope", [](NetworkSpec& s) { s.learning.surrogate.slope = 0; }},
      {"learning.surrogate.slope", [](NetworkSpec& s) { s.learning.surrogate.slope = NAN; }},
      {"learning.surrogate.slope", [](NetworkSpec& s) { s.learning.surrogate.slope = INFINITY; }},
      {"loss.labelSmoothing", [](NetworkSpec& s) { s.loss.label_smoothing = -0.1f; }},
      {"loss.labelSmoothing", [](NetworkSpec& s) { s.loss.label_smoothing = 1; }},
      {"loss.labelSmoothing", [](NetworkSpec& s) { s.loss.label_smoothing = NAN; }},
      {"loss.targetCorrect", [](NetworkSpec& s) { s.loss.target_correct = NAN; }},
      {"loss.targetIncorrect", [](NetworkSpec& s) { s.loss.target_incorrect = INFINITY; }},
      {"layers", [](NetworkSpec& s) { s.layers.clear(); }},
      {"layers", [](NetworkSpec& s) { s.layers.resize(257, s.layers[3]); }},
      {"readout", [](NetworkSpec& s) { s.readout = Readout::kLastMembrane; }},
      {"readout", [](NetworkSpec& s) { s.readout = Readout::kMaxMembrane, s.layers[4].neuron = Lif(); }},
      {"readout", [](NetworkSpec& s) { MakeLeaky(s); }},
  };
}

std::vector<Impossible> ImpossibleWindows() {
  return {
      {"layers.0.filters", [](NetworkSpec& s) { s.layers[0].filters = 0; }},
      {"layers.0.filters", [](NetworkSpec& s) { s.layers[0].filters = 4097; }},
      {"layers.0.kernel", [](NetworkSpec& s) { s.layers[0].kernel_height = 0; }},
      {"layers.0.kernel", [](NetworkSpec& s) { s.layers[0].kernel_width = -1; }},
      {"layers.0.kernel", [](NetworkSpec& s) { s.layers[0].kernel_width = 65; }},
      {"layers.0.kernel", [](NetworkSpec& s) { s.layers[0].kernel_height = 15; }},
      {"layers.0.kernel", [](NetworkSpec& s) { s.layers[0].kernel_width = 13; }},
      {"layers.0.stride", [](NetworkSpec& s) { s.layers[0].stride_y = 0; }},
      {"layers.0.stride", [](NetworkSpec& s) { s.layers[0].stride_x = 65; }},
      {"layers.0.padding", [](NetworkSpec& s) { s.layers[0].padding_y = -1; }},
      {"layers.0.padding", [](NetworkSpec& s) { s.layers[0].padding_x = 3; }},
      {"layers.1.kernel", [](NetworkSpec& s) { s.layers[1].kernel_height = 7; }},
      {"layers.1.kernel", [](NetworkSpec& s) { s.layers[1].kernel_height = s.layers[1].kernel_width = 12; }},
      {"layers.1.stride", [](NetworkSpec& s) { s.layers[1].stride_x = 0; }},
      {"layers.2.rate", [](NetworkSpec& s) { s.layers[2].dropout_rate = 1; }},
      {"layers.2.rate", [](NetworkSpec& s) { s.layers[2].dropout_rate = -0.1f; }},
      {"layers.2.rate", [](NetworkSpec& s) { s.layers[2].dropout_rate = NAN; }},
  };
}

std::vector<Impossible> ImpossibleNeurons() {
  return {
      {"layers.3.units", [](NetworkSpec& s) { s.layers[3].units = 0; }},
      {"layers.4.units", [](NetworkSpec& s) { s.layers[4].units = 1; }},
      {"layers.4.units", [](NetworkSpec& s) { s.layers[4].units = 4097; }},
      {"layers.3.updateEvery", [](NetworkSpec& s) { s.layers[3].update_every = 0; }},
      {"layers.3.updateEvery", [](NetworkSpec& s) { s.layers[3].update_every = 7; }},
      {"layers.3.inputGain", [](NetworkSpec& s) { s.layers[3].input_gain = 0; }},
      {"layers.3.inputGain", [](NetworkSpec& s) { s.layers[3].input_gain = NAN; }},
      {"layers.3.initStd", [](NetworkSpec& s) { s.layers[3].init_std = -1; }},
      {"layers.3.initStd", [](NetworkSpec& s) { s.layers[3].init_std = NAN; }},
      {"layers.3.learningRateScale", [](NetworkSpec& s) { s.layers[3].learning_rate_scale = -1; }},
      {"layers.3.learningRateScale", [](NetworkSpec& s) { s.layers[3].learning_rate_scale = INFINITY; }},
      {"layers.3.neuron.decay", [](NetworkSpec& s) { s.layers[3].neuron->decay = -0.1f; }},
      {"layers.3.neuron.decay", [](NetworkSpec& s) { s.layers[3].neuron->decay = 1.1f; }},
      {"layers.3.neuron.decay", [](NetworkSpec& s) { s.layers[3].neuron->decay = NAN; }},
      {"layers.0.neuron.threshold", [](NetworkSpec& s) { s.layers[0].neuron->threshold = 0; }},
      {"layers.0.neuron.threshold", [](NetworkSpec& s) { s.layers[0].neuron->threshold = -1; }},
      {"layers.0.neuron.threshold", [](NetworkSpec& s) { s.layers[0].neuron->threshold = NAN; }},
      {"layers.0.neuron.threshold", [](NetworkSpec& s) { s.layers[0].neuron->threshold = INFINITY; }},
      {"layers.0.neuron.resetValue", [](NetworkSpec& s) { s.layers[0].neuron->reset_value = NAN; }},
      {"layers.0.neuron", [](NetworkSpec& s) { s.layers[0].neuron.reset(); }},
      {"layers.3.neuron", [](NetworkSpec& s) { s.layers[3].neuron = Leaky(0.9f); }},
  };
}

std::vector<Impossible> ImpossibleOrders() {
  return {
      {"layers.4.kind", [](NetworkSpec& s) { s.layers[4] = Conv(3, 1); }},
      {"layers.4.kind", [](NetworkSpec& s) { s.layers[4] = DropoutOf(0.5f); }},
      {"layers.4.kind", [](NetworkSpec& s) { s.layers[4] = OfKind(LayerKind::kFlatten); }},
      {"layers.0.kind", [](NetworkSpec& s) { s.layers[0] = Pool(LayerKind::kMaxPool2d, 2, 2); }},
      {"layers.0.kind", [](NetworkSpec& s) { s.layers[0] = DropoutOf(0.5f); }},
      {"layers.2.kind",
       [](NetworkSpec& s) { s.layers[1] = OfKind(LayerKind::kFlatten), s.layers[2] = Conv(2, 1); }},
      {"layers.2.kind",
       [](NetworkSpec& s) {
         s.layers[1] = OfKind(LayerKind::kFlatten), s.layers[2] = Pool(LayerKind::kSumPool2d, 1, 1);
       }},
      {"layers.2.kind",
       [](NetworkSpec& s) {
         s.layers[0] = OfKind(LayerKind::kFlatten), s.layers[1] = DropoutOf(0.1f), s.layers[2] = Conv(2, 1);
       }},
      {"layers.2.kernel",
       [](NetworkSpec& s) {
         s.input = {1, 64, 64};
         s.layers[1] = Pool(LayerKind::kSumPool2d, 11, 2), s.layers[2] = Pool(LayerKind::kSumPool2d, 2, 1);
       }},
      {"layers.3 weights",
       [](NetworkSpec& s) { s.input.height = s.input.width = 4096, s.layers[3].units = 1 << 20; }},
      {"layers.0 outputs",
       [](NetworkSpec& s) { s.input.height = s.input.width = 4096, s.layers[0].filters = 4096; }},
      {"layers.0.updateEvery",
       [](NetworkSpec& s) {
         s.encoder.kind = EncoderKind::kDirect;
         s.layers[0].update_every = 2, s.layers[0].input = InputMode::kWindow;
       }},
      {"timesteps",
       [](NetworkSpec& s) {
         s.encoder.kind = EncoderKind::kDirect;
         s.timesteps = 200, s.layers.erase(s.layers.begin(), s.layers.end() - 1);
       }},
      {"timesteps",
       [](NetworkSpec& s) {
         s.timesteps = 300, s.learning.mode = LearningMode::kRate;
         s.layers[0].input = InputMode::kCumulative;
       }},
  };
}

TEST("impossible descriptions are refused by the name of the layer and field") {
  std::vector<Impossible> all;
  for (const auto& part : {ImpossibleGlobals(), ImpossibleWindows(), ImpossibleNeurons(), ImpossibleOrders()})
    all.insert(all.end(), part.begin(), part.end());
  int number = 0;
  for (const auto& [field, change] : all) {
    ++number;
    NetworkSpec spec = Possible();
    change(spec);
    for (size_t i = 0; i < spec.layers.size(); ++i) spec.layers[i].name = "layers." + std::to_string(i);
    const std::string which = "case " + std::to_string(number) + ", " + field;
    try {
      LayerNetwork network(spec);
      test::Fail(which + " was accepted", std::source_location::current());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidArgument || error.field() != field)
        test::Fail(which + " was refused as " + error.field(), std::source_location::current());
      CHECK(!error.value().empty() && !error.expected().empty());
    }
  }
}

TEST("what is just possible is accepted") {
  const std::vector<std::function<void(NetworkSpec&)>> changes = {
      [](NetworkSpec& s) { s.timesteps = 1000, s.layers[3].update_every = 60; },
      [](NetworkSpec& s) { s.layers[0].kernel_height = 14, s.layers[1].kernel_height = 1; },
      [](NetworkSpec& s) { s.layers[0].padding_x = 2; },
      [](NetworkSpec& s) { s.layers[2].dropout_rate = 0; },
      [](NetworkSpec& s) { s.layers[3].update_every = 6; },
      [](NetworkSpec& s) { s.layers[3].neuron->decay = 0, s.layers[0].neuron->decay = 1; },
      [](NetworkSpec& s) { MakeLeaky(s), s.readout = Readout::kMaxMembrane; },
      [](NetworkSpec& s) { s.layers[4].neuron = Lif(); },
      [](NetworkSpec& s) { s.encoder.kind = EncoderKind::kDirect; },
      [](NetworkSpec& s) { s.layers[2] = s.layers[1], s.layers[2].name = "layers.2"; },
  };
  for (const auto& change : changes) {
    NetworkSpec spec = Possible();
    change(spec);
    LayerNetwork network(spec);
    network.Prepare(3, 2, OptimizerSpec{});
    const Pictures pictures(spec, 3, 1);
    CHECK(std::isfinite(network.TrainStep(pictures.batch(), 1, 0, 0.01f, {}).loss_sum));
  }
}

TEST("layers tell their sizes") {
  LayerNetwork network(Possible());
  const std::vector<LayerInfo> layers = network.Layers();
  CHECK_EQUAL(layers.size(), 5u);
  CHECK_EQUAL(layers[0].name, "layers.0");
  CHECK_EQUAL(layers[0].parameters, 4.0 * 2 * 9 + 4);
  CHECK_EQUAL(layers[0].macs, 4.0 * 2 * 9 * 30);
  CHECK_EQUAL(layers[0].neurons, 4.0 * 30);
  CHECK_EQUAL(layers[1].parameters, 0.0);
  CHECK_EQUAL(layers[3].parameters, 7.0 * 80 + 7);
  CHECK_EQUAL(layers[3].macs, 7.0 * 80);
  CHECK_EQUAL(layers[4].parameters, 3.0 * 7 + 3);
  CHECK_EQUAL(layers[4].neurons, 0.0);
}

}  // namespace
}  // namespace synfire::layers
