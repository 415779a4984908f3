// Pooling and dropout against plain loops: counts forward, gradients back, masks that depend on their key
// alone.
#include <algorithm>
#include <memory>
#include <vector>

#include "native/layers/dropout.h"
#include "native/layers/pooling.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr int kSteps = 5;

/// A population with given activity [sample][step][row, column, padded channel].
class Below final : public Layer {
 public:
  Below(const Shape& shape, int channel_stride, int max_count, std::vector<uint8_t> counts)
      : counts_(std::move(counts)) {
    output_.shape = shape;
    output_.channel_stride = channel_stride;
    output_.max_count = max_count;
    output_.scale = output_.training_scale = 0.5f;
    output_.data = counts_.data();
  }
  Reader Connect(const Reader& reader, LearningMode) override { return reader; }
  void Reserve(Plan&, const Extent&) override {}
  void Forward(const Pass&, const Chunk&) override {}
  void Backward(const Pass&, const Chunk&, const float*, float*) override {}
  void AddStatistics(int, LayerStatistics&) const override {}

 private:
  std::vector<uint8_t> counts_;
};

template <class Work>
void ForEachChunk(int samples, Work work) {
  for (int first = 0, index = 0; first < samples; first += kChunk, ++index)
    work(Chunk{index, first, std::min(kChunk, samples - first), 0});
}

// ---- pooling
// -----------------------------------------------------------------------------------------------------

constexpr int kSamples = 10;

struct PoolCase {
  Shape in;
  int channel_stride;
  LayerSpec window;  // its kind is set by the test

  Shape out() const {
    const LayerSpec& w = window;
    return {in.channels, (in.height + 2 * w.padding_y - w.kernel_height) / w.stride_y + 1,
            (in.width + 2 * w.padding_x - w.kernel_width) / w.stride_x + 1};
  }
  size_t in_size() const { return static_cast<size_t>(in.height) * in.width * channel_stride; }
  size_t out_size() const { return static_cast<size_t>(out().height) * out().width * channel_stride; }
};

std::vector<PoolCase> PoolCases() {
  LayerSpec uneven = Pool(LayerKind::kMaxPool2d, 3, 1, 0);
  uneven.kernel_width = 2;
  uneven.stride_y = 2;
  uneven.padding_y = 1;
  return {{{3, 6, 8}, 16, Pool(LayerKind::kMaxPool2d, 2, 2)},
          {{16, 7, 7}, 16, Pool(LayerKind::kMaxPool2d, 3, 2)},
          {{2, 5, 6}, 16, Pool(LayerKind::kMaxPool2d, 3, 1, 1)},
          {{1, 5, 5}, 16, Pool(LayerKind::kMaxPool2d, 3, 2, 2)},
          {{4, 6, 5}, 16, uneven}};
}

/// Calls visit(output, input) for every input of every window, padding channels included.
template <class Visit>
void ForEachInput(const PoolCase& c, Visit visit) {
  ForEachWindowInput(c.window, c.in, c.out(), [&](int o, int i, int) {
    for (int ch = 0; ch < c.channel_stride; ++ch) visit(o * c.channel_stride + ch, i * c.channel_stride + ch);
  });
}

/// A pooling layer over random counts, read as `reader` says.
class PoolBench {
 public:
  PoolBench(const PoolCase& c, LayerKind kind, const Reader& reader, LearningMode mode)
      : case_(c),
        counts_(Random(1).Counts(kSamples * kSteps * c.in_size(), 0.4, 3)),
        below_(c.in, c.channel_stride, 3, counts_) {
    LayerSpec spec = c.window;
    spec.kind = kind;
    spec.name = "pool";
    layer_ = MakePooling(spec, Network(c.in, kSteps, {}), below_.output(), &below_, c.out());
    below_reader_ = layer_->Connect(reader, mode);
    layer_->Reserve(plan_, {kSamples, 1, kSteps, true, mode});
    plan_.Commit();
    ForEachChunk(kSamples, [&](const Chunk& chunk) { layer_->Forward({kSamples, true}, chunk); });
  }

  const Signal& output() const { return layer_->output(); }
  const Reader& below_reader() const { return below_reader_; }
  int In(int sample, int step, size_t i) const {
    return counts_[(sample * kSteps + step) * case_.in_size() + i];
  }
  int Out(int sample, int step, size_t o) const {
    return output().data[(sample * kSteps + step) * case_.out_size() + o];
  }

