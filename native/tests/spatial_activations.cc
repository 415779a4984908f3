// The twelve activations of spatial layers compared with the standard library's functions.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "native/spatial/activations.h"
#include "native/tests/check.h"
#include "native/tests/spatial_reference.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

struct Lanes {
  alignas(64) float values[kLanes];
};

/// Outputs and slopes of sixteen neurons with one weight of 1 each and an activation each.
void Respond(const Kernels& kernels, const float* inputs, const std::uint8_t* kinds, Lanes& outputs,
             Lanes& slopes) {
  const std::uint8_t one = 1;
  const PageFormat format{.weights = 1, .bits = 1, .bytes = 1, .levels = 1};
  const std::uint8_t* pages[kLanes];
  Lanes field, scale;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    pages[lane] = &one;
    field.values[lane] = inputs[lane];
    scale.values[lane] = 1;
  }
  Response response{};
  response.field = field.values;
  response.pages = pages;
  response.scale = scale.values;
  response.kinds = kinds;
  response.output = outputs.values;
  response.slope = slopes.values;
  kernels.respond(format, response);
}

constexpr int kSteps = 8000;

float InputOf(int step) {
  return static_cast<float>(-20 + 40.0 * step / kSteps);
}

/// visit(x, value, slope) at inputs from -20 to 20.
template <class Visit>
void Sweep(const Kernels& kernels, std::uint8_t kind, Visit&& visit) {
  const std::vector<std::uint8_t> kinds(kLanes, kind);
  Lanes inputs, outputs, slopes;
  for (int first = 0; first <= kSteps; first += kLanes) {
    for (int lane = 0; lane < static_cast<int>(kLanes); ++lane) inputs.values[lane] = InputOf(first + lane);
    Respond(kernels, inputs.values, kinds.data(), outputs, slopes);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane)
      visit(inputs.values[lane], outputs.values[lane], slopes.values[lane]);
  }
}

TEST("spatial activations: values and derivatives are those of the standard functions") {
  for (const Kernels* kernels : SupportedTables()) {
    for (std::uint8_t kind = 0; kind < kActivationNames.size(); ++kind) {
      const auto activation = static_cast<Activation>(kind);
      double value_error = 0, slope_error = 0;
      Sweep(*kernels, kind, [&](float at, float value, float slope) {
        const auto x = static_cast<double>(at);
        const Curve curve = CurveOf(activation, x);
        value_error = std::max(value_error, std::abs(static_cast<double>(value) - curve.value));
        if (KinkDistance(activation, x) > 1e-6)
          slope_error = std::max(slope_error, std::abs(static_cast<double>(slope) - curve.slope));
      });
      CHECK_NEAR(value_error, 0, 2e-6);
      CHECK_NEAR(slope_error, 0, 2e-6);
    }
  }
}

TEST("spatial activations: derivatives are those of the values") {
  for (std::uint8_t kind = 0; kind < kActivationNames.size(); ++kind) {
    const auto activation = static_cast<Activation>(kind);
    constexpr double kStep = 1e-4;
    Sweep(ActiveKernels(), kind, [&](float at, float, float slope) {
      const auto x = static_cast<double>(at);
      if (std::min(std::abs(x), KinkDistance(activation, x)) < 2 * kStep)
        return;  // 0: the slope of some has a kink
      const double above = CurveOf(activation, x + kStep).value, below = CurveOf(activation, x - kStep).value;
      CHECK_NEAR(static_cast<double>(slope), (above - below) / (2 * kStep), 5e-6);
    });
  }
}

TEST("spatial activations: all are 0 at 0 and finite far away") {
  const float far[kLanes] = {0,     -0.0f,  1e-30f, -1e-30f, 100, -100, 1e4f, -1e4f,
                             1e10f, -1e10f, 1e30f,  -1e30f,  88,  -88,  89,   -89};
  for (const Kernels* kernels : SupportedTables()) {
    for (std::uint8_t kind = 0; kind < kActivationNames.size(); ++kind) {
      const std::vector<std::uint8_t> kinds(kLanes, kind);
      Lanes outputs, slopes;
      Respond(*kernels, far, kinds.data(), outputs, slopes);
      CHECK_EQUAL(outputs.values[0], 0.0f);
      CHECK_EQUAL(outputs.values[1], 0.0f);
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        CHECK(std::isfinite(outputs.values[lane]));
        CHECK(std::isfinite(slopes.values[lane]));
        CHECK(std::abs(slopes.values[lane]) < 1.8f);
      }
    }
  }
}

TEST("spatial activations: lanes with different ones do not disturb each other") {
  Random random(3);
  std::uint8_t kinds[kLanes];
  for (int round = 0; round < 200; ++round) {
    const std::vector<float> inputs = random.Floats(kLanes, -8, 8);
    for (std::uint8_t& kind : kinds) kind = static_cast<std::uint8_t>(random.Below(kActivationNames.size()));
    Lanes outputs, slopes;
    Respond(ActiveKernels(), inputs.data(), kinds, outputs, slopes);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      const Curve curve = CurveOf(static_cast<Activation>(kinds[lane]), static_cast<double>(inputs[lane]));
      CHECK_NEAR(static_cast<double>(outputs.values[lane]), curve.value, 2e-6);
      CHECK_NEAR(static_cast<double>(slopes.values[lane]), curve.slope, 2e-6);
    }
  }
}

TEST("spatial activations: a network applies the one of the context") {
  // One neuron that sees one cell: row and column of its context are the level of that value.
  SpatialSpec spec = Frozen(Pairs(1, Activation::kIdentity));
  spec.activations[0] = Mixed(8);
  SpatialNetwork network(spec);
  Teach(network, {0.5f}, {0.0f});
  NetworkState state = network.Export();
  StoredWeights weights(state.layers[0], FormatOf(spec, 0));
  weights.Set(0, 0, 15);
  weights.Set(0, 1, 12);
  state.layers[0].gains[0] = 3;
  network.Import(state);
  for (std::uint32_t level = 0; level < 8; ++level) {
    const float x = (static_cast<float>(level) + 0.3f) / 4 - 1;
    std::uint32_t context = 0;
    for (std::uint32_t bit = 0; bit < 3; ++bit) context |= (level >> bit & 1) * (3u << 2 * bit);
    const double u = 3.0 / 2 * (static_cast<double>(x) + 2 * 12.0 / 15 - 1);
    const Curve curve = CurveOf(static_cast<Activation>(spec.activations[0][context]), u);
    CHECK_NEAR(static_cast<double>(Answers(network, {x})[0]), curve.value, 3e-6);
  }
}

}  // namespace
}  // namespace synfire::spatial
