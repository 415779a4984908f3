// The running state of one population: neurons on the grid, exact neurons, or a source of spikes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/events/exact_lif.h"
#include "native/events/kernels.h"
#include "native/events/models.h"
#include "native/events/sources.h"
#include "native/events/spec.h"
#include "native/events/time.h"

namespace synfire::events {

/// Neurons of one model in steps of dt. Arrays are padded to whole vectors.
template <class Real>
class GridNeurons {
 public:
  GridNeurons(const PopulationSpec& spec, double dt_ms);
  GridNeurons(const GridNeurons& other);

  /// Advances neurons [begin, end) to grid point `step`; returns how many fired, listed in `fired`.
  std::uint32_t Step(std::uint32_t begin, std::uint32_t end, std::int32_t step, double theta_scale,
                     std::uint32_t* fired);
  /// Adaptive thresholds decay together: they are stored in units of a scale that shrinks from step to step,
  /// in double, so that slow decay is not lost in rounding. Returns the scale of the next step; where it has
  /// become small, thetas [begin, end) are rescaled.
  double DecayThetas(std::uint32_t begin, std::uint32_t end, double theta_scale);
  double theta_scale() const { return theta_scale_; }
  void set_theta_scale(double scale) { theta_scale_ = scale; }
  /// What a spike adds to thresholds.
  void RaiseThetas(const std::uint32_t* fired, std::uint32_t count, double theta_scale);

  /// Delta synapses are summed before the threshold test, currents and conductances act after it.
  bool delta() const { return delta_; }
  /// Where arrivals of a receptor are added.
  Real* Input(Receptor receptor);
  std::vector<double> Values(std::string_view variable) const;
  double Value(std::string_view variable, std::uint32_t neuron) const;
  /// False for a variable that is not in use.
  bool SetValues(std::string_view variable, std::span<const double> values);
  /// The array of a variable as it is stored; null for one that the model does not have.
  AlignedBuffer<Real>* Variable(std::string_view name);
  const AlignedBuffer<Real>* Variable(std::string_view name) const;
  AlignedBuffer<Real>& offsets() { return offset_; }
  AlignedBuffer<std::int32_t>& frozen_until() { return frozen_until_; }

  /// Membranes, currents and refractoriness at rest; theta and offsets stay.
  void Reset();
  void SetLearning(bool on) { learning_ = on; }
  std::uint64_t bytes() const;

 private:
  void SetConstants(const Settings& model, double dt_ms);

  std::uint32_t size_;
  Settings model_;
  ModelKind kind_;
  bool delta_ = false;
  bool learning_ = true;
  Real theta_plus_ = 0;
  double decay_theta_ = 1;
  double theta_scale_ = 1;
  GridStep<Real> step_{};
  std::uint32_t (*kernel_)(const GridStep<Real>&) = nullptr;
  AlignedBuffer<Real> v_, ge_, gi_, input_, recovery_, theta_, offset_;
  AlignedBuffer<std::int32_t> frozen_until_;
};

/// An exponentially decaying count of spikes per neuron, read as a rate.
class RunningRate {
 public:
  RunningRate(std::uint32_t size, double tau_ms) : tau_ms_(tau_ms), count_(size), last_(size) {}
  void OnSpike(std::uint32_t neuron, Tick time);
  double RateHz(std::uint32_t neuron, Tick time) const;
  void Reset();
  std::vector<double>& counts() { return count_; }
  std::vector<Tick>& times() { return last_; }
  double tau_ms() const { return tau_ms_; }

 private:
  double tau_ms_;
  std::vector<double> count_;
  std::vector<Tick> last_;
};

}  // namespace synfire::events
