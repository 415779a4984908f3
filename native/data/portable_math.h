// Elementary functions that give the same bits with every compiler and C library.
#pragma once

#include <numbers>

namespace synfire {

// sin(x) for |x| <= 2 pi, to about 1e-13.
constexpr double PortableSin(double x) {
  constexpr double kPi = std::numbers::pi;
  if (x > kPi) x -= 2 * kPi;
  if (x < -kPi) x += 2 * kPi;
  if (x > kPi / 2) x = kPi - x;
  if (x < -kPi / 2) x = -kPi - x;
  double term = x;
  double sum = x;
  for (int n = 2; n <= 18; n += 2) {
    term *= -x * x / (n * (n + 1));
    sum += term;
  }
  return sum;
}

// cos(x) for |x| <= 3/2 pi.
constexpr double PortableCos(double x) {
  return PortableSin(x + std::numbers::pi / 2);
}

constexpr double Radians(double degrees) {
  return degrees * (std::numbers::pi / 180);
}

}  // namespace synfire
