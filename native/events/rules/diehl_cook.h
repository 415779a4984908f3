// The STDP of Diehl & Cook 2015: depression by a fast postsynaptic trace, triplet potentiation by a slow one.
#pragma once

#include "native/events/rule.h"

namespace synfire::events {

inline constexpr Parameter kDiehlCookParameters[] = {
    {"nuPre", 1e-4, -1e6, 1e6},    {"nuPost", 1e-2, -1e6, 1e6},   {"tauPreMs", 20, 1e-3, 1e9},
    {"tauPost1Ms", 20, 1e-3, 1e9}, {"tauPost2Ms", 40, 1e-3, 1e9}, {"wMin", 0, -1e9, 1e9},
    {"wMax", 1, -1e9, 1e9},
};

/// Arrival: w -= nuPre * post1. Postsynaptic spike: w += nuPost * pre * post2, post2 from before the spike.
/// All traces are set to 1 by a spike.
template <class Real>
class DiehlCook : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"diehl-cook", kDiehlCookParameters, {}};
  static constexpr int kPre = 1;
  static constexpr int kPost = 2;

  explicit DiehlCook(const Settings& resolved)
      : RuleBase<Real>(resolved),
        nu_pre_(static_cast<Real>(NumberOf(resolved, "nuPre"))),
        nu_post_(static_cast<Real>(NumberOf(resolved, "nuPost"))) {
    const auto trace = [&](const char* tau) { return Trace{NumberOf(resolved, tau), true, 1}; };
    pre_ = trace("tauPreMs");
    post_ = {trace("tauPost1Ms"), trace("tauPost2Ms")};
  }

  std::array<Trace, kMaxPreTraces> PreTraces() const { return {pre_}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return post_; }

  /// OnPre in the form of an additive rule, for rows that are walked as a whole.
  AdditiveForm<Real> ArrivalForm() const { return {-nu_pre_, 0, 0, this->w_min_, this->w_max_}; }

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight - nu_pre_ * spike.post[0]);
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight + nu_post_ * spike.pre[0] * spike.post[1]);
  }

 private:
  Real nu_pre_;
  Real nu_post_;
  Trace pre_;
  std::array<Trace, kMaxPostTraces> post_;
};

}  // namespace synfire::events
