// Learning goes down the slope of the squared error: what it changes compared with numerical derivatives.
#include <algorithm>
#include <cmath>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/spatial_reference.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

constexpr double kNudge = 1e-6;
constexpr std::uint16_t kHighest = 65535;

SpatialSpec Smooth(std::uint32_t bits) {
  SpatialSpec spec = Network({{3, 3, 1}, {4, 2, 2}, {2, 2, 1}, {3, 1, 1}}, Activation::kTanh);
  const std::uint8_t kinds[] = {Number(Activation::kTanh),     Number(Activation::kSilu),
                                Number(Activation::kSoftsign), Number(Activation::kSine),
                                Number(Activation::kGelu),     Number(Activation::kElu)};
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t context = 0; context < kContexts; ++context)
      spec.activations[layer][context] = kinds[(context + layer) % 6];
  spec.activations[2] = Only(Activation::kIdentity);
  spec.bits = bits;
  spec.capacity = 200;
  spec.rounding = Rounding::kResidual;
  spec.min_rate = spec.initial_rate = spec.max_rate = 1;
  return spec;
}

struct Lesson {
  NetworkState before, after;
  std::vector<float> inputs, targets;
};

/// One batch of a network with pages for all its patterns and errors below 1, whatever layer they reach.
Lesson Learned(const SpatialSpec& spec, std::uint32_t samples, std::uint32_t seed) {
  SpatialSpec careful = spec;
  careful.initial_rate = careful.min_rate = 0;
  SpatialNetwork novice(careful);
  Random random(seed);
  TeachNoise(novice, random, 8, 3);
  Lesson lesson;
  lesson.inputs = random.Floats(samples * novice.inputs(), -1, 1);
  const std::vector<float> anything(samples * novice.outputs());
  Teach(novice, lesson.inputs, anything);
  NetworkState state = novice.Export();
  Shuffle(state, spec, random, 0);
  // Layers of changed weights may show the next ones patterns without pages.
  Imported pupil(careful, state);
  Teach(pupil, lesson.inputs, anything);
  lesson.before = pupil.Export();
  for (LayerState& layer : lesson.before.layers) std::fill(layer.rates.begin(), layer.rates.end(), kHighest);
  Imported network(spec, lesson.before);
  lesson.targets = Answers(network, lesson.inputs);
  for (float& target : lesson.targets) target += random.Float(-0.3, 0.3);
  Teach(network, lesson.inputs, lesson.targets);
  lesson.after = network.Export();
  return lesson;
}

/// Every change of a weight is -rate * weights / gain times the derivative of half the squared error by the
/// weight.
int CheckWeights(const SpatialSpec& spec, const Lesson& lesson, std::size_t layer) {
  const auto samples = static_cast<std::uint32_t>(lesson.inputs.size() / Cells(spec.grids[0]));
  const double levels = (1 << spec.bits) - 1, count = spec.PageWeights(layer);
  ReferenceNetwork before(spec, lesson.before), after(spec, lesson.after);
  int moved = 0;
  for (std::size_t site = 0; site < before.sites(layer).size(); ++site) {
    auto& cell = before.sites(layer)[site][0];
    for (auto& [context, page] : cell.pages) {
      const auto& changed = after.sites(layer)[site][0].pages.at(context);
      for (std::size_t k = 0; k < page.weights.size(); ++k) {
        const double weight = page.weights[k];
        page.weights[k] = weight + kNudge;
        const double above = before.HalfSquares(samples, lesson.inputs, lesson.targets);
        page.weights[k] = weight - kNudge;
        const double below = before.HalfSquares(samples, lesson.inputs, lesson.targets);
        page.weights[k] = weight;
        const double derivative = (above - below) / (2 * kNudge);
        const double q = (weight + 1) / 2 * levels + page.residuals[k];
        const double wanted = std::clamp(q - levels / 2 * derivative * count / cell.gain, 0.0, levels);
        const double actual = (changed.weights[k] + 1) / 2 * levels + changed.residuals[k];
        CHECK_NEAR(actual, wanted, 1e-4);
        moved += std::abs(actual - q) > 0.01;
      }
    }
  }
  return moved;
}

/// Every gain's relative change is -rate * gain / answers times the derivative by the gain.
int CheckGains(const SpatialSpec& spec, const Lesson& lesson, std::size_t layer) {
  const auto samples = static_cast<std::uint32_t>(lesson.inputs.size() / Cells(spec.grids[0]));
  ReferenceNetwork before(spec, lesson.before), after(spec, lesson.after);
  int moved = 0;
  for (std::size_t site = 0; site < before.sites(layer).size(); ++site) {
    auto& cell = before.sites(layer)[site][0];
    const double gain = cell.gain;
    cell.gain = gain + kNudge;
    const double above = before.HalfSquares(samples, lesson.inputs, lesson.targets);
    cell.gain = gain - kNudge;
    const double below = before.HalfSquares(samples, lesson.inputs, lesson.targets);
    cell.gain = gain;
    const double step = gain * (above - below) / (2 * kNudge) / samples;
    const double actual = after.sites(layer)[site][0].gain / gain;
    CHECK_NEAR(actual, 1 - std::clamp(step, -0.5, 0.5), 1e-5);
    moved += std::abs(actual - 1) > 1e-4;
  }
  return moved;
}

TEST("spatial gradients: weights of every layer follow the numerical derivative") {
  for (const std::uint32_t bits : {1u, 2u, 4u}) {
    for (const std::uint32_t samples : {1u, 3u}) {
      const SpatialSpec spec = Smooth(bits);
      const Lesson lesson = Learned(spec, samples, 30 + bits);
      for (std::size_t layer = 0; layer < spec.layers(); ++layer)
        CHECK(CheckWeights(spec, lesson, layer) > 10);
    }
  }
}

TEST("spatial gradients: gains of every layer follow the numerical derivative") {
  for (const std::uint32_t samples : {1u, 3u}) {
    const SpatialSpec spec = Smooth(4);
    const Lesson lesson = Learned(spec, samples, 41);
    for (std::size_t layer = 0; layer < spec.layers(); ++layer) CHECK(CheckGains(spec, lesson, layer) > 1);
  }
}

TEST("spatial gradients: a temporal state weakens the derivative by what it keeps") {
  SpatialSpec spec = Smooth(4);
  spec.temporal_decay = 0.6f;
  const Lesson lesson = Learned(spec, 2, 42);
  for (std::size_t layer = 0; layer < spec.layers(); ++layer) {
    CHECK(CheckWeights(spec, lesson, layer) > 5);
    CheckGains(spec, lesson, layer);
  }
}

TEST("spatial gradients: a small batch makes the error smaller") {
  for (const std::uint32_t samples : {1u, 4u}) {
    SpatialSpec spec = Smooth(4);
    spec.pattern_bits = 0;
    spec.min_rate = 0.01f;
    SpatialNetwork network(spec);
    Random random(50);
    TeachNoise(network, random, samples, 1);
    const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
    const auto targets = random.Floats(samples * network.outputs(), -1, 1);
    const double before = Teach(network, inputs, targets).loss_sum;
    double after = before;
    for (int batch = 0; batch < 300; ++batch) after = Teach(network, inputs, targets).loss_sum;
    CHECK(after < 0.05 * before);
  }
}

}  // namespace
}  // namespace synfire::spatial
