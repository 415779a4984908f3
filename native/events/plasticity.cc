// Deferred plasticity: one class for any rule, and a faster one for additive pair rules.
#include "native/events/plasticity.h"

#include <algorithm>

namespace synfire::events {
namespace {

// Rules whose arrivals add a constant multiple of a trace, though their postsynaptic spikes do not.
template <class Rule>
concept HasArrivalForm = requires(const Rule& rule) { rule.ArrivalForm(); };

}  // namespace

template <class Real>
Plasticity<Real>::Plasticity(const Setup& setup, const Settings& rule, int pre_count, int post_count,
                             bool sums)
    : setup_(setup),
      rule_settings_(rule),
      kernels_(&ActiveKernelsOf<Real>()),
      pre_count_(pre_count),
      post_count_(post_count),
      sources_(setup.rows->sources()),
      stride_((setup.rows->targets() + std::size_t{15}) / 16 * 16),
      last_post_(setup.rows->targets(), -kNever),
      newest_(setup.rows->targets(), kNone) {
  for (int k = 0; k < post_count; ++k) post_traces_[k] = AlignedBuffer<Real>(stride_);
  if (sums) {
    sums_ = AlignedBuffer<Real>(stride_ * kEpochs);
    seen_ = AlignedBuffer<Real>(setup.rows->synapses());
  }
}

template <class Real>
Plasticity<Real>::Plasticity(const Plasticity& other)
    : epoch_ticks_(other.epoch_ticks_),
      setup_(other.setup_),
      rule_settings_(other.rule_settings_),
      kernels_(other.kernels_),
      pre_count_(other.pre_count_),
      post_count_(other.post_count_),
      pre_(other.pre_),
      post_(other.post_),
      grid_decay_(other.grid_decay_),
      w_min_(other.w_min_),
      w_max_(other.w_max_),
      learning_(other.learning_),
      sources_(other.sources_),
      records_(other.records_),
      first_record_(other.first_record_),
      stride_(other.stride_),
      last_post_(other.last_post_),
      newest_(other.newest_),
      chunks_(other.chunks_),
      settled_(other.settled_),
      sums_(CopyOf(other.sums_)),
      seen_(CopyOf(other.seen_)),
      state_(CopyOf(other.state_)),
      reward_(other.reward_),
      reward_time_(other.reward_time_),
      reward_tau_ms_(other.reward_tau_ms_) {
  for (int k = 0; k < post_count_; ++k) post_traces_[k] = CopyOf(other.post_traces_[k]);
}

template <class Real>
std::uint32_t Plasticity<Real>::ChunkOf(std::uint32_t target) const {
  std::uint32_t chunk = static_cast<std::uint32_t>(chunks_.size()) - 1;
  while (chunk > 0 && target < chunks_[chunk].begin) --chunk;
  return chunk;
}

template <class Real>
void Plasticity<Real>::SetChunks(const std::vector<std::uint32_t>& bounds) {
  std::vector<Chunk> old = std::move(chunks_);
  chunks_.assign(bounds.size() + 1, Chunk{});
  for (std::size_t c = 0; c < bounds.size(); ++c) chunks_[c + 1].begin = bounds[c];
  if (!old.empty()) {
    for (Chunk& chunk : chunks_) {
      chunk.epoch = old.back().epoch;
      chunk.post_scale = old.back().post_scale;
    }
  }
  for (const Chunk& from : old) {
    for (const Spike& spike : from.waiting) chunks_[ChunkOf(spike.neuron)].waiting.push_back(spike);
  }
  for (Chunk& chunk : chunks_) std::sort(chunk.waiting.begin(), chunk.waiting.end());
  // Histories are chains of each target's own spikes, newest first; they move one chain at a time.
  std::uint32_t target = 0;
  for (std::size_t o = 0; o < old.size(); ++o) {
    const std::uint32_t end = o + 1 < old.size() ? old[o + 1].begin : setup_.rows->targets();
    for (; target < end; ++target) {
      std::vector<std::int32_t> chain;
      for (std::int32_t i = newest_[target]; i != kNone; i = old[o].history[i].older) chain.push_back(i);
      newest_[target] = kNone;
      auto& history = chunks_[ChunkOf(target)].history;
      for (auto i = chain.rbegin(); i != chain.rend(); ++i) {
        Deferred entry = old[o].history[*i];
        entry.older = newest_[target];
        newest_[target] = static_cast<std::int32_t>(history.size());
        history.push_back(entry);
      }
    }
  }
}

template <class Real>
typename Plasticity<Real>::LastArrival Plasticity<Real>::LastArrivalOf(std::uint32_t source, Tick delay,
                                                                       Tick now) const {
  const Source& last = sources_[source];
  Tick time = last.last;
  std::uint64_t number = last.number;
  const std::array<Real, kMaxPreTraces>* x = &last.x;
  while (time > -kNever && ArrivalTime(time, delay) > now) {
    const PreRecord<Real>& before = record(number);
    time = before.previous;
    number = before.previous_number;
    x = &before.x;
  }
  return {ArrivalTime(time, delay), *x};
}

template <class Real>
void Plasticity<Real>::ClearHistory() {
  for (Chunk& chunk : chunks_) chunk.history.clear();
  std::fill(newest_.begin(), newest_.end(), kNone);
}

template <class Real>
void Plasticity<Real>::SettledAll(Tick now) {
  ClearHistory();
  settled_ = now + 1;
}

template <class Real>
void Plasticity<Real>::AddReward(double amount, Tick now) {
  reward_ = RewardAt(now) + amount;
  reward_time_ = now;
}

template <class Real>
void Plasticity<Real>::Reset() {
  std::fill(sources_.begin(), sources_.end(), Source{});
  records_.clear();
  first_record_ = 0;
  for (int k = 0; k < post_count_; ++k) std::fill(post_traces_[k].begin(), post_traces_[k].end(), Real{0});
  std::fill(last_post_.begin(), last_post_.end(), -kNever);
  ClearHistory();
  for (Chunk& chunk : chunks_) {
    chunk.waiting.clear();
    chunk.epoch = 0;
    chunk.post_scale.fill(1);
  }
  settled_ = 0;
  std::fill(sums_.begin(), sums_.end(), Real{0});
  std::fill(seen_.begin(), seen_.end(), Real{0});
  std::fill(state_.begin(), state_.end(), Real{0});
  reward_ = 0;
  reward_time_ = 0;
}

template <class Real>
void Plasticity<Real>::SetLearning(bool on, Tick now) {
  if (on && !learning_) {
    ForgetDeferred(now);
    SettledAll(now);
  }
  learning_ = on;
}

template <class Real>
double Plasticity<Real>::PreTrace(std::uint32_t source, int k, Tick now) const {
  const Source& s = sources_[source];
  return static_cast<double>(s.x[k] * Decay(pre_[k].tau_ms, s.last, now));
}

template <class Real>
double Plasticity<Real>::PostTrace(std::uint32_t target, int k, Tick now) const {
  return static_cast<double>(PostAt(ChunkOf(target), target, k, now));
}

template <class Real>
std::uint64_t Plasticity<Real>::state_bytes() const {
  std::uint64_t bytes = sources_.size() * sizeof(Source) + records_.capacity() * sizeof(PreRecord<Real>) +
                        last_post_.size() * (sizeof(Tick) + sizeof(std::int32_t)) + sums_.bytes();
  for (const auto& trace : post_traces_) bytes += trace.bytes();
  for (const Chunk& chunk : chunks_) bytes += chunk.history.capacity() * sizeof(Deferred);
  return bytes;
}

namespace {

/// Any rule: postsynaptic spikes are kept and replayed one by one.
template <class Real, class Rule>
class ReplayedRule final : public Plasticity<Real> {
  using Base = Plasticity<Real>;
  using Base::chunks_, Base::kernels_, Base::last_post_, Base::learning_, Base::newest_, Base::post_count_,
      Base::post_traces_, Base::pre_count_, Base::pre_, Base::setup_, Base::settled_, Base::state_;
  using typename Base::Chunk;
  using typename Base::Deferred;

