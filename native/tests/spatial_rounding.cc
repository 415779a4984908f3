// Rounding of changes: right on average at random, nothing lost with residuals, and learning rates that
// adapt.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

constexpr std::uint32_t kNeurons = 8192;

/// Neurons that each see one cell, with the same weight for it and for the constant 1, and no gain to learn:
/// it stays where it is as long as the two cancel each other out.
SpatialSpec Alike(Rounding rounding, std::uint32_t bits, float rate, std::uint32_t neurons = kNeurons) {
  SpatialSpec spec = Pairs(neurons, Activation::kIdentity);
  spec.rounding = rounding;
  spec.bits = bits;
  spec.capacity = 2;
  spec.min_rate = spec.initial_rate = spec.max_rate = rate;
  return spec;
}

/// A state in which all neurons have one page, whose two weights are the numbers given, and go on after some
/// batches.
NetworkState AlikeState(const SpatialSpec& spec, std::uint32_t q, std::uint32_t q_bias,
                        std::uint64_t batches = 0) {
  SpatialNetwork network(Frozen(spec));
  const std::vector<float> ones(network.inputs(), 1);
  Teach(network, ones, ones);
  NetworkState state = network.Export();
  StoredWeights weights(state.layers[0], FormatOf(spec, 0));
  for (std::size_t page = 0; page < weights.pages(); ++page) {
    weights.Set(page, 0, q);
    weights.Set(page, 1, q_bias);
  }
  std::fill(state.layers[0].rates.begin(), state.layers[0].rates.end(), std::uint16_t{65535});
  std::fill(state.layers[0].residuals.begin(), state.layers[0].residuals.end(), std::int16_t{0});
  state.batches = batches;
  return state;
}

/// Stored numbers of all neurons after a batch of `samples` times all inputs 1 and all errors `error`.
std::vector<std::uint32_t> Moved(const SpatialSpec& spec, const NetworkState& state, float error,
                                 std::uint32_t samples = 1) {
  Imported network(spec, state);
  const std::vector<float> ones(samples * network.inputs(), 1);
  std::vector<float> targets = Answers(network, ones);
  for (float& target : targets) target -= error;
  Teach(network, ones, targets);
  NetworkState after = network.Export();
  const StoredWeights weights(after.layers[0], FormatOf(spec, 0));
  std::vector<std::uint32_t> numbers;
  for (std::size_t page = 0; page < weights.pages(); ++page)
    for (std::size_t k = 0; k < 2; ++k) numbers.push_back(weights.Get(page, k));
  return numbers;
}

