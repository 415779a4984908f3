// Training steps as a whole: the same bits however the work is spread, state that can be carried on, and
// losses that stop.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr int kBatch = 18;  // two chunks and a bit

struct TrainingCase {
  std::string name;
  NetworkSpec spec;
  OptimizerSpec optimizer;
};

LayerSpec WithDeviation(LayerSpec layer, float deviation) {
  layer.init_std = deviation;
  return layer;
}

/// A small net of every kind of layer; with mixed precision, two of its dense layers are rounded.
NetworkSpec DeepSpec() {
  return Network({1, 12, 12}, 6,
                 {WithDeviation(Conv(8, 3, 2), 0.6f), Pool(LayerKind::kAvgPool2d, 2, 1), DropoutOf(0.2f),
                  WithDeviation(Dense(128), 0.25f), WithDeviation(Dense(64, 2, InputMode::kWindow), 0.3f),
                  WithDeviation(LinearReadout(10), 0.2f)});
}

/// The shape of the preset, smaller.
NetworkSpec PresetSpec(LearningMode mode) {
  LayerSpec hidden = mode == LearningMode::kRate ? Dense(64, 2, InputMode::kCumulative, 0.1f) : Dense(64);
  hidden.neuron = Lif(ResetKind::kScale, 0.5f);
  return Network({1, 12, 12}, 6,
                 {WithDeviation(Conv(16, 5, 2), 0.28f), WithDeviation(hidden, 0.15f),
                  WithDeviation(LinearReadout(10), 0.2f)});
}

/// Both learning modes, precisions and nets; optimisers so that each meets both values of the others.
std::vector<TrainingCase> TrainingCases() {
  std::vector<TrainingCase> cases;
  for (const bool rates : {true, false})
    for (const bool mixed : {true, false})
      for (const bool deep : {false, true}) {
        const bool adam = (rates != mixed) != deep;
        const LearningMode mode = rates ? LearningMode::kRate : LearningMode::kBptt;
        NetworkSpec spec = deep ? DeepSpec() : PresetSpec(mode);
        spec.learning.mode = mode;
        spec.precision = mixed ? Precision::kMixed : Precision::kFloat32;
        const std::string name = std::string(rates ? "rate" : "bptt") + (mixed ? ", mixed" : ", float32") +
                                 (deep ? ", deep" : ", preset") + (adam ? ", adam" : ", sgd");
        OptimizerSpec optimizer{.kind = adam ? OptimizerKind::kAdam : OptimizerKind::kSgd};
        if (!adam) optimizer.momentum = 0.9f;
        cases.push_back({name, spec, optimizer});
      }
  return cases;
}

/// Everything that a run leaves behind.
struct Outcome {
  std::vector<double> losses;
  std::vector<float> tensors;

  bool operator==(const Outcome& other) const {
    return SameBits(losses, other.losses) && SameBits(tensors, other.tensors);
  }
};

std::vector<std::unique_ptr<Pictures>> Batches(const NetworkSpec& spec) {
  std::vector<std::unique_ptr<Pictures>> batches;
  for (const int samples : {kBatch, 11, kBatch})
    batches.push_back(std::make_unique<Pictures>(spec, samples, 50u + static_cast<uint32_t>(batches.size()),
                                                 100 * batches.size()));
  return batches;
}

Outcome Train(const TrainingCase& c, const Kernels& kernels, int threads) {
  LayerNetwork network(c.spec, kernels);
  network.Prepare(kBatch, threads, c.optimizer);
  Outcome outcome;
  for (const auto& pictures : Batches(c.spec))
    outcome.losses.push_back(network.TrainStep(pictures->batch(), 9, 2, 0.002f, {}).loss_sum);
  outcome.losses.push_back(network.Evaluate(Batches(c.spec)[0]->batch(), 9, 3, nullptr).loss_sum);
  outcome.tensors = AllTensors(network);
  return outcome;
}

TEST("weights, optimiser state and losses have the same bits for 1, 2, 3 and 7 threads") {
  for (const TrainingCase& c : TrainingCases()) {
    const Outcome alone = Train(c, ActiveKernels(), 1);
    for (const int threads : {2, 3, 7})
      if (!(Train(c, ActiveKernels(), threads) == alone))
        test::Fail(c.name + " differs for " + std::to_string(threads) + " threads",
                   std::source_location::current());
  }
}

TEST("weights, optimiser state and losses have the same bits on every instruction set") {
  for (const TrainingCase& c : TrainingCases()) {
    const Outcome base = Train(c, kKernelsBase, 2);
    for (const auto& [name, kernels] : SupportedTables())
      if (!(Train(c, *kernels, 2) == base))
        test::Fail(c.name + " differs on " + name, std::source_location::current());
  }
}

