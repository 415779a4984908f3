// Checks the description of an event network and fills in what it leaves to defaults.
#include "native/events/spec.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "native/base/error.h"
#include "native/events/connect.h"
#include "native/events/draw.h"
#include "native/events/models.h"
#include "native/events/rules.h"
#include "native/events/time.h"

namespace synfire::events {
namespace {

constexpr double kMinDtMs = 1e-6;
constexpr double kMaxDtMs = 1000;
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 31;
constexpr std::uint64_t kMaxNeurons = std::uint64_t{1} << 32;
constexpr double kMaxSynapses = 0x1p48;
constexpr std::size_t kMaxItems = 1 << 16;
constexpr double kMaxWeight = 1e30;  // within float32
constexpr double kMaxRateHz = 1e6;
constexpr double kMaxDelayMs = 1e6;
constexpr double kMaxPeriodMs = 1e9;
constexpr double kMaxRefractorySteps = 1e9;

std::string Element(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

std::string Quoted(const std::string& text) {
  return "\"" + text + "\"";
}

void RequireRange(const std::string& field, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw InvalidArgument(field, ShownNumber(value),
                        "a number from " + ShownNumber(low) + " to " + ShownNumber(high));
}

void RequirePositive(const std::string& field, double value, double high) {
  if (value > 0 && value <= high) return;
  throw InvalidArgument(field, ShownNumber(value), "a number above 0, at most " + ShownNumber(high));
}

void RequireInt(const std::string& field, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return;
  throw InvalidArgument(field, std::to_string(value),
                        "an integer from " + std::to_string(low) + " to " + std::to_string(high));
}

void RequireLength(const std::string& field, std::size_t length, std::size_t expected, const char* per) {
  if (length == expected) return;
  throw InvalidArgument(field, std::to_string(length) + " values",
                        std::to_string(expected) + ", one per " + per);
}

template <class Item>
void CheckNames(const char* list, const std::vector<Item>& items) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].name.empty() && seen.insert(items[i].name).second) continue;
    throw InvalidArgument(Element(list, i) + ".name", Quoted(items[i].name),
                          "a name that none of the other " + std::string(list) + " has");
  }
}

void CheckDistribution(const std::string& at, const Distribution& d) {
  const auto fails = [&](const char* key, const std::string& expected) {
    return InvalidArgument(at + key, "[" + ShownNumber(d.a) + ", " + ShownNumber(d.b) + "]", expected);
  };
  RequireRange(at + ".min", d.min, -kMaxWeight, kMaxWeight);
  RequireRange(at + ".max", d.max, -kMaxWeight, kMaxWeight);
  if (d.min > d.max)
    throw InvalidArgument(at + ".min", ShownNumber(d.min), "at most max, " + ShownNumber(d.max));
  const bool finite = std::abs(d.a) <= kMaxWeight && std::abs(d.b) <= kMaxWeight;
  switch (d.kind) {
    case Distribution::Kind::kConstant:
      return RequireRange(at, d.a, -kMaxWeight, kMaxWeight);
    case Distribution::Kind::kUniform:
      if (!finite || d.a > d.b) throw fails(".uniform", "two finite numbers, the lower first");
      return;
    case Distribution::Kind::kNormal:
      if (!finite || d.b < 0) throw fails(".normal", "a finite mean and a standard deviation of at least 0");
      return;
  }
}

// The smallest number that may be drawn.
double LowestOf(const Distribution& d) {
  if (d.kind == Distribution::Kind::kNormal && !IsConstant(d)) return d.min;
  return std::clamp(d.a, d.min, d.max);
}
double HighestOf(const Distribution& d) {
  if (d.kind == Distribution::Kind::kNormal && !IsConstant(d)) return d.max;
  return std::clamp(d.kind == Distribution::Kind::kUniform ? d.b : d.a, d.min, d.max);
}

// ---- populations

