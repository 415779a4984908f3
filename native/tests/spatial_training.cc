// Spatial networks learn: tasks with known answers, errors of numbers, and runs over many samples.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "native/data/dataset.h"
#include "native/data/digits.h"
#include "native/spatial/training.h"
#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

/// The identity of four values through sixteen neurons.
SpatialSpec Identity(const ActivationMap& hidden, Rounding rounding) {
  SpatialSpec spec = Network({{2, 2, 1}, {4, 2, 2}, {2, 2, 1}}, Activation::kIdentity);
  spec.activations[0] = hidden;
  spec.rounding = rounding;
  spec.min_rate = 0.02f;
  spec.initial_rate = 0.05f;
  return spec;
}

/// Mean loss of the last 20 of 1000 batches of 16.
double IdentityLoss(SpatialSpec spec, std::uint64_t seed) {
  spec.seed = seed;
  SpatialNetwork network(spec);
  Random random(static_cast<std::uint32_t>(seed));
  double last = 0;
  for (int batch = 0; batch < 1000; ++batch) {
    const auto inputs = random.Floats(64, 0, 1);
    const double loss = Teach(network, inputs, inputs).loss_sum / 16;
    if (batch >= 980) last += loss / 20;
  }
  return last;
}

TEST("spatial training: learns the identity") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    CHECK(IdentityLoss(Identity(Only(Activation::kTanh), Rounding::kResidual), seed) < 0.01);
    CHECK(IdentityLoss(Identity(Mixed(7), Rounding::kResidual), seed) < 0.01);
    // Rounding at random leaves more noise in the outputs.
    CHECK(IdentityLoss(Identity(Only(Activation::kTanh), Rounding::kStochastic), seed) < 0.015);
    CHECK(IdentityLoss(Identity(Mixed(7), Rounding::kStochastic), seed) < 0.02);
  }
}

TEST("spatial training: growth and pruning leave what was learned") {
  SpatialSpec spec = Identity(Only(Activation::kTanh), Rounding::kStochastic);
  spec.growth_threshold = 0.5f;
  SpatialNetwork network(spec);
  Random random(6);
  const auto run = [&](int batches) {
    double sum = 0;
    for (int batch = 0; batch < batches; ++batch) {
      const auto inputs = random.Floats(64, 0, 1);
      sum += Teach(network, inputs, inputs).loss_sum / 16;
    }
    return sum / batches;
  };
  run(800);
  const double before = run(100);
  const auto grown = network.Grow();
  CHECK(grown[0] + grown[1] > 0);
  CHECK(run(100) < 1.3 * before + 0.001);
  network.Prune(0.01f, PruneBy::kSaturation);
  CHECK(run(100) < 1.3 * before + 0.001);
}

TEST("spatial training: losses that are not finite are errors") {
  for (const std::uint32_t samples : {1u, 4u}) {
    SpatialNetwork network(Identity(Only(Activation::kTanh), Rounding::kStochastic));
    Random random(7);
    TeachNoise(network, random, samples, 2);
    const auto inputs = random.Floats(samples * 4, 0, 1);
    for (const float bad :
         {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), std::nanf("")}) {
      std::vector<float> targets(samples * 4);
      targets.back() = bad;
      CHECK_THROWS(Teach(network, inputs, targets), ErrorCode::kNumeric);
    }
    CHECK_EQUAL(network.batches(), 2u);
    // It goes on afterwards.
    for (const float output : Answers(network, inputs)) CHECK(std::isfinite(output));
    CHECK(std::isfinite(Teach(network, inputs, inputs).loss_sum));
    CHECK_EQUAL(network.batches(), 3u);
  }
}

TEST("spatial training: inputs that are not finite are errors") {
  for (const float decay : {0.0f, 0.5f}) {
    SpatialSpec spec = Identity(Only(Activation::kIdentity), Rounding::kStochastic);
    spec.temporal_decay = decay;
    for (const std::uint32_t samples : {1u, 4u}) {
      SpatialNetwork network(spec);
      Random random(8);
      TeachNoise(network, random, samples, 2);
      const auto good = random.Floats(samples * 4, 0, 1);
      for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
        std::vector<float> inputs = good;
        inputs[1] = bad;
        CHECK_THROWS(Answers(network, inputs, true), ErrorCode::kNumeric);
        for (const float output : Answers(network, good, true)) CHECK(std::isfinite(output));
        CHECK_THROWS(Teach(network, inputs, good, true), ErrorCode::kNumeric);
        CHECK(std::isfinite(Teach(network, good, good, true).loss_sum));
      }
    }
  }
}

