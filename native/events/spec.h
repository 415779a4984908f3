// What an event network is: populations of neurons and spike sources, projections between them. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "native/events/settings.h"

namespace synfire::events {

/// A number drawn once per neuron or synapse.
struct Distribution {
  enum class Kind { kConstant, kUniform, kNormal };
  Kind kind = Kind::kConstant;
  double a = 0;  ///< the constant; the lower bound; the mean
  double b = 0;  ///< the upper bound; the standard deviation
  /// Draws are clipped to these.
  double min = -1e30;
  double max = 1e30;
};

/// Where the spikes of a population come from.
enum class PopulationKind {
  kNeurons,
  kSpikeList,  ///< times given by the user, before or between runs
  kPoisson,    ///< homogeneous Poisson processes, one rate per neuron
};

/// Keeps each neuron's rate near a target by moving its threshold:
/// every period, offset += eta * (r - target) / target, within [min, max] mV; r is a running rate.
struct IntrinsicPlasticity {
  double eta_mv = 0.1;
  double target_rate_hz = 5;
  double tau_rate_ms = 10000;
  double period_ms = 100;
  double min_mv = -10;
  double max_mv = 10;
};

struct PopulationSpec {
  std::string name;
  std::uint32_t size = 0;
  PopulationKind kind = PopulationKind::kNeurons;
  /// Neurons: kind "lif", "conductance-lif", "izhikevich" or "adex" (see models.h). Unused for sources.
  Settings model = {};
  /// Start values of state variables, by name ("v", "ge", …); others start at rest.
  std::vector<std::pair<std::string, Distribution>> initial = {};
  std::optional<IntrinsicPlasticity> intrinsic = {};
  /// Poisson: the rate of every neuron until SetRates.
  double rate_hz = 0;
  /// The run fails when the population fires more spikes within one millisecond; 0: no cap.
  std::uint64_t max_spikes_per_ms = 0;
};

// How a projection connects. Counts are per source or target neuron. `self` allows pairs of equal numbers: a
// neuron with itself, or with its partner in another population of the same size.
struct OneToOne {};
struct AllToAll {
  bool self = true;
};
struct FixedProbability {
  double probability = 0.1;
  bool self = true;
};
struct FixedInDegree {
  std::uint32_t count = 0;
  bool self = true;
  bool multiple = false;  ///< may connect the same pair more than once
};
struct FixedOutDegree {
  std::uint32_t count = 0;
  bool self = true;
  bool multiple = false;
};
/// Explicit synapses. Weights and delays may be empty: then the projection's distributions are drawn.
struct ConnectionList {
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> targets;
  std::vector<double> weights;
  std::vector<double> delays_ms;
};
/// weights[source][target], row-major; NaN means no synapse. Delays may be empty.
struct DenseMatrix {
  std::vector<double> weights;
  std::vector<double> delays_ms;
};
using Connector = std::variant<OneToOne, AllToAll, FixedProbability, FixedInDegree, FixedOutDegree,
                               ConnectionList, DenseMatrix>;

enum class Receptor { kExcitatory, kInhibitory };

/// w <- w * total / sum of the target's incoming weights. Applied every period, and by Normalise().
struct Normalisation {
  double total = 78;
  double period_ms = 0;  ///< 0: only when asked for
};

/// Every period w <- clip(w * (1 + eta * d)), d = (target - r) / target, clamped to [-1, 1] if asked for.
struct SynapticScaling {
  double eta = 0.1;
  double target_rate_hz = 5;
  double tau_rate_ms = 10000;
  double period_ms = 100;
  bool clamp = true;
  double w_min = 0;
  double w_max = 1;
};

struct ProjectionSpec {
  std::string name;
  std::uint32_t source = 0;  ///< index of a population
  std::uint32_t target = 0;
  Connector connector;
  Distribution weight{.a = 1};
  /// The whole way from the source's soma to the target's, in ms; dendritic_ms of it lies behind the synapse.
  Distribution delay_ms{.a = 2};
  double dendritic_ms = 0;
  /// A spike changes the target by gain * weight (seed 0's psp in mV).
  double gain = 1;
  Receptor receptor = Receptor::kExcitatory;
  /// Plasticity (kinds in rules.h), if any.
  std::optional<Settings> rule = {};
  std::optional<Normalisation> normalisation = {};
  std::optional<SynapticScaling> scaling = {};
};

enum class Precision { kFloat32, kFloat64 };

struct NetworkSpec {
  std::vector<PopulationSpec> populations;
  std::vector<ProjectionSpec> projections;
  std::uint64_t seed = 1;
  /// The step of models without a closed form.
  double dt_ms = 0.1;
  /// Of weights, traces and models on the grid. Exact models always compute in double.
  Precision precision = Precision::kFloat32;
  /// Refuse to build a network that needs more; 0: no limit but the machine's.
  std::uint64_t max_bytes = 0;
};

/// Checks everything that can be checked without building. Throws Error{kInvalidArgument} with the field's
/// path, written as JavaScript users know it, such as
/// projections[2].delayMs. Fills in the defaults of models and rules.
void Validate(NetworkSpec& spec);

}  // namespace synfire::events