TEST("gradients used at once and gradients stored first give the same bits") {
  for (const TrainingCase& c : TrainingCases()) {
    TrainingCase stored = c;
    stored.optimizer.clip_norm = 1e30f;
    if (!(Train(stored, ActiveKernels(), 2) == Train(c, ActiveKernels(), 2)))
      test::Fail(c.name + " differs", std::source_location::current());
  }
}

TEST("training lowers the loss") {
  for (const TrainingCase& c : TrainingCases()) {
    LayerNetwork network(c.spec);
    network.Prepare(kBatch, 2, c.optimizer);
    const Pictures pictures(c.spec, kBatch, 1);
    const double before = network.Evaluate(pictures.batch(), 1, 0, nullptr).loss_sum;
    const float learning_rate = c.optimizer.kind == OptimizerKind::kSgd ? 0.3f : 0.005f;
    for (uint32_t step = 0; step < 8; ++step) network.TrainStep(pictures.batch(), 1, step, learning_rate, {});
    const double after = network.Evaluate(pictures.batch(), 1, 0, nullptr).loss_sum;
    if (!(after < 0.9 * before))
      test::Fail(c.name + ": " + std::to_string(before) + " to " + std::to_string(after),
                 std::source_location::current());
  }
}

TEST("a network that takes over all tensors goes on with the same bits") {
  for (const TrainingCase& c : TrainingCases()) {
    const auto batches = Batches(c.spec);
    LayerNetwork first(c.spec);
    first.Prepare(kBatch, 2, c.optimizer);
    for (int step = 0; step < 2; ++step) first.TrainStep(batches[step]->batch(), 9, 2, 0.01f, {});

    NetworkSpec other_seed = c.spec;
    other_seed.seed += 1;
    LayerNetwork second(other_seed);
    second.Prepare(kBatch, 1, c.optimizer);
    for (const TensorInfo& tensor : first.Tensors())
      WriteTensor(second, tensor.name, ReadTensor(first, tensor.name));
    second.set_optimizer_step(first.optimizer_step());
    CHECK(SameBits(AllTensors(second), AllTensors(first)));

    for (int step = 1; step < 3; ++step) {
      const double expected = first.TrainStep(batches[step]->batch(), 9, 3, 0.01f, {}).loss_sum;
      CHECK_EQUAL(second.TrainStep(batches[step]->batch(), 9, 3, 0.01f, {}).loss_sum, expected);
    }
    if (!SameBits(AllTensors(second), AllTensors(first)))
      test::Fail(c.name + " differs", std::source_location::current());
  }
}

TEST("preparing for another batch size keeps what the network has learnt, to the last bit") {
  for (const TrainingCase& c : TrainingCases()) {
    LayerNetwork network(c.spec);
    network.Prepare(kBatch, 2, c.optimizer);
    const auto batches = Batches(c.spec);
    for (const auto& pictures : batches) network.TrainStep(pictures->batch(), 9, 2, 0.01f, {});
    std::vector<float> before(10), after(10);
    const Pictures one(c.spec, 1, 2);
    network.Evaluate(one.batch(), 1, 0, before.data());
    network.Prepare(1, 1, std::nullopt);
    network.Evaluate(one.batch(), 1, 0, after.data());
    CHECK(SameBits(after, before));
  }
}

TEST("a sample's scores depend on its number, not on its place or company") {
  NetworkSpec spec = DeepSpec();
  spec.precision = Precision::kMixed;
  LayerNetwork network(spec);
  network.Prepare(kBatch, 3, std::nullopt);
  const Pictures pictures(spec, kBatch, 3);
  std::vector<float> scores(kBatch * 10), alone(10);
  network.Evaluate(pictures.batch(), 1, 0, scores.data());
  for (const int s : {0, 7, 8, 17}) {
    const Batch one{1, &pictures.ids[s], &pictures.pointers[s], nullptr, nullptr};
    network.Evaluate(one, 1, 0, alone.data());
    CHECK(SameBits(alone, {scores.begin() + s * 10, scores.begin() + (s + 1) * 10}));
  }
}

