// Runs spatial networks on the processor and on the device side by side and compares every bit that can be
// exported: spatial_check [LIBRARY]. Without a library it uses the engine that it is linked with.
#include <bit>
#include <cstdio>
#include <cstring>
#include <limits>
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

/// Empty for equal vectors, else the name, how many elements differ and the first of them.
template <class T>
std::string Compare(const std::string& name, const std::vector<T>& a, const std::vector<T>& b) {
  if (Same(a, b)) return "";
  if (a.size() != b.size()) return name + " has another size";
  std::size_t count = 0, first = a.size();
  for (std::size_t i = a.size(); i-- > 0;) {
    if (std::memcmp(&a[i], &b[i], sizeof(T)) == 0) continue;
    count += 1;
    first = i;
  }
  return name + ": " + std::to_string(count) + " of " + std::to_string(a.size()) + ", [" +
         std::to_string(first) + "] is " + std::to_string(b[first]) + " on the device, " +
         std::to_string(a[first]) + " here";
}

/// The first part of two states that differs; empty when none does.
std::string Difference(const NetworkState& a, const NetworkState& b) {
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    const LayerState &x = a.layers[i], &y = b.layers[i];
    const std::string layer = "layers[" + std::to_string(i) + "].";
    const std::string parts[] = {
        Compare(layer + "codes", x.codes, y.codes),
        Compare(layer + "stored", x.stored, y.stored),
        Compare(layer + "weights", x.weights, y.weights),
        Compare(layer + "residuals", x.residuals, y.residuals),
        Compare(layer + "gains", x.gains, y.gains),
        Compare(layer + "rates", x.rates, y.rates),
        Compare(layer + "contributions", x.contributions, y.contributions),
        Compare(layer + "ids", x.ids, y.ids),
        Compare(layer + "births", x.births, y.births),
        a.temporal.empty() ? "" : Compare(layer + "temporal", a.temporal[i], b.temporal[i]),
    };
    for (const std::string& part : parts)
      if (!part.empty()) return part;
  }
  return a.batches == b.batches && a.samples == b.samples ? "" : "batches";
}

struct Case {
  const char* name;
  SpatialSpec spec;
  std::vector<std::uint32_t> batches;  ///< samples of each
  bool continues = false;
  float pruned_below = 0;  ///< contribution of neurons that go after the fifth batch
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
      if (std::string found = CompareStates(); !found.empty()) return found + at;
      if (step % 6 == 0) {
        if (here_.Grow() != there_.Grow()) return "growth" + at;
        if (std::string found = CompareStates(); !found.empty()) return found + " after growth" + at;
      }
      if (step == 10 && case_.pruned_below > 0) {
        const auto counts = here_.Prune(case_.pruned_below, PruneBy::kContribution);
        if (counts.back() == 0) return "nothing to prune" + at;
        if (counts != there_.Prune(case_.pruned_below, PruneBy::kContribution)) return "pruning" + at;
      }
    }
    if (!Refuse(here_) || !Refuse(there_)) return "a loss that is not finite is learned";
    if (std::string found = CompareStates(); !found.empty())
      return found + " after a loss that is not finite";
    const NetworkState state = here_.Export();
    there_.Import(state);
    if (std::string found = Forward(case_.batches.back(), ++step); !found.empty())
      return found + " after import";
    return CompareStates();
  }

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
    if (!Same(x, y)) return Compare("outputs of learning", x, y);
    return Difference(here_.Export(), there_.Export());
  }
  std::string Forward(std::uint32_t samples, std::uint32_t step) {
    const std::vector<float> inputs = Numbers(samples * here_.inputs(), 2 * step);
    std::vector<float> x(samples * here_.outputs()), y(x.size());
    here_.Forward(samples, inputs.data(), x.data(), case_.continues);
    there_.Forward(samples, inputs.data(), y.data(), case_.continues);
    return Compare("outputs", x, y);
  }
  /// Whether a network refuses to learn a target that is not finite.
  bool Refuse(SpatialNetwork& network) const {
    const std::uint32_t samples = case_.batches.back();
    const std::vector<float> inputs = Numbers(samples * network.inputs(), 1);
    std::vector<float> targets(samples * network.outputs());
    targets.back() = std::numeric_limits<float>::infinity();
    try {
      network.Learn({samples, inputs.data(), targets.data()}, case_.continues);
    } catch (const Error& error) {
      return error.code() == ErrorCode::kNumeric;
    }
    return false;
  }
  std::string CompareStates() const { return Difference(here_.Export(), there_.Export()); }

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
    cases.push_back({name, std::move(spec), std::move(batches), continues, 0});
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
    add("silent sites", Spec({{6, 6, 2}, {5, 5, 3}, {6, 6, 2}}, {cube, cube}, 4, 64),
        single ? std::vector<std::uint32_t>(12, 1) : std::vector<std::uint32_t>(8, 16));
    cases.back().pruned_below = single ? 0.05f : 0.2f;
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
  return synfire::spatial::Report(synfire::spatial::Main, argc, argv);
}
