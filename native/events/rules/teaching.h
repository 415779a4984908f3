// Supervised teaching: pairs are collected during a sample, and a modulation of each target turns them into
// change.
#pragma once

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kTeachingParameters[] = {
    {"base", 0.01, 0, 1e6},     {"tauMs", 10, 1e-3, 1e9},   {"windowMs", 20, 0, 1e9},
    {"wMin", 0.001, -1e9, 1e9}, {"wMax", 0.999, -1e9, 1e9},
};

/// The state is the eligibility: each postsynaptic spike adds base * e^(-dt / tauMs), dt the time since the
/// last arrival, where 0 < dt < windowMs. The weight stands still until the end of the sample, when the
/// engine sets w = clip(w + modulation * eligibility) and clears the eligibility.
template <class Real>
class Teaching : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"teaching", kTeachingParameters, {}};
  static constexpr int kPre = 1;
  static constexpr int kPost = 0;
  static constexpr bool kHasState = true;
  static constexpr bool kTaught = true;

  explicit Teaching(const Settings& resolved)
      : RuleBase<Real>(resolved),
        base_(static_cast<Real>(NumberOf(resolved, "base"))),
        window_ms_(static_cast<Real>(NumberOf(resolved, "windowMs"))),
        tau_ms_(NumberOf(resolved, "tauMs")) {}

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {Trace{tau_ms_, true, 1}}; }

  void OnPre(Synapse<Real>& /*synapse*/, const PreSpike<Real>& /*spike*/) const {}
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    const bool pairs = (spike.since_pre_ms > 0) & (spike.since_pre_ms < window_ms_);
    synapse.state += pairs ? base_ * spike.pre[0] : Real{0};
  }

 private:
  Real base_;
  Real window_ms_;
  double tau_ms_;
};

}  // namespace synfire::events
