// What the tests of the layer engine share: kernel tables, reproducible numbers, descriptions and batches.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "native/base/cpu_features.h"
#include "native/base/philox.h"
#include "native/layers/network.h"
#include "native/tests/check.h"

namespace synfire::layers {

struct KernelTable {
  std::string name;
  const Kernels* kernels;
};

/// The kernels of every instruction set that this processor has; the first is the portable one.
inline std::vector<KernelTable> SupportedTables() {
  std::vector<KernelTable> tables;
  for (const Isa isa : SupportedIsas()) {
    const Kernels* kernels = &kKernelsBase;
#if defined(__x86_64__)
    if (isa == Isa::kAvx2) kernels = &kKernelsAvx2;
    if (isa == Isa::kAvx512) kernels = &kKernelsAvx512;
#endif
    tables.push_back({IsaName(isa), kernels});
  }
  return tables;
}

/// Reproducible numbers without a pattern.
class Random {
 public:
  explicit Random(uint32_t seed) : seed_(seed) {}

  uint32_t Bits() { return Philox({count_++, 0, 0, 0}, {seed_, 0x7e57u})[0]; }
  double Uniform(double low, double high) { return low + (high - low) * Bits() / 4294967296.0; }
  int Below(int n) { return static_cast<int>(Bits() % static_cast<uint32_t>(n)); }
  bool Chance(double probability) { return Uniform(0, 1) < probability; }

  std::vector<float> Floats(size_t count, double low, double high) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(Uniform(low, high));
    return values;
  }
  std::vector<uint8_t> Bytes(size_t count) {
    std::vector<uint8_t> values(count);
    for (uint8_t& value : values) value = static_cast<uint8_t>(Bits());
    return values;
  }
  /// 0 or, with some probability, a count from 1 to `most`.
  std::vector<uint8_t> Counts(size_t count, double probability, int most = 1) {
    std::vector<uint8_t> values(count);
    for (uint8_t& value : values) value = static_cast<uint8_t>(Chance(probability) ? 1 + Below(most) : 0);
    return values;
  }

 private:
  uint32_t seed_;
  uint32_t count_ = 0;
};

template <class T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Distance of `actual` from `expected` as a part of the length of `expected`.
template <class A, class B>
double RelativeDistance(const std::vector<A>& actual, const std::vector<B>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double distance = 0, length = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = static_cast<double>(actual[i]) - static_cast<double>(expected[i]);
    distance += difference * difference;
    length += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
  }
  return distance == 0 ? 0 : std::sqrt(distance / length);
}

/// Fails, naming `what`, when the relative distance is not below the limit.
template <class A, class B>
void CheckClose(const std::string& what, const std::vector<A>& actual, const std::vector<B>& expected,
                double limit, std::source_location where = std::source_location::current()) {
  const double distance = RelativeDistance(actual, expected);
  if (!(distance < limit)) test::Fail(what + " is off by " + std::to_string(distance), where);
}

inline NeuronConstants Lif(ResetKind reset = ResetKind::kZero, float reset_value = 0) {
  return {.reset = reset, .reset_value = reset_value};
}

inline NeuronConstants Leaky(float decay) {
  return {.decay = decay, .spiking = false};
}

inline LayerSpec Conv(int filters, int kernel, int stride = 1, int padding = 0) {
  LayerSpec spec;
  spec.kind = LayerKind::kConv2d;
  spec.filters = filters;
  spec.kernel_height = spec.kernel_width = kernel;
  spec.stride_y = spec.stride_x = stride;
  spec.padding_y = spec.padding_x = padding;
  spec.neuron = Lif();
  return spec;
}

/// A dense layer that updates at every `update_every`-th step.
inline LayerSpec Dense(int units, int update_every = 1, InputMode input = InputMode::kLatest,
                       float input_gain = 1) {
  LayerSpec spec;
  spec.kind = LayerKind::kDense;
  spec.units = units;
  spec.neuron = Lif();
  spec.update_every = update_every;
  spec.input = input;
  spec.input_gain = input_gain;
  return spec;
}

inline LayerSpec LinearReadout(int units) {
  LayerSpec spec = Dense(units);
  spec.neuron.reset();
  return spec;
}

inline LayerSpec Pool(LayerKind kind, int kernel, int stride, int padding = 0) {
  LayerSpec spec = Conv(0, kernel, stride, padding);
  spec.kind = kind;
  spec.neuron.reset();
  return spec;
}