 public:
  ReplayedRule(const typename Base::Setup& setup, const Settings& settings, const Rule& rule)
      : Base(setup, settings, Rule::kPre, Rule::kPost, false), rule_(rule) {
    Base::pre_ = rule.PreTraces();
    Base::post_ = rule.PostTraces();
    Base::w_min_ = rule.w_min();
    Base::w_max_ = rule.w_max();
    for (int k = 0; k < post_count_; ++k) {
      Base::grid_decay_[k] = std::exp(-MsOf(setup.dt) / Base::post_[k].tau_ms);
    }
    if constexpr (Rule::kHasState) state_ = AlignedBuffer<Real>(setup.rows->synapses());
    if constexpr (Rule::kRewarded) Base::reward_tau_ms_ = rule.RewardTauMs();
  }
  std::unique_ptr<Base> Clone(Real* weight) const override {
    auto copy = std::unique_ptr<ReplayedRule>(new ReplayedRule(*this));
    copy->setup_.weight = weight;
    return copy;
  }

  void AdvanceGrid(std::uint32_t chunk, std::uint32_t begin, std::uint32_t end, Tick,
                   const RowCuts&) override {
    Base::DecayPost(chunk, begin, end);
  }

  void Visit(std::uint32_t chunk, const RowVisit<Real>& visit) override {
    const Arrival arrival = ArrivalOf(visit);
    if constexpr (HasArrivalForm<Rule> && !Rule::kHasState && !Rule::kContinuous) {
      if (setup_.rows->dense() && setup_.grid) return VisitDense(chunk, visit, arrival);
    }
    for (std::uint64_t k = visit.begin; k < visit.end; ++k) {
      const std::uint32_t target = setup_.rows->target(visit.row, k);
      Synapse<Real> synapse = Load(k);
      CatchUp(synapse, chunks_[chunk], target, arrival, visit.time);
      visit.input[target] += setup_.gain * synapse.weight;
      PreSpike<Real> spike{arrival.x_now, {}, last_post_[target] >= arrival.previous};
      for (int t = 0; t < post_count_; ++t) spike.post[t] = Base::PostAt(chunk, target, t, visit.time);
      rule_.OnPre(synapse, spike);
      Store(k, synapse);
    }
  }

