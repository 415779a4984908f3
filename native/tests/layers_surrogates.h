// Surrogate derivatives in double precision, written down once more from their formulas, with
// antiderivatives.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "native/layers/kernels.h"

namespace synfire::layers {

inline constexpr SurrogateKind kSurrogateKinds[] = {SurrogateKind::kFastSigmoid, SurrogateKind::kAtan,
                                                    SurrogateKind::kTriangle, SurrogateKind::kRectangle,
                                                    SurrogateKind::kSigmoid};

inline double SurrogateDerivative(const Surrogate& s, double x) {
  const double k = s.slope, distance = std::abs(x);
  switch (s.kind) {
    case SurrogateKind::kFastSigmoid:
      return 1 / ((1 + k * distance) * (1 + k * distance));
    case SurrogateKind::kAtan:
      return k / 2 / (1 + std::pow(std::numbers::pi / 2 * k * x, 2));
    case SurrogateKind::kTriangle:
      return std::max(0.0, 1 - distance / k) / k;
    case SurrogateKind::kRectangle:
      return distance < k ? 0.5 / k : 0;
    case SurrogateKind::kSigmoid:
      return k * std::exp(-k * distance) / std::pow(1 + std::exp(-k * distance), 2);
  }
  return NAN;
}

/// A smooth step whose slope is the surrogate derivative.
inline double SmoothStep(const Surrogate& s, double x) {
  const double k = s.slope, inside = std::clamp(x, -k, k);
  switch (s.kind) {
    case SurrogateKind::kFastSigmoid:
      return x / (1 + k * std::abs(x));
    case SurrogateKind::kAtan:
      return std::atan(std::numbers::pi / 2 * k * x) / std::numbers::pi;
    case SurrogateKind::kTriangle:
      return (inside - inside * std::abs(inside) / (2 * k)) / k;
    case SurrogateKind::kRectangle:
      return inside / (2 * k);
    case SurrogateKind::kSigmoid:
      return 1 / (1 + std::exp(-k * x));
  }
  return NAN;
}

/// Where the derivative is not smooth itself.
inline std::vector<double> Kinks(const Surrogate& s) {
  const double k = s.slope;
  switch (s.kind) {
    case SurrogateKind::kFastSigmoid:
      return {0};
    case SurrogateKind::kTriangle:
      return {-k, 0, k};
    case SurrogateKind::kRectangle:
      return {-k, k};
    case SurrogateKind::kAtan:
    case SurrogateKind::kSigmoid:
      break;
  }
  return {};
}

}  // namespace synfire::layers