  /// Gradient [sample][row][in] from gradient [sample][row of the reader][out].
  std::vector<float> Backward(const std::vector<float>& gradient) {
    std::vector<float> below(kSamples * below_reader_.rows * case_.in_size(), NAN);
    const size_t stride = gradient.size() / kSamples, below_stride = below.size() / kSamples;
    ForEachChunk(kSamples, [&](const Chunk& chunk) {
      layer_->Backward({kSamples, true}, chunk, gradient.data() + chunk.first * stride,
                       below.data() + chunk.first * below_stride);
    });
    return below;
  }

 private:
  PoolCase case_;
  std::vector<uint8_t> counts_;
  Below below_;
  std::unique_ptr<Layer> layer_;
  Reader below_reader_;
  Plan plan_;
};

// Every step is a row of its own.
Reader EveryStep() {
  return {kSteps, {0, 1, 2, 3, 4}, {}, false};
}
// Steps 0 and 3 are read by updates 0 and 1, step 1 and 2 by update 1 too, step 4 by none.
Reader Windows() {
  return {2, {0, 1, 1, 1, -1}, {}, false};
}
Reader Rates() {
  return {1, {}, {3, 2, 2, 1, 0}, false};
}

std::vector<float> RandomGradient(const PoolCase& c, int rows) {
  return Random(2).Floats(kSamples * rows * c.out_size(), -1, 1);
}

TEST("sum and average pooling sum the counts of each window") {
  for (const PoolCase& c : PoolCases())
    for (const LayerKind kind : {LayerKind::kSumPool2d, LayerKind::kAvgPool2d}) {
      const PoolBench bench(c, kind, EveryStep(), LearningMode::kBptt);
      int wrong = 0;
      for (int s = 0; s < kSamples; ++s)
        for (int t = 0; t < kSteps; ++t) {
          std::vector<int> sums(c.out_size());
          ForEachInput(c, [&](int o, int i) { sums[o] += bench.In(s, t, i); });
          for (size_t o = 0; o < sums.size(); ++o) wrong += bench.Out(s, t, o) != sums[o];
        }
      CHECK_EQUAL(wrong, 0);
    }
}

TEST("an average is a sum of smaller scale, padding included") {
  const PoolCase c = PoolCases()[2];
  const float window = 9;
  const PoolBench sum(c, LayerKind::kSumPool2d, EveryStep(), LearningMode::kBptt);
  const PoolBench average(c, LayerKind::kAvgPool2d, EveryStep(), LearningMode::kBptt);
  CHECK_EQUAL(sum.output().scale, 0.5f);
  CHECK_EQUAL(sum.output().training_scale, 0.5f);
  CHECK_EQUAL(average.output().scale, 0.5f / window);
  CHECK_EQUAL(average.output().training_scale, 0.5f / window);
  CHECK_EQUAL(average.output().max_count, 27);
}

TEST("sums that do not fit a byte are refused") {
  Below below({1, 30, 30}, 16, 3, {});
  LayerSpec window = Pool(LayerKind::kSumPool2d, 10, 1);
  CHECK_THROWS(MakePooling(window, Network({1, 30, 30}, kSteps, {}), below.output(), &below, {1, 21, 21}),
               ErrorCode::kInvalidArgument);
  window.kernel_height = 8;
  MakePooling(window, Network({1, 30, 30}, kSteps, {}), below.output(), &below, {1, 23, 21});
}

TEST("gradients of sum and average pooling go to every input of the window, row by row") {
  for (const PoolCase& c : PoolCases())
    for (const LayerKind kind : {LayerKind::kSumPool2d, LayerKind::kAvgPool2d})
      for (const bool rates : {false, true}) {
        const Reader reader = rates ? Rates() : Windows();
        PoolBench bench(c, kind, reader, rates ? LearningMode::kRate : LearningMode::kBptt);
        CHECK_EQUAL(bench.below_reader().rows, reader.rows);
        CHECK(bench.below_reader().row_of_step == reader.row_of_step);
        CHECK(bench.below_reader().rate_weight == reader.rate_weight);
        const std::vector<float> gradient = RandomGradient(c, reader.rows), below = bench.Backward(gradient);
        std::vector<double> expected(below.size());
        for (int r = 0; r < kSamples * reader.rows; ++r)
          ForEachInput(
              c, [&](int o, int i) { expected[r * c.in_size() + i] += gradient[r * c.out_size() + o]; });
        CHECK(RelativeDistance(below, expected) < 1e-6);
      }
}

