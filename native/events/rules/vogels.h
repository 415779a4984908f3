// Inhibitory plasticity of Vogels et al. 2011: symmetric STDP that drives the target to a rate.
#pragma once

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kVogelsParameters[] = {
    {"eta", 1e-3, 0, 1e6},  {"tauMs", 20, 1e-3, 1e9}, {"targetRateHz", 5, 0, 1e6},
    {"wMin", 0, -1e9, 1e9}, {"wMax", 10, -1e9, 1e9},
};

/// Arrival: w += eta * (post - alpha) with alpha = 2 * targetRateHz / 1000 * tauMs. Postsynaptic spike:
/// w += eta * pre. The weight is the strength of inhibition, so it is not negative.
template <class Real>
class Vogels : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"vogels", kVogelsParameters, {}};
  static constexpr int kPre = 1;
  static constexpr int kPost = 1;
  static constexpr bool kAdditivePair = true;

  explicit Vogels(const Settings& resolved) : RuleBase<Real>(resolved), tau_ms_(NumberOf(resolved, "tauMs")) {
    const double eta = NumberOf(resolved, "eta");
    eta_ = static_cast<Real>(eta);
    per_arrival_ = static_cast<Real>(-eta * 2 * NumberOf(resolved, "targetRateHz") / 1000 * tau_ms_);
  }

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {Trace{tau_ms_, false, 1}}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return {Trace{tau_ms_, false, 1}}; }

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight + eta_ * spike.post[0] + per_arrival_);
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight + eta_ * spike.pre[0]);
  }

  std::optional<AdditiveForm<Real>> Additive() const {
    return AdditiveForm<Real>{eta_, per_arrival_, eta_, this->w_min_, this->w_max_};
  }

 private:
  Real eta_;
  Real per_arrival_;
  double tau_ms_;
};

}  // namespace synfire::events
