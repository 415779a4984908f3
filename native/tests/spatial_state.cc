// States of spatial networks: broken ones are refused, and those that are refused leave the network as it
// was.
#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

SpatialSpec Grown(Rounding rounding, float decay) {
  SpatialSpec spec = Network({{5, 4, 3}, {5, 3, 3}, {2, 2, 2}}, Activation::kTanh);
  spec.capacity = 140;
  spec.growth_threshold = 0.5f;
  spec.rounding = rounding;
  spec.temporal_decay = decay;
  return spec;
}

/// A network with neurons of several generations.
class Teenager : public SpatialNetwork {
 public:
  explicit Teenager(const SpatialSpec& spec, std::uint32_t seed = 1) : SpatialNetwork(spec) {
    Random random(seed);
    for (int round = 0; round < 3; ++round) {
      TeachNoise(*this, random, 5, 3);
      Grow();
    }
  }
};

struct Case {
  SpatialSpec spec = Grown(Rounding::kResidual, 0.5f);
  NetworkState good = Teenager(spec).Export();
  std::size_t shared = 0;  ///< in the first layer, a neuron that has a site in common with the one before

  Case() {
    while (shared == 0 || good.layers[0].codes[shared] != good.layers[0].codes[shared - 1]) ++shared;
  }
};

void CheckRefused(const Case& c, const std::function<void(NetworkState&)>& change,
                  std::source_location where = std::source_location::current()) {
  NetworkState broken = c.good;
  change(broken);
  Teenager network(c.spec, 2);
  const NetworkState before = network.Export();
  try {
    network.Import(broken);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCheckpoint)
      test::Fail(std::string("threw ") + ErrorName(error.code()), where);
    if (!Same(network.Export(), before)) test::Fail("the network has changed", where);
    return;
  }
  test::Fail("was not refused", where);
}

/// The same for a change of the first layer.
void CheckLayerRefused(const Case& c, const std::function<void(LayerState&)>& change,
                       std::source_location where = std::source_location::current()) {
  CheckRefused(
      c, [&](NetworkState& state) { change(state.layers[0]); }, where);
}

TEST("spatial states: good ones are taken") {
  const Case c;
  Teenager network(c.spec, 2);
  network.Import(c.good);
  CHECK(Same(network.Export(), c.good));
}

TEST("spatial states: layers and samples that do not fit are refused") {
  const Case c;
  CheckRefused(c, [](NetworkState& s) { s.layers.pop_back(); });
  CheckRefused(c, [](NetworkState& s) { s.layers.push_back(s.layers[0]); });
  CheckRefused(c, [](NetworkState& s) { std::swap(s.layers[0], s.layers[1]); });
  CheckRefused(c, [](NetworkState& s) { s.samples = 65537; });
  CheckRefused(c, [](NetworkState& s) { s.samples += 1; });
  CheckRefused(c, [](NetworkState& s) { s.samples = 0; });
  CheckRefused(c, [](NetworkState& s) { s.temporal[1].pop_back(); });
  CheckRefused(c, [](NetworkState& s) { s.temporal[0].push_back(0); });
  CheckRefused(c, [](NetworkState& s) { s.temporal[1][3] = std::nanf(""); });
  CheckRefused(c, [](NetworkState& s) { s.temporal[0][0] = std::numeric_limits<float>::infinity(); });
}

TEST("spatial states: temporal states of other layers than there are are refused") {
  Case c;
  CheckRefused(c, [](NetworkState& s) { s.temporal.pop_back(); });
  CheckRefused(c, [](NetworkState& s) { s.temporal.push_back(s.temporal[0]); });
  c.spec.temporal_decay = 0;
  CheckRefused(c, [](NetworkState&) {});
}

TEST("spatial states: one that is too large for the memory leaves the network as it was") {
  Case c;
  bool taken = false;
  for (std::uint64_t bytes = EstimateBytes(c.spec); !taken; bytes += 200) {
    c.spec.max_memory_bytes = bytes;
    SpatialNetwork network(c.spec);
    const NetworkState before = network.Export();
    try {
      network.Import(c.good);
      taken = true;
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kOutOfMemory);
      CHECK(Same(network.Export(), before));
    }
    if (taken) CHECK(network.memory_bytes() <= bytes);
  }
}

TEST("spatial states: arrays of different lengths are refused") {
  const Case c;
  CheckLayerRefused(c, [](LayerState& s) { s.codes.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.stored.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.gains.push_back(s.gains[0]); });
  CheckLayerRefused(c, [](LayerState& s) { s.rates.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.contributions.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.ids.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.births.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.weights.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.weights.push_back(0); });
  CheckLayerRefused(c, [](LayerState& s) { s.weights.clear(); });
  CheckLayerRefused(c, [](LayerState& s) { s.residuals.pop_back(); });
  CheckLayerRefused(c, [](LayerState& s) { s.residuals.clear(); });
}

TEST("spatial states: residuals are refused where there are none") {
  Case c;
  c.spec.rounding = Rounding::kStochastic;
  CheckLayerRefused(c, [](LayerState&) {});
}

TEST("spatial states: impossible sites are refused") {
  const Case c;
  CheckLayerRefused(c, [](LayerState& s) { s.codes.back() = 8 * 4 * 4; });      // outside the box
  CheckLayerRefused(c, [](LayerState& s) { s.codes.back() = 8 * 4 * 4 - 1; });  // in the box, but no cell
  CheckLayerRefused(c, [](LayerState& s) { s.codes.back() = 0xFFFFFFFF; });
  CheckLayerRefused(c, [](LayerState& s) { std::swap(s.codes.front(), s.codes.back()); });
}

