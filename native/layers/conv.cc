// Convolutions: spikes select rows of filter weights. Binary one-channel pictures go through pattern tables
// instead.
#include <algorithm>
#include <cstring>

#include "native/layers/synapse.h"

namespace synfire::layers {
namespace {

/// What both convolutions share: layout of weights, gradients summed per chunk and then in the order of
/// chunks.
class ConvBase : public Synapse {
 public:
  ConvBase(const LayerSpec& spec, const Signal& below, const Shape& out, const Kernels& kernels)
      : Synapse(spec), kernels_(kernels) {
    geometry_ = {spec.kernel_height,
                 spec.kernel_width,
                 spec.stride_y,
                 spec.stride_x,
                 spec.padding_y,
                 spec.padding_x,
                 below.shape.height,
                 below.shape.width,
                 below.shape.channels,
                 below.channel_stride,
                 out.height,
                 out.width,
                 RoundUp(out.channels, kLanes)};
    filters_ = out.channels;
    taps_ = spec.kernel_height * spec.kernel_width;
    out_size_ = out.height * out.width * geometry_.out_stride;
    in_size_ = below.size();
    macs_ = static_cast<double>(out.height) * out.width * taps_ * geometry_.channels * filters_;
    weight_.size = static_cast<size_t>(taps_) * geometry_.channels * geometry_.out_stride;
    weight_.shape = {filters_, geometry_.channels, spec.kernel_height, spec.kernel_width};
  }

  bool needs_batch_gradient() const override { return false; }

  void ForwardRate(const int16_t*, int, float, float*) override {}  // a readout is never a convolution

  void StartUpdate(const Operand&, const float*, int, int samples, float scale) override {
    chunks_ = (samples + kChunk - 1) / kChunk;
    scale_ = scale;
  }

  int UpdateTasks() const override { return 1; }

  double Update(const UpdateStep& step, int, int) override {
    if (step.mode != UpdateMode::kApply) SumChunks();
    if (step.mode != UpdateMode::kGradient)
      kernels_.update(step.rule, weight_.gradient, weight_.value, weight_.m, weight_.v, weight_.size);
    double squares = 0;
    for (size_t i = 0; i < weight_.size; ++i) squares += double{weight_.gradient[i]} * weight_.gradient[i];
    return squares;
  }

  void FinishUpdate() override { Refresh(); }

  void Export(const float* stored, float* user) const override {
    ForEachWeight([&](size_t at_user, size_t at_stored) { user[at_user] = stored[at_stored]; });
  }
  void Import(const float* user, float* stored) const override {
    ForEachWeight([&](size_t at_user, size_t at_stored) { stored[at_stored] = user[at_user]; });
  }

  double SynapticOperations(const uint8_t* operand) const override {
    double fan_out_positions = 0;
    const ConvGeometry& g = geometry_;
    for (int y = 0; y < g.height; ++y) {
      const int rows = Covering(y + g.padding_y, g.kernel_height, g.stride_y, g.out_height);
      for (int x = 0; x < g.width; ++x) {
        const uint8_t* at = operand + (static_cast<size_t>(y) * g.width + x) * g.in_stride;
        int active = 0;
        for (int c = 0; c < g.channels; ++c) active += at[c] != 0;
        if (active != 0)
          fan_out_positions +=
              active * rows * Covering(x + g.padding_x, g.kernel_width, g.stride_x, g.out_width);
      }
    }
    return fan_out_positions * filters_;
  }

 protected:
  template <class Visit>
  void ForEachWeight(Visit visit) const {
    size_t user = 0;
    for (int f = 0; f < filters_; ++f)
      for (int c = 0; c < geometry_.channels; ++c)
        for (int tap = 0; tap < taps_; ++tap, ++user)
          visit(user, (static_cast<size_t>(tap) * geometry_.channels + c) * geometry_.out_stride + f);
  }

  /// Output positions along one axis whose window covers padded input position `at`.
  static int Covering(int at, int kernel, int stride, int outs) {
    const int first = at < kernel ? 0 : (at - kernel) / stride + 1;
    return std::max(0, std::min(at / stride, outs - 1) - first + 1);
  }

