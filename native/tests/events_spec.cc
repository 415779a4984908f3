// Descriptions of event networks: what is possible passes with defaults filled in, what is not is named.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "native/events/spec.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Populations of Possible().
enum : std::uint32_t { kExact, kCurrents, kConductances, kList, kPoisson, kGridDelta, kPopulations };

PopulationSpec Neurons(const char* name, std::uint32_t size, Settings model) {
  return {.name = name, .size = size, .model = std::move(model)};
}

ProjectionSpec Projection(const char* name, std::uint32_t source, std::uint32_t target, Connector connector) {
  return {.name = name, .source = source, .target = target, .connector = std::move(connector)};
}

/// Some of everything; dt 0.1.
NetworkSpec Possible() {
  NetworkSpec spec;
  spec.populations = {
      Neurons("exact", 10, {.kind = "lif"}),
      Neurons("currents", 8,
              {.kind = "lif", .choices = {{"synapse", "exponential"}, {"integration", "grid"}}}),
      Neurons("conductances", 8, {.kind = "conductance-lif"}),
      {.name = "list", .size = 5, .kind = PopulationKind::kSpikeList},
      {.name = "poisson", .size = 10, .kind = PopulationKind::kPoisson, .rate_hz = 20},
      Neurons("gridDelta", 4, {.kind = "lif", .choices = {{"integration", "grid"}}}),
  };
  spec.populations[kCurrents].initial = {{"v", {.kind = Distribution::Kind::kUniform, .a = -60, .b = -50}},
                                         {"theta", {.a = 20}}};
  spec.populations[kExact].intrinsic.emplace();
  spec.projections = {
      Projection("0", kPoisson, kExact, OneToOne{}),
      Projection("1", kCurrents, kConductances, FixedProbability{0.5}),
      Projection("2", kList, kCurrents, ConnectionList{{0, 4}, {7, 0}, {0.5, -1}, {0, 3}}),
      Projection("3", kExact, kExact, FixedInDegree{9, false}),
      Projection("4", kExact, kGridDelta, FixedOutDegree{4}),
      Projection("5", kList, kGridDelta, DenseMatrix{std::vector<double>(20, 1.0), {}}),
      Projection("6", kConductances, kConductances, AllToAll{}),
  };
  spec.projections[1].rule = Settings{.kind = "pair", .numbers = {{"tauPlusMs", 15}}};
  spec.projections[1].normalisation.emplace();
  spec.projections[1].scaling.emplace();
  return spec;
}

using Change = std::function<void(NetworkSpec&)>;

bool Passes(const Change& change) {
  NetworkSpec spec = Possible();
  change(spec);
  try {
    Validate(spec);
  } catch (const Error& error) {
    test::Fail(error.what(), std::source_location::current());
    return false;
  }
  return true;
}

struct Impossible {
  std::string field;
  Change change;
};

/// The error of a spec, which must be one about an argument.
Error ErrorOf(const Change& change) {
  NetworkSpec spec = Possible();
  change(spec);
  try {
    Validate(spec);
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::kInternal, "nothing thrown");
}

void CheckAll(const std::vector<Impossible>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Error error = ErrorOf(cases[i].change);
    if (error.code() == ErrorCode::kInvalidArgument && error.field() == cases[i].field) continue;
    test::Fail("case " + std::to_string(i) + ", " + cases[i].field + ": " + error.what(),
               std::source_location::current());
  }
}

TEST("events spec: what is possible passes, with the defaults of models and rules filled in") {
  NetworkSpec spec = Possible();
  Validate(spec);
  CHECK_EQUAL(NumberOf(spec.populations[kExact].model, "tauMs"), 15.0);
  CHECK_EQUAL(ChoiceOf(spec.populations[kCurrents].model, "integration"), "grid");
  CHECK_EQUAL(NumberOf(*spec.projections[1].rule, "tauPlusMs"), 15.0);
  CHECK_EQUAL(NumberOf(*spec.projections[1].rule, "tauMinusMs"), 20.0);
  const auto numbers = spec.projections[1].rule->numbers;
  Validate(spec);
  CHECK(spec.projections[1].rule->numbers == numbers);
}

TEST("events spec: errors say field, value and what would be valid") {
  const Error error = ErrorOf([](NetworkSpec& s) { s.populations[kExact].model.numbers["tauMs"] = -3; });
  CHECK_EQUAL(error.field(), "populations[0].parameters.tauMs");
  CHECK_EQUAL(error.value(), "-3");
  CHECK_EQUAL(error.expected(), "a number from 0.001 to 1e+12");
  const Error delay = ErrorOf([](NetworkSpec& s) { s.projections[4].delay_ms.a = 0.05; });
  CHECK_EQUAL(std::string(delay.what()),
              "projections[4].delayMs is 0.05; expected a delay from dtMs, 0.1 ms, to 1e+06 ms");
}

