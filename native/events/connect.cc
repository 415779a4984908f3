// From connectors to synapses: topology row by row, then weights and delays by number, then the order of
// rows.
#include "native/events/connect.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "native/events/draw.h"

namespace synfire::events {
namespace {

constexpr std::uint32_t kConnectStream = 0x434f4e4e;  // keeps these numbers apart from other uses of the seed
enum Purpose : std::uint32_t { kWho, kWeight, kDelay };

// Random numbers of one neuron of a projection, in the order in which they are asked for.
class NeuronRandom {
 public:
  NeuronRandom(const PhiloxKey& key, std::uint32_t neuron) : key_(key), neuron_(neuron) {}

  // In [0, 1).
  double Unit() {
    if (half_) {
      half_ = false;
      return UnitOf(words_[2], words_[3]);
    }
    words_ = Philox({block_++, neuron_, kWho, 0}, key_);
    half_ = true;
    return UnitOf(words_[0], words_[1]);
  }

  std::uint32_t Below(std::uint32_t size) { return static_cast<std::uint32_t>(Unit() * size); }

 private:
  PhiloxKey key_;
  std::uint32_t neuron_;
  std::uint32_t block_ = 0;
  bool half_ = false;
  std::array<std::uint32_t, 4> words_{};
};

// Draws `count` of the numbers below a size, each at most once or, if `multiple`, as often as it comes.
class Chooser {
 public:
  Chooser(std::uint32_t count, std::uint32_t size, bool multiple)
      : count_(count), size_(size), multiple_(multiple), marked_(multiple ? 0 : size) {}

  // Appends them in ascending order.
  void Append(NeuronRandom random, std::vector<std::uint32_t>& out) {
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    if (multiple_) {
      for (std::uint32_t i = 0; i < count_; ++i) out.push_back(random.Below(size_));
      std::sort(out.begin() + begin, out.end());
      return;
    }
    // Of a large part it is cheaper to draw those left out, and to find the chosen by a scan than to sort
    // them.
    const bool inverted = count_ > size_ / 2;
    const bool scanned = inverted || count_ > size_ / 8;
    for (std::uint32_t left = inverted ? size_ - count_ : count_; left > 0;) {
      const std::uint32_t drawn = random.Below(size_);
      if (marked_[drawn]) continue;
      marked_[drawn] = true;
      --left;
      if (!scanned) out.push_back(drawn);
    }
    if (scanned) {
      for (std::uint32_t i = 0; i < size_; ++i)
        if (marked_[i] != inverted) out.push_back(i);
      std::fill(marked_.begin(), marked_.end(), false);
    } else {
      for (auto drawn = out.begin() + begin; drawn != out.end(); ++drawn) marked_[*drawn] = false;
      std::sort(out.begin() + begin, out.end());
    }
  }

 private:
  std::uint32_t count_;
  std::uint32_t size_;
  bool multiple_;
  std::vector<bool> marked_;
};

// Numbers of candidates become numbers of neurons when the neuron of the same number is none.
void SkipSelf(std::span<std::uint32_t> candidates, std::uint32_t self) {
  for (std::uint32_t& candidate : candidates) candidate += candidate >= self;
}

// The synapses of one projection while they come into being.
class Builder {
 public:
  Builder(const NetworkSpec& spec, std::uint32_t index, Tick grid)
      : projection_(spec.projections[index]),
        sources_(spec.populations[projection_.source].size),
        targets_(spec.populations[projection_.target].size),
        same_(sources_ == targets_),
        double_(spec.precision == Precision::kFloat64),
        grid_(std::max<Tick>(grid, 1)),
        expected_(static_cast<std::size_t>(ExpectedSynapses(spec, index))),
        key_(KeyOf(spec.seed, kConnectStream, index)) {}

  Synapses Build() {
    out_.row.reserve(sources_ + std::size_t{1});
    out_.row.push_back(0);
    std::visit([this](const auto& connector) { Place(connector); }, projection_.connector);
    SetDelays();
    SetWeights();
    if (!out_.dense && (!out_.delay.empty() || !ordered_)) SortRows();
    return std::move(out_);
  }

 private:
  void EndRow() { out_.row.push_back(out_.target.size()); }

  void Place(const OneToOne&) {
    for (std::uint32_t i = 0; i < sources_; ++i) {
      out_.target.push_back(i);
      EndRow();
    }
  }

  void Place(const AllToAll& all) {
    if ((all.self || !same_) && IsConstant(projection_.delay_ms)) return PlaceDense();
    out_.target.reserve(expected_);
    for (std::uint32_t i = 0; i < sources_; ++i) {
      for (std::uint32_t j = 0; j < targets_; ++j)
        if (all.self || !same_ || i != j) out_.target.push_back(j);
      EndRow();
    }
  }

