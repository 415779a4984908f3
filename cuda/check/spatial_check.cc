// Runs spatial networks on the processor and on the device side by side and compares every bit that can be
// exported: spatial_check [LIBRARY]. Without a library it uses the engine that it is linked with.
#include <bit>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "cuda/check/support.h"
#include "native/base/device_library.h"

namespace synfire::spatial {
namespace {

const cuda::Api* api = nullptr;

template <class T>
bool Same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// The first part of two states that differs; empty when none does.
std::string Difference(const NetworkState& a, const NetworkState& b) {
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    const LayerState &x = a.layers[i], &y = b.layers[i];
    const std::string layer = "layers[" + std::to_string(i) + "].";
    if (!Same(x.codes, y.codes)) return layer + "codes";
    if (!Same(x.stored, y.stored)) return layer + "stored";
    if (!Same(x.weights, y.weights)) return layer + "weights";
    if (!Same(x.residuals, y.residuals)) return layer + "residuals";
    if (!Same(x.gains, y.gains)) return layer + "gains";
    if (!Same(x.rates, y.rates)) return layer + "rates";
    if (!Same(x.contributions, y.contributions)) return layer + "contributions";
    if (!Same(x.ids, y.ids)) return layer + "ids";
    if (!Same(x.births, y.births)) return layer + "births";
    if (!a.temporal.empty() && !Same(a.temporal[i], b.temporal[i])) return layer + "temporal";
  }
  return a.batches == b.batches && a.samples == b.samples ? "" : "batches";
}

struct Case {
  const char* name;
  SpatialSpec spec;
  std::vector<std::uint32_t> batches;  ///< samples of each
  bool continues = false;
};

class Pair {
 public:
  explicit Pair(const Case& c) : case_(c), here_(c.spec), there_(c.spec, On(*api)) {}

  /// Where the two first differ; empty when they do not.
  std::string Run() {
    std::uint32_t step = 0;
    for (const std::uint32_t samples : case_.batches) {
      const std::string at = " after batch " + std::to_string(step);
      if (std::string found = Learn(samples, ++step); !found.empty()) return found + at;
      if (std::string found = Forward(samples, ++step); !found.empty()) return found + at;
      if (std::string found = Compare(); !found.empty()) return found + at;
      if (step % 6 == 0) {
        if (here_.Grow() != there_.Grow()) return "growth" + at;
        if (std::string found = Compare(); !found.empty()) return found + " after growth" + at;
      }
      if (step % 10 == 0) {
        if (here_.Prune(0.02f, PruneBy::kContribution) != there_.Prune(0.02f, PruneBy::kContribution))
          return "pruning" + at;
      }
    }
    const NetworkState state = here_.Export();
    there_.Import(state);
    if (std::string found = Forward(case_.batches.back(), ++step); !found.empty())
      return found + " after import";
    return Compare();
  }
  std::uint64_t neurons() const { return here_.layer(0).neurons(); }

 private:
  std::string Learn(std::uint32_t samples, std::uint32_t step) {
    const std::vector<float> inputs = Numbers(samples * here_.inputs(), 2 * step);
    const std::vector<float> targets = Numbers(samples * here_.outputs(), 2 * step + 1);
    const Batch batch{samples, inputs.data(), targets.data()};
    const BatchResult a = here_.Learn(batch, case_.continues), b = there_.Learn(batch, case_.continues);
    if (std::bit_cast<std::uint64_t>(a.loss_sum) != std::bit_cast<std::uint64_t>(b.loss_sum)) return "loss";
    if (a.grown != b.grown) return "growth by itself";
    std::vector<float> x(samples * here_.outputs()), y(x.size());
    here_.LastOutputs(x.data());
    there_.LastOutputs(y.data());
    return Same(x, y) ? "" : "outputs of learning";
  }
  std::string Forward(std::uint32_t samples, std::uint32_t step) {
    const std::vector<float> inputs = Numbers(samples * here_.inputs(), 2 * step);
    std::vector<float> x(samples * here_.outputs()), y(x.size());
    here_.Forward(samples, inputs.data(), x.data(), case_.continues);
    there_.Forward(samples, inputs.data(), y.data(), case_.continues);
    return Same(x, y) ? "" : "outputs";
  }
  std::string Compare() { return Difference(here_.Export(), there_.Export()); }

