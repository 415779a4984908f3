// Dropout: one mask per sample holds for all its steps; what remains counts 1 / (1 - rate) while training.
#include "native/layers/dropout.h"

#include <algorithm>
#include <cstring>

#include "native/base/philox.h"

namespace synfire::layers {
namespace {

class Dropout final : public Layer {
 public:
  Dropout(const LayerSpec& spec, const NetworkSpec& network, const Signal& below, const Layer* below_layer,
          int index)
      : rate_(spec.dropout_rate), steps_(network.timesteps), below_layer_(below_layer), index_(index) {
    output_ = below;
    output_.data = nullptr;
    output_.raw = false;
    output_.training_scale = below.training_scale / (1.0f - rate_);
  }

  Reader Connect(const Reader& reader, LearningMode) override {
    rows_ = reader.rows;
    Reader below = reader;
    below.wants_support = false;
    return below;
  }

  void Reserve(Plan& plan, const Extent& extent) override {
    plan.Reserve(&output_.data, static_cast<size_t>(extent.batch) * steps_ * output_.size());
    if (extent.training) plan.Reserve(&keep_, static_cast<size_t>(extent.batch) * RoundUp(output_.size(), 4));
  }

  void Forward(const Pass& pass, const Chunk& chunk) override {
    const size_t n = output_.size();
    for (int s = chunk.first; s < chunk.first + chunk.count; ++s) {
      const size_t at = static_cast<size_t>(s) * steps_ * n;
      const uint8_t* in = below_layer_->output().data + at;
      uint8_t* out = output_.data + at;
      if (!pass.training) {
        std::memcpy(out, in, steps_ * n);
        continue;
      }
      const uint8_t* keep = DrawMask(pass, s);
      for (int t = 0; t < steps_; ++t)
        for (size_t i = 0; i < n; ++i) out[t * n + i] = static_cast<uint8_t>(in[t * n + i] * keep[i]);
    }
  }

  void Backward(const Pass&, const Chunk& chunk, const float* gradient, float* below) override {
    if (!below) return;
    const size_t n = output_.size();
    for (int s = 0; s < chunk.count; ++s) {
      const uint8_t* keep = Mask(chunk.first + s);
      for (int r = 0; r < rows_; ++r, gradient += n, below += n)
        for (size_t i = 0; i < n; ++i) below[i] = keep[i] ? gradient[i] : 0.0f;
    }
  }

  void AddStatistics(int, LayerStatistics&) const override {}

 private:
  uint8_t* Mask(int sample) const { return keep_ + static_cast<size_t>(sample) * RoundUp(output_.size(), 4); }

  const uint8_t* DrawMask(const Pass& pass, int sample) {
    uint8_t* keep = Mask(sample);
    const auto threshold = static_cast<uint32_t>(static_cast<double>(rate_) * 4294967296.0);
    const uint32_t stream = 0xd0000000u | static_cast<uint32_t>(index_);
    const std::array<uint32_t, 2> key = {static_cast<uint32_t>(pass.seed),
                                         static_cast<uint32_t>(pass.seed >> 32)};
    for (int i = 0; i < output_.size(); i += 4) {
      const auto draws = Philox({static_cast<uint32_t>(i / 4), stream, pass.ids[sample], pass.epoch}, key);
      for (int j = 0; j < 4; ++j) keep[i + j] = draws[j] >= threshold;
    }
    return keep;
  }

  float rate_;
  int steps_;
  const Layer* below_layer_;
  int index_;
  int rows_ = 1;
  uint8_t* keep_ = nullptr;  // [sample][neuron], 1 = kept
};

}  // namespace

std::unique_ptr<Layer> MakeDropout(const LayerSpec& spec, const NetworkSpec& network, const Signal& below,
                                   const Layer* below_layer, int index) {
  return std::make_unique<Dropout>(spec, network, below, below_layer, index);
}

}  // namespace synfire::layers
