// Losses, sample weights and readouts: values by formula, gradients by finite differences.
#include <cmath>
#include <string>
#include <vector>

#include "native/layers/loss.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr int kClasses = 5;

std::vector<float> SomeScores() {
  return {0.3f, -1.2f, 2.5f, 0.0f, 0.9f};
}

double LossOf(const LossSpec& spec, const std::vector<float>& scores, int32_t label, float weight = 1) {
  return SampleLoss(spec, scores.data(), kClasses, label, weight, 1, nullptr);
}

TEST("cross-entropy is the negative logarithm of the label's probability") {
  const std::vector<float> scores = SomeScores();
  double sum = 0;
  for (const float score : scores) sum += std::exp(double{score});
  for (int label = 0; label < kClasses; ++label)
    CHECK_NEAR(LossOf({}, scores, label), std::log(sum) - scores[label], 1e-6);
}

TEST("label smoothing spreads its part over all classes") {
  const std::vector<float> scores = SomeScores();
  double sum = 0, mean = 0;
  for (const float score : scores) {
    sum += std::exp(double{score});
    mean += score / double{kClasses};
  }
  const double smooth = 0.2f;
  CHECK_NEAR(LossOf({.label_smoothing = 0.2f}, scores, 3),
             std::log(sum) - (1 - smooth) * scores[3] - smooth * mean, 1e-6);
}

TEST("cross-entropy survives scores that overflow an exponential") {
  const std::vector<float> scores = {3000, -3000, 2999, 0, 0};
  CHECK_NEAR(LossOf({}, scores, 0), std::log(1 + std::exp(-1)), 1e-6);
  CHECK_NEAR(LossOf({}, scores, 1), 6000 + std::log(1 + std::exp(-1)), 1e-3);
}

TEST("the squared error averages the distance from the targets over the classes") {
  const LossSpec spec{.kind = LossKind::kMseCount, .target_correct = 0.8f, .target_incorrect = 0.1f};
  const std::vector<float> scores = SomeScores();
  double expected = 0;
  for (int c = 0; c < kClasses; ++c) expected += std::pow(scores[c] - (c == 2 ? 0.8 : 0.1), 2) / kClasses;
  CHECK_NEAR(LossOf(spec, scores, 2), expected, 1e-6);
}

TEST("gradients of the losses equal finite differences, times weight and scale") {
  const std::vector<LossSpec> specs = {
      {},
      {.label_smoothing = 0.3f},
      {.kind = LossKind::kMseCount, .target_correct = 0.9f, .target_incorrect = 0.2f}};
  for (const LossSpec& spec : specs)
    for (int32_t label = 0; label < kClasses; ++label) {
      std::vector<float> gradient(kClasses);
      const double loss =
          SampleLoss(spec, SomeScores().data(), kClasses, label, 1.5f, 0.25f, gradient.data());
      CHECK_NEAR(loss, 1.5 * LossOf(spec, SomeScores(), label), 1e-6);
      for (int c = 0; c < kClasses; ++c) {
        std::vector<float> up = SomeScores(), down = up;
        up[c] += 1.0f / 256, down[c] -= 1.0f / 256;
        const double difference = (LossOf(spec, up, label) - LossOf(spec, down, label)) / (up[c] - down[c]);
        CHECK_NEAR(gradient[c], 1.5 * 0.25 * difference, 1e-5);
      }
    }
}

TEST("the prediction is the first of the largest scores") {
  const std::vector<float> scores = {1, 3, 2, 3, -1};
  CHECK_EQUAL(ArgMax(scores.data(), kClasses), 1);
}

// ---- weights and reductions
// --------------------------------------------------------------------------------------

NetworkSpec SmallSpec(LearningMode mode) {
  NetworkSpec spec = Network({1, 8, 8}, 6, {Conv(4, 3, 2), Dense(20), LinearReadout(kClasses)});
  spec.learning.mode = mode;
  return spec;
}

struct Step {
  double loss;
  int correct;
  std::vector<std::vector<float>> gradients;  // [parameter]
};

Step TrainOnce(const NetworkSpec& spec, const Pictures& pictures) {
  LayerNetwork network(spec);
  RandomizeParameters(network, 3, 2.5);
  network.Prepare(16, 1, OptimizerSpec{}, true);
  const auto result = network.TrainStep(pictures.batch(), 1, 0, 0, {});
  Step step{result.loss_sum, result.correct, {}};
  for (const TensorInfo& tensor : network.Parameters())
    network.ReadGradient(tensor.name, &step.gradients.emplace_back());
  return step;
}

