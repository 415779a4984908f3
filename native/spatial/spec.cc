// Checks of descriptions, with the name of the field at fault.
#include "native/spatial/spec.h"

#include <algorithm>
#include <string>

#include "native/base/error.h"
#include "native/base/thread_team.h"

namespace synfire::spatial {
namespace {

constexpr std::uint64_t kMostCells = std::uint64_t{1} << 28;
constexpr std::uint32_t kMostCoordinate = 65535;
constexpr std::uint32_t kMostCapacity = 65536;

std::string Indexed(const char* field, std::size_t index) {
  return std::string(field) + "[" + std::to_string(index) + "]";
}

std::string Shown(const Extent& e) {
  return std::to_string(e[0]) + " x " + std::to_string(e[1]) + " x " + std::to_string(e[2]);
}

void CheckCount(const char* field, std::size_t entries, std::size_t layers) {
  if (entries == layers) return;
  throw InvalidArgument(field, std::to_string(entries) + " entries",
                        "one for each of " + std::to_string(layers) + " layers");
}

std::uint64_t Cells(const Extent& grid) {
  return std::uint64_t{grid[0]} * grid[1] * grid[2];
}

void CheckGrid(const Extent& grid, const std::string& field) {
  for (int axis = 0; axis < 3; ++axis) {
    if (grid[axis] < 1 || grid[axis] > kMostCoordinate) {
      throw InvalidArgument(field + "[" + std::to_string(axis) + "]", std::to_string(grid[axis]),
                            "1 to 65535 cells: a coordinate has 16 bits");
    }
  }
  if (Cells(grid) > kMostCells) throw InvalidArgument(field, Shown(grid), "at most 2^28 cells");
}

void CheckWindow(const SpatialSpec& spec, std::size_t layer) {
  const std::uint64_t weights = WindowCells(spec.grids[layer], spec.reach[layer]) + 1;
  if (weights <= spec.capacity) return;
  throw InvalidArgument(Indexed("reach", layer), Shown(spec.reach[layer]),
                        "a window of at most " + std::to_string(spec.capacity - 1) +
                            " cells, since a neuron stores at most " + std::to_string(spec.capacity) +
                            " weights and one is the bias (here " + std::to_string(weights - 1) + " cells)");
}

void CheckRange(const char* field, double value, double min, double max) {
  if (value >= min && value <= max) return;
  throw InvalidArgument(field, std::to_string(value),
                        "a number from " + std::to_string(min) + " to " + std::to_string(max));
}

std::uint64_t BoxCells(const Extent& grid) {
  std::uint64_t cells = 1;
  for (const std::uint32_t size : grid) {
    std::uint64_t side = 1;
    while (side < size) side *= 2;
    cells *= side;
  }
  return cells;
}

}  // namespace

PageFormat FormatOf(std::uint32_t weights, std::uint32_t bits) {
  return {weights, bits, (weights * bits + 7) / 8, (1u << bits) - 1};
}

std::uint32_t MostPages(const PageFormat& format, std::uint32_t capacity) {
  return std::min(capacity / format.weights, kContexts);
}

std::uint64_t NeuronBytes(const PageFormat& format, std::uint32_t pages, Rounding rounding) {
  constexpr std::uint64_t kBesides = 17;  // gain, rate and so on, place
  const std::uint64_t residuals = rounding == Rounding::kResidual ? 2 * format.weights : 0;
  return pages * (format.bytes + residuals) + kBesides;
}

std::uint64_t EstimateBytes(const SpatialSpec& spec) {
  std::uint64_t bytes = 4 * BoxCells(spec.grids[0]);
  for (std::size_t layer = 0; layer < spec.layers(); ++layer) {
    const Extent& grid = spec.grids[layer + 1];
    const PageFormat format = FormatOf(spec.PageWeights(layer), spec.bits);
    const std::uint32_t pages = MostPages(format, spec.capacity);
    // Outputs, errors, routes and perhaps a temporal state by code, and an index by blocks of 64 codes.
    const std::uint64_t box = BoxCells(grid), per_code = spec.temporal_decay > 0 ? 16 : 12;
    const std::uint64_t index = 16 * ((box + 63) / 64 + 1);
    bytes += Cells(grid) * NeuronBytes(format, pages, spec.rounding) + per_code * box + index;
  }
  return bytes;
}

void CheckMemory(const SpatialSpec& spec, std::uint64_t bytes) {
  if (bytes <= spec.max_memory_bytes) return;
  const std::string limit = std::to_string(spec.max_memory_bytes);
  const std::string expected = "at least " + std::to_string(bytes) + " bytes, which the network needs";
  throw Error(ErrorCode::kOutOfMemory, "maxMemoryBytes is " + limit + "; expected " + expected,
              "maxMemoryBytes", limit, expected);
}

void CheckSpec(const SpatialSpec& spec) {
  if (spec.grids.size() < 2)
    throw InvalidArgument("grids", std::to_string(spec.grids.size()) + " grids",
                          "an input and at least one layer");
  CheckCount("reach", spec.reach.size(), spec.layers());
  CheckCount("activations", spec.activations.size(), spec.layers());
  if (spec.bits != 1 && spec.bits != 2 && spec.bits != 4)
    throw InvalidArgument("bits", std::to_string(spec.bits), "1, 2 or 4");
  if (spec.capacity < 2 || spec.capacity > kMostCapacity)
    throw InvalidArgument("capacity", std::to_string(spec.capacity), "2 to 65536 weights");
  if (spec.pattern_bits > 3)
    throw InvalidArgument("patternBits", std::to_string(spec.pattern_bits), "0 to 3");
  for (std::size_t i = 0; i < spec.grids.size(); ++i) CheckGrid(spec.grids[i], Indexed("grids", i));
  for (std::size_t i = 0; i < spec.layers(); ++i) {
    for (const std::uint32_t reach : spec.reach[i])
      if (reach > kMostCoordinate)
        throw InvalidArgument(Indexed("reach", i), Shown(spec.reach[i]), "0 to 65535 cells along each axis");
    CheckWindow(spec, i);
    for (const std::uint8_t kind : spec.activations[i])
      if (kind >= kActivationNames.size())
        throw InvalidArgument(Indexed("activations", i), std::to_string(kind), "numbers of activations");
  }
  CheckRange("temporalDecay", spec.temporal_decay, 0, 0.999999);
  CheckRange("learningRate.max", spec.max_rate, 1e-6, 1);
  CheckRange("learningRate.min", spec.min_rate, 0, spec.max_rate);
  CheckRange("learningRate.initial", spec.initial_rate, spec.min_rate, spec.max_rate);
  CheckRange("growth.threshold", spec.growth_threshold, 0, 1);
  if (spec.threads < 1 || spec.threads > ThreadTeam::kMaxThreads)
    throw InvalidArgument("threads", std::to_string(spec.threads), "1 to 1024");
  CheckMemory(spec, EstimateBytes(spec));
  for (std::size_t i = 1; i < spec.grids.size(); ++i) {
    if (Cells(spec.grids[i]) > spec.max_neurons)
      throw InvalidArgument(
          "growth.maxNeurons", std::to_string(spec.max_neurons),
          "at least " + std::to_string(Cells(spec.grids[i])) + ", the neurons of " + Indexed("grids", i));
  }
}

}  // namespace synfire::spatial
