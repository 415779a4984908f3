// Nearest-neighbour STDP with a window and soft bounds: change = ±amplitude * (1 - |2w - 1|) * e^(-|dt| /
// tau).
#pragma once

#include <cmath>
#include <limits>

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kSoftBoundParameters[] = {
    {"amplitude", 0.01, 0, 1e6}, {"tauMs", 10, 1e-3, 1e9}, {"windowMs", 20, 0, 1e9},
    {"wMin", 0.001, 0, 1},       {"wMax", 0.999, 0, 1},
};

/// Each arrival pairs with the last postsynaptic spike, each postsynaptic spike with the last arrival, if
/// less than windowMs lies between them.
template <class Real>
class SoftBound : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"soft-bound", kSoftBoundParameters, {}};
  static constexpr int kPre = 1;
  static constexpr int kPost = 1;

  explicit SoftBound(const Settings& resolved)
      : RuleBase<Real>(resolved),
        amplitude_(static_cast<Real>(NumberOf(resolved, "amplitude"))),
        tau_ms_(NumberOf(resolved, "tauMs")) {
    // A trace that has just reached the end of the window may be a rounding error above its value there.
    const double slack = 1 + 32 * static_cast<double>(std::numeric_limits<Real>::epsilon());
    floor_ = static_cast<Real>(slack * std::exp(-NumberOf(resolved, "windowMs") / tau_ms_));
  }

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {Trace{tau_ms_, true, 1}}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return {Trace{tau_ms_, true, 1}}; }

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const { Change(synapse, -spike.post[0]); }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const { Change(synapse, spike.pre[0]); }

 private:
  void Change(Synapse<Real>& synapse, Real trace) const {
    const Real size = amplitude_ * (1 - std::abs(2 * synapse.weight - 1));
    synapse.weight = this->Clip(synapse.weight + (std::abs(trace) > floor_ ? size * trace : Real{0}));
  }

  Real amplitude_;
  Real floor_;
  double tau_ms_;
};

}  // namespace synfire::events
