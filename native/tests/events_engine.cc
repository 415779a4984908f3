// The event engine as a whole: threads, cuts of time, checkpoints, rules, recorders, errors.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "native/base/thread_team.h"
#include "native/events/network.h"
#include "native/events/rules.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

Distribution Constant(double value) {
  return {.a = value};
}
Distribution Uniform(double low, double high) {
  return {.kind = Distribution::Kind::kUniform, .a = low, .b = high};
}

PopulationSpec Neurons(const std::string& name, std::uint32_t size, const std::string& model,
                       std::map<std::string, double, std::less<>> numbers = {},
                       std::map<std::string, std::string, std::less<>> choices = {}) {
  PopulationSpec spec;
  spec.name = name;
  spec.size = size;
  spec.model = {model, std::move(numbers), std::move(choices)};
  return spec;
}

PopulationSpec Source(const std::string& name, std::uint32_t size, PopulationKind kind, double rate_hz = 0) {
  PopulationSpec spec;
  spec.name = name;
  spec.size = size;
  spec.kind = kind;
  spec.rate_hz = rate_hz;
  return spec;
}

ProjectionSpec Project(std::uint32_t source, std::uint32_t target, Connector connector, Distribution weight,
                       Distribution delay_ms) {
  ProjectionSpec spec;
  spec.name = std::to_string(source) + "->" + std::to_string(target);
  spec.source = source;
  spec.target = target;
  spec.connector = std::move(connector);
  spec.weight = weight;
  spec.delay_ms = delay_ms;
  return spec;
}

constexpr std::uint32_t kPopulations = 7;
constexpr std::uint32_t kProjections = 14;

/// Every kind of population, synapse, delay and rule in one recurrent network.
NetworkSpec Zoo(Precision precision) {
  NetworkSpec spec;
  spec.seed = 7;
  spec.dt_ms = 0.5;
  spec.precision = precision;
  spec.populations = {
      Source("noise", 60, PopulationKind::kPoisson, 150),
      Neurons("grid", 150, "lif", {{"thetaPlusMv", 0.2}, {"tauThetaMs", 200}}, {{"integration", "grid"}}),
      Neurons("exact", 70, "lif", {{"refractoryMs", 2}, {"relativeAmplitudeMv", 2}},
              {{"integration", "exact"}, {"synapse", "exponential"}}),
      Neurons("conductance", 90, "conductance-lif", {{"tauMs", 20}, {"thetaPlusMv", 0.1}}),
      Neurons("izhikevich", 40, "izhikevich"),
      Neurons("adex", 33, "adex"),
      Neurons("few", 9, "lif", {}, {{"integration", "grid"}}),
  };
  spec.populations[1].intrinsic = IntrinsicPlasticity{.period_ms = 50};
  spec.populations[1].initial = {{"v", Uniform(-70, -56)}};
  spec.populations[2].initial = {{"v", Uniform(-70, -56)}};
  const auto plastic = [](ProjectionSpec projection, Settings rule) {
    projection.rule = std::move(rule);
    return projection;
  };
  const Connector tenth = FixedProbability{0.1};
  const Distribution late = Uniform(1, 6);
  spec.projections = {
      plastic(Project(0, 1, FixedInDegree{12}, Uniform(2, 4), Constant(0)), {"pair", {{"wMax", 5}}, {}}),
      plastic(Project(0, 2, FixedProbability{0.4}, Uniform(5, 9), Constant(1)),
              {"triplet", {{"wMax", 10}}, {}}),
      plastic(Project(0, 3, AllToAll{}, Uniform(0.01, 0.05), Constant(1.5)), {"diehl-cook", {}, {}}),
      Project(0, 4, FixedProbability{0.5}, Constant(4), Constant(2)),
      Project(0, 5, FixedOutDegree{10}, Constant(300), late),
      plastic(Project(1, 1, tenth, Uniform(0.5, 3), late),
              {"pair", {{"wMax", 5}, {"metaThreshold", 0.1}}, {}}),
      plastic(Project(1, 2, tenth, Uniform(1, 4), Constant(1.5)),
              {"pair", {{"wMax", 5}}, {{"pairing", "nearest-pre-centred"}}}),
      plastic(Project(2, 1, tenth, Uniform(1, 4), late), {"reward", {{"wMax", 5}}, {}}),
      plastic(Project(2, 2, FixedProbability{0.2}, Uniform(0.2, 0.8), Constant(3)), {"teaching", {}, {}}),
      plastic(Project(3, 1, tenth, Uniform(0.2, 0.8), Constant(2)), {"soft-bound", {}, {}}),
      plastic(Project(4, 1, tenth, Uniform(0.1, 2), Constant(2)), {"vogels", {}, {}}),
      plastic(Project(1, 3, tenth, Uniform(0.01, 0.05), late),
              {"pair", {{"wMax", 0.1}}, {{"pairing", "nearest-reduced"}, {"dependence", "multiplicative"}}}),
      Project(5, 2, FixedOutDegree{1}, Constant(-3), Constant(1)),
      plastic(Project(0, 6, AllToAll{}, Uniform(1, 3), Constant(1)), {"pair", {{"wMax", 5}}, {}}),
  };
  spec.projections[5].scaling = SynapticScaling{.period_ms = 40, .w_max = 5};
  spec.projections[2].normalisation = Normalisation{.total = 2, .period_ms = 75};
  spec.projections[6].dendritic_ms = 0.5;
  spec.projections[12].receptor = Receptor::kInhibitory;
  spec.projections[10].receptor = Receptor::kInhibitory;
  spec.projections[10].gain = -1;
  return spec;
}

