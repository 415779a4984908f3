// Memory of neurons: routing of patterns to pages, new pages, splits, pruning, and the state as plain arrays.
#include "native/spatial/layer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "native/base/error.h"

namespace synfire::spatial {
namespace {

constexpr std::uint64_t kMostRoutes = 0xFFFFFFFE;

// The mean square of a weight whose q is drawn uniformly.
float MeanSquare(std::uint32_t levels) {
  return static_cast<float>(levels + 2) / static_cast<float>(3 * levels);
}

std::uint16_t RateSteps(float rate, float max_rate) {
  return static_cast<std::uint16_t>(std::lround(rate / max_rate * LayerRules::kRateSteps));
}

LayerRules RulesOf(const SpatialSpec& spec, std::size_t index) {
  LayerRules rules{};
  rules.format = FormatOf(spec.PageWeights(index), spec.bits);
  rules.index = static_cast<std::uint32_t>(index);
  rules.most_pages = MostPages(rules.format, spec.capacity);
  const auto [weights, bits, bytes, levels] = rules.format;
  rules.initial_gain = std::sqrt(static_cast<float>(weights) / MeanSquare(levels));
  rules.gain_scale = 1.0f / static_cast<float>(weights * levels);
  rules.rate_unit = spec.max_rate / LayerRules::kRateSteps;
  rules.min_rate = RateSteps(spec.min_rate, spec.max_rate);
  rules.key[0] = static_cast<std::uint32_t>(spec.seed);
  rules.key[1] = static_cast<std::uint32_t>(spec.seed >> 32);
  return rules;
}

}  // namespace

Layer::Layer(const SpatialSpec& spec, std::size_t index, const Grid& below)
    : grid_(spec.grids[index + 1]),
      window_(below, grid_, spec.reach[index]),
      rules_(RulesOf(spec, index)),
      activations_(spec.activations[index]),
      keeps_residuals_(spec.rounding == Rounding::kResidual),
      initial_rate_(RateSteps(spec.initial_rate, spec.max_rate)),
      growth_threshold_(spec.growth_threshold),
      max_neurons_(spec.max_neurons) {
  for (std::uint32_t cell = 0; cell < kTileCells; ++cell) cell_offsets_.push_back(grid_.PositionOf(cell));
  Allocate(grid_.cells());
  next_id_ = grid_.cells();
  tiles_.assign((grid_.box_cells() + kTileCells - 1) / kTileCells + 1, {0, 0});
  std::uint32_t n = 0;
  for (std::size_t tile = 0; tile + 1 < tiles_.size(); ++tile) {
    const Extent origin = grid_.PositionOf(static_cast<std::uint32_t>(tile) * kTileCells);
    tiles_[tile].begin = n;
    for (std::uint32_t cell = 0; cell < std::min(kTileCells, grid_.box_cells()); ++cell) {
      const Extent& offset = cell_offsets_[cell];
      if (!grid_.Contains({origin[0] + offset[0], origin[1] + offset[1], origin[2] + offset[2]})) continue;
      tiles_[tile].occupied |= std::uint64_t{1} << cell;
      data_[n] = {0, rules_.initial_gain, initial_rate_, 0};
      cells_[n++] = static_cast<std::uint8_t>(cell);
    }
  }
  tiles_.back().begin = n;
}

void Layer::Allocate(std::uint32_t neurons) {
  const std::size_t pages = std::size_t{neurons} * rules_.most_pages;
  weights_ = AlignedBuffer<std::uint8_t>(pages * rules_.format.bytes);
  if (keeps_residuals_) residuals_ = AlignedBuffer<std::int16_t>(pages * rules_.format.weights);
  data_ = AlignedBuffer<Neuron>(neurons);
  cells_ = AlignedBuffer<std::uint8_t>(neurons);
}

void Layer::AddPage(std::uint32_t n, std::uint32_t context) {
  Neuron& neuron = data_[n];
  const std::uint32_t first = n * rules_.most_pages;
  if (neuron.stored == 0) {
    std::memset(Page(first), 0, rules_.format.bytes);
    for (std::uint32_t block = 0; block * 8 < rules_.format.weights; ++block)
      rules_.Draw(IdOf(n), block, Page(first));
  } else {
    const auto [from, moved] = LayerRules::PlaceFor(neuron, context);
    std::memmove(Page(first + from + 1), Page(first + from), std::size_t{moved} * rules_.format.bytes);
    if (keeps_residuals_) {
      std::memmove(Residual(first + from + 1), Residual(first + from),
                   std::size_t{moved} * rules_.format.weights * sizeof(std::int16_t));
    }
  }
  neuron.stored |= std::uint64_t{1} << context;
}

std::uint32_t Layer::ParentOf(std::uint32_t id) const {
  const auto birth = std::lower_bound(births_.begin(), births_.end(), id,
                                      [](const Birth& b, std::uint32_t wanted) { return b.id < wanted; });
  return birth != births_.end() && birth->id == id ? birth->parent : kNoParent;
}

// ---- growth and pruning

template <class Plan>
void Layer::Rebuild(Plan&& plan, ThreadTeam& team) {
  const std::size_t tiles = tiles_.size() - 1;
  std::vector<Tile> next(tiles + 1);
  // How many neurons each tile will have, then where each tile's neurons will begin.
  constexpr std::size_t kTilesPerTask = 64;
  const int tasks = static_cast<int>((tiles + kTilesPerTask - 1) / kTilesPerTask);
  const auto each_tile = [&](auto&& visit) {
    team.Run(tasks, [&](int task, int) {
      const std::size_t first = static_cast<std::size_t>(task) * kTilesPerTask;
      for (std::size_t tile = first; tile < std::min(first + kTilesPerTask, tiles); ++tile) visit(tile);
    });
  };
  each_tile([&](std::size_t tile) {
    std::uint32_t count = 0;
    std::uint64_t occupied = 0;
    for (std::uint32_t n = tiles_[tile].begin; n < TileEnd(tile); ++n) {
      const std::uint32_t copies = plan(n);
      count += copies;
      if (copies > 0) occupied |= std::uint64_t{1} << cells_[n];
    }
    next[tile] = {count, occupied};
  });
  std::uint32_t total = 0;
  for (Tile& tile : next) {
    const std::uint32_t count = tile.begin;
    tile.begin = total;
    total += count;
  }
  // Ids of children: two for each split, in the order of neurons.
  std::vector<std::uint32_t> ids(total), split_before(tiles);
  std::uint32_t splits = 0;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    split_before[tile] = splits;
    for (std::uint32_t n = tiles_[tile].begin; n < TileEnd(tile); ++n) splits += plan(n) == 2;
  }
  AlignedBuffer<std::uint8_t> weights(std::size_t{total} * rules_.most_pages * rules_.format.bytes);
  AlignedBuffer<std::int16_t> residuals(
      keeps_residuals_ ? std::size_t{total} * rules_.most_pages * rules_.format.weights : 0);
  AlignedBuffer<Neuron> data(total);
  AlignedBuffer<std::uint8_t> cells(total);
  const std::size_t births_before = births_.size();
  births_.resize(births_before + 2 * std::size_t{splits});

