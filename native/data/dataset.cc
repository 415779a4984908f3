// Bounds-checked storage behind Dataset.
#include "native/data/dataset.h"

#include <algorithm>
#include <string>

#include "native/base/error.h"

namespace synfire {
namespace {

constexpr int64_t kMaxSide = 1 << 16;
constexpr int64_t kMaxBytes = int64_t{1} << 46;

void Require(bool valid, const std::string& field, int64_t value, const std::string& expected) {
  if (!valid) throw InvalidArgument(field, std::to_string(value), expected);
}

void CheckIndexed(bool valid, const char* list, int64_t index, int64_t value, uint32_t limit) {
  if (valid) return;
  throw InvalidArgument(std::string(list) + "[" + std::to_string(index) + "]", std::to_string(value),
                        "0 to " + std::to_string(limit - 1));
}

const DatasetLayout& Checked(const DatasetLayout& layout) {
  const std::string side = "1 to " + std::to_string(kMaxSide);
  Require(layout.channels >= 1 && layout.channels <= kMaxSide, "channels", layout.channels, side);
  Require(layout.height >= 1 && layout.height <= kMaxSide, "height", layout.height, side);
  Require(layout.width >= 1 && layout.width <= kMaxSide, "width", layout.width, side);
  Require(layout.samples >= 1 && layout.samples <= INT32_MAX, "samples", layout.samples,
          "1 to " + std::to_string(INT32_MAX));
  Require(layout.classes >= 0, "classes", layout.classes, "0 (no labels) or more");
  Require(layout.targets >= 0, "targets", layout.targets, "0 (none) or more");
  const int64_t sample_bytes = int64_t{layout.channels} * layout.height * layout.width;
  Require(sample_bytes <= kMaxBytes / layout.samples, "samples", layout.samples,
          "a data set below " + std::to_string(kMaxBytes) + " bytes");
  return layout;
}

int64_t WholeSamples(size_t values, size_t per_sample, const char* field) {
  Require(per_sample > 0, field, static_cast<int64_t>(values),
          "no values, as the data set was made without any");
  Require(values % per_sample == 0, field, static_cast<int64_t>(values),
          "a multiple of " + std::to_string(per_sample) + " values");
  return static_cast<int64_t>(values / per_sample);
}

}  // namespace

Dataset::Dataset(const DatasetLayout& layout)
    : layout_(Checked(layout)),
      sample_bytes_(static_cast<size_t>(layout.channels) * layout.height * layout.width),
      pixels_(sample_bytes_ * layout.samples),
      labels_(layout.classes > 0 ? layout.samples : 0),
      targets_(static_cast<size_t>(layout.targets) * layout.samples) {}

size_t Dataset::bytes() const {
  return pixels_.size() + labels_.size() * sizeof(int32_t) + targets_.size() * sizeof(float);
}

std::span<const uint8_t> Dataset::SampleRange(int64_t first, int64_t count) const {
  CheckRange(first, count);
  return pixels_.span().subspan(first * sample_bytes_, count * sample_bytes_);
}

std::span<const int32_t> Dataset::LabelRange(int64_t first, int64_t count) const {
  CheckRange(first, count);
  Require(layout_.classes > 0, "classes", 0, "a data set with labels");
  return labels_.span().subspan(first, count);
}

std::span<const float> Dataset::TargetRange(int64_t first, int64_t count) const {
  CheckRange(first, count);
  return targets_.span().subspan(first * layout_.targets, count * layout_.targets);
}

std::span<uint8_t> Dataset::MutableSamples(int64_t first, int64_t count) {
  CheckRange(first, count);
  return pixels_.span().subspan(first * sample_bytes_, count * sample_bytes_);
}

std::span<int32_t> Dataset::MutableLabels(int64_t first, int64_t count) {
  CheckRange(first, count);
  Require(layout_.classes > 0, "classes", 0, "a data set with labels");
  return labels_.span().subspan(first, count);
}

void Dataset::WriteSamples(int64_t first, std::span<const uint8_t> pixels) {
  const int64_t count = WholeSamples(pixels.size(), sample_bytes_, "samples");
  std::copy(pixels.begin(), pixels.end(), MutableSamples(first, count).begin());
}

void Dataset::WriteLabels(int64_t first, std::span<const int32_t> labels) {
  const std::span<int32_t> destination = MutableLabels(first, static_cast<int64_t>(labels.size()));
  for (size_t i = 0; i < labels.size(); ++i) {
    CheckIndexed(labels[i] >= 0 && labels[i] < layout_.classes, "labels", first + static_cast<int64_t>(i),
                 labels[i], static_cast<uint32_t>(layout_.classes));
  }
  std::copy(labels.begin(), labels.end(), destination.begin());
}

void Dataset::WriteTargets(int64_t first, std::span<const float> targets) {
  const auto per_sample = static_cast<size_t>(layout_.targets);
  CheckRange(first, WholeSamples(targets.size(), per_sample, "targets"));
  std::copy(targets.begin(), targets.end(), targets_.data() + static_cast<size_t>(first) * per_sample);
}

void Dataset::CheckRange(int64_t first, int64_t count) const {
  const int64_t total = layout_.samples;
  Require(first >= 0 && first <= total, "first", first, "0 to " + std::to_string(total));
  Require(count >= 0 && count <= total - first, "count", count,
          "at most " + std::to_string(total - first) + " samples from sample " + std::to_string(first));
}

void Dataset::CheckIndices(std::span<const uint32_t> indices) const {
  for (size_t i = 0; i < indices.size(); ++i) {
    CheckIndexed(indices[i] < samples(), "indices", static_cast<int64_t>(i), indices[i], samples());
  }
}

DatasetReader::DatasetReader(Dataset& dataset) : dataset_(dataset) {
  int32_t users = dataset_.users_.load(std::memory_order_relaxed);
  do {
    if (users < 0)
      throw Error(ErrorCode::kBusy, "The data set is being written; wait for the end of that", "dataset");
  } while (!dataset_.users_.compare_exchange_weak(users, users + 1, std::memory_order_acquire,
                                                  std::memory_order_relaxed));
}

DatasetReader::~DatasetReader() {
  dataset_.users_.fetch_sub(1, std::memory_order_release);
}

DatasetWriter::DatasetWriter(Dataset& dataset) : dataset_(dataset) {
  int32_t nobody = 0;
  if (!dataset_.users_.compare_exchange_strong(nobody, -1, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
    throw Error(ErrorCode::kBusy, "The data set is in use by a running job; write after its end", "dataset");
  }
}

DatasetWriter::~DatasetWriter() {
  dataset_.users_.store(0, std::memory_order_release);
}

}  // namespace synfire
