// Inner loops of the event engine: every instruction set gives the bits of the portable ones.
#include <cmath>
#include <cstdint>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/base/cpu_features.h"
#include "native/base/philox.h"
#include "native/events/kernels.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

constexpr std::uint32_t kNeurons = 77;  // not a whole number of vectors
constexpr std::uint32_t kPadded = 80;
constexpr std::size_t kSynapses = 203;

std::vector<const Kernels*> OtherKernels() {
  std::vector<const Kernels*> others;
#if defined(__x86_64__)
  for (const Isa isa : SupportedIsas()) {
    if (isa == Isa::kAvx2) others.push_back(&kKernelsAvx2);
    if (isa == Isa::kAvx512) others.push_back(&kKernelsAvx512);
  }
#endif
  return others;
}

template <class Real>
const KernelsOf<Real>& Of(const Kernels& kernels) {
  if constexpr (sizeof(Real) == 4)
    return kernels.f32;
  else
    return kernels.f64;
}

double Unit(std::uint32_t stream, std::uint32_t i) {
  return Philox({i, stream, 0, 0}, {5, 9})[0] * 0x1p-32;
}

template <class Real>
AlignedBuffer<Real> Random(std::uint32_t stream, std::size_t count, double low, double high) {
  AlignedBuffer<Real> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<Real>(low + (high - low) * Unit(stream, static_cast<std::uint32_t>(i)));
  }
  return values;
}

template <class T>
void Append(std::vector<double>& to, const AlignedBuffer<T>& from) {
  for (const T value : from) to.push_back(static_cast<double>(value));
}

/// All that 60 steps of one model leave behind, with new input at every step.
template <class Real>
std::vector<double> Steps(std::uint32_t (*kernel)(const GridStep<Real>&), bool adaptive, double threshold) {
  auto v = Random<Real>(1, kPadded, -70, -50), ge = Random<Real>(2, kPadded, 0, 3),
       gi = Random<Real>(3, kPadded, 0, 1);
  auto input = Random<Real>(4, kPadded, 0, 4), recovery = Random<Real>(5, kPadded, -15, -10);
  auto theta = Random<Real>(6, kPadded, 0, 2), offset = Random<Real>(7, kPadded, -1, 1);
  AlignedBuffer<std::int32_t> frozen_until(kPadded);
  AlignedBuffer<std::uint32_t> fired(kPadded);
  std::vector<double> seen;
  for (std::int32_t step = 1; step <= 60; ++step) {
    for (std::uint32_t i = 0; i < kNeurons; ++i) {
      const auto more = static_cast<Real>(Unit(100 + static_cast<std::uint32_t>(step), i));
      input[i] += 2 * more;
      ge[i] += more;
    }
    const GridStep<Real> s = {.begin = 0,
                              .end = kNeurons,
                              .step = step,
                              .frozen = 3,
                              .frozen_until = frozen_until.data(),
                              .v = v.data(),
                              .ge = ge.data(),
                              .gi = gi.data(),
                              .input = input.data(),
                              .recovery = recovery.data(),
                              .theta = adaptive ? theta.data() : nullptr,
                              .offset = adaptive ? offset.data() : nullptr,
                              .theta_scale = Real(0.9),
                              .rest = -65,
                              .reset = -66,
                              .threshold = static_cast<Real>(threshold),
                              .decay_v = Real(0.05),
                              .decay_e = Real(0.8),
                              .decay_i = Real(0.9),
                              .gain_e = Real(0.6),
                              .gain_i = Real(-0.2),
                              .reversal_e = 0,
                              .reversal_i = -85,
                              .drive = 8,
                              .a = Real(0.02),
                              .b = Real(0.2),
                              .d = 4,
                              .leak = Real(0.05),
                              .slope = 2,
                              .soft_threshold = -52,
                              .current_gain = Real(0.25),
                              .fired = fired.data()};
    const std::uint32_t count = kernel(s);
    seen.push_back(count);
    for (std::uint32_t i = 0; i < count; ++i) seen.push_back(fired[i]);
  }
  for (const auto* values : {&v, &ge, &gi, &input, &recovery}) {
    for (std::uint32_t i = 0; i < kNeurons; ++i) seen.push_back(static_cast<double>((*values)[i]));
  }
  return seen;
}