  const Case& case_;
  SpatialNetwork here_, there_;
};

/// A layer's map with every activation in it.
ActivationMap Mixed(std::uint32_t first) {
  ActivationMap map{};
  for (std::uint32_t c = 0; c < kContexts; ++c)
    map[c] = static_cast<std::uint8_t>((first + c) % kActivationNames.size());
  return map;
}

SpatialSpec Spec(std::vector<Extent> grids, std::vector<Extent> reach, std::uint32_t bits,
                 std::uint32_t capacity) {
  SpatialSpec spec;
  spec.grids = std::move(grids);
  spec.reach = std::move(reach);
  for (std::uint32_t i = 0; i < spec.reach.size(); ++i) spec.activations.push_back(Mixed(i));
  spec.bits = bits;
  spec.capacity = capacity;
  spec.initial_rate = 0.05f;
  spec.growth_threshold = 0.5f;
  return spec;
}

std::vector<Case> Cases() {
  const Extent cube{1, 1, 1};
  std::vector<Case> cases;
  const auto add = [&](const char* name, SpatialSpec spec, std::vector<std::uint32_t> batches,
                       bool continues = false) -> SpatialSpec& {
    cases.push_back({name, std::move(spec), std::move(batches), continues});
    return cases.back().spec;
  };
  add("4 bits, batches of 16", Spec({{6, 5, 4}, {6, 5, 4}}, {cube}, 4, 256), {16, 16, 16, 16});
  add("2 bits, batches of 33", Spec({{6, 5, 4}, {6, 5, 4}}, {cube}, 2, 256), {33, 33, 33, 20});
  add("1 bit, batches of 64", Spec({{6, 5, 4}, {6, 5, 4}}, {cube}, 1, 256), {64, 64, 64});
  add("4 bits, single samples", Spec({{7, 5, 3}, {7, 5, 3}}, {cube}, 4, 256), {1, 1, 1, 1, 1, 1, 1, 1});
  add("2 bits, single samples", Spec({{7, 5, 3}, {7, 5, 3}}, {cube}, 2, 256), {1, 1, 1, 1, 1, 1});
  add("1 bit, single samples", Spec({{7, 5, 3}, {7, 5, 3}}, {cube}, 1, 128), {1, 1, 1, 1, 1, 1});
  for (const bool single : {false, true}) {
    const std::vector<std::uint32_t> batches =
        single ? std::vector<std::uint32_t>(8, 1) : std::vector<std::uint32_t>{16, 16, 64, 48};
    add("residuals, 4 bits", Spec({{5, 5, 5}, {5, 5, 5}}, {cube}, 4, 128), batches).rounding =
        Rounding::kResidual;
    add("residuals, 1 bit", Spec({{5, 5, 5}, {5, 5, 5}}, {cube}, 1, 128), batches).rounding =
        Rounding::kResidual;
    add("hidden layers", Spec({{9, 7, 3}, {6, 5, 4}, {5, 5, 3}, {4, 3, 2}}, {cube, cube, cube}, 4, 128),
        batches);
    add("flat and odd grids", Spec({{13, 9, 1}, {7, 5, 3}, {3, 1, 2}}, {{2, 2, 0}, {1, 2, 9}}, 4, 512),
        batches);
    add("large windows", Spec({{13, 9, 3}, {7, 5, 8}, {10, 1, 1}}, {{2, 2, 1}, {4, 4, 8}}, 2, 1024), batches);
    SpatialSpec& decays =
        add("temporal decay", Spec({{6, 5, 4}, {5, 4, 3}, {3, 3, 3}}, {cube, cube}, 4, 256), batches, true);
    decays.temporal_decay = 0.3f;
    SpatialSpec& grows =
        add("growth by itself", Spec({{6, 6, 2}, {6, 6, 2}, {3, 3, 3}}, {cube, cube}, 4, 64), batches);
    grows.grow_every = 2;
    SpatialSpec& coarse = add("coarse patterns", Spec({{6, 6, 4}, {6, 6, 4}}, {cube}, 4, 512), batches);
    coarse.pattern_bits = 1;
  }
  return cases;
}

int Main(int argc, char** argv) {
  api = argc > 1 ? &OpenCudaLibrary(argv[1]) : synfire_cuda_v1();
  const int devices = api->device_count();
  CheckCuda(*api, devices);
  std::printf("%d devices\n", devices);
  if (devices == 0) return 1;
  cuda::DeviceInfo info{};
  CheckCuda(*api, api->device_info(0, &info));
  std::printf("%s, %d.%d, %.1f GB\n", info.name, info.major, info.minor,
              static_cast<double>(info.memory_bytes) / 1e9);
  int passed = 0, failed = 0;
  for (const Case& c : Cases()) {
    std::string found;
    try {
      found = Pair(c).Run();
    } catch (const Error& error) {
      found = error.what();
    }
    std::printf("%s %s (%u samples)%s%s\n", found.empty() ? "same bits " : "DIFFERENT ", c.name, c.batches[0],
                found.empty() ? "" : ": ", found.c_str());
    std::fflush(stdout);
    (found.empty() ? passed : failed) += 1;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace synfire::spatial

int main(int argc, char** argv) {
  try {
    return synfire::spatial::Main(argc, argv);
  } catch (const synfire::Error& error) {
    std::fprintf(stderr, "%s: %s\n", synfire::ErrorName(error.code()), error.what());
    return 1;
  }
}