  void Settle(std::uint32_t c, Tick now, const RowCuts& cuts) override {
    if (!learning_ || (!Rule::kContinuous && chunks_[c].history.empty())) return;
    const Rows& rows = *setup_.rows;
    if (!Rule::kContinuous && rows.dense()) return SettleDense(c, now, cuts);
    ForEachRow(now, [&](const Arrival& arrival, std::uint64_t row) {
      for (std::uint64_t k = cuts.begin(rows, row, c); k < cuts.end(rows, row, c); ++k) {
        Synapse<Real> synapse = Load(k);
        CatchUp(synapse, chunks_[c], rows.target(row, k), arrival, now);
        Store(k, synapse);
      }
    });
  }

  void Read(Tick now, std::vector<double>& weights) const override {
    const Rows& rows = *setup_.rows;
    ForEachRow(now, [&](const Arrival& arrival, std::uint64_t row) {
      std::uint32_t c = 0;
      for (std::uint64_t k = rows.begin(row); k < rows.end(row); ++k) {
        const std::uint32_t target = rows.target(row, k);
        while (c + 1 < chunks_.size() && chunks_[c + 1].begin <= target) ++c;
        Synapse<Real> synapse = Load(k);
        if (learning_) {
          std::vector<std::int32_t> scratch;
          CatchUp(synapse, chunks_[c].history, scratch, target, arrival, now);
        }
        weights[k] = static_cast<double>(synapse.weight);
      }
    });
  }

  void Teach(std::span<const double> modulation) override {
    if constexpr (Rule::kTaught) {
      const Rows& rows = *setup_.rows;
      for (std::uint64_t row = 0; row < rows.rows(); ++row) {
        for (std::uint64_t k = rows.begin(row); k < rows.end(row); ++k) {
          const Real change = static_cast<Real>(modulation[rows.target(row, k)]) * state_[k];
          setup_.weight[k] = Base::ClipWeight(setup_.weight[k] + change);
          state_[k] = 0;
        }
      }
    }
  }
  bool taught() const override { return Rule::kTaught; }
  bool rewarded() const override { return Rule::kRewarded; }
  bool needs_settling() const override { return true; }
  void ForgetDeferred(Tick now) override { Base::SettledAll(now); }

 private:
  // What all synapses of a row share at one moment.
  struct Arrival {
    Tick previous;                          // the arrival before, -kNever if none
    Tick from;                              // deferred spikes before this have been applied
    std::array<Real, kMaxPreTraces> x;      // just after the arrival before
    std::array<Real, kMaxPreTraces> x_now;  // just before this one
  };

  ReplayedRule(const ReplayedRule&) = default;

  Synapse<Real> Load(std::uint64_t k) const {
    if constexpr (Rule::kHasState) return {setup_.weight[k], state_[k]};
    return {setup_.weight[k], Real{0}};
  }
  void Store(std::uint64_t k, const Synapse<Real>& synapse) {
    setup_.weight[k] = synapse.weight;
    if constexpr (Rule::kHasState) state_[k] = synapse.state;
  }

