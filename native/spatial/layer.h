// A layer of neurons on a grid: which neuron answers for a pattern at a site, what it has stored, how it
// splits and is pruned.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/base/thread_team.h"
#include "native/spatial/grid.h"
#include "native/spatial/kernels.h"
#include "native/spatial/neuron.h"
#include "native/spatial/spec.h"

namespace synfire::spatial {

/// A neuron that came from a split.
struct Birth {
  std::uint32_t id;
  std::uint32_t parent;
};

/// The neurons of one site: all those that share a cell of the grid, in the order of their first contexts.
/// The last one whose first context is not above a pattern's answers for it; the first one if there is none.
struct Site {
  std::uint32_t code;
  Extent position;
  std::uint32_t first;
  std::uint32_t count;
};

enum class PruneBy { kSaturation, kContribution };

struct LayerStatistics {
  std::uint64_t neurons = 0;
  std::uint64_t active = 0;  ///< have stored something
  std::uint64_t stored_weights = 0;
  double mean_saturation = 0;
  double mean_rate = 0;
  double sparsity = 0;  ///< share of the room for weights that is free
  std::uint64_t growth_candidates = 0;
  std::uint64_t prune_candidates = 0;  ///< have stored nothing
  std::uint64_t silent_sites = 0;      ///< without a neuron
  std::uint64_t memory_bytes = 0;
};

/// What learning changes in a layer, where it lies: other memory than the processor's takes it over and gives
/// it back.
struct LayerMemory {
  std::span<Neuron> neurons;
  std::span<std::uint8_t> weights;
  std::span<std::int16_t> residuals;
};

/// The neurons of a layer as they are taken out and put back.
struct LayerState {
  std::vector<std::uint32_t> codes;  ///< of their sites
  std::vector<std::uint64_t> stored;
  std::vector<float> gains;
  std::vector<std::uint16_t> rates, contributions;
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> births;  ///< pairs of id and parent
  std::uint32_t next_id = 0;
  std::vector<std::uint8_t> weights;  ///< stored pages, one after another
  std::vector<std::int16_t> residuals;
};

class Layer {
 public:
  /// The layer `index` of a checked spec, above `below`.
  Layer(const SpatialSpec& spec, std::size_t index, const Grid& below);

  const Grid& grid() const { return grid_; }
  const Window& window() const { return window_; }
  const PageFormat& format() const { return rules_.format; }
  const LayerRules& rules() const { return rules_; }
  LayerMemory memory() { return {data_.span(), weights_.span(), residuals_.span()}; }
  /// By neuron; empty as long as they are the neurons' numbers.
  std::span<const std::uint32_t> ids() const { return ids_; }
  std::uint32_t index() const { return rules_.index; }
  /// Pages that a neuron may store.
  std::uint32_t most_pages() const { return rules_.most_pages; }
  std::uint32_t neurons() const { return static_cast<std::uint32_t>(cells_.size()); }

  /// Visits the sites with neurons whose codes lie in [first, last).
  template <class Visit>
  void ForSites(std::uint32_t first, std::uint32_t last, Visit&& visit) const;

  /// Visits all cells of the grid whose codes lie in [first, last), with their positions.
  template <class Visit>
  void ForCells(std::uint32_t first, std::uint32_t last, Visit&& visit) const;

  /// The neuron of a site that answers for a context.
  std::uint32_t Answerer(const Site& site, std::uint32_t context) const {
    return LayerRules::AnswererOf(data_.data(), site.first, site.count, context);
  }
  /// Stores a page for a context unless there is one or no room; it starts as a copy of the one that has
  /// answered so far, the very first one at random.
  void Remember(const Site& site, std::uint32_t context) {
    const std::uint32_t n = Answerer(site, context);
    if (rules_.Wants(data_[n], context)) AddPage(n, context);
  }

  std::uint32_t NeuronOf(std::uint32_t route) const { return rules_.NeuronOf(route); }
  std::uint8_t* Page(std::uint32_t route) {
    return weights_.data() + std::size_t{route} * rules_.format.bytes;
  }
  const std::uint8_t* Page(std::uint32_t route) const {
    return weights_.data() + std::size_t{route} * rules_.format.bytes;
  }
  const std::uint8_t* pages() const { return weights_.data(); }
  std::int16_t* Residual(std::uint32_t route) {
    return residuals_.empty() ? nullptr : residuals_.data() + std::size_t{route} * rules_.format.weights;
  }
  bool keeps_residuals() const { return keeps_residuals_; }
  Neuron& neuron(std::uint32_t n) { return data_[n]; }
  const Neuron& neuron(std::uint32_t n) const { return data_[n]; }
  std::uint32_t IdOf(std::uint32_t n) const { return ids_.empty() ? n : ids_[n]; }
  float ScaleOf(std::uint32_t n) const { return rules_.ScaleOf(data_[n]); }
  float RateOf(std::uint32_t n) const { return rules_.RateOf(data_[n]); }
  float StepOf(std::uint32_t n) const { return rules_.StepOf(data_[n]); }
  void Settle(std::uint32_t n, const Experience& e, std::uint32_t batch_samples) {
    rules_.Settle(data_[n], e, batch_samples);
  }
  const ActivationMap& activations() const { return activations_; }
  float Saturation(std::uint32_t n) const {
    return static_cast<float>(StoredPages(data_[n])) / static_cast<float>(rules_.most_pages);
  }

