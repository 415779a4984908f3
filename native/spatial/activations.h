// The twelve activations of spatial layers and how a context chooses one. All are 0 at 0, so that a neuron
// without input says nothing.
#pragma once

#include <array>
#include <cstdint>

namespace synfire::spatial {

enum class Activation : std::uint8_t {
  kIdentity,
  kRelu,
  kLeakyRelu,
  kElu,
  kSelu,
  kRelu6,
  kTanh,
  kSoftsign,
  kSilu,
  kGelu,
  kSine,
  kHardTanh,
};

inline constexpr std::array<const char*, 12> kActivationNames = {
    "identity", "relu",     "leaky-relu", "elu",  "selu", "relu6",
    "tanh",     "softsign", "silu",       "gelu", "sine", "hard-tanh"};

/// A neuron tells 8 x 8 patterns apart: by the middle of its window (row) and the window's mean (column).
inline constexpr std::uint32_t kContexts = 64;

/// The activation of every context.
using ActivationMap = std::array<std::uint8_t, kContexts>;

}  // namespace synfire::spatial
