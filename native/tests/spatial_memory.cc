// What neurons store, how they split and how they are pruned.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/spatial_reference.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

/// Room for several pages; learns nothing but pages.
SpatialSpec Roomy() {
  SpatialSpec spec = Frozen(Network({{6, 5, 4}, {5, 5, 3}, {4, 4, 4}}, Activation::kTanh));
  spec.activations = {Mixed(1), Mixed(2)};
  spec.capacity = 200;
  spec.growth_threshold = 0.5f;
  return spec;
}

/// Layers of which all neurons know patterns, some more of them than others.
void TeachManyPatterns(SpatialNetwork& network, Random& random, int batches = 4) {
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<float> inputs = random.Floats(6 * network.inputs(), -1.3, 1.3);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (i % network.inputs() < network.inputs() / 3) inputs[i] = 0.1f;
    Teach(network, inputs, random.Floats(6 * network.outputs(), -1, 1));
  }
}

/// One neuron over a row of three cells: the middle value and the neighbours choose any of the 64 contexts.
SpatialSpec OneNeuron(std::uint32_t capacity) {
  SpatialSpec spec = Frozen(Network({{3, 1, 1}, {1, 1, 1}}, Activation::kIdentity));
  spec.capacity = capacity;
  return spec;
}

std::uint32_t ContextOf(std::uint32_t row, std::uint32_t column) {
  std::uint32_t context = 0;
  for (std::uint32_t bit = 0; bit < 3; ++bit)
    context |= (column >> bit & 1) << 2 * bit | (row >> bit & 1) << (2 * bit + 1);
  return context;
}

/// Inputs of OneNeuron whose middle value and mean are in the middle of levels.
std::vector<float> InputsOf(std::uint32_t row, std::uint32_t column) {
  const float middle = (static_cast<float>(row) + 0.5f) / 4 - 1,
              mean = (static_cast<float>(column) + 0.5f) / 4 - 1;
  const float side = (3 * mean - middle) / 2;
  return {side, middle, side};
}

TEST("spatial memory: a neuron that never saw anything stores nothing and answers 0") {
  for (const std::uint32_t samples : {1u, 3u}) {
    SpatialNetwork network(Roomy());
    Random random(1);
    const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
    for (const float output : Answers(network, inputs)) CHECK_EQUAL(output, 0.0f);
    const std::vector<float> nothing(samples * network.inputs());
    Teach(network, nothing, random.Floats(samples * network.outputs(), -1, 1));
    const NetworkState state = network.Export();
    for (const LayerState& layer : state.layers) {
      CHECK(layer.weights.empty());
      for (const std::uint64_t stored : layer.stored) CHECK_EQUAL(stored, 0u);
    }
    CHECK_EQUAL(network.layer(0).Statistics().active, 0u);
    CHECK_EQUAL(network.layer(0).Statistics().prune_candidates, 75u);
    CHECK_EQUAL(network.layer(0).Statistics().sparsity, 1.0);
    for (const float output : Answers(network, inputs)) CHECK_EQUAL(output, 0.0f);
  }
}

TEST("spatial memory: patterns are levels of the middle and of the mean") {
  for (std::uint32_t pattern_bits = 0; pattern_bits <= 3; ++pattern_bits) {
    SpatialSpec spec = OneNeuron(256);
    spec.pattern_bits = pattern_bits;
    const std::uint32_t kept = 7u << (3 - pattern_bits) & 7;
    for (std::uint32_t row = 0; row < 8; ++row) {
      for (std::uint32_t column = 0; column < 8; ++column) {
        SpatialNetwork network(spec);
        Teach(network, InputsOf(row, column), {0});
        CHECK_EQUAL(network.Export().layers[0].stored[0],
                    std::uint64_t{1} << ContextOf(row & kept, column & kept));
      }
    }
  }
}

