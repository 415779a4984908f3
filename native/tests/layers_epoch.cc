// Passes over a data set: pictures through encoders, the order of batches, stopping and going on, and what is
// counted.
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "native/data/sampler.h"
#include "native/layers/epoch.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr uint64_t kSeed = 77;
constexpr int kBatch = 8;
constexpr int kTotal = 40;
constexpr int kTraining = 30;  // three batches and a part of one
constexpr int kSteps = 4;

// ---- encoders in a network
// ---------------------------------------------------------------------------------------

/// Bytes [channel][position] in the order position, channel.
std::vector<uint8_t> ByPosition(const uint8_t* picture, const Shape& shape) {
  const int positions = shape.height * shape.width;
  std::vector<uint8_t> out;
  for (int p = 0; p < positions; ++p)
    for (int c = 0; c < shape.channels; ++c) out.push_back(picture[c * positions + p]);
  return out;
}

/// Spikes [step][sample][channel, row, column] of the pictures, as the encoder draws them: pixels counted by
/// position, then channel.
std::vector<uint8_t> EncodedInput(const NetworkSpec& spec, const Pictures& pictures, float gain) {
  const int pixels = spec.input.size(), positions = spec.input.height * spec.input.width;
  const size_t samples = pictures.ids.size();
  std::vector<uint8_t> input(spec.timesteps * samples * pixels), spikes(spec.timesteps * pixels);
  for (size_t s = 0; s < samples; ++s) {
    const std::vector<uint8_t> picture = ByPosition(pictures.pointers[s], spec.input);
    ActiveKernels().encode({spec.encoder.kind, spec.timesteps, spec.encoder.deterministic_steps, pixels, gain,
                            kSeed, kEvaluationEpoch, pictures.ids[s], picture.data(), spikes.data()});
    for (int t = 0; t < spec.timesteps; ++t)
      for (int i = 0; i < pixels; ++i)
        input[(t * samples + s) * pixels + i % spec.input.channels * positions + i / spec.input.channels] =
            spikes[t * pixels + i];
  }
  return input;
}

TEST("a network sees what its encoder makes of pictures, whatever the channels") {
  for (const int channels : {1, 3})
    for (const EncoderKind kind :
         {EncoderKind::kHybrid, EncoderKind::kRate, EncoderKind::kLatency, EncoderKind::kDirect}) {
      NetworkSpec spec = Network({channels, 7, 6}, 5, {Conv(4, 3), LinearReadout(3)});
      spec.encoder = {kind, 3, 0.5f};
      LayerNetwork network(spec);
      RandomizeParameters(network, 1);
      network.Prepare(kBatch, 1, std::nullopt);
      const Pictures pictures(spec, kBatch, 2, 1000);
      std::vector<float> scores(kBatch * 3), expected(kBatch * 3);
      network.Evaluate(pictures.batch(), kSeed, kEvaluationEpoch, scores.data());
      const auto input = EncodedInput(spec, pictures, kind == EncoderKind::kRate ? 0.5f : 1.0f);
      network.RunSpikes(input.data(), kBatch, nullptr, false, expected.data());
      CHECK(SameBits(scores, expected));
    }
}

TEST("a direct code is a current of gain times p at every step") {
  NetworkSpec spec = Network({1, 2, 2}, 6, {LinearReadout(2)});
  spec.encoder = {.kind = EncoderKind::kDirect, .gain = 0.5f};
  LayerNetwork network(spec);
  WriteTensor(network, "layers.0.weight", {1, 2, 3, 4, 0, 0, 0, -1});
  const uint8_t picture[] = {255, 0, 51, 102};
  const uint8_t* pixels = picture;
  const uint32_t id = 0;
  float scores[2];
  network.Evaluate({1, &id, &pixels, nullptr, nullptr}, 1, 0, scores);
  CHECK_NEAR(scores[0], 0.5 * (1 + 3 * 0.2 + 4 * 0.4), 1e-6);
  CHECK_NEAR(scores[1], -0.5 * 0.4, 1e-6);
}

// ---- training
// ----------------------------------------------------------------------------------------------------

