// Average, maximum and sum pooling of counts. An average is a sum whose signal carries the smaller scale.
#include "native/layers/pooling.h"

#include <algorithm>
#include <vector>

#include "native/base/error.h"

namespace synfire::layers {
namespace {

class Pooling : public Layer {
 public:
  Pooling(const LayerSpec& spec, const NetworkSpec& network, const Signal& below, const Layer* below_layer,
          const Shape& out)
      : spec_(spec), steps_(network.timesteps), below_layer_(below_layer), below_(below) {
    output_ = below;
    output_.data = nullptr;
    output_.raw = false;
    output_.shape = out;
  }

  Reader Connect(const Reader& reader, LearningMode mode) override {
    reader_ = reader;
    mode_ = mode;
    Reader below = reader;
    below.wants_support = false;
    return below;
  }

  void Reserve(Plan& plan, const Extent& extent) override {
    plan.Reserve(&output_.data, static_cast<size_t>(extent.batch) * steps_ * output_.size());
  }

  void AddStatistics(int, LayerStatistics&) const override {}

 protected:
  /// Calls visit(output offset, input offset) for every input of every window, channel 0; channels follow
  /// each other.
  template <class Visit>
  void ForEachInput(Visit visit) const {
    for (int oy = 0; oy < output_.shape.height; ++oy)
      for (int ox = 0; ox < output_.shape.width; ++ox)
        for (int ky = 0; ky < spec_.kernel_height; ++ky)
          for (int kx = 0; kx < spec_.kernel_width; ++kx) {
            const int y = oy * spec_.stride_y + ky - spec_.padding_y,
                      x = ox * spec_.stride_x + kx - spec_.padding_x;
            if (y < 0 || y >= below_.shape.height || x < 0 || x >= below_.shape.width) continue;
            visit((static_cast<size_t>(oy) * output_.shape.width + ox) * output_.channel_stride,
                  (static_cast<size_t>(y) * below_.shape.width + x) * below_.channel_stride);
          }
  }

  const uint8_t* In(int sample, int step) const {
    return below_layer_->output().data + (static_cast<size_t>(sample) * steps_ + step) * below_.size();
  }
  uint8_t* Out(int sample, int step) const {
    return output_.data + (static_cast<size_t>(sample) * steps_ + step) * output_.size();
  }

  LayerSpec spec_;
  int steps_;
  const Layer* below_layer_;
  Signal below_;
  Reader reader_;
  LearningMode mode_ = LearningMode::kBptt;
};

class SumPooling final : public Pooling {
 public:
  SumPooling(const LayerSpec& spec, const NetworkSpec& network, const Signal& below, const Layer* below_layer,
             const Shape& out)
      : Pooling(spec, network, below, below_layer, out) {
    const int window = spec.kernel_height * spec.kernel_width;
    output_.max_count = below.max_count * window;
    if (output_.max_count > 255)
      throw InvalidArgument(spec.name + ".kernel", std::to_string(window),
                            "a window whose sums stay below 256");
    if (spec.kind != LayerKind::kAvgPool2d) return;
    output_.scale /= static_cast<float>(window);
    output_.training_scale /= static_cast<float>(window);
  }

  void Forward(const Pass&, const Chunk& chunk) override {
    for (int s = chunk.first; s < chunk.first + chunk.count; ++s)
      for (int t = 0; t < steps_; ++t) {
        const uint8_t* in = In(s, t);
        uint8_t* out = Out(s, t);
        std::fill_n(out, output_.size(), uint8_t{0});
        ForEachInput([&](size_t o, size_t i) {
          for (int c = 0; c < output_.channel_stride; ++c)
            out[o + c] = static_cast<uint8_t>(out[o + c] + in[i + c]);
        });
      }
  }

  void Backward(const Pass&, const Chunk& chunk, const float* gradient, float* below) override {
    if (!below) return;
    for (int r = 0; r < chunk.count * reader_.rows; ++r, gradient += output_.size(), below += below_.size()) {
      std::fill_n(below, below_.size(), 0.0f);
      ForEachInput([&](size_t o, size_t i) {
        for (int c = 0; c < output_.channel_stride; ++c) below[i + c] += gradient[o + c];
      });
    }
  }
};

class MaxPooling final : public Pooling {
 public:
  using Pooling::Pooling;

