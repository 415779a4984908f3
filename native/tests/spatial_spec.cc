// Descriptions of spatial networks: what is refused, and what pages and networks take.
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "native/spatial/spec.h"
#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

SpatialSpec Plain() {
  return Network({{5, 4, 3}, {4, 4, 4}, {2, 2, 2}}, Activation::kTanh);
}

void CheckRefused(const std::string& field, const std::function<void(SpatialSpec&)>& change,
                  ErrorCode code = ErrorCode::kInvalidArgument,
                  std::source_location where = std::source_location::current()) {
  SpatialSpec spec = Plain();
  change(spec);
  for (const bool build : {false, true}) {
    try {
      if (build) {
        SpatialNetwork network(spec);
      } else {
        CheckSpec(spec);
      }
    } catch (const Error& error) {
      if (error.code() != code) test::Fail(std::string("threw ") + ErrorName(error.code()), where);
      if (error.field() != field) test::Fail("blamed " + error.field() + ", expected " + field, where);
      if (error.expected().empty()) test::Fail("said nothing of what is expected", where);
      continue;
    }
    test::Fail(field + " was not refused", where);
  }
}

TEST("spatial specs: good ones pass") {
  CheckSpec(Plain());
  SpatialSpec spec = Plain();
  spec.grids[0] = {65535, 1, 1};
  spec.pattern_bits = 0;
  spec.capacity = 28;
  spec.min_rate = 0;
  spec.initial_rate = spec.max_rate = 1;
  spec.growth_threshold = 1;
  spec.temporal_decay = 0.999f;
  for (const std::uint32_t bits : {1u, 2u, 4u}) {
    spec.bits = bits;
    CheckSpec(spec);
  }
}

TEST("spatial specs: grids are refused") {
  CheckRefused("grids", [](SpatialSpec& s) { s.grids.resize(1); });
  CheckRefused("grids", [](SpatialSpec& s) { s.grids.clear(); });
  CheckRefused("grids[0][0]", [](SpatialSpec& s) { s.grids[0] = {0, 1, 1}; });
  CheckRefused("grids[1][2]", [](SpatialSpec& s) { s.grids[1] = {3, 3, 0}; });
  CheckRefused("grids[2][1]", [](SpatialSpec& s) { s.grids[2] = {1, 65536, 1}; });
  CheckRefused("grids[0][0]", [](SpatialSpec& s) { s.grids[0][0] = 0xFFFFFFFF; });
  CheckRefused("grids[1]", [](SpatialSpec& s) { s.grids[1] = {1024, 1024, 257}; });
  CheckRefused("grids[0]", [](SpatialSpec& s) { s.grids[0] = {65535, 65535, 65535}; });
}

TEST("spatial specs: windows are refused") {
  CheckRefused("reach", [](SpatialSpec& s) { s.reach.pop_back(); });
  CheckRefused("reach", [](SpatialSpec& s) { s.reach.push_back({1, 1, 1}); });
  CheckRefused("reach[0]", [](SpatialSpec& s) { s.capacity = 27; });
  CheckRefused("reach[1]", [](SpatialSpec& s) {
    s.reach = {{0, 0, 0}, {3, 3, 3}};
    s.capacity = 64;  // the window has 64 cells, and there is the bias
  });
  CheckRefused("reach[1]", [](SpatialSpec& s) { s.reach[1][2] = 65536; });
  CheckRefused("reach[0]", [](SpatialSpec& s) { s.reach[0][0] = 0xFFFFFFFF; });
}

TEST("spatial specs: activations are refused") {
  CheckRefused("activations[1]", [](SpatialSpec& s) { s.activations[1][63] = 12; });
  CheckRefused("activations[0]", [](SpatialSpec& s) { s.activations[0][0] = 255; });
}

TEST("spatial specs: a wrong number of maps of activations is called by its name") {
  CheckRefused("activations", [](SpatialSpec& s) { s.activations.pop_back(); });
}

TEST("spatial specs: numbers are refused") {
  for (const std::uint32_t bits : {0u, 3u, 5u, 8u, 16u})
    CheckRefused("bits", [=](SpatialSpec& s) { s.bits = bits; });
  for (const std::uint32_t capacity : {0u, 1u, 65537u})
    CheckRefused("capacity", [=](SpatialSpec& s) { s.capacity = capacity; });
  CheckRefused("patternBits", [](SpatialSpec& s) { s.pattern_bits = 4; });
  for (const float decay : {1.0f, -0.1f, 2.0f, std::numeric_limits<float>::quiet_NaN()})
    CheckRefused("temporalDecay", [=](SpatialSpec& s) { s.temporal_decay = decay; });
  for (const float threshold : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN()})
    CheckRefused("growth.threshold", [=](SpatialSpec& s) { s.growth_threshold = threshold; });
  for (const int threads : {0, -1, 1025})
    CheckRefused("threads", [=](SpatialSpec& s) { s.threads = threads; });
}