TEST("events spec: the network as a whole") {
  CheckAll({
      {"dtMs", [](NetworkSpec& s) { s.dt_ms = 0; }},
      {"dtMs", [](NetworkSpec& s) { s.dt_ms = -0.1; }},
      {"dtMs", [](NetworkSpec& s) { s.dt_ms = kNaN; }},
      {"dtMs", [](NetworkSpec& s) { s.dt_ms = 1000.1; }},
      {"dtMs", [](NetworkSpec& s) { s.dt_ms = 1e-7; }},
      {"populations", [](NetworkSpec& s) { s.populations.clear(), s.projections.clear(); }},
      {"populations",
       [](NetworkSpec& s) {
         s.projections.clear();
         for (std::size_t i = 0; i < 3; ++i) s.populations[i].size = 1u << 31;
       }},
      {"projections",
       [](NetworkSpec& s) {
         s.populations[kExact].size = s.populations[kGridDelta].size = 1u << 30;
         s.projections = {Projection("huge", kExact, kGridDelta, AllToAll{})};
       }},
      {"populations[2].name", [](NetworkSpec& s) { s.populations[2].name = "exact"; }},
      {"populations[0].name", [](NetworkSpec& s) { s.populations[0].name = ""; }},
      {"projections[3].name", [](NetworkSpec& s) { s.projections[3].name = "0"; }},
  });
}

TEST("events spec: populations") {
  CheckAll({
      {"populations[0].size", [](NetworkSpec& s) { s.populations[0].size = 0; }},
      {"populations[3].size", [](NetworkSpec& s) { s.populations[kList].size = 0; }},
      {"populations[0].size", [](NetworkSpec& s) { s.populations[0].size = (1u << 31) + 1; }},
      {"populations[0].model", [](NetworkSpec& s) { s.populations[0].model.kind = "liff"; }},
      {"populations[0].model", [](NetworkSpec& s) { s.populations[0].model.kind = ""; }},
      {"populations[0].parameters.tau", [](NetworkSpec& s) { s.populations[0].model.numbers["tau"] = 3; }},
      {"populations[0].parameters.restMv",
       [](NetworkSpec& s) { s.populations[0].model.numbers["restMv"] = kNaN; }},
      {"populations[2].parameters.method",
       [](NetworkSpec& s) { s.populations[kConductances].model.choices["method"] = "rk4"; }},
      {"populations[4].rateHz", [](NetworkSpec& s) { s.populations[kPoisson].rate_hz = -1; }},
      {"populations[4].rateHz", [](NetworkSpec& s) { s.populations[kPoisson].rate_hz = kNaN; }},
      {"populations[4].rateHz", [](NetworkSpec& s) { s.populations[kPoisson].rate_hz = 2e6; }},
      {"populations[0].initial.ge",
       [](NetworkSpec& s) {
         s.populations[0].initial = {{"ge", {}}};
       }},
      {"populations[1].initial.u",
       [](NetworkSpec& s) {
         s.populations[1].initial = {{"u", {}}};
       }},
      {"populations[1].initial.v",
       [](NetworkSpec& s) {
         s.populations[1].initial = {{"v", {}}, {"v", {}}};
       }},
      {"populations[1].initial.v",
       [](NetworkSpec& s) {
         s.populations[1].initial = {{"v", {.a = kNaN}}};
       }},
      {"populations[3].initial",
       [](NetworkSpec& s) {
         s.populations[kList].initial = {{"v", {}}};
       }},
      {"populations[4].intrinsic", [](NetworkSpec& s) { s.populations[kPoisson].intrinsic.emplace(); }},
      {"populations[1].intrinsic",
       [](NetworkSpec& s) {
         s.populations[1].model = {.kind = "adex"}, s.populations[1].intrinsic.emplace();
       }},
      {"populations[0].intrinsic.etaMv", [](NetworkSpec& s) { s.populations[0].intrinsic->eta_mv = -1; }},
      {"populations[0].intrinsic.targetRateHz",
       [](NetworkSpec& s) { s.populations[0].intrinsic->target_rate_hz = 0; }},
      {"populations[0].intrinsic.tauRateMs",
       [](NetworkSpec& s) { s.populations[0].intrinsic->tau_rate_ms = 0; }},
      {"populations[0].intrinsic.periodMs",
       [](NetworkSpec& s) { s.populations[0].intrinsic->period_ms = kNaN; }},
      {"populations[0].intrinsic.minMv",
       [](NetworkSpec& s) { s.populations[0].intrinsic->min_mv = -INFINITY; }},
      {"populations[0].intrinsic.maxMv", [](NetworkSpec& s) { s.populations[0].intrinsic->max_mv = -11; }},
  });
}