TEST("spatial memory: values beyond 1 count as 1") {
  SpatialNetwork network(OneNeuron(256));
  Teach(network, {9, 9, 9}, {0});
  Teach(network, {-9, -9, -9}, {0});
  Teach(network, {1, 1, 1}, {0});
  Teach(network, {-1, -1, -1}, {0});
  CHECK_EQUAL(network.Export().layers[0].stored[0], std::uint64_t{1} << 63 | 1);
}

TEST("spatial memory: pages never exceed the capacity") {
  for (const std::uint32_t capacity : {4u, 7u, 8u, 100u, 256u, 1000u}) {
    SpatialNetwork network(OneNeuron(capacity));
    const std::uint32_t most = std::min(capacity / 4, 64u);
    CHECK_EQUAL(network.layer(0).most_pages(), most);
    std::uint32_t stored = 0;
    for (std::uint32_t row = 0; row < 8; ++row) {
      for (std::uint32_t column = 0; column < 8; ++column) {
        Teach(network, InputsOf(row, column), {0});
        ++stored;
        CHECK_EQUAL(StoredPages(network.layer(0).neuron(0)), std::min(stored, most));
        CHECK_NEAR(static_cast<double>(network.layer(0).Saturation(0)), std::min(stored, most) / double(most),
                   1e-6);
      }
    }
    CHECK_EQUAL(network.layer(0).Statistics().stored_weights, 4 * most);
  }
}

TEST("spatial memory: a page serves its context and those after it up to the next page") {
  SpatialSpec spec = OneNeuron(256);
  SpatialNetwork novice(spec);
  std::vector<std::uint32_t> contexts;
  for (const std::uint32_t at : {5u, 2u, 7u, 3u}) {
    Teach(novice, InputsOf(at, at), {0});
    contexts.push_back(ContextOf(at, at));
  }
  std::sort(contexts.begin(), contexts.end());
  NetworkState state = novice.Export();
  // Page p answers its own number: all weights are 0 but that of the constant, and the bias says which page
  // it is.
  StoredWeights weights(state.layers[0], FormatOf(spec, 0));
  CHECK_EQUAL(weights.pages(), 4u);
  const double gain = static_cast<double>(state.layers[0].gains[0]);
  for (std::uint32_t page = 0; page < 4; ++page)
    for (std::uint32_t k = 0; k < 4; ++k) weights.Set(page, k, k == 3 ? page * 5 : 7);
  Imported network(spec, state);
  for (std::uint32_t row = 0; row < 8; ++row) {
    for (std::uint32_t column = 0; column < 8; ++column) {
      const std::vector<float> inputs = InputsOf(row, column);
      std::size_t page = 0;
      while (page < 3 && contexts[page + 1] <= ContextOf(row, column)) ++page;
      double sum = 2.0 * static_cast<double>(page) * 5 / 15 - 1;
      for (const float input : inputs) sum -= static_cast<double>(input) / 15;
      CHECK_NEAR(static_cast<double>(Answers(network, inputs)[0]), gain * sum / 4, 1e-5);
    }
  }
}

TEST("spatial memory: a new page changes no output") {
  for (const std::uint32_t samples : {1u, 6u}) {
    SpatialSpec spec = Roomy();
    spec.rounding = Rounding::kResidual;
    SpatialNetwork network(spec);
    Random random(2);
    // All neurons have a first page; the next ones are copies.
    const std::vector<float> first = random.Floats(network.inputs(), 0.1, 0.9);
    Teach(network, first, std::vector<float>(network.outputs()));
    const std::uint64_t pages = network.layer(0).Statistics().stored_weights;
    const auto inputs = random.Floats(64 * network.inputs(), -1, 1);
    const std::vector<float> before = Answers(network, inputs);
    for (int batch = 0; batch < 5; ++batch) {
      TeachNoise(network, random, samples, 1);
      CHECK(SameBits(Answers(network, inputs), before));
    }
    CHECK(network.layer(0).Statistics().stored_weights > 2 * pages);
  }
}

