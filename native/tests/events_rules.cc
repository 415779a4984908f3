// Plasticity rules on one synapse, event by event: against hand-derived values, enumerated pairs of spikes
// and numeric integration.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "native/events/rules.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

using Times = std::vector<double>;

struct RewardPulse {
  double ms;
  double amount;
};

/// What one synapse sees. Times are in ms, ascending.
struct Protocol {
  Times pre;
  Times post;
  double weight = 0.5;
  double state = 0;
  std::vector<RewardPulse> rewards = {};
  double end_ms = 0;                ///< of continuous rules; 0: the last event
  std::vector<double> pauses = {};  ///< of continuous rules: also split the time here
};

struct Outcome {
  double weight;
  double state;
  std::vector<double> weights;  ///< after every spike
};

/// The value of a trace at t, from the list of all spikes.
double TraceAt(const Trace& trace, const Times& spikes, double t, bool including) {
  double value = 0;
  for (const double spike : spikes) {
    if (spike > t || (spike == t && !including)) break;
    const double part = trace.amount * std::exp(-(t - spike) / trace.tau_ms);
    value = trace.saturates ? part : value + part;
  }
  return value;
}

/// The last spike before t (or at t, if `including`); -1e30 when there is none.
double LastBefore(const Times& spikes, double t, bool including) {
  double last = -1e30;
  for (const double spike : spikes)
    if (spike < t || (including && spike == t)) last = spike;
  return last;
}

enum class EventKind { kReward, kPre, kPost, kPause };  // in the order of simultaneous events

struct Event {
  double ms;
  EventKind kind;
  double amount;
};

std::vector<Event> EventsOf(const Protocol& protocol) {
  std::vector<Event> events;
  for (const double t : protocol.pre) events.push_back({t, EventKind::kPre, 0});
  for (const double t : protocol.post) events.push_back({t, EventKind::kPost, 0});
  for (const auto& [t, amount] : protocol.rewards) events.push_back({t, EventKind::kReward, amount});
  for (const double t : protocol.pauses) events.push_back({t, EventKind::kPause, 0});
  if (protocol.end_ms > 0) events.push_back({protocol.end_ms, EventKind::kPause, 0});
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.ms < b.ms || (a.ms == b.ms && a.kind < b.kind);
  });
  return events;
}

template <class Real, class Rule>
PreSpike<Real> PreSpikeAt(double t, const Rule& rule, const Protocol& protocol) {
  PreSpike<Real> spike{};
  for (int k = 0; k < Rule::kPre; ++k)
    spike.pre[k] = static_cast<Real>(TraceAt(rule.PreTraces()[k], protocol.pre, t, false));
  for (int k = 0; k < Rule::kPost; ++k)
    spike.post[k] = static_cast<Real>(TraceAt(rule.PostTraces()[k], protocol.post, t, false));
  const double last_post = LastBefore(protocol.post, t, false);
  spike.post_since_pre = last_post > -1e30 && last_post >= LastBefore(protocol.pre, t, false);
  return spike;
}

template <class Real, class Rule>
PostSpike<Real> PostSpikeAt(double t, const Rule& rule, const Protocol& protocol) {
  PostSpike<Real> spike{};
  for (int k = 0; k < Rule::kPre; ++k)
    spike.pre[k] = static_cast<Real>(TraceAt(rule.PreTraces()[k], protocol.pre, t, true));
  for (int k = 0; k < Rule::kPost; ++k)
    spike.post[k] = static_cast<Real>(TraceAt(rule.PostTraces()[k], protocol.post, t, false));
  const double last_pre = LastBefore(protocol.pre, t, true);
  spike.first = LastBefore(protocol.post, t, false) < last_pre;
  spike.since_pre_ms = static_cast<Real>(t - last_pre);
  return spike;
}

template <class Real, class Rule>
Outcome PlayRule(const Rule& rule, const Protocol& protocol) {
  Synapse<Real> synapse{static_cast<Real>(protocol.weight), static_cast<Real>(protocol.state)};
  RewardSignal reward;
  Outcome outcome{};
  double now = 0;
  for (const Event& event : EventsOf(protocol)) {
    if constexpr (Rule::kContinuous) rule.Pass(synapse, static_cast<Real>(event.ms - now), reward);
    if constexpr (Rule::kRewarded) reward.level *= std::exp(-(event.ms - now) / rule.RewardTauMs());
    now = event.ms;
    if (event.kind == EventKind::kReward) reward.level += event.amount;
    if (event.kind == EventKind::kPre) rule.OnPre(synapse, PreSpikeAt<Real>(now, rule, protocol));
    if (event.kind == EventKind::kPost) rule.OnPost(synapse, PostSpikeAt<Real>(now, rule, protocol));
    outcome.weights.push_back(synapse.weight);
  }
  outcome.weight = synapse.weight;
  outcome.state = synapse.state;
  return outcome;
}

