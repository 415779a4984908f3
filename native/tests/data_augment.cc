// Augmentation: exact shifts, rotations and displacements of known size, and results that depend on the key
// only.
#include <array>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "native/data/augment.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

constexpr int kHeight = 20;
constexpr int kWidth = 28;
constexpr int kPixels = kHeight * kWidth;
using Pixels = std::vector<uint8_t>;

// A different value at every pixel of a channel, none of them zero.
Pixels Pattern(int channels = 1) {
  Pixels pixels(static_cast<size_t>(channels) * kPixels);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(1 + i * 37 % 255);
  return pixels;
}

// A smooth hill, so that interpolation errors stay small.
Pixels Hill(double x0, double y0) {
  Pixels pixels(kPixels);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double distance = ((x - x0) * (x - x0) + (y - y0) * (y - y0)) / 18;
      pixels[y * kWidth + x] = static_cast<uint8_t>(255 * std::exp(-distance));
    }
  }
  return pixels;
}

Pixels Apply(const Augmentation& augmentation, const Pixels& in, uint32_t sample, uint64_t seed = 1,
             uint32_t epoch = 0) {
  AugmentWorkspace workspace(augmentation, kHeight, kWidth);
  Pixels out(in.size(), 7);
  Augment(augmentation, in.data(), static_cast<int>(in.size() / kPixels), kHeight, kWidth, seed, epoch,
          sample, workspace, out.data());
  return out;
}

Pixels Shifted(const Pixels& in, int dx, int dy) {
  Pixels out(in.size(), 0);
  for (size_t first = 0; first < in.size(); first += kPixels) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const int from_x = x - dx;
        const int from_y = y - dy;
        const bool inside = from_x >= 0 && from_x < kWidth && from_y >= 0 && from_y < kHeight;
        if (inside) out[first + y * kWidth + x] = in[first + from_y * kWidth + from_x];
      }
    }
  }
  return out;
}

// Centre of mass, (x, y).
std::pair<double, double> Centre(const Pixels& pixels) {
  double mass = 0, x = 0, y = 0;
  for (int i = 0; i < kPixels; ++i) {
    mass += pixels[i];
    x += pixels[i] * (i % kWidth);
    y += pixels[i] * (i / kWidth);
  }
  return {x / mass, y / mass};
}

TEST("no augmentation is no change") {
  const Augmentation none;
  CHECK(!none.any());
  CHECK(Apply(none, Pattern(3), 5) == Pattern(3));
}

TEST("a shift moves whole pixels, fills with zeros and reaches every offset alike") {
  const Pixels in = Pattern(2);
  for (const int range : {1, 3}) {
    std::vector<int> counts((2 * range + 1) * (2 * range + 1));
    constexpr uint32_t kSamples = 4000;
    for (uint32_t sample = 0; sample < kSamples; ++sample) {
      const Pixels out = Apply({.shift = range}, in, sample);
      int matches = 0;
      for (int i = 0; i < static_cast<int>(counts.size()); ++i) {
        if (out[10 * kWidth + 14] !=
            in[(10 - i / (2 * range + 1) + range) * kWidth + 14 - i % (2 * range + 1) + range])
          continue;
        if (out != Shifted(in, i % (2 * range + 1) - range, i / (2 * range + 1) - range)) continue;
        ++counts[i];
        ++matches;
      }
      CHECK_EQUAL(matches, 1);
    }
    const double expected = static_cast<double>(kSamples) / static_cast<double>(counts.size());
    for (const int count : counts) CHECK_NEAR(count, expected, 6 * std::sqrt(expected));
  }
}

TEST("the largest shift leaves one pixel of overlap") {
  const Pixels in = Pattern();
  for (uint32_t sample = 0; sample < 200; ++sample) {
    const Pixels out = Apply({.shift = kHeight - 1}, in, sample);
    bool found = false;
    for (int dy = 1 - kHeight; dy < kHeight && !found; ++dy) {
      for (int dx = 1 - kHeight; dx < kHeight && !found; ++dx) found = out == Shifted(in, dx, dy);
    }
    CHECK(found);
  }
}

TEST("a rotation turns about the centre by at most the range, both ways") {
  const double centre_x = (kWidth - 1) / 2.0;
  const double centre_y = (kHeight - 1) / 2.0;
  const Pixels in = Hill(centre_x + 6, centre_y);
  double lowest = 0, highest = 0;
  for (uint32_t sample = 0; sample < 300; ++sample) {
    const auto [x, y] = Centre(Apply({.rotate_degrees = 20}, in, sample));
    CHECK_NEAR(std::hypot(x - centre_x, y - centre_y), 6, 0.15);
    const double degrees = std::atan2(y - centre_y, x - centre_x) * 57.29577951308232;
    lowest = std::min(lowest, degrees);
    highest = std::max(highest, degrees);
  }
  CHECK_NEAR(lowest, -20, 1.5);
  CHECK_NEAR(highest, 20, 1.5);
}

