// The same seed gives the same bits: with any threads, across a cut by export and import, alone or in a
// batch.
#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

/// Odd shapes larger than a tile, a temporal state, growth every second batch.
SpatialSpec Busy(Rounding rounding) {
  SpatialSpec spec = Network({{7, 6, 5}, {9, 7, 3}, {17, 5, 2}, {4, 9, 3}}, Activation::kTanh);
  spec.reach[1] = {2, 1, 0};
  spec.activations = {Mixed(4), Mixed(5), Only(Activation::kIdentity)};
  spec.rounding = rounding;
  spec.temporal_decay = 0.3f;
  spec.capacity = 150;
  spec.growth_threshold = 0.7f;
  spec.grow_every = 2;
  spec.initial_rate = spec.max_rate;
  return spec;
}

/// What a run of batches with growth and pruning leaves, by the network's threads; `cut` exports and imports
/// after that many batches.
NetworkState Outcome(const SpatialSpec& spec, std::uint32_t samples, int threads, int cut = -1) {
  auto network = std::make_unique<SpatialNetwork>(spec);
  network->SetThreads(threads);
  Random random(samples);
  for (int batch = 0; batch < 6; ++batch) {
    if (batch == cut) {
      const NetworkState state = network->Export();
      network = std::make_unique<Imported>(spec, state);
      network->SetThreads(threads);
    }
    TeachNoise(*network, random, samples, 1, batch != 4);
    if (batch == 3) network->Prune(0.2f, PruneBy::kContribution);
  }
  return network->Export();
}

TEST("spatial determinism: the same bits for any number of threads") {
  for (const std::uint32_t samples : {1u, 5u, 16u, 33u}) {
    const SpatialSpec spec = Busy(samples % 2 == 0 ? Rounding::kResidual : Rounding::kStochastic);
    const NetworkState expected = Outcome(spec, samples, 1);
    CHECK_EQUAL(expected.batches, 6u);
    CHECK(!expected.layers[0].births.empty());
    for (const int threads : {2, 3, 7}) CHECK(Same(Outcome(spec, samples, threads), expected));
  }
}

TEST("spatial determinism: a run that is cut by export and import gives the same bits") {
  for (const std::uint32_t samples : {1u, 5u, 17u}) {
    for (const Rounding rounding : {Rounding::kStochastic, Rounding::kResidual}) {
      const NetworkState expected = Outcome(Busy(rounding), samples, 1);
      for (const int cut : {1, 3, 4, 5}) CHECK(Same(Outcome(Busy(rounding), samples, 2, cut), expected));
    }
  }
}

TEST("spatial determinism: other seeds give other bits") {
  SpatialSpec spec = Busy(Rounding::kStochastic);
  const NetworkState expected = Outcome(spec, 3, 1);
  CHECK(Same(Outcome(spec, 3, 1), expected));
  for (const std::uint64_t seed : {std::uint64_t{43}, std::uint64_t{42} + (std::uint64_t{1} << 32)}) {
    spec.seed = seed;
    const NetworkState other = Outcome(spec, 3, 1);
    CHECK(other.layers[0].weights != expected.layers[0].weights);
  }
}

TEST("spatial determinism: an imported state comes out as it went in") {
  for (const Rounding rounding : {Rounding::kStochastic, Rounding::kResidual}) {
    const SpatialSpec spec = Busy(rounding);
    const NetworkState state = Outcome(spec, 4, 2);
    Imported network(spec, state);
    CHECK(Same(network.Export(), state));
    // Over another state, too.
    Random random(9);
    TeachNoise(network, random, 16, 2);
    CHECK(!Same(network.Export(), state));
    network.Import(state);
    CHECK(Same(network.Export(), state));
  }
}

TEST("spatial determinism: earlier and larger batches leave no trace in later ones") {
  SpatialSpec spec = Busy(Rounding::kStochastic);
  spec.temporal_decay = 0;
  Random random(4);
  for (const std::uint32_t samples : {1u, 3u, 16u}) {
    SpatialNetwork fresh(spec), used(spec);
    const auto inputs = random.Floats(samples * fresh.inputs(), -1, 1);
    const auto targets = random.Floats(samples * fresh.outputs(), -1, 1);
    for (const std::size_t others : {16, 1, 33, 14})
      Answers(used, random.Floats(others * used.inputs(), -1, 1));
    Teach(fresh, inputs, targets);
    Teach(used, inputs, targets);
    CHECK(Same(used.Export(), fresh.Export()));
    // The same after one more, which begins with what the first has left.
    const NetworkState state = fresh.Export();
    Imported again(spec, state);
    Answers(again, random.Floats(16 * used.inputs(), -1, 1));
    Teach(again, inputs, targets);
    Teach(fresh, inputs, targets);
    CHECK(Same(again.Export(), fresh.Export()));
  }
}