template <class Real = double>
Outcome Play(const Settings& settings, const Protocol& protocol) {
  Outcome outcome{};
  VisitRule<Real>(ResolveRule(settings, "rule"),
                  [&](const auto& rule) { outcome = PlayRule<Real>(rule, protocol); });
  return outcome;
}

double Change(const Settings& settings, const Protocol& protocol) {
  return Play(settings, protocol).weight - protocol.weight;
}

/// Spikes at irregular multiples of 0.5 ms, so that trains of different seeds also meet exactly.
Times IrregularTrain(unsigned seed, int spikes, int max_steps) {
  Times times;
  unsigned x = seed * 2654435761u + 12345u;
  int steps = 0;
  for (int i = 0; i < spikes; ++i) {
    x = x * 1664525u + 1013904223u;
    steps += 1 + static_cast<int>((x >> 16) % static_cast<unsigned>(max_steps));
    times.push_back(0.5 * steps);
  }
  return times;
}

Times RegularTrain(double first_ms, double period_ms, int spikes) {
  Times times;
  for (int i = 0; i < spikes; ++i) times.push_back(first_ms + period_ms * i);
  return times;
}

constexpr double kInf = 1e9;  // as wide as bounds may be
const Settings kWidePair = {"pair", {{"wMin", -kInf}, {"wMax", kInf}}, {}};

Settings With(Settings settings, const std::string& name, double value) {
  settings.numbers[name] = value;
  return settings;
}
Settings With(Settings settings, const std::string& name, const std::string& value) {
  settings.choices[name] = value;
  return settings;
}

// --- The list of rules ---

TEST("every kind of rule is found and visited as its own class") {
  const std::vector<std::string> kinds = {"pair",     "soft-bound", "triplet", "reward",
                                          "teaching", "diehl-cook", "vogels"};
  for (const std::string& kind : kinds) {
    CHECK_EQUAL(std::string(RuleTableOf(kind, "rule").kind), kind);
    int visits = 0;
    VisitRule<float>(ResolveRule({kind, {}, {}}, "rule"), [&](const auto& rule) {
      ++visits;
      CHECK_EQUAL(std::string(std::decay_t<decltype(rule)>::kTable.kind), kind);
    });
    CHECK_EQUAL(visits, 1);
  }
  CHECK_THROWS(RuleTableOf("hebb", "rule"), ErrorCode::kInvalidArgument);
  CHECK_THROWS(VisitRule<float>({"hebb", {}, {}}, [](const auto&) {}), ErrorCode::kInternal);
}

TEST("an unknown kind of rule is named with its field and every kind there is") {
  try {
    ResolveRule({"hebb", {}, {}}, "projections[1].rule");
    CHECK(false);
  } catch (const Error& error) {
    CHECK_EQUAL(error.field(), "projections[1].rule.kind");
    CHECK_EQUAL(error.expected(), "one of pair, soft-bound, triplet, reward, teaching, diehl-cook, vogels");
  }
}

TEST("rules refuse bounds that leave no room") {
  CHECK_THROWS(ResolveRule(With(kWidePair, "wMin", kInf), "rule"), ErrorCode::kInvalidArgument);
  CHECK_THROWS(ResolveRule({"vogels", {{"wMin", 3}, {"wMax", 2}}, {}}, "rule"), ErrorCode::kInvalidArgument);
}

TEST("state is kept for the rules that need it and for no other") {
  const auto has_state = [](const Settings& settings) {
    bool state = false;
    VisitRule<float>(ResolveRule(settings, "rule"),
                     [&](const auto& rule) { state = std::decay_t<decltype(rule)>::kHasState; });
    return state;
  };
  CHECK(!has_state({"pair", {}, {}}));
  CHECK(!has_state(With(kWidePair, "pairing", "nearest-reduced")));
  CHECK(has_state(With(kWidePair, "pairing", "nearest-pre-centred")));
  CHECK(has_state({"reward", {}, {}}));
  CHECK(has_state({"teaching", {}, {}}));
  CHECK(!has_state({"diehl-cook", {}, {}}));
}

TEST("a rule clips to its bounds") {
  VisitRule<float>(ResolveRule({"teaching", {}, {}}, "rule"), [](const auto& rule) {
    CHECK_EQUAL(rule.Clip(2.0f), 0.999f);
    CHECK_EQUAL(rule.Clip(-2.0f), 0.001f);
    CHECK_EQUAL(rule.Clip(0.25f), 0.25f);
  });
}

