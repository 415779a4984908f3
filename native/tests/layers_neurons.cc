// Neurons: the forward pass against plain arithmetic, the backward pass against finite differences of a
// smooth stand-in.
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_support.h"
#include "native/tests/layers_surrogates.h"

namespace synfire::layers {
namespace {

constexpr int kNeurons = 48;
constexpr ResetKind kResets[] = {ResetKind::kZero, ResetKind::kValue, ResetKind::kSubtract,
                                 ResetKind::kScale};

float ResetValueFor(ResetKind reset) {
  return reset == ResetKind::kScale ? 0.5f : -0.25f;
}

NeuronConstants Constants(ResetKind reset) {
  return {.decay = 0.85f, .threshold = 0.8f, .reset = reset, .reset_value = ResetValueFor(reset)};
}

// ---- forward
// -----------------------------------------------------------------------------------------------------

struct Drive {
  int updates;
  bool cumulative;
  std::vector<float> drive;  // [updates][neurons]
  std::vector<float> bias;
};

Drive RandomDrive(uint32_t seed, int updates, bool cumulative) {
  Random random(seed);
  const double strength = cumulative ? 0.35 : 1.2;
  return {updates, cumulative,
          random.Floats(static_cast<size_t>(updates) * kNeurons, -0.5 * strength, strength),
          random.Floats(kNeurons, -0.2, 0.3)};
}

struct Activity {
  std::vector<uint8_t> spikes;   // [updates][neurons]
  std::vector<float> potential;  // [updates][neurons]
  std::vector<float> rate_derivative;
  std::vector<uint32_t> support;

