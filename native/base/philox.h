// Philox4x32-10, the counter-based generator behind every random number: same key and counter, same bits.
#pragma once

#include <array>
#include <cstdint>

namespace synfire {

inline constexpr std::uint32_t kPhiloxMultiplier0 = 0xD2511F53;
inline constexpr std::uint32_t kPhiloxMultiplier1 = 0xCD9E8D57;
inline constexpr std::uint32_t kPhiloxWeyl0 = 0x9E3779B9;
inline constexpr std::uint32_t kPhiloxWeyl1 = 0xBB67AE85;
inline constexpr int kPhiloxRounds = 10;

// Turns the counter in c0..c3 into four random words. Plain 32-bit arithmetic without calls, so that loops
// over counters vectorise inside the units compiled for one instruction set.
[[gnu::always_inline]] inline constexpr void PhiloxInPlace(std::uint32_t& c0, std::uint32_t& c1,
                                                           std::uint32_t& c2, std::uint32_t& c3,
                                                           std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kPhiloxMultiplier0} * c0;
    const std::uint64_t product1 = std::uint64_t{kPhiloxMultiplier1} * c2;
    c0 = static_cast<std::uint32_t>(product1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<std::uint32_t>(product1);
    c2 = static_cast<std::uint32_t>(product0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<std::uint32_t>(product0);
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
}

// Four independent, uniformly distributed 32-bit words for one counter under one key.
[[gnu::always_inline]] inline constexpr std::array<std::uint32_t, 4> Philox(
    std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  PhiloxInPlace(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return counter;
}

}  // namespace synfire