TEST("every rule in float stays near the same rule in double") {
  const Times pre = IrregularTrain(1, 60, 60), post = IrregularTrain(2, 60, 60);
  for (const Table& table : RuleTables()) {
    for (const Choice& choice : table.choices) {
      std::string names = choice.names;
      for (size_t from = 0; from < names.size();) {
        const size_t to = std::min(names.find('|', from), names.size());
        const Settings rule = {table.kind, {}, {{choice.name, names.substr(from, to - from)}}};
        const Protocol protocol = {pre, post, 0.5, 0, {{100, 0.01}, {300, 0.02}}};
        CHECK_NEAR(Play<float>(rule, protocol).weight, Play(rule, protocol).weight, 2e-5);
        from = to + 1;
      }
    }
    const Protocol protocol = {pre, post, 0.5, 0, {{100, 0.01}, {300, 0.02}}};
    const Outcome narrow = Play<float>({table.kind, {}, {}}, protocol);
    const Outcome wide = Play({table.kind, {}, {}}, protocol);
    CHECK_NEAR(narrow.weight, wide.weight, 2e-5);
    CHECK_NEAR(narrow.state, wide.state, 2e-5);
  }
}

// --- Pair ---

TEST("the STDP window of the pair rule is one exponential on each side") {
  const Settings rule = With(With(kWidePair, "tauPlusMs", 15), "tauMinusMs", 30);
  for (double distance = 1; distance <= 80; distance += 3.5) {
    CHECK_NEAR(Change(rule, {{100}, {100 + distance}}), 0.001 * std::exp(-distance / 15), 1e-15);
    CHECK_NEAR(Change(rule, {{100 + distance}, {100}}), -0.00105 * std::exp(-distance / 30), 1e-15);
  }
  // e^-0.5 = 0.60653065971...
  CHECK_NEAR(Change({"pair", {}, {}}, {{100}, {110}}), 6.0653065971e-4, 1e-14);
  CHECK_NEAR(Change({"pair", {}, {}}, {{110}, {100}}), -6.3685719270e-4, 1e-14);
}

TEST("an arrival at the very time of a postsynaptic spike counts as before it") {
  CHECK_NEAR(Change(kWidePair, {{100}, {100}}), 0.001, 1e-15);
}

using Pairs = std::function<bool(const Times& pre, const Times& post, size_t i, size_t j)>;

/// Sum over all pairs of an arrival i and a postsynaptic spike j that `potentiates` or `depresses` lets
/// count.
double EnumeratedChange(const Times& pre, const Times& post, const Pairs& potentiates,
                        const Pairs& depresses) {
  double change = 0;
  for (size_t i = 0; i < pre.size(); ++i)
    for (size_t j = 0; j < post.size(); ++j) {
      const double distance = post[j] - pre[i];
      if (distance >= 0 && potentiates(pre, post, i, j)) change += 0.001 * std::exp(-distance / 20);
      if (distance < 0 && depresses(pre, post, i, j)) change -= 0.00105 * std::exp(distance / 20);
    }
  return change;
}

// Which pairs are nearest, said with the order of spikes alone: arrivals come first at equal times.
bool IsLastPre(const Times& pre, const Times& post, size_t i, size_t j) {
  return i + 1 == pre.size() || pre[i + 1] > post[j];
}
bool IsLastPost(const Times& pre, const Times& post, size_t i, size_t j) {
  return j + 1 == post.size() || post[j + 1] >= pre[i];
}
bool IsNextPost(const Times& pre, const Times& post, size_t i, size_t j) {
  return j == 0 || post[j - 1] < pre[i];
}
bool IsNextPre(const Times& pre, const Times& post, size_t i, size_t j) {
  return i == 0 || pre[i - 1] <= post[j];
}

TEST("all pairings of the pair rule count exactly the pairs of Morrison 2008") {
  const Pairs all = [](const Times&, const Times&, size_t, size_t) { return true; };
  const auto both = [](const Pairs& a, const Pairs& b) -> Pairs {
    return [=](const Times& pre, const Times& post, size_t i, size_t j) {
      return a(pre, post, i, j) && b(pre, post, i, j);
    };
  };
  struct Scheme {
    std::string pairing;
    Pairs potentiates;
    Pairs depresses;
  };
  const std::vector<Scheme> schemes = {
      {"all-to-all", all, all},
      {"nearest-symmetric", IsLastPre, IsLastPost},
      {"nearest-pre-centred", IsNextPost, IsLastPost},
      {"nearest-reduced", both(IsLastPre, IsNextPost), both(IsLastPost, IsNextPre)},
  };
  for (unsigned seed = 1; seed <= 8; ++seed) {
    // Of similar rates, and one side bursting between spikes of the other.
    const Times pre = IrregularTrain(seed, 40, seed % 2 == 0 ? 12 : 50);
    const Times post = IrregularTrain(seed + 100, 40, seed % 3 == 0 ? 12 : 50);
    for (const Scheme& scheme : schemes) {
      const double expected = EnumeratedChange(pre, post, scheme.potentiates, scheme.depresses);
      CHECK_NEAR(Change(With(kWidePair, "pairing", scheme.pairing), {pre, post}), expected, 1e-13);
    }
  }
}