NetworkSpec SmallSpec() {
  NetworkSpec spec = Network({1, 8, 8}, 5, {Conv(4, 3, 2), Dense(20), LinearReadout(3)});
  for (LayerSpec& layer : spec.layers) layer.init_std = 0.4f;
  return spec;
}

void Fill(Dataset& data) {
  Random random(3);
  std::vector<int32_t> labels(kTotal);
  for (int32_t& label : labels) label = random.Below(3);
  data.WriteSamples(0, random.Bytes(kTotal * 64));
  data.WriteLabels(0, labels);
}

/// A network and data, ready for an epoch over some of the samples.
struct Run {
  Run()
      : network(SmallSpec()),
        data({.channels = 1, .height = 8, .width = 8, .samples = kTotal, .classes = 3}),
        indices(kTraining),
        rates(kSteps) {
    Fill(data);
    network.Prepare(kBatch, 2, OptimizerSpec{});
    for (uint32_t i = 0; i < kTraining; ++i) indices[i] = i * 7 % kTotal;
    for (int step = 0; step < kSteps; ++step) rates[step] = 0.001 * (1 + step);
    options.dataset = &data;
    options.indices = indices;
    options.seed = kSeed;
    options.epoch = 5;
    options.last_step = kSteps;
    options.learning_rates = rates;
  }

  TrainEpochResult Train(const EpochCallback& callback = {}) {
    return TrainEpoch(network, options, callback);
  }

  LayerNetwork network;
  Dataset data;
  std::vector<uint32_t> indices;
  std::vector<double> rates;
  TrainEpochOptions options;
};

/// The same epoch as single steps; returns the sum of losses.
double TrainByHand(Run& run, const std::vector<float>& weights, const InputTransform& transform) {
  const Permutation order(kSeed, run.options.epoch, kTraining);
  double loss = 0;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<uint32_t> ids;
    std::vector<const uint8_t*> pixels;
    std::vector<int32_t> labels;
    std::vector<float> sample_weights;
    for (int i = step * kBatch; i < std::min(kTraining, (step + 1) * kBatch); ++i) {
      ids.push_back(run.indices[order(static_cast<uint32_t>(i))]);
      pixels.push_back(run.data.sample(ids.back()));
      labels.push_back(run.data.label(ids.back()));
      if (!weights.empty()) sample_weights.push_back(weights[ids.back()]);
    }
    const Batch batch{static_cast<int>(ids.size()), ids.data(), pixels.data(), labels.data(),
                      weights.empty() ? nullptr : sample_weights.data()};
    loss +=
        run.network.TrainStep(batch, kSeed, run.options.epoch, static_cast<float>(run.rates[step]), transform)
            .loss_sum;
  }
  return loss;
}

TEST("an epoch takes its samples in the order of the permutation, a batch and a learning rate a step") {
  Run epoch, by_hand;
  const TrainEpochResult result = epoch.Train();
  CHECK_EQUAL(result.sums.loss_sum, TrainByHand(by_hand, {}, {}));
  CHECK_EQUAL(result.sums.samples, double{kTraining});
  CHECK_EQUAL(result.step, int64_t{kSteps});
  CHECK(result.completed);
  CHECK(SameBits(AllTensors(epoch.network), AllTensors(by_hand.network)));
}

TEST("sample weights belong to the samples of the data set") {
  Run epoch, by_hand;
  const std::vector<float> weights = Random(4).Floats(kTotal, 0, 2);
  epoch.options.sample_weights = weights;
  CHECK_EQUAL(epoch.Train().sums.loss_sum, TrainByHand(by_hand, weights, {}));
  CHECK(SameBits(AllTensors(epoch.network), AllTensors(by_hand.network)));
}