TEST("spatial training: inputs that are not finite do not get into what is learned") {
  // Functions with bounds hide them from the loss.
  for (const Activation hidden : {Activation::kTanh, Activation::kHardTanh, Activation::kRelu6}) {
    for (const std::uint32_t samples : {1u, 3u}) {
      for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf(""), 3e38f}) {
        const SpatialSpec spec = Identity(Only(hidden), Rounding::kResidual);
        SpatialNetwork network(spec);
        Random random(13);
        TeachNoise(network, random, samples, 3);
        std::vector<float> inputs(samples * 4, 0.5f);
        inputs[2] = bad;
        try {
          Teach(network, inputs, std::vector<float>(samples * 4));
        } catch (const Error& error) {
          CHECK(error.code() == ErrorCode::kNumeric);
        }
        for (const LayerState& layer : network.Export().layers)
          for (const float gain : layer.gains) CHECK(std::isfinite(gain));
      }
    }
  }
}

TEST("spatial training: a batch without samples leaves nothing impossible behind") {
  const SpatialSpec spec = Identity(Only(Activation::kTanh), Rounding::kStochastic);
  SpatialNetwork network(spec);
  Random random(14);
  TeachNoise(network, random, 3, 3);
  try {
    network.Learn({0, nullptr, nullptr}, false);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidArgument);
  }
  Imported same(spec, network.Export());
}

TEST("spatial training: the loss is the mean over outputs, summed over samples") {
  SpatialNetwork network(Frozen(Identity(Only(Activation::kTanh), Rounding::kStochastic)));
  Random random(9);
  const auto inputs = random.Floats(12, 0, 1), targets = random.Floats(12, -1, 1);
  const double loss = Teach(network, inputs, targets).loss_sum;
  std::vector<float> outputs(12);
  network.LastOutputs(outputs.data());
  double expected = 0;
  for (std::size_t i = 0; i < 12; ++i)
    expected += std::pow(static_cast<double>(outputs[i]) - static_cast<double>(targets[i]), 2) / 4;
  CHECK_NEAR(loss, expected, 1e-6 * expected);
  CHECK(SameBits(Answers(network, inputs), outputs));
}

TEST("spatial training: a run over arrays is its batches") {
  const SpatialSpec spec = Identity(Only(Activation::kTanh), Rounding::kStochastic);
  SpatialNetwork network(spec), by_hand(spec);
  Random random(10);
  const auto inputs = random.Floats(4 * 23, 0, 1), targets = random.Floats(4 * 23, 0, 1);
  const ArraySamples samples(network, inputs, targets);
  CHECK_EQUAL(samples.count(), 23u);
  std::vector<std::size_t> seen;
  const TrainReport report = Train(network, samples, 5, false, [&](const RunSums& sums) {
    seen.push_back(sums.samples);
    return true;
  });
  CHECK(seen == (std::vector<std::size_t>{5, 10, 15, 20, 23}));
  CHECK_EQUAL(report.losses.size(), 5u);
  CHECK_EQUAL(report.sums.samples, 23u);
  CHECK_EQUAL(report.sums.correct, 0u);
  double sum = 0;
  for (std::size_t first = 0; first < 23; first += 5) {
    const auto last = static_cast<std::ptrdiff_t>(4 * std::min<std::size_t>(first + 5, 23));
    const auto begin = static_cast<std::ptrdiff_t>(4 * first);
    const std::vector<float> x(inputs.begin() + begin, inputs.begin() + last),
        y(targets.begin() + begin, targets.begin() + last);
    const double loss = Teach(by_hand, x, y).loss_sum;
    CHECK_NEAR(static_cast<double>(report.losses[first / 5]), loss / static_cast<double>(x.size() / 4), 1e-6);
    sum += loss;
  }
  CHECK_NEAR(report.sums.loss_sum, sum, 1e-9);
  CHECK(Same(network.Export(), by_hand.Export()));
}

TEST("spatial training: a callback ends a run after its batch") {
  const SpatialSpec spec = Identity(Only(Activation::kTanh), Rounding::kStochastic);
  SpatialNetwork network(spec);
  Random random(11);
  const auto inputs = random.Floats(4 * 20, 0, 1);
  const ArraySamples samples(network, inputs, inputs);
  const TrainReport report =
      Train(network, samples, 4, false, [](const RunSums& sums) { return sums.samples < 8; });
  CHECK_EQUAL(report.losses.size(), 2u);
  CHECK_EQUAL(network.batches(), 2u);
  CHECK_THROWS(Evaluate(network, samples, [](const RunSums&) { return false; }), ErrorCode::kCancelled);
}