TEST("the pairings differ as hand-counted on five spikes") {
  // Pre at 0, 10; post at 20, 30; pre at 40. In units of e^-0.5 = q: distances are multiples of 10 ms.
  const Protocol spikes = {{100, 110, 140}, {120, 130}};
  const double q = std::exp(-0.5), ltp = 0.001, ltd = 0.00105;
  const auto power = [&](int n) { return std::pow(q, n); };
  const auto change = [&](const std::string& pairing) {
    return Change(With(kWidePair, "pairing", pairing), spikes);
  };
  CHECK_NEAR(change("all-to-all"), ltp * (power(2) + power(1) + power(3) + power(2)) - ltd * (power(2) + q),
             1e-15);
  CHECK_NEAR(change("nearest-symmetric"), ltp * (power(1) + power(2)) - ltd * q, 1e-15);
  CHECK_NEAR(change("nearest-pre-centred"), ltp * (power(2) + power(1)) - ltd * q, 1e-15);
  CHECK_NEAR(change("nearest-reduced"), ltp * power(1) - ltd * q, 1e-15);
  // Two arrivals after one postsynaptic spike: reduced takes the first only.
  const Protocol tail = {{110, 120}, {100}};
  CHECK_NEAR(Change(With(kWidePair, "pairing", "nearest-reduced"), tail), -ltd * q, 1e-15);
  CHECK_NEAR(Change(With(kWidePair, "pairing", "nearest-symmetric"), tail), -ltd * (q + q * q), 1e-15);
}

TEST("multiplicative and power dependence scale with the room that is left") {
  const Settings bounded = {"pair", {{"wMin", 0}, {"wMax", 4}}, {{"dependence", "multiplicative"}}};
  // At w = 1 of 4: potentiation keeps 3/4, depression 1/4.
  CHECK_NEAR(Change(bounded, {{100}, {100}, 1}), 0.001 * 0.75, 1e-15);
  CHECK_NEAR(Change(bounded, {{110}, {100}, 1}), -0.00105 * 0.25 * std::exp(-0.5), 1e-15);
  const Settings power = With(With(bounded, "dependence", "power"), "mu", 0.5);
  CHECK_NEAR(Change(power, {{100}, {100}, 1}), 0.001 * std::sqrt(0.75), 1e-15);
  CHECK_NEAR(Change(power, {{110}, {100}, 1}), -0.00105 * 0.5 * std::exp(-0.5), 1e-15);
  // mu does not act on the others, and nothing moves beyond a bound.
  CHECK_NEAR(Change(With(bounded, "mu", 3), {{100}, {100}, 1}), 0.001 * 0.75, 1e-15);
  CHECK_NEAR(Change(With(kWidePair, "mu", 3), {{100}, {100}, 1}), 0.001, 1e-15);
  CHECK_EQUAL(Change(power, {{100}, {100}, 4}), 0.0);
  CHECK_EQUAL(Change(power, {{110}, {100}, 0}), 0.0);
  CHECK_NEAR(Change(With(power, "mu", 0), {{100}, {100}, 1}), 0.001, 1e-15);
}

TEST("additive weights stop at their bounds, whatever the weight was before") {
  const Settings fast = {"pair", {{"learningRate", 1}}, {}};
  for (const double weight : Play(fast, {IrregularTrain(3, 200, 20), IrregularTrain(4, 200, 20)}).weights)
    CHECK(weight >= 0 && weight <= 1);
  CHECK_EQUAL(Play(fast, {{100}, {100}, 0.95}).weight, 1.0);
  CHECK_EQUAL(Play(fast, {{101}, {100}, 0.05}).weight, 0.0);
  CHECK_EQUAL(Play(With(fast, "dependence", "power"), {{100}, {101}, 7}).weight, 1.0);
}