  Arrival ArrivalOf(const RowVisit<Real>& visit) const {
    const PreRecord<Real>& record = *visit.record;
    Arrival arrival;
    arrival.previous = Base::ArrivalTime(record.previous, visit.delay);
    arrival.from = std::max(arrival.previous, settled_);
    arrival.x = record.x;
    for (int k = 0; k < kMaxPreTraces; ++k) {
      arrival.x_now[k] =
          k < pre_count_ ? record.x[k] * Base::Decay(pre_[k].tau_ms, arrival.previous, visit.time) : Real{0};
    }
    return arrival;
  }

  template <class F>
  void ForEachRow(Tick now, F&& function) const {
    const Rows& rows = *setup_.rows;
    for (std::uint32_t source = 0; source < rows.sources(); ++source) {
      for (std::uint64_t row = rows.first_row(source); row < rows.first_row(source + 1); ++row) {
        const auto last = Base::LastArrivalOf(source, rows.delay(row), now);
        function(Arrival{last.time, std::max(last.time, settled_), last.x, {}}, row);
      }
    }
  }

  // Only the columns of targets that have fired.
  void SettleDense(std::uint32_t c, Tick now, const RowCuts& cuts) {
    const Rows& rows = *setup_.rows;
    const std::uint32_t begin = chunks_[c].begin;
    const std::uint32_t end =
        begin + static_cast<std::uint32_t>(cuts.end(rows, 0, c) - cuts.begin(rows, 0, c));
    std::vector<std::uint32_t> fired;
    for (std::uint32_t target = begin; target < end; ++target) {
      if (newest_[target] != Base::kNone) fired.push_back(target);
    }
    ForEachRow(now, [&](const Arrival& arrival, std::uint64_t row) {
      for (const std::uint32_t target : fired) {
        const std::uint64_t k = rows.begin(row) + target;
        Synapse<Real> synapse = Load(k);
        CatchUp(synapse, chunks_[c], target, arrival, now);
        Store(k, synapse);
      }
    });
  }

  // Few targets have fired since a row's last arrival: they are caught up one by one, then the row goes
  // through at once.
  void VisitDense(std::uint32_t c, const RowVisit<Real>& visit, const Arrival& arrival) {
    Chunk& chunk = chunks_[c];
    const std::uint64_t row_begin = setup_.rows->begin(visit.row);
    const std::uint32_t first = static_cast<std::uint32_t>(visit.begin - row_begin);
    const std::size_t count = visit.end - visit.begin;
    for (std::size_t i = 0; i < count; ++i) {
      i += kernels_->find_since(last_post_.data() + first + i, count - i, arrival.from);
      if (i >= count) break;
      Synapse<Real> synapse = Load(visit.begin + i);
      CatchUp(synapse, chunk, first + static_cast<std::uint32_t>(i), arrival, visit.time);
      Store(visit.begin + i, synapse);
    }
    if constexpr (HasArrivalForm<Rule>) {
      const AdditiveForm<Real> form = rule_.ArrivalForm();
      kernels_->depress_dense(visit.input + first, setup_.weight + visit.begin,
                              post_traces_[0].data() + first, count, setup_.gain,
                              form.pre_gain * static_cast<Real>(chunk.post_scale[0]), form.pre_constant,
                              form.w_min, form.w_max);
    }
  }

  void CatchUp(Synapse<Real>& synapse, Chunk& chunk, std::uint32_t target, const Arrival& arrival,
               Tick now) const {
    CatchUp(synapse, chunk.history, chunk.replay, target, arrival, now);
  }
  // Applies what happened to a synapse in [arrival.from, now].
  void CatchUp(Synapse<Real>& synapse, const std::vector<Deferred>& history,
               std::vector<std::int32_t>& replay, std::uint32_t target, const Arrival& arrival,
               Tick now) const {
    Tick at = arrival.from;
    if (last_post_[target] >= arrival.from) {
      replay.clear();
      for (std::int32_t i = newest_[target]; i != Base::kNone && history[i].time >= arrival.from;
           i = history[i].older) {
        replay.push_back(i);
      }
      for (auto i = replay.rbegin(); i != replay.rend(); ++i) {
        const Deferred& entry = history[*i];
        PassTo(synapse, at, entry.time);
        PostSpike<Real> spike{
            {}, entry.post, entry.previous < arrival.previous || entry.previous <= -kNever, Real{1e30f}};
        if (arrival.previous > -kNever) {
          spike.since_pre_ms = static_cast<Real>(MsOf(entry.time - arrival.previous));
          for (int k = 0; k < pre_count_; ++k) {
            spike.pre[k] = arrival.x[k] * Base::Decay(pre_[k].tau_ms, arrival.previous, entry.time);
          }
        }
        rule_.OnPost(synapse, spike);
      }
    }
    PassTo(synapse, at, now);
  }
  void PassTo(Synapse<Real>& synapse, Tick& at, Tick to) const {
    if constexpr (Rule::kContinuous) {
      if (to > at) rule_.Pass(synapse, static_cast<Real>(MsOf(to - at)), RewardSignal{Base::RewardAt(at)});
    }
    at = to;
  }