TEST("max pooling passes the largest count of each window") {
  for (const PoolCase& c : PoolCases()) {
    const PoolBench bench(c, LayerKind::kMaxPool2d, EveryStep(), LearningMode::kBptt);
    CHECK_EQUAL(bench.output().max_count, 3);
    int wrong = 0;
    for (int s = 0; s < kSamples; ++s)
      for (int t = 0; t < kSteps; ++t) {
        std::vector<int> peaks(c.out_size());
        ForEachInput(c, [&](int o, int i) { peaks[o] = std::max(peaks[o], bench.In(s, t, i)); });
        for (size_t o = 0; o < peaks.size(); ++o) wrong += bench.Out(s, t, o) != peaks[o];
      }
    CHECK_EQUAL(wrong, 0);
  }
}

// Adds a window's gradient to the first of its largest inputs.
template <class Count>
void AddToWinners(const PoolCase& c, Count count, const float* gradient, double* below) {
  std::vector<int> winner(c.out_size(), -1);
  ForEachInput(c, [&](int o, int i) {
    if (winner[o] < 0 || count(i) > count(winner[o])) winner[o] = i;
  });
  for (size_t o = 0; o < winner.size(); ++o) below[winner[o]] += gradient[o];
}

TEST("through time, max pooling hands each step's gradient to that step's winner") {
  for (const PoolCase& c : PoolCases()) {
    const Reader reader = Windows();
    PoolBench bench(c, LayerKind::kMaxPool2d, reader, LearningMode::kBptt);
    CHECK_EQUAL(bench.below_reader().rows, kSteps);
    CHECK(bench.below_reader().row_of_step == std::vector<int>({0, 1, 2, 3, -1}));
    const std::vector<float> gradient = RandomGradient(c, reader.rows), below = bench.Backward(gradient);
    std::vector<double> expected(below.size());
    for (int s = 0; s < kSamples; ++s)
      for (int t = 0; t < kSteps; ++t) {
        if (reader.row_of_step[t] < 0) continue;
        AddToWinners(
            c, [&](int i) { return bench.In(s, t, i); },
            gradient.data() + (s * reader.rows + reader.row_of_step[t]) * c.out_size(),
            expected.data() + (s * kSteps + t) * c.in_size());
      }
    CHECK(RelativeDistance(below, expected) < 1e-6);
  }
}

TEST("with rates, max pooling hands the gradient to the winner by weighted count") {
  for (const PoolCase& c : PoolCases()) {
    const Reader reader = Rates();
    PoolBench bench(c, LayerKind::kMaxPool2d, reader, LearningMode::kRate);
    CHECK_EQUAL(bench.below_reader().rows, 1);
    const std::vector<float> gradient = RandomGradient(c, 1), below = bench.Backward(gradient);
    std::vector<double> expected(below.size());
    for (int s = 0; s < kSamples; ++s) {
      const auto count = [&](int i) {
        int sum = 0;
        for (int t = 0; t < kSteps; ++t) sum += reader.rate_weight[t] * bench.In(s, t, i);
        return sum;
      };
      AddToWinners(c, count, gradient.data() + s * c.out_size(), expected.data() + s * c.in_size());
    }
    CHECK(RelativeDistance(below, expected) < 1e-6);
  }
}

// ---- dropout
// -----------------------------------------------------------------------------------------------------

constexpr Shape kWide = {3, 5, 40};
constexpr int kWideStride = 16;
constexpr int kNeurons = 5 * 40 * kWideStride;

struct DropoutRun {
  float rate = 0.3f;
  int index = 2;
  bool training = true;
  uint64_t seed = 7;
  uint32_t epoch = 1;
  std::vector<uint32_t> ids = {4, 9, 5, 0, 1, 2, 3, 6, 7, 8};
};

/// A dropout layer over the same counts for every sample, after a forward pass.
class DropoutBench {
 public:
  explicit DropoutBench(const DropoutRun& run)
      : run_(run),
        samples_(static_cast<int>(run.ids.size())),
        below_(kWide, kWideStride, 2, Counts(samples_)) {
    layer_ =
        MakeDropout(DropoutOf(run.rate), Network(kWide, kSteps, {}), below_.output(), &below_, run.index);
    layer_->Connect({2, {}, {}, false}, LearningMode::kBptt);
    layer_->Reserve(plan_, {samples_, 1, kSteps, true, LearningMode::kBptt});
    plan_.Commit();
    const Pass pass{samples_, run.training, run.seed, run.epoch, run_.ids.data()};
    ForEachChunk(samples_, [&](const Chunk& chunk) { layer_->Forward(pass, chunk); });
  }