void CheckIntrinsic(const std::string& at, const IntrinsicPlasticity& intrinsic) {
  RequireRange(at + ".etaMv", intrinsic.eta_mv, 0, 1e6);
  RequirePositive(at + ".targetRateHz", intrinsic.target_rate_hz, kMaxRateHz);
  RequirePositive(at + ".tauRateMs", intrinsic.tau_rate_ms, kMaxPeriodMs);
  RequirePositive(at + ".periodMs", intrinsic.period_ms, kMaxPeriodMs);
  RequireRange(at + ".minMv", intrinsic.min_mv, -1e6, 1e6);
  RequireRange(at + ".maxMv", intrinsic.max_mv, intrinsic.min_mv, 1e6);
}

// A step of Euler's method must not be longer than what it integrates.
void CheckSteps(const std::string& at, const Settings& model, double dt_ms) {
  const auto number = [&](const char* name) { return NumberOf(model, name); };
  const auto require = [&](const char* name, double least) {
    if (number(name) >= least) return;
    throw InvalidArgument(at + "." + name, ShownNumber(number(name)),
                          "at least " + ShownNumber(least) + ", for steps of dtMs, " + ShownNumber(dt_ms));
  };
  if (model.kind == "conductance-lif" && ChoiceOf(model, "method") == "euler") {
    for (const char* tau : {"tauMs", "tauExcMs", "tauInhMs", "tauThetaMs"}) require(tau, dt_ms);
  }
  if (model.kind == "adex") {
    require("tauAdaptationMs", dt_ms);
    require("capacitancePf", number("leakNs") * dt_ms);
  }
}

void CheckLif(const std::string& at, const PopulationSpec& population) {
  const Settings& model = population.model;
  const auto number = [&](const char* name) { return NumberOf(model, name); };
  if (OnGrid(model)) {
    if (number("relativeAmplitudeMv") == 0) return;
    throw InvalidArgument(at + ".relativeAmplitudeMv", ShownNumber(number("relativeAmplitudeMv")),
                          "0 unless integration is \"exact\"");
  }
  // An exact neuron that is reset to its threshold fires again at once, without end.
  if (number("refractoryMs") > 0) return;
  const double lowest = number("thresholdMv") + (population.intrinsic ? population.intrinsic->min_mv : 0);
  if (number("resetMv") < lowest) return;
  throw InvalidArgument(at + ".resetMv", ShownNumber(number("resetMv")),
                        "below the threshold, " + ShownNumber(lowest) + ", where refractoryMs is 0");
}

void CheckModel(const std::string& at, PopulationSpec& population, double dt_ms) {
  const std::string parameters = at + ".parameters";
  const ModelKind kind = ModelKindOf(population.model, at);
  population.model = Resolve(ModelTables()[static_cast<std::size_t>(kind)], population.model, parameters);
  if (kind == ModelKind::kLif) CheckLif(parameters, population);
  if (OnGrid(population.model)) {
    CheckSteps(parameters, population.model, dt_ms);
    if (kind != ModelKind::kIzhikevich) {
      RequireRange(parameters + ".refractoryMs", NumberOf(population.model, "refractoryMs"), 0,
                   kMaxRefractorySteps * dt_ms);
    }
  }
  const bool has_threshold = kind == ModelKind::kLif || kind == ModelKind::kConductanceLif;
  if (population.intrinsic && !has_threshold) {
    throw InvalidArgument(at + ".intrinsic", "set",
                          "it only for models with a threshold, lif and conductance-lif");
  }
}

void CheckInitial(const std::string& at, const PopulationSpec& population) {
  const std::vector<std::string_view> variables = VariablesOf(population.model);
  std::set<std::string_view> seen;
  for (const auto& [name, distribution] : population.initial) {
    const std::string field = at + ".initial." + name;
    const bool known = std::find(variables.begin(), variables.end(), name) != variables.end();
    if (!known || !seen.insert(name).second) {
      std::string names;
      for (const std::string_view variable : variables) {
        names += (names.empty() ? "" : ", ") + std::string(variable);
      }
      throw InvalidArgument(field, known ? "given twice" : "no variable of " + population.model.kind,
                            "each of " + names + " at most once");
    }
    CheckDistribution(field, distribution);
  }
}