  void PlaceDense() {
    out_.dense = true;
    for (std::uint32_t i = 0; i < sources_; ++i) out_.row.push_back((i + std::uint64_t{1}) * targets_);
  }

  // The gaps between the synapses of a source are geometrically distributed.
  void Place(const FixedProbability& fixed) {
    if (fixed.probability == 1) return Place(AllToAll{fixed.self});
    const bool skips = same_ && !fixed.self;
    const double candidates = targets_ - (skips ? 1.0 : 0.0);
    const double per_log = 1 / std::log1p(-fixed.probability);
    out_.target.reserve(expected_);
    for (std::uint32_t i = 0; i < sources_; ++i) {
      NeuronRandom random(key_, i);
      const auto gap = [&] { return std::floor(std::log(1 - random.Unit()) * per_log); };
      if (fixed.probability > 0) {
        for (double at = gap(); at < candidates; at += 1 + gap()) {
          const auto candidate = static_cast<std::uint32_t>(at);
          out_.target.push_back(candidate + (skips && candidate >= i));
        }
      }
      EndRow();
    }
  }

  void Place(const FixedOutDegree& fixed) {
    const bool skips = same_ && !fixed.self;
    Chooser chooser(fixed.count, targets_ - skips, fixed.multiple);
    out_.target.reserve(expected_);
    for (std::uint32_t i = 0; i < sources_; ++i) {
      chooser.Append(NeuronRandom(key_, i), out_.target);
      if (skips) SkipSelf(std::span(out_.target).last(fixed.count), i);
      EndRow();
    }
  }

  void Place(const FixedInDegree& fixed) {
    const bool skips = same_ && !fixed.self;
    Chooser chooser(fixed.count, sources_ - skips, fixed.multiple);
    std::vector<std::uint32_t> sources;  // [targets][count]
    sources.reserve(expected_);
    for (std::uint32_t j = 0; j < targets_; ++j) {
      chooser.Append(NeuronRandom(key_, j), sources);
      if (skips) SkipSelf(std::span(sources).last(fixed.count), j);
    }
    ByRow(sources, [&](std::size_t k, std::size_t to) {
      out_.target[to] = static_cast<std::uint32_t>(k / fixed.count);
    });
  }

  void Place(const ConnectionList& list) {
    number_.resize(list.sources.size());
    ByRow(list.sources, [&](std::size_t k, std::size_t to) {
      out_.target[to] = list.targets[k];
      number_[to] = k;
    });
    ordered_ = false;
    weights_ = list.weights;
    delays_ms_ = list.delays_ms;
  }

  void Place(const DenseMatrix& matrix) {
    weights_ = matrix.weights;
    delays_ms_ = matrix.delays_ms;
    if (expected_ == matrix.weights.size() && delays_ms_.empty() && IsConstant(projection_.delay_ms)) {
      return PlaceDense();
    }
    out_.target.reserve(expected_);
    number_.reserve(expected_);
    for (std::uint32_t i = 0; i < sources_; ++i) {
      for (std::uint32_t j = 0; j < targets_; ++j) {
        const std::size_t k = i * std::size_t{targets_} + j;
        if (std::isnan(weights_[k])) continue;
        out_.target.push_back(j);
        number_.push_back(k);
      }
      EndRow();
    }
  }

  // Makes rows of synapses given in another order, without changing the order of those of one source:
  // put(k, to) moves the k-th to its place.
  template <class Put>
  void ByRow(const std::vector<std::uint32_t>& sources, Put&& put) {
    std::vector<std::uint64_t>& row = out_.row;
    row.assign(sources_ + std::size_t{1}, 0);
    for (const std::uint32_t source : sources) ++row[source + std::size_t{1}];
    for (std::size_t i = 1; i < row.size(); ++i) row[i] += row[i - 1];
    out_.target.resize(sources.size());
    std::vector<std::uint64_t> next(row.begin(), row.end() - 1);
    for (std::size_t k = 0; k < sources.size(); ++k) put(k, next[sources[k]]++);
  }

  // Where the k-th stored synapse stands in what the user gave, or among the draws.
  std::uint64_t NumberOf(std::uint64_t k) const { return number_.empty() ? k : number_[k]; }

  double WeightOf(std::uint64_t k) const {
    return weights_.empty() ? Draw(projection_.weight, key_, kWeight, NumberOf(k)) : weights_[NumberOf(k)];
  }

  Tick DelayOf(std::uint64_t k) const {
    const double ms =
        delays_ms_.empty() ? Draw(projection_.delay_ms, key_, kDelay, NumberOf(k)) : delays_ms_[NumberOf(k)];
    return (TicksOf(ms) + grid_ / 2) / grid_ * grid_;
  }