TEST("metaplasticity weakens potentiation of active targets and strengthens that of silent ones") {
  const Settings meta = With(kWidePair, "metaThreshold", 0.1);
  // a = 0: g = -1, so potentiation grows by 1.2 and depression shrinks by 1.2.
  CHECK_NEAR(Change(meta, {{100}, {100}}), 0.001 * 1.2, 1e-15);
  // One spike adds 1000 / (1000 ms * 100 Hz) = 0.01; 10 ms later g = (0.01 e^-0.01 - 0.1) / 0.1.
  const double g = (0.01 * std::exp(-0.01) - 0.1) / 0.1;
  CHECK_NEAR(Change(meta, {{110}, {100}}), -0.00105 * std::pow(1.2, g) * std::exp(-0.5), 1e-15);
  // 50 Hz for 10 s: a is near 0.5, far above twice the threshold, so g = 1.
  const Times active = RegularTrain(20, 20, 500);
  CHECK_NEAR(Change(meta, {{10010}, active}),
             -0.00105 * 1.2 * std::exp(-0.5) * (1 - std::exp(-500.0)) / (1 - std::exp(-1.0)), 1e-12);
}

TEST("the metaplastic trace follows the rate as a share of the maximum") {
  VisitRule<double>(ResolveRule(With(kWidePair, "rateMaxHz", 80), "rule"), [](const auto& rule) {
    const Times train = RegularTrain(0, 25, 800);  // 40 Hz for 20 s
    double mean = 0;
    for (int i = 0; i < 25; ++i) mean += TraceAt(rule.PostTraces()[1], train, 19975 + i + 0.5, true) / 25;
    CHECK_NEAR(mean, 0.5, 1e-4);
  });
}

// --- The additive form ---

TEST("the additive form does what the rule does, to the bit") {
  const std::vector<Settings> additive = {
      {"pair", {}, {}}, {"pair", {}, {{"pairing", "nearest-symmetric"}}}, {"vogels", {}, {}}};
  for (const Settings& settings : additive)
    VisitRule<float>(ResolveRule(settings, "rule"), [](const auto& rule) {
      const auto form = rule.Additive();
      CHECK(std::decay_t<decltype(rule)>::kAdditivePair);
      CHECK(form.has_value());
      if (!form) return;
      for (int i = 0; i < 200; ++i) {
        const float w = 0.005f * static_cast<float>(i), trace = std::exp(-0.03f * static_cast<float>(i));
        Synapse<float> pre = {w, 0}, post = {w, 0};
        rule.OnPre(pre, {{0.3f}, {trace, 0.7f}, true});
        rule.OnPost(post, {{trace}, {0.2f, 0.7f}, true, 1});
        const auto clip = [&](float x) { return std::min(std::max(x, form->w_min), form->w_max); };
        CHECK_EQUAL(pre.weight, clip(w + form->pre_gain * trace + form->pre_constant));
        CHECK_EQUAL(post.weight, clip(w + form->post_gain * trace));
      }
    });
}

TEST("rules that are more than additive have no additive form") {
  const std::vector<Settings> others = {{"pair", {}, {{"pairing", "nearest-reduced"}}},
                                        {"pair", {}, {{"pairing", "nearest-pre-centred"}}},
                                        {"pair", {}, {{"dependence", "multiplicative"}}},
                                        {"pair", {}, {{"dependence", "power"}}},
                                        {"pair", {{"metaThreshold", 0.1}}, {}},
                                        {"soft-bound", {}, {}},
                                        {"triplet", {}, {}},
                                        {"reward", {}, {}},
                                        {"teaching", {}, {}},
                                        {"diehl-cook", {}, {}}};
  for (const Settings& settings : others)
    VisitRule<double>(ResolveRule(settings, "rule"),
                      [](const auto& rule) { CHECK(!rule.Additive().has_value()); });
}

// --- Soft bound ---

TEST("the soft-bound window is an exponential cut at its end") {
  const Settings rule = {"soft-bound", {}, {}};
  for (const double distance : {0.5, 7.0, 19.9, 19.999}) {
    CHECK_NEAR(Change(rule, {{100}, {100 + distance}, 0.3}), 0.006 * std::exp(-distance / 10), 1e-15);
    CHECK_NEAR(Change(rule, {{100 + distance}, {100}, 0.3}), -0.006 * std::exp(-distance / 10), 1e-15);
  }
  for (const double distance : {20.0, 20.001, 50.0}) {
    CHECK_EQUAL(Change(rule, {{100}, {100 + distance}, 0.3}), 0.0);
    CHECK_EQUAL(Change(rule, {{100 + distance}, {100}, 0.3}), 0.0);
    CHECK_EQUAL(Play<float>(rule, {{100}, {100 + distance}, 0.25}).weight, 0.25);
  }
}