  const auto copy_pages = [&](std::uint32_t from, std::uint32_t to, std::uint32_t first,
                              std::uint32_t count) {
    const std::size_t source = std::size_t{from} * rules_.most_pages + first,
                      target = std::size_t{to} * rules_.most_pages;
    std::memcpy(weights.data() + target * rules_.format.bytes, weights_.data() + source * rules_.format.bytes,
                std::size_t{count} * rules_.format.bytes);
    if (keeps_residuals_) {
      std::memcpy(residuals.data() + target * rules_.format.weights,
                  residuals_.data() + source * rules_.format.weights,
                  std::size_t{count} * rules_.format.weights * sizeof(std::int16_t));
    }
  };
  each_tile([&](std::size_t tile) {
    std::uint32_t to = next[tile].begin, split = split_before[tile];
    for (std::uint32_t n = tiles_[tile].begin; n < TileEnd(tile); ++n) {
      const std::uint32_t copies = plan(n), pages = StoredPages(data_[n]);
      if (copies == 0) continue;
      data[to] = data_[n];
      cells[to] = cells_[n];
      ids[to] = IdOf(n);
      if (copies == 1) {
        copy_pages(n, to++, 0, pages);
        continue;
      }
      // The lower contexts stay with the first child, the upper ones go to the second.
      const std::uint32_t lower = (pages + 1) / 2;
      std::uint64_t upper_bits = data_[n].stored;
      for (std::uint32_t page = 0; page < lower; ++page) upper_bits &= upper_bits - 1;
      data[to + 1] = data_[n];
      cells[to + 1] = cells_[n];
      data[to].stored = data_[n].stored & ~upper_bits;
      data[to + 1].stored = upper_bits;
      copy_pages(n, to, 0, lower);
      copy_pages(n, to + 1, lower, pages - lower);
      for (std::uint32_t child = 0; child < 2; ++child, ++to) {
        ids[to] = next_id_ + 2 * split + child;
        births_[births_before + 2 * split + child] = {ids[to], IdOf(n)};
      }
      ++split;
    }
  });
  next_id_ += 2 * splits;
  weights_ = std::move(weights);
  residuals_ = std::move(residuals);
  data_ = std::move(data);
  cells_ = std::move(cells);
  ids_ = std::move(ids);
  tiles_ = std::move(next);
}