TEST("a transform sees every sample once and what it writes is learnt") {
  const NetworkSpec spec = PresetSpec(LearningMode::kRate);
  const OptimizerSpec optimizer;
  Pictures pictures(spec, kBatch, 4), inverted(spec, kBatch, 4);
  for (uint8_t& pixel : inverted.pixels) pixel = static_cast<uint8_t>(255 - pixel);
  LayerNetwork plain(spec), transforming(spec);
  plain.Prepare(kBatch, 1, optimizer);
  transforming.Prepare(kBatch, 3, optimizer);
  std::vector<int> seen(kBatch);
  const InputTransform invert = [&](int worker, uint32_t id, const uint8_t* in, uint8_t* out) {
    CHECK(worker >= 0 && worker < 3);
    ++seen[id];
    for (int i = 0; i < 144; ++i) out[i] = static_cast<uint8_t>(255 - in[i]);
  };
  plain.TrainStep(inverted.batch(), 1, 0, 0.01f, {});
  transforming.TrainStep(pictures.batch(), 1, 0, 0.01f, invert);
  CHECK(SameBits(AllTensors(plain), AllTensors(transforming)));
  CHECK(seen == std::vector<int>(kBatch, 1));
}

// ---- tensors
// -----------------------------------------------------------------------------------------------------

TEST("tensors come back as they were written") {
  for (const TrainingCase& c : TrainingCases()) {
    LayerNetwork network(c.spec);
    network.Prepare(kBatch, 1, c.optimizer);
    Random random(5);
    for (const TensorInfo& tensor : network.Tensors()) {
      size_t size = 1;
      for (const int side : tensor.shape) size *= static_cast<size_t>(side);
      CHECK_EQUAL(network.TensorSize(tensor.name), size);
      const std::vector<float> values = random.Floats(size, 0.25, 1);
      WriteTensor(network, tensor.name, values);
      CHECK(ReadTensor(network, tensor.name) == values);
    }
  }
}

TEST(
    "weights have the layout of PyTorch: filter, channel, row, column; unit, then inputs by channel, row, "
    "column") {
  LayerSpec conv = Conv(3, 2);
  conv.kernel_width = 3;
  for (const bool one_channel : {true, false}) {
    const int channels = one_channel ? 1 : 2, channel = channels - 1;
    const NetworkSpec spec = Network({channels, 5, 6}, 1, {conv, Dense(4), LinearReadout(2)});
    LayerNetwork network(spec);
    const auto parameters = network.Parameters();
    CHECK(parameters[0].shape == std::vector<int>({3, channels, 2, 3}));
    CHECK(parameters[2].shape == std::vector<int>({4, 3 * 4 * 4}));
    CHECK(parameters[4].shape == std::vector<int>({2, 4}));

    // Pixel (2, 3) reaches filter 1 at output (2, 1) through kernel row 0 and column 2, and from there
    // unit 2.
    std::vector<float> kernel(3 * channels * 6), dense(4 * 48), readout(8);
    kernel[((1 * channels + channel) * 2 + 0) * 3 + 2] = 1;
    dense[2 * 48 + (1 * 4 + 2) * 4 + 1] = 1;
    readout[1 * 4 + 2] = 0.75f;
    WriteTensor(network, "layers.0.weight", kernel);
    WriteTensor(network, "layers.1.weight", dense);
    WriteTensor(network, "layers.2.weight", readout);
    std::vector<uint8_t> picture(channels * 30);
    picture[(channel * 5 + 2) * 6 + 3] = 1;
    float scores[2];
    network.RunSpikes(picture.data(), 1, nullptr, false, scores);
    std::vector<uint8_t> expected(48);
    expected[(1 * 4 + 2) * 4 + 1] = 1;
    CHECK(network.LayerSpikes(0, 1) == expected);
    CHECK(network.LayerSpikes(1, 1) == std::vector<uint8_t>({0, 0, 1, 0}));
    CHECK_EQUAL(scores[0], 0.0f);
    CHECK_EQUAL(scores[1], 0.75f);
  }
}

TEST("a bias is added at every update, times the gain of the input") {
  LayerSpec hidden = Dense(2, 2, InputMode::kWindow, 0.5f);
  hidden.neuron = NeuronConstants{.decay = 1, .threshold = 1};
  NetworkSpec spec = Network({1, 1, 1}, 8, {hidden, LinearReadout(2)});
  LayerNetwork network(spec);
  WriteTensor(network, "layers.0.weight", {0, 0});
  WriteTensor(network, "layers.0.bias", {1.25f, 0});  // 0.625 an update: fires at the second and fourth
  WriteTensor(network, "layers.1.weight", {1, 0, 0, 1});
  const std::vector<uint8_t> silence(8);
  float scores[2];
  network.RunSpikes(silence.data(), 1, nullptr, false, scores);
  CHECK_EQUAL(scores[0], 2.0f / 8);
  CHECK_EQUAL(scores[1], 0.0f);
  CHECK(network.LayerSpikes(0, 1) == std::vector<uint8_t>({0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}));
}

