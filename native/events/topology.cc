// Builds compressed rows from drawn synapses.
#include "native/events/topology.h"

#include <algorithm>

namespace synfire::events {
namespace {

constexpr std::uint32_t kNarrowTargets = 1u << 16;

}  // namespace

Rows::Rows(const Synapses& synapses, std::uint32_t sources, std::uint32_t targets)
    : sources_(sources), targets_(targets), dense_(synapses.dense), narrow_(targets <= kNarrowTargets) {
  const std::uint64_t count = synapses.row.back();
  if (!dense_) {
    if (narrow_) {
      target16_ = AlignedBuffer<std::uint16_t>(count);
      std::copy(synapses.target.begin(), synapses.target.end(), target16_.begin());
    } else {
      target32_ = AlignedBuffer<std::uint32_t>(count);
      std::copy(synapses.target.begin(), synapses.target.end(), target32_.begin());
    }
  }
  if (synapses.delay.empty()) {
    min_delay_ = max_delay_ = synapses.uniform_delay;
    begin_ = AlignedBuffer<std::uint64_t>(sources + std::size_t{1});
    std::copy(synapses.row.begin(), synapses.row.end(), begin_.begin());
    return;
  }
  std::vector<std::uint64_t> begin;
  row_of_source_.reserve(sources + std::size_t{1});
  for (std::uint32_t source = 0; source < sources; ++source) {
    row_of_source_.push_back(begin.size());
    for (std::uint64_t k = synapses.row[source]; k < synapses.row[source + 1]; ++k) {
      if (k > synapses.row[source] && synapses.delay[k] == synapses.delay[k - 1]) continue;
      begin.push_back(k);
      delay_.push_back(synapses.delay[k]);
    }
  }
  row_of_source_.push_back(begin.size());
  begin.push_back(count);
  begin_ = AlignedBuffer<std::uint64_t>(begin.size());
  std::copy(begin.begin(), begin.end(), begin_.begin());
  if (!delay_.empty()) {
    const auto [low, high] = std::minmax_element(delay_.begin(), delay_.end());
    min_delay_ = *low;
    max_delay_ = *high;
  }
}

std::uint64_t Rows::bytes() const {
  return begin_.bytes() + target16_.bytes() + target32_.bytes() +
         row_of_source_.size() * sizeof(std::uint64_t) + delay_.size() * sizeof(Tick);
}

std::uint64_t Rows::LowerBound(std::uint64_t row, std::uint32_t target) const {
  const std::uint64_t first = begin(row), last = end(row);
  if (dense_) return first + std::min<std::uint64_t>(target, last - first);
  if (narrow_) {
    return static_cast<std::uint64_t>(std::lower_bound(target16() + first, target16() + last, target) -
                                      target16());
  }
  return static_cast<std::uint64_t>(std::lower_bound(target32() + first, target32() + last, target) -
                                    target32());
}

RowCuts::RowCuts(const Rows& rows, const std::vector<std::uint32_t>& bounds)
    : chunks_(static_cast<std::uint32_t>(bounds.size()) + 1), cuts_(bounds.size() * rows.rows()) {
  for (std::size_t c = 0; c < bounds.size(); ++c) {
    for (std::uint64_t row = 0; row < rows.rows(); ++row) {
      cuts_[c * rows.rows() + row] =
          static_cast<std::uint32_t>(rows.LowerBound(row, bounds[c]) - rows.begin(row));
    }
  }
}

}  // namespace synfire::events