  void Commit(std::uint32_t c, const Spike& spike) override {
    if (learning_) {
      Deferred entry{spike.time, last_post_[spike.neuron], newest_[spike.neuron], {}};
      for (int k = 0; k < post_count_; ++k) entry.post[k] = Base::PostAt(c, spike.neuron, k, spike.time);
      newest_[spike.neuron] = static_cast<std::int32_t>(chunks_[c].history.size());
      chunks_[c].history.push_back(entry);
    }
    Base::BumpPost(c, spike);
  }

  Rule rule_;
};

/// Additive pair rules onto the grid: between two arrivals, w changes by a multiple of the sum of decay
/// factors of the postsynaptic spikes in between.
template <class Real>
class AdditiveRule final : public Plasticity<Real> {
  using Base = Plasticity<Real>;
  using Base::chunks_, Base::epoch_ticks_, Base::kernels_, Base::last_post_, Base::learning_, Base::pre_,
      Base::post_traces_, Base::seen_, Base::setup_, Base::stride_, Base::Sum;

 public:
  template <class Rule>
  AdditiveRule(const typename Base::Setup& setup, const Settings& settings, const Rule& rule,
               const AdditiveForm<Real>& form)
      : Base(setup, settings, 1, 1, true), form_(form) {
    Base::pre_ = rule.PreTraces();
    Base::post_ = rule.PostTraces();
    Base::w_min_ = form.w_min;
    Base::w_max_ = form.w_max;
    Base::grid_decay_[0] = std::exp(-MsOf(setup.dt) / Base::post_[0].tau_ms);
    epoch_ticks_ = std::max<Tick>(TicksOf(3 * pre_[0].tau_ms), 1);
  }
  std::unique_ptr<Base> Clone(Real* weight) const override {
    auto copy = std::unique_ptr<AdditiveRule>(new AdditiveRule(*this));
    copy->setup_.weight = weight;
    return copy;
  }

  void AdvanceGrid(std::uint32_t chunk, std::uint32_t begin, std::uint32_t end, Tick time,
                   const RowCuts& cuts) override {
    Base::DecayPost(chunk, begin, end);
    auto& epoch = chunks_[chunk].epoch;
    for (const std::int64_t now = time / epoch_ticks_; epoch < now;) {
      ++epoch;
      SettleExpiring(chunk, epoch - Base::kEpochs, time - 1, cuts);
      std::fill(Sum(epoch) + begin, Sum(epoch) + end, Real{0});
    }
  }

  void Visit(std::uint32_t c, const RowVisit<Real>& visit) override {
    const Rows& rows = *setup_.rows;
    const PreRecord<Real>& record = *visit.record;
    const Tick previous = Base::ArrivalTime(record.previous, visit.delay);
    const Scaled scaled = ScaleOf(previous, record.x[0], visit.time / epoch_ticks_);
    const auto row = [&]<class Index>(const Index* target) {
      return AdditiveRow<Real, Index>{
          .input = visit.input,
          .target = target,
          .first = static_cast<std::uint32_t>(visit.begin - rows.begin(visit.row)),
          .weight = setup_.weight + visit.begin,
          .seen = seen_.data() + visit.begin,
          .count = visit.end - visit.begin,
          .then = scaled.then,
          .now = Sum(visit.time / epoch_ticks_),
          .post_trace = post_traces_[0].data(),
          .scale = scaled.scale,
          .gain = setup_.gain,
          .pre_gain = form_.pre_gain * static_cast<Real>(chunks_[c].post_scale[0]),
          .pre_constant = form_.pre_constant,
          .w_min = form_.w_min,
          .w_max = form_.w_max};
    };
    if (rows.narrow()) {
      kernels_->additive16(row(rows.dense() ? nullptr : rows.target16() + visit.begin));
    } else {
      kernels_->additive32(row(rows.dense() ? nullptr : rows.target32() + visit.begin));
    }
  }

  void Settle(std::uint32_t c, Tick now, const RowCuts& cuts) override {
    if (!learning_) return;
    ForEachRow(now, [&](const Scaled& scaled, std::uint64_t row) { SettleRow(c, row, scaled, cuts); });
  }

