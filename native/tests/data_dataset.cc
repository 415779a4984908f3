// The data set's bounds, copies and the rule that nobody writes while somebody reads.
#include <numeric>
#include <optional>
#include <vector>

#include "native/data/dataset.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

TEST("a data set gives back what was written") {
  Dataset dataset({.channels = 2, .height = 3, .width = 4, .samples = 5, .classes = 3, .targets = 2});
  CHECK_EQUAL(dataset.sample_bytes(), 24u);
  CHECK_EQUAL(dataset.bytes(), 5u * 24 + 5 * 4 + 10 * 4);
  std::vector<uint8_t> pixels(48);
  std::iota(pixels.begin(), pixels.end(), uint8_t{1});
  dataset.WriteSamples(2, pixels);
  dataset.WriteLabels(1, std::vector<int32_t>{2, 1, 0, 2});
  dataset.WriteTargets(4, std::vector<float>{0.5f, -1.5f});
  CHECK_EQUAL(+dataset.sample(1)[23], 0);
  CHECK_EQUAL(+dataset.sample(2)[0], 1);
  CHECK_EQUAL(+dataset.sample(3)[23], 48);
  CHECK_EQUAL(+dataset.sample(4)[0], 0);
  CHECK_EQUAL(dataset.label(0), 0);
  CHECK_EQUAL(dataset.label(1), 2);
  CHECK_EQUAL(dataset.label(4), 2);
  CHECK_EQUAL(dataset.targets(4)[1], -1.5f);
  CHECK_EQUAL(dataset.SampleRange(2, 2).size(), 48u);
  CHECK_EQUAL(dataset.LabelRange(1, 2)[0], 2);
  CHECK_EQUAL(dataset.TargetRange(4, 1)[0], 0.5f);
}

TEST("a data set refuses impossible layouts") {
  CHECK_THROWS(Dataset({.channels = 0, .samples = 1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.height = 1 << 17, .samples = 1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.samples = 0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.samples = -1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.samples = int64_t{1} << 32}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.samples = 1, .classes = -1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Dataset({.channels = 1 << 16, .height = 1 << 16, .width = 1 << 16, .samples = INT32_MAX}),
               ErrorCode::kInvalidArgument);
}

TEST("a data set refuses writes and reads that do not fit") {
  Dataset dataset({.channels = 1, .height = 2, .width = 2, .samples = 3, .classes = 2, .targets = 1});
  CHECK_THROWS(dataset.WriteSamples(0, std::vector<uint8_t>(5)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteSamples(2, std::vector<uint8_t>(8)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteSamples(-1, std::vector<uint8_t>(4)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteSamples(4, std::vector<uint8_t>(0)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteLabels(0, std::vector<int32_t>{0, 2}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteLabels(0, std::vector<int32_t>{-1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteLabels(2, std::vector<int32_t>{0, 0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteTargets(2, std::vector<float>(2)), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.SampleRange(1, 3), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.SampleRange(INT64_MAX, 1), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.SampleRange(1, INT64_MAX), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.CheckIndices(std::vector<uint32_t>{0, 2, 3}), ErrorCode::kInvalidArgument);
  CHECK_EQUAL(dataset.label(0), 0);  // a refused list writes nothing
}

TEST("a set without labels or targets takes none") {
  Dataset dataset({.samples = 3});
  CHECK_THROWS(dataset.WriteLabels(0, std::vector<int32_t>{0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.LabelRange(0, 1), ErrorCode::kInvalidArgument);
  CHECK_THROWS(dataset.WriteTargets(0, std::vector<float>{0}), ErrorCode::kInvalidArgument);
  CHECK(dataset.TargetRange(0, 3).empty());
}

TEST("a data set is written by one or read by many") {
  Dataset dataset({.samples = 3});
  {
    const DatasetReader first(dataset);
    const DatasetReader second(dataset);
    CHECK_THROWS(DatasetWriter(dataset), ErrorCode::kBusy);
  }
  {
    const DatasetWriter writer(dataset);
    CHECK_THROWS(DatasetWriter(dataset), ErrorCode::kBusy);
    CHECK_THROWS(DatasetReader(dataset), ErrorCode::kBusy);
  }
  const DatasetReader reader(dataset);
}

}  // namespace
}  // namespace synfire
