// Triplet STDP of Pfister & Gerstner 2006: a second, slower trace on each side makes it depend on frequency.
#pragma once

#include "native/events/rule.h"

namespace synfire::events {

// The defaults are the paper's fit to visual cortex, all-to-all.
inline constexpr Parameter kTripletParameters[] = {
    {"tauPlusMs", 16.8, 1e-3, 1e9}, {"tauMinusMs", 33.7, 1e-3, 1e9}, {"tauXMs", 101, 1e-3, 1e9},
    {"tauYMs", 125, 1e-3, 1e9},     {"a2Plus", 5e-10, -1e6, 1e6},    {"a3Plus", 6.2e-3, -1e6, 1e6},
    {"a2Minus", 7e-3, -1e6, 1e6},   {"a3Minus", 2.3e-4, -1e6, 1e6},  {"wMin", 0, -1e9, 1e9},
    {"wMax", 1, -1e9, 1e9},
};
inline constexpr Choice kTripletChoices[] = {{"pairing", "all-to-all|nearest"}};

/// Arrival: w -= o1 * (a2Minus + a3Minus * r2). Postsynaptic spike: w += r1 * (a2Plus + a3Plus * o2). Traces
/// r1 and r2 of arrivals decay with tauPlusMs and tauXMs, o1 and o2 of postsynaptic spikes with tauMinusMs
/// and tauYMs.
template <class Real>
class Triplet : public RuleBase<Real> {
 public:
  static constexpr Table kTable = {"triplet", kTripletParameters, kTripletChoices};
  static constexpr int kPre = 2;
  static constexpr int kPost = 2;

  explicit Triplet(const Settings& resolved)
      : RuleBase<Real>(resolved),
        a2_plus_(static_cast<Real>(NumberOf(resolved, "a2Plus"))),
        a3_plus_(static_cast<Real>(NumberOf(resolved, "a3Plus"))),
        a2_minus_(static_cast<Real>(NumberOf(resolved, "a2Minus"))),
        a3_minus_(static_cast<Real>(NumberOf(resolved, "a3Minus"))) {
    const bool nearest = ChoiceOf(resolved, "pairing") == "nearest";
    const auto trace = [&](const char* tau) { return Trace{NumberOf(resolved, tau), nearest, 1}; };
    pre_ = {trace("tauPlusMs"), trace("tauXMs")};
    post_ = {trace("tauMinusMs"), trace("tauYMs")};
  }

  std::array<Trace, kMaxPreTraces> PreTraces() const { return pre_; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return post_; }

  void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight - spike.post[0] * (a2_minus_ + a3_minus_ * spike.pre[1]));
  }
  void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const {
    synapse.weight = this->Clip(synapse.weight + spike.pre[0] * (a2_plus_ + a3_plus_ * spike.post[1]));
  }

 private:
  Real a2_plus_;
  Real a3_plus_;
  Real a2_minus_;
  Real a3_minus_;
  std::array<Trace, kMaxPreTraces> pre_;
  std::array<Trace, kMaxPostTraces> post_;
};

}  // namespace synfire::events
