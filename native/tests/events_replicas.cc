// Replicas: their merging, their independence of threads, what they refuse.
#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "native/events/replicas.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

constexpr std::uint32_t kPixels = 16;
constexpr std::uint32_t kImages = 6;

NetworkSpec Learner() {
  NetworkSpec spec;
  spec.dt_ms = 0.5;
  spec.precision = Precision::kFloat64;
  spec.populations.resize(2);
  spec.populations[0] = {.name = "pixels", .size = kPixels, .kind = PopulationKind::kPoisson};
  spec.populations[1].name = "neurons";
  spec.populations[1].size = 5;
  spec.populations[1].model = {"lif", {{"thetaPlusMv", 0.5}, {"tauThetaMs", 1e6}}, {{"integration", "grid"}}};
  spec.projections.resize(1);
  spec.projections[0].name = "learning";
  spec.projections[0].target = 1;
  spec.projections[0].connector = AllToAll{};
  spec.projections[0].weight = {.kind = Distribution::Kind::kUniform, .a = 1, .b = 3};
  spec.projections[0].delay_ms = {.a = 1};
  spec.projections[0].rule = Settings{"pair", {{"wMax", 4}, {"learningRate", 0.5}}, {}};
  return spec;
}

/// Six images of 4 x 4 pixels.
std::unique_ptr<Dataset> MakeImages() {
  auto images = std::make_unique<Dataset>(DatasetLayout{.height = 4, .width = 4, .samples = kImages});
  std::vector<std::uint8_t> pixels(kImages * kPixels);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
  images->WriteSamples(0, pixels);
  return images;
}
const Dataset& Images() {
  static const std::unique_ptr<Dataset> images = MakeImages();
  return *images;
}

const ImageProtocol kProtocol = {.source = 0, .output = 1, .show_ms = 100, .rest_ms = 20};

struct Learned {
  std::vector<double> weights;
  std::vector<double> thetas;
  std::vector<std::uint16_t> counts;
  bool operator==(const Learned&) const = default;
};

/// One batch of the first `samples` images on a new network.
Learned Batch(std::vector<std::uint32_t> samples, Merge merge, int threads, std::uint64_t first = 0) {
  EventNetwork network(Learner());
  Replicas replicas(network, static_cast<std::uint32_t>(samples.size()));
  ThreadTeam team(threads);
  ImageProtocol protocol = kProtocol;
  protocol.merge = merge;
  Learned learned;
  learned.counts.resize(samples.size() * 5);
  replicas.PresentImages(Images(), samples, first, protocol, team, learned.counts);
  learned.weights = network.Weights(0);
  learned.thetas = network.State(1, "theta");
  return learned;
}

TEST("replicas: a batch learns the same for any number of threads") {
  for (const Merge merge : {Merge::kMean, Merge::kSum, Merge::kConsensus}) {
    const Learned one = Batch({0, 1, 2, 3, 4}, merge, 1);
    CHECK(std::accumulate(one.counts.begin(), one.counts.end(), 0) > 20);
    for (const int threads : {2, 3, 7}) CHECK(Batch({0, 1, 2, 3, 4}, merge, threads) == one);
  }
}

TEST("replicas: mean, sum and consensus of what each learns by itself") {
  EventNetwork untaught(Learner());
  const std::vector<double> base = untaught.Weights(0);
  std::vector<Learned> alone;
  for (std::uint32_t i = 0; i < 3; ++i) alone.push_back(Batch({i}, Merge::kMean, 1, i));
  const Learned mean = Batch({0, 1, 2}, Merge::kMean, 2);
  const Learned sum = Batch({0, 1, 2}, Merge::kSum, 2);
  const Learned consensus = Batch({0, 1, 2}, Merge::kConsensus, 2);
  int agreed = 0, split = 0;
  for (std::size_t k = 0; k < base.size(); ++k) {
    double total = 0;
    int rises = 0, falls = 0;
    for (const Learned& learned : alone) {
      const double change = learned.weights[k] - base[k];
      total += change;
      rises += change > 0;
      falls += change < 0;
    }
    CHECK_NEAR(mean.weights[k], base[k] + total / 3, 1e-12);
    CHECK_NEAR(sum.weights[k], std::clamp(base[k] + total, 0.0, 4.0), 1e-12);
    const bool opposed = rises > 0 && falls > 0;
    CHECK_NEAR(consensus.weights[k], opposed ? base[k] : std::clamp(base[k] + total, 0.0, 4.0), 1e-12);
    ++(opposed ? split : agreed);
  }
  CHECK(agreed > 0 && split > 0);
  for (std::size_t j = 0; j < 5; ++j) {
    CHECK_NEAR(mean.thetas[j], (alone[0].thetas[j] + alone[1].thetas[j] + alone[2].thetas[j]) / 3, 1e-12);
  }
}

