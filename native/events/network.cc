// The public face of the engine: checks arguments, then passes them on.
#include "native/events/network.h"

#include <algorithm>
#include <cmath>

#include "native/events/connect.h"
#include "native/events/engine.h"

namespace synfire::events {
namespace {

constexpr double kRowBytes = 8;

std::uint32_t PopulationIndex(const NetworkSpec& spec, std::uint32_t index) {
  if (index < spec.populations.size()) return index;
  throw InvalidArgument("population", std::to_string(index),
                        "a number below " + std::to_string(spec.populations.size()));
}

std::uint32_t ProjectionIndex(const NetworkSpec& spec, std::uint32_t index) {
  if (index < spec.projections.size()) return index;
  throw InvalidArgument("projection", std::to_string(index),
                        "a number below " + std::to_string(spec.projections.size()));
}

/// The population, which must be of a kind.
const PopulationSpec& Population(const NetworkSpec& spec, std::uint32_t index, PopulationKind kind,
                                 const char* wanted) {
  const PopulationSpec& population = spec.populations[PopulationIndex(spec, index)];
  if (population.kind == kind) return population;
  throw InvalidArgument("population", "\"" + population.name + "\"", wanted);
}

const PopulationSpec& Neurons(const NetworkSpec& spec, std::uint32_t index) {
  return Population(spec, index, PopulationKind::kNeurons, "a population of neurons");
}

void CheckVariable(const PopulationSpec& population, std::string_view variable) {
  std::string names;
  for (const std::string_view name : VariablesOf(population.model)) {
    if (name == variable) return;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw InvalidArgument("variable", "\"" + std::string(variable) + "\"", "one of " + names);
}

void CheckLength(const char* field, std::size_t length, std::uint64_t expected) {
  if (length == expected) return;
  throw InvalidArgument(field, std::to_string(length) + " values", std::to_string(expected) + " values");
}

void CheckFinite(const char* field, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw InvalidArgument(field + ("[" + std::to_string(i) + "]"), std::to_string(values[i]),
                          "a finite number");
  }
}

template <class T>
void CheckBelow(const char* field, const std::vector<T>& values, std::uint64_t end) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < end) continue;
    throw InvalidArgument(field + ("[" + std::to_string(i) + "]"), std::to_string(values[i]),
                          "a number below " + std::to_string(end));
  }
}

double CheckInterval(const NetworkSpec& spec, double interval_ms, bool grid) {
  if (!(interval_ms >= 1e-6 && interval_ms <= kMaxMs)) {
    throw InvalidArgument("intervalMs", std::to_string(interval_ms), "a number from 1e-6 to 2e9");
  }
  if (grid && TicksOf(interval_ms) % TicksOf(spec.dt_ms) != 0) {
    throw InvalidArgument("intervalMs", std::to_string(interval_ms),
                          "a multiple of dtMs = " + std::to_string(spec.dt_ms));
  }
  return interval_ms;
}

}  // namespace

std::uint64_t EventNetwork::EstimateBytes(const NetworkSpec& given) {
  NetworkSpec spec = given;
  Validate(spec);
  const double real = spec.precision == Precision::kFloat64 ? 8 : 4;
  double bytes = 0;
  for (const PopulationSpec& population : spec.populations) bytes += population.size * (24.0 + 8 * real);
  for (std::uint32_t i = 0; i < spec.projections.size(); ++i) {
    const ProjectionSpec& projection = spec.projections[i];
    const double synapses = ExpectedSynapses(spec, i);
    const double targets = spec.populations[projection.target].size;
    const bool equal_delay = projection.delay_ms.kind == Distribution::Kind::kConstant;
    const double index = targets <= 65536 ? 2 : 4;
    // While building: a 32-bit target, weight and delay more.
    double per_synapse = index + 4;
    if (projection.rule || projection.weight.kind != Distribution::Kind::kConstant ||
        projection.normalisation || projection.scaling ||
        !std::holds_alternative<AllToAll>(projection.connector)) {
      per_synapse += real * 2;
    }
    if (projection.rule) per_synapse += real;
    if (!equal_delay) per_synapse += 24;
    bytes += synapses * per_synapse + spec.populations[projection.source].size * kRowBytes * 2;
  }
  return static_cast<std::uint64_t>(std::min(bytes, 1e18));
}