TEST("soft-bound changes shrink toward both bounds and pair nearest spikes only") {
  const Settings rule = {"soft-bound", {}, {}};
  CHECK_NEAR(Change(rule, {{100}, {110}, 0.5}), 0.01 * std::exp(-1.0), 1e-15);
  CHECK_NEAR(Change(rule, {{100}, {110}, 0.9}), 0.002 * std::exp(-1.0), 1e-15);
  CHECK_NEAR(Change(rule, {{110}, {100}, 0.1}), -0.002 * std::exp(-1.0), 1e-15);
  const double first = 0.3 + 0.006 * std::exp(-0.2);
  CHECK_NEAR(Play(rule, {{100, 104}, {106}, 0.3}).weight, first, 1e-15);
  const Settings strong = With(rule, "amplitude", 50);
  CHECK_EQUAL(Play(strong, {{100}, {101}, 0.5}).weight, 0.999);
  CHECK_EQUAL(Play(strong, {{101}, {100}, 0.5}).weight, 0.001);
}

// --- Triplet ---

const Settings kWideTriplet = {"triplet", {{"wMin", -kInf}, {"wMax", kInf}}, {}};

/// Pfister & Gerstner 2006 as sums over triplets, with the visual-cortex numbers.
double EnumeratedTriplets(const Times& pre, const Times& post) {
  double change = 0;
  for (const double t : post)
    for (const double s : pre) {
      if (s > t) break;
      double slow = 0;
      for (const double u : post)
        if (u < t) slow += std::exp(-(t - u) / 125);
      change += std::exp(-(t - s) / 16.8) * (5e-10 + 6.2e-3 * slow);
    }
  for (const double t : pre)
    for (const double s : post) {
      if (s >= t) break;
      double slow = 0;
      for (const double u : pre)
        if (u < t) slow += std::exp(-(t - u) / 101);
      change -= std::exp(-(t - s) / 33.7) * (7e-3 + 2.3e-4 * slow);
    }
  return change;
}

TEST("the triplet rule is the sum over all triplets") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const Times pre = IrregularTrain(seed, 40, 40), post = IrregularTrain(seed + 50, 40, 60);
    CHECK_NEAR(Change(kWideTriplet, {pre, post}), EnumeratedTriplets(pre, post), 1e-12);
  }
}

TEST("single triplets of spikes give the values of the formula") {
  // Pair only: a2Plus is next to nothing, a2Minus is not.
  CHECK_NEAR(Change(kWideTriplet, {{100}, {110}}), 5e-10 * std::exp(-10 / 16.8), 1e-15);
  CHECK_NEAR(Change(kWideTriplet, {{110}, {100}}), -7e-3 * std::exp(-10 / 33.7), 1e-15);
  // Post-pre-post at 100, 105, 110.
  CHECK_NEAR(Change(kWideTriplet, {{105}, {100, 110}}),
             -7e-3 * std::exp(-5 / 33.7) + std::exp(-5 / 16.8) * (5e-10 + 6.2e-3 * std::exp(-10.0 / 125)),
             1e-15);
  // Pre-post-pre.
  CHECK_NEAR(Change(kWideTriplet, {{100, 110}, {105}}),
             5e-10 * std::exp(-5 / 16.8) - std::exp(-5 / 33.7) * (7e-3 + 2.3e-4 * std::exp(-10.0 / 101)),
             1e-15);
}

TEST("the nearest triplet rule sees the last spike only") {
  const Settings nearest = With(kWideTriplet, "pairing", "nearest");
  CHECK_NEAR(Change(nearest, {{100, 105}, {90, 95, 110}}) - Change(nearest, {{100, 105}, {90, 95}}),
             std::exp(-5 / 16.8) * (5e-10 + 6.2e-3 * std::exp(-15.0 / 125)), 1e-15);
  const double depression =
      -std::exp(-5 / 33.7) * 7e-3 - std::exp(-10 / 33.7) * (7e-3 + 2.3e-4 * std::exp(-5.0 / 101));
  CHECK_NEAR(Change(nearest, {{100, 105}, {90, 95}}), depression, 1e-15);
  CHECK_EQUAL(Play({"triplet", {{"a3Plus", 100}}, {}}, {{105}, {100, 110}}).weight, 1.0);
  CHECK_EQUAL(Play({"triplet", {{"a2Minus", 100}}, {}}, {{105}, {100}}).weight, 0.0);
}

/// 60 pairings at a rate, as Sjöström 2001.
double PairingChange(double rate_hz, double distance_ms) {
  const Times pre = RegularTrain(1000, 1000 / rate_hz, 60);
  return Change(kWideTriplet, {pre, RegularTrain(1000 + distance_ms, 1000 / rate_hz, 60)});
}

