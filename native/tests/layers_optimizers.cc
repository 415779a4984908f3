// Optimisers against their formulas in double precision, in the inner loop and in a whole network.
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr int kSteps = 5;
constexpr float kLearningRate = 0.05f;

struct OptimizerCase {
  std::string name;
  OptimizerSpec spec;
};

std::vector<OptimizerCase> OptimizerCases() {
  using Kind = OptimizerKind;
  return {
      {"sgd", {.kind = Kind::kSgd}},
      {"sgd with momentum", {.kind = Kind::kSgd, .momentum = 0.9f}},
      {"sgd with weight decay", {.kind = Kind::kSgd, .momentum = 0.5f, .weight_decay = 0.1f}},
      {"sgd with a decay factor", {.kind = Kind::kSgd, .decay_factor = 0.95f}},
      {"adam", {.kind = Kind::kAdam}},
      {"adam with other constants", {.kind = Kind::kAdam, .beta1 = 0.7f, .beta2 = 0.9f, .epsilon = 1e-3f}},
      {"adam with weight decay", {.kind = Kind::kAdam, .weight_decay = 0.1f}},
      {"adamw", {.kind = Kind::kAdamW, .weight_decay = 0.1f}},
      {"adamw with a decay factor", {.kind = Kind::kAdamW, .weight_decay = 0.1f, .decay_factor = 0.9f}},
  };
}

/// One weight, updated as textbooks and PyTorch have it.
struct PlainWeight {
  double value;
  double m = 0;
  double v = 0;

  void Update(const OptimizerSpec& o, double rate, double gradient, int step) {
    if (o.kind == OptimizerKind::kSgd) {
      m = o.momentum * m + gradient + o.weight_decay * value;
      value = (value - rate * m) * o.decay_factor;
      return;
    }
    const bool decoupled = o.kind == OptimizerKind::kAdamW;
    if (!decoupled) gradient += o.weight_decay * value;
    m = o.beta1 * m + (1.0 - o.beta1) * gradient;
    v = o.beta2 * v + (1.0 - o.beta2) * gradient * gradient;
    const double m_hat = m / (1 - std::pow(o.beta1, step)), v_hat = v / (1 - std::pow(o.beta2, step));
    if (decoupled) value *= 1 - rate * o.weight_decay;
    value = value * o.decay_factor - rate * m_hat / (std::sqrt(v_hat) + o.epsilon);
  }
};

TEST("the inner loop of every optimiser follows its formula for five steps") {
  constexpr size_t kWeights = 48;
  for (const auto& [name, o] : OptimizerCases())
    for (const auto& [isa, kernels] : SupportedTables()) {
      Random random(1);
      std::vector<float> weights = random.Floats(kWeights, -1, 1), m(kWeights), v(kWeights);
      std::vector<PlainWeight> expected;
      for (const float w : weights) expected.push_back({w});
      for (int step = 1; step <= kSteps; ++step) {
        const std::vector<float> gradient = random.Floats(kWeights, -1, 1);
        const UpdateRule rule{o.kind,
                              kLearningRate,
                              o.momentum,
                              o.beta1,
                              o.beta2,
                              o.epsilon,
                              static_cast<float>(1 / (1 - std::pow(o.beta1, step))),
                              static_cast<float>(1 / (1 - std::pow(o.beta2, step))),
                              o.weight_decay,
                              o.decay_factor,
                              0.5f};
        const bool momentum = o.kind != OptimizerKind::kSgd || o.momentum != 0;
        kernels->update(rule, gradient.data(), weights.data(), momentum ? m.data() : nullptr,
                        o.kind == OptimizerKind::kSgd ? nullptr : v.data(), kWeights);
        for (size_t i = 0; i < kWeights; ++i) {
          expected[i].Update(o, kLearningRate, gradient[i] * 0.5, step);
          CHECK_NEAR(weights[i], expected[i].value, 2e-6);
        }
      }
    }
}