std::uint32_t Layer::Candidates() const {
  std::uint32_t candidates = 0;
  for (std::uint32_t n = 0; n < neurons(); ++n) candidates += CanSplit(n);
  return candidates;
}

// Routes and ids have 32 bits.
std::uint64_t Layer::MostNeurons() const {
  return std::min({max_neurons_, kMostRoutes / rules_.most_pages,
                   neurons() + (kMostRoutes - std::min<std::uint64_t>(kMostRoutes, next_id_)) / 2});
}

std::uint64_t Layer::GrowthBytes() const {
  return NeuronBytesOf(Candidates());
}

bool Layer::CanGrow() const {
  return std::uint64_t{neurons()} + Candidates() <= MostNeurons();
}

void Layer::CheckGrowth() const {
  if (CanGrow()) return;
  const std::string after = std::to_string(std::uint64_t{neurons()} + Candidates());
  const std::string most = "at most " + std::to_string(MostNeurons()) + " neurons";
  throw Error(ErrorCode::kOutOfMemory,
              "Layer " + std::to_string(rules_.index) + " would grow to " + after + " neurons; expected " +
                  most + " (growth.maxNeurons)",
              "growth.maxNeurons", after, most);
}

std::uint32_t Layer::Grow(ThreadTeam& team) {
  const std::uint32_t candidates = Candidates();
  if (candidates > 0) Rebuild([this](std::uint32_t n) { return CanSplit(n) ? 2u : 1u; }, team);
  return candidates;
}

std::uint32_t Layer::Prune(float threshold, PruneBy by, ThreadTeam& team) {
  const auto stays = [&](std::uint32_t n) {
    return (by == PruneBy::kSaturation ? Saturation(n) : ContributionOf(data_[n])) >= threshold;
  };
  const std::uint32_t before = neurons();
  std::uint32_t kept = 0;
  for (std::uint32_t n = 0; n < before; ++n) kept += stays(n);
  if (kept == before) return 0;
  Rebuild([&](std::uint32_t n) { return stays(n) ? 1u : 0u; }, team);
  return before - kept;
}

// ---- reports and state

std::uint64_t Layer::memory_bytes() const {
  return weights_.bytes() + residuals_.bytes() + data_.bytes() + cells_.bytes() +
         tiles_.size() * sizeof(Tile) + ids_.size() * sizeof(std::uint32_t) + births_.size() * sizeof(Birth);
}

