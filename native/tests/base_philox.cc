// Philox against the published known answers, and the statistics of its words.
#include <bit>

#include "native/base/philox.h"
#include "native/tests/check.h"

namespace synfire {
namespace {

using Words = std::array<std::uint32_t, 4>;

// From the known-answer file of Random123, philox4x32-10.
static_assert(Philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});

TEST("philox gives the known answers") {
  const std::uint32_t ones = 0xffffffff;
  CHECK(Philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox({ones, ones, ones, ones}, {ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST("philox in place agrees with philox") {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    Words words{i, 7, i * 3, 1};
    PhiloxInPlace(words[0], words[1], words[2], words[3], 42, i);
    CHECK(words == Philox({i, 7, i * 3, 1}, {42, i}));
  }
}

TEST("every bit of a philox word is set half the time, for neighbouring counters and keys") {
  constexpr int kCounters = 20000;
  std::array<std::array<int, 32>, 4> set{};
  for (std::uint32_t i = 0; i < kCounters; ++i) {
    const Words words = Philox({i, 0, 0, 0}, {i / 100, 0});
    for (int word = 0; word < 4; ++word) {
      for (int bit = 0; bit < 32; ++bit) set[word][bit] += words[word] >> bit & 1;
    }
  }
  const double five_sigma = 5 * std::sqrt(kCounters) / 2;
  for (const auto& bits : set) {
    for (const int count : bits) CHECK_NEAR(count, kCounters / 2, five_sigma);
  }
}

TEST("flipping one bit of the counter flips about half of the result") {
  int flipped = 0;
  for (int bit = 0; bit < 32; ++bit) {
    const Words a = Philox({12345, 0, 0, 0}, {1, 2});
    const Words b = Philox({12345 ^ (1u << bit), 0, 0, 0}, {1, 2});
    for (int word = 0; word < 4; ++word) flipped += std::popcount(a[word] ^ b[word]);
  }
  CHECK_NEAR(flipped, 32 * 64, 5 * std::sqrt(32 * 128) / 2);
}

}  // namespace
}  // namespace synfire
