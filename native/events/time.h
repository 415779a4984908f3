// Time of event networks: whole picoseconds, so that sums of times and delays are exact.
#pragma once

#include <cmath>
#include <cstdint>

namespace synfire::events {

/// A moment or a span in picoseconds. 64 bits hold 106 days of biological time.
using Tick = std::int64_t;

inline constexpr double kTicksPerMs = 1e9;
/// Later than everything that happens.
inline constexpr Tick kNever = INT64_MAX / 4;
/// The longest time a network may reach, 23 days.
inline constexpr double kMaxMs = 2e9;

inline Tick TicksOf(double ms) {
  return static_cast<Tick>(std::llround(ms * kTicksPerMs));
}
inline double MsOf(Tick ticks) {
  return static_cast<double>(ticks) / kTicksPerMs;
}

}  // namespace synfire::events
