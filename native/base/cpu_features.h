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

// Processors that this process may use at a time: its affinity mask, lowered by its cgroup's CPU quota. At
// least 1.
int HardwareThreads();

}  // namespace synfire
