// Pair STDP: every pair of a pre- and a postsynaptic spike, or only nearest ones, changes the weight by an
// exponential of their distance.
#pragma once

#include <cmath>

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kPairParameters[] = {
    {"learningRate", 0.01, 0, 1e6}, {"tauPlusMs", 20, 1e-3, 1e9}, {"tauMinusMs", 20, 1e-3, 1e9},
    {"aPlus", 0.1, -1e6, 1e6},      {"aMinus", 0.105, -1e6, 1e6}, {"mu", 1, 0, 100},
    {"wMin", 0, -1e9, 1e9},         {"wMax", 1, -1e9, 1e9},       {"metaThreshold", 0, 0, 1e6},
    {"tauMetaMs", 1000, 1e-3, 1e9}, {"metaScaling", 1.2, 1, 1e6}, {"rateMaxHz", 100, 1e-3, 1e6},
};
inline constexpr Choice kPairChoices[] = {
    {"dependence", "additive|multiplicative|power"},
    {"pairing", "all-to-all|nearest-symmetric|nearest-pre-centred|nearest-reduced"},
};

/// How far a pair of spikes changes the weight: learningRate * a * f(w), times the metaplastic factor.
///
/// With u = (w - wMin) / (wMax - wMin) clamped to [0, 1]: additive f = 1; multiplicative f+ = 1 - u, f- = u
/// (van Rossum 2000); power f+ = (1 - u)^mu, f- = u^mu (Gütig 2003).
///
/// Metaplasticity, on where metaThreshold > 0: the second postsynaptic trace a follows r / rateMaxHz with
/// tauMetaMs; g = clamp((a - metaThreshold) / metaThreshold, -1, 1); potentiation is multiplied by
/// metaScaling^-g, depression by metaScaling^g.
template <class Real>
class PairBase : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"pair", kPairParameters, kPairChoices};
  static constexpr int kPre = 1;
  static constexpr int kPost = 2;

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {pre_}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return {post_, meta_}; }

 protected:
  PairBase(const Settings& resolved, bool nearest) : RuleBase<Real>(resolved) {
    const auto number = [&](const char* name) { return NumberOf(resolved, name); };
    plus_ = static_cast<Real>(number("learningRate") * number("aPlus"));
    minus_ = static_cast<Real>(number("learningRate") * number("aMinus"));
    const std::string& dependence = ChoiceOf(resolved, "dependence");
    exponent_ = static_cast<Real>(dependence == "additive" ? 0 : dependence == "power" ? number("mu") : 1);
    per_range_ = static_cast<Real>(1 / (number("wMax") - number("wMin")));
    const double threshold = number("metaThreshold");
    per_threshold_ = static_cast<Real>(threshold > 0 ? 1 / threshold : 0);
    log_scaling_ = static_cast<Real>(threshold > 0 ? std::log(number("metaScaling")) : 0);
    pre_ = {number("tauPlusMs"), nearest, 1};
    post_ = {number("tauMinusMs"), nearest, 1};
    meta_ = {number("tauMetaMs"), false, 1000 / (number("tauMetaMs") * number("rateMaxHz"))};
  }

  bool has_constant_amounts() const { return exponent_ == 0 && log_scaling_ == 0; }

  void Potentiate(Synapse<Real>& synapse, Real trace, Real activity) const {
    const Real amount = plus_ * Room(1 - Position(synapse.weight)) * Metaplastic(-1, activity);
    synapse.weight = this->Clip(synapse.weight + amount * trace);
  }
  void Depress(Synapse<Real>& synapse, Real trace, Real activity) const {
    const Real amount = minus_ * Room(Position(synapse.weight)) * Metaplastic(1, activity);
    synapse.weight = this->Clip(synapse.weight - amount * trace);
  }

  Real plus_;
  Real minus_;

 private:
  Real Position(Real weight) const {
    return std::min(std::max((weight - this->w_min_) * per_range_, Real{0}), Real{1});
  }
  Real Room(Real u) const { return exponent_ == 0 ? Real{1} : exponent_ == 1 ? u : std::pow(u, exponent_); }
  Real Metaplastic(Real sign, Real activity) const {
    if (log_scaling_ == 0) return 1;
    const Real g = std::min(std::max(activity * per_threshold_ - 1, Real{-1}), Real{1});
    return std::exp(sign * g * log_scaling_);
  }

  Real exponent_;
  Real per_range_;
  Real per_threshold_;
  Real log_scaling_;
  Trace pre_;
  Trace post_;
  Trace meta_;
};

/// Pairing of Morrison 2008: all-to-all, or nearest: symmetric (each arrival with the last postsynaptic
/// spike, each postsynaptic spike with the last arrival) or reduced (of these, only pairs with no spike in
/// between).
template <class Real>
class Pair : public PairBase<Real> {
 public:
  static constexpr bool kAdditivePair = true;

  static bool Fits(const Settings& resolved) {
    return ChoiceOf(resolved, "pairing") != "nearest-pre-centred";
  }

  explicit Pair(const Settings& resolved)
      : PairBase<Real>(resolved, ChoiceOf(resolved, "pairing") != "all-to-all"),
        reduced_(ChoiceOf(resolved, "pairing") == "nearest-reduced") {}

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    const bool pairs = !reduced_ | spike.post_since_pre;
    this->Depress(synapse, pairs ? spike.post[0] : Real{0}, spike.post[1]);
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    const bool pairs = !reduced_ | spike.first;
    this->Potentiate(synapse, pairs ? spike.pre[0] : Real{0}, spike.post[1]);
  }

  std::optional<AdditiveForm<Real>> Additive() const {
    if (reduced_ || !this->has_constant_amounts()) return std::nullopt;
    return AdditiveForm<Real>{-this->minus_, 0, this->plus_, this->w_min_, this->w_max_};
  }

 private:
  bool reduced_;
};

/// Presynaptic-centred pairing of Morrison 2008: each arrival with the last and with the next postsynaptic
/// spike, so that a postsynaptic spike pairs with every arrival since the one before it. The state is the sum
/// over those arrivals, decayed to the last of them.
template <class Real>
class PairPreCentred : public PairBase<Real> {
 public:
  static constexpr bool kHasState = true;

  static bool Fits(const Settings& resolved) {
    return ChoiceOf(resolved, "pairing") == "nearest-pre-centred";
  }

  explicit PairPreCentred(const Settings& resolved) : PairBase<Real>(resolved, true) {}

  // The nearest-neighbour trace is the decay since the last arrival.
  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    this->Depress(synapse, spike.post[0], spike.post[1]);
    synapse.state = synapse.state * spike.pre[0] + 1;
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    this->Potentiate(synapse, synapse.state * spike.pre[0], spike.post[1]);
    synapse.state = 0;
  }
};

}  // namespace synfire::events
