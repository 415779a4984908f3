// What a plasticity rule is: traces, and what a pre- and a postsynaptic spike do to one synapse.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "native/events/settings.h"

namespace synfire::events {

/// Decays with tau between spikes; a spike adds `amount` to it or sets it to `amount`.
struct Trace {
  double tau_ms = 20;
  bool saturates = false;  ///< set instead of add
  double amount = 1;
};

inline constexpr int kMaxPreTraces = 2;
inline constexpr int kMaxPostTraces = 3;

/// One synapse while a rule works on it. `state` is kept per synapse for rules with kHasState.
template <class Real>
struct Synapse {
  Real weight;
  Real state;
};

/// A postsynaptic spike as a synapse sees it. Traces are decayed to its time; those of the postsynaptic side
/// are read before the spike's own increment.
template <class Real>
struct PostSpike {
  std::array<Real, kMaxPreTraces> pre;
  std::array<Real, kMaxPostTraces> post;
  bool first;         ///< the first since the last presynaptic arrival (at this synapse)
  Real since_pre_ms;  ///< since the last presynaptic arrival; huge when there was none
};

/// A presynaptic arrival. Traces are decayed to its time and read before the arrival's own increment. A
/// postsynaptic spike at the very same time comes after it (as in Brian2).
template <class Real>
struct PreSpike {
  std::array<Real, kMaxPreTraces> pre;
  std::array<Real, kMaxPostTraces> post;
  bool post_since_pre;  ///< a postsynaptic spike came since the last presynaptic arrival
};

/// The reward signal n, decaying exponentially from `level`, at the start of an interval.
struct RewardSignal {
  double level = 0;
};

/// A rule that only adds multiples of the first traces. On a presynaptic arrival
/// w = clip(w + pre_gain * post[0] + pre_constant), on a postsynaptic spike w = clip(w + post_gain * pre[0]).
/// OnPre and OnPost of the rule do exactly this, to the bit.
template <class Real>
struct AdditiveForm {
  Real pre_gain;
  Real pre_constant;
  Real post_gain;
  Real w_min;
  Real w_max;
};

/// What most rules do not do, and the bounds, which all have. A rule derives from it and hides what differs.
template <class Real>
class RuleBase {
 public:
  static constexpr bool kHasState = false;      ///< uses Synapse::state (0 at the start)
  static constexpr bool kContinuous = false;    ///< has Pass()
  static constexpr bool kRewarded = false;      ///< has RewardTauMs()
  static constexpr bool kTaught = false;        ///< state is what teaching multiplies and then clears
  static constexpr bool kAdditivePair = false;  ///< Additive() may have a value

  /// Whether this class is the one for settings of its kind; for kinds that are split into several classes.
  static bool Fits(const Settings& /*resolved*/) { return true; }

  /// Entries beyond kPre and kPost mean nothing.
  std::array<Trace, kMaxPreTraces> PreTraces() const { return {}; }
  std::array<Trace, kMaxPostTraces> PostTraces() const { return {}; }

  std::optional<AdditiveForm<Real>> Additive() const { return std::nullopt; }
  Real Clip(Real weight) const { return std::min(std::max(weight, w_min_), w_max_); }
  Real w_min() const { return w_min_; }
  Real w_max() const { return w_max_; }

 protected:
  explicit RuleBase(const Settings& resolved)
      : w_min_(static_cast<Real>(NumberOf(resolved, "wMin"))),
        w_max_(static_cast<Real>(NumberOf(resolved, "wMax"))) {}

  Real w_min_;
  Real w_max_;
};

// A rule is a class template in a header of its own in rules/, listed once in rules.h:
//
//   template <class Real>
//   class Vogels : public RuleBase<Real> {
//    public:
//     static constexpr Table kTable = {"vogels", kParameters, kChoices};
//     static constexpr int kPre = 1, kPost = 1;    // numbers of traces
//     explicit Vogels(const Settings& resolved);
//     std::array<Trace, kMaxPreTraces> PreTraces() const;
//     std::array<Trace, kMaxPostTraces> PostTraces() const;
//     void OnPre(Synapse<Real>& synapse, const PreSpike<Real>& spike) const;
//     void OnPost(Synapse<Real>& synapse, const PostSpike<Real>& spike) const;
//     // Only with kContinuous: what happens between two events `ms` apart. Called for every interval, in
//     order. void Pass(Synapse<Real>& synapse, Real ms, const RewardSignal& reward_at_start) const;
//     // Only with kRewarded: the time constant of the reward signal.
//     double RewardTauMs() const;
//   };
//
// Every table has wMin and wMax. OnPre and OnPost are inlined into the loops over synapses: branch-free where
// it can be, no calls but to std::exp and the like, Real arithmetic only (constants converted once, in the
// constructor).

}  // namespace synfire::events