TEST("a weight of 2 is the sample twice, a weight of 0 no sample") {
  for (const LearningMode mode : {LearningMode::kBptt, LearningMode::kRate})
    for (const bool mean : {true, false}) {
      NetworkSpec spec = SmallSpec(mode);
      spec.loss.mean = mean;
      Pictures weighted(spec, 4, 1), repeated(spec, 4, 1);
      weighted.weights = {1, 2, 0, 0};
      repeated.ids = {0, 1, 1};
      repeated.labels[2] = repeated.labels[1];
      repeated.pointers[2] = repeated.pointers[1];
      const Step a = TrainOnce(spec, weighted), b = TrainOnce(spec, repeated);
      CHECK_NEAR(a.loss, b.loss, 1e-6 * b.loss);
      for (size_t p = 0; p < a.gradients.size(); ++p)
        CheckClose("parameter " + std::to_string(p), a.gradients[p], b.gradients[p], 1e-5);
    }
}

TEST("the mean over the batch is the sum divided by its samples") {
  for (const LearningMode mode : {LearningMode::kBptt, LearningMode::kRate}) {
    NetworkSpec spec = SmallSpec(mode);
    const Pictures pictures(spec, 10, 2);
    const Step mean = TrainOnce(spec, pictures);
    spec.loss.mean = false;
    const Step sum = TrainOnce(spec, pictures);
    CHECK_EQUAL(mean.loss, sum.loss);
    CHECK_EQUAL(mean.correct, sum.correct);
    for (size_t p = 0; p < mean.gradients.size(); ++p) {
      std::vector<double> expected;
      for (const float g : sum.gradients[p]) expected.push_back(g / 10.0);
      CheckClose("parameter " + std::to_string(p), mean.gradients[p], expected, 1e-5);
    }
  }
}

TEST("training and evaluation see the same loss before the first update") {
  const NetworkSpec spec = SmallSpec(LearningMode::kRate);
  const Pictures pictures(spec, 10, 3);
  LayerNetwork network(spec);
  RandomizeParameters(network, 3, 2.5);
  network.Prepare(10, 1, OptimizerSpec{});
  std::vector<float> scores(10 * kClasses);
  const auto evaluated = network.Evaluate(pictures.batch(), 1, 0, scores.data());
  const auto trained = network.TrainStep(pictures.batch(), 1, 0, 0.1f, {});
  CHECK_EQUAL(evaluated.loss_sum, trained.loss_sum);
  CHECK_EQUAL(evaluated.correct, trained.correct);
  double loss = 0;
  int correct = 0;
  for (int s = 0; s < 10; ++s) {
    loss +=
        LossOf({}, {scores.begin() + s * kClasses, scores.begin() + (s + 1) * kClasses}, pictures.labels[s]);
    correct += ArgMax(scores.data() + s * kClasses, kClasses) == pictures.labels[s];
  }
  CHECK_NEAR(evaluated.loss_sum, loss, 1e-6 * loss);
  CHECK_EQUAL(evaluated.correct, correct);
}

// ---- readouts
// ----------------------------------------------------------------------------------------------------

constexpr int kSamples = 9;

/// A network on given spikes, whose loss can be asked for with other parameters.
class ReadoutBench {
 public:
  explicit ReadoutBench(const NetworkSpec& spec) : network_(spec) {
    RandomizeParameters(network_, 4, 2.5);
    Random random(5);
    input_ = random.Counts(static_cast<size_t>(spec.timesteps) * kSamples * spec.input.size(), 0.4);
    for (int s = 0; s < kSamples; ++s) labels_.push_back(random.Below(spec.layers.back().units));
    network_.Prepare(kSamples, 1, OptimizerSpec{}, true);
  }

  /// Of a training pass, with its dropout; mean over the batch.
  double Loss() {
    return network_.RunSpikes(input_.data(), kSamples, labels_.data(), true, nullptr).loss_sum / kSamples;
  }

  std::vector<float> Gradient(const std::string& name) {
    Loss();
    std::vector<float> gradient;
    network_.ReadGradient(name, &gradient);
    return gradient;
  }

  std::vector<double> Differences(const std::string& name) {
    constexpr float kStep = 1.0f / 512;
    const std::vector<float> values = ReadTensor(network_, name);
    std::vector<double> differences;
    for (size_t i = 0; i < values.size(); ++i) {
      double loss[2];
      for (const int side : {0, 1}) {
        std::vector<float> changed = values;
        changed[i] += side ? kStep : -kStep;
        WriteTensor(network_, name, changed);
        loss[side] = Loss();
      }
      differences.push_back((loss[1] - loss[0]) / (2 * kStep));
    }
    WriteTensor(network_, name, values);
    return differences;
  }