TEST("spatial memory: copies take their residuals along") {
  SpatialSpec spec = OneNeuron(256);
  spec.rounding = Rounding::kResidual;
  SpatialNetwork novice(spec);
  Teach(novice, InputsOf(4, 4), {0});
  NetworkState state = novice.Export();
  state.layers[0].residuals = {1, -2, 3, -4};
  Imported network(spec, state);
  for (const std::uint32_t at : {6u, 2u, 5u}) Teach(network, InputsOf(at, at), {0});
  const LayerState after = network.Export().layers[0];
  CHECK_EQUAL(after.residuals.size(), 16u);
  for (std::size_t i = 0; i < after.residuals.size(); ++i)
    CHECK_EQUAL(after.residuals[i], state.layers[0].residuals[i % 4]);
  for (std::size_t i = 0; i < after.weights.size(); ++i)
    CHECK_EQUAL(after.weights[i], state.layers[0].weights[i % 2]);
}

/// Neurons by id, from a state.
struct Known {
  std::uint32_t code;
  std::uint64_t stored;
  std::vector<std::uint8_t> weights;
  std::vector<std::int16_t> residuals;
  float gain;
  std::uint16_t rate, contribution;
};

std::map<std::uint32_t, Known> ById(const LayerState& state, const PageFormat& format) {
  std::map<std::uint32_t, Known> neurons;
  auto weights = state.weights.begin();
  auto residuals = state.residuals.begin();
  for (std::size_t n = 0; n < state.codes.size(); ++n) {
    const int pages = std::popcount(state.stored[n]);
    Known known{state.codes[n], state.stored[n],       {}, {}, state.gains[n],
                state.rates[n], state.contributions[n]};
    known.weights.assign(weights, weights + pages * static_cast<int>(format.bytes));
    weights += pages * static_cast<int>(format.bytes);
    if (!state.residuals.empty()) {
      known.residuals.assign(residuals, residuals + pages * static_cast<int>(format.weights));
      residuals += pages * static_cast<int>(format.weights);
    }
    CHECK(neurons.emplace(state.ids[n], known).second);  // no id twice
  }
  return neurons;
}

TEST("spatial memory: statistics are sums and means over neurons") {
  SpatialSpec spec = Roomy();
  SpatialNetwork network(spec);
  Random random(16);
  TeachManyPatterns(network, random, 2);
  NetworkState state = network.Export();
  for (LayerState& layer : state.layers)
    for (std::uint16_t& rate : layer.rates) rate = static_cast<std::uint16_t>(random.Below(65536));
  network.Import(state);
  network.Prune(2.5f / 7, PruneBy::kSaturation);
  for (std::size_t i = 0; i < 2; ++i) {
    const Layer& layer = network.layer(i);
    const LayerStatistics s = layer.Statistics();
    double pages = 0, rates = 0;
    std::uint64_t due = 0;
    for (std::uint32_t n = 0; n < layer.neurons(); ++n) {
      pages += StoredPages(layer.neuron(n));
      rates += static_cast<double>(layer.neuron(n).rate) * 0.1 / 65535;
      due += StoredPages(layer.neuron(n)) >= 4;
    }
    CHECK(layer.neurons() > 10);
    CHECK_EQUAL(s.neurons, layer.neurons());
    CHECK_EQUAL(s.active, layer.neurons());
    CHECK_EQUAL(s.stored_weights, static_cast<std::uint64_t>(pages) * 28);
    CHECK_NEAR(s.mean_saturation, pages / 7 / layer.neurons(), 1e-9);
    CHECK_NEAR(s.sparsity, 1 - s.mean_saturation, 1e-9);
    CHECK_NEAR(s.mean_rate, rates / layer.neurons(), 1e-6);
    CHECK_EQUAL(s.growth_candidates, due);
    CHECK_EQUAL(s.prune_candidates, 0u);
    CHECK_EQUAL(s.silent_sites, layer.grid().cells() - layer.neurons());
    CHECK_EQUAL(s.memory_bytes, layer.memory_bytes());
  }
}

