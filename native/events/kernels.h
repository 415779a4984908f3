// The table of inner loops of the event engine: one copy per instruction set, all giving the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace synfire::events {

/// One step of a range of neurons of one model; all arrays are those of the whole population, 64-byte aligned
/// and padded to whole vectors. `begin` is a multiple of 16.
template <class Real>
struct GridStep {
  std::uint32_t begin;
  std::uint32_t end;
  std::int32_t step;           ///< number of the grid point that is reached
  std::int32_t frozen;         ///< a spike at step n keeps V fixed up to step n + frozen
  std::int32_t* frozen_until;  ///< per neuron
  Real* v;
  Real* ge;  ///< currents or conductances; null for delta synapses
  Real* gi;
  Real* input;         ///< delta synapses: the sum of this step's arrivals; cleared
  Real* recovery;      ///< u of Izhikevich, w of AdEx
  Real* theta;         ///< null without adaptive thresholds
  const Real* offset;  ///< added to the threshold; null when theta is
  Real theta_scale;
  Real rest;  ///< V at infinity without input
  Real reset;
  Real threshold;
  Real decay_v;  ///< exact models: e^(-dt/tau); Euler: dt/tau
  Real decay_e, decay_i;
  Real gain_e, gain_i;               ///< what a unit of ge, gi adds to V in one step (exponential currents)
  Real reversal_e, reversal_i;       ///< conductances
  Real drive;                        ///< Izhikevich's I, AdEx's current
  Real a, b, d;                      ///< recovery: rate (times dt), coupling, jump
  Real leak, slope, soft_threshold;  ///< AdEx: leak times dt/C, Delta_T, V_T
  Real current_gain;                 ///< AdEx: dt/C; Izhikevich: dt
  std::uint32_t* fired;              ///< gets the neurons that fired, ascending; room for end - begin
};

/// One presynaptic arrival at plastic synapses with additive pair plasticity, on postsynaptic spikes
/// deferred: w += scale * (seen - then), where `then` sums the decay factors of all postsynaptic spikes since
/// an epoch.
template <class Real, class Index>
struct AdditiveRow {
  Real* input;          ///< gets gain * w
  const Index* target;  ///< null: target k is `first` + k
  std::uint32_t first;
  Real* weight;
  Real* seen;  ///< per synapse: value of the sum when last looked at
  std::size_t count;
  const Real* then;        ///< per target: sum in the epoch of the last arrival
  const Real* now;         ///< per target: sum in this epoch
  const Real* post_trace;  ///< per target
  Real scale;
  Real gain;
  Real pre_gain, pre_constant;
  Real w_min, w_max;
};

template <class Real>
struct KernelsOf {
  // Each returns the number of neurons that fired.
  std::uint32_t (*lif_delta)(const GridStep<Real>&);
  std::uint32_t (*lif_exponential)(const GridStep<Real>&);
  std::uint32_t (*conductance_euler)(const GridStep<Real>&);
  std::uint32_t (*conductance_exponential_euler)(const GridStep<Real>&);
  std::uint32_t (*izhikevich)(const GridStep<Real>&);
  std::uint32_t (*adex)(const GridStep<Real>&);

  /// input[target[k]] += amount
  void (*add_uniform16)(Real* input, const std::uint16_t* target, std::size_t count, Real amount);
  void (*add_uniform32)(Real* input, const std::uint32_t* target, std::size_t count, Real amount);
  /// input[target[k]] += gain * weight[k]
  void (*add_weights16)(Real* input, const std::uint16_t* target, const Real* weight, std::size_t count,
                        Real gain);
  void (*add_weights32)(Real* input, const std::uint32_t* target, const Real* weight, std::size_t count,
                        Real gain);
  /// input[k] += gain * weight[k]
  void (*add_dense)(Real* input, const Real* weight, std::size_t count, Real gain);
  /// input[k] += amount
  void (*add_constant)(Real* input, std::size_t count, Real amount);
  /// input[k] += gain * weight[k]; weight[k] = clip(weight[k] + pre_gain * post_trace[k] + pre_constant)
  void (*depress_dense)(Real* input, Real* weight, const Real* post_trace, std::size_t count, Real gain,
                        Real pre_gain, Real pre_constant, Real w_min, Real w_max);
  void (*additive16)(const AdditiveRow<Real, std::uint16_t>&);
  void (*additive32)(const AdditiveRow<Real, std::uint32_t>&);

  /// values[k] *= factor
  void (*scale)(Real* values, std::size_t count, Real factor);
  /// The first k with times[k] >= from, or count.
  std::size_t (*find_since)(const std::int64_t* times, std::size_t count, std::int64_t from);
};

struct Kernels {
  KernelsOf<float> f32;
  KernelsOf<double> f64;
};

extern const Kernels kKernelsBase;
#if defined(__x86_64__)
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;
#endif

/// The copy for ActiveIsa().
const Kernels& ActiveKernels();

template <class Real>
const KernelsOf<Real>& ActiveKernelsOf();
template <>
inline const KernelsOf<float>& ActiveKernelsOf<float>() {
  return ActiveKernels().f32;
}
template <>
inline const KernelsOf<double>& ActiveKernelsOf<double>() {
  return ActiveKernels().f64;
}

}  // namespace synfire::events
