// What a neuron knows besides its weights, and the rules by which that moves: which of its pages answers,
// where a new one goes, how gain and learning rate follow its experience. For the processor and for GPUs
// alike.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "native/base/host_device.h"
#include "native/base/philox.h"
#include "native/spatial/activations.h"
#include "native/spatial/kernels.h"

namespace synfire::spatial {

/// The number of bits that are set, without an instruction that not every processor has.
SYNFIRE_HOST_DEVICE constexpr std::uint32_t CountBits(std::uint64_t bits) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__popcll(bits));
#else
  bits -= bits >> 1 & 0x5555555555555555;
  bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
  bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<std::uint32_t>(bits * 0x0101010101010101 >> 56);
#endif
}

struct Neuron {
  std::uint64_t stored;  ///< a bit for every context that has a page; pages lie in the order of contexts
  float gain;            ///< factor on the mean of inputs times weights
  std::uint16_t rate;    ///< learning rate, in 65535ths of the highest
  std::uint16_t contribution;  ///< running mean of |output|, as the upper half of a float
};
static_assert(sizeof(Neuron) == 16);

SYNFIRE_HOST_DEVICE inline float ContributionOf(const Neuron& neuron) {
  return std::bit_cast<float>(std::uint32_t{neuron.contribution} << 16);
}
SYNFIRE_HOST_DEVICE inline void SetContribution(Neuron& neuron, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  neuron.contribution = static_cast<std::uint16_t>((bits + 0x8000) >> 16);
}
SYNFIRE_HOST_DEVICE inline std::uint32_t StoredPages(const Neuron& neuron) {
  return CountBits(neuron.stored);
}
/// The first context that a neuron has a page for; 64 without pages. Counts what lies below it, because
/// nvcc 13.0 makes the constant 64 of std::countr_zero.
SYNFIRE_HOST_DEVICE inline std::uint32_t FirstContext(const Neuron& neuron) {
  return CountBits(~neuron.stored & (neuron.stored - 1));
}

/// What a neuron goes through in a batch.
struct Experience {
  std::uint32_t samples = 0;  ///< that it answered
  float errors = 0;           ///< sum of |error|
  float outputs = 0;          ///< sum of |output|
  float dots = 0;             ///< sum of error times (sum / scale)
};

/// Where a new page goes: the stored pages from `from` on move up by one, so that the new one is a copy of
/// the first of them; nothing moves for the very first page, which is drawn.
struct NewPage {
  std::uint32_t from;
  std::uint32_t moved;
};

inline constexpr float kMostError = 1;  // a larger one counts as this
SYNFIRE_HOST_DEVICE inline float ClippedError(float error) {
  return std::clamp(error, -kMostError, +kMostError);
}

/// A value within +-most; what is not a number becomes one of these.
SYNFIRE_HOST_DEVICE inline float Bounded(float value, float most) {
  return value < most ? (value > -most ? value : -most) : most;
}

/// Random numbers of 16 bits for the slots 8 * block to 8 * block + 7 of a page.
using SlotRandoms = std::array<std::uint32_t, 4>;
SYNFIRE_HOST_DEVICE inline std::uint32_t RandomOf(const SlotRandoms& words, std::uint32_t slot) {
  return words[slot % 8 / 2] >> slot % 2 * 16 & 0xFFFF;
}

/// The numbers that all neurons of a layer share.
struct LayerRules {
  static constexpr float kRateSteps = 65535;
  static constexpr float kLowestGain = 1.0f / 16, kHighestGain = 16;  // times the initial one
  static constexpr float kMostGainStep = 0.5f;
  static constexpr float kMostContribution = 1e30f;
  static constexpr float kContributionShare = 0.1f;             // of the newest batch in the running mean
  static constexpr std::uint32_t kInitialWeights = 0x80000000;  // apart from the random numbers of rounding

  PageFormat format;
  std::uint32_t index;       ///< of the layer
  std::uint32_t most_pages;  ///< that a neuron may store
  float initial_gain, gain_scale, rate_unit;
  std::uint16_t min_rate;
  std::uint32_t key[2];  ///< of random numbers