TEST("spatial growth: a split changes no output") {
  for (const Rounding rounding : {Rounding::kStochastic, Rounding::kResidual}) {
    SpatialSpec spec = Roomy();
    spec.rounding = rounding;
    SpatialNetwork network(spec);
    Random random(3);
    TeachManyPatterns(network, random);
    const auto inputs = random.Floats(300 * network.inputs(), -1.2, 1.2);
    const auto one = random.Floats(network.inputs(), -1.2, 1.2);
    for (int round = 0; round < 4; ++round) {
      const std::vector<float> before = Answers(network, inputs), alone = Answers(network, one);
      const auto grown = network.Grow();
      CHECK_EQUAL(grown.size(), 2u);
      CHECK(grown[0] > 0 || round > 0);
      CHECK(SameBits(Answers(network, inputs), before));
      CHECK(SameBits(Answers(network, one), alone));
      TeachManyPatterns(network, random, 1);
    }
  }
}

TEST("spatial growth: children share the pages of their parent") {
  SpatialSpec spec = Roomy();
  spec.rounding = Rounding::kResidual;
  SpatialNetwork network(spec);
  Random random(4);
  TeachManyPatterns(network, random);
  NetworkState shuffled = network.Export();
  Shuffle(shuffled, spec, random, 0);
  network.Import(shuffled);
  const PageFormat format = FormatOf(spec, 0);
  std::set<std::uint32_t> ever;
  for (int round = 0; round < 3; ++round) {
    const LayerState before = network.Export().layers[0];
    const auto parents = ById(before, format);
    for (const auto& [id, neuron] : parents) ever.insert(id);
    const std::uint32_t most = network.layer(0).most_pages();
    std::uint32_t due = 0;
    for (const auto& [id, neuron] : parents)
      due += std::popcount(neuron.stored) >= 2 && std::popcount(neuron.stored) >= 0.5 * most;
    const std::uint32_t grown = network.Grow()[0];
    CHECK_EQUAL(grown, due);
    const LayerState after = network.Export().layers[0];
    const auto neurons = ById(after, format);
    CHECK_EQUAL(neurons.size(), parents.size() + grown);
    CHECK_EQUAL(after.next_id, before.next_id + 2 * grown);
    CHECK(std::is_sorted(after.codes.begin(), after.codes.end()));
    std::map<std::uint32_t, std::vector<std::uint32_t>> children;
    for (const auto& [id, neuron] : neurons) {
      if (parents.contains(id)) {
        const Known& same = parents.at(id);
        CHECK(neuron.stored == same.stored && neuron.weights == same.weights && neuron.code == same.code);
        continue;
      }
      CHECK(!ever.contains(id));
      CHECK(id >= before.next_id && id < after.next_id);
      const std::uint32_t parent = network.layer(0).ParentOf(id);
      CHECK(parent < id);
      CHECK(parents.contains(parent));
      CHECK(!neurons.contains(parent));
      children[parent].push_back(id);
    }
    CHECK_EQUAL(children.size(), grown);
    for (const auto& [parent_id, pair] : children) {
      CHECK_EQUAL(pair.size(), 2u);
      const Known &parent = parents.at(parent_id), &lower = neurons.at(pair[0]), &upper = neurons.at(pair[1]);
      CHECK_EQUAL(lower.stored | upper.stored, parent.stored);
      CHECK_EQUAL(lower.stored & upper.stored, 0u);
      CHECK(static_cast<int>(std::bit_width(lower.stored)) <= std::countr_zero(upper.stored));
      const int pages = std::popcount(parent.stored);
      CHECK_EQUAL(std::popcount(lower.stored), (pages + 1) / 2);
      auto weights = lower.weights;
      weights.insert(weights.end(), upper.weights.begin(), upper.weights.end());
      CHECK(weights == parent.weights);
      auto residuals = lower.residuals;
      residuals.insert(residuals.end(), upper.residuals.begin(), upper.residuals.end());
      CHECK(residuals == parent.residuals);
      for (const Known* child : {&lower, &upper}) {
        CHECK_EQUAL(child->code, parent.code);
        CHECK_EQUAL(child->gain, parent.gain);
        CHECK_EQUAL(child->rate, parent.rate);
        CHECK_EQUAL(child->contribution, parent.contribution);
      }
    }
    TeachManyPatterns(network, random, 2);
  }
  CHECK_EQUAL(network.layer(0).ParentOf(0), Layer::kNoParent);
  CHECK_EQUAL(network.layer(0).ParentOf(0xFFFFFFFE), Layer::kNoParent);
}

