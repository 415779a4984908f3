// A data set held once in native memory: 8-bit samples with class labels or float targets.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "native/base/aligned_buffer.h"

namespace synfire {

// What a data set is made of; sizes are fixed for its lifetime.
struct DatasetLayout {
  int channels = 1;
  int height = 1;
  int width = 1;
  int64_t samples = 0;
  int classes = 0;  // 0: the set has no labels
  int targets = 0;  // floats per sample; 0: the set has no targets
};

// Samples (channel, row, column order; p = byte / 255), int32 labels in [0, classes) and float targets.
// Reading single samples is unchecked: users of raw indices call CheckIndices once per run.
// Writes need exclusive access: see DatasetReader and DatasetWriter.
class Dataset {
 public:
  // Throws Error{kInvalidArgument} for an impossible layout and Error{kOutOfMemory} when memory is short.
  explicit Dataset(const DatasetLayout& layout);

  uint32_t samples() const { return static_cast<uint32_t>(layout_.samples); }
  int channels() const { return layout_.channels; }
  int height() const { return layout_.height; }
  int width() const { return layout_.width; }
  int classes() const { return layout_.classes; }
  int target_count() const { return layout_.targets; }
  size_t sample_bytes() const { return sample_bytes_; }
  // Native memory held, in bytes.
  size_t bytes() const;

  const uint8_t* sample(uint32_t i) const { return pixels_.data() + static_cast<size_t>(i) * sample_bytes_; }
  int32_t label(uint32_t i) const { return labels_.data()[i]; }
  const float* targets(uint32_t i) const {
    return targets_.data() + static_cast<size_t>(i) * static_cast<size_t>(layout_.targets);
  }

  // Samples [first, first + count), bounds checked; the writable forms are for holders of a DatasetWriter.
  std::span<const uint8_t> SampleRange(int64_t first, int64_t count) const;
  std::span<const int32_t> LabelRange(int64_t first, int64_t count) const;
  std::span<const float> TargetRange(int64_t first, int64_t count) const;
  std::span<uint8_t> MutableSamples(int64_t first, int64_t count);
  std::span<int32_t> MutableLabels(int64_t first, int64_t count);

  // Copy whole samples, labels or targets in, starting at sample `first`; throw Error{kInvalidArgument} when
  // they do not fit.
  void WriteSamples(int64_t first, std::span<const uint8_t> pixels);
  void WriteLabels(int64_t first, std::span<const int32_t> labels);
  void WriteTargets(int64_t first, std::span<const float> targets);

  // Throws unless [first, first + count) lies inside the set.
  void CheckRange(int64_t first, int64_t count) const;
  // Throws naming the first index outside the set.
  void CheckIndices(std::span<const uint32_t> indices) const;

 private:
  friend class DatasetReader;
  friend class DatasetWriter;

  DatasetLayout layout_;
  size_t sample_bytes_ = 0;
  AlignedBuffer<uint8_t> pixels_;
  AlignedBuffer<int32_t> labels_;
  AlignedBuffer<float> targets_;
  std::atomic<int32_t> users_{0};  // readers, or -1 while someone writes
};

// Holds a data set unchanged for as long as it lives; throws Error{kBusy} while it is being written.
class DatasetReader {
 public:
  explicit DatasetReader(Dataset& dataset);
  ~DatasetReader();
  DatasetReader(const DatasetReader&) = delete;
  DatasetReader& operator=(const DatasetReader&) = delete;

 private:
  Dataset& dataset_;
};

// Exclusive access for writing; throws Error{kBusy} while the set is in use.
class DatasetWriter {
 public:
  explicit DatasetWriter(Dataset& dataset);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

 private:
  Dataset& dataset_;
};

}  // namespace synfire