void CheckPopulation(const std::string& at, PopulationSpec& population, double dt_ms) {
  RequireInt(at + ".size", population.size, 1, kMaxSize);
  if (population.kind == PopulationKind::kNeurons) {
    if (population.intrinsic) CheckIntrinsic(at + ".intrinsic", *population.intrinsic);
    CheckModel(at, population, dt_ms);
    CheckInitial(at, population);
    return;
  }
  RequireRange(at + ".rateHz", population.rate_hz, 0, kMaxRateHz);
  if (population.intrinsic) throw InvalidArgument(at + ".intrinsic", "set", "it only for neurons");
  if (!population.initial.empty()) throw InvalidArgument(at + ".initial", "set", "it only for neurons");
}

// ---- projections

// What delays a projection may have. From sources: any. Between neurons, at least a step where either end
// lives on the grid, and more than none elsewhere; but 0, too, from the grid onto currents and conductances
// on the grid.
class DelayRule {
 public:
  DelayRule(const PopulationSpec& source, const PopulationSpec& target, double dendritic_ms, double dt_ms)
      : dendritic_ms_(dendritic_ms), dt_ms_(dt_ms) {
    if (source.kind != PopulationKind::kNeurons) {
      least_ = 0;
      return;
    }
    const bool from_grid = OnGrid(source.model);
    const bool to_grid = OnGrid(target.model);
    const bool delta = target.model.kind == "lif" && ChoiceOf(target.model, "synapse") == "delta";
    zero_ = from_grid && to_grid && !delta;
    least_ = from_grid || to_grid ? TicksOf(dt_ms) : 1;
  }

  bool Allows(double ms) const {
    if (!(ms >= dendritic_ms_ && ms <= kMaxDelayMs)) return false;
    const Tick ticks = TicksOf(ms);
    return ticks >= least_ || (zero_ && ticks == 0);
  }

  void Require(const std::string& field, double ms) const {
    if (!Allows(ms)) throw InvalidArgument(field, ShownNumber(ms), Expected());
  }

 private:
  std::string Expected() const {
    const std::string limits =
        ShownNumber(kMaxDelayMs) + " ms" +
        (dendritic_ms_ > 0 ? ", and not below dendriticMs, " + ShownNumber(dendritic_ms_) : "");
    if (least_ == 0) return "a delay from 0 to " + limits;
    if (least_ == 1) return "a delay from the resolution of time, 1e-9 ms, to " + limits;
    return std::string("a delay ") + (zero_ ? "of 0 or " : "") + "from dtMs, " + ShownNumber(dt_ms_) +
           " ms, to " + limits;
  }

  double dendritic_ms_;
  double dt_ms_;
  bool zero_ = false;  // 0 although that is less than the least
  Tick least_;
};

void CheckDelays(const std::string& at, const ProjectionSpec& projection, const DelayRule& rule) {
  const Distribution& delay = projection.delay_ms;
  CheckDistribution(at, delay);
  if (delay.kind == Distribution::Kind::kNormal && !IsConstant(delay)) {
    rule.Require(at + ".min", delay.min);
    rule.Require(at + ".max", delay.max);
    return;
  }
  rule.Require(at, LowestOf(delay));
  rule.Require(at, HighestOf(delay));
}

// The sizes that a connector must fit to; numbers of neurons pair where they are the same.
struct Ends {
  std::uint32_t sources;
  std::uint32_t targets;
  bool same;
};

void CheckDegree(const std::string& field, std::uint32_t count, std::uint32_t size, bool skips,
                 bool multiple) {
  const std::uint32_t candidates = size - (skips ? 1 : 0);
  if (candidates == 0)
    throw InvalidArgument(field, std::to_string(count), "someone to choose from besides itself");
  RequireInt(field, count, 1, multiple ? UINT32_MAX : candidates);
}

