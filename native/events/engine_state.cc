// Reads and sets what users see: states, weights, learning, memory; starts over.
#include <algorithm>

#include "native/events/engine_of.h"

namespace synfire::events {

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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
