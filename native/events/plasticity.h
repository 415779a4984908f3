// The plastic side of a projection: traces, deferred postsynaptic spikes, and what an arrival does to a row.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/events/kernels.h"
#include "native/events/rules.h"
#include "native/events/sources.h"
#include "native/events/state_archive.h"
#include "native/events/topology.h"

namespace synfire::events {

/// What a source's traces were when it fired before: all that a later arrival needs of the past.
template <class Real>
struct PreRecord {
  Tick previous = -kNever;  ///< the spike before, -kNever if none
  std::uint64_t previous_number = 0;
  std::array<Real, kMaxPreTraces> x{};  ///< traces just after the spike before
};

/// A presynaptic spike that arrives at the synapses [begin, end) of one row.
template <class Real>
struct RowVisit {
  Tick time;
  Tick delay;
  const PreRecord<Real>* record;
  std::uint64_t row;
  std::uint64_t begin;
  std::uint64_t end;
  Real* input;
};

/// Plasticity of one projection. Postsynaptic spikes are not applied when they happen but when a row is next
/// visited: no column of the weight matrix is ever walked. Rules that add constant multiples of exponential
/// traces keep running sums of decay factors instead of the spikes themselves.
///
/// Work is split by targets: chunk c is only ever touched by one thread at a time.
template <class Real>
class Plasticity {
 public:
  struct Setup {
    const Rows* rows;
    Real* weight;
    Real gain;
    bool grid;  ///< targets live on the grid of `dt`
    Tick dt;
    Tick post_shift;  ///< postsynaptic spikes take effect this much later (twice the dendritic delay)
  };
  static std::unique_ptr<Plasticity> Make(const Setup& setup, const Settings& rule);
  /// The same rule and state on another copy of the weights.
  virtual std::unique_ptr<Plasticity> Clone(Real* weight) const = 0;
  virtual ~Plasticity() = default;

  // Source side; called for every spike of the source population in order.
  void OnSourceSpike(const Spike& spike, std::uint64_t number) {
    Source& source = sources_[spike.neuron];
    records_.push_back({source.last, source.number, source.x});
    for (int k = 0; k < pre_count_; ++k) {
      const Real decayed = source.x[k] * Decay(pre_[k].tau_ms, source.last, spike.time);
      source.x[k] = static_cast<Real>(pre_[k].amount) + (pre_[k].saturates ? Real{0} : decayed);
    }
    source.last = spike.time;
    source.number = number;
  }
  std::uint64_t first_record() const { return first_record_; }
  const PreRecord<Real>& record(std::uint64_t number) const { return records_[number - first_record_]; }
  /// Forgets the records of spikes before `number`.
  void Trim(std::uint64_t number) {
    records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(number - first_record_));
    first_record_ = number;
  }