  void Read(Tick now, std::vector<double>& weights) const override {
    const Rows& rows = *setup_.rows;
    ForEachRow(now, [&](const Scaled& scaled, std::uint64_t row) {
      for (std::uint64_t k = rows.begin(row); k < rows.end(row); ++k) {
        const Real news = scaled.then[rows.target(row, k)] - seen_[k];
        const Real w =
            learning_ ? Base::ClipWeight(setup_.weight[k] + scaled.scale * news) : setup_.weight[k];
        weights[k] = static_cast<double>(w);
      }
    });
  }

  void Teach(std::span<const double>) override {}
  bool taught() const override { return false; }
  bool rewarded() const override { return false; }
  bool needs_settling() const override { return false; }
  void ForgetDeferred(Tick now) override {
    const Rows& rows = *setup_.rows;
    ForEachRow(now, [&](const Scaled& scaled, std::uint64_t row) {
      for (std::uint64_t k = rows.begin(row); k < rows.end(row); ++k)
        seen_[k] = scaled.then[rows.target(row, k)];
    });
  }

 private:
  struct Scaled {
    const Real* then;
    Real scale;
  };

  AdditiveRule(const AdditiveRule&) = default;

  // A sum is about to be used anew: rows that last looked at it are brought up to date.
  void SettleExpiring(std::uint32_t c, std::int64_t expiring, Tick now, const RowCuts& cuts) {
    if (!learning_ || expiring < 0) return;
    const Rows& rows = *setup_.rows;
    const Tick begin = expiring * epoch_ticks_, end = begin + epoch_ticks_;
    for (std::uint32_t source = 0; source < rows.sources(); ++source) {
      for (std::uint64_t row = rows.first_row(source); row < rows.first_row(source + 1); ++row) {
        const auto last = Base::LastArrivalOf(source, rows.delay(row), now);
        if (last.time < begin || last.time >= end) continue;
        SettleRow(c, row, ScaledBy(last.time, last.x[0]), cuts);
      }
    }
  }
  void SettleRow(std::uint32_t c, std::uint64_t row, const Scaled& scaled, const RowCuts& cuts) {
    const Rows& rows = *setup_.rows;
    for (std::uint64_t k = cuts.begin(rows, row, c); k < cuts.end(rows, row, c); ++k) {
      const Real sum = scaled.then[rows.target(row, k)];
      setup_.weight[k] = Base::ClipWeight(setup_.weight[k] + scaled.scale * (sum - seen_[k]));
      seen_[k] = sum;
    }
  }

  // The sum that ran when the previous arrival came, and what a unit of it is worth. Rows whose sum is gone
  // have been settled when it went, and what comes later has decayed below the last digit.
  Scaled ScaleOf(Tick previous, Real x, std::int64_t epoch) const {
    const std::int64_t then = previous > -kNever ? previous / epoch_ticks_ : epoch - Base::kEpochs;
    if (previous <= -kNever || epoch - then >= Base::kEpochs) return {Sum(epoch), Real{0}};
    return ScaledBy(previous, x);
  }
  Scaled ScaledBy(Tick previous, Real x) const {
    const std::int64_t then = previous / epoch_ticks_;
    const double grown = std::exp(MsOf(previous - then * epoch_ticks_) / pre_[0].tau_ms);
    return {Sum(then), form_.post_gain * x * static_cast<Real>(grown)};
  }

  template <class F>
  void ForEachRow(Tick now, F&& function) const {
    const Rows& rows = *setup_.rows;
    const std::int64_t epoch = chunks_.back().epoch;
    for (std::uint32_t source = 0; source < rows.sources(); ++source) {
      for (std::uint64_t row = rows.first_row(source); row < rows.first_row(source + 1); ++row) {
        const auto last = Base::LastArrivalOf(source, rows.delay(row), now);
        function(ScaleOf(last.time, last.x[0], epoch), row);
      }
    }
  }

  void Commit(std::uint32_t c, const Spike& spike) override {
    auto& chunk = chunks_[c];
    const std::int64_t first = std::max<std::int64_t>(0, chunk.epoch - Base::kEpochs + 1);
    if (chunk.factors_time != spike.time) {  // spikes of one step share their factors
      chunk.factors_time = spike.time;
      for (std::int64_t e = first; e <= chunk.epoch; ++e) {
        const double age_ms = MsOf(spike.time - e * epoch_ticks_);
        chunk.factors[e % Base::kEpochs] = static_cast<Real>(std::exp(-age_ms / pre_[0].tau_ms));
      }
    }
    for (std::int64_t e = first; e <= chunk.epoch; ++e)
      Sum(e)[spike.neuron] += chunk.factors[e % Base::kEpochs];
    Base::BumpPost(c, spike);
  }