 private:
  LayerNetwork network_;
  std::vector<uint8_t> input_;
  std::vector<int32_t> labels_;
};

struct ReadoutCase {
  std::string name;
  Readout readout;
  LossKind loss;
  LayerSpec layer;
};

std::vector<ReadoutCase> ReadoutCases() {
  LayerSpec leaky = Dense(3), slow = Dense(3, 2, InputMode::kWindow, 0.6f),
            cumulative = Dense(3, 1, InputMode::kCumulative, 0.3f);
  leaky.neuron = slow.neuron = cumulative.neuron = Leaky(0.8f);
  const LossKind entropy = LossKind::kCrossEntropy, squares = LossKind::kMseCount;
  return {{"mean count", Readout::kMeanCount, entropy, LinearReadout(3)},
          {"mean count, squared error", Readout::kMeanCount, squares, LinearReadout(3)},
          {"last membrane", Readout::kLastMembrane, squares, leaky},
          {"largest membrane", Readout::kMaxMembrane, entropy, leaky},
          {"last membrane, slow", Readout::kLastMembrane, entropy, slow},
          {"largest membrane, cumulative", Readout::kMaxMembrane, squares, cumulative}};
}

TEST("the readout's gradients equal finite differences, below it pooling and dropout") {
  for (const ReadoutCase& c : ReadoutCases()) {
    NetworkSpec spec =
        Network({1, 8, 8}, 6, {Conv(4, 3), Pool(LayerKind::kAvgPool2d, 3, 2), DropoutOf(0.4f), c.layer});
    spec.readout = c.readout;
    spec.learning.mode = LearningMode::kBptt;
    spec.loss = {.kind = c.loss, .label_smoothing = 0.1f};
    ReadoutBench bench(spec);
    for (const std::string name : {"layers.3.weight", "layers.3.bias"})
      CheckClose(c.name + ", " + name, bench.Gradient(name), bench.Differences(name), 2e-3);
  }
}

TEST("a linear readout learns the same through time and with rates") {
  for (const LearningMode mode : {LearningMode::kBptt, LearningMode::kRate}) {
    NetworkSpec spec =
        Network({1, 8, 8}, 6, {Conv(4, 3), Pool(LayerKind::kSumPool2d, 3, 2), LinearReadout(3)});
    spec.learning.mode = mode;
    ReadoutBench bench(spec);
    for (const std::string name : {"layers.2.weight", "layers.2.bias"})
      CheckClose(name, bench.Gradient(name), bench.Differences(name), 1e-3);
  }
}

TEST("a membrane readout is what the integrator holds") {
  const std::vector<uint8_t> input = {1, 0, 1, 0, 0, 0, 1, 1};  // [step][sample = 1][input]
  const double decay = 0.5, weights[] = {0.5, -0.75}, bias = 0.125;
  double v = 0, largest = -INFINITY;
  for (int t = 0; t < 4; ++t) {
    v = decay * v + weights[0] * input[2 * t] + weights[1] * input[2 * t + 1] + bias;
    largest = std::max(largest, v);
  }
  for (const Readout readout : {Readout::kLastMembrane, Readout::kMaxMembrane}) {
    LayerSpec layer = Dense(2);
    layer.neuron = Leaky(0.5f);
    NetworkSpec spec = Network({1, 1, 2}, 4, {layer});
    spec.readout = readout;
    LayerNetwork network(spec);
    WriteTensor(network, "layers.0.weight", {0.5f, -0.75f, 0, 0});
    WriteTensor(network, "layers.0.bias", {0.125f, 0});
    const int32_t label = 0;
    float scores[2];
    network.RunSpikes(input.data(), 1, &label, false, scores);
    CHECK_NEAR(scores[0], readout == Readout::kLastMembrane ? v : largest, 1e-6);
    CHECK_EQUAL(scores[1], 0.0f);
  }
}

TEST("a mean count is spikes divided by steps") {
  NetworkSpec spec = Network({1, 1, 2}, 4, {Dense(2)});
  LayerNetwork network(spec);
  WriteTensor(network, "layers.0.weight", {1, 0, 0, 1});
  const std::vector<uint8_t> input = {1, 0, 1, 0, 0, 0, 1, 1};
  const int32_t label = 1;
  float scores[2];
  const auto result = network.RunSpikes(input.data(), 1, &label, false, scores);
  CHECK_EQUAL(scores[0], 0.75f);
  CHECK_EQUAL(scores[1], 0.25f);
  CHECK_EQUAL(result.correct, 0);
}

}  // namespace
}  // namespace synfire::layers