TEST("spatial states: impossible pages are refused") {
  const Case c;
  const std::size_t n = c.shared;
  CheckLayerRefused(c, [](LayerState& s) { s.stored[0] = ~std::uint64_t{0}; });
  CheckLayerRefused(c, [](LayerState& s) { s.stored[0] = 0; });  // pages are left over
  // Neurons of one site whose contexts overlap, or of which one has none.
  CheckLayerRefused(c, [=](LayerState& s) { std::swap(s.stored[n], s.stored[n - 1]); });
  CheckLayerRefused(c, [=](LayerState& s) { s.stored[n] = s.stored[n - 1]; });
  CheckLayerRefused(c, [=](LayerState& s) {
    const auto pages = std::popcount(s.stored[n]);
    s.stored[n] = 0;
    s.weights.resize(s.weights.size() - pages * 14);
    s.residuals.resize(s.residuals.size() - pages * 28);
  });
}

TEST("spatial states: impossible ids and parents are refused") {
  const Case c;
  CheckLayerRefused(c, [](LayerState& s) { s.ids[1] = s.ids[0]; });
  CheckLayerRefused(c, [](LayerState& s) { s.ids[1] = s.next_id; });
  CheckLayerRefused(c, [](LayerState& s) { s.next_id = *std::max_element(s.ids.begin(), s.ids.end()); });
  CheckLayerRefused(c, [](LayerState& s) { s.births[1] = s.births[0]; });
  CheckLayerRefused(c, [](LayerState& s) { s.births[2] = s.births[0]; });
  CheckLayerRefused(c, [](LayerState& s) { s.births[s.births.size() - 2] = s.next_id; });
  CheckLayerRefused(c, [](LayerState& s) { std::swap(s.births[0], s.births[2]); });
}

TEST("spatial states: numbers out of their bounds are refused") {
  const Case c;
  for (const float gain : {0.0f, -1.0f, 1e9f, std::nanf(""), std::numeric_limits<float>::infinity()})
    CheckLayerRefused(c, [=](LayerState& s) { s.gains[2] = gain; });
  CheckLayerRefused(c, [](LayerState& s) { s.rates[2] = 0; });
  CheckLayerRefused(c, [](LayerState& s) { s.contributions[2] = 0x7F80; });  // infinite
  CheckLayerRefused(c, [](LayerState& s) { s.contributions[2] = 0x7FC0; });  // no number
  CheckLayerRefused(c, [](LayerState& s) { s.contributions[2] = 0xBF80; });  // -1
}

TEST("spatial states: more neurons than a layer may have are refused") {
  Case c;
  c.spec.max_neurons = c.good.layers[0].codes.size() - 1;
  CheckLayerRefused(c, [](LayerState&) {});
  c.spec.max_neurons += 1;
  Imported network(c.spec, c.good);
}

TEST("spatial states: a broken later layer leaves the earlier ones as they were") {
  const Case c;
  CheckRefused(c, [](NetworkState& s) { s.layers[1].gains[0] = -1; });
}

TEST("spatial states: ids never run out") {
  Case c;
  // Ids have 32 bits: a layer that has used them up does not grow, whether its state is taken or not.
  for (const std::uint32_t next : {0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD}) {
    NetworkState state = c.good;
    state.layers[0].next_id = next;
    SpatialNetwork network(c.spec);
    try {
      network.Import(state);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kCheckpoint);
      continue;
    }
    CHECK(network.layer(0).Statistics().growth_candidates > 0);
    CHECK_THROWS(network.Grow(), ErrorCode::kOutOfMemory);
  }
}

TEST("spatial states: what a network gives it also takes") {
  for (const std::uint64_t most : {std::uint64_t{10}, std::uint64_t{45}, std::uint64_t{60}}) {
    SpatialSpec spec = Grown(Rounding::kStochastic, 0);
    spec.max_neurons = most;
    try {
      SpatialNetwork network(spec);
      const NetworkState state = network.Export();
      network.Import(state);
      network.Grow();  // nothing is due
      CHECK(Same(network.Export(), state));
    } catch (const Error& error) {
      // A layer that may have fewer neurons than sites cannot be built.
      CHECK(error.code() == ErrorCode::kInvalidArgument && most < 45);
    }
  }
}

TEST("spatial states: another number of samples starts from rest") {
  const Case c;
  Random random(4);
  for (const std::uint32_t samples : {1u, 4u, 6u, 16u, 17u}) {
    Imported after_five(c.spec, c.good), reset(c.spec, c.good);
    reset.ResetState();
    const auto inputs = random.Floats(samples * after_five.inputs(), -1, 1);
    CHECK(SameBits(Answers(after_five, inputs, true), Answers(reset, inputs, false)));
  }
}

TEST("spatial states: continue in batches of the size that they had") {
  const Case c;
  Imported network(c.spec, c.good);
  Random random(3);
  const auto inputs = random.Floats(5 * network.inputs(), -1, 1);
  const std::vector<float> continued = Answers(network, inputs, true);
  Imported same(c.spec, c.good);
  CHECK(SameBits(Answers(same, inputs, true), continued));
  Imported rested(c.spec, c.good);
  CHECK(!SameBits(Answers(rested, inputs, false), continued));
  Imported reset(c.spec, c.good);
  reset.ResetState();
  CHECK(SameBits(Answers(reset, inputs, true), Answers(rested, inputs, false)));
}

}  // namespace
}  // namespace synfire::spatial
