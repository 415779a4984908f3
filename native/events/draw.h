// Random numbers of a network's description: keyed by seed, stream and index, counted, independent of order.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "native/base/philox.h"
#include "native/events/spec.h"

namespace synfire::events {

using PhiloxKey = std::array<std::uint32_t, 2>;

/// The key of thing `index` under a seed; `stream` keeps uses of the seed apart.
inline PhiloxKey KeyOf(std::uint64_t seed, std::uint32_t stream, std::uint32_t index) {
  const auto words = Philox({index, stream, 0, 0},
                            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return {words[0], words[1]};
}

/// Two words as a number in [0, 1), a multiple of 2^-53.
inline double UnitOf(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

inline bool IsConstant(const Distribution& d) {
  switch (d.kind) {
    case Distribution::Kind::kConstant:
      return true;
    case Distribution::Kind::kUniform:
      return d.a == d.b;
    case Distribution::Kind::kNormal:
      break;
  }
  return d.b == 0;
}

/// Draw `number` of a distribution, clipped to its bounds. `stream` keeps distributions under one key apart.
inline double Draw(const Distribution& d, const PhiloxKey& key, std::uint32_t stream, std::uint64_t number) {
  double value = d.a;
  if (!IsConstant(d)) {
    const auto words = Philox(
        {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), stream, 0}, key);
    const double u = UnitOf(words[0], words[1]);
    if (d.kind == Distribution::Kind::kUniform) {
      value += (d.b - d.a) * u;
    } else {  // Box & Muller
      const double angle = 2 * std::numbers::pi * UnitOf(words[2], words[3]);
      value += d.b * std::sqrt(-2 * std::log(1 - u)) * std::cos(angle);
    }
  }
  return std::min(std::max(value, d.min), d.max);
}

}  // namespace synfire::events