TEST("the inner loop of every optimiser has the same bits on every instruction set") {
  constexpr size_t kWeights = 64;
  for (const auto& [name, o] : OptimizerCases()) {
    std::vector<float> first;
    for (const auto& [isa, kernels] : SupportedTables()) {
      Random random(2);
      std::vector<float> weights = random.Floats(kWeights, -1, 1), m = random.Floats(kWeights, -1, 1),
                         v = random.Floats(kWeights, 0, 1);
      const std::vector<float> gradient = random.Floats(kWeights, -1, 1);
      const UpdateRule rule{o.kind, kLearningRate, o.momentum,     o.beta1,        o.beta2, o.epsilon,
                            1.9f,   1.3f,          o.weight_decay, o.decay_factor, 0.7f};
      kernels->update(rule, gradient.data(), weights.data(), m.data(), v.data(), kWeights);
      weights.insert(weights.end(), m.begin(), m.end());
      weights.insert(weights.end(), v.begin(), v.end());
      if (first.empty()) first = weights;
      CHECK(SameBits(weights, first));
    }
  }
}

// ---- in a network
// ------------------------------------------------------------------------------------------------

NetworkSpec SmallSpec() {
  NetworkSpec spec = Network({1, 12, 12}, 6, {Conv(16, 5, 2), Dense(64), LinearReadout(5)});
  spec.precision = Precision::kMixed;
  spec.layers[1].learning_rate_scale = 0.25f;
  return spec;
}

using Parameters = std::map<std::string, std::vector<PlainWeight>>;

Parameters PlainParameters(const LayerNetwork& network) {
  Parameters parameters;
  for (const TensorInfo& tensor : network.Parameters())
    for (const float value : ReadTensor(network, tensor.name)) parameters[tensor.name].push_back({value});
  return parameters;
}

TEST("a network's weights follow the formula; decay spares biases, a layer may learn slower") {
  const NetworkSpec spec = SmallSpec();
  for (const auto& [name, o] : OptimizerCases()) {
    LayerNetwork network(spec);
    RandomizeParameters(network, 1);
    Parameters expected = PlainParameters(network);
    network.Prepare(12, 1, o, true);
    const Pictures pictures(spec, 12, 2);
    for (int step = 1; step <= kSteps; ++step) {
      network.TrainStep(pictures.batch(), 1, 0, kLearningRate, {});
      for (auto& [parameter, weights] : expected) {
        const bool bias = parameter.ends_with("bias");
        OptimizerSpec rule = o;
        if (bias) rule.weight_decay = 0, rule.decay_factor = 1;
        const double rate = kLearningRate * (parameter.starts_with("layers.1") ? 0.25 : 1.0);
        std::vector<float> gradient;
        network.ReadGradient(parameter, &gradient);
        const std::vector<float> actual = ReadTensor(network, parameter);
        for (size_t i = 0; i < weights.size(); ++i) {
          weights[i].Update(rule, rate, gradient[i], step);
          CHECK_NEAR(actual[i], weights[i].value, 1e-5);
        }
      }
    }
  }
}

// Length of the change of all parameters, over the learning rate.
double StepLength(const NetworkSpec& spec, float clip_norm, double* gradient_norm) {
  LayerNetwork network(spec);
  RandomizeParameters(network, 1);
  const Parameters before = PlainParameters(network);
  network.Prepare(12, 2, OptimizerSpec{.kind = OptimizerKind::kSgd, .clip_norm = clip_norm});
  const Pictures pictures(spec, 12, 2);
  *gradient_norm = network.TrainStep(pictures.batch(), 1, 0, 1, {}).gradient_norm;
  double squares = 0;
  for (const auto& [parameter, weights] : before) {
    const std::vector<float> after = ReadTensor(network, parameter);
    for (size_t i = 0; i < after.size(); ++i) squares += std::pow(after[i] - weights[i].value, 2);
  }
  return std::sqrt(squares);
}

TEST("clipping shortens the gradient of all parameters together to its limit, and only when it is longer") {
  NetworkSpec spec = SmallSpec();
  spec.layers[1].learning_rate_scale = 1;
  double norm = 0;
  const double full = StepLength(spec, 1e30f, &norm);
  CHECK(full > 0.1);
  CHECK_NEAR(norm, full, 1e-5 * full);
  const auto half = static_cast<float>(full / 2), twice = static_cast<float>(full * 2);
  CHECK_NEAR(StepLength(spec, half, &norm), half, 1e-5 * full);
  CHECK_NEAR(norm, full, 1e-5 * full);
  CHECK_NEAR(StepLength(spec, twice, &norm), full, 1e-6 * full);
}

}  // namespace
}  // namespace synfire::layers
