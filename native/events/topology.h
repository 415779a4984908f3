// The synapses of a projection as compressed rows: immutable, shared by all replicas of a network.
#pragma once

#include <cstdint>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/events/connect.h"
#include "native/events/time.h"

namespace synfire::events {

/// Synapses in rows. A row holds the synapses of one source that share one delay: one row per source where
/// all delays are equal, else as many as the source has distinct delays. Targets of a row ascend.
class Rows {
 public:
  Rows(const Synapses& synapses, std::uint32_t sources, std::uint32_t targets);

  std::uint32_t sources() const { return sources_; }
  std::uint32_t targets() const { return targets_; }
  std::uint64_t rows() const { return begin_.size() - 1; }
  std::uint64_t synapses() const { return begin_[rows()]; }
  bool dense() const { return dense_; }
  bool narrow() const { return narrow_; }
  bool one_delay() const { return row_of_source_.empty(); }
  Tick min_delay() const { return min_delay_; }
  Tick max_delay() const { return max_delay_; }
  std::uint64_t bytes() const;

  std::uint64_t begin(std::uint64_t row) const { return begin_[row]; }
  std::uint64_t end(std::uint64_t row) const { return begin_[row + 1]; }
  const std::uint16_t* target16() const { return target16_.data(); }
  const std::uint32_t* target32() const { return target32_.data(); }
  std::uint32_t target(std::uint64_t row, std::uint64_t synapse) const {
    if (dense_) return static_cast<std::uint32_t>(synapse - begin_[row]);
    return narrow_ ? target16_[synapse] : target32_[synapse];
  }

  /// The rows of a source are [first_row(source), first_row(source + 1)).
  std::uint64_t first_row(std::uint32_t source) const {
    return row_of_source_.empty() ? source : row_of_source_[source];
  }
  Tick delay(std::uint64_t row) const { return delay_.empty() ? min_delay_ : delay_[row]; }
  std::uint64_t out_degree(std::uint32_t source) const {
    return begin_[first_row(source + 1)] - begin_[first_row(source)];
  }

  /// Index of the first synapse of a row whose target is not below `target`.
  std::uint64_t LowerBound(std::uint64_t row, std::uint32_t target) const;

 private:
  std::uint32_t sources_;
  std::uint32_t targets_;
  bool dense_;
  bool narrow_;
  Tick min_delay_ = 0;
  Tick max_delay_ = 0;
  AlignedBuffer<std::uint64_t> begin_;
  AlignedBuffer<std::uint16_t> target16_;
  AlignedBuffer<std::uint32_t> target32_;
  std::vector<std::uint64_t> row_of_source_;
  std::vector<Tick> delay_;
};

/// Where the targets of each chunk of a population begin within every row; rebuilt when the number of threads
/// changes.
class RowCuts {
 public:
  RowCuts() = default;
  /// `bounds` are the first neurons of chunks 1, 2, ….
  RowCuts(const Rows& rows, const std::vector<std::uint32_t>& bounds);

  std::uint64_t begin(const Rows& rows, std::uint64_t row, std::uint32_t chunk) const {
    return chunk == 0 ? rows.begin(row) : rows.begin(row) + cuts_[(chunk - 1) * rows.rows() + row];
  }
  std::uint64_t end(const Rows& rows, std::uint64_t row, std::uint32_t chunk) const {
    return chunk == chunks_ - 1 ? rows.end(row) : rows.begin(row) + cuts_[chunk * rows.rows() + row];
  }
  std::uint64_t bytes() const { return cuts_.bytes(); }

 private:
  std::uint32_t chunks_ = 1;
  AlignedBuffer<std::uint32_t> cuts_;
};

}  // namespace synfire::events