TEST("events spec: parameters that do not go together") {
  CheckAll({
      {"populations[2].parameters.tauExcMs",
       [](NetworkSpec& s) { s.populations[kConductances].model.numbers["tauExcMs"] = 0.05; }},
      {"populations[1].parameters.tauAdaptationMs",
       [](NetworkSpec& s) {
         s.populations[1] = Neurons("adex", 8, {.kind = "adex", .numbers = {{"tauAdaptationMs", 0.09}}});
       }},
      {"populations[1].parameters.capacitancePf",
       [](NetworkSpec& s) {
         s.populations[1] = Neurons("adex", 8, {.kind = "adex", .numbers = {{"capacitancePf", 2.9}}});
       }},
      {"populations[1].parameters.relativeAmplitudeMv",
       [](NetworkSpec& s) { s.populations[kCurrents].model.numbers["relativeAmplitudeMv"] = 3; }},
      {"populations[0].parameters.resetMv",
       [](NetworkSpec& s) {
         s.populations[kExact].model.numbers = {{"refractoryMs", 0}, {"resetMv", -65}, {"thresholdMv", -55}};
       }},
      {"populations[1].parameters.refractoryMs",
       [](NetworkSpec& s) {
         s.dt_ms = 1e-6;
         s.populations[kCurrents].model.numbers["refractoryMs"] = 1500;
       }},
  });
  CHECK(Passes([](NetworkSpec& s) {
    s.populations[kConductances].model = {.kind = "conductance-lif",
                                          .numbers = {{"tauExcMs", 0.05}},
                                          .choices = {{"method", "exponential-euler"}}};
  }));
  CHECK(Passes([](NetworkSpec& s) {
    s.populations[kExact].model.numbers = {{"refractoryMs", 0}, {"resetMv", -66}, {"thresholdMv", -55}};
  }));
  // An adaptive threshold that starts high may lie over one below the reset (Diehl & Cook).
  CHECK(Passes([](NetworkSpec& s) {
    s.populations[kConductances].model.numbers["thresholdMv"] = -72;
    s.populations[kConductances].initial = {{"theta", {.a = 20}}};
  }));
}

TEST("events spec: ends, gains, distributions and rules of projections") {
  const auto uniform = [](double low, double high) {
    return Distribution{.kind = Distribution::Kind::kUniform, .a = low, .b = high};
  };
  CheckAll({
      {"projections[1].source", [](NetworkSpec& s) { s.projections[1].source = kPopulations; }},
      {"projections[1].target", [](NetworkSpec& s) { s.projections[1].target = UINT32_MAX; }},
      {"projections[3].target", [](NetworkSpec& s) { s.projections[3].target = kPoisson; }},
      {"projections[1].gain", [](NetworkSpec& s) { s.projections[1].gain = kNaN; }},
      {"projections[1].weight", [](NetworkSpec& s) { s.projections[1].weight.a = INFINITY; }},
      {"projections[1].weight", [](NetworkSpec& s) { s.projections[1].weight.a = 1e31; }},
      {"projections[1].weight.uniform", [=](NetworkSpec& s) { s.projections[1].weight = uniform(0.6, 0.4); }},
      {"projections[1].weight.uniform", [=](NetworkSpec& s) { s.projections[1].weight = uniform(kNaN, 1); }},
      {"projections[1].weight.normal",
       [](NetworkSpec& s) {
         s.projections[1].weight = {.kind = Distribution::Kind::kNormal, .a = 0, .b = -1};
       }},
      {"projections[1].weight.min", [](NetworkSpec& s) { s.projections[1].weight.min = kNaN; }},
      {"projections[1].weight.min",
       [](NetworkSpec& s) { s.projections[1].weight.min = 2, s.projections[1].weight.max = 1; }},
      {"projections[1].weight.max", [](NetworkSpec& s) { s.projections[1].weight.max = INFINITY; }},
      {"projections[1].plasticity.tauMinusMs",
       [](NetworkSpec& s) { s.projections[1].rule->numbers["tauMinusMs"] = 0; }},
      {"projections[1].plasticity.pairing",
       [](NetworkSpec& s) { s.projections[1].rule->choices["pairing"] = "some"; }},
      {"projections[1].plasticity.wMax", [](NetworkSpec& s) { s.projections[1].rule->numbers["wMax"] = 0; }},
      {"projections[1].normalisation.total",
       [](NetworkSpec& s) { s.projections[1].normalisation->total = 0; }},
      {"projections[1].normalisation.periodMs",
       [](NetworkSpec& s) { s.projections[1].normalisation->period_ms = -1; }},
      {"projections[1].scaling.eta", [](NetworkSpec& s) { s.projections[1].scaling->eta = 1.5; }},
      {"projections[1].scaling.targetRateHz",
       [](NetworkSpec& s) { s.projections[1].scaling->target_rate_hz = 0; }},
      {"projections[1].scaling.tauRateMs",
       [](NetworkSpec& s) { s.projections[1].scaling->tau_rate_ms = kNaN; }},
      {"projections[1].scaling.periodMs", [](NetworkSpec& s) { s.projections[1].scaling->period_ms = 0; }},
      {"projections[1].scaling.wMin", [](NetworkSpec& s) { s.projections[1].scaling->w_min = kNaN; }},
      {"projections[1].scaling.wMax", [](NetworkSpec& s) { s.projections[1].scaling->w_max = -1; }},
  });
  const Error kind = ErrorOf([](NetworkSpec& s) { s.projections[1].rule->kind = "hebb"; });
  CHECK(kind.code() == ErrorCode::kInvalidArgument);
  CHECK(kind.field().starts_with("projections[1].plasticity."));
}

