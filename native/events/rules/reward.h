// Reward-modulated STDP (Izhikevich 2007): pairs feed an eligibility trace, and the reward turns it into
// change.
#pragma once

#include <cmath>

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kRewardParameters[] = {
    {"learningRate", 0.01, 0, 1e6},  {"tauPlusMs", 20, 1e-3, 1e9}, {"tauMinusMs", 20, 1e-3, 1e9},
    {"aPlus", 0.1, -1e6, 1e6},       {"aMinus", 0.105, -1e6, 1e6}, {"tauEligibilityMs", 1000, 1e-3, 1e9},
    {"tauRewardMs", 200, 1e-3, 1e9}, {"baseline", 0, -1e6, 1e6},   {"wMin", 0, -1e9, 1e9},
    {"wMax", 1, -1e9, 1e9},
};

/// The state is the eligibility c: all pairs add to it as to the weight of the additive pair rule, and it
/// decays with tauEligibilityMs. The weight follows dw/dt = c * (n - baseline) with t in ms, n the reward
/// signal, decaying with tauRewardMs. Integrated in closed form from event to event; the bounds are applied
/// at events.
template <class Real>
class Reward : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"reward", kRewardParameters, {}};
  static constexpr int kPre = 1;
  static constexpr int kPost = 1;
  static constexpr bool kHasState = true;
  static constexpr bool kContinuous = true;
  static constexpr bool kRewarded = true;

  explicit Reward(const Settings& resolved) : RuleBase<Real>(resolved) {
    const auto number = [&](const char* name) { return NumberOf(resolved, name); };
    plus_ = static_cast<Real>(number("learningRate") * number("aPlus"));
    minus_ = static_cast<Real>(number("learningRate") * number("aMinus"));
    const double eligibility_tau = number("tauEligibilityMs");
    reward_tau_ms_ = number("tauRewardMs");
    const double both = 1 / (1 / eligibility_tau + 1 / reward_tau_ms_);
    eligibility_rate_ = static_cast<Real>(1 / eligibility_tau);
    both_rate_ = static_cast<Real>(1 / both);
    both_tau_ = static_cast<Real>(both);
    baseline_times_tau_ = static_cast<Real>(number("baseline") * eligibility_tau);
    pre_ = {number("tauPlusMs"), false, 1};
    post_ = {number("tauMinusMs"), false, 1};
  }

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {pre_}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return {post_}; }
  double RewardTauMs() const { return reward_tau_ms_; }

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    synapse.state -= minus_ * spike.post[0];
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    synapse.state += plus_ * spike.pre[0];
  }

  void Pass(Synapse<Real>& synapse, Real ms, const RewardSignal& reward_at_start) const {
    const Real lost = -std::expm1(-ms * eligibility_rate_);
    const Real both_lost = -std::expm1(-ms * both_rate_);
    const Real integral =
        static_cast<Real>(reward_at_start.level) * both_tau_ * both_lost - baseline_times_tau_ * lost;
    synapse.weight = this->Clip(synapse.weight + synapse.state * integral);
    synapse.state -= synapse.state * lost;
  }

 private:
  Real plus_;
  Real minus_;
  Real eligibility_rate_;
  Real both_rate_;
  Real both_tau_;
  Real baseline_times_tau_;
  double reward_tau_ms_;
  Trace pre_;
  Trace post_;
};

}  // namespace synfire::events