  void SetDelays() {
    const std::uint64_t count = out_.row.back();
    if (count == 0 || (delays_ms_.empty() && IsConstant(projection_.delay_ms))) {
      out_.uniform_delay = (TicksOf(Draw(projection_.delay_ms, key_, kDelay, 0)) + grid_ / 2) / grid_ * grid_;
      return;
    }
    out_.delay.resize(count);
    bool equal = true;
    for (std::uint64_t k = 0; k < count; ++k) {
      out_.delay[k] = DelayOf(k);
      equal = equal && out_.delay[k] == out_.delay[0];
    }
    if (!equal) return;
    out_.uniform_delay = out_.delay[0];
    out_.delay = {};
  }

  void SetWeights() {
    const bool changes = projection_.rule || projection_.normalisation || projection_.scaling;
    if (!changes && weights_.empty() && IsConstant(projection_.weight)) {
      out_.uniform_weight = Draw(projection_.weight, key_, kWeight, 0);
      return;
    }
    const std::uint64_t count = out_.row.back();
    if (double_) {
      out_.weight64.resize(count);
      for (std::uint64_t k = 0; k < count; ++k) out_.weight64[k] = WeightOf(k);
    } else {
      out_.weight.resize(count);
      for (std::uint64_t k = 0; k < count; ++k) out_.weight[k] = static_cast<float>(WeightOf(k));
    }
  }

  // A synapse of a row that is being sorted.
  struct Slot {
    Tick delay;
    std::uint32_t target;
    std::uint64_t from;
    auto operator<=>(const Slot&) const = default;
  };

  void SortRows() {
    std::vector<Slot> slots;
    for (std::uint32_t i = 0; i < sources_; ++i) {
      const std::uint64_t begin = out_.row[i];
      const std::uint64_t end = out_.row[i + std::size_t{1}];
      slots.clear();
      for (std::uint64_t k = begin; k < end; ++k) {
        slots.push_back({out_.delay.empty() ? 0 : out_.delay[k], out_.target[k], k - begin});
      }
      if (std::is_sorted(slots.begin(), slots.end())) continue;
      std::sort(slots.begin(), slots.end());
      for (std::uint64_t k = begin; k < end; ++k) {
        const Slot& slot = slots[k - begin];
        out_.target[k] = slot.target;
        if (!out_.delay.empty()) out_.delay[k] = slot.delay;
      }
      Reorder(out_.weight, begin, slots);
      Reorder(out_.weight64, begin, slots);
    }
  }

  template <class Real>
  static void Reorder(std::vector<Real>& weights, std::uint64_t begin, const std::vector<Slot>& slots) {
    if (weights.empty()) return;
    const auto row = weights.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<Real> before(row, row + static_cast<std::ptrdiff_t>(slots.size()));
    for (std::size_t k = 0; k < slots.size(); ++k) weights[begin + k] = before[slots[k].from];
  }

  const ProjectionSpec& projection_;
  std::uint32_t sources_;
  std::uint32_t targets_;
  bool same_;  // sizes are equal, so that numbers pair
  bool double_;
  Tick grid_;
  std::size_t expected_;
  PhiloxKey key_;
  bool ordered_ = true;              // targets ascend in every row
  std::span<const double> weights_;  // those that the user gave
  std::span<const double> delays_ms_;
  std::vector<std::uint64_t> number_;  // see NumberOf; empty: in order
  Synapses out_;
};

// Synapses of all kinds of connector between populations of these sizes.
struct Count {
  double sources;
  double targets;
  bool same;

  double Pairs(bool self) const { return sources * targets - (same && !self ? sources : 0); }
  double operator()(const OneToOne&) const { return sources; }
  double operator()(const AllToAll& all) const { return Pairs(all.self); }
  double operator()(const FixedProbability& fixed) const {
    const double mean = Pairs(fixed.self) * fixed.probability;
    return std::min(Pairs(fixed.self), std::ceil(mean + 5 * std::sqrt(mean * (1 - fixed.probability))));
  }
  double operator()(const FixedInDegree& fixed) const { return targets * fixed.count; }
  double operator()(const FixedOutDegree& fixed) const { return sources * fixed.count; }
  double operator()(const ConnectionList& list) const { return static_cast<double>(list.sources.size()); }
  double operator()(const DenseMatrix& matrix) const {
    return static_cast<double>(
        std::count_if(matrix.weights.begin(), matrix.weights.end(), [](double w) { return !std::isnan(w); }));
  }
};

}  // namespace

double ExpectedSynapses(const NetworkSpec& spec, std::uint32_t index) {
  const ProjectionSpec& projection = spec.projections[index];
  const Count count{
      .sources = static_cast<double>(spec.populations[projection.source].size),
      .targets = static_cast<double>(spec.populations[projection.target].size),
      .same = spec.populations[projection.source].size == spec.populations[projection.target].size};
  return std::visit(count, projection.connector);
}

Synapses Connect(const NetworkSpec& spec, std::uint32_t index, Tick grid) {
  return Builder(spec, index, grid).Build();
}

}  // namespace synfire::events
