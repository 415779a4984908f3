// Morton codes: the bits of x, y and z interleaved, x lowest, so that cells that are close in space are
// mostly close in memory.
#pragma once

#include <cstdint>

namespace synfire::spatial {

/// A cell of a grid. Coordinates have 16 bits, so that a Morton code has 48.
struct Position {
  std::uint16_t x = 0;
  std::uint16_t y = 0;
  std::uint16_t z = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

/// Puts two zero bits in front of every bit of a coordinate.
constexpr std::uint64_t SpreadBits(std::uint16_t coordinate) {
  std::uint64_t bits = coordinate;
  bits = (bits | bits << 16) & 0x001f0000ff0000ff;
  bits = (bits | bits << 8) & 0x100f00f00f00f00f;
  bits = (bits | bits << 4) & 0x10c30c30c30c30c3;
  bits = (bits | bits << 2) & 0x1249249249249249;
  return bits;
}

/// Takes every third bit, from the lowest on.
constexpr std::uint16_t GatherBits(std::uint64_t code) {
  std::uint64_t bits = code & 0x1249249249249249;
  bits = (bits | bits >> 2) & 0x10c30c30c30c30c3;
  bits = (bits | bits >> 4) & 0x100f00f00f00f00f;
  bits = (bits | bits >> 8) & 0x001f0000ff0000ff;
  bits = (bits | bits >> 16) & 0x001f00000000ffff;
  return static_cast<std::uint16_t>(bits);
}

constexpr std::uint64_t MortonEncode(Position p) {
  return SpreadBits(p.x) | SpreadBits(p.y) << 1 | SpreadBits(p.z) << 2;
}

constexpr Position MortonDecode(std::uint64_t code) {
  return {GatherBits(code), GatherBits(code >> 1), GatherBits(code >> 2)};
}

}  // namespace synfire::spatial