  bool operator==(const Activity& other) const {
    return spikes == other.spikes && SameBits(potential, other.potential) &&
           SameBits(rate_derivative, other.rate_derivative) && support == other.support;
  }
};

std::vector<float> RateWeights(int updates) {
  std::vector<float> weights(updates);
  for (int k = 0; k < updates; ++k) weights[k] = static_cast<float>(updates - k);
  return weights;
}

// The kernel's activity; all of its optional outputs are asked for.
Activity Run(const Kernels& kernels, const NeuronConstants& constants, const Surrogate& surrogate,
             const Drive& in) {
  const size_t size = in.drive.size();
  Activity a{std::vector<uint8_t>(size), std::vector<float>(size), std::vector<float>(kNeurons),
             std::vector<uint32_t>(kNeurons)};
  const std::vector<float> rate_weights = RateWeights(in.updates);
  std::vector<uint8_t*> spikes;
  std::vector<uint32_t> support_bits;
  for (int k = 0; k < in.updates; ++k) {
    spikes.push_back(a.spikes.data() + k * kNeurons);
    support_bits.push_back(k == 1 ? 0 : 1u << k);
  }
  kernels.neuron_forward({.constants = constants,
                          .surrogate = surrogate,
                          .updates = in.updates,
                          .neurons = kNeurons,
                          .cumulative = in.cumulative,
                          .drive = in.drive.data(),
                          .bias = in.bias.data(),
                          .spikes = constants.spiking ? spikes.data() : nullptr,
                          .potential = a.potential.data(),
                          .rate_weight = rate_weights.data(),
                          .rate_derivative = constants.spiking ? a.rate_derivative.data() : nullptr,
                          .support_bit = support_bits.data(),
                          .support = constants.spiking ? a.support.data() : nullptr});
  return a;
}

float AfterReset(const NeuronConstants& c, float potential) {
  switch (c.reset) {
    case ResetKind::kZero:
      return 0;
    case ResetKind::kValue:
      return c.reset_value;
    case ResetKind::kSubtract:
      return potential - c.threshold;
    case ResetKind::kScale:
      return potential * c.reset_value;
  }
  return NAN;
}

TEST("neurons integrate, fire and reset in this order, to the last bit") {
  for (const bool cumulative : {false, true}) {
    const Drive in = RandomDrive(1, 12, cumulative);
    for (const ResetKind reset : kResets) {
      const NeuronConstants c = Constants(reset);
      for (const auto& [name, kernels] : SupportedTables()) {
        const Activity a = Run(*kernels, c, {}, in);
        int wrong = 0, spikes = 0;
        for (int j = 0; j < kNeurons; ++j) {
          float v = 0, sum = 0;
          for (int k = 0; k < in.updates; ++k) {
            const size_t at = static_cast<size_t>(k) * kNeurons + j;
            sum = cumulative ? sum + in.drive[at] : in.drive[at];
            v = v * c.decay + (sum + in.bias[j]);
            const bool fires = v > c.threshold;
            wrong += a.potential[at] != v || a.spikes[at] != fires;
            spikes += fires;
            if (fires) v = AfterReset(c, v);
          }
        }
        CHECK_EQUAL(wrong, 0);
        CHECK(spikes > kNeurons && spikes < kNeurons * in.updates);
      }
    }
  }
}

TEST("a potential that only reaches the threshold does not fire") {
  Drive in{1, false, std::vector<float>(kNeurons, 0.5f), std::vector<float>(kNeurons, 0.0f)};
  for (const auto& [name, kernels] : SupportedTables()) {
    CHECK_EQUAL(int{Run(*kernels, {.threshold = 0.5f}, {}, in).spikes[0]}, 0);
    CHECK_EQUAL(int{Run(*kernels, {.threshold = 0.4999999f}, {}, in).spikes[0]}, 1);
  }
}

TEST("a leaky integrator sums its decaying past and never resets") {
  const Drive in = RandomDrive(2, 9, false);
  NeuronConstants c = Constants(ResetKind::kZero);
  c.spiking = false;
  for (const auto& [name, kernels] : SupportedTables()) {
    const Activity a = Run(*kernels, c, {}, in);
    int wrong = 0;
    for (int j = 0; j < kNeurons; ++j) {
      float v = 0;
      for (int k = 0; k < in.updates; ++k) {
        const size_t at = static_cast<size_t>(k) * kNeurons + j;
        v = v * c.decay + (in.drive[at] + in.bias[j]);
        wrong += a.potential[at] != v;
      }
    }
    CHECK_EQUAL(wrong, 0);
  }
}

TEST("the rate derivative sums the weighted surrogate, and the support marks where it is not zero") {
  const Drive in = RandomDrive(3, 8, false);
  const NeuronConstants c = Constants(ResetKind::kScale);
  const std::vector<float> weights = RateWeights(in.updates);
  for (const SurrogateKind kind : kSurrogateKinds) {
    const Surrogate surrogate{kind, 0.7f};
    for (const auto& [name, kernels] : SupportedTables()) {
      const Activity a = Run(*kernels, c, surrogate, in);
      for (int j = 0; j < kNeurons; ++j) {
        double sum = 0;
        uint32_t support = 0;
        for (int k = 0; k < in.updates; ++k) {
          const double h = SurrogateDerivative(
              surrogate, a.potential[static_cast<size_t>(k) * kNeurons + j] - c.threshold);
          sum += weights[k] * h;
          if (h != 0 && k != 1) support |= 1u << k;
        }
        CHECK_NEAR(a.rate_derivative[j], sum, 1e-5 * sum + 1e-6);
        CHECK_EQUAL(a.support[j], support);
      }
    }
  }
}

TEST("neurons have the same bits on every instruction set") {
  for (const bool cumulative : {false, true}) {
    const Drive in = RandomDrive(4, 10, cumulative);
    for (const ResetKind reset : kResets)
      for (const SurrogateKind kind : kSurrogateKinds)
        for (const auto& [name, kernels] : SupportedTables())
          CHECK(Run(*kernels, Constants(reset), {kind, 1.3f}, in) ==
                Run(kKernelsBase, Constants(reset), {kind, 1.3f}, in));
  }
}

// ---- backward
// ----------------------------------------------------------------------------------------------------

struct BackwardCase {
  NeuronConstants constants;
  Surrogate surrogate;
  bool detach_reset;
  int updates;
  std::vector<float> potential;       // [updates][neurons]
  std::vector<float> spike_gradient;  // [updates][neurons]
  std::vector<bool> wanted;           // per update; a row that is not wanted counts as zero
  std::vector<uint32_t> support;      // may be empty

