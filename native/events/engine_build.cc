// Builds the engine: populations, projections, their first state, chunks.
#include <algorithm>

#include "native/events/draw.h"
#include "native/events/engine_of.h"

namespace synfire::events {
namespace {

constexpr std::uint32_t kChunkUnit = 16;
constexpr std::uint32_t kInitialStream = 0x494e4954;

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

template <class Real>
Engine<Real>::Population::Population(const Population& other)
    : spec(other.spec),
      grid(other.grid),
      exact(other.exact ? std::make_unique<ExactLif>(*other.exact) : nullptr),
      exact_chunks(other.exact_chunks),
      exact_inputs{CopyOf(other.exact_inputs[0]), CopyOf(other.exact_inputs[1])},
      list(other.list),
      poisson(other.poisson),
      log(other.log),
      counts(other.counts),
      bounds(other.bounds),
      outputs(other.outputs),
      rates(other.rates),
      incoming(other.incoming),
      outgoing(other.outgoing),
      cap_ms(other.cap_ms) {}

template <class Real>
Engine<Real>::Projection::Projection(const Projection& other)
    : spec(other.spec),
      rows(other.rows),
      uniform(other.uniform),
      uniform_weight(other.uniform_weight),
      weight(CopyOf(other.weight)),
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
      has_immediate_(other.has_immediate_),
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
  if (!projection.rows->one_delay()) {
    const Tick day = structure_->has_grid ? structure_->dt : structure_->window;
    projection.calendar = Calendar(day, structure_->horizon + structure_->window);
  }
  projection.immediate = source.neurons() && count > 0 && projection.rows->min_delay() == 0;
  has_immediate_ |= projection.immediate;
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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
