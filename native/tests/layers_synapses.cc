// Synapses: every kind of connection against a plain loop over its connections, forward and both gradients.
#include <memory>
#include <string>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/layers/synapse.h"
#include "native/tests/check.h"
#include "native/tests/layers_support.h"

namespace synfire::layers {
namespace {

constexpr int kSamples = 11;  // a full chunk and a part of one

struct SynapseCase {
  std::string name;
  LayerSpec spec;
  Shape in;
  int channel_stride;  // of the input: channels, or padded as in a population
  bool raw = false;
  int max_count = 1;
  int rows = 3;
  double density = 0.3;
  Precision precision = Precision::kFloat32;
};

LayerSpec ConvOf(int filters, int kernel_height, int kernel_width, int stride_y, int stride_x, int padding_y,
                 int padding_x) {
  LayerSpec spec = Conv(filters, 1);
  spec.kernel_height = kernel_height, spec.kernel_width = kernel_width;
  spec.stride_y = stride_y, spec.stride_x = stride_x;
  spec.padding_y = padding_y, spec.padding_x = padding_x;
  return spec;
}

std::vector<SynapseCase> PatternCases() {
  return {
      {"5 x 5, stride 2, 16 filters", Conv(16, 5, 2), {1, 12, 12}, 1, true},
      {"3 x 3, padding 1, 5 filters", Conv(5, 3, 1, 1), {1, 7, 9}, 1, true},
      {"3 x 3, stride 3, 16 filters", Conv(16, 3, 3), {1, 11, 10}, 1, true},
      {"5 x 5, 20 filters in two vectors", Conv(20, 5), {1, 8, 8}, 1, true},
      {"4 rows x 2 columns, uneven strides and padding", ConvOf(7, 4, 2, 1, 2, 2, 1), {1, 9, 10}, 1, true},
      {"8 columns, the widest pattern, in the widest picture",
       ConvOf(3, 1, 8, 1, 5, 0, 7),
       {1, 3, 50},
       1,
       true},
      {"one pixel", Conv(2, 1), {1, 1, 1}, 1, true},
      {"a stride as wide as the widest picture", Conv(2, 1, 63), {1, 64, 64}, 1, true},
      {"as many rows as fit", ConvOf(2, 3, 3, 7, 7, 2, 2), {1, 92, 9}, 1, true},
  };
}

std::vector<SynapseCase> CountConvCases() {
  return {
      {"3 channels of a picture", Conv(6, 3, 1, 1), {3, 6, 7}, 3, true},
      {"bytes of a picture, 5 x 5", Conv(16, 5, 2), {1, 12, 12}, 1, true, 255},
      {"bytes of a picture, padded", Conv(4, 5, 2, 2), {1, 9, 9}, 1, true, 255},
      {"a population of 5 channels", ConvOf(20, 3, 2, 2, 1, 1, 0), {5, 7, 6}, 16, false},
      {"a population of 16 channels, counts to 4", Conv(16, 3, 2, 2), {16, 6, 6}, 16, false, 4},
      {"a population of 20 channels", Conv(33, 2), {20, 4, 5}, 32, false},
      {"the widest stride", Conv(2, 3, 64), {1, 64, 64}, 1, true},
      {"a wide picture", ConvOf(3, 3, 3, 2, 3, 0, 1), {1, 4, 70}, 1, true},
  };
}

std::vector<SynapseCase> DenseFloatCases() {
  return {
      {"a few units on an odd number of inputs", Dense(10), {1, 3, 9}, 1, true, 3},
      {"more units than a short row", Dense(100), {1, 5, 8}, 1, true},
      {"a few units on a population", Dense(10), {5, 3, 3}, 16, false, 2},
      {"many units on a population", Dense(70), {20, 2, 3}, 32, false},
      {"bytes", Dense(17), {2, 4, 4}, 2, true, 255},
  };
}

std::vector<SynapseCase> DenseMixedCases() {
  return {
      {"one panel", Dense(64), {16, 3, 3}, 16, false, 1, 3, 0.3, Precision::kMixed},
      {"a padded panel and odd counts", Dense(100), {5, 4, 3}, 16, false, 9, 7, 0.3, Precision::kMixed},
      {"one row, the largest counts, all inputs active",
       Dense(130),
       {1, 16, 9},
       1,
       true,
       64,
       1,
       1,
       Precision::kMixed},
      {"32 rows, few spikes", Dense(64), {1, 1, 132}, 1, true, 1, 32, 0.02, Precision::kMixed},
      {"10 rows, many inputs", Dense(192), {40, 4, 4}, 48, false, 1, 10, 0.1, Precision::kMixed},
  };
}

std::vector<SynapseCase> Joined(std::vector<std::vector<SynapseCase>> lists) {
  std::vector<SynapseCase> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Shape OutputShape(const SynapseCase& c) {
  if (c.spec.kind == LayerKind::kDense) return {c.spec.units, 1, 1};
  const auto side = [](int in, int kernel, int stride, int padding) {
    return (in + 2 * padding - kernel) / stride + 1;
  };
  return {c.spec.filters, side(c.in.height, c.spec.kernel_height, c.spec.stride_y, c.spec.padding_y),
          side(c.in.width, c.spec.kernel_width, c.spec.stride_x, c.spec.padding_x)};
}

Signal SignalBelow(const SynapseCase& c) {
  Signal below;
  below.shape = c.in;
  below.channel_stride = c.channel_stride;
  below.max_count = c.max_count;
  below.raw = c.raw;
  return below;
}

template <class Visit>
void ForEachConnectionOf(const SynapseCase& c, Visit visit) {
  ForEachConnection(c.spec, c.in, OutputShape(c), visit);
}

/// A population that says which gradient rows it wants.
class Below final : public Layer {
 public:
  explicit Below(std::vector<std::vector<uint32_t>> support) : support_(std::move(support)) {}
  Reader Connect(const Reader& reader, LearningMode) override { return reader; }
  void Reserve(Plan&, const Extent&) override {}
  void Forward(const Pass&, const Chunk&) override {}
  void Backward(const Pass&, const Chunk&, const float*, float*) override {}
  void AddStatistics(int, LayerStatistics&) const override {}
  const uint32_t* Support(int sample) const override {
    return support_.empty() ? nullptr : support_[sample].data();
  }

 private:
  std::vector<std::vector<uint32_t>> support_;
};

/// Numbers in the order of users: [sample][row][channel, row, column], and weights.
struct Numbers {
  std::vector<float> weights;
  std::vector<int> operand;  // counts; one row a sample in rate learning
  std::vector<float> drive_gradient;
};

/// A synapse with its memory; turns users' order into stored order and back.
class Workbench {
 public:
  Workbench(const SynapseCase& c, const Kernels& kernels, LearningMode mode,
            std::unique_ptr<Synapse> (*make)(const LayerSpec&, const Signal&, const Shape&,
                                             const Kernels&) = nullptr)
      : case_(c), mode_(mode), out_(OutputShape(c)) {
    const Signal below = SignalBelow(c);
    in_size_ = below.size();
    NetworkSpec network = Network(c.in, c.rows, {c.spec});
    network.precision = c.precision;
    synapse_ =
        make ? make(c.spec, below, out_, kernels) : MakeSynapse(c.spec, below, out_, network, false, kernels);
    gradient_rows_ = mode == LearningMode::kRate ? 1 : c.rows;
    values_ = AlignedBuffer<float>(synapse_->weight().size);
    gradients_ = AlignedBuffer<float>(synapse_->weight().size);
    synapse_->weight().value = values_.data();
    synapse_->weight().gradient = gradients_.data();
    const int most = c.max_count * (mode == LearningMode::kRate ? c.rows : 1);
    synapse_->Reserve(plan_, {kSamples, 1, c.rows, true, mode}, c.rows, gradient_rows_, most, !c.raw);
    plan_.Commit();
  }

  Synapse& synapse() { return *synapse_; }
  int gradient_rows() const { return gradient_rows_; }

  void SetWeights(const std::vector<float>& weights) {
    synapse_->Import(weights.data(), synapse_->weight().value);
    synapse_->Refresh();
  }

  /// Drive of operand rows [sample][row][in].
  std::vector<float> Forward(const std::vector<int>& operand, float scale) {
    const std::vector<uint8_t> stored = StoredOperand<uint8_t>(operand);
    std::vector<float> drive(static_cast<size_t>(kSamples) * case_.rows * synapse_->out_size(), NAN);
    ForEachChunk([&](const Chunk& chunk) {
      const size_t first = static_cast<size_t>(chunk.first) * case_.rows;
      synapse_->Forward(stored.data() + first * in_size_, chunk.count, case_.rows, scale, 0,
                        drive.data() + first * synapse_->out_size());
    });
    return ToUser(drive, out_, synapse_->out_size());
  }

  std::vector<float> WeightGradient(const Numbers& n, float scale) {
    const bool rates = mode_ == LearningMode::kRate;
    const auto bytes = StoredOperand<uint8_t>(n.operand);
    const auto shorts = StoredOperand<int16_t>(n.operand);
    const Operand operand{rates ? nullptr : bytes.data(), rates ? shorts.data() : nullptr};
    const std::vector<float> gradient = Stored(n.drive_gradient, out_, synapse_->out_size());
    ForEachChunk([&](const Chunk& chunk) {
      synapse_->AddChunkGradient(chunk, operand, gradient.data() + RowOffset(chunk.first), gradient_rows_);
    });
    synapse_->StartUpdate(operand, gradient.data(), kSamples * gradient_rows_, kSamples, scale);
    for (int task = 0; task < synapse_->PrepareTasks(); ++task) synapse_->Prepare(task);
    for (int task = 0; task < synapse_->UpdateTasks(); ++task)
      synapse_->Update({UpdateMode::kGradient, {}}, task, 0);
    size_t weights = 1;
    for (const int side : synapse_->weight().shape) weights *= static_cast<size_t>(side);
    std::vector<float> user(weights);
    synapse_->Export(synapse_->weight().gradient, user.data());
    return user;
  }

  /// Gradient of the operand rows; `support` is [sample][input in users' order] or empty.
  std::vector<float> InputGradient(const Numbers& n, float scale,
                                   const std::vector<std::vector<uint32_t>>& support = {}) {
    const std::vector<float> gradient = Stored(n.drive_gradient, out_, synapse_->out_size());
    std::vector<std::vector<uint32_t>> stored_support;
    for (const auto& sample : support) stored_support.push_back(Stored(sample, case_.in, in_size_));
    const Below below(std::move(stored_support));
    std::vector<float> input(static_cast<size_t>(kSamples) * gradient_rows_ * in_size_, NAN);
    ForEachChunk([&](const Chunk& chunk) {
      synapse_->InputGradient(&below, chunk, gradient.data() + RowOffset(chunk.first), gradient_rows_, scale,
                              input.data() + static_cast<size_t>(chunk.first) * gradient_rows_ * in_size_);
    });
    return ToUser(input, case_.in, in_size_);
  }

  template <class T>
  std::vector<T> StoredOperand(const std::vector<int>& operand) const {
    return Stored(std::vector<T>(operand.begin(), operand.end()), case_.in, in_size_);
  }

 private:
  template <class Work>
  void ForEachChunk(Work work) {
    for (int first = 0, index = 0; first < kSamples; first += kChunk, ++index)
      work(Chunk{index, first, std::min(kChunk, kSamples - first), 0});
  }

  size_t RowOffset(int sample) const {
    return static_cast<size_t>(sample) * gradient_rows_ * synapse_->out_size();
  }

  /// Rows in users' order to rows of `size` stored elements: row, column, padded channel.
  template <class T>
  static std::vector<T> Stored(const std::vector<T>& user, const Shape& shape, int size) {
    return Reordered(user, shape, size, true);
  }
  static std::vector<float> ToUser(const std::vector<float>& stored, const Shape& shape, int size) {
    return Reordered(stored, shape, size, false);
  }
  template <class T>
  static std::vector<T> Reordered(const std::vector<T>& from, const Shape& shape, int size, bool store) {
    const int positions = shape.height * shape.width, stride = size / positions;
    const size_t rows = from.size() / (store ? shape.size() : size);
    std::vector<T> to(rows * (store ? size : shape.size()));
    for (size_t r = 0; r < rows; ++r)
      for (int c = 0; c < shape.channels; ++c)
        for (int p = 0; p < positions; ++p) {
          const size_t user = r * shape.size() + c * positions + p, stored = r * size + p * stride + c;
          if (store)
            to[stored] = from[user];
          else
            to[user] = from[stored];
        }
    return to;
  }

  SynapseCase case_;
  LearningMode mode_;
  Shape out_;
  int in_size_ = 0;
  int gradient_rows_ = 1;
  std::unique_ptr<Synapse> synapse_;
  AlignedBuffer<float> values_, gradients_;
  Plan plan_;
};

size_t WeightCount(const SynapseCase& c) {
  return c.spec.kind == LayerKind::kDense ? static_cast<size_t>(c.spec.units) * c.in.size()
                                          : static_cast<size_t>(c.spec.filters) * c.in.channels *
                                                c.spec.kernel_height * c.spec.kernel_width;
}

Numbers RandomNumbers(const SynapseCase& c, LearningMode mode, uint32_t seed) {
  Random random(seed);
  const bool rates = mode == LearningMode::kRate;
  const size_t rows = static_cast<size_t>(kSamples) * (rates ? 1 : c.rows);
  Numbers n{random.Floats(WeightCount(c), -0.5, 0.5), {}, random.Floats(rows * OutputShape(c).size(), -1, 1)};
  for (float& g : n.drive_gradient)
    if (random.Chance(0.3)) g = 0;
  for (size_t i = 0; i < rows * c.in.size(); ++i)
    n.operand.push_back(random.Chance(c.density) ? 1 + random.Below(c.max_count * (rates ? c.rows : 1)) : 0);
  return n;
}

// Operand rows of the forward pass, whatever the learning mode.
std::vector<int> ForwardRows(const SynapseCase& c, uint32_t seed) {
  return RandomNumbers(c, LearningMode::kBptt, seed).operand;
}

std::vector<double> NaiveForward(const SynapseCase& c, const std::vector<float>& weights,
                                 const std::vector<int>& operand, double scale) {
  const int ins = c.in.size(), outs = OutputShape(c).size();
  const size_t rows = operand.size() / ins;
  std::vector<double> drive(rows * outs);
  ForEachConnectionOf(c, [&](int w, int i, int o) {
    for (size_t r = 0; r < rows; ++r) drive[r * outs + o] += scale * weights[w] * operand[r * ins + i];
  });
  return drive;
}

std::vector<double> NaiveWeightGradient(const SynapseCase& c, const Numbers& n, double scale) {
  const int ins = c.in.size(), outs = OutputShape(c).size();
  const size_t rows = n.operand.size() / ins;
  std::vector<double> gradient(n.weights.size());
  ForEachConnectionOf(c, [&](int w, int i, int o) {
    for (size_t r = 0; r < rows; ++r)
      gradient[w] += scale * n.operand[r * ins + i] * n.drive_gradient[r * outs + o];
  });
  return gradient;
}

std::vector<double> NaiveInputGradient(const SynapseCase& c, const Numbers& n, double scale) {
  const int ins = c.in.size(), outs = OutputShape(c).size();
  const size_t rows = n.drive_gradient.size() / outs;
  std::vector<double> gradient(rows * ins);
  ForEachConnectionOf(c, [&](int w, int i, int o) {
    for (size_t r = 0; r < rows; ++r)
      gradient[r * ins + i] += scale * n.weights[w] * n.drive_gradient[r * outs + o];
  });
  return gradient;
}

constexpr LearningMode kModes[] = {LearningMode::kBptt, LearningMode::kRate};
constexpr float kScale = 0.37f;

TEST("drive is the sum of weights times counts, for every connection in float") {
  for (const SynapseCase& c : Joined({PatternCases(), CountConvCases(), DenseFloatCases()})) {
    const std::vector<float> weights = RandomNumbers(c, LearningMode::kBptt, 1).weights;
    const std::vector<int> operand = ForwardRows(c, 2);
    for (const float scale : {1.0f, kScale}) {
      Workbench bench(c, kKernelsBase, LearningMode::kBptt);
      bench.SetWeights(weights);
      CheckClose(c.name, bench.Forward(operand, scale), NaiveForward(c, weights, operand, scale), 1e-6);
    }
  }
}

TEST("weight gradients are the sum of counts times drive gradients, for every connection in float") {
  for (const SynapseCase& c : Joined({PatternCases(), CountConvCases(), DenseFloatCases()}))
    for (const LearningMode mode : kModes) {
      const Numbers n = RandomNumbers(c, mode, 3);
      Workbench bench(c, kKernelsBase, mode);
      bench.SetWeights(n.weights);
      CheckClose(c.name, bench.WeightGradient(n, kScale), NaiveWeightGradient(c, n, kScale), 2e-6);
    }
}

TEST("input gradients are the sum of weights times drive gradients, for every connection in float") {
  for (const SynapseCase& c : Joined({CountConvCases(), DenseFloatCases()})) {
    if (c.raw) continue;  // nothing below learns
    for (const LearningMode mode : kModes) {
      const Numbers n = RandomNumbers(c, mode, 4);
      Workbench bench(c, kKernelsBase, mode);
      bench.SetWeights(n.weights);
      CheckClose(c.name, bench.InputGradient(n, kScale), NaiveInputGradient(c, n, kScale), 1e-6);
    }
  }
}

TEST("both gradients are adjoint to the drive") {
  for (const SynapseCase& c : Joined({CountConvCases(), DenseFloatCases(), DenseMixedCases()})) {
    if (c.raw) continue;
    const Numbers n = RandomNumbers(c, LearningMode::kBptt, 5);
    Workbench bench(c, kKernelsBase, LearningMode::kBptt);
    bench.SetWeights(n.weights);
    const std::vector<float> drive = bench.Forward(n.operand, kScale), input = bench.InputGradient(n, kScale),
                             weight = bench.WeightGradient(n, kScale);
    double by_drive = 0, by_input = 0, by_weight = 0, size = 0;
    for (size_t i = 0; i < drive.size(); ++i) {
      by_drive += double{drive[i]} * n.drive_gradient[i];
      size += std::abs(double{drive[i]} * n.drive_gradient[i]);
    }
    for (size_t i = 0; i < input.size(); ++i) by_input += double{input[i]} * n.operand[i];
    for (size_t i = 0; i < weight.size(); ++i) by_weight += double{weight[i]} * n.weights[i];
    const double tolerance = c.precision == Precision::kMixed ? 1e-3 * size : 1e-6 * size;
    CHECK_NEAR(by_input, by_drive, tolerance);
    CHECK_NEAR(by_weight, by_drive, tolerance);
  }
}

TEST("binary pictures are convolved by patterns, others are not") {
  const auto fits = [](const SynapseCase& c) {
    return PatternConvFits(c.spec, SignalBelow(c), OutputShape(c));
  };
  for (const SynapseCase& c : PatternCases()) CHECK(fits(c));
  for (const SynapseCase& c : CountConvCases()) CHECK(!fits(c));
}

TEST("the convolution by patterns does what the convolution of counts does") {
  for (const SynapseCase& c : PatternCases())
    for (const LearningMode mode : kModes) {
      const Numbers n = RandomNumbers(c, mode, 6);
      const std::vector<int> rows = ForwardRows(c, 7);
      Workbench by_pattern(c, kKernelsBase, mode, MakePatternConv), by_count(c, kKernelsBase, mode, MakeConv);
      by_pattern.SetWeights(n.weights);
      by_count.SetWeights(n.weights);
      CheckClose(c.name, by_pattern.Forward(rows, kScale), by_count.Forward(rows, kScale), 1e-6);
      CheckClose(c.name, by_pattern.WeightGradient(n, kScale), by_count.WeightGradient(n, kScale), 2e-6);
    }
}

TEST("mixed drive is the exact integer sum over the rounded weights") {
  for (const SynapseCase& c : DenseMixedCases()) {
    const std::vector<float> weights = RandomNumbers(c, LearningMode::kBptt, 8).weights;
    const std::vector<int> operand = ForwardRows(c, 9);
    const int ins = c.in.size(), units = c.spec.units;
    std::vector<float> peaks(units);
    for (int u = 0; u < units; ++u)
      for (int i = 0; i < ins; ++i) peaks[u] = std::max(peaks[u], std::abs(weights[u * ins + i]));
    for (const auto& [name, kernels] : SupportedTables()) {
      Workbench bench(c, *kernels, LearningMode::kBptt);
      bench.SetWeights(weights);
      const float* scales = bench.synapse().quantization_scale();
      CHECK(scales != nullptr);
      if (!scales) continue;
      const std::vector<float> drive = bench.Forward(operand, kScale);
      int wrong = 0;
      for (int u = 0; u < units; ++u) {
        CHECK_EQUAL(scales[u], peaks[u] / 127.0f);
        for (int r = 0; r < kSamples * c.rows; ++r) {
          int sum = 0;
          for (int i = 0; i < ins; ++i)
            sum += static_cast<int>(std::nearbyint(weights[u * ins + i] * (1.0f / scales[u]))) *
                   operand[r * ins + i];
          wrong +=
              drive[static_cast<size_t>(r) * units + u] != static_cast<float>(sum) * (kScale * scales[u]);
        }
      }
      CHECK_EQUAL(wrong, 0);
    }
  }
}

TEST("mixed drive and gradients stay within 2 % of the exact ones") {
  for (const SynapseCase& c : DenseMixedCases())
    for (const LearningMode mode : kModes) {
      const Numbers n = RandomNumbers(c, mode, 10);
      const std::vector<int> rows = ForwardRows(c, 11);
      Workbench bench(c, kKernelsBase, mode);
      bench.SetWeights(n.weights);
      CheckClose(c.name, bench.Forward(rows, kScale), NaiveForward(c, n.weights, rows, kScale), 0.02);
      CheckClose(c.name, bench.WeightGradient(n, kScale), NaiveWeightGradient(c, n, kScale), 0.001);
      if (!c.raw) CheckClose(c.name, bench.InputGradient(n, kScale), NaiveInputGradient(c, n, kScale), 0.02);
    }
}

TEST("a mixed input gradient is formed where it is wanted and zero elsewhere") {
  for (const SynapseCase& c : DenseMixedCases()) {
    if (c.raw) continue;
    Random random(12);
    const Numbers n = RandomNumbers(c, LearningMode::kBptt, 13);
    Workbench bench(c, kKernelsBase, LearningMode::kBptt);
    bench.SetWeights(n.weights);
    const size_t ins = c.in.size();
    std::vector<std::vector<uint32_t>> support(kSamples, std::vector<uint32_t>(ins));
    for (auto& sample : support)
      for (uint32_t& bits : sample)
        bits = random.Chance(0.3) ? 0 : random.Bits() & ((uint64_t{1} << c.rows) - 1);
    const std::vector<float> everywhere = bench.InputGradient(n, kScale),
                             wanted = bench.InputGradient(n, kScale, support);
    int wrong = 0;
    for (size_t s = 0; s < kSamples; ++s)
      for (int r = 0; r < c.rows; ++r)
        for (size_t i = 0; i < ins; ++i) {
          const size_t at = (s * c.rows + r) * ins + i;
          wrong += wanted[at] != ((support[s][i] >> r & 1) ? everywhere[at] : 0.0f);
        }
    CHECK_EQUAL(wrong, 0);
  }
}

TEST("mixed weight gradients do not overflow, however large counts and gradients are") {
  SynapseCase c{"large counts", Dense(64), {1, 1, 128}, 1, true, 400, 32};
  Numbers n = RandomNumbers(c, LearningMode::kRate, 14);
  std::fill(n.operand.begin(), n.operand.end(), 400 * 32);
  std::fill(n.drive_gradient.begin(), n.drive_gradient.end(), -3.5f);
  const auto make = [](const LayerSpec& spec, const Signal& below, const Shape&, const Kernels& kernels) {
    return MakeDenseMixed(spec, below, kernels);
  };
  for (const auto& [name, kernels] : SupportedTables()) {
    Workbench bench(c, *kernels, LearningMode::kRate, make);
    bench.SetWeights(n.weights);
    CheckClose(name, bench.WeightGradient(n, kScale), NaiveWeightGradient(c, n, kScale), 1e-4);
  }
}

TEST("silent operands and vanished gradients give zeros") {
  for (const SynapseCase& c :
       Joined({PatternCases(), CountConvCases(), DenseFloatCases(), DenseMixedCases()})) {
    Numbers n = RandomNumbers(c, LearningMode::kBptt, 14);
    Workbench bench(c, ActiveKernels(), LearningMode::kBptt);
    bench.SetWeights(n.weights);
    std::fill(n.drive_gradient.begin(), n.drive_gradient.end(), 0.0f);
    for (const float g : bench.WeightGradient(n, kScale)) CHECK_EQUAL(g, 0.0f);
    if (!c.raw)
      for (const float g : bench.InputGradient(n, kScale)) CHECK_EQUAL(g, 0.0f);
    std::fill(n.operand.begin(), n.operand.end(), 0);
    for (const float drive : bench.Forward(n.operand, kScale)) CHECK_EQUAL(drive, 0.0f);
  }
}

/// Drive and both gradients, one after another.
std::vector<float> AllResults(const SynapseCase& c, const Kernels& kernels, LearningMode mode) {
  const Numbers n = RandomNumbers(c, mode, 15);
  Workbench bench(c, kernels, mode);
  bench.SetWeights(n.weights);
  std::vector<float> all = bench.Forward(ForwardRows(c, 16), kScale);
  for (const float g : bench.WeightGradient(n, kScale)) all.push_back(g);
  if (c.raw) return all;
  for (const float g : bench.InputGradient(n, kScale)) all.push_back(g);
  return all;
}

TEST("synapses have the same bits on every instruction set") {
  for (const SynapseCase& c :
       Joined({PatternCases(), CountConvCases(), DenseFloatCases(), DenseMixedCases()}))
    for (const LearningMode mode : kModes) {
      const std::vector<float> base = AllResults(c, kKernelsBase, mode);
      for (const auto& [name, kernels] : SupportedTables())
        if (!SameBits(AllResults(c, *kernels, mode), base))
          test::Fail(c.name + " differs on " + name, std::source_location::current());
    }
}

TEST("synaptic operations are the connections of active inputs") {
  for (const SynapseCase& c :
       Joined({PatternCases(), CountConvCases(), DenseFloatCases(), DenseMixedCases()})) {
    const std::vector<int> operand = ForwardRows(c, 17);
    Workbench bench(c, kKernelsBase, LearningMode::kBptt);
    double expected = 0;
    ForEachConnectionOf(c, [&](int, int i, int) { expected += operand[i] != 0; });
    CHECK_EQUAL(bench.synapse().SynapticOperations(bench.StoredOperand<uint8_t>(operand).data()), expected);
  }
}

TEST("a linear readout sums counts of whole samples") {
  const SynapseCase c{"readout", LinearReadout(10), {5, 3, 3}, 16, false};
  Random random(18);
  const Signal below = SignalBelow(c);
  const NetworkSpec network = Network(c.in, 300, {c.spec});
  for (const auto& [name, kernels] : SupportedTables()) {
    const auto synapse = MakeSynapse(c.spec, below, {10, 1, 1}, network, true, *kernels);
    AlignedBuffer<float> weights(synapse->weight().size);
    std::vector<int16_t> operand(2 * below.size());
    for (int i = 0; i < 2 * below.size(); ++i) operand[i] = static_cast<int16_t>(random.Below(301));
    for (float& w : weights) w = static_cast<float>(random.Uniform(-1, 1));
    synapse->weight().value = weights.data();
    std::vector<float> drive(2 * synapse->out_size());
    synapse->ForwardRate(operand.data(), 2, 1 / 300.0f, drive.data());
    for (int s = 0; s < 2; ++s)
      for (int u = 0; u < 10; ++u) {
        double expected = 0;
        for (int i = 0; i < below.size(); ++i)
          expected += double{weights[i * synapse->out_size() + u]} * operand[s * below.size() + i] / 300;
        CHECK_NEAR(drive[s * synapse->out_size() + u], expected, 1e-5 * below.size());
      }
  }
}

}  // namespace
}  // namespace synfire::layers