double Mean(const std::vector<std::uint32_t>& numbers) {
  double sum = 0;
  for (const std::uint32_t number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

double ShareOfEqual(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i];
  return static_cast<double>(equal) / static_cast<double>(a.size());
}

TEST("spatial rounding: changes are right on average") {
  for (const std::uint32_t bits : {1u, 2u, 4u}) {
    const std::uint32_t levels = (1u << bits) - 1;
    for (const float error : {0.9f, 0.31f, 0.02f, -0.02f, -0.31f, -0.9f}) {
      for (const std::uint32_t samples : {1u, 3u}) {
        const SpatialSpec spec = Alike(Rounding::kStochastic, bits, 0.05f);
        const double change = -0.05 * static_cast<double>(error) * levels / 2 * samples;
        const std::uint32_t q = bits == 1 ? (change > 0 ? 0 : 1) : levels / 2;
        const auto numbers = Moved(spec, AlikeState(spec, q, q), error, samples);
        CHECK_EQUAL(numbers.size(), 2 * kNeurons);
        // A few standard errors.
        const double share = std::abs(change) - std::floor(std::abs(change));
        CHECK_NEAR(Mean(numbers), q + change, 4 * std::sqrt(share * (1 - share) / (2 * kNeurons)));
      }
    }
  }
}

TEST("spatial rounding: changes of more than a step are right on average, too") {
  const SpatialSpec spec = Alike(Rounding::kStochastic, 4, 1);
  const auto numbers = Moved(spec, AlikeState(spec, 9, 9), 0.75f);  // 5.625 steps down
  for (const std::uint32_t number : numbers) CHECK(number == 3 || number == 4);
  CHECK_NEAR(Mean(numbers), 9 - 5.625, 0.02);
}

TEST("spatial rounding: numbers stay within their bits") {
  for (const Rounding rounding : {Rounding::kStochastic, Rounding::kResidual}) {
    for (const std::uint32_t bits : {1u, 2u, 4u}) {
      const std::uint32_t levels = (1u << bits) - 1;
      const SpatialSpec spec = Alike(rounding, bits, 1, 64);
      for (const std::uint32_t number : Moved(spec, AlikeState(spec, 0, 0), 1, 20)) CHECK_EQUAL(number, 0u);
      for (const std::uint32_t number : Moved(spec, AlikeState(spec, levels, levels), -1, 20))
        CHECK_EQUAL(number, levels);
      for (const std::uint32_t number : Moved(spec, AlikeState(spec, levels, levels), 1, 20))
        CHECK_EQUAL(number, 0u);
      for (const std::uint32_t number : Moved(spec, AlikeState(spec, 0, 0), -1, 20))
        CHECK_EQUAL(number, levels);
    }
  }
}

TEST("spatial rounding: draws differ between neurons, weights, batches and seeds") {
  SpatialSpec spec = Alike(Rounding::kStochastic, 4, 0.1f);
  const float half = static_cast<float>(0.5 / (0.1 * 7.5));  // half a step
  const NetworkState state = AlikeState(spec, 7, 7);
  const auto numbers = Moved(spec, state, half);
  const double limit = 5 * 0.5 / std::sqrt(kNeurons);
  CHECK_NEAR(Mean(numbers), 6.5, limit);
  std::vector<std::uint32_t> cells, constants;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    cells.push_back(numbers[i]);
    constants.push_back(numbers[i + 1]);
  }
  CHECK_NEAR(ShareOfEqual(cells, constants), 0.5, limit);
  for (const std::ptrdiff_t distance : {1, 2, 8, 16, 64}) {
    const std::vector<std::uint32_t> front(cells.begin(), cells.end() - distance),
        back(cells.begin() + distance, cells.end());
    CHECK_NEAR(ShareOfEqual(front, back), 0.5, limit);
  }
  CHECK(Moved(spec, state, half) == numbers);
  CHECK_NEAR(ShareOfEqual(Moved(spec, AlikeState(spec, 7, 7, 1), half), numbers), 0.5, limit);
  CHECK_NEAR(ShareOfEqual(Moved(spec, AlikeState(spec, 7, 7, 1 << 20), half), numbers), 0.5, limit);
  spec.seed = 43;
  CHECK_NEAR(ShareOfEqual(Moved(spec, state, half), numbers), 0.5, limit);
  spec.seed = 42 + (std::uint64_t{1} << 40);
  CHECK_NEAR(ShareOfEqual(Moved(spec, state, half), numbers), 0.5, limit);
}

TEST("spatial rounding: draws differ between all weights of a page") {
  SpatialSpec spec = Network({{6, 6, 6}, {6, 6, 6}}, Activation::kIdentity);
  spec.capacity = 28;
  spec.min_rate = spec.initial_rate = spec.max_rate = 0.1f;
  SpatialNetwork novice(Frozen(spec));
  const std::vector<float> ones(novice.inputs(), 1);
  Teach(novice, ones, ones);
  NetworkState state = novice.Export();
  StoredWeights(state.layers[0], FormatOf(spec, 0)).SetAll(7);
  std::fill(state.layers[0].rates.begin(), state.layers[0].rates.end(), std::uint16_t{65535});
  Imported network(spec, state);
  std::vector<float> targets = Answers(network, ones);
  for (float& target : targets) target -= static_cast<float>(0.5 / (0.1 * 7.5));
  Teach(network, ones, targets);
  NetworkState after = network.Export();
  const StoredWeights weights(after.layers[0], FormatOf(spec, 0));
  const double limit = 5 * 0.5 / std::sqrt(216);
  for (std::size_t k = 0; k < 28; ++k) {
    for (std::size_t other = 0; other < k; ++other) {
      std::vector<std::uint32_t> a, b;
      for (std::size_t page = 0; page < weights.pages(); ++page) {
        a.push_back(weights.Get(page, k));
        b.push_back(weights.Get(page, other));
      }
      CHECK_NEAR(ShareOfEqual(a, b), 0.5, limit);
    }
  }
}