TEST("replicas: without learning nothing changes") {
  EventNetwork network(Learner());
  const std::vector<double> before = network.Weights(0);
  Replicas replicas(network, 2);
  CHECK(replicas.bytes_per_replica() > 0);
  ThreadTeam team(2);
  ImageProtocol protocol = kProtocol;
  protocol.learn = false;
  std::vector<std::uint16_t> counts(10);
  const std::vector<std::uint32_t> samples = {4, 5};
  const BatchReport report = replicas.PresentImages(Images(), samples, 0, protocol, team, counts);
  CHECK(report.spikes > 0 && report.synaptic_events > 0 && report.attempts >= 2);
  CHECK(network.Weights(0) == before);
}

TEST("replicas: a dark image is shown again, brighter, and given up in the end") {
  EventNetwork network(Learner());
  Replicas replicas(network, 1);
  ThreadTeam team(1);
  Dataset dark({.height = 4, .width = 4, .samples = 1});
  const std::vector<std::uint32_t> samples = {0};
  CHECK_EQUAL(replicas.PresentImages(dark, samples, 0, kProtocol, team, {}).attempts, kProtocol.max_attempts);
}

TEST("replicas: teaching strengthens the right output and weakens wrong ones") {
  NetworkSpec spec = Learner();
  spec.populations[0].kind = PopulationKind::kSpikeList;
  spec.projections[0].rule = Settings{"teaching", {{"wMax", 0.999}}, {}};
  spec.projections[0].weight = {.kind = Distribution::Kind::kUniform, .a = 0.4, .b = 0.6};
  spec.projections[0].gain = 20;
  EventNetwork network(spec);
  const std::vector<double> before = network.Weights(0);
  Replicas replicas(network, 1);
  ThreadTeam team(1);
  SpikeSample sample{{}, {}, 2};
  for (std::uint32_t i = 0; i < kPixels; ++i) {
    sample.times_ms.push_back(5 + i);
    sample.neurons.push_back(i);
  }
  const TeachingProtocol protocol = {.source = 0, .output = 1, .projection = 0, .sample_ms = 60};
  std::vector<std::uint16_t> counts(5);
  replicas.PresentSpikes(std::span(&sample, 1), 0, protocol, team, counts);
  const Connections connections = network.ConnectionsOf(0);
  const std::vector<double> after = network.Weights(0);
  std::vector<double> change(5);
  for (std::size_t k = 0; k < after.size(); ++k) change[connections.targets[k]] += after[k] - before[k];
  for (std::uint32_t j = 0; j < 5; ++j) {
    CHECK(counts[j] > 0);
    CHECK(j == 2 ? change[j] > 0 : change[j] < 0);
  }

  sample.times_ms[3] = 1;
  try {
    replicas.PresentSpikes(std::span(&sample, 1), 0, protocol, team, {});
    CHECK(false);
  } catch (const Error& error) {
    CHECK_EQUAL(error.field(), std::string("samples[0].timesMs[3]"));
  }
}

TEST("replicas: bad batches are refused") {
  EventNetwork network(Learner());
  CHECK_THROWS(Replicas(network, 0), ErrorCode::kInvalidArgument);
  Replicas replicas(network, 2);
  ThreadTeam team(1);
  const std::vector<std::uint32_t> one = {0}, far = {kImages}, many = {0, 1, 2};
  ImageProtocol wrong = kProtocol;
  wrong.source = 1;
  std::vector<std::uint16_t> short_counts(3);
  CHECK_THROWS(replicas.PresentImages(Images(), one, 0, wrong, team, {}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(replicas.PresentImages(Images(), far, 0, kProtocol, team, {}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(replicas.PresentImages(Images(), many, 0, kProtocol, team, {}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(replicas.PresentImages(Images(), one, 0, kProtocol, team, short_counts),
               ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace synfire::events