/// All that a run leaves behind.
struct Outcome {
  std::vector<std::vector<double>> times_ms;
  std::vector<std::vector<std::uint32_t>> neurons;
  std::vector<std::vector<double>> weights;
  std::vector<std::vector<double>> potentials;
  std::uint64_t events = 0;
  bool operator==(const Outcome&) const = default;
};

class Recorded {
 public:
  explicit Recorded(EventNetwork& network) : network_(network) {
    for (std::uint32_t p = 0; p < network.spec().populations.size(); ++p) {
      recorders_.push_back(network.RecordSpikes(p, {}));
    }
  }
  Outcome Take(std::uint64_t events) {
    Outcome outcome;
    outcome.events = events;
    for (const int recorder : recorders_) {
      SpikeRecord record = network_.TakeSpikes(recorder);
      outcome.times_ms.push_back(std::move(record.times_ms));
      outcome.neurons.push_back(std::move(record.neurons));
    }
    for (std::uint32_t p = 0; p < network_.spec().projections.size(); ++p)
      outcome.weights.push_back(network_.Weights(p));
    for (std::uint32_t p = 0; p < network_.spec().populations.size(); ++p) {
      if (network_.spec().populations[p].kind == PopulationKind::kNeurons) {
        outcome.potentials.push_back(network_.State(p, "v"));
      }
    }
    return outcome;
  }

 private:
  EventNetwork& network_;
  std::vector<int> recorders_;
};

Outcome RunZoo(Precision precision, int threads, const std::vector<double>& durations_ms) {
  EventNetwork network(Zoo(precision));
  Recorded recorded(network);
  ThreadTeam team(threads);
  std::uint64_t events = 0;
  for (const double duration : durations_ms) {
    if (network.now() == TicksOf(150)) network.Reward(0.5);
    events += network.Run(duration, team).synaptic_events;
  }
  return recorded.Take(events);
}

TEST("an event network gives the same bits for any number of threads") {
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
    const Outcome one = RunZoo(precision, 1, {150, 150});
    for (const auto& spikes : one.times_ms) CHECK(spikes.size() > 20);
    for (std::size_t p = 0; p < one.weights.size(); ++p) CHECK(!one.weights[p].empty());
    for (const int threads : {2, 3, 7}) CHECK(RunZoo(precision, threads, {150, 150}) == one);
  }
}

