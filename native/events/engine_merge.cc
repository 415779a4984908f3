// What replicas learn, and how it is merged.
#include <algorithm>

#include "native/events/engine_of.h"

namespace synfire::events {
namespace {

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

}  // namespace

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

template class Engine<float>;
template class Engine<double>;

}  // namespace synfire::events