TEST("a shift joined to a rotation moves the centre by whole pixels") {
  const Pixels in = Hill((kWidth - 1) / 2.0, (kHeight - 1) / 2.0);
  std::set<std::pair<int, int>> seen;
  for (uint32_t sample = 0; sample < 200; ++sample) {
    const auto [x, y] = Centre(Apply({.shift = 1, .rotate_degrees = 10}, in, sample));
    const double dx = x - (kWidth - 1) / 2.0;
    const double dy = y - (kHeight - 1) / 2.0;
    CHECK_NEAR(dx, std::round(dx), 0.1);
    CHECK_NEAR(dy, std::round(dy), 0.1);
    seen.insert({static_cast<int>(std::round(dx)), static_cast<int>(std::round(dy))});
  }
  CHECK_EQUAL(seen.size(), 9u);
}

TEST("an elastic distortion displaces by its strength on average, without a preferred direction") {
  for (const float strength : {0.5f, 1.5f}) {
    double squares = 0, drift_x = 0, drift_y = 0;
    int count = 0;
    for (uint32_t sample = 0; sample < 600; ++sample) {
      // A hill much smaller than the smoothness moves as a whole.
      const double x0 = 8 + sample % 12;
      const double y0 = 6 + sample % 8;
      const auto [x, y] = Centre(Apply({.elastic = strength, .elastic_sigma = 8}, Hill(x0, y0), sample));
      const auto [x1, y1] = Centre(Hill(x0, y0));
      squares += (x - x1) * (x - x1) + (y - y1) * (y - y1);
      drift_x += x - x1;
      drift_y += y - y1;
      count += 2;
    }
    CHECK_NEAR(std::sqrt(squares / count), strength, 0.15 * strength);
    CHECK_NEAR(drift_x / count * 2, 0, 0.2 * strength);
    CHECK_NEAR(drift_y / count * 2, 0, 0.2 * strength);
  }
}

TEST("an augmented sample depends on seed, epoch and sample, and on nothing else") {
  const Augmentation all = {.shift = 2, .rotate_degrees = 10, .elastic = 1, .elastic_sigma = 4};
  const Pixels in = Pattern();
  AugmentWorkspace workspace(all, kHeight, kWidth);
  Pixels out(kPixels);
  for (const uint32_t sample : {9u, 3u, 9u, 0u}) {
    Augment(all, in.data(), 1, kHeight, kWidth, 1, 0, sample, workspace, out.data());
    CHECK(out == Apply(all, in, sample));
  }
  const Pixels base = Apply(all, in, 9);
  CHECK(base != Apply(all, in, 10));
  CHECK(base != Apply(all, in, 9, 2));
  CHECK(base != Apply(all, in, 9, uint64_t{1} << 32 | 1));
  CHECK(base != Apply(all, in, 9, 1, 1));
}

TEST("channels of a sample are warped alike") {
  const Augmentation all = {.shift = 2, .rotate_degrees = 30, .elastic = 2, .elastic_sigma = 3};
  const Pixels one = Pattern();
  Pixels three;
  for (int channel = 0; channel < 3; ++channel) three.insert(three.end(), one.begin(), one.end());
  const Pixels out = Apply(all, three, 4);
  const Pixels expected = Apply(all, one, 4);
  for (int channel = 0; channel < 3; ++channel) {
    CHECK(std::equal(expected.begin(), expected.end(), out.begin() + channel * kPixels));
  }
}

TEST("extreme settings and tiny samples stay in bounds") {
  const Augmentation wild = {.rotate_degrees = 180, .elastic = 1, .elastic_sigma = 0.5f};
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 5}, {7, 1}, {2, 3}}) {
    CheckAugmentation(wild, height, width);
    AugmentWorkspace workspace(wild, height, width);
    const Pixels in(static_cast<size_t>(height) * width, 200);
    Pixels out(in.size());
    for (uint32_t sample = 0; sample < 50; ++sample) {
      Augment(wild, in.data(), 1, height, width, 1, 0, sample, workspace, out.data());
    }
  }
}

TEST("augmentation refuses settings out of range") {
  const float nan = std::nanf("");
  const std::array<Augmentation, 9> bad = {{{.shift = -1},
                                            {.shift = kHeight},
                                            {.rotate_degrees = -1},
                                            {.rotate_degrees = 181},
                                            {.rotate_degrees = nan},
                                            {.elastic = -0.1f},
                                            {.elastic = nan},
                                            {.elastic = 1, .elastic_sigma = 0.4f},
                                            {.elastic = 1, .elastic_sigma = nan}}};
  for (const Augmentation& augmentation : bad) {
    CHECK_THROWS(CheckAugmentation(augmentation, kHeight, kWidth), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace synfire
