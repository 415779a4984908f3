// What the processor can do: instruction sets that kernels are compiled for, and threads worth starting.
#pragma once

#include <vector>

namespace synfire {

// Levels in rising order. kAvx2 means AVX2, FMA, BMI2 and F16C; kAvx512 adds AVX-512 F, BW, DQ, VL, VNNI,
// VBMI2.
enum class Isa { kBase, kAvx2, kAvx512 };

// "base", "avx2" or "avx512".
const char* IsaName(Isa isa);

// The levels that this processor and operating system support, in rising order; kBase always.
std::vector<Isa> SupportedIsas();

// The level that kernels use: the best one supported, or the one that SYNFIRE_ISA names, read at first use.
// Throws Error{kInvalidArgument} when that is unknown or unsupported.
Isa ActiveIsa();

// Of three copies of something, each compiled for one level, the one to use.
template <class T>
const T& ForActiveIsa(const T& base, const T& avx2, const T& avx512) {
  switch (ActiveIsa()) {
    case Isa::kAvx512:
      return avx512;
    case Isa::kAvx2:
      return avx2;
    case Isa::kBase:
      break;
  }
  return base;
}

// Processors that this process may use at a time: its affinity mask, lowered by its cgroup's CPU quota. At
// least 1.
int HardwareThreads();

}  // namespace synfire