  double SpikeGradient(int update, int neuron) const {
    return wanted[update] ? spike_gradient[static_cast<size_t>(update) * kNeurons + neuron] : 0.0f;
  }
};

std::vector<float> RunBackward(const Kernels& kernels, const BackwardCase& b) {
  std::vector<float> drive_gradient(b.potential.size());
  std::vector<const float*> rows;
  for (int k = 0; k < b.updates; ++k)
    rows.push_back(b.wanted[k] ? b.spike_gradient.data() + static_cast<size_t>(k) * kNeurons : nullptr);
  kernels.neuron_backward({.constants = b.constants,
                           .surrogate = b.surrogate,
                           .detach_reset = b.detach_reset,
                           .updates = b.updates,
                           .neurons = kNeurons,
                           .potential = b.potential.data(),
                           .support = b.support.empty() ? nullptr : b.support.data(),
                           .spike_gradient = rows.data(),
                           .drive_gradient = drive_gradient.data()});
  return drive_gradient;
}

BackwardCase MakeBackwardCase(ResetKind reset, SurrogateKind kind, bool detach_reset, const Drive& in) {
  BackwardCase b;
  b.constants = Constants(reset);
  b.surrogate = {kind, kind == SurrogateKind::kFastSigmoid ? 5.0f : 1.1f};
  b.detach_reset = detach_reset;
  b.updates = in.updates;
  b.wanted.assign(in.updates, true);
  b.wanted[2] = false;
  b.potential = Run(kKernelsBase, b.constants, b.surrogate, in).potential;
  b.spike_gradient = Random(77).Floats(b.potential.size(), -1, 1);
  return b;
}

// One neuron in double precision whose spikes are, along the base trajectory, the hard ones, and change away
// from it as a smooth step does.
class SmoothNeuron {
 public:
  SmoothNeuron(const BackwardCase& b, std::vector<double> drive, int neuron)
      : b_(b), drive_(std::move(drive)), neuron_(neuron) {
    Loss(drive_, &base_);
  }

  /// Whether every potential keeps its distance from the threshold and from kinks of the surrogate.
  bool Differentiable() const {
    for (const double u : base_) {
      const double x = u - b_.constants.threshold;
      if (std::abs(x) < 1e-3) return false;
      for (const double kink : Kinks(b_.surrogate))
        if (std::abs(x - kink) < 1e-3) return false;
    }
    return true;
  }

  double Derivative(int update) const {
    constexpr double kStep = 1e-6;
    std::vector<double> up = drive_, down = drive_;
    up[update] += kStep;
    down[update] -= kStep;
    return (Loss(up, nullptr) - Loss(down, nullptr)) / (2 * kStep);
  }

 private:
  double Loss(const std::vector<double>& drive, std::vector<double>* potentials) const {
    const NeuronConstants& c = b_.constants;
    const double threshold = c.threshold;
    double v = 0, loss = 0;
    for (int k = 0; k < b_.updates; ++k) {
      const double u = double{c.decay} * v + drive[k];
      if (potentials) potentials->push_back(u);
      const double base = base_.size() > static_cast<size_t>(k) ? base_[k] : u;
      const double hard = base > threshold ? 1 : 0;
      const double smooth =
          hard + SmoothStep(b_.surrogate, u - threshold) - SmoothStep(b_.surrogate, base - threshold);
      loss += b_.SpikeGradient(k, neuron_) * smooth;
      v = AfterSmoothReset(c, u, b_.detach_reset ? hard : smooth);
    }
    return loss;
  }

  static double AfterSmoothReset(const NeuronConstants& c, double u, double s) {
    switch (c.reset) {
      case ResetKind::kZero:
        return u * (1 - s);
      case ResetKind::kValue:
        return u * (1 - s) + s * c.reset_value;
      case ResetKind::kSubtract:
        return u - s * c.threshold;
      case ResetKind::kScale:
        return u * (1 - s) + s * u * c.reset_value;
    }
    return NAN;
  }

