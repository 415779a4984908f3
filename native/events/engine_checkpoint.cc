// The state of the engine as named arrays, and back.
#include <algorithm>
#include <limits>

#include "native/events/engine_of.h"
#include "native/events/state_archive.h"

namespace synfire::events {

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
  ArchiveSpikes(archive, path + "log", "neurons", log.spikes);
  archive.Array(path + "log.first", &log.first, 1);
  if constexpr (Archive::kReading) {
    Archive::Check(log.first < (std::uint64_t{1} << 62), path + "log", "a number of spikes that can be");
    for (std::size_t i = 0; i < log.spikes.size(); ++i) {
      const Spike& spike = log.spikes[i];
      Archive::Check(spike.time >= 0 && spike.time <= done_ && spike.neuron < population.spec->size &&
                         (i == 0 || !(spike < log.spikes[i - 1])),
                     path + "log", "spikes of the past in order of time");
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
  std::vector<Spike> spikes(list.waiting().begin(), list.waiting().end());
  ArchiveSpikes(archive, path + "list", "neurons", spikes);
  if constexpr (Archive::kReading) {
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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