/// Bias weights of a layer's pages after a batch, every `every`-th page from `first` on.
std::vector<std::uint32_t> Constants(LayerState& layer, std::size_t first, std::size_t every) {
  const StoredWeights weights(layer, FormatOf(2, 4));
  std::vector<std::uint32_t> numbers;
  for (std::size_t page = first; page < weights.pages(); page += every)
    numbers.push_back(weights.Get(page, 1));
  return numbers;
}

TEST("spatial rounding: draws differ between the pages of a neuron") {
  SpatialSpec spec = Alike(Rounding::kStochastic, 4, 0.1f);
  spec.capacity = 4;
  SpatialNetwork novice(Frozen(spec));
  std::vector<float> inputs(2 * kNeurons, 1);
  std::fill(inputs.begin(), inputs.begin() + kNeurons, -1.0f);
  Teach(novice, inputs, inputs);
  NetworkState state = novice.Export();
  StoredWeights(state.layers[0], FormatOf(spec, 0)).SetAll(7);
  std::fill(state.layers[0].rates.begin(), state.layers[0].rates.end(), std::uint16_t{65535});
  Imported network(spec, state);
  std::vector<float> targets = Answers(network, inputs);
  for (float& target : targets) target -= static_cast<float>(0.5 / (0.1 * 7.5));
  Teach(network, inputs, targets);
  NetworkState after = network.Export();
  const auto lower = Constants(after.layers[0], 0, 2), upper = Constants(after.layers[0], 1, 2);
  const double limit = 5 * 0.5 / std::sqrt(kNeurons);
  CHECK_EQUAL(lower.size(), kNeurons);
  CHECK_NEAR(Mean(lower), 6.5, limit);
  CHECK_NEAR(Mean(upper), 6.5, limit);
  CHECK_NEAR(ShareOfEqual(lower, upper), 0.5, limit);
}

TEST("spatial rounding: draws differ between layers") {
  SpatialSpec spec = Alike(Rounding::kStochastic, 4, 0.1f);
  spec.grids.push_back(spec.grids[1]);
  spec.reach.push_back(spec.reach[0]);
  spec.activations.push_back(spec.activations[0]);
  SpatialNetwork novice(Frozen(spec));
  const std::vector<float> ones(novice.inputs(), 1);
  Teach(novice, ones, ones);
  NetworkState state = novice.Export();
  StoredWeights(state.layers[0], FormatOf(2, 4)).SetAll(7);
  Imported seeing(Frozen(spec), state);  // the first layer no longer says 0 anywhere
  Teach(seeing, ones, ones);
  state = seeing.Export();
  for (LayerState& layer : state.layers) {
    StoredWeights weights(layer, FormatOf(2, 4));
    CHECK_EQUAL(weights.pages(), kNeurons);
    weights.SetAll(7);
    std::fill(layer.rates.begin(), layer.rates.end(), std::uint16_t{65535});
  }
  // The weight between the layers is 1: errors come down larger by gain / 2.
  StoredWeights second(state.layers[1], FormatOf(2, 4));
  for (std::size_t page = 0; page < second.pages(); ++page) second.Set(page, 0, 15);
  Imported network(spec, state);
  std::vector<float> targets = Answers(network, ones);
  for (float& target : targets) target -= static_cast<float>(0.45 / (0.1 * 7.5));
  Teach(network, ones, targets);
  NetworkState after = network.Export();
  const double down = 0.45 * static_cast<double>(state.layers[1].gains[0]) / 2;
  const double limit = 5 * 0.5 / std::sqrt(kNeurons);
  const auto lower = Constants(after.layers[0], 0, 1), upper = Constants(after.layers[1], 0, 1);
  CHECK_NEAR(Mean(upper), 7 - 0.45, limit);
  CHECK_NEAR(Mean(lower), 7 - down, limit);
  CHECK_NEAR(ShareOfEqual(lower, upper), 0.45 * down + 0.55 * (1 - down), limit);
}