TEST("an event network gives the same bits however its time is cut into runs") {
  const Outcome whole = RunZoo(Precision::kFloat32, 2, {150, 150});
  CHECK(RunZoo(Precision::kFloat32, 1, {150, 0.5, 0, 7.5, 42, 100}) == whole);
}

TEST("an event network gives the same bits when the number of threads changes between runs") {
  const Outcome whole = RunZoo(Precision::kFloat32, 1, {150, 150});
  EventNetwork network(Zoo(Precision::kFloat32));
  Recorded recorded(network);
  std::uint64_t events = 0;
  for (const int threads : {3, 1, 7, 2, 5, 1}) {
    if (network.now() == TicksOf(150)) network.Reward(0.5);
    ThreadTeam team(threads);
    events += network.Run(50, team).synaptic_events;
  }
  CHECK(recorded.Take(events) == whole);
}

TEST("every rule changes weights, and only those of its projection") {
  EventNetwork network(Zoo(Precision::kFloat64));
  std::vector<std::vector<double>> before;
  for (std::uint32_t p = 0; p < kProjections; ++p) before.push_back(network.Weights(p));
  ThreadTeam team(2);
  network.Reward(0.1);
  network.Run(300, team);
  network.Teach(8, std::vector<double>(70, 1.0));
  for (std::uint32_t p = 0; p < kProjections; ++p) {
    const bool plastic = network.spec().projections[p].rule.has_value();
    CHECK((network.Weights(p) != before[p]) == plastic);
    for (const double w : network.Weights(p)) CHECK(std::isfinite(w));
  }
}

TEST("an event network resumes from its exported state to the same bits") {
  const Outcome whole = RunZoo(Precision::kFloat32, 2, {150, 150});
  EventNetwork first(Zoo(Precision::kFloat32));
  Recorded first_part(first);
  ThreadTeam team(3);
  const std::uint64_t events = first.Run(143.5, team).synaptic_events;
  Outcome begun = first_part.Take(0);
  const std::vector<StateTensor> state = first.ExportState();

  EventNetwork second(Zoo(Precision::kFloat32));
  second.ImportState(state);
  CHECK_EQUAL(second.now(), TicksOf(143.5));
  Recorded second_part(second);
  std::uint64_t rest = second.Run(6.5, team).synaptic_events;
  second.Reward(0.5);
  rest += second.Run(150, team).synaptic_events;
  Outcome outcome = second_part.Take(events + rest);
  for (std::size_t p = 0; p < outcome.times_ms.size(); ++p) {
    outcome.times_ms[p].insert(outcome.times_ms[p].begin(), begun.times_ms[p].begin(),
                               begun.times_ms[p].end());
    outcome.neurons[p].insert(outcome.neurons[p].begin(), begun.neurons[p].begin(), begun.neurons[p].end());
  }
  CHECK(outcome == whole);
}

TEST("a damaged state of an event network is refused and changes nothing") {
  EventNetwork network(Zoo(Precision::kFloat32));
  ThreadTeam team(2);
  network.Run(60, team);
  const std::vector<StateTensor> good = network.ExportState();
  const auto as_bytes = [](const std::vector<StateTensor>& tensors) {
    std::vector<std::byte> all;
    for (const StateTensor& t : tensors) all.insert(all.end(), t.bytes.begin(), t.bytes.end());
    return all;
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<StateTensor> damaged = good;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_THROWS(network.ImportState(damaged), ErrorCode::kCheckpoint);
    if (good[i].bytes.empty()) continue;
    damaged = good;
    damaged[i].bytes.pop_back();
    CHECK_THROWS(network.ImportState(damaged), ErrorCode::kCheckpoint);
    damaged = good;
    std::fill(damaged[i].bytes.begin(), damaged[i].bytes.end(), std::byte{0xff});
    try {  // some arrays may hold anything, such as the count of spikes: then it must still run
      network.ImportState(damaged);
      network.Run(5, team);
      network.ImportState(good);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kCheckpoint || error.code() == ErrorCode::kNumeric);
      network.ImportState(good);
    }
  }
  CHECK(as_bytes(network.ExportState()) == as_bytes(good));
}

