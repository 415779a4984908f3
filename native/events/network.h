// The event network: built from a spec, run by a team of threads, same bits for any number of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/thread_team.h"
#include "native/events/spec.h"
#include "native/events/time.h"

namespace synfire::events {

/// Lets another thread stop a run and watch it. A stopped run ends at the end of a window, in a consistent
/// state: a later Run goes on from there to the same bits.
struct RunControl {
  std::atomic<bool> stop{false};
  std::atomic<Tick> now{0};
};

struct RunReport {
  double simulated_ms = 0;
  std::uint64_t spikes = 0;           ///< of neurons and sources
  std::uint64_t synaptic_events = 0;  ///< synapses that delivered a spike
  bool stopped = false;
};

/// Synapses in stored order: by source, then delay, then target. Weights are as of now.
struct Connections {
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> targets;
  std::vector<double> delays_ms;
};

struct SpikeRecord {
  std::vector<double> times_ms;  ///< ascending; equal times by neuron
  std::vector<std::uint32_t> neurons;
};

/// What one recorder of values has seen: values[sample][item].
struct ValueRecord64 {
  std::vector<double> times_ms;
  std::vector<double> values;
  std::uint32_t items = 0;
};

struct MemoryReport {
  std::uint64_t synapses = 0;
  std::uint64_t plastic_synapses = 0;
  std::uint64_t synapse_bytes = 0;
  std::uint64_t plastic_synapse_bytes = 0;  ///< all that plastic synapses need, row offsets included
  std::uint64_t state_bytes = 0;            ///< neurons, traces, queues
  std::uint64_t total_bytes = 0;
};

/// One array of the state, for checkpoints. `bytes` holds prod(shape) little-endian elements.
struct StateTensor {
  enum class Type { kFloat32, kFloat64, kInt64, kUint64, kUint32 };
  std::string name;
  Type type;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};

/// A projection or population is named by its index in the spec. Indices out of range and lengths that do not
/// fit throw Error{kInvalidArgument}. Not thread-safe: one call at a time.
class EventNetwork {
 public:
  /// Bytes that building needs at most, without building. Random connectors: their expectation.
  static std::uint64_t EstimateBytes(const NetworkSpec& spec);

  /// Builds. Throws Error{kInvalidArgument}, and Error{kOutOfMemory} naming the bytes when the network would
  /// not fit into spec.max_bytes or the machine.
  explicit EventNetwork(NetworkSpec spec);
  virtual ~EventNetwork();
  EventNetwork(const EventNetwork&) = delete;
  EventNetwork& operator=(const EventNetwork&) = delete;

  const NetworkSpec& spec() const;
  Tick now() const;

  /// Advances by duration_ms (a multiple of dt when a population lives on the grid).
  /// Throws Error{kNumeric} naming the population when its spikes exceed the cap or its state stops being
  /// finite; the network then stands at the end of the window in which that happened.
  RunReport Run(double duration_ms, ThreadTeam& team, RunControl* control = nullptr);

  /// Back to time 0 with neurons, traces, queues and recorders as after building. Keeps weights, adaptive
  /// thresholds, rates; spike lists are emptied. `sample` numbers the draws of Poisson sources.
  void Reset(std::uint64_t sample = 0);

  // Sources.
  /// Adds spikes of a list source: times ascending, not before now; neurons in range.
  void AddSpikes(std::uint32_t population, std::span<const double> times_ms,
                 std::span<const std::uint32_t> neurons);
  /// Rates of a Poisson source from now on, one per neuron, in [0, 1e6] Hz.
  void SetRates(std::uint32_t population, std::span<const double> rates_hz);

  // State of neurons, by variable name ("v", "ge", "gi", "theta", "u", "w", …).
  std::vector<std::string> Variables(std::uint32_t population) const;
  std::vector<double> State(std::uint32_t population, std::string_view variable) const;
  void SetState(std::uint32_t population, std::string_view variable, std::span<const double> values);
  /// Spikes of each neuron since the last Reset.
  std::vector<std::uint32_t> SpikeCounts(std::uint32_t population) const;

  // Synapses.
  Connections ConnectionsOf(std::uint32_t projection) const;
  std::uint64_t SynapseCount(std::uint32_t projection) const;
  /// As of now, without changing what follows. In stored order.
  std::vector<double> Weights(std::uint32_t projection) const;
  void SetWeights(std::uint32_t projection, std::span<const double> weights);
  /// w <- w * total / sum over the incoming weights of each target neuron of this projection.
  void Normalise(std::uint32_t projection, double total);
  /// With false, rules neither change weights nor adaptive thresholds; traces go on.
  void SetLearning(bool on);
  bool learning() const;

  // Signals of three-factor rules.
  /// Adds to the reward level n of every reward-modulated projection.
  void Reward(double amount);
  /// Ends a sample of supervised teaching: w += modulation[target] * eligibility, which is then cleared.
  void Teach(std::uint32_t projection, std::span<const double> modulation);

  // Recorders. `neurons` empty means all. Taking empties the record.
  int RecordSpikes(std::uint32_t population, std::vector<std::uint32_t> neurons);
  int RecordState(std::uint32_t population, std::string_view variable, std::vector<std::uint32_t> neurons,
                  double interval_ms);
  int RecordWeights(std::uint32_t projection, std::vector<std::uint64_t> synapses, double interval_ms);
  /// Traces of a plastic projection: side "pre" (per source) or "post" (per target), number k of the rule.
  int RecordTraces(std::uint32_t projection, std::string_view side, int k, std::vector<std::uint32_t> neurons,
                   double interval_ms);
  SpikeRecord TakeSpikes(int recorder);
  ValueRecord64 TakeValues(int recorder);

  MemoryReport Memory() const;

  // Checkpoints: everything that a later Run depends on, recorders excepted.
  std::vector<StateTensor> ExportState() const;
  /// Throws Error{kCheckpoint} and leaves the network as it was when a tensor is missing, has another type or
  /// shape, or holds values that cannot be (indices out of range, unsorted times, weights that are not
  /// finite).
  void ImportState(const std::vector<StateTensor>& tensors);

  struct Impl;

 private:
  friend class Replicas;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfire::events