  void SumChunks() {
    std::fill_n(weight_.gradient, weight_.size, 0.0f);
    for (int c = 0; c < chunks_; ++c)
      kernels_.add_scaled(scale_, partial_ + c * weight_.size, weight_.gradient,
                          static_cast<int>(weight_.size));
  }

  const Kernels& kernels_;
  ConvGeometry geometry_;
  int filters_ = 0;
  int taps_ = 0;
  int in_size_ = 0;
  float* partial_ = nullptr;  // [chunk][weights]
  int chunks_ = 0;
  float scale_ = 1;
};

class Conv final : public ConvBase {
 public:
  using ConvBase::ConvBase;

  void Reserve(Plan& plan, const Extent& extent, int, int, int, bool input_gradient) override {
    if (!extent.training) return;
    plan.Reserve(&partial_, extent.chunks() * weight_.size);
    transposing_ = input_gradient;
    if (input_gradient)
      plan.Reserve(&transposed_, static_cast<size_t>(taps_) * geometry_.out_stride * geometry_.in_stride);
  }

  void Forward(const uint8_t* operand, int samples, int rows, float scale, int, float* drive) override {
    for (int r = 0; r < samples * rows; ++r, operand += in_size_, drive += out_size_) {
      kernels_.conv_forward(geometry_, operand, weight_.value, drive);
      if (scale != 1.0f) kernels_.scale_copy(scale, drive, drive, out_size_);
    }
  }

  void InputGradient(const Layer*, const Chunk& chunk, const float* drive_gradient, int rows, float scale,
                     float* out) override {
    for (int r = 0; r < chunk.count * rows; ++r, drive_gradient += out_size_, out += in_size_) {
      std::fill_n(out, in_size_, 0.0f);
      kernels_.conv_input_gradient(geometry_, drive_gradient, transposed_, out);
      if (scale != 1.0f) kernels_.scale_copy(scale, out, out, in_size_);
    }
  }

  void AddChunkGradient(const Chunk& chunk, const Operand& operand, const float* gradient,
                        int rows) override {
    float* sum = partial_ + chunk.index * weight_.size;
    std::fill_n(sum, weight_.size, 0.0f);
    for (int r = chunk.first * rows; r < (chunk.first + chunk.count) * rows; ++r, gradient += out_size_) {
      const size_t at = static_cast<size_t>(r) * in_size_;
      if (operand.bytes)
        kernels_.conv_weight_gradient(geometry_, operand.bytes + at, gradient, sum);
      else
        kernels_.conv_weight_gradient_rate(geometry_, operand.shorts + at, gradient, sum);
    }
  }

  void Refresh() override {
    if (!transposing_ || !transposed_) return;
    const ConvGeometry& g = geometry_;
    for (int tap = 0; tap < taps_; ++tap)
      for (int c = 0; c < g.channels; ++c)
        for (int f = 0; f < g.out_stride; ++f)
          transposed_[(static_cast<size_t>(tap) * g.out_stride + f) * g.in_stride + c] =
              weight_.value[(static_cast<size_t>(tap) * g.channels + c) * g.out_stride + f];
  }

 private:
  bool transposing_ = false;
  float* transposed_ = nullptr;  // [tap][filter][channel of the layer below]
};

/// For every kernel row, a table holds the sum of weights for each of the 2^width patterns a window row can
/// show.
class PatternConvSynapse final : public ConvBase {
 public:
  PatternConvSynapse(const LayerSpec& spec, const Signal& below, const Shape& out, const Kernels& kernels)
      : ConvBase(spec, below, out, kernels) {
    patterns_ = 1 << spec.kernel_width;
    table_size_ = static_cast<size_t>(spec.kernel_height) * patterns_ * geometry_.out_stride;
  }

  void Reserve(Plan& plan, const Extent& extent, int, int, int, bool) override {
    plan.Reserve(&table_, table_size_);
    if (!extent.training) return;
    plan.Reserve(&partial_, extent.chunks() * weight_.size);
    plan.Reserve(&bucket_, extent.workers * 2 * table_size_);
  }

  void Forward(const uint8_t* operand, int samples, int rows, float scale, int, float* drive) override {
    kernels_.pattern_conv_forward(Geometry(samples * rows), operand, table_, drive);
    if (scale != 1.0f) kernels_.scale_copy(scale, drive, drive, samples * rows * out_size_);
  }