  /// Through time, the winner may differ at every step, so every step has its own row.
  Reader Connect(const Reader& reader, LearningMode mode) override {
    Reader below = Pooling::Connect(reader, mode);
    if (mode == LearningMode::kRate) return below;
    below.rows = steps_;
    for (int t = 0; t < steps_; ++t) below.row_of_step[t] = reader.row_of_step[t] < 0 ? -1 : t;
    return below;
  }

  void Reserve(Plan& plan, const Extent& extent) override {
    Pooling::Reserve(plan, extent);
    if (!extent.training) return;
    plan.Reserve(&counts_, static_cast<size_t>(extent.workers) * below_.size());
    plan.Reserve(&winners_, static_cast<size_t>(extent.workers) * output_.size());
  }

  void Forward(const Pass&, const Chunk& chunk) override {
    for (int s = chunk.first; s < chunk.first + chunk.count; ++s)
      for (int t = 0; t < steps_; ++t) {
        const uint8_t* in = In(s, t);
        uint8_t* out = Out(s, t);
        std::fill_n(out, output_.size(), uint8_t{0});
        ForEachInput([&](size_t o, size_t i) {
          for (int c = 0; c < output_.channel_stride; ++c) out[o + c] = std::max(out[o + c], in[i + c]);
        });
      }
  }

  void Backward(const Pass&, const Chunk& chunk, const float* gradient, float* below) override {
    if (!below) return;
    int32_t* counts = counts_ + static_cast<size_t>(chunk.worker) * below_.size();
    int32_t* winners = winners_ + static_cast<size_t>(chunk.worker) * output_.size();
    const bool rates = mode_ == LearningMode::kRate;
    for (int s = 0; s < chunk.count; ++s, gradient += static_cast<size_t>(reader_.rows) * output_.size()) {
      for (int row = 0; row < (rates ? 1 : steps_); ++row, below += below_.size()) {
        std::fill_n(below, below_.size(), 0.0f);
        const int read = rates ? 0 : reader_.row_of_step[row];
        if (read < 0) continue;
        CountInputs(chunk.first + s, row, rates, counts);
        FindWinners(counts, winners);
        const float* g = gradient + static_cast<size_t>(read) * output_.size();
        for (int o = 0; o < output_.size(); ++o) below[winners[o]] += g[o];
      }
    }
  }

 private:
  void CountInputs(int sample, int step, bool all_steps, int32_t* counts) const {
    std::fill_n(counts, below_.size(), 0);
    for (int t = all_steps ? 0 : step; t < (all_steps ? steps_ : step + 1); ++t) {
      const uint8_t* in = In(sample, t);
      const int weight = all_steps ? reader_.rate_weight[t] : 1;
      for (int i = 0; i < below_.size(); ++i) counts[i] += weight * in[i];
    }
  }

  /// The first of the largest inputs of each window.
  void FindWinners(const int32_t* counts, int32_t* winners) const {
    std::fill_n(winners, output_.size(), -1);
    ForEachInput([&](size_t o, size_t i) {
      for (int c = 0; c < output_.channel_stride; ++c) {
        int32_t& winner = winners[o + c];
        if (winner < 0 || counts[i + c] > counts[winner]) winner = static_cast<int32_t>(i + c);
      }
    });
  }

  int32_t* counts_ = nullptr;   // [worker][in]
  int32_t* winners_ = nullptr;  // [worker][out]
};

}  // namespace

std::unique_ptr<Layer> MakePooling(const LayerSpec& spec, const NetworkSpec& network, const Signal& below,
                                   const Layer* below_layer, const Shape& out) {
  if (spec.kind == LayerKind::kMaxPool2d)
    return std::make_unique<MaxPooling>(spec, network, below, below_layer, out);
  return std::make_unique<SumPooling>(spec, network, below, below_layer, out);
}

}  // namespace synfire::layers
