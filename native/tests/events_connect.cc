// Drawn synapses: who reaches whom for every connector, statistics of draws, order of rows, reproducibility.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "native/events/connect.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const Tick kStep = TicksOf(0.1);

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Population 0 has `sources`, population 1 `targets` neurons; one projection between them.
NetworkSpec Between(std::uint32_t sources, std::uint32_t targets, Connector connector) {
  NetworkSpec spec;
  spec.populations = {{.name = "a", .size = sources}, {.name = "b", .size = targets}};
  spec.projections = {{.name = "p", .source = 0, .target = 1, .connector = std::move(connector)}};
  return spec;
}

/// The same within one population.
NetworkSpec Within(std::uint32_t size, Connector connector) {
  NetworkSpec spec = Between(size, 1, std::move(connector));
  spec.projections[0].target = 0;
  return spec;
}

Distribution Uniform(double low, double high) {
  return {.kind = Distribution::Kind::kUniform, .a = low, .b = high};
}

/// In stored order; dense ones written out.
Pairs PairsOf(const Synapses& synapses) {
  Pairs pairs;
  for (std::size_t i = 0; i + 1 < synapses.row.size(); ++i) {
    for (std::uint64_t k = synapses.row[i]; k < synapses.row[i + 1]; ++k) {
      const auto target =
          synapses.dense ? static_cast<std::uint32_t>(k - synapses.row[i]) : synapses.target[k];
      pairs.emplace_back(static_cast<std::uint32_t>(i), target);
    }
  }
  return pairs;
}

bool IsSet(const Pairs& pairs) {
  return std::adjacent_find(pairs.begin(), pairs.end()) == pairs.end();
}

bool HasSelf(const Pairs& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [](const auto& pair) { return pair.first == pair.second; });
}

std::vector<int> InDegrees(const Pairs& pairs, std::size_t targets) {
  std::vector<int> degrees(targets);
  for (const auto& [source, target] : pairs) ++degrees[target];
  return degrees;
}
std::vector<int> OutDegrees(const Pairs& pairs, std::size_t sources) {
  std::vector<int> degrees(sources);
  for (const auto& [source, target] : pairs) ++degrees[source];
  return degrees;
}
bool AllAre(const std::vector<int>& values, int value) {
  return std::all_of(values.begin(), values.end(), [value](int v) { return v == value; });
}

/// Chi-square of counts against one expectation, in standard deviations from its mean.
double Deviation(const std::vector<int>& counts, double expected, double variance) {
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / variance;
  const auto n = static_cast<double>(counts.size());
  return (sum - n) / std::sqrt(2 * n);
}

/// Rows cover all synapses, ids are in range, rows are ordered by (delay, target).
void CheckOrder(const Synapses& synapses, std::size_t sources, std::uint32_t targets) {
  CHECK_EQUAL(synapses.row.size(), sources + 1);
  CHECK_EQUAL(synapses.row[0], 0u);
  CHECK(std::is_sorted(synapses.row.begin(), synapses.row.end()));
  CHECK_EQUAL(synapses.target.size(), synapses.dense ? 0 : synapses.row.back());
  if (synapses.dense) return;
  for (std::size_t i = 0; i < sources; ++i) {
    for (std::uint64_t k = synapses.row[i]; k < synapses.row[i + 1]; ++k) {
      CHECK(synapses.target[k] < targets);
      if (k == synapses.row[i]) continue;
      const auto at = [&](std::uint64_t s) {
        return std::pair(synapses.delay.empty() ? 0 : synapses.delay[s], synapses.target[s]);
      };
      CHECK(at(k - 1) <= at(k));
    }
  }
}

