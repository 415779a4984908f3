// The built-in digits: the same bits for every thread count and order, and statistics like those of real
// handwriting.
#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "native/base/thread_team.h"
#include "native/data/digit_glyphs.h"
#include "native/data/digits.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

constexpr int kPixels = kDigitSide * kDigitSide;
constexpr DatasetLayout Layout(int64_t samples) {
  return {1, kDigitSide, kDigitSide, samples, kDigitClasses, 0};
}

void Generate(Dataset& dataset, uint64_t seed, uint32_t first, int threads) {
  ThreadTeam team(threads);
  GenerateDigits(dataset, seed, first, team, [](uint32_t) {});
}

bool Equal(const Dataset& a, const Dataset& b) {
  return std::ranges::equal(a.SampleRange(0, a.samples()), b.SampleRange(0, b.samples())) &&
         std::ranges::equal(a.LabelRange(0, a.samples()), b.LabelRange(0, b.samples()));
}

// FNV-1a, to pin the bits.
uint64_t Hash(const Dataset& dataset) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint8_t byte : dataset.SampleRange(0, dataset.samples())) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

TEST("digits are the same for 1, 2, 3 and 7 threads") {
  Dataset expected(Layout(3001));
  Generate(expected, 5, 100, 1);
  for (const int threads : {2, 3, 7}) {
    Dataset dataset(Layout(3001));
    Generate(dataset, 5, 100, threads);
    CHECK(Equal(dataset, expected));
  }
}

TEST("a digit depends on seed and index, not on the size of the set") {
  Dataset all(Layout(500));
  Dataset part(Layout(20));
  Generate(all, 5, 0, 2);
  Generate(part, 5, 300, 2);
  std::array<uint8_t, kPixels> digit;
  for (uint32_t i = 0; i < part.samples(); ++i) {
    CHECK(std::equal(part.sample(i), part.sample(i) + kPixels, all.sample(300 + i)));
    CHECK_EQUAL(DrawDigit(5, 300 + i, digit.data()), part.label(i));
    CHECK(std::ranges::equal(digit, part.SampleRange(i, 1)));
  }
  Dataset other(Layout(20));
  Generate(other, 6, 300, 2);
  CHECK(!Equal(part, other));
}

TEST("digits are the same on every machine") {
  Dataset dataset(Layout(200));
  Generate(dataset, 1, 0, 2);
  CHECK_EQUAL(Hash(dataset), 1181735345513175893u);
}

TEST("digits have the ink of handwriting: about 19 % of the pixels, mean 0.13, centred") {
  Dataset dataset(Layout(5000));
  Generate(dataset, 2, 0, 2);
  double inked = 0, sum = 0, x = 0, y = 0;
  std::array<int, kDigitClasses> labels{};
  for (uint32_t i = 0; i < dataset.samples(); ++i) {
    ++labels[dataset.label(i)];
    const uint8_t* pixels = dataset.sample(i);
    CHECK(std::any_of(pixels, pixels + kPixels, [](uint8_t value) { return value > 100; }));
    for (int p = 0; p < kPixels; ++p) {
      inked += pixels[p] > 0;
      sum += pixels[p];
      x += pixels[p] * (p % kDigitSide);
      y += pixels[p] * (p / kDigitSide);
    }
  }
  const double total = 5000.0 * kPixels;
  CHECK_NEAR(inked / total, 0.19, 0.015);
  CHECK_NEAR(sum / total / 255, 0.13, 0.01);
  CHECK_NEAR(x / sum, 13.5, 0.1);
  CHECK_NEAR(y / sum, 13.5, 0.1);
  for (const int count : labels) CHECK_NEAR(count, 500, 110);
}

TEST("no two digits are alike") {
  Dataset dataset(Layout(400));
  Generate(dataset, 3, 0, 2);
  for (uint32_t i = 0; i < dataset.samples(); ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      CHECK(!std::equal(dataset.sample(i), dataset.sample(i) + kPixels, dataset.sample(j)));
    }
  }
}

TEST("every glyph begins with a pen put down, and the shares of a digit's glyphs sum to one") {
  for (int digit = 0; digit < kDigitClasses; ++digit) {
    float shares = 0;
    for (const Glyph& glyph : GlyphsOf(digit)) {
      shares += glyph.weight;
      CHECK(glyph.points.size() >= 2 && glyph.points.front().pen == Pen::kStart);
      CHECK(glyph.points.back().pen != Pen::kStart);
    }
    CHECK_NEAR(shares, 1, 1e-6);
  }
}

TEST("digits fit 28 x 28 samples with ten classes only") {
  ThreadTeam team(1);
  const auto generate = [&](const DatasetLayout& layout) {
    Dataset dataset(layout);
    GenerateDigits(dataset, 1, 0, team, [](uint32_t) {});
  };
  CHECK_THROWS(generate({1, 28, 27, 10, 10, 0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(generate({1, 28, 28, 10, 9, 0}), ErrorCode::kInvalidArgument);
}

TEST("progress counts up to all samples and may stop the work") {
  ThreadTeam team(2);
  Dataset dataset(Layout(5000));
  uint32_t last = 0;
  GenerateDigits(dataset, 1, 0, team, [&](uint32_t done) {
    CHECK(done > last);
    last = done;
  });
  CHECK_EQUAL(last, 5000u);
  CHECK_THROWS(
      GenerateDigits(dataset, 1, 0, team, [](uint32_t) { throw Error(ErrorCode::kCancelled, "stop"); }),
      ErrorCode::kCancelled);
}

}  // namespace
}  // namespace synfire
