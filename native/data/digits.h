// A built-in data set of handwritten-like digits, drawn from stroke models: no download, any size, the same
// bits everywhere.
#pragma once

#include <cstdint>
#include <functional>

#include "native/base/thread_team.h"
#include "native/data/dataset.h"

namespace synfire {

inline constexpr int kDigitSide = 28;
inline constexpr int kDigitClasses = 10;

// Draws digit number `index` of the endless series `seed` into 28 x 28 `pixels` (0 is paper) and returns its
// label.
int DrawDigit(uint64_t seed, uint32_t index, uint8_t* pixels);

// Fills `dataset` (1 x 28 x 28, at least 10 classes) with digits first_index, first_index + 1, … of the
// series `seed`. A digit depends on seed and index only. `progress(done)` is called from the calling thread
// now and then; it may throw to stop.
void GenerateDigits(Dataset& dataset, uint64_t seed, uint32_t first_index, ThreadTeam& team,
                    const std::function<void(uint32_t done)>& progress);

}  // namespace synfire