  AdditiveForm<Real> form_;
};

}  // namespace

template <class Real>
std::unique_ptr<Plasticity<Real>> Plasticity<Real>::Make(const Setup& setup, const Settings& settings) {
  std::unique_ptr<Plasticity> made;
  VisitRule<Real>(settings, [&](const auto& rule) {
    using Rule = std::remove_cvref_t<decltype(rule)>;
    if constexpr (Rule::kAdditivePair) {
      const auto form = rule.Additive();
      if (form && setup.grid) {
        made = std::make_unique<AdditiveRule<Real>>(setup, settings, rule, *form);
        return;
      }
    }
    made = std::make_unique<ReplayedRule<Real, Rule>>(setup, settings, rule);
  });
  return made;
}

// --- Checkpoints
// ----------------------------------------------------------------------------------------------------

template <class Real>
typename Plasticity<Real>::FlatHistory Plasticity<Real>::Flatten() const {
  FlatHistory flat;
  for (std::uint32_t target = 0; target < newest_.size(); ++target) {
    const auto& history = chunks_[ChunkOf(target)].history;
    std::vector<std::int32_t> chain;
    for (std::int32_t i = newest_[target]; i != kNone; i = history[i].older) chain.push_back(i);
    for (auto i = chain.rbegin(); i != chain.rend(); ++i) {
      const Deferred& entry = history[*i];
      flat.targets.push_back(target);
      flat.times.push_back(entry.time);
      flat.previous.push_back(entry.previous);
      for (const Real value : entry.post) flat.post.push_back(static_cast<double>(value));
    }
  }
  return flat;
}

template <class Real>
void Plasticity<Real>::Unflatten(const FlatHistory& flat, const std::string& path) {
  const std::size_t count = flat.targets.size();
  StateReader::Check(flat.times.size() == count && flat.previous.size() == count &&
                         flat.post.size() == count * kMaxPostTraces,
                     path + "history", "arrays of one length");
  ClearHistory();
  for (std::size_t i = 0; i < count; ++i) {
    const bool same = i > 0 && flat.targets[i] == flat.targets[i - 1];
    StateReader::Check(flat.targets[i] < newest_.size() &&
                           (i == 0 || flat.targets[i] >= flat.targets[i - 1]) &&
                           flat.previous[i] < flat.times[i] && (!same || flat.times[i] > flat.times[i - 1]),
                       path + "history", "each target's spikes in order of time");
    Deferred entry{flat.times[i], flat.previous[i], newest_[flat.targets[i]], {}};
    for (int k = 0; k < kMaxPostTraces; ++k)
      entry.post[k] = static_cast<Real>(flat.post[i * kMaxPostTraces + k]);
    newest_[flat.targets[i]] = static_cast<std::int32_t>(chunks_[0].history.size());
    chunks_[0].history.push_back(entry);
  }
}

template <class Real>
template <class Archive>
void Plasticity<Real>::SerialiseSources(Archive& archive, const std::string& path, std::uint64_t log_end,
                                        Tick oldest, Tick done) {
  std::vector<Tick> last, previous;
  std::vector<std::uint64_t> number, previous_number;
  std::vector<double> x, previous_x;
  const auto flatten = [](auto& traces, std::vector<double>& to) {
    for (const Real value : traces) to.push_back(static_cast<double>(value));
  };
  for (const Source& source : sources_) {
    last.push_back(source.last);
    number.push_back(source.number);
    flatten(source.x, x);
  }
  for (const PreRecord<Real>& record : records_) {
    previous.push_back(record.previous);
    previous_number.push_back(record.previous_number);
    flatten(record.x, previous_x);
  }
  archive.Array(path + "source.last", last.data(), last.size());
  archive.Array(path + "source.number", number.data(), number.size());
  archive.Array(path + "source.traces", x.data(), x.size());
  archive.List(path + "record.previous", previous);
  archive.List(path + "record.number", previous_number);
  archive.List(path + "record.traces", previous_x);
  archive.Array(path + "record.first", &first_record_, 1);
  if constexpr (Archive::kReading) {
    const std::size_t count = previous.size();
    Archive::Check(previous_number.size() == count && previous_x.size() == count * kMaxPreTraces &&
                       first_record_ <= log_end && count == log_end - first_record_,
                   path + "record", "one record per spike of the log");
    // A spike that may not have arrived everywhere must be in the log, and chains of spikes must end.
    const auto known = [&](Tick time, std::uint64_t n, std::uint64_t before) {
      return time <= -kNever || (time <= done && (time <= oldest || (n >= first_record_ && n < before)));
    };
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      Archive::Check(known(last[i], number[i], log_end), path + "source", "spikes of the log");
      sources_[i] = {last[i], number[i], {}};
      for (int k = 0; k < kMaxPreTraces; ++k) sources_[i].x[k] = static_cast<Real>(x[i * kMaxPreTraces + k]);
    }
    records_.assign(count, {});
    for (std::size_t i = 0; i < count; ++i) {
      Archive::Check(known(previous[i], previous_number[i], first_record_ + i), path + "record",
                     "spikes of the log");
      records_[i] = {previous[i], previous_number[i], {}};
      for (int k = 0; k < kMaxPreTraces; ++k)
        records_[i].x[k] = static_cast<Real>(previous_x[i * kMaxPreTraces + k]);
    }
  }
}

