// The engine in either precision; its members are spread over engine_*.cc, one file for each of its tasks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/events/calendar.h"
#include "native/events/engine.h"
#include "native/events/exact_chunk.h"

namespace synfire::events {

/// How often rules that keep postsynaptic spikes are brought up to date everywhere.
inline constexpr Tick kSettleEvery = static_cast<Tick>(1000 * kTicksPerMs);

/// All spikes of a population that may still be under way, numbered from the start.
struct SpikeLog {
  std::vector<Spike> spikes;
  std::uint64_t first = 0;
  std::uint64_t end() const { return first + spikes.size(); }
  const Spike& operator[](std::uint64_t number) const { return spikes[number - first]; }
};

struct SpikeRecorder {
  std::uint32_t population;
  std::vector<bool> chosen;  // empty: all
  SpikeRecord record;
};

struct ValueRecorder {
  enum class Kind { kState, kWeights, kPreTrace, kPostTrace };
  Kind kind;
  std::uint32_t index;  // of the population or projection
  std::string variable;
  int trace = 0;
  std::vector<std::uint64_t> items;
  Tick interval;
  Tick next;
  ValueRecord64 record;
};

template <class Real>
class Engine final : public EventNetwork::Impl {
 public:
  explicit Engine(std::shared_ptr<const Structure> structure, std::vector<Synapses>& synapses);

  std::unique_ptr<Impl> Clone() const override { return std::unique_ptr<Impl>(new Engine(*this)); }
  const Structure& structure() const override { return *structure_; }
  Tick now() const override { return std::max<Tick>(done_, 0); }

  RunReport Run(double duration_ms, ThreadTeam* team, RunControl* control) override;
  void Reset(std::uint64_t sample) override;
  void AddSpikes(std::uint32_t population, std::span<const double> times_ms,
                 std::span<const std::uint32_t> neurons) override;
  void SetRates(std::uint32_t population, std::span<const double> rates_hz) override;
  std::vector<double> State(std::uint32_t population, std::string_view variable) const override;
  void SetState(std::uint32_t population, std::string_view variable, std::span<const double> values) override;
  std::span<const std::uint32_t> SpikeCounts(std::uint32_t population) const override {
    return populations_[population].counts;
  }
  std::vector<double> Weights(std::uint32_t projection) const override;
  void SetWeights(std::uint32_t projection, std::span<const double> weights) override;
  void Normalise(std::uint32_t projection, double total) override;
  void SetLearning(bool on) override;
  bool learning() const override { return learning_; }
  void Reward(double amount) override;
  void Teach(std::uint32_t projection, std::span<const double> modulation) override;
  int RecordSpikes(std::uint32_t population, std::vector<std::uint32_t> neurons) override;
  int RecordState(std::uint32_t population, std::string_view variable, std::vector<std::uint32_t> neurons,
                  double interval_ms) override;
  int RecordWeights(std::uint32_t projection, std::vector<std::uint64_t> synapses,
                    double interval_ms) override;
  int RecordTraces(std::uint32_t projection, std::string_view side, int k, std::vector<std::uint32_t> neurons,
                   double interval_ms) override;
  SpikeRecord TakeSpikes(int recorder) override;
  ValueRecord64 TakeValues(int recorder) override;
  MemoryReport Memory() const override;
  std::vector<StateTensor> ExportState() const override;
  void ImportState(const std::vector<StateTensor>& tensors) override;
  std::uint64_t replica_bytes() const override;
  void CopyLearned(const Impl& from) override;
  void MergeLearned(std::span<Impl* const> replicas, Merge merge, ThreadTeam& team) override;

 private:
  struct ChunkOutput {
    std::vector<Spike> spikes;
    std::vector<std::uint32_t> fired;
    std::vector<std::size_t> cursors;  // per incoming projection, arrivals of the window delivered so far
    std::uint64_t events = 0;
    double theta_scale = 1;  // the same for all chunks
  };
  struct Population {
    const PopulationSpec* spec;
    std::optional<GridNeurons<Real>> grid;
    std::unique_ptr<ExactLif> exact;
    std::vector<ExactChunk> exact_chunks;
    AlignedBuffer<Real> exact_inputs[2];  // sums of simultaneous arrivals, by receptor
    std::optional<SpikeList> list;
    std::optional<PoissonSource> poisson;
    SpikeLog log;
    std::vector<std::uint32_t> counts;
    std::vector<std::uint32_t> bounds;  // first neurons of chunks 1, 2, …
    std::vector<ChunkOutput> outputs;   // per chunk
    std::vector<RunningRate> rates;
    std::vector<std::uint32_t> incoming;  // projections
    std::vector<std::uint32_t> outgoing;
    std::int64_t cap_ms = -1;  // the millisecond being counted for the cap