  /// Memory that a growth would add.
  std::uint64_t GrowthBytes() const;
  /// Whether the layer may have as many neurons as a growth would leave; CheckGrowth throws
  /// Error{kOutOfMemory} if not.
  bool CanGrow() const;
  void CheckGrowth() const;
  /// Splits every neuron at or above the threshold that has two pages or more; returns how many did.
  std::uint32_t Grow(ThreadTeam& team);
  /// Removes neurons below a threshold; returns how many were removed.
  std::uint32_t Prune(float threshold, PruneBy by, ThreadTeam& team);

  LayerStatistics Statistics() const;
  std::uint64_t memory_bytes() const;
  /// Memory that the layer will have in a state.
  std::uint64_t BytesOf(const LayerState& state) const;
  static constexpr std::uint32_t kNoParent = 0xFFFFFFFF;
  /// The neuron that split into this one; kNoParent for those that were there from the start.
  std::uint32_t ParentOf(std::uint32_t id) const;

  LayerState Export() const;
  /// Throws Error{kCheckpoint} for a state that cannot be; `name` is what errors call the layer.
  void CheckState(const LayerState& state, const std::string& name) const;
  /// Takes over a state that CheckState has let pass.
  void Import(const LayerState& state);

 private:
  static constexpr std::uint32_t kTileCells = 64;

  /// Sixty-four codes that follow each other: a block of 4 x 4 x 4 cells where the grid is that thick.
  struct Tile {
    std::uint32_t begin;     ///< its first neuron
    std::uint64_t occupied;  ///< a bit for each cell that has neurons
  };

  void Allocate(std::uint32_t neurons);
  std::uint32_t TileEnd(std::size_t tile) const { return tiles_[tile + 1].begin; }
  bool CanSplit(std::uint32_t n) const {
    return StoredPages(data_[n]) >= 2 && Saturation(n) >= growth_threshold_;
  }
  std::uint64_t NeuronBytesOf(std::size_t neurons) const;
  void AddPage(std::uint32_t n, std::uint32_t context);
  std::uint32_t Candidates() const;
  std::uint64_t MostNeurons() const;
  /// Rebuilds the arrays; plan(n) says how many neurons each becomes: none, itself or two.
  template <class Plan>
  void Rebuild(Plan&& plan, ThreadTeam& team);

  Grid grid_;
  Window window_;
  LayerRules rules_;
  ActivationMap activations_;
  bool keeps_residuals_;
  std::uint16_t initial_rate_;
  float growth_threshold_;
  std::uint64_t max_neurons_;

  AlignedBuffer<std::uint8_t> weights_;    ///< [neurons][most_pages][bytes]
  AlignedBuffer<std::int16_t> residuals_;  ///< [neurons][most_pages][weights]
  AlignedBuffer<Neuron> data_;
  AlignedBuffer<std::uint8_t> cells_;  ///< of each neuron, within its tile
  std::vector<Tile> tiles_;            ///< and one behind the last
  std::vector<Extent> cell_offsets_;   ///< of the cells of a tile, from its corner
  std::vector<std::uint32_t> ids_;     ///< empty as long as they are the neurons' numbers
  std::vector<Birth> births_;          ///< ascending by id
  std::uint32_t next_id_ = 0;
};

template <class Visit>
void Layer::ForSites(std::uint32_t first, std::uint32_t last, Visit&& visit) const {
  for (std::uint32_t tile = first / kTileCells; tile < (last + kTileCells - 1) / kTileCells; ++tile) {
    std::uint32_t n = tiles_[tile].begin;
    const std::uint32_t end = TileEnd(tile);
    if (n == end) continue;
    const Extent origin = grid_.PositionOf(tile * kTileCells);
    const bool single = end - n == CountBits(tiles_[tile].occupied);
    for (std::uint64_t left = tiles_[tile].occupied; left != 0; left &= left - 1) {
      const auto cell = static_cast<std::uint32_t>(std::countr_zero(left));
      std::uint32_t count = 1;
      while (!single && n + count < end && cells_[n + count] == cell) ++count;
      const std::uint32_t code = tile * kTileCells + cell;
      if (code >= first && code < last) {
        const Extent& offset = cell_offsets_[cell];
        visit(Site{code, {origin[0] + offset[0], origin[1] + offset[1], origin[2] + offset[2]}, n, count});
      }
      n += count;
    }
  }
}

template <class Visit>
void Layer::ForCells(std::uint32_t first, std::uint32_t last, Visit&& visit) const {
  for (std::uint32_t begin = first / kTileCells * kTileCells; begin < last; begin += kTileCells) {
    const Extent origin = grid_.PositionOf(begin);
    for (std::uint32_t code = std::max(begin, first); code < std::min(begin + kTileCells, last); ++code) {
      const Extent& offset = cell_offsets_[code - begin];
      const Extent position{origin[0] + offset[0], origin[1] + offset[1], origin[2] + offset[2]};
      if (grid_.Contains(position)) visit(code, position);
    }
  }
}

}  // namespace synfire::spatial