TEST("spatial specs: learning rates are refused") {
  CheckRefused("learningRate.max", [](SpatialSpec& s) { s.max_rate = 1.5f; });
  CheckRefused("learningRate.max", [](SpatialSpec& s) { s.max_rate = 0; });
  CheckRefused("learningRate.max",
               [](SpatialSpec& s) { s.max_rate = std::numeric_limits<float>::infinity(); });
  CheckRefused("learningRate.min", [](SpatialSpec& s) { s.min_rate = 0.2f; });
  CheckRefused("learningRate.min", [](SpatialSpec& s) { s.min_rate = -0.1f; });
  CheckRefused("learningRate.initial", [](SpatialSpec& s) { s.initial_rate = 0.0005f; });
  CheckRefused("learningRate.initial", [](SpatialSpec& s) { s.initial_rate = 0.2f; });
  CheckRefused("learningRate.initial", [](SpatialSpec& s) { s.initial_rate = std::nanf(""); });
}

TEST("spatial specs: what does not fit into memory is refused before it is built") {
  CheckRefused(
      "maxMemoryBytes", [](SpatialSpec& s) { s.max_memory_bytes = EstimateBytes(s) - 1; },
      ErrorCode::kOutOfMemory);
  CheckRefused(
      "maxMemoryBytes",
      [](SpatialSpec& s) {
        s.grids[1] = {8192, 8192, 1};
        s.max_memory_bytes = std::uint64_t{1} << 33;
      },
      ErrorCode::kOutOfMemory);
  SpatialSpec spec = Plain();
  spec.max_memory_bytes = EstimateBytes(spec);
  CheckSpec(spec);
}

TEST("spatial specs: what is let through has the memory to learn from one sample") {
  for (const float decay : {0.0f, 0.5f}) {
    SpatialSpec spec = Plain();
    spec.temporal_decay = decay;
    spec.max_memory_bytes = EstimateBytes(spec);
    SpatialNetwork network(spec);
    const std::vector<float> ones(network.inputs(), 1);
    Teach(network, ones, std::vector<float>(network.outputs()));
    CHECK(network.memory_bytes() <= spec.max_memory_bytes);
  }
}

TEST("spatial specs: estimates of memory grow with all that takes some") {
  const SpatialSpec plain = Plain();
  const auto more = [&](const std::function<void(SpatialSpec&)>& change) {
    SpatialSpec spec = plain;
    change(spec);
    return EstimateBytes(spec) > EstimateBytes(plain);
  };
  CHECK(more([](SpatialSpec& s) { s.capacity *= 2; }));
  CHECK(more([](SpatialSpec& s) { s.rounding = Rounding::kResidual; }));
  CHECK(more([](SpatialSpec& s) { s.grids[1][0] += 1; }));
  CHECK(more([](SpatialSpec& s) { s.grids[0] = {9, 9, 9}; }));
  CHECK(!more([](SpatialSpec& s) { s.bits = 2; }));
  // What a network takes is about what was estimated.
  SpatialNetwork network(plain);
  const std::vector<float> zeros(network.inputs());
  Teach(network, zeros, std::vector<float>(network.outputs()));
  CHECK_NEAR(static_cast<double>(network.memory_bytes()), static_cast<double>(EstimateBytes(plain)),
             0.2 * static_cast<double>(EstimateBytes(plain)));
}

TEST("spatial specs: pages are as long as their weights") {
  CHECK_EQUAL(FormatOf(28, 4).bytes, 14u);
  CHECK_EQUAL(FormatOf(27, 4).bytes, 14u);
  CHECK_EQUAL(FormatOf(28, 2).bytes, 7u);
  CHECK_EQUAL(FormatOf(28, 1).bytes, 4u);
  CHECK_EQUAL(FormatOf(33, 1).bytes, 5u);
  CHECK_EQUAL(FormatOf(2, 1).bytes, 1u);
  CHECK_EQUAL(FormatOf(28, 4).levels, 15u);
  CHECK_EQUAL(FormatOf(28, 2).levels, 3u);
  CHECK_EQUAL(FormatOf(28, 1).levels, 1u);
  CHECK_EQUAL(MostPages(FormatOf(28, 4), 256), 9u);
  CHECK_EQUAL(MostPages(FormatOf(28, 4), 28), 1u);
  CHECK_EQUAL(MostPages(FormatOf(2, 4), 65536), 64u);
  CHECK_EQUAL(Plain().PageWeights(0), 28u);
  CHECK_EQUAL(Plain().PageWeights(1), 28u);
  CHECK_EQUAL(Network({{2, 2, 1}, {4, 2, 2}}, Activation::kTanh).PageWeights(0), 5u);
}

}  // namespace
}  // namespace synfire::spatial