    Population() = default;
    Population(Population&&) = default;
    Population(const Population& other);
    bool neurons() const { return spec->kind == PopulationKind::kNeurons; }
    std::uint32_t begin(std::uint32_t chunk) const { return chunk == 0 ? 0 : bounds[chunk - 1]; }
    std::uint32_t end(std::uint32_t chunk) const {
      return chunk < bounds.size() ? bounds[chunk] : spec->size;
    }
  };
  struct Projection {
    const ProjectionSpec* spec;
    const Rows* rows;
    bool uniform = false;
    Real uniform_weight = 0;
    AlignedBuffer<Real> weight;
    std::unique_ptr<Plasticity<Real>> plasticity;
    RowCuts cuts;
    int scaling_rate = -1;  // index into the target's rates
    // Arrivals over one delay are found from the log by a cursor; others wait in a calendar.
    std::uint64_t cursor = 0;
    Calendar calendar;
    std::vector<Arrival> arrivals;  // of this window, in order
    bool immediate = false;         // delay 0 from neurons: delivered after the window

    Projection() = default;
    Projection(Projection&&) = default;
    Projection(const Projection& other);
  };

  Engine(const Engine& other);

  // Building.
  void MakePopulation(std::uint32_t index);
  void MakeProjection(std::uint32_t index, Synapses& synapses);
  void DrawInitialState(bool thetas);
  int RateOf(Population& population, double tau_ms);
  void SetChunks(std::uint32_t chunks);

  // Running.
  void ForEachChunk(ThreadTeam* team, auto&& function) {
    if (team == nullptr || chunks_ == 1) {
      for (std::uint32_t c = 0; c < chunks_; ++c) function(c);
    } else {
      team->Run(static_cast<int>(chunks_),
                [&](int chunk, int) { function(static_cast<std::uint32_t>(chunk)); });
    }
  }
  void Advance(Tick to, ThreadTeam* team);
  Tick NextStop(Tick end) const;
  void TakeSources(Tick to);
  void LogSpikes(std::uint32_t population, std::size_t logged);
  void CollectArrivals(Tick to, bool immediate);
  void RunChunk(std::uint32_t chunk, Tick to);
  void RunGridChunk(Population& population, std::uint32_t chunk, Tick to);
  void RunExactChunk(Population& population, std::uint32_t chunk, Tick to);
  void DeliverImmediate(std::uint32_t chunk, Tick to);
  void Deliver(Projection& projection, Real* input, std::uint32_t chunk, const Arrival& arrival,
               std::uint64_t& events, Tick time);
  void CommitTargets(Population& population, std::uint32_t chunk, std::uint32_t neuron, Tick time);
  void GatherSpikes();
  void TrimLogs();
  void CheckCap(Population& population, std::uint32_t index);
  void CheckFinite() const;
  int AddRecorder(ValueRecorder recorder);
  void InvalidateCrossings();

  // Between windows.
  void Maintain(Tick time, ThreadTeam* team);
  void Settle(Projection& projection, Tick now, ThreadTeam* team);
  void ScaleWeights(Projection& projection, std::span<const Real> factors, bool clip);
  void ApplyScaling(Projection& projection, Tick time);
  void ApplyIntrinsic(Population& population, Tick time);
  void TakeSamples();
  double Sample(const ValueRecorder& recorder, std::uint64_t item, std::span<const double> weights) const;
  bool Due(double period_ms, Tick time) const;
  template <class Archive>
  void Serialise(Archive& archive);
  template <class Archive>
  void SerialisePopulation(Archive& archive, std::uint32_t index);
  template <class Archive>
  void SerialiseLog(Archive& archive, const std::string& path, Population& population);
  template <class Archive>
  void SerialiseGrid(Archive& archive, const std::string& path, GridNeurons<Real>& neurons);
  template <class Archive>
  void SerialiseExact(Archive& archive, const std::string& path, ExactLif& neurons);
  template <class Archive>
  void SerialiseList(Archive& archive, const std::string& path, SpikeList& list);
  template <class Archive>
  void SerialisePoisson(Archive& archive, const std::string& path, PoissonSource& source);
  template <class Archive>
  void SerialiseProjection(Archive& archive, std::uint32_t index);
  void FindUnderWay(Projection& projection, const SpikeLog& log);
  std::vector<double> ThetaOf(std::uint32_t population) const;
  void MergeThetas(std::uint32_t population, std::span<Impl* const> replicas, Merge merge);

  std::shared_ptr<const Structure> structure_;
  std::vector<Population> populations_;
  std::vector<Projection> projections_;
  bool has_immediate_ = false;  // some projection is immediate
  std::uint32_t chunks_ = 0;
  Tick done_ = -1;  // everything up to and including this has happened
  Tick maintained_ = 0;
  bool learning_ = true;
  std::vector<SpikeRecorder> spike_recorders_;
  std::vector<ValueRecorder> value_recorders_;
  std::vector<int> recorder_slots_;  // public number -> index, negative numbers for values
  std::uint64_t spikes_ = 0;
  std::uint64_t events_ = 0;
  std::string failure_;
  std::uint32_t failed_population_ = 0;
};

}  // namespace synfire::events