TEST("initial weights depend on the seed and spread as asked for, biases are zero") {
  NetworkSpec spec = PresetSpec(LearningMode::kRate);
  LayerNetwork network(spec), same(spec);
  spec.seed = uint64_t{1} << 50;
  LayerNetwork other(spec);
  CHECK(SameBits(AllTensors(network), AllTensors(same)));
  CHECK(!SameBits(AllTensors(network), AllTensors(other)));
  const std::vector<float> weights = ReadTensor(network, "layers.1.weight");
  double sum = 0, squares = 0;
  for (const float w : weights) sum += w, squares += double{w} * w;
  const auto n = static_cast<double>(weights.size());
  CHECK_NEAR(sum / n, 0, 4 * 0.15 / std::sqrt(n));
  CHECK_NEAR(std::sqrt(squares / n), 0.15, 4 * 0.15 / std::sqrt(2 * n));
  for (const float bias : ReadTensor(network, "layers.1.bias")) CHECK_EQUAL(bias, 0.0f);
}

TEST("the plan grows with the batch, the threads and training") {
  const NetworkSpec spec = PresetSpec(LearningMode::kBptt);
  LayerNetwork network(spec);
  const size_t inference = network.Prepare(8, 1, std::nullopt);
  CHECK(network.Prepare(64, 1, std::nullopt) > inference);
  CHECK(network.Prepare(8, 4, std::nullopt) > inference);
  CHECK(network.Prepare(8, 1, OptimizerSpec{}) > inference);
  CHECK_EQUAL(network.Prepare(8, 1, std::nullopt), inference);
}

// ---- failures
// ----------------------------------------------------------------------------------------------------

// Trains until the loss is not finite; returns the field of the error. Fails when that step has changed
// anything.
std::string FieldOfDivergence(const TrainingCase& c, float learning_rate) {
  LayerNetwork network(c.spec);
  network.Prepare(kBatch, 2, c.optimizer);
  const Pictures pictures(c.spec, kBatch, 6);
  for (uint32_t step = 0; step < 30; ++step) {
    const std::vector<float> before = AllTensors(network);
    try {
      network.TrainStep(pictures.batch(), 1, step, learning_rate, {});
    } catch (const Error& error) {
      CHECK_EQUAL(std::string(ErrorName(error.code())), "ERR_SYNFIRE_NUMERIC");
      CHECK(std::string(error.what()).find(error.field()) != std::string::npos);
      CHECK(SameBits(AllTensors(network), before));
      return error.field();
    }
  }
  return "none";
}

TEST("a loss that is not finite stops training, names a layer and changes nothing more") {
  for (const TrainingCase& c : TrainingCases())
    CHECK_EQUAL(FieldOfDivergence(c, 3e38f).substr(0, 7), "layers.");
}

TEST("weights that are not finite are found and named") {
  TrainingCase c = TrainingCases()[0];
  LayerNetwork network(c.spec);
  network.Prepare(kBatch, 1, OptimizerSpec{.kind = OptimizerKind::kSgd});
  network.CheckFinite();
  const Pictures pictures(c.spec, kBatch, 6);
  network.TrainStep(pictures.batch(), 1, 0, INFINITY, {});
  try {
    network.CheckFinite();
    CHECK(false);
  } catch (const Error& error) {
    CHECK_EQUAL(error.field(), "layers.0.weight");
  }
}

TEST("writing a tensor is checked before anything changes") {
  TrainingCase c = TrainingCases()[0];
  LayerNetwork network(c.spec);
  const std::vector<float> before = AllTensors(network);
  std::vector<float> values(network.TensorSize("layers.2.bias"), 1.0f);
  CHECK_THROWS(WriteTensor(network, "layers.9.bias", values), ErrorCode::kInvalidArgument);
  CHECK_THROWS(WriteTensor(network, "optimizer.m.layers.2.bias", values), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.WriteTensor("layers.2.bias", values.data(), 9), ErrorCode::kInvalidArgument);
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    values[3] = bad;
    CHECK_THROWS(WriteTensor(network, "layers.2.bias", values), ErrorCode::kInvalidArgument);
  }
  std::vector<float> scales(64, 1.0f);
  scales[5] = 0;
  CHECK_THROWS(WriteTensor(network, "layers.1.scale", scales), ErrorCode::kInvalidArgument);
  CHECK(SameBits(AllTensors(network), before));
}

TEST("impossible batches and threads are refused by name") {
  LayerNetwork network(PresetSpec(LearningMode::kRate));
  CHECK_THROWS(network.Prepare(0, 1, std::nullopt), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Prepare(65537, 1, std::nullopt), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Prepare(1, 0, std::nullopt), ErrorCode::kInvalidArgument);
  CHECK_THROWS(network.Prepare(1, ThreadTeam::kMaxThreads + 1, std::nullopt), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace synfire::layers
