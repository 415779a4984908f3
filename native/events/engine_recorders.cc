// Recorders of spikes and values.
#include <algorithm>
#include <utility>

#include "native/events/engine_of.h"

namespace synfire::events {

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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