TEST("triplet changes depend on the frequency of pairings as measured by Sjöström 2001") {
  struct Measured {
    double rate_hz, distance_ms, change, error;
  };
  // With standard errors, as listed by Pfister & Gerstner 2006.
  const std::vector<Measured> table = {{0.1, 10, -0.04, 0.05}, {10, 10, 0.14, 0.1},   {20, 10, 0.29, 0.14},
                                       {40, 10, 0.53, 0.11},   {50, 10, 0.56, 0.26},  {0.1, -10, -0.29, 0.08},
                                       {10, -10, -0.41, 0.11}, {20, -10, -0.34, 0.1}, {40, -10, 0.56, 0.32},
                                       {50, -10, 0.75, 0.19}};
  for (const Measured& m : table)
    CHECK_NEAR(PairingChange(m.rate_hz, m.distance_ms), m.change, 1.3 * m.error);
}

// --- Reward ---

const Settings kWideReward = {"reward", {{"wMin", -kInf}, {"wMax", kInf}, {"baseline", 0.004}}, {}};

/// dw/dt = c (n - b) by the midpoint rule; c and n from the lists of spikes and rewards.
Outcome IntegrateReward(const Protocol& protocol, double step_ms) {
  const Trace plus = {20}, minus = {20};
  const auto eligibility = [&](double t) {
    double c = 0;
    for (const double s : protocol.pre)
      if (s <= t) c -= 0.00105 * TraceAt(minus, protocol.post, s, false) * std::exp(-(t - s) / 1000);
    for (const double s : protocol.post)
      if (s <= t) c += 0.001 * TraceAt(plus, protocol.pre, s, true) * std::exp(-(t - s) / 1000);
    return c;
  };
  Outcome outcome = {protocol.weight, eligibility(protocol.end_ms), {}};
  for (double t = step_ms / 2; t < protocol.end_ms; t += step_ms) {
    double n = 0;
    for (const auto& [ms, amount] : protocol.rewards)
      if (ms <= t) n += amount * std::exp(-(t - ms) / 200);
    outcome.weight += step_ms * eligibility(t) * (n - 0.004);
  }
  return outcome;
}

TEST("the reward rule integrates eligibility times reward exactly") {
  const Protocol protocol = {
      {50, 90, 300, 301}, {60, 80, 310, 700}, 0.5, 0, {{200, 0.5}, {310, -0.2}, {900, 1}}, 2000};
  const Outcome numeric = IntegrateReward(protocol, 0.05);
  const Outcome exact = Play(kWideReward, protocol);
  CHECK(std::abs(numeric.weight - 0.5) > 0.01);
  CHECK_NEAR(exact.weight, numeric.weight, 1e-7);
  CHECK_NEAR(exact.state, numeric.state, 1e-15);
}

TEST("one rewarded pair changes the weight by the integral of two exponentials") {
  const Settings rule = With(kWideReward, "baseline", 0);
  const double c = 0.001 * std::exp(-0.5);
  // Reward 0.1 at once, waited out: c * 0.1 / (1/1000 + 1/200).
  CHECK_NEAR(Change(rule, {{100}, {110}, 0.5, 0, {{110, 0.1}}, 50000}), c * 0.1 * 1000 / 6, 1e-12);
  // A second late: eligibility has decayed by e. Ten seconds late: no credit.
  CHECK_NEAR(Change(rule, {{100}, {110}, 0.5, 0, {{1110, 0.1}}, 50000}), c / std::exp(1) * 0.1 * 1000 / 6,
             1e-12);
  CHECK(Change(rule, {{100}, {110}, 0.5, 0, {{20110, 0.1}}, 50000}) < 1e-9);
  // Without reward only the baseline acts, and nothing at baseline 0.
  CHECK_EQUAL(Change(rule, {{100}, {110}, 0.5, 0, {}, 50000}), 0.0);
  CHECK_NEAR(Change(kWideReward, {{100}, {110}, 0.5, 0, {}, 50000}), -0.004 * c * 1000, 1e-12);
}

TEST("splitting the time of the reward rule does not change its result") {
  const Protocol whole = {{100}, {110}, 0.5, 0, {{150, 0.3}}, 1000};
  Protocol split = whole;
  split.pauses = RegularTrain(101, 7.3, 120);
  CHECK_NEAR(Play(kWideReward, split).weight, Play(kWideReward, whole).weight, 1e-13);
  CHECK_NEAR(Play(kWideReward, split).state, Play(kWideReward, whole).state, 1e-15);
}

TEST("rewarded weights stay within their bounds") {
  const Settings rule = {"reward", {}, {}};
  CHECK_EQUAL(Play(rule, {{100}, {110}, 0.5, 0, {{110, 100}}, 1000}).weight, 1.0);
  CHECK_EQUAL(Play(rule, {{100}, {110}, 0.5, 0, {{110, -100}}, 1000}).weight, 0.0);
}

// --- Teaching ---