TEST("spatial training: a run keeps the temporal state when asked") {
  SpatialSpec spec = Identity(Only(Activation::kTanh), Rounding::kStochastic);
  spec.temporal_decay = 0.5f;
  Random random(12);
  const auto inputs = random.Floats(4 * 12, 0, 1);
  for (const bool keeps : {false, true}) {
    SpatialNetwork network(spec), by_hand(spec);
    Train(network, ArraySamples(network, inputs, inputs), 4, keeps, [](const RunSums&) { return true; });
    for (std::ptrdiff_t first = 0; first < 48; first += 16) {
      const std::vector<float> x(inputs.begin() + first, inputs.begin() + first + 16);
      Teach(by_hand, x, x, keeps);
    }
    CHECK(Same(network.Export(), by_hand.Export()));
  }
}

TEST("spatial training: arrays that do not fit are refused") {
  SpatialNetwork network(Identity(Only(Activation::kTanh), Rounding::kStochastic));
  const std::vector<float> seven(7), eight(8), twelve(12);
  CHECK_THROWS(ArraySamples(network, seven, eight), ErrorCode::kInvalidArgument);
  CHECK_THROWS(ArraySamples(network, eight, twelve), ErrorCode::kInvalidArgument);
  CHECK_THROWS(ArraySamples(network, eight, seven), ErrorCode::kInvalidArgument);
  CHECK_EQUAL(ArraySamples(network, eight, eight).count(), 2u);
}

SpatialSpec DigitNetwork() {
  SpatialSpec spec = Network({{28, 28, 1}, {7, 7, 2}, {10, 1, 1}}, Activation::kTanh);
  spec.reach = {{3, 3, 0}, {7, 7, 2}};
  spec.activations[1] = Only(Activation::kIdentity);
  spec.capacity = 512;
  spec.rounding = Rounding::kResidual;
  spec.initial_rate = spec.min_rate = 0.1f;
  spec.max_rate = 0.2f;
  return spec;
}

TEST("spatial training: digits are learned and measured") {
  Dataset digits({.height = 28, .width = 28, .samples = 1200, .classes = 10});
  ThreadTeam team(1);
  GenerateDigits(digits, 3, 0, team, [](std::uint32_t) {});
  std::vector<std::uint32_t> indices(1000), others(200);
  std::iota(indices.begin(), indices.end(), 0u);
  std::iota(others.begin(), others.end(), 1000u);
  SpatialNetwork network(DigitNetwork());
  const auto always = [](const RunSums&) { return true; };
  const EvaluationReport before = Evaluate(network, DatasetSamples(network, digits, others), always);
  // An untaught network says 0 to all; its squared error is that of the one class.
  CHECK_NEAR(before.sums.loss_sum / 200, 0.1, 1e-6);
  const TrainReport report = Train(network, DatasetSamples(network, digits, indices), 8, false, always);
  CHECK_EQUAL(report.sums.samples, 1000u);
  CHECK(report.sums.correct > 300);
  const EvaluationReport after = Evaluate(network, DatasetSamples(network, digits, others), always);
  CHECK(after.sums.loss_sum < before.sums.loss_sum);
  CHECK(after.sums.correct > 100);
  CHECK_EQUAL(after.predictions.size(), 200u);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < 200; ++i) correct += after.predictions[i] == digits.label(others[i]);
  CHECK_EQUAL(after.sums.correct, correct);
  // The same samples as arrays.
  std::vector<float> inputs, targets;
  for (const std::uint32_t index : others) {
    for (std::size_t i = 0; i < 784; ++i) inputs.push_back(static_cast<float>(digits.sample(index)[i]) / 255);
    for (int c = 0; c < 10; ++c) targets.push_back(digits.label(index) == c ? 1 : 0);
  }
  const EvaluationReport arrays = Evaluate(network, ArraySamples(network, inputs, targets), always);
  CHECK(arrays.predictions == after.predictions);
  CHECK_NEAR(arrays.sums.loss_sum, after.sums.loss_sum, 1e-9);
}

TEST("spatial training: data sets that do not fit are refused") {
  SpatialNetwork network(DigitNetwork());
  const std::vector<std::uint32_t> indices = {0, 1}, beyond = {0, 2};
  Dataset good({.height = 28, .width = 28, .samples = 2, .classes = 10});
  Dataset small({.height = 27, .width = 28, .samples = 2, .classes = 10});
  Dataset many({.height = 28, .width = 28, .samples = 2, .classes = 11});
  Dataset unlabelled({.height = 28, .width = 28, .samples = 2});
  Dataset targets({.height = 28, .width = 28, .samples = 2, .targets = 9});
  CHECK_EQUAL(DatasetSamples(network, good, indices).count(), 2u);
  CHECK_THROWS(DatasetSamples(network, good, beyond), ErrorCode::kInvalidArgument);
  for (const Dataset* bad : {&small, &many, &unlabelled, &targets})
    CHECK_THROWS(DatasetSamples(network, *bad, indices), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace synfire::spatial