class ConnectorCheck {
 public:
  ConnectorCheck(const std::string& at, const Ends& ends, const DelayRule& delays)
      : at_(at), ends_(ends), delays_(delays) {}

  void operator()(const OneToOne&) const {
    if (ends_.sources == ends_.targets) return;
    throw InvalidArgument(at_,
                          "one-to-one from " + std::to_string(ends_.sources) + " to " +
                              std::to_string(ends_.targets) + " neurons",
                          "populations of one size");
  }
  void operator()(const AllToAll& all) const { CheckSelf(all.self); }
  void operator()(const FixedProbability& fixed) const {
    CheckSelf(fixed.self);
    RequireRange(at_ + ".probability", fixed.probability, 0, 1);
  }
  void operator()(const FixedInDegree& fixed) const {
    CheckSelf(fixed.self);
    CheckDegree(at_ + ".inDegree", fixed.count, ends_.sources, ends_.same && !fixed.self, fixed.multiple);
  }
  void operator()(const FixedOutDegree& fixed) const {
    CheckSelf(fixed.self);
    CheckDegree(at_ + ".outDegree", fixed.count, ends_.targets, ends_.same && !fixed.self, fixed.multiple);
  }
  void operator()(const ConnectionList& list) const {
    const std::size_t count = list.sources.size();
    RequireLength(at_ + ".targets", list.targets.size(), count, "source");
    if (!list.weights.empty()) RequireLength(at_ + ".weights", list.weights.size(), count, "source");
    if (!list.delays_ms.empty()) RequireLength(at_ + ".delaysMs", list.delays_ms.size(), count, "source");
    CheckIds(".sources", list.sources, ends_.sources);
    CheckIds(".targets", list.targets, ends_.targets);
    for (std::size_t k = 0; k < list.weights.size(); ++k) CheckWeight(".weights", k, list.weights[k]);
    for (std::size_t k = 0; k < list.delays_ms.size(); ++k) CheckDelay(k, list.delays_ms[k]);
  }
  void operator()(const DenseMatrix& matrix) const {
    const std::size_t count = std::size_t{ends_.sources} * ends_.targets;
    RequireLength(at_ + ".matrix", matrix.weights.size(), count, "pair of source and target");
    if (!matrix.delays_ms.empty()) {
      RequireLength(at_ + ".delaysMs", matrix.delays_ms.size(), count, "pair of source and target");
    }
    for (std::size_t k = 0; k < count; ++k) {
      if (std::isnan(matrix.weights[k])) continue;
      CheckWeight(".matrix", k, matrix.weights[k]);
      if (!matrix.delays_ms.empty()) CheckDelay(k, matrix.delays_ms[k]);
    }
  }

 private:
  void CheckSelf(bool self) const {
    if (self || ends_.same) return;
    throw InvalidArgument(at_ + ".self", "false", "true between populations of different sizes");
  }
  void CheckIds(const char* list, const std::vector<std::uint32_t>& ids, std::uint32_t size) const {
    const auto wrong = std::find_if(ids.begin(), ids.end(), [size](std::uint32_t id) { return id >= size; });
    if (wrong == ids.end()) return;
    throw InvalidArgument(Element(at_ + list, static_cast<std::size_t>(wrong - ids.begin())),
                          std::to_string(*wrong), "the index of a neuron, below " + std::to_string(size));
  }
  void CheckWeight(const char* list, std::size_t k, double weight) const {
    if (std::abs(weight) <= kMaxWeight) return;
    RequireRange(Element(at_ + list, k), weight, -kMaxWeight, kMaxWeight);
  }
  void CheckDelay(std::size_t k, double ms) const {
    if (!delays_.Allows(ms)) delays_.Require(Element(at_ + ".delaysMs", k), ms);
  }