EventNetwork::EventNetwork(NetworkSpec spec) {
  Validate(spec);
  const std::uint64_t bytes = EstimateBytes(spec);
  if (spec.max_bytes > 0 && bytes > spec.max_bytes) {
    throw Error(ErrorCode::kOutOfMemory,
                "The network needs about " + std::to_string(bytes) +
                    " bytes, more than maxMemoryBytes = " + std::to_string(spec.max_bytes),
                "maxMemoryBytes", std::to_string(spec.max_bytes), "at least " + std::to_string(bytes));
  }
  impl_ = MakeEngine(std::move(spec));
}

EventNetwork::~EventNetwork() = default;

const NetworkSpec& EventNetwork::spec() const {
  return impl_->structure().spec;
}
Tick EventNetwork::now() const {
  return impl_->now();
}

RunReport EventNetwork::Run(double duration_ms, ThreadTeam& team, RunControl* control) {
  return impl_->Run(duration_ms, &team, control);
}

void EventNetwork::Reset(std::uint64_t sample) {
  impl_->Reset(sample);
}

void EventNetwork::AddSpikes(std::uint32_t population, std::span<const double> times_ms,
                             std::span<const std::uint32_t> neurons) {
  Population(spec(), population, PopulationKind::kSpikeList, "a source of listed spikes");
  impl_->AddSpikes(population, times_ms, neurons);
}

void EventNetwork::SetRates(std::uint32_t population, std::span<const double> rates_hz) {
  const auto& source = Population(spec(), population, PopulationKind::kPoisson, "a Poisson source");
  CheckLength("ratesHz", rates_hz.size(), source.size);
  for (std::size_t i = 0; i < rates_hz.size(); ++i) {
    if (rates_hz[i] >= 0 && rates_hz[i] <= 1e6) continue;
    throw InvalidArgument("ratesHz[" + std::to_string(i) + "]", std::to_string(rates_hz[i]),
                          "a number from 0 to 1e6");
  }
  impl_->SetRates(population, rates_hz);
}

std::vector<std::string> EventNetwork::Variables(std::uint32_t population) const {
  const auto names = VariablesOf(Neurons(spec(), population).model);
  return {names.begin(), names.end()};
}

std::vector<double> EventNetwork::State(std::uint32_t population, std::string_view variable) const {
  CheckVariable(Neurons(spec(), population), variable);
  return impl_->State(population, variable);
}

void EventNetwork::SetState(std::uint32_t population, std::string_view variable,
                            std::span<const double> values) {
  const PopulationSpec& neurons = Neurons(spec(), population);
  CheckVariable(neurons, variable);
  CheckLength("values", values.size(), neurons.size);
  CheckFinite("values", values);
  impl_->SetState(population, variable, values);
}

std::vector<std::uint32_t> EventNetwork::SpikeCounts(std::uint32_t population) const {
  const auto counts = impl_->SpikeCounts(PopulationIndex(spec(), population));
  return {counts.begin(), counts.end()};
}

Connections EventNetwork::ConnectionsOf(std::uint32_t projection) const {
  const Rows& rows = *impl_->structure().rows[ProjectionIndex(spec(), projection)];
  Connections connections;
  for (std::uint32_t source = 0; source < rows.sources(); ++source) {
    for (std::uint64_t row = rows.first_row(source); row < rows.first_row(source + 1); ++row) {
      for (std::uint64_t k = rows.begin(row); k < rows.end(row); ++k) {
        connections.sources.push_back(source);
        connections.targets.push_back(rows.target(row, k));
        connections.delays_ms.push_back(MsOf(rows.delay(row)));
      }
    }
  }
  return connections;
}

