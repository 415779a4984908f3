// What happens between windows: settling deferred plasticity, normalisation, scaling, intrinsic plasticity.
#include <algorithm>

#include "native/events/engine_of.h"

namespace synfire::events {

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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