  const BackwardCase& b_;
  std::vector<double> drive_;
  int neuron_;
  std::vector<double> base_;
};

// Compares every drive gradient of the case with a central difference; returns how many neurons could be
// compared.
int CompareWithDifferences(const BackwardCase& b, const Drive& in, const std::vector<float>& gradient) {
  int compared = 0;
  for (int j = 0; j < kNeurons; ++j) {
    std::vector<double> drive(in.updates);
    for (int k = 0; k < in.updates; ++k)
      drive[k] = double{in.drive[static_cast<size_t>(k) * kNeurons + j]} + in.bias[j];
    const SmoothNeuron neuron(b, drive, j);
    if (!neuron.Differentiable()) continue;
    ++compared;
    for (int k = 0; k < in.updates; ++k) {
      const double expected = neuron.Derivative(k);
      CHECK_NEAR(gradient[static_cast<size_t>(k) * kNeurons + j], expected, 2e-5 * (1 + std::abs(expected)));
    }
  }
  return compared;
}

TEST("gradients of neurons equal finite differences, for every surrogate and reset, detached and attached") {
  const Drive in = RandomDrive(5, 7, false);
  for (const ResetKind reset : kResets)
    for (const SurrogateKind kind : kSurrogateKinds)
      for (const bool detach_reset : {true, false}) {
        const BackwardCase b = MakeBackwardCase(reset, kind, detach_reset, in);
        const int compared = CompareWithDifferences(b, in, RunBackward(kKernelsBase, b));
        CHECK(compared > kNeurons / 2);
      }
}

TEST("the reset's part of the gradient matters: attached and detached differ") {
  const Drive in = RandomDrive(5, 7, false);
  for (const ResetKind reset : kResets) {
    const BackwardCase detached = MakeBackwardCase(reset, SurrogateKind::kAtan, true, in);
    const BackwardCase attached = MakeBackwardCase(reset, SurrogateKind::kAtan, false, in);
    CHECK(RelativeDistance(RunBackward(kKernelsBase, attached), RunBackward(kKernelsBase, detached)) > 0.01);
  }
}

TEST("the gradient of a leaky integrator decays into the past") {
  const Drive in = RandomDrive(6, 6, false);
  BackwardCase b = MakeBackwardCase(ResetKind::kZero, SurrogateKind::kAtan, true, in);
  b.constants.spiking = false;
  for (const auto& [name, kernels] : SupportedTables()) {
    const std::vector<float> gradient = RunBackward(*kernels, b);
    for (int j = 0; j < kNeurons; ++j) {
      double expected = 0;
      for (int k = b.updates - 1; k >= 0; --k) {
        expected = b.SpikeGradient(k, j) + b.constants.decay * expected;
        CHECK_NEAR(gradient[static_cast<size_t>(k) * kNeurons + j], expected, 1e-6);
      }
    }
  }
}

TEST("neurons without support anywhere have no gradient, and support changes no other") {
  const Drive in = RandomDrive(8, 6, false);
  BackwardCase b = MakeBackwardCase(ResetKind::kScale, SurrogateKind::kTriangle, false, in);
  std::fill(b.potential.begin(), b.potential.end(), -3.0f);
  for (int j = 20; j < 26; ++j) b.potential[kNeurons + j] = 1.0f;
  const std::vector<float> expected = RunBackward(kKernelsBase, b);
  b.support.assign(kNeurons, 0);
  for (int j = 20; j < 26; ++j) b.support[j] = 1u << 1;
  for (const auto& [name, kernels] : SupportedTables()) CHECK(RunBackward(*kernels, b) == expected);
}

TEST("gradients of neurons have the same bits on every instruction set") {
  const Drive in = RandomDrive(7, 10, false);
  for (const ResetKind reset : kResets)
    for (const SurrogateKind kind : kSurrogateKinds)
      for (const bool detach_reset : {true, false}) {
        const BackwardCase b = MakeBackwardCase(reset, kind, detach_reset, in);
        for (const auto& [name, kernels] : SupportedTables())
          CHECK(SameBits(RunBackward(*kernels, b), RunBackward(kKernelsBase, b)));
      }
}

}  // namespace
}  // namespace synfire::layers