TEST("spatial growth: a site never has more than 64 neurons") {
  SpatialSpec spec = OneNeuron(256);
  spec.growth_threshold = 0;
  SpatialNetwork network(spec);
  for (std::uint32_t row = 0; row < 8; ++row)
    for (std::uint32_t column = 0; column < 8; ++column) Teach(network, InputsOf(row, column), {0});
  std::uint32_t neurons = 1;
  for (int round = 0; round < 6; ++round) {
    CHECK_EQUAL(network.Grow()[0], neurons);
    neurons *= 2;
    CHECK_EQUAL(network.layer(0).neurons(), neurons);
    std::uint32_t sites = 0;
    network.layer(0).ForSites(0, network.layer(0).grid().box_cells(), [&](const Site& site) {
      ++sites;
      CHECK_EQUAL(site.count, neurons);
    });
    CHECK_EQUAL(sites, 1u);
  }
  CHECK_EQUAL(network.Grow()[0], 0u);
  for (std::uint32_t row = 0; row < 8; ++row)
    for (std::uint32_t column = 0; column < 8; ++column) Teach(network, InputsOf(row, column), {0});
  const LayerState state = network.Export().layers[0];
  for (std::uint32_t n = 0; n < 64; ++n) CHECK_EQUAL(state.stored[n], std::uint64_t{1} << n);
}

TEST("spatial growth: children learn new patterns in their own ranges") {
  SpatialSpec spec = OneNeuron(16);  // four pages
  spec.growth_threshold = 1;
  SpatialNetwork network(spec);
  for (const std::uint32_t at : {1u, 3u, 5u, 7u}) Teach(network, InputsOf(at, at), {0});
  CHECK_EQUAL(network.Grow()[0], 1u);
  for (const std::uint32_t at : {0u, 2u, 4u, 6u}) Teach(network, InputsOf(at, at), {0});
  const LayerState state = network.Export().layers[0];
  std::uint64_t lower = 0, upper = 0;
  for (const std::uint32_t at : {0u, 1u, 2u, 3u}) lower |= std::uint64_t{1} << ContextOf(at, at);
  // What lies below the first page of the second child belongs to the first one, which is full.
  for (const std::uint32_t at : {5u, 6u, 7u}) upper |= std::uint64_t{1} << ContextOf(at, at);
  CHECK_EQUAL(state.stored[0], lower);
  CHECK_EQUAL(state.stored[1], upper);
}

TEST("spatial growth: a layer does not grow beyond its neurons") {
  SpatialSpec spec = Roomy();
  spec.growth_threshold = 0.3f;
  spec.max_neurons = 100;
  SpatialNetwork network(spec);
  Random random(5);
  TeachManyPatterns(network, random);
  const NetworkState before = network.Export();
  CHECK(network.layer(0).Statistics().growth_candidates > 25);
  CHECK(!network.layer(0).CanGrow());
  CHECK_THROWS(network.Grow(), ErrorCode::kOutOfMemory);
  CHECK(Same(network.Export(), before));
  const auto inputs = random.Floats(network.inputs(), -1, 1);
  CHECK_EQUAL(Answers(network, inputs).size(), 64u);
}

