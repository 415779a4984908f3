// The inner loops whose shape depends on the data: every pattern of wanted rows, every length of list, on
// every instruction set.
#include <algorithm>
#include <random>
#include <vector>

#include "native/layers/kernels.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

/// One sample of 20 rows and one input per support mask, with random weights and gradients.
struct InputGradientCase {
  static constexpr int kRows = 20, kOut = 192;
  static constexpr size_t kStride = kOut + 64;

  explicit InputGradientCase(std::vector<uint32_t> masks) : support(std::move(masks)) {
    std::mt19937 random(7);
    const size_t in = support.size();
    for (size_t i = 0; i < in * kOut; ++i) weights.push_back(static_cast<uint8_t>(random()));
    for (size_t i = 0; i < kRows * kStride; ++i) gradient.push_back(static_cast<int8_t>(random() % 255) + 1);
    for (int r = 0; r < kRows; ++r) {
      scales.push_back(0.5f + static_cast<float>(r));
      int32_t sum = 0;
      for (int j = 0; j < kOut; ++j) sum += gradient[r * kStride + j];
      sums.push_back(sum);
    }
  }

  std::vector<float> Run(const Kernels& kernels) const {
    std::vector<float> out(kRows * support.size(), 0.0f);
    const uint32_t* const supports[] = {support.data()};
    kernels.input_gradient({weights.data(), 0, static_cast<int>(support.size()), kOut, 1, kRows,
                            gradient.data(), kStride, scales.data(), sums.data(), supports, out.data(),
                            support.size()});
    return out;
  }

  float Expected(int row, size_t input) const {
    if ((support[input] >> row & 1u) == 0) return 0.0f;
    int32_t sum = 0;
    for (int j = 0; j < kOut; ++j) sum += (weights[input * kOut + j] - 128) * gradient[row * kStride + j];
    return static_cast<float>(sum) * scales[row];
  }

  std::vector<uint32_t> support;
  std::vector<uint8_t> weights;
  std::vector<int8_t> gradient;
  std::vector<float> scales;
  std::vector<int32_t> sums;
};

std::vector<uint32_t> Masks() {
  std::vector<uint32_t> masks = {0, 1, 0xfffff, 0x0ffff, 0x10001, 0x1ffff, 0x30000, 0x80000, 0x18001};
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i)
    masks.push_back(static_cast<uint32_t>(random()) & static_cast<uint32_t>(random()) & 0xfffff);
  return masks;
}

}  // namespace

TEST("an input gradient is formed in the wanted rows only, whatever their pattern") {
  const InputGradientCase c(Masks());
  for (const auto& [name, kernels] : SupportedTables()) {
    const std::vector<float> out = c.Run(*kernels);
    for (int row = 0; row < InputGradientCase::kRows; ++row)
      for (size_t i = 0; i < c.support.size(); ++i)
        CHECK_EQUAL(out[row * c.support.size() + i], c.Expected(row, i));
  }
}

TEST("pairs of rows are listed for every input that is active in them") {
  std::mt19937 random(3);
  const int columns = 37,
            rows = 2 * kSegmentPairs - 5;  // neither a multiple of a vector, the last pair with one row
  std::vector<uint8_t> operand(static_cast<size_t>(rows) * columns + 64);
  for (uint8_t& count : operand) count = random() % 7 == 0 ? static_cast<uint8_t>(1 + random() % 3) : 0;
  const size_t stride = kSegmentPairs + kListUnit + kListSlack;
  for (const auto& [name, kernels] : SupportedTables()) {
    std::vector<uint32_t> pairs(columns * stride), coefficients(columns * stride);
    std::vector<int32_t> counts(columns, 0);
    kernels->scan_bytes(operand.data(), {0,
                                         (rows + 1) / 2,
                                         rows,
                                         static_cast<size_t>(columns),
                                         columns,
                                         {pairs.data(), coefficients.data(), stride},
                                         counts.data()});
    for (int c = 0; c < columns; ++c) {
      int at = 0;
      for (int p = 0; p < (rows + 1) / 2; ++p) {
        const uint32_t low = operand[static_cast<size_t>(2 * p) * columns + c];
        const uint32_t high = 2 * p + 1 < rows ? operand[static_cast<size_t>(2 * p + 1) * columns + c] : 0;
        if ((low | high) == 0) continue;
        CHECK_EQUAL(pairs[c * stride + at], static_cast<uint32_t>(p));
        CHECK_EQUAL(coefficients[c * stride + at], low | high << 16);
        ++at;
      }
      CHECK_EQUAL(counts[c] % kListUnit, 0);
      CHECK(counts[c] - at >= 0 && counts[c] - at < kListUnit);
      for (; at < counts[c]; ++at) CHECK_EQUAL(coefficients[c * stride + at], 0u);
    }
  }
}

}  // namespace synfire::layers
