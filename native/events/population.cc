// Neurons on the grid: constants of the propagators, state arrays, one step.
#include "native/events/population.h"

#include <algorithm>
#include <cmath>

namespace synfire::events {
namespace {

// What a unit of an exponential current with tau_s adds to V within one step, where tau_m V' = current.
double CurrentGain(double tau_s, double tau_m, double dt) {
  if (std::abs(tau_s - tau_m) < 1e-9 * tau_m) return dt / tau_m * std::exp(-dt / tau_m);
  return tau_s / (tau_s - tau_m) * (std::exp(-dt / tau_s) - std::exp(-dt / tau_m));
}

}  // namespace

template <class Real>
GridNeurons<Real>::GridNeurons(const PopulationSpec& spec, double dt_ms)
    : size_(spec.size), model_(spec.model), kind_(ModelKindOf(spec.model, spec.name)) {
  const std::size_t padded = (size_ + std::size_t{15}) / 16 * 16;
  v_ = AlignedBuffer<Real>(padded);
  frozen_until_ = AlignedBuffer<std::int32_t>(padded);
  delta_ = kind_ == ModelKind::kLif && ChoiceOf(model_, "synapse") == "delta";
  if (delta_) {
    input_ = AlignedBuffer<Real>(padded);
  } else {
    ge_ = AlignedBuffer<Real>(padded);
    gi_ = AlignedBuffer<Real>(padded);
  }
  if (kind_ == ModelKind::kIzhikevich || kind_ == ModelKind::kAdEx) {
    recovery_ = AlignedBuffer<Real>(padded);
  } else {
    theta_plus_ = static_cast<Real>(NumberOf(model_, "thetaPlusMv"));
    const bool starts_raised = std::any_of(spec.initial.begin(), spec.initial.end(),
                                           [](const auto& v) { return v.first == "theta"; });
    if (theta_plus_ != 0 || starts_raised || spec.intrinsic) theta_ = AlignedBuffer<Real>(padded);
  }
  if (spec.intrinsic && theta_.empty()) theta_ = AlignedBuffer<Real>(padded);
  if (!theta_.empty()) offset_ = AlignedBuffer<Real>(padded);
  SetConstants(model_, dt_ms);
  Reset();
}

template <class Real>
GridNeurons<Real>::GridNeurons(const GridNeurons& other)
    : size_(other.size_),
      model_(other.model_),
      kind_(other.kind_),
      delta_(other.delta_),
      learning_(other.learning_),
      theta_plus_(other.theta_plus_),
      decay_theta_(other.decay_theta_),
      theta_scale_(other.theta_scale_),
      step_(other.step_),
      kernel_(other.kernel_),
      v_(CopyOf(other.v_)),
      ge_(CopyOf(other.ge_)),
      gi_(CopyOf(other.gi_)),
      input_(CopyOf(other.input_)),
      recovery_(CopyOf(other.recovery_)),
      theta_(CopyOf(other.theta_)),
      offset_(CopyOf(other.offset_)),
      frozen_until_(CopyOf(other.frozen_until_)) {}

template <class Real>
void GridNeurons<Real>::SetConstants(const Settings& model, double dt) {
  const KernelsOf<Real>& kernels = ActiveKernelsOf<Real>();
  const auto number = [&](const char* name) { return NumberOf(model, name); };
  const auto real = [&](double value) { return static_cast<Real>(value); };
  const auto steps = [&](double ms) { return static_cast<std::int32_t>(std::lround(ms / dt)); };
  GridStep<Real>& s = step_;
  const bool exact_synapses = !(kind_ == ModelKind::kConductanceLif && ChoiceOf(model, "method") == "euler");
  if (!delta_) {
    const auto decay = [&](double tau) { return real(exact_synapses ? std::exp(-dt / tau) : 1 - dt / tau); };
    s.decay_e = decay(number("tauExcMs"));
    s.decay_i = decay(number("tauInhMs"));
  }
  switch (kind_) {
    case ModelKind::kLif: {
      const double tau = number("tauMs");
      s.rest = real(number("restMv") + number("driveMv"));
      s.decay_v = real(std::exp(-dt / tau));
      if (!delta_) {
        s.gain_e = real(CurrentGain(number("tauExcMs"), tau, dt));
        s.gain_i = real(CurrentGain(number("tauInhMs"), tau, dt));
      }
      s.frozen = steps(number("refractoryMs"));
      kernel_ = delta_ ? kernels.lif_delta : kernels.lif_exponential;
      break;
    }
    case ModelKind::kConductanceLif:
      s.rest = real(number("restMv"));
      s.decay_v = real(dt / number("tauMs"));
      s.reversal_e = real(number("excReversalMv"));
      s.reversal_i = real(number("inhReversalMv"));
      // Integration resumes in the step that begins one refractory period after the step of the spike began.
      s.frozen = std::max(steps(number("refractoryMs")) - 1, 0);
      kernel_ = exact_synapses ? kernels.conductance_exponential_euler : kernels.conductance_euler;
      break;
    case ModelKind::kIzhikevich:
      s.a = real(number("a") * dt);
      s.b = real(number("b"));
      s.d = real(number("d"));
      s.drive = real(number("driveMv"));
      s.current_gain = real(dt);
      kernel_ = kernels.izhikevich;
      break;
    case ModelKind::kAdEx:
      s.rest = real(number("restMv"));
      s.leak = real(number("leakNs") * dt / number("capacitancePf"));
      s.slope = real(number("slopeMv"));
      s.soft_threshold = real(number("thresholdMv"));
      s.a = real(dt / number("tauAdaptationMs"));
      s.b = real(number("adaptationNs"));
      s.d = real(number("spikeAdaptationPa"));
      s.drive = real(number("drivePa"));
      s.current_gain = real(dt / number("capacitancePf"));
      s.frozen = steps(number("refractoryMs"));
      kernel_ = kernels.adex;
      break;
  }
  const bool peaks = kind_ == ModelKind::kIzhikevich || kind_ == ModelKind::kAdEx;
  s.threshold = real(number(peaks ? "peakMv" : "thresholdMv"));
  s.reset = real(number(kind_ == ModelKind::kIzhikevich ? "c" : "resetMv"));
  if (!theta_.empty() && !peaks) {
    const double tau = number("tauThetaMs");
    decay_theta_ = exact_synapses ? std::exp(-dt / tau) : 1 - dt / tau;
  }
}

template <class Real>
std::uint32_t GridNeurons<Real>::Step(std::uint32_t begin, std::uint32_t end, std::int32_t step,
                                      double theta_scale, std::uint32_t* fired) {
  GridStep<Real> s = step_;
  s.begin = begin;
  s.end = end;
  s.step = step;
  s.frozen_until = frozen_until_.data();
  s.v = v_.data();
  s.ge = ge_.data();
  s.gi = gi_.data();
  s.input = input_.data();
  s.recovery = recovery_.data();
  s.theta = theta_.data();
  s.offset = offset_.data();
  s.theta_scale = static_cast<Real>(theta_scale);
  s.fired = fired;
  return kernel_(s);
}

template <class Real>
double GridNeurons<Real>::DecayThetas(std::uint32_t begin, std::uint32_t end, double theta_scale) {
  if (theta_.empty() || !learning_) return theta_scale;
  const double scale = theta_scale * decay_theta_;
  if (scale > 0.5) return scale;
  for (std::uint32_t i = begin; i < end; ++i) theta_[i] = static_cast<Real>(theta_[i] * scale);
  return 1;
}

template <class Real>
void GridNeurons<Real>::RaiseThetas(const std::uint32_t* fired, std::uint32_t count, double theta_scale) {
  if (theta_plus_ == 0 || !learning_) return;
  const Real amount = static_cast<Real>(theta_plus_ / theta_scale);
  for (std::uint32_t i = 0; i < count; ++i) theta_[fired[i]] += amount;
}

template <class Real>
std::vector<double> GridNeurons<Real>::Values(std::string_view variable) const {
  std::vector<double> values(size_);
  for (std::uint32_t i = 0; i < size_; ++i) values[i] = Value(variable, i);
  return values;
}

template <class Real>
double GridNeurons<Real>::Value(std::string_view variable, std::uint32_t neuron) const {
  const AlignedBuffer<Real>* stored = Variable(variable);
  if (stored == nullptr) return 0;
  return static_cast<double>((*stored)[neuron]) * (variable == "theta" ? theta_scale_ : 1);
}

template <class Real>
bool GridNeurons<Real>::SetValues(std::string_view variable, std::span<const double> values) {
  AlignedBuffer<Real>* stored = Variable(variable);
  if (stored == nullptr) return false;
  if (variable == "theta") theta_scale_ = 1;
  std::copy(values.begin(), values.end(), stored->begin());
  return true;
}

template <class Real>
Real* GridNeurons<Real>::Input(Receptor receptor) {
  if (delta_) return input_.data();
  return receptor == Receptor::kExcitatory ? ge_.data() : gi_.data();
}

template <class Real>
const AlignedBuffer<Real>* GridNeurons<Real>::Variable(std::string_view name) const {
  const AlignedBuffer<Real>* found = nullptr;
  if (name == "v") found = &v_;
  if (name == "ge") found = &ge_;
  if (name == "gi") found = &gi_;
  if (name == "theta") found = &theta_;
  if (name == (kind_ == ModelKind::kAdEx ? "w" : "u")) found = &recovery_;
  return found == nullptr || found->empty() ? nullptr : found;
}
template <class Real>
AlignedBuffer<Real>* GridNeurons<Real>::Variable(std::string_view name) {
  return const_cast<AlignedBuffer<Real>*>(static_cast<const GridNeurons*>(this)->Variable(name));
}

template <class Real>
void GridNeurons<Real>::Reset() {
  for (std::string_view name : VariablesOf(model_)) {
    AlignedBuffer<Real>* values = Variable(name);
    if (values != nullptr && name != "theta") {
      std::fill(values->begin(), values->end(), static_cast<Real>(RestOf(model_, name)));
    }
  }
  std::fill(input_.begin(), input_.end(), Real{0});
  std::fill(frozen_until_.begin(), frozen_until_.end(), 0);
}

template <class Real>
std::uint64_t GridNeurons<Real>::bytes() const {
  std::uint64_t bytes = frozen_until_.bytes();
  for (const auto* buffer : {&v_, &ge_, &gi_, &input_, &recovery_, &theta_, &offset_})
    bytes += buffer->bytes();
  return bytes;
}

void RunningRate::OnSpike(std::uint32_t neuron, Tick time) {
  count_[neuron] = count_[neuron] * std::exp(-MsOf(time - last_[neuron]) / tau_ms_) + 1;
  last_[neuron] = time;
}

double RunningRate::RateHz(std::uint32_t neuron, Tick time) const {
  return count_[neuron] * std::exp(-MsOf(time - last_[neuron]) / tau_ms_) / tau_ms_ * 1000;
}

void RunningRate::Reset() {
  std::fill(count_.begin(), count_.end(), 0);
  std::fill(last_.begin(), last_.end(), 0);
}

template class GridNeurons<float>;
template class GridNeurons<double>;

}  // namespace synfire::events