  // Target side.
  void SetChunks(const std::vector<std::uint32_t>& bounds);
  /// Moves what lives on the grid to the next grid point; targets [begin, end) are the chunk's.
  virtual void AdvanceGrid(std::uint32_t chunk, std::uint32_t begin, std::uint32_t end, Tick time,
                           const RowCuts& cuts) = 0;
  /// Delivers and learns; only while learning is on.
  virtual void Visit(std::uint32_t chunk, const RowVisit<Real>& visit) = 0;
  /// A spike of a target; takes effect post_shift later, when CommitUntil reaches it.
  void OnTargetSpike(std::uint32_t chunk, std::uint32_t neuron, Tick time) {
    chunks_[chunk].waiting.push_back({time + setup_.post_shift, neuron});
  }
  void CommitUntil(std::uint32_t chunk, Tick time) {
    auto& waiting = chunks_[chunk].waiting;
    std::size_t done = 0;
    while (done < waiting.size() && waiting[done].time <= time) {
      Commit(chunk, waiting[done]);
      ++done;
    }
    if (done > 0) waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(done));
  }

  /// Applies everything up to and including `now` to the weights of targets in a chunk.
  virtual void Settle(std::uint32_t chunk, Tick now, const RowCuts& cuts) = 0;
  void SettledAll(Tick now);
  /// Weights as of `now`, without changing anything.
  virtual void Read(Tick now, std::vector<double>& weights) const = 0;
  /// w += modulation[target] * state, clipped; state = 0. Call after Settle.
  virtual void Teach(std::span<const double> modulation) = 0;
  virtual bool taught() const = 0;
  virtual bool rewarded() const = 0;
  virtual bool needs_settling() const = 0;
  void AddReward(double amount, Tick now);
  Real ClipWeight(Real weight) const { return std::min(std::max(weight, w_min_), w_max_); }

  /// Everything but weights as at time 0. Call after Settle.
  void Reset();
  void SetLearning(bool on, Tick now);
  /// After weights have been written from outside: what is deferred does not belong to them.
  virtual void ForgetDeferred(Tick now) = 0;

  double PreTrace(std::uint32_t source, int k, Tick now) const;
  double PostTrace(std::uint32_t target, int k, Tick now) const;
  int pre_count() const { return pre_count_; }
  int post_count() const { return post_count_; }
  std::uint64_t synapse_bytes() const { return seen_.bytes() + state_.bytes(); }
  std::uint64_t state_bytes() const;

  /// Writes or reads everything but the weights. A reader has one chunk; `log_end` numbers the source's next
  /// spike, spikes older than `oldest` have arrived everywhere.
  template <class Archive>
  void Serialise(Archive& archive, const std::string& path, std::uint64_t log_end, Tick oldest, Tick done);

 protected:
  // Sums of decay factors since the start of an epoch: kEpochs epochs of three time constants overlap, so
  // that a later arrival subtracts two values of the same sum.
  static constexpr int kEpochs = sizeof(Real) == 4 ? 7 : 14;
  static constexpr int kNone = -1;
  static constexpr double kSmallestScale = 1e-6;
  struct Source {
    Tick last = -kNever;
    std::uint64_t number = 0;
    std::array<Real, kMaxPreTraces> x{};
  };
  struct Deferred {
    Tick time;
    Tick previous;  ///< the postsynaptic spike before
    std::int32_t older;
    std::array<Real, kMaxPostTraces> post;
  };
  struct Chunk {
    std::uint32_t begin = 0;
    std::vector<Deferred> history;
    std::vector<std::int32_t> replay;
    std::vector<Spike> waiting;
    std::int64_t epoch = 0;
    std::array<double, kMaxPostTraces> post_scale = {1, 1, 1};
    Tick factors_time = -1;  ///< when the decay factors below were computed
    std::array<Real, kEpochs> factors{};
  };
  struct LastArrival {
    Tick time;
    std::array<Real, kMaxPreTraces> x;
  };

  Plasticity(const Setup& setup, const Settings& rule, int pre_count, int post_count, bool sums);
  Plasticity(const Plasticity& other);

  virtual void Commit(std::uint32_t chunk, const Spike& spike) = 0;

  static Real Decay(double tau_ms, Tick from, Tick to) {
    return from <= -kNever ? Real{0} : static_cast<Real>(std::exp(-MsOf(to - from) / tau_ms));
  }
  /// When a spike arrives: targets on the grid see it at the next grid point.
  Tick ArrivalTime(Tick spike, Tick delay) const {
    if (spike <= -kNever) return -kNever;
    const Tick time = spike + delay;
    return setup_.grid ? (time + setup_.dt - 1) / setup_.dt * setup_.dt : time;
  }
  /// The traces of a source as of its last arrival over a row with this delay.
  LastArrival LastArrivalOf(std::uint32_t source, Tick delay, Tick now) const;
  double RewardAt(Tick time) const {
    return reward_tau_ms_ > 0 ? reward_ * std::exp(-MsOf(time - reward_time_) / reward_tau_ms_) : 0;
  }
  /// The traces of a target at a time, as an arrival reads them. On the grid they are stored in units of a
  /// scale that decays for all targets of a chunk at once, in double.
  Real PostAt(std::uint32_t chunk, std::uint32_t target, int k, Tick time) const {
    const Real stored = post_traces_[k][target];
    return setup_.grid ? stored * static_cast<Real>(chunks_[chunk].post_scale[k])
                       : stored * Decay(post_[k].tau_ms, last_post_[target], time);
  }
  void BumpPost(std::uint32_t chunk, const Spike& spike) {
    for (int k = 0; k < post_count_; ++k) {
      const Real before = post_[k].saturates ? Real{0} : PostAt(chunk, spike.neuron, k, spike.time);
      const Real after = static_cast<Real>(post_[k].amount) + before;
      post_traces_[k][spike.neuron] =
          setup_.grid ? static_cast<Real>(static_cast<double>(after) / chunks_[chunk].post_scale[k]) : after;
    }
    last_post_[spike.neuron] = spike.time;
  }
  /// One step of all post traces of a chunk.
  void DecayPost(std::uint32_t chunk, std::uint32_t begin, std::uint32_t end) {
    for (int k = 0; k < post_count_; ++k) {
      double& scale = chunks_[chunk].post_scale[k];
      scale *= grid_decay_[k];
      if (scale > kSmallestScale) continue;
      kernels_->scale(post_traces_[k].data() + begin, end - begin, static_cast<Real>(scale));
      scale = 1;
    }
  }
  void ClearHistory();

  Tick epoch_ticks_ = kNever;
  const Real* Sum(std::int64_t epoch) const {
    return sums_.data() + static_cast<std::size_t>(epoch % kEpochs) * stride_;
  }
  Real* Sum(std::int64_t epoch) { return sums_.data() + static_cast<std::size_t>(epoch % kEpochs) * stride_; }

  Setup setup_;
  Settings rule_settings_;
  const KernelsOf<Real>* kernels_;
  int pre_count_;
  int post_count_;
  std::array<Trace, kMaxPreTraces> pre_{};
  std::array<Trace, kMaxPostTraces> post_{};
  std::array<double, kMaxPostTraces> grid_decay_{};
  Real w_min_ = 0, w_max_ = 0;
  bool learning_ = true;

  std::vector<Source> sources_;
  std::vector<PreRecord<Real>> records_;
  std::uint64_t first_record_ = 0;

  std::size_t stride_;  ///< targets, rounded up to whole vectors
  std::array<AlignedBuffer<Real>, kMaxPostTraces> post_traces_;
  std::vector<Tick> last_post_;
  std::vector<std::int32_t> newest_;  ///< index into the chunk's history
  std::vector<Chunk> chunks_;  ///< small populations leave the first ones empty and idle, never the last
  Tick settled_ = 0;           ///< deferred spikes before this have been applied to all synapses
  AlignedBuffer<Real> sums_;
  AlignedBuffer<Real> seen_;   ///< per synapse
  AlignedBuffer<Real> state_;  ///< per synapse

  double reward_ = 0;
  Tick reward_time_ = 0;
  double reward_tau_ms_ = 0;

 private:
  // Deferred spikes, each target's in order, as flat arrays.
  struct FlatHistory {
    std::vector<std::uint32_t> targets;
    std::vector<Tick> times;
    std::vector<Tick> previous;
    std::vector<double> post;
  };
  FlatHistory Flatten() const;
  void Unflatten(const FlatHistory& flat, const std::string& path);
  template <class Archive>
  void SerialiseSources(Archive& archive, const std::string& path, std::uint64_t log_end, Tick oldest,
                        Tick done);
  template <class Archive>
  void SerialiseWaiting(Archive& archive, const std::string& path);

  std::uint32_t ChunkOf(std::uint32_t target) const;
};

}  // namespace synfire::events