  SYNFIRE_HOST_DEVICE std::uint32_t NeuronOf(std::uint32_t route) const { return route / most_pages; }
  SYNFIRE_HOST_DEVICE float ScaleOf(const Neuron& neuron) const { return neuron.gain * gain_scale; }
  SYNFIRE_HOST_DEVICE float RateOf(const Neuron& neuron) const {
    return static_cast<float>(neuron.rate) * rate_unit;
  }
  /// How far a unit of the gradient moves a stored weight.
  SYNFIRE_HOST_DEVICE float StepOf(const Neuron& neuron) const {
    return RateOf(neuron) * static_cast<float>(format.levels) * -0.5f;
  }

  /// Of a site's neurons, the one that answers for a context.
  SYNFIRE_HOST_DEVICE static std::uint32_t AnswererOf(const Neuron* neurons, std::uint32_t first,
                                                      std::uint32_t count, std::uint32_t context) {
    std::uint32_t n = first;
    for (std::uint32_t next = n + 1; next < first + count; ++next) {
      if (FirstContext(neurons[next]) > context) break;
      n = next;
    }
    return n;
  }
  /// The number of neuron n's page for a context, or kNoPage.
  SYNFIRE_HOST_DEVICE std::uint32_t RouteOf(const Neuron& neuron, std::uint32_t n,
                                            std::uint32_t context) const {
    if (neuron.stored == 0) return kNoPage;
    const std::uint32_t upto = CountBits(neuron.stored & ((std::uint64_t{2} << context) - 1));
    return n * most_pages + std::max(upto, 1u) - 1;
  }
  /// Whether a neuron has no page of its own for a context and room for one.
  SYNFIRE_HOST_DEVICE bool Wants(const Neuron& neuron, std::uint32_t context) const {
    return (neuron.stored >> context & 1) == 0 && StoredPages(neuron) < most_pages;
  }
  /// Behind the page that answered so far, or in front of the first one: either way the copy lies beside it.
  SYNFIRE_HOST_DEVICE static NewPage PlaceFor(const Neuron& neuron, std::uint32_t context) {
    const std::uint64_t before = neuron.stored & ((std::uint64_t{1} << context) - 1);
    const std::uint32_t page = CountBits(before);
    const std::uint32_t from = page == 0 ? 0 : page - 1;
    return {from, StoredPages(neuron) - from};
  }
  /// Draws the slots of a block, uniformly over the steps that a weight can take, into a zeroed page.
  SYNFIRE_HOST_DEVICE void Draw(std::uint32_t id, std::uint32_t block, std::uint8_t* page) const {
    const SlotRandoms words = Philox({0, id, index << 8, kInitialWeights | block}, {key[0], key[1]});
    for (std::uint32_t k = block * 8; k < std::min(block * 8 + 8, format.weights); ++k) {
      const std::uint32_t q = RandomOf(words, k) * (format.levels + 1) >> 16;
      page[k * format.bits / 8] |= static_cast<std::uint8_t>(q << k * format.bits % 8);
    }
  }

  /// Moves what a neuron has besides its weights, after a batch.
  SYNFIRE_HOST_DEVICE void Settle(Neuron& neuron, const Experience& e, std::uint32_t batch_samples) const {
    const float share = Bounded(e.outputs / static_cast<float>(batch_samples), kMostContribution);
    const float before = ContributionOf(neuron);
    SetContribution(neuron, before + kContributionShare * (share - before));
    if (e.samples == 0) return;
    const float count = static_cast<float>(e.samples);
    const float step = RateOf(neuron) * ScaleOf(neuron) * e.dots / count;
    const float factor = 1 - Bounded(step, kMostGainStep);
    neuron.gain = std::clamp(neuron.gain * factor, initial_gain * kLowestGain, initial_gain * kHighestGain);
    AdaptRate(neuron, e.errors / count);
  }
  /// Raises or lowers a neuron's learning rate by the size of its error.
  SYNFIRE_HOST_DEVICE void AdaptRate(Neuron& neuron, float mean_error) const {
    const auto rate = static_cast<float>(neuron.rate);
    if (neuron.rate == 0) return;  // does not learn
    if (mean_error > 0.5f) {
      neuron.rate = static_cast<std::uint16_t>(std::min(std::max(rate * 1.1f + 0.5f, rate + 1), +kRateSteps));
    } else if (mean_error < 0.1f) {
      neuron.rate = std::max(min_rate, static_cast<std::uint16_t>(rate * 0.9f));
    }
  }
};

}  // namespace synfire::spatial
