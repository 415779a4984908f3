// Windows, chunks, arrivals: how an event network runs.
#include "native/events/engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "native/events/calendar.h"
#include "native/events/draw.h"
#include "native/events/exact_chunk.h"
#include "native/events/state_archive.h"

namespace synfire::events {
namespace {

constexpr std::uint32_t kChunkUnit = 16;
constexpr std::size_t kTrimAfter = 1 << 14;
/// How often rules that keep postsynaptic spikes are brought up to date everywhere.
constexpr Tick kSettleEvery = static_cast<Tick>(1000 * kTicksPerMs);
constexpr std::uint32_t kInitialStream = 0x494e4954;

std::string PathOf(const char* list, std::uint32_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

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

/// Merges values [begin, end) of replicas into `base`, from which all of them started; in order of replicas.
template <class Real>
void MergeRange(Real* base, const std::vector<const Real*>& replicas, std::size_t begin, std::size_t end,
                Merge merge) {
  if (merge == Merge::kMean) {
    const Real count = static_cast<Real>(replicas.size());
    std::copy(replicas[0] + begin, replicas[0] + end, base + begin);
    for (std::size_t r = 1; r < replicas.size(); ++r) {
      for (std::size_t i = begin; i < end; ++i) base[i] += replicas[r][i];
    }
    if (replicas.size() == 1) return;
    for (std::size_t i = begin; i < end; ++i) base[i] /= count;
    return;
  }
  for (std::size_t i = begin; i < end; ++i) {
    Real change = 0;
    bool rises = false, falls = false;
    for (const Real* replica : replicas) {
      const Real difference = replica[i] - base[i];
      rises |= difference > 0;
      falls |= difference < 0;
      change += difference;
    }
    if (merge == Merge::kSum || !(rises && falls)) base[i] += change;
  }
}

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
    std::uint64_t cap_count = 0;

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
  void ForEachChunk(ThreadTeam* team, auto&& function);
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

// --- Building
// -------------------------------------------------------------------------------------------------------

template <class Real>
AlignedBuffer<Real> CopyBuffer(const AlignedBuffer<Real>& from) {
  AlignedBuffer<Real> to(from.size());
  std::copy(from.begin(), from.end(), to.begin());
  return to;
}

template <class Real>
Engine<Real>::Population::Population(const Population& other)
    : spec(other.spec),
      grid(other.grid),
      exact(other.exact ? std::make_unique<ExactLif>(*other.exact) : nullptr),
      exact_chunks(other.exact_chunks),
      exact_inputs{CopyBuffer(other.exact_inputs[0]), CopyBuffer(other.exact_inputs[1])},
      list(other.list),
      poisson(other.poisson),
      log(other.log),
      counts(other.counts),
      bounds(other.bounds),
      outputs(other.outputs),
      rates(other.rates),
      incoming(other.incoming),
      outgoing(other.outgoing),
      cap_ms(other.cap_ms),
      cap_count(other.cap_count) {}

template <class Real>
Engine<Real>::Projection::Projection(const Projection& other)
    : spec(other.spec),
      rows(other.rows),
      uniform(other.uniform),
      uniform_weight(other.uniform_weight),
      weight(CopyBuffer(other.weight)),
      plasticity(other.plasticity ? other.plasticity->Clone(weight.data()) : nullptr),
      cuts(*other.rows, {}),
      scaling_rate(other.scaling_rate),
      cursor(other.cursor),
      calendar(other.calendar),
      immediate(other.immediate) {}

// A copy has one chunk and no recorders.
template <class Real>
Engine<Real>::Engine(const Engine& other)
    : structure_(other.structure_),
      populations_(other.populations_),
      projections_(other.projections_),
      done_(other.done_),
      maintained_(other.maintained_),
      learning_(other.learning_) {
  SetChunks(1);
}

template <class Real>
Engine<Real>::Engine(std::shared_ptr<const Structure> structure, std::vector<Synapses>& synapses)
    : structure_(std::move(structure)) {
  const NetworkSpec& spec = structure_->spec;
  for (std::uint32_t i = 0; i < spec.populations.size(); ++i) MakePopulation(i);
  for (std::uint32_t i = 0; i < spec.projections.size(); ++i) MakeProjection(i, synapses[i]);
  DrawInitialState(true);
  SetChunks(1);
}

template <class Real>
void Engine<Real>::MakePopulation(std::uint32_t index) {
  const NetworkSpec& network = structure_->spec;
  const PopulationSpec& spec = network.populations[index];
  Population& population = populations_.emplace_back();
  population.spec = &spec;
  population.counts.assign(spec.size, 0);
  switch (spec.kind) {
    case PopulationKind::kSpikeList:
      population.list.emplace(spec.size);
      return;
    case PopulationKind::kPoisson:
      population.poisson.emplace(spec.size, network.seed, index);
      population.poisson->SetRates(std::vector<double>(spec.size, spec.rate_hz), 0);
      return;
    case PopulationKind::kNeurons:
      break;
  }
  if (OnGrid(spec.model)) {
    population.grid.emplace(spec, network.dt_ms);
  } else {
    population.exact = std::make_unique<ExactLif>(spec.model, spec.size);
    for (auto& input : population.exact_inputs) input = AlignedBuffer<Real>(spec.size);
  }
  if (spec.intrinsic) RateOf(population, spec.intrinsic->tau_rate_ms);
}

template <class Real>
int Engine<Real>::RateOf(Population& population, double tau_ms) {
  for (std::size_t i = 0; i < population.rates.size(); ++i) {
    if (population.rates[i].tau_ms() == tau_ms) return static_cast<int>(i);
  }
  population.rates.emplace_back(population.spec->size, tau_ms);
  return static_cast<int>(population.rates.size()) - 1;
}

template <class Real>
void Engine<Real>::MakeProjection(std::uint32_t index, Synapses& synapses) {
  const ProjectionSpec& spec = structure_->spec.projections[index];
  Projection& projection = projections_.emplace_back();
  projection.spec = &spec;
  projection.rows = structure_->rows[index].get();
  Population& source = populations_[spec.source];
  Population& target = populations_[spec.target];
  source.outgoing.push_back(index);
  target.incoming.push_back(index);
  const std::uint64_t count = projection.rows->synapses();
  projection.uniform = synapses.weight.empty() && synapses.weight64.empty();
  projection.uniform_weight = static_cast<Real>(synapses.uniform_weight);
  if (!projection.uniform) {
    projection.weight = AlignedBuffer<Real>(count);
    if (!synapses.weight.empty()) {
      std::copy(synapses.weight.begin(), synapses.weight.end(), projection.weight.begin());
    } else {
      std::copy(synapses.weight64.begin(), synapses.weight64.end(), projection.weight.begin());
    }
  }
  synapses = {};
  if (!projection.rows->one_delay()) projection.calendar = Calendar(structure_->window, structure_->horizon + structure_->dt);
  projection.immediate = source.neurons() && count > 0 && projection.rows->min_delay() == 0;
  if (spec.scaling) projection.scaling_rate = RateOf(target, spec.scaling->tau_rate_ms);
  if (spec.rule) {
    const bool grid = target.grid.has_value();
    const Tick unit = grid ? structure_->dt : 1;
    const Tick shift = (2 * TicksOf(spec.dendritic_ms) + unit / 2) / unit * unit;
    projection.plasticity = Plasticity<Real>::Make({.rows = projection.rows,
                                                    .weight = projection.weight.data(),
                                                    .gain = static_cast<Real>(spec.gain),
                                                    .grid = grid,
                                                    .dt = structure_->dt,
                                                    .post_shift = shift},
                                                   *spec.rule);
  }
}

/// Start values of state variables; of adaptive thresholds only for a network that has learned nothing yet.
template <class Real>
void Engine<Real>::DrawInitialState(bool thetas) {
  for (std::uint32_t p = 0; p < populations_.size(); ++p) {
    const PopulationSpec& spec = *populations_[p].spec;
    const PhiloxKey key = KeyOf(structure_->spec.seed, kInitialStream, p);
    for (std::uint32_t v = 0; v < spec.initial.size(); ++v) {
      const auto& [variable, distribution] = spec.initial[v];
      if (variable == "theta" && !thetas) continue;
      std::vector<double> values(spec.size);
      for (std::uint32_t i = 0; i < spec.size; ++i) values[i] = Draw(distribution, key, v, i);
      SetState(p, variable, values);
    }
  }
}

template <class Real>
void Engine<Real>::SetChunks(std::uint32_t chunks) {
  if (chunks == chunks_) return;
  chunks_ = chunks;
  for (Population& population : populations_) {
    const std::uint64_t units = (std::uint64_t{population.spec->size} + kChunkUnit - 1) / kChunkUnit;
    population.bounds.clear();
    for (std::uint32_t c = 1; c < chunks; ++c) {
      const std::uint64_t bound = units * c / chunks * kChunkUnit;
      population.bounds.push_back(
          static_cast<std::uint32_t>(std::min<std::uint64_t>(bound, population.spec->size)));
    }
    population.outputs.assign(chunks, {});
    if (population.exact) {
      population.exact_chunks.clear();
      for (std::uint32_t c = 0; c < chunks; ++c) {
        population.exact_chunks.emplace_back(population.begin(c), population.end(c));
      }
    } else if (population.grid) {
      for (std::uint32_t c = 0; c < chunks; ++c) {
        population.outputs[c].fired.resize(population.end(c) - population.begin(c) + kChunkUnit);
      }
    }
  }
  for (Projection& projection : projections_) {
    const auto& bounds = populations_[projection.spec->target].bounds;
    projection.cuts = RowCuts(*projection.rows, bounds);
    if (projection.plasticity) projection.plasticity->SetChunks(bounds);
  }
}

// --- Running
// --------------------------------------------------------------------------------------------------------

template <class Real>
void Engine<Real>::ForEachChunk(ThreadTeam* team, auto&& function) {
  if (team == nullptr || chunks_ == 1) {
    for (std::uint32_t c = 0; c < chunks_; ++c) function(c);
  } else {
    team->Run(static_cast<int>(chunks_),
              [&](int chunk, int) { function(static_cast<std::uint32_t>(chunk)); });
  }
}

template <class Real>
RunReport Engine<Real>::Run(double duration_ms, ThreadTeam* team, RunControl* control) {
  const Tick start = now();
  if (!std::isfinite(duration_ms) || duration_ms < 0 || MsOf(start) + duration_ms > kMaxMs) {
    throw InvalidArgument("durationMs", std::to_string(duration_ms), "a number from 0 to 2e9 in all");
  }
  const Tick end = start + TicksOf(duration_ms);
  if (structure_->has_grid) {
    const Tick dt = structure_->dt;
    if ((end - start) % dt != 0) {
      throw InvalidArgument("durationMs", std::to_string(duration_ms),
                            "a multiple of dtMs = " + std::to_string(MsOf(dt)));
    }
    if (end / dt > std::numeric_limits<std::int32_t>::max() / 2) {
      throw InvalidArgument("durationMs", std::to_string(duration_ms), "at most 2^30 steps of dtMs in all");
    }
  }
  SetChunks(team == nullptr ? 1 : static_cast<std::uint32_t>(team->threads()));
  spikes_ = events_ = 0;
  failure_.clear();
  RunReport report;
  while (done_ < end) {
    if (control != nullptr && control->stop.load(std::memory_order_relaxed)) {
      report.stopped = true;
      break;
    }
    Advance(NextStop(end), team);
    if (control != nullptr) control->now.store(done_, std::memory_order_relaxed);
    if (!failure_.empty()) {
      throw Error(ErrorCode::kNumeric, failure_, PathOf("populations", failed_population_));
    }
  }
  CheckFinite();
  report.simulated_ms = MsOf(now() - start);
  report.spikes = spikes_;
  report.synaptic_events = events_;
  return report;
}

template <class Real>
bool Engine<Real>::Due(double period_ms, Tick time) const {
  return period_ms > 0 && time > 0 && time % TicksOf(period_ms) == 0;
}

/// The end of the next window: at most one window away, not beyond the next sample, and one tick before the
/// next maintenance, which comes before the events of its time.
template <class Real>
Tick Engine<Real>::NextStop(Tick end) const {
  Tick to = std::min(end, done_ + structure_->window);
  if (done_ < 0) to = 0;
  const auto before = [&](double period_ms) {
    if (period_ms <= 0) return;
    const Tick period = TicksOf(period_ms);
    const Tick next = (done_ + 1) / period * period;  // the last one not after done_ + 1
    const Tick due = next == done_ + 1 && maintained_ < next ? next : next + period;
    to = std::min(to, std::max(due - 1, done_));
  };
  for (const Projection& projection : projections_) {
    if (projection.spec->normalisation) before(projection.spec->normalisation->period_ms);
    if (projection.spec->scaling) before(projection.spec->scaling->period_ms);
    if (projection.plasticity && projection.plasticity->needs_settling()) before(MsOf(kSettleEvery));
  }
  for (const Population& population : populations_) {
    if (population.spec->intrinsic) before(population.spec->intrinsic->period_ms);
  }
  for (const ValueRecorder& recorder : value_recorders_)
    to = std::min(to, std::max(recorder.next, done_ + 1));
  return to;
}

template <class Real>
void Engine<Real>::Advance(Tick to, ThreadTeam* team) {
  if (done_ + 1 > maintained_ && done_ >= 0) Maintain(done_ + 1, team);
  TakeSources(to);
  CollectArrivals(to, false);
  ForEachChunk(team, [&](std::uint32_t chunk) { RunChunk(chunk, to); });
  GatherSpikes();
  CollectArrivals(to, true);
  ForEachChunk(team, [&](std::uint32_t chunk) { DeliverImmediate(chunk, to); });
  done_ = to;
  for (Population& population : populations_) {
    for (ChunkOutput& output : population.outputs) {
      events_ += output.events;
      output.events = 0;
    }
    if (population.grid) population.grid->set_theta_scale(population.outputs.back().theta_scale);
  }
  TrimLogs();
  TakeSamples();
}

template <class Real>
void Engine<Real>::TakeSources(Tick to) {
  for (std::uint32_t p = 0; p < populations_.size(); ++p) {
    Population& population = populations_[p];
    if (population.neurons()) continue;
    const std::size_t before = population.log.spikes.size();
    if (population.list) population.list->Take(to, population.log.spikes);
    if (population.poisson) population.poisson->Take(to, population.log.spikes);
    for (std::size_t i = before; i < population.log.spikes.size(); ++i)
      ++population.counts[population.log.spikes[i].neuron];
    LogSpikes(p, before);
  }
}

/// Spikes from index `logged` of the log on are new: they set out, and recorders see them.
template <class Real>
void Engine<Real>::LogSpikes(std::uint32_t p, std::size_t logged) {
  Population& population = populations_[p];
  SpikeLog& log = population.log;
  if (log.spikes.size() == logged) return;
  spikes_ += log.spikes.size() - logged;
  for (const std::uint32_t index : population.outgoing) {
    Projection& projection = projections_[index];
    for (std::size_t i = logged; i < log.spikes.size(); ++i) {
      const Spike& spike = log.spikes[i];
      const std::uint64_t number = log.first + i;
      if (projection.plasticity) projection.plasticity->OnSourceSpike(spike, number);
      if (projection.rows->one_delay()) continue;
      const Rows& rows = *projection.rows;
      for (std::uint64_t row = rows.first_row(spike.neuron); row < rows.first_row(spike.neuron + 1); ++row) {
        projection.calendar.Add({spike.time + rows.delay(row), number, row});
      }
    }
  }
  for (SpikeRecorder& recorder : spike_recorders_) {
    if (recorder.population != p) continue;
    for (std::size_t i = logged; i < log.spikes.size(); ++i) {
      const Spike& spike = log.spikes[i];
      if (!recorder.chosen.empty() && !recorder.chosen[spike.neuron]) continue;
      recorder.record.times_ms.push_back(MsOf(spike.time));
      recorder.record.neurons.push_back(spike.neuron);
    }
  }
  CheckCap(population, p);
}

/// Lists, in order of (time, spike, row), what arrives up to `to`; onto the grid, up to its last point.
template <class Real>
void Engine<Real>::CollectArrivals(Tick to, bool immediate) {
  for (Projection& projection : projections_) {
    if (immediate && !projection.immediate) continue;
    const SpikeLog& log = populations_[projection.spec->source].log;
    const Rows& rows = *projection.rows;
    const Tick until = populations_[projection.spec->target].grid ? to / structure_->dt * structure_->dt : to;
    projection.arrivals.clear();
    if (rows.one_delay()) {
      const Tick delay = rows.min_delay();
      for (; projection.cursor < log.end() && log[projection.cursor].time + delay <= until;
           ++projection.cursor) {
        const Spike& spike = log[projection.cursor];
        projection.arrivals.push_back({spike.time + delay, projection.cursor, spike.neuron});
      }
      continue;
    }
    projection.calendar.Take(until, projection.arrivals);
  }
}

template <class Real>
void Engine<Real>::RunChunk(std::uint32_t chunk, Tick to) {
  for (Population& population : populations_) {
    if (population.begin(chunk) == population.end(chunk)) continue;
    if (population.grid) RunGridChunk(population, chunk, to);
    if (population.exact) RunExactChunk(population, chunk, to);
  }
}

template <class Real>
void Engine<Real>::RunGridChunk(Population& population, std::uint32_t chunk, Tick to) {
  GridNeurons<Real>& neurons = *population.grid;
  ChunkOutput& output = population.outputs[chunk];
  const std::uint32_t begin = population.begin(chunk), end = population.end(chunk);
  const Tick dt = structure_->dt;
  std::array<std::size_t, 64> few_cursors{};
  std::vector<std::size_t> many_cursors;
  std::size_t* cursors = few_cursors.data();
  if (population.incoming.size() > few_cursors.size()) {
    many_cursors.resize(population.incoming.size());
    cursors = many_cursors.data();
  }
  const auto deliver = [&](Tick time) {
    for (std::size_t i = 0; i < population.incoming.size(); ++i) {
      Projection& projection = projections_[population.incoming[i]];
      const auto& arrivals = projection.arrivals;
      if (cursors[i] == arrivals.size() || arrivals[cursors[i]].time > time) continue;
      Real* input = neurons.Input(projection.spec->receptor);
      for (; cursors[i] < arrivals.size() && arrivals[cursors[i]].time <= time; ++cursors[i]) {
        Deliver(projection, input, chunk, arrivals[cursors[i]], output.events, time);
      }
    }
  };
  // At time 0 nothing is integrated; what has arrived by then is there.
  if (done_ < 0 && to >= 0) deliver(0);
  double theta_scale = neurons.theta_scale();
  for (Tick step = std::max<Tick>(done_, 0) / dt + 1; step * dt <= to; ++step) {
    const Tick time = step * dt;
    for (const std::uint32_t index : population.incoming) {
      if (auto& plasticity = projections_[index].plasticity) {
        plasticity->AdvanceGrid(chunk, begin, end, time);
        plasticity->CommitUntil(chunk, time - 1);
      }
    }
    if (neurons.delta()) deliver(time);
    theta_scale = neurons.DecayThetas(begin, end, theta_scale);
    const std::uint32_t fired = neurons.Step(begin, end, static_cast<std::int32_t>(step), theta_scale, output.fired.data());
    if (!neurons.delta()) deliver(time);
    if (fired > 0) {
      neurons.RaiseThetas(output.fired.data(), fired, theta_scale);
      for (std::uint32_t i = 0; i < fired; ++i) {
        output.spikes.push_back({time, output.fired[i]});
        CommitTargets(population, chunk, output.fired[i], time);
      }
    }
    for (const std::uint32_t index : population.incoming) {
      if (auto& plasticity = projections_[index].plasticity) plasticity->CommitUntil(chunk, time);
    }
  }
  output.theta_scale = theta_scale;
}

/// A neuron fired: counts, rates, and the postsynaptic side of plasticity.
template <class Real>
void Engine<Real>::CommitTargets(Population& population, std::uint32_t chunk, std::uint32_t neuron,
                                 Tick time) {
  ++population.counts[neuron];
  for (RunningRate& rate : population.rates) rate.OnSpike(neuron, time);
  for (const std::uint32_t index : population.incoming) {
    if (auto& plasticity = projections_[index].plasticity) plasticity->OnTargetSpike(chunk, neuron, time);
  }
}

template <class Real>
void Engine<Real>::RunExactChunk(Population& population, std::uint32_t c, Tick to) {
  ExactChunk& chunk = population.exact_chunks[c];
  ChunkOutput& output = population.outputs[c];
  ExactLif& neurons = *population.exact;
  // Everything that arrives in this window, in order of time, then projection, then spike.
  struct Event {
    Tick time;
    std::uint32_t slot;
    std::size_t index;
  };
  std::vector<Event> events;
  for (std::uint32_t slot = 0; slot < population.incoming.size(); ++slot) {
    const auto& arrivals = projections_[population.incoming[slot]].arrivals;
    for (std::size_t i = 0; i < arrivals.size(); ++i) events.push_back({arrivals[i].time, slot, i});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  const auto commit_until = [&](Tick time) {
    for (const std::uint32_t index : population.incoming) {
      if (auto& plasticity = projections_[index].plasticity) plasticity->CommitUntil(c, time);
    }
  };
  const auto fire = [&](std::uint32_t neuron, Tick time) {
    output.spikes.push_back({time, neuron});
    CommitTargets(population, c, neuron, time);
  };
  chunk.Begin(neurons, to);
  for (std::size_t i = 0; i < events.size();) {
    const Tick time = events[i].time;
    chunk.FireBefore(neurons, time, to, fire);
    commit_until(time - 1);
    for (; i < events.size() && events[i].time == time; ++i) {
      Projection& projection = projections_[population.incoming[events[i].slot]];
      const Arrival& arrival = projection.arrivals[events[i].index];
      const std::uint64_t first = projection.cuts.begin(*projection.rows, arrival.row, c);
      const std::uint64_t last = projection.cuts.end(*projection.rows, arrival.row, c);
      Real* input = population.exact_inputs[projection.spec->receptor == Receptor::kInhibitory].data();
      Deliver(projection, input, c, arrival, output.events, time);
      for (std::uint64_t k = first; k < last; ++k) chunk.Touch(projection.rows->target(arrival.row, k));
    }
    chunk.Arrive(neurons, population.exact_inputs[0].data(), population.exact_inputs[1].data(), time, to,
                 fire);
    commit_until(time);
  }
  chunk.FireBefore(neurons, to + 1, to, fire);
  commit_until(to);
  std::sort(output.spikes.begin(), output.spikes.end());
}

template <class Real>
void Engine<Real>::DeliverImmediate(std::uint32_t chunk, Tick to) {
  for (Projection& projection : projections_) {
    if (!projection.immediate) continue;
    Population& target = populations_[projection.spec->target];
    Real* input = target.grid->Input(projection.spec->receptor);
    for (const Arrival& arrival : projection.arrivals) {
      Deliver(projection, input, chunk, arrival, target.outputs[chunk].events, to);
    }
  }
}

template <class Real>
void Engine<Real>::Deliver(Projection& projection, Real* input, std::uint32_t chunk, const Arrival& arrival,
                           std::uint64_t& events, Tick time) {
  const Rows& rows = *projection.rows;
  const std::uint64_t begin = projection.cuts.begin(rows, arrival.row, chunk);
  const std::uint64_t end = projection.cuts.end(rows, arrival.row, chunk);
  if (begin == end) return;
  events += end - begin;
  if (projection.plasticity) {
    projection.plasticity->Visit(chunk, {.time = time,
                                         .delay = rows.delay(arrival.row),
                                         .record = &projection.plasticity->record(arrival.number),
                                         .row = arrival.row,
                                         .begin = begin,
                                         .end = end,
                                         .input = input});
    return;
  }
  const KernelsOf<Real>& kernels = ActiveKernelsOf<Real>();
  const Real gain = static_cast<Real>(projection.spec->gain);
  const std::size_t count = end - begin;
  if (rows.dense()) {
    Real* first = input + (begin - rows.begin(arrival.row));
    if (projection.uniform) {
      kernels.add_constant(first, count, gain * projection.uniform_weight);
    } else {
      kernels.add_dense(first, projection.weight.data() + begin, count, gain);
    }
  } else if (projection.uniform) {
    const Real amount = gain * projection.uniform_weight;
    rows.narrow() ? kernels.add_uniform16(input, rows.target16() + begin, count, amount)
                  : kernels.add_uniform32(input, rows.target32() + begin, count, amount);
  } else {
    const Real* weight = projection.weight.data() + begin;
    rows.narrow() ? kernels.add_weights16(input, rows.target16() + begin, weight, count, gain)
                  : kernels.add_weights32(input, rows.target32() + begin, weight, count, gain);
  }
}

/// Puts the spikes of all chunks into the logs, in order of time, then neuron.
template <class Real>
void Engine<Real>::GatherSpikes() {
  for (std::uint32_t p = 0; p < populations_.size(); ++p) {
    Population& population = populations_[p];
    if (!population.neurons()) continue;
    auto& spikes = population.log.spikes;
    const std::size_t before = spikes.size();
    for (ChunkOutput& output : population.outputs) {
      spikes.insert(spikes.end(), output.spikes.begin(), output.spikes.end());
      output.spikes.clear();
    }
    if (chunks_ > 1) std::sort(spikes.begin() + static_cast<std::ptrdiff_t>(before), spikes.end());
    LogSpikes(p, before);
  }
}

/// Forgets spikes that have arrived everywhere.
template <class Real>
void Engine<Real>::TrimLogs() {
  for (Population& population : populations_) {
    SpikeLog& log = population.log;
    if (log.spikes.size() < kTrimAfter) continue;
    const Tick oldest = done_ - structure_->horizon - structure_->dt;
    const auto keep = std::partition_point(log.spikes.begin(), log.spikes.end(),
                                           [&](const Spike& spike) { return spike.time <= oldest; });
    const auto gone = static_cast<std::size_t>(keep - log.spikes.begin());
    if (gone < log.spikes.size() / 2) continue;
    log.spikes.erase(log.spikes.begin(), keep);
    log.first += gone;
    for (const std::uint32_t index : population.outgoing) {
      if (projections_[index].plasticity) projections_[index].plasticity->Trim(log.first);
    }
  }
}

template <class Real>
void Engine<Real>::CheckCap(Population& population, std::uint32_t index) {
  const std::uint64_t cap = population.spec->max_spikes_per_ms;
  if (cap == 0) return;
  const auto& spikes = population.log.spikes;
  constexpr Tick kMs = static_cast<Tick>(kTicksPerMs);
  const std::int64_t ms = spikes.back().time / kMs;
  // Windows may be shorter or longer than a millisecond: count each one's spikes from the log.
  for (std::int64_t m = std::max(population.cap_ms, spikes.front().time / kMs); m <= ms; ++m) {
    const auto at = [&](std::int64_t limit) {
      return std::partition_point(spikes.begin(), spikes.end(),
                                  [&](const Spike& s) { return s.time < limit * kMs; });
    };
    const auto count = static_cast<std::uint64_t>(at(m + 1) - at(m));
    if (count > cap && failure_.empty()) {
      failure_ = "Runaway activity: population \"" + population.spec->name + "\" fired " +
                 std::to_string(count) + " spikes in the millisecond from " + std::to_string(m) +
                 " ms; its cap maxSpikesPerMs is " + std::to_string(cap);
      failed_population_ = index;
    }
  }
  population.cap_ms = ms;
}

template <class Real>
void Engine<Real>::CheckFinite() const {
  for (std::uint32_t p = 0; p < populations_.size(); ++p) {
    const Population& population = populations_[p];
    if (!population.grid) continue;
    const auto& v = *population.grid->Variable("v");
    for (std::uint32_t i = 0; i < population.spec->size; ++i) {
      if (std::isfinite(v[i])) continue;
      throw Error(ErrorCode::kNumeric,
                  "The membrane potential of neuron " + std::to_string(i) + " of population \"" +
                      population.spec->name +
                      "\" is not finite any more; a smaller dtMs or smaller weights may help",
                  PathOf("populations", p));
    }
  }
}

// --- Between windows
// ------------------------------------------------------------------------------------------------

template <class Real>
void Engine<Real>::Settle(Projection& projection, Tick now, ThreadTeam* team) {
  if (!projection.plasticity) return;
  ForEachChunk(team,
               [&](std::uint32_t chunk) { projection.plasticity->Settle(chunk, now, projection.cuts); });
  projection.plasticity->SettledAll(now);
}

/// What happens at fixed times, before the events of that time.
template <class Real>
void Engine<Real>::Maintain(Tick time, ThreadTeam* team) {
  maintained_ = time;
  for (Projection& projection : projections_) {
    const ProjectionSpec& spec = *projection.spec;
    if (projection.plasticity && projection.plasticity->needs_settling() && time % kSettleEvery == 0) {
      Settle(projection, time - 1, team);
    }
    if (spec.normalisation && Due(spec.normalisation->period_ms, time)) {
      Normalise(static_cast<std::uint32_t>(&projection - projections_.data()), spec.normalisation->total);
    }
    if (spec.scaling && Due(spec.scaling->period_ms, time)) ApplyScaling(projection, time);
  }
  for (Population& population : populations_) {
    if (population.spec->intrinsic && Due(population.spec->intrinsic->period_ms, time))
      ApplyIntrinsic(population, time);
  }
}

template <class Real>
void Engine<Real>::ScaleWeights(Projection& projection, std::span<const Real> factors, bool clip) {
  const Rows& rows = *projection.rows;
  const auto low = clip ? static_cast<Real>(projection.spec->scaling->w_min) : Real{0};
  const auto high = clip ? static_cast<Real>(projection.spec->scaling->w_max) : Real{0};
  for (std::uint64_t row = 0; row < rows.rows(); ++row) {
    Real* weight = projection.weight.data() + rows.begin(row);
    const std::size_t count = rows.end(row) - rows.begin(row);
    for (std::size_t k = 0; k < count; ++k) {
      const Real w = weight[k] * factors[rows.dense() ? k : rows.target(row, rows.begin(row) + k)];
      weight[k] = clip ? std::clamp(w, low, high) : w;
    }
  }
}

template <class Real>
void Engine<Real>::Normalise(std::uint32_t index, double total) {
  Projection& projection = projections_[index];
  Settle(projection, done_, nullptr);
  const Rows& rows = *projection.rows;
  std::vector<Real> sums(rows.targets());
  for (std::uint64_t row = 0; row < rows.rows(); ++row) {
    const Real* weight = projection.weight.data() + rows.begin(row);
    const std::size_t count = rows.end(row) - rows.begin(row);
    if (rows.dense()) {
      for (std::size_t k = 0; k < count; ++k) sums[k] += weight[k];
    } else {
      for (std::size_t k = 0; k < count; ++k) sums[rows.target(row, rows.begin(row) + k)] += weight[k];
    }
  }
  for (Real& sum : sums) sum = sum != 0 ? static_cast<Real>(total) / sum : Real{1};
  ScaleWeights(projection, sums, false);
}

template <class Real>
void Engine<Real>::ApplyScaling(Projection& projection, Tick time) {
  Settle(projection, time - 1, nullptr);
  const SynapticScaling& scaling = *projection.spec->scaling;
  const RunningRate& rate = populations_[projection.spec->target].rates[projection.scaling_rate];
  std::vector<Real> factors(projection.rows->targets());
  for (std::uint32_t j = 0; j < factors.size(); ++j) {
    double distance = 1 - rate.RateHz(j, time) / scaling.target_rate_hz;
    if (scaling.clamp) distance = std::clamp(distance, -1.0, 1.0);
    factors[j] = static_cast<Real>(1 + scaling.eta * distance);
  }
  ScaleWeights(projection, factors, true);
}

template <class Real>
void Engine<Real>::ApplyIntrinsic(Population& population, Tick time) {
  const IntrinsicPlasticity& intrinsic = *population.spec->intrinsic;
  const RunningRate& rate = population.rates[0];
  for (std::uint32_t j = 0; j < population.spec->size; ++j) {
    const double step = intrinsic.eta_mv * (rate.RateHz(j, time) / intrinsic.target_rate_hz - 1);
    if (population.grid) {
      Real& offset = population.grid->offsets()[j];
      offset = static_cast<Real>(std::clamp(offset + step, intrinsic.min_mv, intrinsic.max_mv));
    } else {
      const double offset = population.exact->ThresholdOffset(j);
      population.exact->SetThresholdOffset(j, time - 1,
                                           std::clamp(offset + step, intrinsic.min_mv, intrinsic.max_mv));
    }
  }
  for (ExactChunk& chunk : population.exact_chunks) chunk.Invalidate();
}

template <class Real>
void Engine<Real>::TakeSamples() {
  for (ValueRecorder& recorder : value_recorders_) {
    if (recorder.next != done_) continue;
    recorder.next += recorder.interval;
    recorder.record.times_ms.push_back(MsOf(done_));
    std::vector<double> weights;
    if (recorder.kind == ValueRecorder::Kind::kWeights) weights = Weights(recorder.index);
    for (const std::uint64_t item : recorder.items)
      recorder.record.values.push_back(Sample(recorder, item, weights));
  }
}

template <class Real>
double Engine<Real>::Sample(const ValueRecorder& recorder, std::uint64_t item,
                            std::span<const double> weights) const {
  const auto neuron = static_cast<std::uint32_t>(item);
  switch (recorder.kind) {
    case ValueRecorder::Kind::kWeights:
      return weights[item];
    case ValueRecorder::Kind::kPreTrace:
      return projections_[recorder.index].plasticity->PreTrace(neuron, recorder.trace, done_);
    case ValueRecorder::Kind::kPostTrace:
      return projections_[recorder.index].plasticity->PostTrace(neuron, recorder.trace, done_);
    case ValueRecorder::Kind::kState:
      break;
  }
  const Population& population = populations_[recorder.index];
  if (population.exact) return population.exact->Value(recorder.variable, neuron, done_);
  return population.grid->Value(recorder.variable, neuron);
}

// --- The outside
// ----------------------------------------------------------------------------------------------------

template <class Real>
void Engine<Real>::Reset(std::uint64_t sample) {
  for (Projection& projection : projections_) {
    Settle(projection, done_, nullptr);
    if (projection.plasticity) projection.plasticity->Reset();
    projection.cursor = 0;
    projection.calendar.Restart(0);
    projection.arrivals.clear();
  }
  for (Population& population : populations_) {
    if (population.grid) population.grid->Reset();
    if (population.exact) population.exact->Reset(now());
    if (population.list) population.list->Clear();
    if (population.poisson) population.poisson->Reset(sample);
    population.log = {};
    std::fill(population.counts.begin(), population.counts.end(), 0);
    for (RunningRate& rate : population.rates) rate.Reset();
    population.cap_ms = -1;
  }
  InvalidateCrossings();
  done_ = -1;
  maintained_ = 0;
  for (SpikeRecorder& recorder : spike_recorders_) recorder.record = {};
  for (ValueRecorder& recorder : value_recorders_) {
    recorder.next = 0;
    recorder.record.times_ms.clear();
    recorder.record.values.clear();
  }
  DrawInitialState(false);
}

template <class Real>
void Engine<Real>::AddSpikes(std::uint32_t population, std::span<const double> times_ms,
                             std::span<const std::uint32_t> neurons) {
  populations_[population].list->Add(times_ms, neurons, now());
}

template <class Real>
void Engine<Real>::SetRates(std::uint32_t population, std::span<const double> rates_hz) {
  populations_[population].poisson->SetRates(rates_hz, now());
}

template <class Real>
std::vector<double> Engine<Real>::State(std::uint32_t p, std::string_view variable) const {
  const Population& population = populations_[p];
  if (population.grid) return population.grid->Values(variable);
  std::vector<double> values(population.spec->size);
  for (std::uint32_t i = 0; i < values.size(); ++i) values[i] = population.exact->Value(variable, i, now());
  return values;
}

template <class Real>
void Engine<Real>::SetState(std::uint32_t p, std::string_view variable, std::span<const double> values) {
  Population& population = populations_[p];
  if (population.exact) {
    for (std::uint32_t i = 0; i < values.size(); ++i) {
      population.exact->SetValue(variable, i, now(), values[i]);
    }
    for (ExactChunk& chunk : population.exact_chunks) chunk.Invalidate();
  } else if (!population.grid->SetValues(variable, values)) {
    throw InvalidArgument("variable", "\"" + std::string(variable) + "\"",
                          "a variable in use; theta needs thetaPlusMv or an initial theta");
  }
}

template <class Real>
std::vector<double> Engine<Real>::Weights(std::uint32_t index) const {
  const Projection& projection = projections_[index];
  const std::uint64_t count = projection.rows->synapses();
  if (projection.uniform) return std::vector<double>(count, static_cast<double>(projection.uniform_weight));
  std::vector<double> weights(count);
  if (projection.plasticity) {
    projection.plasticity->Read(done_, weights);
  } else {
    std::copy(projection.weight.begin(), projection.weight.end(), weights.begin());
  }
  return weights;
}

template <class Real>
void Engine<Real>::SetWeights(std::uint32_t index, std::span<const double> weights) {
  Projection& projection = projections_[index];
  if (projection.uniform) {
    projection.weight = AlignedBuffer<Real>(projection.rows->synapses());
    projection.uniform = false;
  }
  if (projection.plasticity) Settle(projection, done_, nullptr);
  std::copy(weights.begin(), weights.end(), projection.weight.begin());
}

template <class Real>
void Engine<Real>::SetLearning(bool on) {
  if (on == learning_) return;
  for (Projection& projection : projections_) {
    if (!projection.plasticity) continue;
    if (!on) Settle(projection, done_, nullptr);
    projection.plasticity->SetLearning(on, done_);
  }
  for (Population& population : populations_) {
    if (population.grid) population.grid->SetLearning(on);
    if (population.exact) population.exact->SetLearning(on, now());
  }
  InvalidateCrossings();
  learning_ = on;
}

template <class Real>
void Engine<Real>::Reward(double amount) {
  for (Projection& projection : projections_) {
    if (!projection.plasticity || !projection.plasticity->rewarded()) continue;
    Settle(projection, done_, nullptr);
    projection.plasticity->AddReward(amount, done_);
  }
}

template <class Real>
void Engine<Real>::Teach(std::uint32_t index, std::span<const double> modulation) {
  Projection& projection = projections_[index];
  if (!projection.plasticity || !projection.plasticity->taught()) {
    throw InvalidArgument("projection", "\"" + projection.spec->name + "\"",
                          "a projection with the rule \"teaching\"");
  }
  Settle(projection, done_, nullptr);
  projection.plasticity->Teach(modulation);
}

template <class Real>
int Engine<Real>::RecordSpikes(std::uint32_t population, std::vector<std::uint32_t> neurons) {
  SpikeRecorder& recorder = spike_recorders_.emplace_back();
  recorder.population = population;
  if (!neurons.empty()) {
    recorder.chosen.assign(populations_[population].spec->size, false);
    for (const std::uint32_t neuron : neurons) recorder.chosen[neuron] = true;
  }
  recorder_slots_.push_back(static_cast<int>(spike_recorders_.size()) - 1);
  return static_cast<int>(recorder_slots_.size()) - 1;
}

template <class Real>
int Engine<Real>::RecordState(std::uint32_t population, std::string_view variable,
                              std::vector<std::uint32_t> neurons, double interval_ms) {
  ValueRecorder recorder{
      ValueRecorder::Kind::kState, population, std::string(variable), 0, {}, TicksOf(interval_ms), 0, {}};
  if (neurons.empty()) {
    for (std::uint32_t i = 0; i < populations_[population].spec->size; ++i) recorder.items.push_back(i);
  } else {
    recorder.items.assign(neurons.begin(), neurons.end());
  }
  return AddRecorder(std::move(recorder));
}

template <class Real>
int Engine<Real>::AddRecorder(ValueRecorder recorder) {
  // The next multiple of the interval that has not gone by.
  recorder.next = done_ < 0 ? 0 : (done_ / recorder.interval + 1) * recorder.interval;
  recorder.record.items = static_cast<std::uint32_t>(recorder.items.size());
  value_recorders_.push_back(std::move(recorder));
  recorder_slots_.push_back(-static_cast<int>(value_recorders_.size()));
  return static_cast<int>(recorder_slots_.size()) - 1;
}

template <class Real>
int Engine<Real>::RecordWeights(std::uint32_t projection, std::vector<std::uint64_t> synapses,
                                double interval_ms) {
  ValueRecorder recorder{ValueRecorder::Kind::kWeights, projection,           {}, 0,
                         std::move(synapses),           TicksOf(interval_ms), 0,  {}};
  if (recorder.items.empty()) {
    recorder.items.resize(projections_[projection].rows->synapses());
    for (std::uint64_t k = 0; k < recorder.items.size(); ++k) recorder.items[k] = k;
  }
  return AddRecorder(std::move(recorder));
}

template <class Real>
int Engine<Real>::RecordTraces(std::uint32_t index, std::string_view side, int k,
                               std::vector<std::uint32_t> neurons, double interval_ms) {
  const Projection& projection = projections_[index];
  const bool pre = side == "pre";
  if (!projection.plasticity) {
    throw InvalidArgument("projection", "\"" + projection.spec->name + "\"", "a projection with plasticity");
  }
  const int count = pre ? projection.plasticity->pre_count() : projection.plasticity->post_count();
  if (k < 0 || k >= count) {
    throw InvalidArgument("trace", std::to_string(k), "a number below " + std::to_string(count));
  }
  ValueRecorder recorder{pre ? ValueRecorder::Kind::kPreTrace : ValueRecorder::Kind::kPostTrace,
                         index,
                         {},
                         k,
                         {neurons.begin(), neurons.end()},
                         TicksOf(interval_ms),
                         0,
                         {}};
  if (recorder.items.empty()) {
    const std::uint32_t size = pre ? projection.rows->sources() : projection.rows->targets();
    for (std::uint32_t i = 0; i < size; ++i) recorder.items.push_back(i);
  }
  return AddRecorder(std::move(recorder));
}

template <class Real>
SpikeRecord Engine<Real>::TakeSpikes(int recorder) {
  const bool known = recorder >= 0 && recorder < static_cast<int>(recorder_slots_.size());
  if (!known || recorder_slots_[recorder] < 0) {
    throw InvalidArgument("recorder", std::to_string(recorder), "a recorder of spikes");
  }
  return std::exchange(spike_recorders_[recorder_slots_[recorder]].record, {});
}

template <class Real>
ValueRecord64 Engine<Real>::TakeValues(int recorder) {
  const bool known = recorder >= 0 && recorder < static_cast<int>(recorder_slots_.size());
  if (!known || recorder_slots_[recorder] >= 0) {
    throw InvalidArgument("recorder", std::to_string(recorder), "a recorder of values");
  }
  ValueRecord64& record = value_recorders_[-recorder_slots_[recorder] - 1].record;
  return std::exchange(record, ValueRecord64{{}, {}, record.items});
}

template <class Real>
void Engine<Real>::InvalidateCrossings() {
  for (Population& population : populations_) {
    for (ExactChunk& chunk : population.exact_chunks) chunk.Invalidate();
  }
}

template <class Real>
MemoryReport Engine<Real>::Memory() const {
  MemoryReport report;
  for (const Projection& projection : projections_) {
    const Rows& rows = *projection.rows;
    std::uint64_t bytes = rows.bytes() + projection.weight.bytes() + projection.cuts.bytes();
    if (projection.plasticity) {
      bytes += projection.plasticity->synapse_bytes();
      report.plastic_synapses += rows.synapses();
      report.plastic_synapse_bytes += bytes;
      report.state_bytes += projection.plasticity->state_bytes();
    }
    report.synapses += rows.synapses();
    report.synapse_bytes += bytes;
    report.state_bytes += projection.calendar.bytes() + projection.arrivals.capacity() * sizeof(Arrival);
  }
  for (const Population& population : populations_) {
    if (population.grid) report.state_bytes += population.grid->bytes();
    if (population.exact)
      report.state_bytes += population.spec->size * (sizeof(double) * 8 + sizeof(Real) * 2);
    report.state_bytes +=
        population.log.spikes.capacity() * sizeof(Spike) + population.counts.size() * sizeof(std::uint32_t);
  }
  report.total_bytes = report.synapse_bytes + report.state_bytes;
  return report;
}

// --- Checkpoints
// ----------------------------------------------------------------------------------------------------

template <class Real>
std::vector<StateTensor> Engine<Real>::ExportState() const {
  StateWriter writer;
  const_cast<Engine*>(this)->Serialise(writer);
  return writer.Take();
}

template <class Real>
void Engine<Real>::ImportState(const std::vector<StateTensor>& tensors) {
  // All or nothing: a copy takes the state first.
  Engine copy(*this);
  StateReader reader(tensors);
  copy.Serialise(reader);
  populations_ = std::move(copy.populations_);
  projections_ = std::move(copy.projections_);
  chunks_ = copy.chunks_;
  done_ = copy.done_;
  maintained_ = copy.maintained_;
  learning_ = copy.learning_;
  for (ValueRecorder& recorder : value_recorders_) {
    recorder.next = done_ < 0 ? 0 : (done_ / recorder.interval + 1) * recorder.interval;
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::Serialise(Archive& archive) {
  Tick marks[] = {done_, maintained_, learning_ ? 1 : 0};
  archive.Array("time", marks, 3);
  if constexpr (Archive::kReading) {
    Archive::Check(marks[0] >= -1 && MsOf(marks[0]) <= kMaxMs && marks[1] >= 0 && marks[1] <= marks[0] + 1,
                   "time", "a time from 0 to 2e9 ms");
    done_ = marks[0];
    maintained_ = marks[1];
    learning_ = marks[2] != 0;
  }
  for (std::uint32_t p = 0; p < populations_.size(); ++p) SerialisePopulation(archive, p);
  for (std::uint32_t p = 0; p < projections_.size(); ++p) SerialiseProjection(archive, p);
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialisePopulation(Archive& archive, std::uint32_t index) {
  Population& population = populations_[index];
  const std::string path = "population." + std::to_string(index) + ".";
  archive.Array(path + "counts", population.counts.data(), population.counts.size());
  SerialiseLog(archive, path, population);
  archive.Array(path + "cap", &population.cap_ms, 1);
  for (std::size_t r = 0; r < population.rates.size(); ++r) {
    RunningRate& rate = population.rates[r];
    const std::string name = path + "rate" + std::to_string(r);
    archive.Array(name + ".count", rate.counts().data(), rate.counts().size());
    archive.Array(name + ".time", rate.times().data(), rate.times().size());
  }
  if (population.grid) SerialiseGrid(archive, path, *population.grid);
  if (population.exact) SerialiseExact(archive, path, *population.exact);
  if (population.list) SerialiseList(archive, path, *population.list);
  if (population.poisson) SerialisePoisson(archive, path, *population.poisson);
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialiseLog(Archive& archive, const std::string& path, Population& population) {
  SpikeLog& log = population.log;
  std::vector<Tick> times;
  std::vector<std::uint32_t> neurons;
  for (const Spike& spike : log.spikes) {
    times.push_back(spike.time);
    neurons.push_back(spike.neuron);
  }
  archive.List(path + "log.times", times);
  archive.List(path + "log.neurons", neurons);
  archive.Array(path + "log.first", &log.first, 1);
  if constexpr (Archive::kReading) {
    Archive::Check(times.size() == neurons.size() && log.first < (std::uint64_t{1} << 62), path + "log",
                   "arrays of one length");
    log.spikes.clear();
    for (std::size_t i = 0; i < times.size(); ++i) {
      const Spike spike{times[i], neurons[i]};
      Archive::Check(times[i] >= 0 && times[i] <= done_ && neurons[i] < population.spec->size &&
                         (i == 0 || !(spike < log.spikes.back())),
                     path + "log", "spikes of the past in order of time");
      log.spikes.push_back(spike);
    }
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialiseGrid(Archive& archive, const std::string& path, GridNeurons<Real>& neurons) {
  for (const char* name : {"v", "ge", "gi", "u", "w", "theta"}) {
    if (AlignedBuffer<Real>* values = neurons.Variable(name))
      archive.Array(path + name, values->data(), values->size());
  }
  double theta_scale = neurons.theta_scale();
  archive.Array(path + "theta_scale", &theta_scale, 1);
  archive.Array(path + "offset", neurons.offsets().data(), neurons.offsets().size());
  std::vector<std::int64_t> frozen(neurons.frozen_until().begin(), neurons.frozen_until().end());
  archive.Array(path + "frozen_until", frozen.data(), frozen.size());
  if constexpr (Archive::kReading) {
    for (std::size_t i = 0; i < frozen.size(); ++i) {
      Archive::Check(frozen[i] >= 0 && frozen[i] <= std::numeric_limits<std::int32_t>::max(),
                     path + "frozen_until", "numbers of steps");
      neurons.frozen_until()[i] = static_cast<std::int32_t>(frozen[i]);
    }
    Archive::Check(theta_scale > 0 && theta_scale <= 1, path + "theta_scale", "a number above 0, at most 1");
    neurons.set_theta_scale(theta_scale);
    neurons.SetLearning(learning_);
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialiseExact(Archive& archive, const std::string& path, ExactLif& neurons) {
  std::vector<double> doubles = neurons.ExportDoubles();
  std::vector<Tick> ticks = neurons.ExportTicks();
  archive.Array(path + "exact.values", doubles.data(), doubles.size());
  archive.Array(path + "exact.times", ticks.data(), ticks.size());
  if constexpr (Archive::kReading) {
    neurons.SetLearning(learning_, 0);
    Archive::Check(neurons.Import(doubles, ticks, now()), path + "exact", "states of the past");
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialiseList(Archive& archive, const std::string& path, SpikeList& list) {
  std::vector<Tick> times;
  std::vector<std::uint32_t> neurons;
  for (const Spike& spike : list.waiting()) {
    times.push_back(spike.time);
    neurons.push_back(spike.neuron);
  }
  archive.List(path + "list.times", times);
  archive.List(path + "list.neurons", neurons);
  if constexpr (Archive::kReading) {
    Archive::Check(times.size() == neurons.size(), path + "list", "arrays of one length");
    std::vector<Spike> spikes(times.size());
    for (std::size_t i = 0; i < spikes.size(); ++i) spikes[i] = {times[i], neurons[i]};
    Archive::Check(list.Restore(spikes, now()), path + "list", "spikes to come in order of time");
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialisePoisson(Archive& archive, const std::string& path, PoissonSource& source) {
  PoissonSource::State state = source.Export();
  archive.List(path + "poisson.rates", state.rates_hz);
  archive.List(path + "poisson.next", state.next);
  archive.List(path + "poisson.draws", state.draws);
  archive.Array(path + "poisson.sample", &state.sample, 1);
  if constexpr (Archive::kReading) {
    Archive::Check(source.Import(state, now()), path + "poisson", "rates and times of a Poisson source");
  }
}

template <class Real>
template <class Archive>
void Engine<Real>::SerialiseProjection(Archive& archive, std::uint32_t index) {
  Projection& projection = projections_[index];
  const std::string path = "projection." + std::to_string(index) + ".";
  const Rows& rows = *projection.rows;
  std::vector<Real> weights(projection.weight.begin(), projection.weight.end());
  archive.List(path + "weights", weights);
  if constexpr (Archive::kReading) {
    // A uniform projection may have been given single weights before the checkpoint.
    const bool fits = weights.size() == rows.synapses() || (weights.empty() && projection.uniform);
    Archive::Check(fits, path + "weights", std::to_string(rows.synapses()) + " values");
    if (!weights.empty() && projection.uniform) {
      projection.weight = AlignedBuffer<Real>(rows.synapses());
      projection.uniform = false;
    }
    std::copy(weights.begin(), weights.end(), projection.weight.begin());
  }
  const SpikeLog& log = populations_[projection.spec->source].log;
  if (projection.plasticity) {
    const Tick oldest = done_ - structure_->horizon - structure_->dt;
    projection.plasticity->Serialise(archive, path, log.end(), oldest, done_);
  }
  if constexpr (Archive::kReading) {
    if (projection.plasticity)
      Archive::Check(projection.plasticity->first_record() == log.first, path + "record", "the log's");
    FindUnderWay(projection, log);
  }
}

/// Which spikes of a log have not arrived yet.
template <class Real>
void Engine<Real>::FindUnderWay(Projection& projection, const SpikeLog& log) {
  const Rows& rows = *projection.rows;
  const Tick done = populations_[projection.spec->target].grid && done_ >= 0
                        ? done_ / structure_->dt * structure_->dt
                        : done_;
  projection.calendar.Restart(std::max<Tick>(done, 0));
  projection.cursor = log.first;
  for (std::uint64_t number = log.first; number < log.end(); ++number) {
    const Spike& spike = log[number];
    if (rows.one_delay()) {
      if (spike.time + rows.min_delay() <= done) projection.cursor = number + 1;
      continue;
    }
    for (std::uint64_t row = rows.first_row(spike.neuron); row < rows.first_row(spike.neuron + 1); ++row) {
      const Tick time = spike.time + rows.delay(row);
      if (time > done) projection.calendar.Add({time, number, row});
    }
  }
}

// --- Replicas
// -------------------------------------------------------------------------------------------------------

template <class Real>
std::uint64_t Engine<Real>::replica_bytes() const {
  std::uint64_t bytes = Memory().state_bytes;
  for (const Projection& projection : projections_) {
    bytes += projection.weight.bytes() + (projection.plasticity ? projection.plasticity->synapse_bytes() : 0);
  }
  return bytes;
}

template <class Real>
void Engine<Real>::CopyLearned(const Impl& from) {
  const auto& other = static_cast<const Engine&>(from);
  for (std::size_t i = 0; i < projections_.size(); ++i) {
    if (!projections_[i].plasticity) continue;
    std::copy(other.projections_[i].weight.begin(), other.projections_[i].weight.end(),
              projections_[i].weight.begin());
  }
  for (std::uint32_t p = 0; p < populations_.size(); ++p) {
    if (ThetaOf(p).empty()) continue;
    SetState(p, "theta", other.State(p, "theta"));
  }
}

template <class Real>
std::vector<double> Engine<Real>::ThetaOf(std::uint32_t p) const {
  const Population& population = populations_[p];
  const bool adapts = (population.grid && population.grid->Variable("theta") != nullptr) ||
                      (population.exact && NumberOf(population.spec->model, "thetaPlusMv") != 0);
  return adapts ? State(p, "theta") : std::vector<double>{};
}

template <class Real>
void Engine<Real>::MergeThetas(std::uint32_t p, std::span<Impl* const> replicas, Merge merge) {
  std::vector<double> base = ThetaOf(p);
  if (base.empty()) return;
  std::vector<std::vector<double>> thetas;
  std::vector<const double*> from;
  for (Impl* replica : replicas) thetas.push_back(replica->State(p, "theta"));
  for (const auto& theta : thetas) from.push_back(theta.data());
  MergeRange(base.data(), from, 0, base.size(), merge);
  SetState(p, "theta", base);
}

template <class Real>
void Engine<Real>::MergeLearned(std::span<Impl* const> replicas, Merge merge, ThreadTeam& team) {
  constexpr std::size_t kBlock = 1 << 14;
  std::vector<const Real*> from(replicas.size());
  const auto merge_array = [&](Real* base, std::size_t count, auto&& array_of, auto&& clip) {
    for (std::size_t r = 0; r < replicas.size(); ++r) from[r] = array_of(static_cast<Engine&>(*replicas[r]));
    const int blocks = static_cast<int>((count + kBlock - 1) / kBlock);
    team.Run(blocks, [&](int block, int) {
      const std::size_t begin = static_cast<std::size_t>(block) * kBlock,
                        end = std::min(count, begin + kBlock);
      MergeRange(base, from, begin, end, merge);
      if (merge == Merge::kMean) return;  // a mean stays within the bounds
      for (std::size_t i = begin; i < end; ++i) base[i] = clip(base[i]);
    });
  };
  for (std::size_t i = 0; i < projections_.size(); ++i) {
    Projection& projection = projections_[i];
    if (!projection.plasticity) continue;
    merge_array(
        projection.weight.data(), projection.weight.size(),
        [i](Engine& replica) { return replica.projections_[i].weight.data(); },
        [&](Real w) { return projection.plasticity->ClipWeight(w); });
  }
  for (std::size_t p = 0; p < populations_.size(); ++p)
    MergeThetas(static_cast<std::uint32_t>(p), replicas, merge);
}

/// The shortest way from a neuron to others: the window. Networks without one advance a millisecond at a
/// time.
Tick WindowOf(const Structure& structure) {
  Tick window = static_cast<Tick>(kTicksPerMs);
  bool found = false;
  const NetworkSpec& spec = structure.spec;
  for (std::size_t i = 0; i < spec.projections.size(); ++i) {
    const Rows& rows = *structure.rows[i];
    if (spec.populations[spec.projections[i].source].kind != PopulationKind::kNeurons || rows.synapses() == 0)
      continue;
    window = found ? std::min(window, rows.min_delay()) : rows.min_delay();
    found = true;
  }
  if (structure.has_grid) return std::max(window / structure.dt, Tick{1}) * structure.dt;
  return std::max<Tick>(window, 1);
}

}  // namespace

std::unique_ptr<EventNetwork::Impl> MakeEngine(NetworkSpec spec) {
  auto structure = std::make_shared<Structure>();
  structure->spec = std::move(spec);
  const NetworkSpec& network = structure->spec;
  structure->dt = TicksOf(network.dt_ms);
  const auto on_grid = [&](std::uint32_t p) {
    return network.populations[p].kind == PopulationKind::kNeurons && OnGrid(network.populations[p].model);
  };
  for (std::uint32_t p = 0; p < network.populations.size(); ++p) structure->has_grid |= on_grid(p);
  std::vector<Synapses> synapses;
  for (std::uint32_t i = 0; i < network.projections.size(); ++i) {
    const ProjectionSpec& projection = network.projections[i];
    const bool grid = on_grid(projection.source) || on_grid(projection.target);
    synapses.push_back(Connect(network, i, grid ? structure->dt : 0));
    structure->rows.push_back(std::make_shared<const Rows>(synapses.back(),
                                                           network.populations[projection.source].size,
                                                           network.populations[projection.target].size));
    structure->horizon = std::max(structure->horizon, structure->rows.back()->max_delay());
    synapses.back().target = {};
    synapses.back().delay = {};
    synapses.back().row = {};
  }
  structure->window = WindowOf(*structure);
  if (network.precision == Precision::kFloat64) return std::make_unique<Engine<double>>(structure, synapses);
  return std::make_unique<Engine<float>>(structure, synapses);
}

}  // namespace synfire::events