TEST("augmentation is keyed by the seed, the epoch and the sample") {
  Run epoch, by_hand;
  const Augmentation augmentation = {.shift = 2, .rotate_degrees = 10, .elastic = 1, .elastic_sigma = 2};
  epoch.options.augmentation = augmentation;
  std::vector<AugmentWorkspace> workspaces;
  for (int worker = 0; worker < 2; ++worker) workspaces.emplace_back(augmentation, 8, 8);
  const double expected =
      TrainByHand(by_hand, {}, [&](int worker, uint32_t id, const uint8_t* in, uint8_t* out) {
        Augment(augmentation, in, 1, 8, 8, kSeed, 5, id, workspaces[worker], out);
      });
  CHECK_EQUAL(epoch.Train().sums.loss_sum, expected);
  CHECK(SameBits(AllTensors(epoch.network), AllTensors(by_hand.network)));
}

TEST("an epoch stopped after any step and taken up again gives the same bits and sums") {
  Run whole;
  const TrainEpochResult expected = whole.Train();
  for (int stop = 1; stop < kSteps; ++stop) {
    Run run;
    int64_t seen = 0;
    const TrainEpochResult first = run.Train([&](const EpochProgress& p) {
      CHECK_EQUAL(p.step, ++seen);
      CHECK_EQUAL(p.steps, int64_t{kSteps});
      CHECK_EQUAL(p.sums.samples, static_cast<double>(seen * kBatch));
      return p.step < stop;
    });
    CHECK(!first.completed);
    CHECK_EQUAL(first.step, int64_t{stop});
    run.options.first_step = first.step;
    run.options.sums = first.sums;
    const TrainEpochResult second = run.Train();
    CHECK(second.completed);
    CHECK_EQUAL(second.sums.loss_sum, expected.sums.loss_sum);
    CHECK_EQUAL(second.sums.correct, expected.sums.correct);
    CHECK_EQUAL(second.sums.samples, expected.sums.samples);
    CHECK(SameBits(AllTensors(run.network), AllTensors(whole.network)));
  }
}

TEST("an epoch ends with finite weights or an error that names the layer") {
  Run run;
  run.rates[kSteps - 1] = INFINITY;
  try {
    run.Train();
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kNumeric);
    CHECK_EQUAL(error.field(), "layers.0.weight");
  }
}

// Trains as `change` leaves the run; returns the field of the error.
std::string RefusedField(const std::function<void(Run&)>& change) {
  Run run;
  change(run);
  try {
    run.Train();
  } catch (const Error& error) {
    return error.code() == ErrorCode::kInvalidArgument ? error.field() : ErrorName(error.code());
  }
  return "accepted";
}

TEST("epochs that cannot be are refused by name") {
  std::vector<float> few(kTotal - 1, 1.0f), negative(kTotal, 1.0f), wrong(kTotal, 1.0f);
  negative[7] = -1, wrong[7] = NAN;
  Dataset wide({.channels = 1, .height = 8, .width = 9, .samples = kTotal, .classes = 3});
  Dataset many({.channels = 1, .height = 8, .width = 8, .samples = kTotal, .classes = 4});
  Dataset unlabelled({.channels = 1, .height = 8, .width = 8, .samples = kTotal});
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.dataset = &wide; }), "dataset.shape");
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.dataset = &many; }), "dataset.classes");
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.dataset = &unlabelled; }), "dataset.classes");
  CHECK_EQUAL(RefusedField([](Run& r) { r.network.Prepare(kBatch, 1, std::nullopt); }), "optimizer");
  CHECK_EQUAL(RefusedField([](Run& r) { r.options.indices = {}; }), "indices");
  CHECK_EQUAL(RefusedField([](Run& r) { r.indices[29] = kTotal; }), "indices[29]");
  CHECK_EQUAL(RefusedField([](Run& r) { r.options.first_step = -1; }), "firstStep");
  CHECK_EQUAL(RefusedField([](Run& r) { r.options.first_step = 3, r.options.last_step = 2; }), "firstStep");
  CHECK_EQUAL(RefusedField([](Run& r) { r.options.last_step = kSteps + 1; }), "firstStep");
  CHECK_EQUAL(RefusedField([](Run& r) { r.options.learning_rates = r.options.learning_rates.first(3); }),
              "learningRates");
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.sample_weights = few; }), "sampleWeights");
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.sample_weights = negative; }), "sampleWeights");
  CHECK_EQUAL(RefusedField([&](Run& r) { r.options.sample_weights = wrong; }), "sampleWeights");
}