std::uint64_t EventNetwork::SynapseCount(std::uint32_t projection) const {
  return impl_->structure().rows[ProjectionIndex(spec(), projection)]->synapses();
}

std::vector<double> EventNetwork::Weights(std::uint32_t projection) const {
  return impl_->Weights(ProjectionIndex(spec(), projection));
}

void EventNetwork::SetWeights(std::uint32_t projection, std::span<const double> weights) {
  CheckLength("weights", weights.size(), SynapseCount(projection));
  CheckFinite("weights", weights);
  impl_->SetWeights(projection, weights);
}

void EventNetwork::Normalise(std::uint32_t projection, double total) {
  const ProjectionSpec& target = spec().projections[ProjectionIndex(spec(), projection)];
  if (!target.rule && !target.normalisation) {
    throw InvalidArgument("projection", "\"" + target.name + "\"",
                          "a projection with plasticity or a normalisation");
  }
  CheckFinite("total", std::span(&total, 1));
  impl_->Normalise(projection, total);
}

void EventNetwork::SetLearning(bool on) {
  impl_->SetLearning(on);
}

bool EventNetwork::learning() const {
  return impl_->learning();
}

void EventNetwork::Reward(double amount) {
  CheckFinite("amount", std::span(&amount, 1));
  impl_->Reward(amount);
}

void EventNetwork::Teach(std::uint32_t projection, std::span<const double> modulation) {
  const ProjectionSpec& taught = spec().projections[ProjectionIndex(spec(), projection)];
  CheckLength("modulation", modulation.size(), spec().populations[taught.target].size);
  CheckFinite("modulation", modulation);
  impl_->Teach(projection, modulation);
}

int EventNetwork::RecordSpikes(std::uint32_t population, std::vector<std::uint32_t> neurons) {
  CheckBelow("neurons", neurons, spec().populations[PopulationIndex(spec(), population)].size);
  return impl_->RecordSpikes(population, std::move(neurons));
}

int EventNetwork::RecordState(std::uint32_t population, std::string_view variable,
                              std::vector<std::uint32_t> neurons, double interval_ms) {
  const PopulationSpec& recorded = Neurons(spec(), population);
  CheckVariable(recorded, variable);
  CheckBelow("neurons", neurons, recorded.size);
  CheckInterval(spec(), interval_ms, OnGrid(recorded.model));
  return impl_->RecordState(population, variable, std::move(neurons), interval_ms);
}

int EventNetwork::RecordWeights(std::uint32_t projection, std::vector<std::uint64_t> synapses,
                                double interval_ms) {
  CheckBelow("synapses", synapses, SynapseCount(projection));
  CheckInterval(spec(), interval_ms, impl_->structure().has_grid);
  return impl_->RecordWeights(projection, std::move(synapses), interval_ms);
}

int EventNetwork::RecordTraces(std::uint32_t projection, std::string_view side, int k,
                               std::vector<std::uint32_t> neurons, double interval_ms) {
  const ProjectionSpec& recorded = spec().projections[ProjectionIndex(spec(), projection)];
  if (side != "pre" && side != "post") {
    throw InvalidArgument("side", "\"" + std::string(side) + "\"", "\"pre\" or \"post\"");
  }
  CheckBelow("neurons", neurons, spec().populations[side == "pre" ? recorded.source : recorded.target].size);
  CheckInterval(spec(), interval_ms, impl_->structure().has_grid);
  return impl_->RecordTraces(projection, side, k, std::move(neurons), interval_ms);
}

SpikeRecord EventNetwork::TakeSpikes(int recorder) {
  return impl_->TakeSpikes(recorder);
}
ValueRecord64 EventNetwork::TakeValues(int recorder) {
  return impl_->TakeValues(recorder);
}
MemoryReport EventNetwork::Memory() const {
  return impl_->Memory();
}
std::vector<StateTensor> EventNetwork::ExportState() const {
  return impl_->ExportState();
}
void EventNetwork::ImportState(const std::vector<StateTensor>& tensors) {
  impl_->ImportState(tensors);
}

}  // namespace synfire::events