  const std::string& at_;
  const Ends& ends_;
  const DelayRule& delays_;
};

void CheckHomeostasis(const std::string& at, const ProjectionSpec& projection) {
  if (projection.normalisation) {
    RequirePositive(at + ".normalisation.total", projection.normalisation->total, kMaxWeight);
    RequireRange(at + ".normalisation.periodMs", projection.normalisation->period_ms, 0, kMaxPeriodMs);
  }
  if (!projection.scaling) return;
  const SynapticScaling& scaling = *projection.scaling;
  const std::string field = at + ".scaling";
  RequireRange(field + ".eta", scaling.eta, 0, 1);
  RequirePositive(field + ".targetRateHz", scaling.target_rate_hz, kMaxRateHz);
  RequirePositive(field + ".tauRateMs", scaling.tau_rate_ms, kMaxPeriodMs);
  RequirePositive(field + ".periodMs", scaling.period_ms, kMaxPeriodMs);
  RequireRange(field + ".wMin", scaling.w_min, -kMaxWeight, kMaxWeight);
  RequireRange(field + ".wMax", scaling.w_max, scaling.w_min, kMaxWeight);
}

void CheckProjection(const std::string& at, ProjectionSpec& projection, const NetworkSpec& spec) {
  const std::size_t populations = spec.populations.size();
  for (const auto& [end, index] : {std::pair{".source", projection.source}, {".target", projection.target}}) {
    if (index < populations) continue;
    throw InvalidArgument(at + end, std::to_string(index),
                          "the index of a population, below " + std::to_string(populations));
  }
  const PopulationSpec& source = spec.populations[projection.source];
  const PopulationSpec& target = spec.populations[projection.target];
  if (target.kind != PopulationKind::kNeurons) {
    throw InvalidArgument(at + ".target", "the source of spikes " + Quoted(target.name),
                          "a population of neurons");
  }
  RequireRange(at + ".gain", projection.gain, -kMaxWeight, kMaxWeight);
  RequireRange(at + ".dendriticMs", projection.dendritic_ms, 0, kMaxDelayMs);
  CheckDistribution(at + ".weight", projection.weight);
  const DelayRule delays(source, target, projection.dendritic_ms, spec.dt_ms);
  CheckDelays(at + ".delayMs", projection, delays);
  const Ends ends{source.size, target.size, source.size == target.size};
  std::visit(ConnectorCheck(at + ".connect", ends, delays), projection.connector);
  if (projection.rule) projection.rule = ResolveRule(*projection.rule, at + ".plasticity");
  CheckHomeostasis(at, projection);
}

}  // namespace

void Validate(NetworkSpec& spec) {
  RequireRange("dtMs", spec.dt_ms, kMinDtMs, kMaxDtMs);
  RequireInt("populations", spec.populations.size(), 1, kMaxItems);
  RequireInt("projections", spec.projections.size(), 0, kMaxItems);
  CheckNames("populations", spec.populations);
  CheckNames("projections", spec.projections);
  std::uint64_t neurons = 0;
  for (std::size_t i = 0; i < spec.populations.size(); ++i) {
    CheckPopulation(Element("populations", i), spec.populations[i], spec.dt_ms);
    neurons += spec.populations[i].size;
  }
  if (neurons > kMaxNeurons) {
    throw InvalidArgument("populations", std::to_string(neurons) + " neurons",
                          "at most " + std::to_string(kMaxNeurons));
  }
  double synapses = 0;
  for (std::size_t i = 0; i < spec.projections.size(); ++i) {
    CheckProjection(Element("projections", i), spec.projections[i], spec);
    synapses += ExpectedSynapses(spec, static_cast<std::uint32_t>(i));
  }
  if (synapses > kMaxSynapses) {
    throw InvalidArgument("projections", ShownNumber(synapses) + " synapses",
                          "at most " + ShownNumber(kMaxSynapses));
  }
}

}  // namespace synfire::events