template <class Real>
void CheckSteps(const KernelsOf<Real>& base, const KernelsOf<Real>& other) {
  const auto check = [](auto kernel, auto same, double threshold) {
    for (const bool adaptive : {false, true}) {
      const std::vector<double> expected = Steps<Real>(kernel, adaptive, threshold);
      double spikes = 0;
      for (const double value : expected) {
        CHECK(std::isfinite(value));
        spikes += value >= 0 && value < kNeurons;
      }
      CHECK(spikes > 60);
      CHECK(Steps<Real>(same, adaptive, threshold) == expected);
    }
  };
  check(base.lif_delta, other.lif_delta, -62);
  check(base.lif_exponential, other.lif_exponential, -63);
  check(base.conductance_euler, other.conductance_euler, -55);
  check(base.conductance_exponential_euler, other.conductance_exponential_euler, -55);
  check(base.izhikevich, other.izhikevich, 30);
  check(base.adex, other.adex, 0);
}

template <class Real, class Index>
std::vector<double> Deliveries(const KernelsOf<Real>& kernels) {
  AlignedBuffer<Index> target(kSynapses);
  for (std::size_t k = 0; k < kSynapses; ++k) {
    target[k] = static_cast<Index>(Unit(20, static_cast<std::uint32_t>(k)) * kNeurons);
  }
  auto input = Random<Real>(21, kSynapses, -1, 1), weight = Random<Real>(22, kSynapses, 0, 1);
  auto seen = Random<Real>(23, kSynapses, 0, 2), then = Random<Real>(24, kPadded, 0, 3);
  auto now = Random<Real>(25, kPadded, 0, 1), trace = Random<Real>(26, kSynapses, 0, 2);
  AdditiveRow<Real, Index> row = {.input = input.data(),
                                  .target = target.data(),
                                  .first = 0,
                                  .weight = weight.data(),
                                  .seen = seen.data(),
                                  .count = kSynapses,
                                  .then = then.data(),
                                  .now = now.data(),
                                  .post_trace = trace.data(),
                                  .scale = Real(0.3),
                                  .gain = Real(1.7),
                                  .pre_gain = Real(-0.4),
                                  .pre_constant = Real(0.01),
                                  .w_min = 0,
                                  .w_max = 1};
  for (const bool same_epoch : {false, true}) {
    if (same_epoch) row.then = row.now;
    if constexpr (sizeof(Index) == 2) {
      kernels.additive16(row);
      kernels.add_uniform16(input.data(), target.data(), kSynapses, Real(0.3));
      kernels.add_weights16(input.data(), target.data(), weight.data(), kSynapses, Real(0.7));
    } else {
      kernels.additive32(row);
      kernels.add_uniform32(input.data(), target.data(), kSynapses, Real(0.3));
      kernels.add_weights32(input.data(), target.data(), weight.data(), kSynapses, Real(0.7));
    }
  }
  kernels.add_dense(input.data() + 3, weight.data() + 1, kSynapses - 5, Real(0.6));
  kernels.add_constant(input.data() + 1, kSynapses - 3, Real(0.05));
  kernels.depress_dense(input.data() + 2, weight.data() + 3, trace.data() + 1, kSynapses - 4, Real(1.1),
                        Real(-0.2), Real(0.01), Real(0.1), Real(0.9));
  kernels.scale(trace.data() + 1, kSynapses - 2, Real(0.37));
  std::vector<double> all;
  for (const auto* values : {&input, &weight, &seen, &trace}) Append(all, *values);
  return all;
}

template <class Real>
void CheckAll(const Kernels& other_kernels) {
  const KernelsOf<Real>& base = Of<Real>(kKernelsBase);
  const KernelsOf<Real>& other = Of<Real>(other_kernels);
  CheckSteps<Real>(base, other);
  CHECK((Deliveries<Real, std::uint16_t>(base) == Deliveries<Real, std::uint16_t>(other)));
  CHECK((Deliveries<Real, std::uint32_t>(base) == Deliveries<Real, std::uint32_t>(other)));
  std::vector<std::int64_t> times(41, -5);
  for (std::size_t late = 0; late <= times.size(); ++late) {
    if (late < times.size()) times[late] = 7;
    CHECK_EQUAL(base.find_since(times.data(), times.size(), 7), late);
    CHECK_EQUAL(other.find_since(times.data(), times.size(), 7), late);
    if (late < times.size()) times[late] = 6;
  }
}

TEST("event kernels: every instruction set gives the same bits") {
  CheckAll<float>(kKernelsBase);
  CheckAll<double>(kKernelsBase);
  for (const Kernels* kernels : OtherKernels()) {
    CheckAll<float>(*kernels);
    CheckAll<double>(*kernels);
  }
}

}  // namespace
}  // namespace synfire::events