template <class Real>
template <class Archive>
void Plasticity<Real>::SerialiseWaiting(Archive& archive, const std::string& path) {
  std::vector<Spike> all;
  for (const Chunk& chunk : chunks_) all.insert(all.end(), chunk.waiting.begin(), chunk.waiting.end());
  std::sort(all.begin(), all.end());
  ArchiveSpikes(archive, path + "waiting", "targets", all);
  if constexpr (Archive::kReading) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      Archive::Check(all[i].neuron < newest_.size() && (i == 0 || all[i].time >= all[i - 1].time),
                     path + "waiting", "spikes of targets, in order of time");
    }
    chunks_[0].waiting = std::move(all);
  }
}

template <class Real>
template <class Archive>
void Plasticity<Real>::Serialise(Archive& archive, const std::string& path, std::uint64_t log_end,
                                 Tick oldest, Tick done) {
  SerialiseSources(archive, path, log_end, oldest, done);
  SerialiseWaiting(archive, path);
  FlatHistory flat;
  if constexpr (!Archive::kReading) flat = Flatten();
  archive.List(path + "history.targets", flat.targets);
  archive.List(path + "history.times", flat.times);
  archive.List(path + "history.previous", flat.previous);
  archive.List(path + "history.traces", flat.post);
  if constexpr (Archive::kReading) Unflatten(flat, path);
  for (int k = 0; k < post_count_; ++k) {
    archive.Array(path + "post" + std::to_string(k), post_traces_[k].data(), post_traces_[k].size());
  }
  archive.Array(path + "last_post", last_post_.data(), last_post_.size());
  archive.Array(path + "sums", sums_.data(), sums_.size());
  archive.Array(path + "seen", seen_.data(), seen_.size());
  archive.Array(path + "state", state_.data(), state_.size());
  archive.Array(path + "reward", &reward_, 1);
  archive.Array(path + "post_scale", chunks_.back().post_scale.data(), kMaxPostTraces);
  Tick marks[] = {settled_, reward_time_, learning_ ? 1 : 0, chunks_.back().epoch};
  archive.Array(path + "marks", marks, 4);
  if constexpr (Archive::kReading) {
    Archive::Check(marks[0] >= 0 && marks[0] <= done + 1 && marks[1] >= 0 &&
                       marks[1] <= std::max<Tick>(done, 0) && marks[3] >= 0 &&
                       marks[3] <= std::max<Tick>(done, 0) / epoch_ticks_,
                   path + "marks", "times of the past");
    for (const double scale : chunks_.back().post_scale) {
      Archive::Check(scale > 0 && scale <= 1, path + "post_scale", "numbers above 0, at most 1");
    }
    settled_ = marks[0];
    reward_time_ = marks[1];
    learning_ = marks[2] != 0;
    chunks_.back().epoch = marks[3];
  }
}

#define SYNFIRE_INSTANTIATE(Real)                                                                         \
  template class Plasticity<Real>;                                                                        \
  template void Plasticity<Real>::Serialise(StateWriter&, const std::string&, std::uint64_t, Tick, Tick); \
  template void Plasticity<Real>::Serialise(StateReader&, const std::string&, std::uint64_t, Tick, Tick);
SYNFIRE_INSTANTIATE(float)
SYNFIRE_INSTANTIATE(double)
#undef SYNFIRE_INSTANTIATE

}  // namespace synfire::events