TEST("spatial determinism: a sample is answered alone as in a batch") {
  SpatialSpec spec = Busy(Rounding::kStochastic);
  spec.temporal_decay = 0;
  SpatialNetwork network(spec);
  Random random(1);
  TeachNoise(network, random, 8, 4);
  constexpr std::size_t kSamples = 35;
  const std::vector<float> inputs = random.Floats(kSamples * network.inputs(), -1, 1);
  const std::vector<float> together = Answers(network, inputs);
  for (std::size_t s = 0; s < kSamples; ++s) {
    const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(s * network.inputs());
    const std::vector<float> alone =
        Answers(network, std::vector<float>(first, first + static_cast<std::ptrdiff_t>(network.inputs())));
    const auto same = together.begin() + static_cast<std::ptrdiff_t>(s * network.outputs());
    CHECK(SameBits(alone, std::vector<float>(same, same + static_cast<std::ptrdiff_t>(network.outputs()))));
  }
}

TEST("spatial determinism: temporal states run alone as in a batch") {
  SpatialSpec spec = Busy(Rounding::kStochastic);
  SpatialNetwork network(spec);
  Random random(2);
  TeachNoise(network, random, 8, 4);
  const NetworkState state = network.Export();
  Imported alone(spec, state), together(spec, state);
  std::vector<std::vector<float>> steps;
  for (int step = 0; step < 4; ++step) steps.push_back(random.Floats(3 * network.inputs(), -1, 1));
  for (std::size_t s = 0; s < 3; ++s) {
    for (int step = 0; step < 4; ++step) {
      const std::vector<float>& inputs = steps[static_cast<std::size_t>(step)];
      const std::vector<float> all = Answers(together, inputs, step > 0);
      const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(s * network.inputs());
      const std::vector<float> one = Answers(
          alone, std::vector<float>(first, first + static_cast<std::ptrdiff_t>(network.inputs())), step > 0);
      const auto same = all.begin() + static_cast<std::ptrdiff_t>(s * network.outputs());
      CHECK(SameBits(one, std::vector<float>(same, same + static_cast<std::ptrdiff_t>(network.outputs()))));
    }
  }
}

TEST("spatial determinism: errors of a sample reach the first layer alone as in a batch") {
  SpatialSpec spec = Network({{12, 10, 8}, {11, 9, 8}, {8, 12, 6}, {7, 6, 5}}, Activation::kTanh);
  spec.rounding = Rounding::kResidual;
  spec.pattern_bits = 1;
  spec.capacity = 120;
  spec.min_rate = spec.initial_rate = spec.max_rate = 1;
  SpatialSpec frozen = Frozen(spec);
  frozen.min_rate = 0;
  SpatialNetwork novice(frozen);
  Random random(3);
  // The others show every neuron of the first layer a pattern of its own: none of them shares a page with the
  // first.
  std::vector<float> inputs = random.Floats(novice.inputs(), 0.1, 0.9);
  const std::vector<float> others = random.Floats(3 * novice.inputs(), -0.9, -0.1);
  const std::vector<float> targets = random.Floats(4 * novice.outputs(), -1, 1);
  const std::vector<float> target(targets.begin(),
                                  targets.begin() + static_cast<std::ptrdiff_t>(novice.outputs()));
  std::vector<float> all = inputs;
  all.insert(all.end(), others.begin(), others.end());
  Teach(novice, all, targets);
  NetworkState state = novice.Export();
  for (LayerState& layer : state.layers)
    std::fill(layer.rates.begin(), layer.rates.end(), std::uint16_t{65535});
  Imported alone(spec, state), together(spec, state);
  Teach(alone, inputs, target);
  Teach(together, all, targets);
  NetworkState one = alone.Export(), many = together.Export();
  const std::uint32_t weights = spec.PageWeights(0);
  StoredWeights first(one.layers[0], FormatOf(spec, 0)), second(many.layers[0], FormatOf(spec, 0));
  std::size_t page = 0;
  int moved = 0;
  for (const std::uint64_t stored : one.layers[0].stored) {
    CHECK_EQUAL(std::popcount(stored), 2);
    ++page;  // the others' page comes first: they see less
    // The weight of the constant 1 changes by the error itself.
    CHECK_EQUAL(first.Get(page, weights - 1), second.Get(page, weights - 1));
    const std::size_t last = page * weights + weights - 1;
    CHECK_EQUAL(one.layers[0].residuals[last], many.layers[0].residuals[last]);
    moved += one.layers[0].residuals[last] != 0;
    ++page;
  }
  CHECK(moved > 500);
}

}  // namespace
}  // namespace synfire::spatial