TEST("events spec: connectors") {
  const auto list = [](std::function<void(ConnectionList&)> change) {
    return [=](NetworkSpec& s) { change(std::get<ConnectionList>(s.projections[2].connector)); };
  };
  const auto matrix = [](std::function<void(DenseMatrix&)> change) {
    return [=](NetworkSpec& s) { change(std::get<DenseMatrix>(s.projections[5].connector)); };
  };
  const auto set = [](std::size_t projection, Connector connector) {
    return [=](NetworkSpec& s) { s.projections[projection].connector = connector; };
  };
  CheckAll({
      {"projections[2].connect", set(2, OneToOne{})},
      {"projections[1].connect.probability", set(1, FixedProbability{-0.1})},
      {"projections[1].connect.probability", set(1, FixedProbability{1.1})},
      {"projections[1].connect.probability", set(1, FixedProbability{kNaN})},
      {"projections[3].connect.inDegree", set(3, FixedInDegree{0})},
      {"projections[3].connect.inDegree", set(3, FixedInDegree{11})},
      {"projections[3].connect.inDegree", set(3, FixedInDegree{10, false})},
      {"projections[4].connect.outDegree", set(4, FixedOutDegree{0})},
      {"projections[4].connect.outDegree", set(4, FixedOutDegree{5})},
      {"projections[0].connect.outDegree",
       [](NetworkSpec& s) {
         s.populations[kExact].size = 1;
         s.projections = {Projection("itself", kExact, kExact, FixedOutDegree{1, false, true})};
       }},
      {"projections[2].connect.targets", list([](ConnectionList& l) { l.targets.pop_back(); })},
      {"projections[2].connect.weights", list([](ConnectionList& l) { l.weights.pop_back(); })},
      {"projections[2].connect.delaysMs", list([](ConnectionList& l) { l.delays_ms.push_back(1); })},
      {"projections[2].connect.sources[1]", list([](ConnectionList& l) { l.sources[1] = 5; })},
      {"projections[2].connect.targets[0]", list([](ConnectionList& l) { l.targets[0] = 8; })},
      {"projections[2].connect.weights[1]", list([](ConnectionList& l) { l.weights[1] = kNaN; })},
      {"projections[2].connect.delaysMs[0]", list([](ConnectionList& l) { l.delays_ms[0] = -1e-9; })},
      {"projections[2].connect.delaysMs[1]", list([](ConnectionList& l) { l.delays_ms[1] = kNaN; })},
      {"projections[2].connect.delaysMs[1]", list([](ConnectionList& l) { l.delays_ms[1] = 2e6; })},
      {"projections[5].connect.matrix", matrix([](DenseMatrix& m) { m.weights.pop_back(); })},
      {"projections[5].connect.delaysMs", matrix([](DenseMatrix& m) {
         m.delays_ms = {1, 2};
       })},
      {"projections[5].connect.matrix[7]", matrix([](DenseMatrix& m) { m.weights[7] = INFINITY; })},
      {"projections[5].connect.delaysMs[7]",
       matrix([](DenseMatrix& m) { m.delays_ms.assign(20, 1.0), m.delays_ms[7] = -1; })},
  });
  CHECK(Passes(set(3, FixedInDegree{11, false, true})));
  CHECK(Passes(set(3, FixedInDegree{10})));
  CHECK(Passes(set(1, FixedProbability{0})));
  CHECK(Passes(set(1, FixedProbability{1})));
  CHECK(Passes(list([](ConnectionList& l) { l = {}; })));
  CHECK(Passes(matrix([](DenseMatrix& m) {
    m.delays_ms.assign(20, 1.0);
    m.weights[3] = m.delays_ms[3] = kNaN;
  })));
}

