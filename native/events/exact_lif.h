// Exact integration of leaky integrate-and-fire neurons from event to event; crossings are found between
// events.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/events/settings.h"
#include "native/events/time.h"

namespace synfire::events {

/// What an exponential current does to V: K(t) = tau_s / (tau_s - tau_m) (e^(-t/tau_s) - e^(-t/tau_m)), or
/// its limit t / tau_m e^(-t/tau_m) for equal time constants. Rises to its peak, then falls.
class CurrentKernel {
 public:
  CurrentKernel(double tau_ms, double membrane_tau_ms);
  /// `membrane` is e^(-ms / tau_m), `current` e^(-ms / tau_s).
  double At(double ms, double membrane, double current) const;
  double rate() const { return rate_; }  ///< 1 / tau_s
  double peak() const { return peak_; }
  double peak_ms() const { return peak_ms_; }

 private:
  double rate_;
  double membrane_rate_;
  double factor_;  // tau_s / (tau_s - tau_m)
  bool near_;      // so close to tau_m that a difference of exponentials would lose digits
  double peak_ms_;
  double peak_;
};

/// The state of one population. Distinct neurons may be worked on by different threads.
///
/// tau_m V' = V_inf - V + ge + gi with V_inf = rest + drive; a neuron that fired stays at reset, and deaf to
/// delta synapses, up to and including its last refractory tick, spike + refractoryMs. It fires at the first
/// tick with V >= thresholdMv + offset + theta + relativeAmplitudeMv e^(-D / relativeTauMs), the last term
/// only while the time D since the last spike is below relativeRefractoryMs; at most once per tick.
class ExactLif {
 public:
  /// `model` is a resolved "lif" with integration "exact". All start at rest; other values are set by
  /// SetValue.
  ExactLif(const Settings& model, std::uint32_t size);

  std::uint32_t size() const { return static_cast<std::uint32_t>(neurons_.size()); }

  /// Advances neuron j to `time` (>= its last update), adds the summed input (mV for delta synapses: exc +
  /// inh is added to V and ignored while refractory; for exponential synapses exc goes to ge and inh to gi),
  /// then tests V >= threshold. A neuron that fires is reset at once. Returns whether it fired.
  bool Arrive(std::uint32_t neuron, Tick time, double exc, double inh);

  /// The first tick in (last update, until] at which the neuron, left alone, reaches its threshold; kNever if
  /// none. Rounded up to the tick: correct to 1e-9 ms. The tick does not depend on `until`, bit for bit.
  Tick NextCrossing(std::uint32_t neuron, Tick until) const;
  /// False when the neuron, left alone, can never cross: then NextCrossing need not be asked until it gets
  /// input.
  bool MayCross(std::uint32_t neuron) const;

  /// Fires the neuron at a time returned by NextCrossing.
  void Fire(std::uint32_t neuron, Tick time);

  /// The value of a state variable ("v", "ge", "gi", "theta") at a time not before the last update.
  /// Delta synapses have no "ge" and "gi".
  double Value(std::string_view variable, std::uint32_t neuron, Tick time) const;
  /// Sets it at `time`, advancing the neuron to it first. May move the next crossing.
  void SetValue(std::string_view variable, std::uint32_t neuron, Tick time, double value);
  /// Sets what is added to the threshold of one neuron (intrinsic plasticity), advancing it to `time` first.
  /// May move the next crossing.
  void SetThresholdOffset(std::uint32_t neuron, Tick time, double offset_mv);

  double ThresholdOffset(std::uint32_t neuron) const { return neurons_[neuron].offset; }

  /// All neurons as after construction at time 0, except theta (as of `now`) and threshold offsets, which
  /// stay.
  void Reset(Tick now);
  /// With false, spikes do not raise theta, and theta does not decay, from `now` on. May move the next
  /// crossings.
  void SetLearning(bool on, Tick now);

  /// Everything as flat arrays, for checkpoints: doubles [size][kStateDoubles] and ticks [size][kStateTicks].
  static constexpr int kStateDoubles = 5;  ///< v, ge, gi, theta, threshold offset
  static constexpr int kStateTicks =
      3;  ///< last update, refractory until (or -kNever), last spike (or -kNever)
  std::vector<double> ExportDoubles() const;
  std::vector<Tick> ExportTicks() const;
  /// False when a value cannot be (not finite, times after `now`).
  bool Import(std::span<const double> doubles, std::span<const Tick> ticks, Tick now);

 private:
  // One cache line, so that threads working on neighbours do not share any.
  struct alignas(64) Neuron {
    double v = 0;
    double ge = 0;
    double gi = 0;
    double theta = 0;
    double offset = 0;
    Tick last = 0;
    Tick refractory_until = -kNever;
    Tick last_spike = -kNever;
  };

  void Advance(Neuron& neuron, Tick time) const;
  double ThresholdOf(const Neuron& neuron) const;
  void Spike(Neuron& neuron) const;
  bool CanReach(const Neuron& neuron, Tick until) const;
  double& Field(std::string_view variable, Neuron& neuron) const;

  bool exponential_;
  bool learning_ = true;
  double rest_mv_;
  double reset_mv_;
  double threshold_mv_;
  double v_inf_mv_;
  double membrane_rate_;  // 1 / tau_m, per ms, like all rates
  double theta_plus_mv_;
  double theta_rate_;
  double relative_mv_;
  double relative_rate_;
  Tick relative_ticks_;
  Tick refractory_ticks_;
  Tick stride_;  // the first stretch in which a crossing is searched
  CurrentKernel exc_;
  CurrentKernel inh_;
  std::vector<Neuron> neurons_;
};

}  // namespace synfire::events