TEST("spatial rounding: first pages are uniform and differ") {
  for (const std::uint32_t bits : {1u, 2u, 4u}) {
    SpatialSpec spec = Frozen(Network({{12, 12, 12}, {12, 12, 12}, {12, 12, 12}}, Activation::kIdentity));
    spec.bits = bits;
    spec.capacity = 28;
    SpatialNetwork network(spec);
    const std::vector<float> ones(network.inputs(), 1);
    Teach(network, ones, ones);
    NetworkState state = network.Export();
    const std::uint32_t levels = (1u << bits) - 1;
    std::vector<std::vector<std::uint32_t>> numbers(2);
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const StoredWeights weights(state.layers[layer], FormatOf(spec, layer));
      CHECK_EQUAL(weights.pages(), 1728u);
      std::vector<double> counts(levels + 1);
      for (std::size_t page = 0; page < weights.pages(); ++page) {
        for (std::size_t k = 0; k < 28; ++k) {
          numbers[layer].push_back(weights.Get(page, k));
          counts[numbers[layer].back()] += 1;
        }
      }
      const double all = 1728 * 28, share = 1.0 / (levels + 1);
      for (const double count : counts)
        CHECK_NEAR(count / all, share, 5 * std::sqrt(share * (1 - share) / all));
      const std::vector<std::uint32_t> front(numbers[layer].begin(), numbers[layer].end() - 28),
          back(numbers[layer].begin() + 28, numbers[layer].end());
      CHECK_NEAR(ShareOfEqual(front, back), share, 5 * std::sqrt(share / all));
    }
    CHECK_NEAR(ShareOfEqual(numbers[0], numbers[1]), 1.0 / (levels + 1), 0.02);
  }
}

TEST("spatial rounding: residuals add up changes of a thousandth of a step") {
  for (const float sign : {1.0f, -1.0f}) {
    const SpatialSpec spec = Alike(Rounding::kResidual, 4, 0.01f, 20);
    Imported network(spec, AlikeState(spec, 8, 7));  // opposite weights: outputs and gains stay as they are
    const std::vector<float> ones(network.inputs(), 1);
    for (int batch = 0; batch < 1000; ++batch) {
      std::vector<float> targets = Answers(network, ones);
      for (float& target : targets) target += sign * 0.001f / (0.01f * 7.5f);
      Teach(network, ones, targets);
    }
    NetworkState state = network.Export();
    const StoredWeights weights(state.layers[0], FormatOf(spec, 0));
    for (std::size_t page = 0; page < weights.pages(); ++page) {
      for (std::size_t k = 0; k < 2; ++k) {
        const double value = weights.Get(page, k) + state.layers[0].residuals[2 * page + k] * 0.5 / 32767;
        // Every change is itself rounded to a 65534th of a step.
        CHECK_NEAR(value, (k == 0 ? 8 : 7) + static_cast<double>(sign), 1000 * 0.5 / 65534);
        CHECK_EQUAL(weights.Get(page, k), (k == 0 ? 8u : 7u) + (sign > 0 ? 1u : -1u));
      }
    }
  }
}

/// The learning rate of a neuron, in parts of the highest, after some batches with one error.
double RateAfter(float initial, float error, int batches, std::uint32_t samples) {
  SpatialSpec spec = Pairs(1, Activation::kIdentity);
  spec.max_rate = 0.1f;
  spec.min_rate = 0.001f;
  spec.initial_rate = initial;
  SpatialNetwork network(spec);
  const std::vector<float> zeros(samples, 0.1f);
  Teach(network, zeros, Answers(network, zeros));
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<float> targets = Answers(network, zeros);
    for (float& target : targets) target += error;
    Teach(network, zeros, targets);
  }
  return static_cast<double>(network.layer(0).RateOf(0));
}

TEST("spatial rounding: learning rates rise with large errors and fall with small ones") {
  for (const std::uint32_t samples : {1u, 4u}) {
    // The first batch, which draws the page, changes the rate by itself: errors of 0.3 do not.
    const double start = RateAfter(0.01f, 0.3f, 1, samples);
    CHECK_NEAR(RateAfter(0.01f, 0.3f, 5, samples), start, 1e-9);
    CHECK_NEAR(RateAfter(0.01f, 0.6f, 3, samples), start * std::pow(1.1, 3), 1e-5);
    CHECK_NEAR(RateAfter(0.01f, -0.6f, 3, samples), start * std::pow(1.1, 3), 1e-5);
    CHECK_NEAR(RateAfter(0.01f, 0.05f, 3, samples), start * std::pow(0.9, 3), 1e-5);
    CHECK_NEAR(RateAfter(0.01f, -0.05f, 3, samples), start * std::pow(0.9, 3), 1e-5);
    CHECK_NEAR(RateAfter(0.01f, 0.6f, 60, samples), 0.1, 1e-7);
    CHECK_NEAR(RateAfter(0.01f, 0.05f, 60, samples), 0.001, 2e-6);
  }
}

}  // namespace
}  // namespace synfire::spatial