TEST("events connect: one-to-one") {
  const Synapses synapses = Connect(Between(4, 4, OneToOne{}), 0, 0);
  CHECK(PairsOf(synapses) == Pairs({{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
  CHECK(!synapses.dense);
}

TEST("events connect: all-to-all is dense where one delay serves all and nobody is left out") {
  const Synapses all = Connect(Between(2, 3, AllToAll{}), 0, 0);
  CHECK(all.dense);
  CHECK(all.target.empty());
  CHECK(PairsOf(all) == Pairs({{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}));

  const Synapses others = Connect(Within(3, AllToAll{.self = false}), 0, 0);
  CHECK(!others.dense);
  CHECK(PairsOf(others) == Pairs({{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}}));
  const Synapses partners = Connect(Between(3, 3, AllToAll{.self = false}), 0, 0);
  CHECK(!partners.dense && partners.target == others.target);

  NetworkSpec late = Between(20, 30, AllToAll{});
  late.projections[0].delay_ms = Uniform(1, 5);
  const Synapses drawn = Connect(late, 0, kStep);
  CHECK(!drawn.dense);
  CheckOrder(drawn, 20, 30);
  CHECK(AllAre(InDegrees(PairsOf(drawn), 30), 20));
  CHECK(AllAre(OutDegrees(PairsOf(drawn), 20), 30));
}

TEST("events connect: fixed probability gives every pair the same chance") {
  const double p = 0.1;
  const std::uint32_t n = 1000;
  const Synapses synapses = Connect(Between(n, n, FixedProbability{p}), 0, 0);
  CheckOrder(synapses, n, n);
  const Pairs pairs = PairsOf(synapses);
  CHECK(IsSet(pairs));
  CHECK_NEAR(static_cast<double>(pairs.size()), n * n * p, 5 * std::sqrt(n * n * p * (1 - p)));
  CHECK_NEAR(Deviation(InDegrees(pairs, n), n * p, n * p * (1 - p)), 0, 5);
  CHECK_NEAR(Deviation(OutDegrees(pairs, n), n * p, n * p * (1 - p)), 0, 5);
}

TEST("events connect: neighbours of a fixed-probability synapse are independent of it") {
  const double p = 0.3;
  const std::uint32_t n = 600;
  const Pairs pairs = PairsOf(Connect(Between(n, n, FixedProbability{p}), 0, 0));
  std::vector<char> present(n * n);
  for (const auto& [source, target] : pairs) present[source * n + target] = 1;
  int right = 0, below = 0;
  for (std::uint32_t i = 0; i + 1 < n; ++i) {
    for (std::uint32_t j = 0; j + 1 < n; ++j) {
      right += present[i * n + j] & present[i * n + j + 1];
      below += present[i * n + j] & present[(i + 1) * n + j];
    }
  }
  const double expected = (n - 1) * (n - 1) * p * p;
  CHECK_NEAR(right, expected, 6 * std::sqrt(expected));
  CHECK_NEAR(below, expected, 6 * std::sqrt(expected));
}

TEST("events connect: probabilities near and at the ends") {
  CHECK(PairsOf(Connect(Between(50, 70, FixedProbability{0}), 0, 0)).empty());
  CHECK(Connect(Between(50, 70, FixedProbability{1}), 0, 0).dense);
  CHECK_EQUAL(PairsOf(Connect(Within(50, FixedProbability{1, false}), 0, 0)).size(), 50u * 49);
  const double rare = 1e-5;
  const auto few =
      static_cast<double>(PairsOf(Connect(Between(2000, 3000, FixedProbability{rare}), 0, 0)).size());
  CHECK_NEAR(few, 60, 5 * std::sqrt(60));
  const double often = 0.99;
  const auto most =
      static_cast<double>(PairsOf(Connect(Between(200, 300, FixedProbability{often}), 0, 0)).size());
  CHECK_NEAR(most, 59400, 5 * std::sqrt(60000 * often * (1 - often)));
  CHECK(PairsOf(Connect(Between(9, 9, FixedProbability{1e-300}), 0, 0)).empty());
}

TEST("events connect: fixed probability without self leaves out exactly oneself") {
  const std::uint32_t n = 300;
  const Pairs pairs = PairsOf(Connect(Within(n, FixedProbability{0.5, false}), 0, 0));
  CHECK(!HasSelf(pairs));
  CHECK(IsSet(pairs));
  CHECK_NEAR(static_cast<double>(pairs.size()), n * (n - 1) * 0.5, 5 * std::sqrt(n * n * 0.25));
  CHECK_NEAR(Deviation(InDegrees(pairs, n), (n - 1) * 0.5, (n - 1) * 0.25), 0, 5);
  CHECK(HasSelf(PairsOf(Connect(Within(n, FixedProbability{0.5}), 0, 0))));
}

TEST("events connect: fixed in-degree, each source at most once, all sources alike") {
  const std::uint32_t sources = 160, targets = 2000;
  for (const std::uint32_t count : {1u, 10u, 40u, 120u, 159u}) {  // sorted, scanned, inverted
    const Synapses synapses = Connect(Between(sources, targets, FixedInDegree{count}), 0, 0);
    CheckOrder(synapses, sources, targets);
    const Pairs pairs = PairsOf(synapses);
    CHECK(IsSet(pairs));
    CHECK(AllAre(InDegrees(pairs, targets), static_cast<int>(count)));
    const double p = static_cast<double>(count) / sources;
    CHECK_NEAR(Deviation(OutDegrees(pairs, sources), targets * p, targets * p * (1 - p)), 0, 5);
  }
  CHECK_EQUAL(PairsOf(Connect(Between(7, 5, FixedInDegree{7}), 0, 0)).size(), 35u);
}

TEST("events connect: fixed out-degree, each target at most once, all targets alike") {
  const std::uint32_t sources = 2000, targets = 160;
  for (const std::uint32_t count : {1u, 10u, 40u, 120u, 159u}) {
    const Synapses synapses = Connect(Between(sources, targets, FixedOutDegree{count}), 0, 0);
    CheckOrder(synapses, sources, targets);
    const Pairs pairs = PairsOf(synapses);
    CHECK(IsSet(pairs));
    CHECK(AllAre(OutDegrees(pairs, sources), static_cast<int>(count)));
    const double p = static_cast<double>(count) / targets;
    CHECK_NEAR(Deviation(InDegrees(pairs, targets), sources * p, sources * p * (1 - p)), 0, 5);
  }
}

TEST("events connect: degrees without self") {
  const std::uint32_t n = 400;
  for (const std::uint32_t count : {5u, 150u, n - 1}) {
    const Pairs in = PairsOf(Connect(Within(n, FixedInDegree{count, false}), 0, 0));
    const Pairs out = PairsOf(Connect(Within(n, FixedOutDegree{count, false}), 0, 0));
    CHECK(!HasSelf(in) && !HasSelf(out));
    CHECK(IsSet(in) && IsSet(out));
    CHECK(AllAre(InDegrees(in, n), static_cast<int>(count)));
    CHECK(AllAre(OutDegrees(out, n), static_cast<int>(count)));
  }
  CHECK(HasSelf(PairsOf(Connect(Within(n, FixedInDegree{n}), 0, 0))));
  CHECK(!HasSelf(PairsOf(Connect(Within(3, FixedInDegree{50, false, true}), 0, 0))));
  CHECK(!HasSelf(PairsOf(Connect(Within(3, FixedOutDegree{50, false, true}), 0, 0))));
}

TEST("events connect: degrees with multiple synapses of one pair") {
  const std::uint32_t sources = 50, targets = 400, count = 100;
  const Synapses in = Connect(Between(sources, targets, FixedInDegree{count, true, true}), 0, 0);
  CheckOrder(in, sources, targets);
  CHECK(AllAre(InDegrees(PairsOf(in), targets), static_cast<int>(count)));
  CHECK(!IsSet(PairsOf(in)));
  const double mean = static_cast<double>(targets) * count / sources;
  CHECK_NEAR(Deviation(OutDegrees(PairsOf(in), sources), mean, mean * (1 - 1.0 / sources)), 0, 5);

  const Synapses out = Connect(Between(targets, sources, FixedOutDegree{count, true, true}), 0, 0);
  CheckOrder(out, targets, sources);
  CHECK(AllAre(OutDegrees(PairsOf(out), targets), static_cast<int>(count)));
  CHECK_NEAR(Deviation(InDegrees(PairsOf(out), sources), mean, mean * (1 - 1.0 / sources)), 0, 5);
}

TEST("events connect: lists are ordered by source, delay and target, equal ones as given") {
  ConnectionList list;
  list.sources = {2, 0, 2, 0, 2, 0};
  list.targets = {1, 3, 0, 2, 1, 2};
  list.weights = {10, 11, 12, 13, 14, 15};
  list.delays_ms = {1, 1, 3, 2, 1, 2};
  const Synapses synapses = Connect(Between(3, 4, list), 0, 0);
  CHECK(PairsOf(synapses) == Pairs({{0, 3}, {0, 2}, {0, 2}, {2, 1}, {2, 1}, {2, 0}}));
  CHECK(synapses.row == std::vector<std::uint64_t>({0, 3, 3, 6}));
  CHECK(synapses.weight == std::vector<float>({11, 13, 15, 10, 14, 12}));
  CHECK(synapses.delay ==
        std::vector<Tick>({TicksOf(1), TicksOf(2), TicksOf(2), TicksOf(1), TicksOf(1), TicksOf(3)}));

  list.delays_ms.clear();
  const Synapses prompt = Connect(Between(3, 4, list), 0, 0);
  CHECK(PairsOf(prompt) == Pairs({{0, 2}, {0, 2}, {0, 3}, {2, 0}, {2, 1}, {2, 1}}));
  CHECK(prompt.weight == std::vector<float>({13, 15, 11, 12, 10, 14}));
  CHECK(prompt.delay.empty());
  CHECK_EQUAL(prompt.uniform_delay, TicksOf(2));
}

TEST("events connect: an empty list has rows without synapses") {
  const Synapses synapses = Connect(Between(3, 4, ConnectionList{}), 0, 0);
  CHECK(synapses.row == std::vector<std::uint64_t>({0, 0, 0, 0}));
  CHECK(synapses.target.empty());
  CHECK_EQUAL(synapses.uniform_delay, TicksOf(2));
}

TEST("events connect: a list's draws belong to its entries, not to their order in rows") {
  ConnectionList list = {.sources = {1, 0, 1}, .targets = {0, 1, 1}, .weights = {}, .delays_ms = {}};
  NetworkSpec spec = Between(2, 2, list);
  spec.projections[0].weight = Uniform(0, 1);
  const Synapses synapses = Connect(spec, 0, 0);  // entries 1, 0, 2
  list.sources = {0, 0, 0};
  list.targets = {0, 1, 1};
  spec.projections[0].connector = list;
  const Synapses in_order = Connect(spec, 0, 0);
  CHECK(synapses.weight == std::vector<float>({in_order.weight[1], in_order.weight[0], in_order.weight[2]}));
}

TEST("events connect: matrices leave out NaN and are dense without it") {
  const Synapses full = Connect(Between(2, 2, DenseMatrix{{1, 2, 3, 4}, {}}), 0, 0);
  CHECK(full.dense);
  CHECK(full.weight == std::vector<float>({1, 2, 3, 4}));

  const Synapses sparse = Connect(Between(2, 3, DenseMatrix{{1, kNaN, 3, kNaN, 5, kNaN}, {}}), 0, 0);
  CHECK(!sparse.dense);
  CHECK(PairsOf(sparse) == Pairs({{0, 0}, {0, 2}, {1, 1}}));
  CHECK(sparse.weight == std::vector<float>({1, 3, 5}));

  const DenseMatrix late = {{1, 2, 3, 4, 5, kNaN}, {3, 2, 1, 2, 2, kNaN}};
  const Synapses delayed = Connect(Between(2, 3, late), 0, 0);
  CHECK(PairsOf(delayed) == Pairs({{0, 2}, {0, 1}, {0, 0}, {1, 0}, {1, 1}}));
  CHECK(delayed.weight == std::vector<float>({3, 2, 1, 4, 5}));
}

using Edge = std::tuple<std::uint32_t, std::uint32_t, float, Tick>;

std::vector<Edge> SortedEdges(const Synapses& synapses) {
  const Pairs pairs = PairsOf(synapses);
  std::vector<Edge> edges;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    edges.emplace_back(pairs[k].first, pairs[k].second, synapses.weight[k],
                       synapses.delay.empty() ? synapses.uniform_delay : synapses.delay[k]);
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

TEST("events connect: weights travel with their synapses when rows are ordered by delay") {
  NetworkSpec spec = Between(100, 200, FixedProbability{0.3});
  spec.projections[0].weight = Uniform(0, 1);
  const std::vector<Edge> prompt = SortedEdges(Connect(spec, 0, kStep));
  spec.projections[0].delay_ms = Uniform(0.5, 5);
  const Synapses late = Connect(spec, 0, kStep);
  CheckOrder(late, 100, 200);
  const std::vector<Edge> delayed = SortedEdges(late);
  CHECK_EQUAL(delayed.size(), prompt.size());
  for (std::size_t k = 0; k < prompt.size(); ++k) {
    CHECK_EQUAL(std::get<0>(delayed[k]), std::get<0>(prompt[k]));
    CHECK_EQUAL(std::get<1>(delayed[k]), std::get<1>(prompt[k]));
    CHECK_EQUAL(std::get<2>(delayed[k]), std::get<2>(prompt[k]));
  }
  spec.precision = Precision::kFloat64;
  const Synapses doubles = Connect(spec, 0, kStep);
  CHECK(doubles.target == late.target);
  for (std::size_t k = 0; k < late.weight.size(); ++k) {
    CHECK_EQUAL(static_cast<float>(doubles.weight64[k]), late.weight[k]);
  }
}

TEST("events connect: delays are rounded to the grid, and one delay for all is kept once") {
  NetworkSpec spec = Between(50, 50, AllToAll{});
  spec.projections[0].delay_ms = Uniform(0.5, 5);
  const Synapses drawn = Connect(spec, 0, kStep);
  CHECK_EQUAL(drawn.delay.size(), 2500u);
  std::map<Tick, int> counts;
  for (const Tick delay : drawn.delay) {
    CHECK_EQUAL(delay % kStep, 0);
    ++counts[delay];
  }
  CHECK_EQUAL(counts.begin()->first, TicksOf(0.5));
  CHECK_EQUAL(counts.rbegin()->first, TicksOf(5));
  CHECK_EQUAL(counts.size(), 46u);

  CHECK(Connect(spec, 0, 0).delay[0] % kStep != 0);
  spec.projections[0].delay_ms = Uniform(1.96, 2.04);
  const Synapses same = Connect(spec, 0, kStep);
  CHECK(same.delay.empty());
  CHECK_EQUAL(same.uniform_delay, TicksOf(2));
  spec.projections[0].delay_ms = {.a = 1.26};
  CHECK_EQUAL(Connect(spec, 0, kStep).uniform_delay, TicksOf(1.3));
  CHECK_EQUAL(Connect(spec, 0, 0).uniform_delay, TicksOf(1.26));
}

struct Moments {
  double mean = 0;
  double variance = 0;
  double fourth = 0;
};

Moments MomentsOf(const std::vector<double>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  m.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  for (const double value : values) {
    const double square = (value - m.mean) * (value - m.mean);
    m.variance += square / n;
    m.fourth += square * square / n;
  }
  return m;
}

std::vector<double> DrawnWeights(const Distribution& weight) {
  NetworkSpec spec = Between(200, 500, AllToAll{});
  spec.precision = Precision::kFloat64;
  spec.projections[0].weight = weight;
  return Connect(spec, 0, 0).weight64;
}

TEST("events connect: uniform weights") {
  const std::vector<double> weights = DrawnWeights(Uniform(0.4, 0.6));
  CHECK_EQUAL(weights.size(), 100000u);
  const auto [low, high] = std::minmax_element(weights.begin(), weights.end());
  CHECK(*low >= 0.4 && *low < 0.4001 && *high < 0.6 && *high > 0.5999);
  const Moments m = MomentsOf(weights);
  CHECK_NEAR(m.mean, 0.5, 5 * 0.2 / std::sqrt(12e5));
  CHECK_NEAR(m.variance, 0.04 / 12, 0.04 / 12 * 0.02);
}

TEST("events connect: normal weights, clipped where asked for") {
  const Moments m = MomentsOf(DrawnWeights({.kind = Distribution::Kind::kNormal, .a = -3, .b = 2}));
  CHECK_NEAR(m.mean, -3, 5 * 2 / std::sqrt(1e5));
  CHECK_NEAR(m.variance, 4, 4 * 0.03);
  CHECK_NEAR(m.fourth / (m.variance * m.variance), 3, 0.1);
  const std::vector<double> clipped =
      DrawnWeights({.kind = Distribution::Kind::kNormal, .a = 0, .b = 1, .min = 0, .max = 2});
  const auto at = [&](double value) { return std::count(clipped.begin(), clipped.end(), value); };
  CHECK_NEAR(static_cast<double>(at(0)), 50000, 800);
  CHECK_NEAR(static_cast<double>(at(2)), 2275, 250);
  CHECK(std::all_of(clipped.begin(), clipped.end(), [](double w) { return w >= 0 && w <= 2; }));
}

TEST("events connect: one weight for all is kept once unless weights can change") {
  NetworkSpec spec = Between(3, 3, AllToAll{});
  spec.projections[0].weight.a = 1.5;
  const Synapses fixed = Connect(spec, 0, 0);
  CHECK(fixed.weight.empty() && fixed.weight64.empty());
  CHECK_EQUAL(fixed.uniform_weight, 1.5);
  NetworkSpec with_rule = spec, normalised = spec, scaled = spec;
  with_rule.projections[0].rule = Settings{.kind = "pair"};
  normalised.projections[0].normalisation.emplace();
  scaled.projections[0].scaling.emplace();
  for (const NetworkSpec& changing : {with_rule, normalised, scaled}) {
    CHECK(Connect(changing, 0, 0).weight == std::vector<float>(9, 1.5f));
  }
  scaled.precision = Precision::kFloat64;
  CHECK(Connect(scaled, 0, 0).weight64 == std::vector<double>(9, 1.5));
}

bool Same(const Synapses& a, const Synapses& b) {
  return a.row == b.row && a.target == b.target && a.weight == b.weight && a.delay == b.delay;
}

TEST("events connect: synapses depend on the seed and the index of the projection, on nothing else") {
  for (const Connector& connector :
       std::vector<Connector>{FixedProbability{0.2}, FixedInDegree{7}, FixedOutDegree{7}, AllToAll{}}) {
    NetworkSpec spec = Between(60, 40, connector);
    spec.projections[0].weight = Uniform(0, 1);
    spec.projections[0].delay_ms = Uniform(1, 3);
    const Synapses first = Connect(spec, 0, kStep);
    CHECK(Same(first, Connect(spec, 0, kStep)));
    spec.projections.push_back(spec.projections[0]);
    spec.populations.push_back({.name = "c", .size = 5});
    CHECK(Same(first, Connect(spec, 0, kStep)));
    CHECK(!Same(first, Connect(spec, 1, kStep)));
    for (const std::uint64_t seed : {std::uint64_t{2}, std::uint64_t{1} << 40}) {
      NetworkSpec other = spec;
      other.seed = seed;
      CHECK(!Same(first, Connect(other, 0, kStep)));
    }
  }
}

TEST("events connect: who connects does not depend on how weights and delays are drawn") {
  NetworkSpec spec = Between(60, 40, FixedProbability{0.2});
  const Pairs plain = PairsOf(Connect(spec, 0, 0));
  spec.projections[0].weight = Uniform(0, 1);
  spec.projections[0].delay_ms = Uniform(1, 3);
  Pairs drawn = PairsOf(Connect(spec, 0, 0));
  std::sort(drawn.begin(), drawn.end());
  CHECK(plain == drawn);
}

TEST("events connect: the number of synapses is known before they are drawn") {
  const auto expected = [](const NetworkSpec& spec) { return ExpectedSynapses(spec, 0); };
  const auto drawn = [](const NetworkSpec& spec) {
    return static_cast<double>(Connect(spec, 0, 0).row.back());
  };
  for (const NetworkSpec& spec : {
           Between(6, 6, OneToOne{}),
           Between(6, 7, AllToAll{}),
           Within(6, AllToAll{.self = false}),
           Between(6, 7, FixedInDegree{3}),
           Between(6, 7, FixedOutDegree{3}),
           Between(6, 7, FixedProbability{1}),
           Between(6, 7, FixedProbability{0}),
           Between(2, 2, ConnectionList{{0, 1, 1}, {0, 0, 0}, {}, {}}),
           Between(2, 2, DenseMatrix{{1, kNaN, 3, 4}, {}}),
       }) {
    CHECK_EQUAL(expected(spec), drawn(spec));
  }
  NetworkSpec random = Between(300, 400, FixedProbability{0.1});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    random.seed = seed;
    CHECK(drawn(random) <= expected(random));
  }
  CHECK_NEAR(expected(random), 12000 + 5 * std::sqrt(10800), 1);
}

}  // namespace
}  // namespace synfire::events
