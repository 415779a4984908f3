// The event engine: advances all populations window by window, in parallel over chunks of neurons.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "native/base/thread_team.h"
#include "native/events/network.h"
#include "native/events/plasticity.h"
#include "native/events/population.h"
#include "native/events/replicas.h"
#include "native/events/sources.h"
#include "native/events/topology.h"

namespace synfire::events {

/// What a network is built of and never changes; shared by replicas.
struct Structure {
  NetworkSpec spec;
  std::vector<std::shared_ptr<const Rows>> rows;  ///< per projection
  /// No spike of a neuron acts sooner than this: the length of a window.
  Tick window = 0;
  Tick dt = 0;
  Tick horizon = 0;  ///< the longest delay
  bool has_grid = false;
};

/// The engine behind EventNetwork, in either precision.
struct EventNetwork::Impl {
  virtual ~Impl() = default;
  virtual std::unique_ptr<Impl> Clone() const = 0;

  virtual const Structure& structure() const = 0;
  virtual Tick now() const = 0;
  virtual RunReport Run(double duration_ms, ThreadTeam* team, RunControl* control) = 0;
  virtual void Reset(std::uint64_t sample) = 0;
  virtual void AddSpikes(std::uint32_t population, std::span<const double> times_ms,
                         std::span<const std::uint32_t> neurons) = 0;
  virtual void SetRates(std::uint32_t population, std::span<const double> rates_hz) = 0;
  virtual std::vector<double> State(std::uint32_t population, std::string_view variable) const = 0;
  virtual void SetState(std::uint32_t population, std::string_view variable,
                        std::span<const double> values) = 0;
  virtual std::span<const std::uint32_t> SpikeCounts(std::uint32_t population) const = 0;
  virtual std::vector<double> Weights(std::uint32_t projection) const = 0;
  virtual void SetWeights(std::uint32_t projection, std::span<const double> weights) = 0;
  virtual void Normalise(std::uint32_t projection, double total) = 0;
  virtual void SetLearning(bool on) = 0;
  virtual bool learning() const = 0;
  virtual void Reward(double amount) = 0;
  virtual void Teach(std::uint32_t projection, std::span<const double> modulation) = 0;
  virtual int RecordSpikes(std::uint32_t population, std::vector<std::uint32_t> neurons) = 0;
  virtual int RecordState(std::uint32_t population, std::string_view variable,
                          std::vector<std::uint32_t> neurons, double interval_ms) = 0;
  virtual int RecordWeights(std::uint32_t projection, std::vector<std::uint64_t> synapses,
                            double interval_ms) = 0;
  virtual int RecordTraces(std::uint32_t projection, std::string_view side, int k,
                           std::vector<std::uint32_t> neurons, double interval_ms) = 0;
  virtual SpikeRecord TakeSpikes(int recorder) = 0;
  virtual ValueRecord64 TakeValues(int recorder) = 0;
  virtual MemoryReport Memory() const = 0;
  virtual std::vector<StateTensor> ExportState() const = 0;
  virtual void ImportState(const std::vector<StateTensor>& tensors) = 0;

  // For replicas. Settled weights of plastic projections and adaptive thresholds, as flat arrays.
  /// Bytes that a clone adds.
  virtual std::uint64_t replica_bytes() const = 0;
  /// Takes weights, thetas and learning from another engine of the same structure.
  virtual void CopyLearned(const Impl& from) = 0;
  /// Merges what the replicas have learned since CopyLearned into this engine.
  virtual void MergeLearned(std::span<Impl* const> replicas, Merge merge, ThreadTeam& team) = 0;
};

std::unique_ptr<EventNetwork::Impl> MakeEngine(NetworkSpec spec);

}  // namespace synfire::events
