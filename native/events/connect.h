// Draws the synapses of a projection: who, how strong, how late. Counter-based, so independent of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "native/events/spec.h"
#include "native/events/time.h"

namespace synfire::events {

/// Synapses sorted by source, then delay, then target (stable: equal ones keep the order of the list).
struct Synapses {
  std::vector<std::uint64_t> row;     ///< [sources + 1]: synapses of source i are [row[i], row[i+1])
  std::vector<std::uint32_t> target;  ///< [synapses]
  std::vector<float> weight;          ///< [synapses]; empty when all are `uniform_weight` (float32 networks)
  std::vector<double> weight64;       ///< the same for float64 networks
  double uniform_weight = 0;
  std::vector<Tick> delay;  ///< [synapses]; empty when all are `uniform_delay`
  Tick uniform_delay = 0;
  bool dense = false;  ///< every source reaches every target in order, equal delay: target[k] = k
                       ///< (target is then left empty)
};

/// Draws projection `index` of a spec that Validate has passed. Delays are rounded to the nearest multiple of
/// `grid` (0: to the tick). Random draws come from Philox keyed by (spec.seed, index): same spec, same
/// synapses. Keeps a uniform weight uniform only when the projection has no rule, normalisation or scaling.
Synapses Connect(const NetworkSpec& spec, std::uint32_t index, Tick grid);

/// Synapses that Connect will draw: exact or, for fixed probability, the expectation plus five standard
/// deviations.
double ExpectedSynapses(const NetworkSpec& spec, std::uint32_t index);

}  // namespace synfire::events