inline LayerSpec DropoutOf(float rate) {
  LayerSpec spec;
  spec.kind = LayerKind::kDropout;
  spec.dropout_rate = rate;
  return spec;
}

/// Calls visit(output position, input position, tap) for every input that a window of the layer covers.
template <class Visit>
void ForEachWindowInput(const LayerSpec& w, const Shape& in, const Shape& out, Visit visit) {
  for (int oy = 0; oy < out.height; ++oy)
    for (int ox = 0; ox < out.width; ++ox)
      for (int ky = 0; ky < w.kernel_height; ++ky)
        for (int kx = 0; kx < w.kernel_width; ++kx) {
          const int y = oy * w.stride_y + ky - w.padding_y, x = ox * w.stride_x + kx - w.padding_x;
          if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
          visit(oy * out.width + ox, y * in.width + x, ky * w.kernel_width + kx);
        }
}

/// Calls visit(weight, input, output) for every connection of a synaptic layer: weights as users see them,
/// inputs and outputs in channel, row, column order.
template <class Visit>
void ForEachConnection(const LayerSpec& spec, const Shape& in, const Shape& out, Visit visit) {
  if (spec.kind == LayerKind::kDense) {
    for (int o = 0; o < spec.units; ++o)
      for (int i = 0; i < in.size(); ++i) visit(o * in.size() + i, i, o);
    return;
  }
  const int taps = spec.kernel_height * spec.kernel_width;
  const int ins = in.height * in.width, outs = out.height * out.width;
  for (int f = 0; f < out.channels; ++f)
    for (int c = 0; c < in.channels; ++c)
      ForEachWindowInput(spec, in, out, [&](int o, int i, int tap) {
        visit((f * in.channels + c) * taps + tap, c * ins + i, f * outs + o);
      });
}

/// A network of these layers, named "layers.0" and so on.
inline NetworkSpec Network(const Shape& input, int timesteps, std::vector<LayerSpec> layers) {
  NetworkSpec spec;
  spec.input = input;
  spec.timesteps = timesteps;
  spec.precision = Precision::kFloat32;
  spec.layers = std::move(layers);
  for (size_t i = 0; i < spec.layers.size(); ++i) spec.layers[i].name = "layers." + std::to_string(i);
  return spec;
}

inline std::vector<float> ReadTensor(const LayerNetwork& network, const std::string& name) {
  std::vector<float> values(network.TensorSize(name));
  network.ReadTensor(name, values.data());
  return values;
}

inline void WriteTensor(LayerNetwork& network, const std::string& name, const std::vector<float>& values) {
  network.WriteTensor(name, values.data(), values.size());
}

/// Weights and optimiser state, one after another.
inline std::vector<float> AllTensors(const LayerNetwork& network) {
  std::vector<float> all;
  for (const TensorInfo& tensor : network.Tensors()) {
    const std::vector<float> values = ReadTensor(network, tensor.name);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// Gives every weight and bias of the network a random value; weights are wider the fewer inputs they sum.
inline void RandomizeParameters(LayerNetwork& network, uint32_t seed, double gain = 1.5) {
  Random random(seed);
  for (const TensorInfo& tensor : network.Parameters()) {
    double inputs = 1;
    for (size_t i = 1; i < tensor.shape.size(); ++i) inputs *= tensor.shape[i];
    const double width = tensor.shape.size() == 1 ? 0.1 : gain / std::sqrt(inputs);
    WriteTensor(network, tensor.name, random.Floats(network.TensorSize(tensor.name), -width, width));
  }
}

/// Random pictures with labels, numbered from `first_id`.
struct Pictures {
  Pictures(const NetworkSpec& spec, int samples, uint32_t seed, uint32_t first_id = 0) {
    Random random(seed);
    const auto size = static_cast<size_t>(spec.input.size());
    pixels = random.Bytes(samples * size);
    for (int s = 0; s < samples; ++s) {
      ids.push_back(first_id + static_cast<uint32_t>(s));
      labels.push_back(random.Below(spec.layers.back().units));
      pointers.push_back(pixels.data() + s * size);
    }
  }
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  Batch batch() const {
    return {static_cast<int>(ids.size()), ids.data(), pointers.data(), labels.data(),
            weights.empty() ? nullptr : weights.data()};
  }

  std::vector<uint8_t> pixels;
  std::vector<uint32_t> ids;
  std::vector<const uint8_t*> pointers;
  std::vector<int32_t> labels;
  std::vector<float> weights;  // empty: all 1
};

}  // namespace synfire::layers