TEST("spatial growth: that which comes by itself stops at the limit of neurons") {
  SpatialSpec spec = Roomy();
  spec.growth_threshold = 0.3f;
  spec.grow_every = 1;
  spec.max_neurons = 160;
  SpatialNetwork network(spec);
  Random random(6);
  std::uint32_t grown = 0;
  for (int batch = 0; batch < 12; ++batch) {
    const auto inputs = random.Floats(4 * network.inputs(), -1, 1);
    grown += Teach(network, inputs, random.Floats(4 * network.outputs(), -1, 1)).grown;
    for (std::size_t i = 0; i < 2; ++i) CHECK(network.layer(i).neurons() <= 160);
  }
  CHECK(grown > 0);
  CHECK_EQUAL(network.layer(0).neurons() + network.layer(1).neurons(), 75 + 64 + grown);
  CHECK(!network.layer(0).CanGrow() || !network.layer(1).CanGrow());
}

TEST("spatial growth: comes when it is due") {
  SpatialSpec spec = Roomy();
  spec.growth_threshold = 0.1f;
  spec.grow_every = 3;
  SpatialNetwork network(spec);
  Random random(7);
  for (int batch = 1; batch <= 7; ++batch) {
    const auto inputs = random.Floats(4 * network.inputs(), -1, 1);
    const std::uint32_t grown = Teach(network, inputs, random.Floats(4 * network.outputs(), -1, 1)).grown;
    CHECK_EQUAL(grown > 0, batch % 3 == 0);
  }
}

TEST("spatial growth: memory limits it") {
  SpatialSpec spec = Roomy();
  spec.growth_threshold = 0.3f;
  spec.max_memory_bytes = EstimateBytes(spec) + 120000;
  SpatialNetwork network(spec);
  Random random(8);
  bool refused = false;
  for (int round = 0; round < 20 && !refused; ++round) {
    TeachManyPatterns(network, random, 1);
    const NetworkState before = network.Export();
    try {
      network.Grow();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kOutOfMemory);
      CHECK(Same(network.Export(), before));
      refused = true;
    }
    CHECK(network.memory_bytes() <= spec.max_memory_bytes);
  }
  CHECK(refused);
}

TEST("spatial growth: that which comes by itself stops at the limit of memory") {
  SpatialSpec spec = Roomy();
  spec.growth_threshold = 0.3f;
  spec.grow_every = 1;
  spec.max_memory_bytes = EstimateBytes(spec) + 120000;
  SpatialNetwork network(spec);
  Random random(9);
  std::uint32_t grown = 0;
  for (int batch = 0; batch < 20; ++batch) {
    const auto inputs = random.Floats(4 * network.inputs(), -1.3, 1.3);
    grown += Teach(network, inputs, random.Floats(4 * network.outputs(), -1, 1)).grown;
    CHECK(network.memory_bytes() <= spec.max_memory_bytes);
  }
  CHECK(grown > 0);
  CHECK_THROWS(network.Grow(), ErrorCode::kOutOfMemory);
}

TEST("spatial pruning: by saturation") {
  SpatialNetwork network(Roomy());
  Random random(9);
  TeachManyPatterns(network, random, 1);
  const auto before = ById(network.Export().layers[0], FormatOf(Roomy(), 0));
  const double threshold = 3.5 / network.layer(0).most_pages();
  std::uint32_t weak = 0;
  for (const auto& [id, neuron] : before) weak += std::popcount(neuron.stored) <= 3;
  CHECK(weak > 5 && weak < 70);
  CHECK_EQUAL(network.Prune(static_cast<float>(threshold), PruneBy::kSaturation)[0], weak);
  const auto after = ById(network.Export().layers[0], FormatOf(Roomy(), 0));
  CHECK_EQUAL(after.size(), before.size() - weak);
  for (const auto& [id, neuron] : after) {
    CHECK(std::popcount(neuron.stored) > 3);
    CHECK(neuron.stored == before.at(id).stored && neuron.weights == before.at(id).weights);
    CHECK_EQUAL(neuron.code, before.at(id).code);
  }
  CHECK_EQUAL(network.Prune(0, PruneBy::kSaturation)[0], 0u);
}