TEST("observing an event network changes nothing") {
  const Outcome whole = RunZoo(Precision::kFloat32, 2, {150, 150});
  EventNetwork network(Zoo(Precision::kFloat32));
  Recorded recorded(network);
  network.RecordWeights(5, {}, 7);
  network.RecordState(2, "v", {0, 3}, 0.5);
  network.RecordTraces(0, "post", 0, {}, 2.5);
  ThreadTeam team(2);
  std::uint64_t events = 0;
  for (int i = 0; i < 10; ++i) {
    if (i == 5) network.Reward(0.5);
    events += network.Run(30, team).synaptic_events;
    network.Weights(0);
    network.ExportState();
  }
  CHECK(recorded.Take(events) == whole);
}

TEST("every spike is delivered exactly once to each of its synapses") {
  EventNetwork network(Zoo(Precision::kFloat32));
  std::vector<int> recorders;
  for (std::uint32_t p = 0; p < kPopulations; ++p) recorders.push_back(network.RecordSpikes(p, {}));
  ThreadTeam team(2);
  const std::uint64_t delivered = network.Run(200, team).synaptic_events;
  std::vector<SpikeRecord> spikes;
  for (const int recorder : recorders) spikes.push_back(network.TakeSpikes(recorder));
  std::uint64_t expected = 0;
  for (std::uint32_t p = 0; p < kProjections; ++p) {
    const std::uint32_t source = network.spec().projections[p].source;
    const Connections connections = network.ConnectionsOf(p);
    std::vector<std::vector<double>> delays(network.spec().populations[source].size);
    for (std::size_t k = 0; k < connections.sources.size(); ++k) {
      delays[connections.sources[k]].push_back(connections.delays_ms[k]);
    }
    for (std::size_t i = 0; i < spikes[source].neurons.size(); ++i) {
      for (const double delay : delays[spikes[source].neurons[i]]) {
        expected += TicksOf(spikes[source].times_ms[i]) + TicksOf(delay) <= TicksOf(200);
      }
    }
  }
  CHECK_EQUAL(delivered, expected);
}

TEST("a reset event network starts over, with other noise for another sample") {
  NetworkSpec spec = Zoo(Precision::kFloat32);
  for (ProjectionSpec& projection : spec.projections) {
    projection.rule.reset();
    projection.scaling.reset();
    projection.normalisation.reset();
  }
  for (PopulationSpec& population : spec.populations) population.intrinsic.reset();
  spec.populations[1].model.numbers["thetaPlusMv"] = 0;
  spec.populations[3].model.numbers["thetaPlusMv"] = 0;
  EventNetwork network(spec);
  Recorded recorded(network);
  ThreadTeam team(2);
  const Outcome first = recorded.Take(network.Run(100, team).synaptic_events);
  network.Reset(0);
  CHECK_EQUAL(network.now(), 0);
  CHECK(recorded.Take(network.Run(100, team).synaptic_events) == first);
  network.Reset(1);
  CHECK(recorded.Take(network.Run(100, team).synaptic_events).times_ms[0] != first.times_ms[0]);
}