// ---- evaluation
// --------------------------------------------------------------------------------------------------

TEST("an evaluation tells every sample's prediction, whatever the size of its batches") {
  Run run;
  const std::vector<uint32_t> indices = {3, 39, 0, 12, 13, 14, 15, 16, 17, 18, 2};
  std::vector<int32_t> expected;
  double correct = 0;
  for (const uint32_t id : indices) {
    const uint8_t* pixels = run.data.sample(id);
    float scores[3];
    run.network.Evaluate({1, &id, &pixels, nullptr, nullptr}, kSeed, kEvaluationEpoch, scores);
    expected.push_back(static_cast<int32_t>(std::max_element(scores, scores + 3) - scores));
    correct += expected.back() == run.data.label(id);
  }
  double loss = -1;
  for (const int batch : {1, 4, 11, 64}) {
    run.network.Prepare(batch, 2, std::nullopt);
    const EvaluationResult result = EvaluateSamples(run.network, run.data, indices, kSeed, false, {});
    CHECK(result.predictions == expected);
    CHECK_EQUAL(result.sums.correct, correct);
    CHECK_EQUAL(result.sums.samples, 11.0);
    if (loss < 0) loss = result.sums.loss_sum;
    CHECK_NEAR(result.sums.loss_sum, loss, 1e-9 * loss);
    CHECK(result.statistics.empty());
  }
}

TEST("an evaluation can be cancelled and refuses data that do not fit") {
  Run run;
  const EpochCallback stop = [](const EpochProgress&) { return false; };
  CHECK_THROWS(EvaluateSamples(run.network, run.data, run.indices, kSeed, false, stop),
               ErrorCode::kCancelled);
  run.indices[3] = kTotal;
  CHECK_THROWS(EvaluateSamples(run.network, run.data, run.indices, kSeed, false, {}),
               ErrorCode::kInvalidArgument);
  const Dataset wide({.channels = 1, .height = 8, .width = 9, .samples = kTotal, .classes = 3});
  CHECK_THROWS(EvaluateSamples(run.network, wide, {}, kSeed, false, {}), ErrorCode::kInvalidArgument);
}

TEST("statistics count spikes, chances to spike, and operations of sparse and of dense layers") {
  Run run;
  run.network.Prepare(64, 2, std::nullopt);
  std::vector<uint32_t> all(kTotal);
  std::iota(all.begin(), all.end(), 0u);
  const EvaluationResult result = EvaluateSamples(run.network, run.data, all, kSeed, true, {});
  CHECK_EQUAL(result.statistics.size(), 3u);
  const auto count = [&](size_t layer) {
    const std::vector<uint8_t> spikes = run.network.LayerSpikes(layer, kTotal);
    return static_cast<double>(std::accumulate(spikes.begin(), spikes.end(), 0));
  };
  const std::vector<LayerInfo> layers = run.network.Layers();
  for (const size_t layer : {0, 1}) {
    CHECK(count(layer) > 0);
    CHECK_EQUAL(result.statistics[layer].spikes, count(layer));
    CHECK_EQUAL(result.statistics[layer].neuron_steps, layers[layer].neurons * kTotal * 5);
    CHECK_EQUAL(result.statistics[layer].dense_macs, layers[layer].macs * kTotal);
  }
  CHECK_EQUAL(result.statistics[1].synaptic_operations, count(0) * 20);
  CHECK_EQUAL(result.statistics[2].synaptic_operations, count(1) * 3);
  CHECK_EQUAL(result.statistics[2].spikes, 0.0);

  run.network.Prepare(7, 1, std::nullopt);  // in parts, the same
  const EvaluationResult parts = EvaluateSamples(run.network, run.data, all, kSeed, true, {});
  for (size_t layer = 0; layer < 3; ++layer) {
    CHECK_EQUAL(parts.statistics[layer].spikes, result.statistics[layer].spikes);
    CHECK_EQUAL(parts.statistics[layer].synaptic_operations, result.statistics[layer].synaptic_operations);
  }
}

}  // namespace
}  // namespace synfire::layers
