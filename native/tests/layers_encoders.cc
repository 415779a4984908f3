// Encoders: steps computed exactly, random ones by counter and by frequency, on every instruction set.
#include <algorithm>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr uint8_t kUntouched = 77;
constexpr uint64_t kSeed = 0x123456789abcdefull;

struct Encoding {
  EncoderKind kind = EncoderKind::kHybrid;
  int steps = 10;
  int deterministic_steps = 5;
  float gain = 1;
  uint64_t seed = kSeed;
  uint32_t epoch = 3;
  uint32_t sample = 41;
};

// Spikes [step][pixel]. Fails when the kernel writes past them.
std::vector<uint8_t> Encode(const Kernels& kernels, const Encoding& e, const std::vector<uint8_t>& picture) {
  const auto pixels = static_cast<int>(picture.size());
  std::vector<uint8_t> out(picture.size() * e.steps + 64, kUntouched);
  kernels.encode({e.kind, e.steps, e.deterministic_steps, pixels, e.gain, e.seed, e.epoch, e.sample,
                  picture.data(), out.data()});
  for (size_t i = picture.size() * e.steps; i < out.size(); ++i) CHECK_EQUAL(int{out[i]}, int{kUntouched});
  out.resize(picture.size() * e.steps);
  return out;
}

std::vector<uint8_t> EveryByte() {
  std::vector<uint8_t> bytes(256);
  for (int i = 0; i < 256; ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

// The random spike of one pixel at one step, by the documented use of counters: pixel 128 g + 16 h + l uses
// half h of the block with counter 16 g + l.
bool RandomSpike(const Encoding& e, int pixel, int step, uint8_t byte) {
  const auto block = static_cast<uint32_t>(pixel / 128 * 16 + pixel % 16);
  const int half = pixel % 128 / 16;
  const auto words = Philox({block, static_cast<uint32_t>(step), e.sample, e.epoch},
                            {static_cast<uint32_t>(e.seed), static_cast<uint32_t>(e.seed >> 32)});
  const uint32_t draw = words[half / 2] >> (half % 2 * 16) & 0xffffu;
  const float threshold = std::min(byte * (e.gain * (65536.0f / 255.0f)) + 0.5f, 65536.0f);
  return draw < static_cast<uint32_t>(threshold);
}

TEST("the hybrid encoder's first steps spike exactly where p > 1 - t/d") {
  const std::vector<uint8_t> bytes = EveryByte();
  for (const auto& [name, kernels] : SupportedTables()) {
    for (const int d : {1, 2, 3, 4, 5, 6, 7, 9, 10, 16, 51, 100, 255, 256, 1000}) {
      const std::vector<uint8_t> spikes = Encode(*kernels, {.steps = d, .deterministic_steps = d}, bytes);
      int wrong = 0;
      for (int t = 0; t < d; ++t)
        for (int byte = 0; byte < 256; ++byte) wrong += spikes[t * 256 + byte] != (byte * d > 255 * (d - t));
      CHECK_EQUAL(wrong, 0);
    }
  }
}

TEST("the hybrid encoder is deterministic for d steps and random from then on") {
  const std::vector<uint8_t> bytes = EveryByte();
  for (const auto& [name, kernels] : SupportedTables()) {
    const Encoding e{.steps = 9, .deterministic_steps = 4};
    const std::vector<uint8_t> spikes = Encode(*kernels, e, bytes);
    int wrong = 0;
    for (int t = 0; t < e.steps; ++t)
      for (int i = 0; i < 256; ++i)
        wrong += spikes[t * 256 + i] != (t < 4 ? i * 4 > 255 * (4 - t) : RandomSpike(e, i, t, bytes[i]));
    CHECK_EQUAL(wrong, 0);
  }
}

TEST("more deterministic steps than steps are cut off") {
  const std::vector<uint8_t> bytes = EveryByte();
  for (const auto& [name, kernels] : SupportedTables()) {
    const std::vector<uint8_t> all = Encode(*kernels, {.steps = 20, .deterministic_steps = 20}, bytes);
    const std::vector<uint8_t> few = Encode(*kernels, {.steps = 6, .deterministic_steps = 20}, bytes);
    CHECK(std::equal(few.begin(), few.end(), all.begin()));
  }
}

TEST("random spikes follow the documented counters for every picture size and gain") {
  Random random(1);
  for (const int pixels : {1, 5, 15, 16, 17, 100, 127, 128, 129, 144, 257, 300, 784}) {
    const std::vector<uint8_t> picture = random.Bytes(pixels);
    for (const float gain : {0.25f, 1.0f, 1.7f, 300.0f}) {
      const Encoding e{.kind = EncoderKind::kRate, .steps = 4, .gain = gain};
      std::vector<uint8_t> expected;
      for (int t = 0; t < e.steps; ++t)
        for (int i = 0; i < pixels; ++i) expected.push_back(RandomSpike(e, i, t, picture[i]));
      for (const auto& [name, kernels] : SupportedTables()) CHECK(Encode(*kernels, e, picture) == expected);
    }
  }
}

TEST("black stays silent and white always spikes, at any gain from 1 on") {
  std::vector<uint8_t> picture(200, 0);
  std::fill(picture.begin() + 100, picture.end(), uint8_t{255});
  for (const auto& [name, kernels] : SupportedTables()) {
    for (const float gain : {1.0f, 5.0f}) {
      const auto spikes = Encode(*kernels, {.kind = EncoderKind::kRate, .steps = 100, .gain = gain}, picture);
      int wrong = 0;
      for (size_t i = 0; i < spikes.size(); ++i) wrong += spikes[i] != (i % 200 >= 100);
      CHECK_EQUAL(wrong, 0);
    }
  }
}

TEST("random spikes of every byte are as frequent as gain times p") {
  constexpr int kSamples = 400, kSteps = 20;
  for (const float gain : {0.5f, 1.0f, 1.6f}) {
    std::vector<int> count(256);
    for (uint32_t sample = 0; sample < kSamples; ++sample) {
      std::vector<uint8_t> picture(256);
      for (uint32_t i = 0; i < 256; ++i) picture[i] = static_cast<uint8_t>(i + sample * 7);
      const auto spikes =
          Encode(ActiveKernels(),
                 {.kind = EncoderKind::kRate, .steps = kSteps, .gain = gain, .sample = sample}, picture);
      for (size_t i = 0; i < spikes.size(); ++i) count[picture[i % 256]] += spikes[i];
    }
    for (int byte = 0; byte < 256; ++byte) {
      const double p = std::min(1.0, gain * byte / 255.0), draws = kSamples * kSteps;
      CHECK_NEAR(count[byte] / draws, p, 4 * std::sqrt(p * (1 - p) / draws) + 1e-5);
    }
  }
}

TEST("random spikes of one pixel at different steps are independent") {
  constexpr uint32_t kSamples = 20000;
  int both = 0;
  for (uint32_t sample = 0; sample < kSamples; ++sample) {
    const auto spikes =
        Encode(ActiveKernels(), {.kind = EncoderKind::kRate, .steps = 2, .sample = sample}, {102});
    both += spikes[0] && spikes[1];
  }
  CHECK_NEAR(both / double{kSamples}, 0.16, 4 * std::sqrt(0.16 * 0.84 / kSamples));
}

TEST("random spikes depend on seed, epoch and sample, each in full") {
  const std::vector<uint8_t> picture(128, 128);
  for (const auto& [name, kernels] : SupportedTables()) {
    const Encoding base{.kind = EncoderKind::kRate};
    const auto spikes = Encode(*kernels, base, picture);
    CHECK(spikes == Encode(*kernels, base, picture));
    for (const uint64_t seed : {kSeed ^ 1, kSeed ^ (uint64_t{1} << 63)}) {
      Encoding other = base;
      other.seed = seed;
      CHECK(spikes != Encode(*kernels, other, picture));
    }
    for (const uint32_t bit : {1u, 1u << 31}) {
      Encoding other = base;
      other.epoch ^= bit;
      CHECK(spikes != Encode(*kernels, other, picture));
      other = base;
      other.sample ^= bit;
      CHECK(spikes != Encode(*kernels, other, picture));
    }
  }
}

TEST("a latency code has one spike a pixel, the earlier the brighter") {
  const std::vector<uint8_t> bytes = EveryByte();
  for (const auto& [name, kernels] : SupportedTables()) {
    for (const int steps : {1, 2, 7, 10, 255, 300, 1000}) {
      const auto spikes = Encode(*kernels, {.kind = EncoderKind::kLatency, .steps = steps}, bytes);
      int previous = steps - 1;
      for (int byte = 1; byte < 256; ++byte) {
        int spike_count = 0, time = -1;
        for (int t = 0; t < steps; ++t) {
          spike_count += spikes[t * 256 + byte];
          if (spikes[t * 256 + byte]) time = t;
        }
        CHECK_EQUAL(spike_count, 1);
        CHECK(time <= previous);
        previous = time;
      }
      CHECK_EQUAL(previous, 0);
      for (int t = 0; t < steps; ++t) CHECK_EQUAL(int{spikes[t * 256]}, 0);
    }
  }
}

TEST("a direct code is the picture at every step") {
  Random random(2);
  const std::vector<uint8_t> picture = random.Bytes(131);
  for (const auto& [name, kernels] : SupportedTables()) {
    const auto out = Encode(*kernels, {.kind = EncoderKind::kDirect, .steps = 3}, picture);
    for (size_t i = 0; i < out.size(); ++i) CHECK_EQUAL(int{out[i]}, int{picture[i % picture.size()]});
  }
}

}  // namespace
}  // namespace synfire::layers