TEST("learning of an event network can be switched off and on") {
  EventNetwork network(Zoo(Precision::kFloat32));
  ThreadTeam team(2);
  network.Run(50, team);
  network.SetLearning(false);
  std::vector<std::vector<double>> before;
  for (std::uint32_t p = 0; p < 12; ++p) before.push_back(network.Weights(p));
  const std::vector<double> theta = network.State(3, "theta");
  network.Run(20, team);
  for (std::uint32_t p = 0; p < 12; ++p) {
    if (p != 5 && p != 2) CHECK(network.Weights(p) == before[p]);  // scaling and normalisation go on
  }
  CHECK(network.State(3, "theta") == theta);
  network.SetLearning(true);
  network.Run(60, team);
  CHECK(network.Weights(0) != before[0]);
  CHECK(network.State(3, "theta") != theta);
}

TEST("normalisation gives each target the same sum of weights") {
  EventNetwork network(Zoo(Precision::kFloat64));
  ThreadTeam team(1);
  network.Run(40, team);
  network.Normalise(2, 3);
  std::vector<double> sums(90);
  const Connections connections = network.ConnectionsOf(2);
  const std::vector<double> weights = network.Weights(2);
  for (std::size_t k = 0; k < weights.size(); ++k) sums[connections.targets[k]] += weights[k];
  for (const double sum : sums) CHECK_NEAR(sum, 3.0, 1e-12);
}

TEST("runaway activity names its population and leaves the network usable") {
  NetworkSpec spec;
  spec.populations = {Source("drive", 1, PopulationKind::kSpikeList),
                      Neurons("burst", 200, "lif", {}, {{"integration", "grid"}})};
  spec.populations[1].max_spikes_per_ms = 100;
  spec.projections = {Project(0, 1, AllToAll{}, Constant(50), Constant(1))};
  EventNetwork network(spec);
  ThreadTeam team(2);
  network.AddSpikes(0, std::vector<double>{5}, std::vector<std::uint32_t>{0});
  network.Run(5, team);
  try {
    network.Run(5, team);
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kNumeric);
    CHECK(std::string(error.what()).find("\"burst\" fired 200 spikes") != std::string::npos);
    CHECK_EQUAL(error.field(), std::string("populations[1]"));
  }
  CHECK_EQUAL(network.SpikeCounts(1)[7], 1u);
  CHECK_EQUAL(network.Run(5, team).spikes, 0u);  // stays usable
}

TEST("bad calls of an event network are refused") {
  EventNetwork network(Zoo(Precision::kFloat32));
  ThreadTeam team(1);
  CHECK_THROWS(network.Run(0.25, team), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Run(-1, team), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Run(std::nan(""), team), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.State(9, "v"), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.State(1, "nothing"), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.SetState(1, "v", std::vector<double>(3)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.SetRates(0, std::vector<double>(60, -1)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.SetRates(1, std::vector<double>(60, 1)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.SetWeights(0, std::vector<double>(1)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Normalise(3, 1), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Teach(0, std::vector<double>(150)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.RecordSpikes(1, {150}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.RecordState(1, "v", {}, 0.3), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.RecordTraces(3, "pre", 0, {}, 1), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.TakeValues(4), ErrorCode::kInvalidArgument);
  NetworkSpec large = Zoo(Precision::kFloat32);
  large.max_bytes = 1000;
  CHECK_THROWS(EventNetwork{large}, ErrorCode::kOutOfMemory);
  CHECK_EQUAL(network.Run(5, team).simulated_ms, 5.0);
}

TEST("a stopped run goes on to the same bits") {
  const Outcome whole = RunZoo(Precision::kFloat32, 2, {150, 150});
  EventNetwork network(Zoo(Precision::kFloat32));
  Recorded recorded(network);
  ThreadTeam team(2);
  RunControl control;
  control.stop = true;
  CHECK(network.Run(150, team, &control).stopped);
  control.stop = false;
  std::uint64_t events = network.Run(150, team, &control).synaptic_events;
  CHECK_EQUAL(control.now.load(), TicksOf(150));
  network.Reward(0.5);
  events += network.Run(150, team).synaptic_events;
  CHECK(recorded.Take(events) == whole);
}

}  // namespace
}  // namespace synfire::events