std::uint64_t Layer::NeuronBytesOf(std::size_t neurons) const {
  return neurons * NeuronBytes(rules_.format, rules_.most_pages,
                               keeps_residuals_ ? Rounding::kResidual : Rounding::kStochastic);
}

std::uint64_t Layer::BytesOf(const LayerState& state) const {
  return NeuronBytesOf(state.codes.size()) + tiles_.size() * sizeof(Tile) +
         (state.ids.size() + state.births.size()) * sizeof(std::uint32_t);
}

LayerStatistics Layer::Statistics() const {
  LayerStatistics s;
  s.neurons = neurons();
  std::uint64_t pages = 0, sites = 0;
  double rates = 0;
  for (std::uint32_t n = 0; n < neurons(); ++n) {
    const std::uint32_t stored = StoredPages(data_[n]);
    pages += stored;
    s.active += stored > 0;
    s.growth_candidates += CanSplit(n);
    rates += RateOf(n);
  }
  for (const Tile& tile : tiles_) sites += CountBits(tile.occupied);
  const double count = std::max<double>(1, static_cast<double>(s.neurons));
  s.stored_weights = pages * rules_.format.weights;
  s.mean_saturation = static_cast<double>(pages) / (count * rules_.most_pages);
  s.sparsity = 1 - s.mean_saturation;
  s.mean_rate = rates / count;
  s.prune_candidates = s.neurons - s.active;
  s.silent_sites = grid_.cells() - sites;
  s.memory_bytes = memory_bytes();
  return s;
}

LayerState Layer::Export() const {
  LayerState state;
  for (std::size_t tile = 0; tile + 1 < tiles_.size(); ++tile) {
    for (std::uint32_t n = tiles_[tile].begin; n < TileEnd(tile); ++n) {
      state.codes.push_back(static_cast<std::uint32_t>(tile) * kTileCells + cells_[n]);
    }
  }
  for (std::uint32_t n = 0; n < neurons(); ++n) {
    const Neuron& neuron = data_[n];
    state.stored.push_back(neuron.stored);
    state.gains.push_back(neuron.gain);
    state.rates.push_back(neuron.rate);
    state.contributions.push_back(neuron.contribution);
    state.ids.push_back(IdOf(n));
    const std::size_t first = std::size_t{n} * rules_.most_pages, pages = StoredPages(neuron);
    const std::uint8_t* const weights = weights_.data() + first * rules_.format.bytes;
    state.weights.insert(state.weights.end(), weights, weights + pages * rules_.format.bytes);
    if (keeps_residuals_) {
      const std::int16_t* const residuals = residuals_.data() + first * rules_.format.weights;
      state.residuals.insert(state.residuals.end(), residuals, residuals + pages * rules_.format.weights);
    }
  }
  for (const Birth& birth : births_) {
    state.births.push_back(birth.id);
    state.births.push_back(birth.parent);
  }
  state.next_id = next_id_;
  return state;
}

namespace {

void Expect(bool good, const std::string& name, const std::string& expected) {
  if (good) return;
  throw Error(ErrorCode::kCheckpoint, "The checkpoint's " + name + " is impossible; expected " + expected,
              name, "impossible", expected);
}

void CheckIds(const LayerState& state, const std::string& name) {
  std::vector<std::uint32_t> ids = state.ids;
  std::sort(ids.begin(), ids.end());
  Expect(std::adjacent_find(ids.begin(), ids.end()) == ids.end(), name + ".ids", "ids that differ");
  Expect(ids.empty() || ids.back() < state.next_id, name + ".ids", "ids below the next one");
  Expect(state.births.size() % 2 == 0, name + ".births", "pairs of id and parent");
  for (std::size_t i = 0; i < state.births.size(); i += 2) {
    Expect(state.births[i] < state.next_id && state.births[i + 1] < state.births[i] &&
               (i == 0 || state.births[i] > state.births[i - 2]),
           name + ".births", "rising ids with lower parents");
  }
}

}  // namespace