  void InputGradient(const Layer*, const Chunk&, const float*, int, float, float*) override {
  }  // always the first layer

  void AddChunkGradient(const Chunk& chunk, const Operand& operand, const float* gradient,
                        int rows) override {
    float* sum = partial_ + chunk.index * weight_.size;
    std::fill_n(sum, weight_.size, 0.0f);
    const size_t first = static_cast<size_t>(chunk.first) * rows * in_size_;
    if (operand.shorts) {
      for (int s = 0; s < chunk.count; ++s)
        kernels_.conv_weight_gradient_rate(geometry_,
                                           operand.shorts + first + static_cast<size_t>(s) * in_size_,
                                           gradient + static_cast<size_t>(s) * out_size_, sum);
      return;
    }
    float* bucket = bucket_ + chunk.worker * 2 * table_size_;
    std::fill_n(bucket, 2 * table_size_, 0.0f);
    kernels_.pattern_conv_backward(Geometry(chunk.count * rows), operand.bytes + first, gradient, bucket);
    kernels_.add_scaled(1.0f, bucket + table_size_, bucket, static_cast<int>(table_size_));
    SpreadBuckets(bucket, sum);
  }

  void Refresh() override {
    if (!table_) return;
    const int stride = geometry_.out_stride;
    for (int row = 0; row < geometry_.kernel_height; ++row) {
      const float* weights = weight_.value + static_cast<size_t>(row) * geometry_.kernel_width * stride;
      float* table = table_ + static_cast<size_t>(row) * patterns_ * stride;
      for (int pattern = 1; pattern < patterns_; ++pattern) {
        const int highest = 31 - __builtin_clz(static_cast<unsigned>(pattern));
        float* cell = table + static_cast<size_t>(pattern) * stride;
        std::memcpy(cell, table + static_cast<size_t>(pattern ^ (1 << highest)) * stride,
                    stride * sizeof(float));
        kernels_.add_scaled(1.0f, weights + static_cast<size_t>(highest) * stride, cell, stride);
      }
    }
  }

 private:
  PatternConv Geometry(int steps) const {
    const ConvGeometry& g = geometry_;
    return {steps,       g.kernel_height, g.kernel_width, g.stride_y,   g.stride_x,  g.padding_y,
            g.padding_x, g.height,        g.width,        g.out_height, g.out_width, g.out_stride};
  }

  void SpreadBuckets(const float* bucket, float* sum) const {
    const int stride = geometry_.out_stride;
    for (int row = 0; row < geometry_.kernel_height; ++row)
      for (int pattern = 1; pattern < patterns_; ++pattern)
        for (int x = 0; x < geometry_.kernel_width; ++x)
          if (pattern >> x & 1)
            kernels_.add_scaled(1.0f, bucket + (static_cast<size_t>(row) * patterns_ + pattern) * stride,
                                sum + (static_cast<size_t>(row) * geometry_.kernel_width + x) * stride,
                                stride);
  }

  int patterns_ = 0;
  size_t table_size_ = 0;
  float* table_ = nullptr;   // [kernel row][pattern][filter]
  float* bucket_ = nullptr;  // [worker][2][kernel row][pattern][filter]: drive gradients summed by pattern
};

}  // namespace

bool PatternConvFits(const LayerSpec& spec, const Signal& below, const Shape& out) {
  constexpr size_t kMaxTableBytes = 128 << 10;
  const size_t table =
      sizeof(float) * spec.kernel_height * (size_t{1} << spec.kernel_width) * RoundUp(out.channels, kLanes);
  return below.raw && spec.stride_x < 64 && below.channel_stride == 1 && below.max_count == 1 &&
         spec.kernel_width <= 8 && below.shape.width + 2 * spec.padding_x <= 64 &&
         below.shape.height + 2 * spec.padding_y <= 96 && table <= kMaxTableBytes;
}

std::unique_ptr<Synapse> MakePatternConv(const LayerSpec& spec, const Signal& below, const Shape& out,
                                         const Kernels& k) {
  return std::make_unique<PatternConvSynapse>(spec, below, out, k);
}

std::unique_ptr<Synapse> MakeConv(const LayerSpec& spec, const Signal& below, const Shape& out,
                                  const Kernels& k) {
  return std::make_unique<Conv>(spec, below, out, k);
}

}  // namespace synfire::layers