  const Signal& output() const { return layer_->output(); }
  int In(int step, int i) const { return below_.output().data[step * kNeurons + i]; }
  int Out(int sample, int step, int i) const {
    return output().data[(sample * kSteps + step) * kNeurons + i];
  }

  /// Which neurons of a sample live; fails when that changes from step to step.
  std::vector<bool> Mask(int sample) const {
    std::vector<bool> mask(kNeurons);
    int wrong = 0;
    for (int i = 0; i < kNeurons; ++i) {
      mask[i] = Out(sample, 0, i) != 0;
      for (int t = 0; t < kSteps; ++t) wrong += Out(sample, t, i) != (mask[i] ? In(t, i) : 0);
    }
    CHECK_EQUAL(wrong, 0);
    return mask;
  }

  std::vector<float> Backward(const std::vector<float>& gradient) {
    std::vector<float> below(gradient.size(), NAN);
    ForEachChunk(samples_, [&](const Chunk& chunk) {
      const size_t at = static_cast<size_t>(chunk.first) * 2 * kNeurons;
      layer_->Backward({samples_, true}, chunk, gradient.data() + at, below.data() + at);
    });
    return below;
  }

 private:
  static std::vector<uint8_t> Counts(int samples) {
    std::vector<uint8_t> counts;
    for (int s = 0; s < samples; ++s)
      for (int i = 0; i < kSteps * kNeurons; ++i) counts.push_back(static_cast<uint8_t>(1 + i % 2));
    return counts;
  }

  DropoutRun run_;
  int samples_;
  Below below_;
  std::unique_ptr<Layer> layer_;
  Plan plan_;
};

TEST("dropout silences whole neurons for all steps, about as many as its rate says") {
  for (const float rate : {0.0f, 0.1f, 0.5f, 0.9f}) {
    const DropoutBench bench({.rate = rate});
    double dropped = 0, neurons = 0;
    for (int s = 0; s < 10; ++s)
      for (const bool lives : bench.Mask(s)) {
        dropped += !lives;
        ++neurons;
      }
    CHECK_NEAR(dropped / neurons, rate, 4 * std::sqrt(rate * (1 - rate) / neurons));
  }
}

TEST("what dropout leaves counts more while training, and as it is when evaluating") {
  const DropoutBench bench({.rate = 0.2f});
  CHECK_NEAR(bench.output().training_scale, 0.5 / 0.8, 1e-6);
  CHECK_EQUAL(bench.output().scale, 0.5f);
  const DropoutBench evaluating({.training = false});
  for (const bool lives : evaluating.Mask(3)) CHECK(lives);
}

TEST("a dropout mask depends on seed, epoch, sample and layer, not on the place in the batch") {
  const DropoutBench bench({});
  for (int a = 0; a < 10; ++a)
    for (int b = 0; b < a; ++b) CHECK(bench.Mask(a) != bench.Mask(b));
  const DropoutBench moved({.ids = {5, 4}});
  CHECK(moved.Mask(1) == bench.Mask(0));
  CHECK(moved.Mask(0) == bench.Mask(2));
  CHECK(DropoutBench({.seed = 8}).Mask(0) != bench.Mask(0));
  CHECK(DropoutBench({.seed = 7 | uint64_t{1} << 40}).Mask(0) != bench.Mask(0));
  CHECK(DropoutBench({.epoch = 2}).Mask(0) != bench.Mask(0));
  CHECK(DropoutBench({.index = 3}).Mask(0) != bench.Mask(0));
}

TEST("gradients pass dropout where the neuron lives") {
  DropoutBench bench({});
  const std::vector<float> gradient = Random(3).Floats(10 * 2 * kNeurons, 0.5, 1),
                           below = bench.Backward(gradient);
  int wrong = 0;
  for (int s = 0; s < 10; ++s) {
    const std::vector<bool> mask = bench.Mask(s);
    for (int r = 0; r < 2; ++r)
      for (int i = 0; i < kNeurons; ++i) {
        const size_t at = static_cast<size_t>(s * 2 + r) * kNeurons + i;
        wrong += below[at] != (mask[i] ? gradient[at] : 0.0f);
      }
  }
  CHECK_EQUAL(wrong, 0);
}

}  // namespace
}  // namespace synfire::layers