TEST("spatial pruning: by contribution") {
  SpatialSpec spec = Roomy();
  SpatialNetwork network(spec);
  Random random(10);
  TeachManyPatterns(network, random, 4);
  std::vector<float> contributions;
  for (std::uint32_t n = 0; n < 75; ++n) contributions.push_back(ContributionOf(network.layer(0).neuron(n)));
  std::sort(contributions.begin(), contributions.end());
  const float threshold = (contributions[29] + contributions[30]) / 2;
  CHECK(contributions[29] < threshold);
  CHECK_EQUAL(network.Prune(threshold, PruneBy::kContribution)[0], 30u);
  for (std::uint32_t n = 0; n < network.layer(0).neurons(); ++n)
    CHECK(ContributionOf(network.layer(0).neuron(n)) >= threshold);
}

TEST("spatial pruning: contribution is the running mean of the size of the output") {
  SpatialSpec spec = Pairs(1, Activation::kIdentity);
  for (const std::uint32_t samples : {1u, 3u}) {
    SpatialNetwork network(Frozen(spec));
    double expected = 0;
    Random random(11);
    for (int batch = 0; batch < 60; ++batch) {
      Teach(network, random.Floats(samples, -1, 1), std::vector<float>(samples));
      std::vector<float> outputs(samples);
      network.LastOutputs(outputs.data());
      double sum = 0;
      for (const float output : outputs) sum += std::abs(static_cast<double>(output));
      expected += 0.1 * (sum / samples - expected);
    }
    CHECK(expected > 0.1);
    CHECK_NEAR(static_cast<double>(ContributionOf(network.layer(0).neuron(0))), expected, 0.02 * expected);
  }
}

TEST("spatial pruning: sites without neurons answer 0, then and after a batch") {
  for (const std::uint32_t samples : {1u, 3u}) {
    for (const float decay : {0.0f, 0.5f}) {
      SpatialSpec spec = Roomy();
      spec.temporal_decay = decay;
      SpatialNetwork network(spec);
      Random random(12);
      TeachManyPatterns(network, random, 2);
      TeachNoise(network, random, samples, 2);
      network.Prune(2, PruneBy::kSaturation);
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK_EQUAL(network.layer(i).neurons(), 0u);
        CHECK_EQUAL(network.layer(i).Statistics().silent_sites, network.layer(i).grid().cells());
      }
      const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
      std::vector<float> last(samples * network.outputs(), 1);
      network.LastOutputs(last.data());
      for (const float output : last) CHECK_EQUAL(output, 0.0f);
      for (const float output : Answers(network, inputs, true)) CHECK_EQUAL(output, 0.0f);
      Teach(network, inputs, random.Floats(samples * network.outputs(), -1, 1), true);
      for (const float output : Answers(network, inputs)) CHECK_EQUAL(output, 0.0f);
      CHECK_EQUAL(network.Grow()[0], 0u);
      Imported same(spec, network.Export());
      for (const float output : Answers(same, inputs)) CHECK_EQUAL(output, 0.0f);
    }
  }
}

TEST("spatial pruning: some silent sites leave the others as they are") {
  SpatialSpec spec = Frozen(Network({{6, 6, 3}, {6, 6, 3}}, Activation::kTanh));
  spec.capacity = 200;
  SpatialNetwork network(spec);
  Random random(13);
  TeachManyPatterns(network, random, 3);
  for (const std::uint32_t samples : {1u, 4u}) {
    const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
    const std::vector<float> before = Answers(network, inputs);
    const float threshold = samples == 1 ? 0.15f : 0.25f;
    CHECK(network.Prune(threshold, PruneBy::kContribution)[0] > 0);
    std::vector<bool> silent(network.outputs(), true);
    const Layer& layer = network.layer(0);
    layer.ForSites(0, layer.grid().box_cells(), [&](const Site& site) {
      silent[site.position[0] + 6 * (site.position[1] + 6 * site.position[2])] = false;
    });
    const std::vector<float> after = Answers(network, inputs);
    for (std::size_t i = 0; i < after.size(); ++i)
      CHECK_EQUAL(after[i], silent[i % network.outputs()] ? 0 : before[i]);
    const auto count = static_cast<std::uint64_t>(std::count(silent.begin(), silent.end(), true));
    CHECK_EQUAL(layer.Statistics().silent_sites, count);
  }
}