TEST("teaching collects eligibility and leaves the weight alone") {
  const Settings rule = {"teaching", {}, {}};
  const auto eligibility = [&](const Times& pre, const Times& post) {
    const Outcome outcome = Play(rule, {pre, post, 0.4});
    CHECK_EQUAL(outcome.weight, 0.4);
    return outcome.state;
  };
  CHECK_NEAR(eligibility({100}, {105}), 0.01 * std::exp(-0.5), 1e-15);
  CHECK_NEAR(eligibility({100}, {119.99}), 0.01 * std::exp(-1.999), 1e-15);
  CHECK_EQUAL(eligibility({100}, {120}), 0.0);
  CHECK_EQUAL(eligibility({100}, {100}), 0.0);
  CHECK_EQUAL(eligibility({105}, {100}), 0.0);
  CHECK_EQUAL(eligibility({}, {100}), 0.0);
  // The nearest arrival only, for every postsynaptic spike.
  CHECK_NEAR(eligibility({100, 104}, {106, 110, 125}), 0.01 * (std::exp(-0.2) + std::exp(-0.6)), 1e-15);
}

TEST("eligibility of teaching does not decay") {
  CHECK_NEAR(Play({"teaching", {}, {}}, {{100, 5000}, {105}, 0.4}).state, 0.01 * std::exp(-0.5), 1e-15);
}

// --- Diehl & Cook ---

TEST("the Diehl & Cook rule depresses by post1 and potentiates by pre times post2") {
  const Settings rule = {"diehl-cook", {}, {}};
  // The first postsynaptic spike finds post2 = 0.
  CHECK_EQUAL(Change(rule, {{100}, {110}}), 0.0);
  CHECK_NEAR(Change(rule, {{110}, {100}}), -1e-4 * std::exp(-0.5), 1e-15);
  const double up = 1e-2 * std::exp(-0.25) * std::exp(-15.0 / 40), down = -1e-4 * std::exp(-0.5);
  CHECK_NEAR(Change(rule, {{110}, {100, 115}}), up + down, 1e-15);
  // Traces are set, not added to: a burst acts as its last spike.
  CHECK_NEAR(Change(rule, {{110}, {90, 96, 100}}), down, 1e-15);
  CHECK_EQUAL(Play({"diehl-cook", {{"nuPost", 100}}, {}}, {{100}, {90, 101}}).weight, 1.0);
  CHECK_EQUAL(Play({"diehl-cook", {{"nuPre", 100}}, {}}, {{100}, {99}}).weight, 0.0);
}

// --- Vogels ---

TEST("the Vogels rule strengthens near pairs of either order and weakens lone arrivals") {
  const Settings rule = {"vogels", {{"wMin", -kInf}, {"wMax", kInf}}, {}};
  const double alpha = 2 * 0.005 * 20;
  CHECK_NEAR(Change(rule, {{100}, {}}), -1e-3 * alpha, 1e-15);
  CHECK_NEAR(Change(rule, {{100}, {110}}), 1e-3 * (std::exp(-0.5) - alpha), 1e-15);
  CHECK_NEAR(Change(rule, {{110}, {100}}), 1e-3 * (std::exp(-0.5) - alpha), 1e-15);
  CHECK_EQUAL(Play({"vogels", {{"eta", 1}}, {}}, {{100}, {}, 0.1}).weight, 0.0);
  CHECK_EQUAL(Play({"vogels", {{"eta", 1}}, {}}, {{100}, {101}, 9.9}).weight, 10.0);
}

TEST("the Vogels rule stands still where the target fires at its rate") {
  const Settings rule = {"vogels", {{"wMin", -kInf}, {"wMax", kInf}}, {}};
  // The golden ratio makes the phases of both trains cover each other evenly.
  const double inhibitory_hz = 5 * 1.618033988749895;
  const auto drift = [&](double rate_hz) {
    const Times pre = RegularTrain(1, 1000 / inhibitory_hz, 1600);
    const double seconds = pre.back() / 1000;
    const Times post = RegularTrain(2, 1000 / rate_hz, static_cast<int>(seconds * rate_hz));
    return Change(rule, {pre, post}) / seconds;
  };
  // Per second 2 eta tau r_pre (r_post - r0), here with tau in seconds.
  const auto expected = [&](double rate_hz) { return 2 * 1e-3 * 0.02 * inhibitory_hz * (rate_hz - 5); };
  for (const double rate_hz : {2.5, 5.0, 7.5, 10.0}) CHECK_NEAR(drift(rate_hz), expected(rate_hz), 1e-5);
  CHECK(drift(2.5) < -5e-4 && drift(7.5) > 5e-4);
}

}  // namespace
}  // namespace synfire::events