void Layer::CheckState(const LayerState& state, const std::string& name) const {
  const std::size_t count = state.codes.size();
  Expect(count <= std::min(max_neurons_, kMostRoutes / rules_.most_pages), name + ".sites", "fewer neurons");
  Expect(state.stored.size() == count && state.gains.size() == count && state.rates.size() == count &&
             state.contributions.size() == count && state.ids.size() == count,
         name, "arrays of one length");
  CheckIds(state, name);
  std::uint64_t pages = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint32_t code = state.codes[n];
    Expect(code < grid_.box_cells() && grid_.Contains(grid_.PositionOf(code)), name + ".sites",
           "cells of the grid");
    const std::uint32_t stored = CountBits(state.stored[n]);
    Expect(stored <= rules_.most_pages, name + ".stored",
           "at most " + std::to_string(rules_.most_pages) + " pages a neuron");
    pages += stored;
    if (n > 0) {
      Expect(code >= state.codes[n - 1], name + ".sites", "rising codes");
      const bool apart =
          static_cast<int>(std::bit_width(state.stored[n - 1])) <= std::countr_zero(state.stored[n]);
      Expect(code != state.codes[n - 1] || (stored > 0 && state.stored[n - 1] != 0 && apart),
             name + ".stored", "contexts of one site in rising order");
    }
    Expect(state.gains[n] >= rules_.initial_gain * LayerRules::kLowestGain &&
               state.gains[n] <= rules_.initial_gain * LayerRules::kHighestGain,
           name + ".gains", "gains within their bounds");
    Expect(state.rates[n] >= rules_.min_rate, name + ".rates", "learning rates within their bounds");
    const float contribution = std::bit_cast<float>(std::uint32_t{state.contributions[n]} << 16);
    Expect(std::isfinite(contribution) && contribution >= 0, name + ".contributions", "finite values");
  }
  Expect(state.weights.size() == pages * rules_.format.bytes, name + ".weights",
         std::to_string(pages * rules_.format.bytes) + " bytes");
  Expect(state.residuals.size() == (keeps_residuals_ ? pages * rules_.format.weights : 0),
         name + ".residuals", "one for each weight");
}

void Layer::Import(const LayerState& state) {
  const std::size_t count = state.codes.size();
  Allocate(static_cast<std::uint32_t>(count));
  std::size_t page = 0;
  for (Tile& tile : tiles_) tile = {0, 0};
  for (std::size_t n = 0; n < count; ++n) {
    data_[n] = {state.stored[n], state.gains[n], state.rates[n], state.contributions[n]};
    const std::uint32_t code = state.codes[n];
    cells_[n] = static_cast<std::uint8_t>(code % kTileCells);
    tiles_[code / kTileCells].occupied |= std::uint64_t{1} << code % kTileCells;
    tiles_[code / kTileCells + 1].begin += 1;
    const std::uint32_t stored = StoredPages(data_[n]);
    const std::uint32_t first = static_cast<std::uint32_t>(n) * rules_.most_pages;
    if (stored == 0) continue;
    std::memcpy(Page(first), state.weights.data() + page * rules_.format.bytes,
                std::size_t{stored} * rules_.format.bytes);
    if (keeps_residuals_) {
      std::memcpy(Residual(first), state.residuals.data() + page * rules_.format.weights,
                  std::size_t{stored} * rules_.format.weights * sizeof(std::int16_t));
    }
    page += stored;
  }
  for (std::size_t tile = 1; tile < tiles_.size(); ++tile) tiles_[tile].begin += tiles_[tile - 1].begin;
  ids_ = state.ids;
  births_.clear();
  for (std::size_t i = 0; i < state.births.size(); i += 2)
    births_.push_back({state.births[i], state.births[i + 1]});
  next_id_ = state.next_id;
}

}  // namespace synfire::spatial