TEST("spatial pruning: a sibling takes over the contexts of a pruned neuron") {
  SpatialSpec spec = OneNeuron(256);
  spec.growth_threshold = 0;
  SpatialNetwork novice(spec);
  for (const std::uint32_t at : {1u, 3u, 4u, 5u, 6u}) Teach(novice, InputsOf(at, at), {0});
  NetworkState state = novice.Export();
  Random random(14);
  Shuffle(state, spec, random, 0);
  Imported network(spec, state);
  network.Grow();  // three pages and two
  const std::vector<float> low = InputsOf(3, 3), high = InputsOf(6, 6);
  const float before = Answers(network, low)[0];
  const float others = Answers(network, high)[0];
  CHECK_EQUAL(network.Prune(2.5f / 64, PruneBy::kSaturation)[0], 1u);
  CHECK_EQUAL(network.layer(0).neurons(), 1u);
  CHECK_EQUAL(Answers(network, low)[0], before);
  CHECK(Answers(network, high)[0] != others);
  ReferenceNetwork reference(spec, network.Export());
  for (const auto& inputs : {low, high})
    CHECK_NEAR(static_cast<double>(Answers(network, inputs)[0]), reference.Forward(1, inputs, false)[0],
               1e-5);
}

TEST("spatial memory: rounds of learning, growth and pruning leave everything finite and whole") {
  for (const Rounding rounding : {Rounding::kStochastic, Rounding::kResidual}) {
    SpatialSpec spec = Roomy();
    spec.rounding = rounding;
    spec.initial_rate = 0.05f;
    spec.min_rate = 0.001f;
    spec.growth_threshold = 0.4f;
    spec.temporal_decay = 0.2f;
    SpatialNetwork network(spec);
    Random random(15);
    std::uint32_t grown = 0, pruned = 0;
    for (int round = 0; round < 50; ++round) {
      TeachNoise(network, random, round % 3 == 0 ? 1 : 5, 1, true);
      if (round % 5 == 1) grown += network.Grow()[0];
      if (round % 5 == 4)
        pruned += network.Prune(0.02f, round % 2 == 0 ? PruneBy::kSaturation : PruneBy::kContribution)[0];
      for (const float output : Answers(network, random.Floats(3 * network.inputs(), -1, 1)))
        CHECK(std::isfinite(output));
    }
    CHECK(grown > 50);
    CHECK(pruned > 0);
    const NetworkState state = network.Export();
    for (std::size_t i = 0; i < 2; ++i) {
      const LayerState& layer = state.layers[i];
      for (const float gain : layer.gains) CHECK(std::isfinite(gain) && gain > 0);
      const std::uint32_t most = network.layer(i).most_pages();
      for (const std::uint64_t stored : layer.stored) CHECK(std::popcount(stored) <= static_cast<int>(most));
      const LayerStatistics statistics = network.layer(i).Statistics();
      CHECK_EQUAL(statistics.neurons, layer.codes.size());
      CHECK_EQUAL(statistics.stored_weights * spec.bits,
                  layer.weights.size() / FormatOf(spec, i).bytes * FormatOf(spec, i).weights * spec.bits);
    }
    Imported same(spec, state);
    CHECK(Same(same.Export(), state));
  }
}

}  // namespace
}  // namespace synfire::spatial