/// Whether a constant delay between two populations of Possible() passes.
bool DelayPasses(std::uint32_t source, std::uint32_t target, double delay_ms) {
  const Error error = ErrorOf([&](NetworkSpec& s) {
    s.projections = {Projection("p", source, target, AllToAll{})};
    s.projections[0].delay_ms.a = delay_ms;
  });
  if (error.code() == ErrorCode::kInvalidArgument) CHECK_EQUAL(error.field(), "projections[0].delayMs");
  return error.code() == ErrorCode::kInternal;
}

TEST("events spec: sources may have any delay that is not negative") {
  for (const std::uint32_t source : {kList, kPoisson}) {
    for (const std::uint32_t target : {kExact, kCurrents, kGridDelta}) {
      CHECK(DelayPasses(source, target, 0));
      CHECK(DelayPasses(source, target, 0.04));
      CHECK(!DelayPasses(source, target, -0.1));
      CHECK(!DelayPasses(source, target, kNaN));
      CHECK(!DelayPasses(source, target, INFINITY));
    }
  }
}

TEST("events spec: delays between neurons reach at least the resolution") {
  CHECK(DelayPasses(kExact, kExact, 1e-9));
  CHECK(!DelayPasses(kExact, kExact, 4e-10));
  CHECK(!DelayPasses(kExact, kExact, 0));
  for (const auto& [source, target] : {std::pair{kExact, kCurrents}, std::pair{kCurrents, kExact},
                                       std::pair{kCurrents, kGridDelta}, std::pair{kExact, kGridDelta}}) {
    CHECK(DelayPasses(source, target, 0.1));
    CHECK(!DelayPasses(source, target, 0.0999));
    CHECK(!DelayPasses(source, target, 0));
  }
}

TEST("events spec: no delay at all is possible from the grid onto currents and conductances on the grid") {
  for (const std::uint32_t source : {kCurrents, kConductances, kGridDelta}) {
    CHECK(DelayPasses(source, kConductances, 0));
    CHECK(DelayPasses(source, kCurrents, 0));
    CHECK(!DelayPasses(source, kCurrents, 0.05));
    CHECK(DelayPasses(source, kCurrents, 0.1));
  }
}

TEST("events spec: drawn delays and dendritic delays keep the same rules") {
  const auto delay = [](Distribution d) { return [=](NetworkSpec& s) { s.projections[3].delay_ms = d; }; };
  const auto normal = Distribution::Kind::kNormal;
  const auto uniform = Distribution::Kind::kUniform;
  CheckAll({
      {"projections[3].delayMs", delay({.kind = uniform, .a = 0, .b = 5})},
      {"projections[3].delayMs", delay({.kind = uniform, .a = 1, .b = 2e6})},
      {"projections[3].delayMs.min", delay({.kind = normal, .a = 2, .b = 0.5})},
      {"projections[3].delayMs.max", delay({.kind = normal, .a = 2, .b = 0.5, .min = 0.1})},
      {"projections[3].dendriticMs", [](NetworkSpec& s) { s.projections[3].dendritic_ms = -1; }},
      {"projections[3].dendriticMs", [](NetworkSpec& s) { s.projections[3].dendritic_ms = kNaN; }},
      {"projections[3].delayMs", [](NetworkSpec& s) { s.projections[3].dendritic_ms = 2.5; }},
      {"projections[2].connect.delaysMs[0]",
       [](NetworkSpec& s) { s.projections[2].dendritic_ms = 1, s.projections[2].delay_ms.a = 1; }},
  });
  CHECK(Passes(delay({.kind = uniform, .a = 0.5, .b = 5})));
  CHECK(Passes(delay({.kind = uniform, .a = -1, .b = 5, .min = 0.5})));
  CHECK(Passes(delay({.kind = normal, .a = 2, .b = 0.5, .min = 0.1, .max = 10})));
  CHECK(Passes(delay({.kind = normal, .a = 2, .b = 0})));
  CHECK(Passes([](NetworkSpec& s) { s.projections[3].dendritic_ms = 2; }));
  CHECK(Passes([=](NetworkSpec& s) { s.projections[0].delay_ms = {.kind = uniform, .a = 0, .b = 10}; }));
}

}  // namespace
}  // namespace synfire::events
