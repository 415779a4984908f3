// The order in which an epoch visits samples: a keyed permutation computed point by point, without a table.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "native/base/philox.h"

namespace synfire {

// A bijection of [0, n) chosen by (seed, epoch): a Feistel network over the smallest power of two >= n,
// walked until the value falls below n (fewer than two steps on average for n > 32). The keys come from
// Philox once; a look-up costs some tens of nanoseconds and no memory, so an interrupted epoch resumes at any
// position.
class Permutation {
 public:
  constexpr Permutation(uint64_t seed, uint32_t epoch, uint32_t n) : n_(n) {
    const int bits = n > 64 ? std::bit_width(n - 1) : 6;
    low_bits_ = (bits + 1) / 2;
    low_mask_ = (1u << low_bits_) - 1;
    high_mask_ = (1u << (bits - low_bits_)) - 1;
    const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed),
                                         static_cast<uint32_t>(seed >> 32) ^ kStream};
    for (uint32_t block = 0; block < kRounds / 2; ++block) {
      const auto words = Philox({block, n, epoch, 0}, key);
      for (uint32_t i = 0; i < 4; ++i) keys_[block * 4 + i] = words[i];
    }
  }

  // The sample at position i < n.
  constexpr uint32_t operator()(uint32_t i) const {
    do {
      i = Encrypt(i);
    } while (i >= n_);
    return i;
  }

 private:
  // Keeps these numbers apart from every other use of the seed.
  static constexpr uint32_t kStream = 0x53414d50;
  static constexpr int kRounds = 8;

  constexpr uint32_t Encrypt(uint32_t value) const {
    uint32_t high = value >> low_bits_;
    uint32_t low = value & low_mask_;
    for (int round = 0; round < kRounds; round += 2) {
      high ^= Mix(low, keys_[round * 2], keys_[round * 2 + 1]) & high_mask_;
      low ^= Mix(high, keys_[round * 2 + 2], keys_[round * 2 + 3]) & low_mask_;
    }
    return (high << low_bits_) | low;
  }

  // Two rounds of Philox 2x32 on one word, folded.
  static constexpr uint32_t Mix(uint32_t value, uint32_t key0, uint32_t key1) {
    const uint64_t first = static_cast<uint64_t>(value ^ key0) * 0xd256d193u;
    const uint64_t second =
        ((first >> 32) ^ static_cast<uint32_t>(first) ^ key1) * static_cast<uint64_t>(0xd256d193u);
    return static_cast<uint32_t>(second >> 32) ^ static_cast<uint32_t>(second);
  }

  uint32_t n_;
  int low_bits_ = 0;
  uint32_t low_mask_ = 0;
  uint32_t high_mask_ = 0;
  std::array<uint32_t, 2 * kRounds> keys_{};
};

// One look-up; make a Permutation where many positions of an epoch are wanted.
constexpr uint32_t Permute(uint64_t seed, uint32_t epoch, uint32_t n, uint32_t i) {
  return Permutation(seed, epoch, n)(i);
}

}  // namespace synfire
