// Advances the engine window by window: sources, arrivals, chunks of neurons, new spikes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "native/events/engine_of.h"

namespace synfire::events {
namespace {

constexpr std::size_t kTrimAfter = 1 << 14;

std::string PathOf(const char* list, std::uint32_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

}  // namespace

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
  if (has_immediate_) {
    CollectArrivals(to, true);
    ForEachChunk(team, [&](std::uint32_t chunk) { DeliverImmediate(chunk, to); });
  }
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
  output.cursors.assign(population.incoming.size(), 0);
  const auto deliver = [&](Tick time) {
    for (std::size_t i = 0; i < population.incoming.size(); ++i) {
      Projection& projection = projections_[population.incoming[i]];
      const auto& arrivals = projection.arrivals;
      std::size_t& next = output.cursors[i];
      for (; next < arrivals.size() && arrivals[next].time <= time; ++next) {
        Deliver(projection, neurons.Input(projection.spec->receptor), chunk, arrivals[next], output.events,
                time);
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
        plasticity->AdvanceGrid(chunk, begin, end, time, projections_[index].cuts);
        plasticity->CommitUntil(chunk, time - 1);
      }
    }
    if (neurons.delta()) deliver(time);
    theta_scale = neurons.DecayThetas(begin, end, theta_scale);
    const std::uint32_t fired =
        neurons.Step(begin, end, static_cast<std::int32_t>(step), theta_scale, output.fired.data());
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
  if (projection.plasticity && learning_) {
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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
