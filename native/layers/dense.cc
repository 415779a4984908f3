// Fully connected synapses. The float form is exact and simple; the mixed form rounds forward weights to 8
// bits and drive gradients to 8 and 16 bits, so that all large products are exact integer sums that no order
// or thread count can change.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "native/layers/synapse.h"

namespace synfire::layers {
namespace {

/// What both forms share: weights [in][out_size], gradients formed and applied in blocks of input rows.
class DenseBase : public Synapse {
 public:
  DenseBase(const LayerSpec& spec, const Signal& below, int out_unit, const Kernels& kernels)
      : Synapse(spec), kernels_(kernels), below_(below.shape), channel_stride_(below.channel_stride) {
    in_size_ = below.size();
    units_ = spec.units;
    out_size_ = RoundUp(units_, out_unit);
    macs_ = static_cast<double>(below.shape.size()) * units_;
    weight_.size = static_cast<size_t>(in_size_) * out_size_;
    weight_.shape = {units_, below.shape.size()};
  }

  bool needs_batch_gradient() const override { return true; }

  int UpdateTasks() const override { return (in_size_ + kRowBlock - 1) / kRowBlock; }

  double Update(const UpdateStep& step, int task, int worker) override {
    const int first = task * kRowBlock, count = std::min(kRowBlock, in_size_ - first);
    const size_t at = static_cast<size_t>(first) * out_size_, n = static_cast<size_t>(count) * out_size_;
    float* gradient = weight_.gradient ? weight_.gradient + at
                                       : tiles_ + static_cast<size_t>(worker) * kRowBlock * out_size_;
    if (step.mode != UpdateMode::kApply) FormGradient(first, count, worker, gradient);
    if (step.mode != UpdateMode::kGradient) Apply(step.rule, gradient, at, n);
    if (step.mode != UpdateMode::kGradient) AfterApply(first, count, worker);
    double squares = 0;
    if (step.mode == UpdateMode::kGradient)
      for (size_t i = 0; i < n; ++i) squares += double{gradient[i]} * gradient[i];
    return squares;
  }

  void StartUpdate(const Operand& operand, const float* drive_gradient, int batch_rows, int,
                   float scale) override {
    operand_ = operand;
    drive_gradient_ = drive_gradient;
    batch_rows_ = batch_rows;
    scale_ = scale;
  }

  void Export(const float* stored, float* user) const override {
    ForEachWeight([&](size_t at_user, size_t at_stored) { user[at_user] = stored[at_stored]; });
  }
  void Import(const float* user, float* stored) const override {
    ForEachWeight([&](size_t at_user, size_t at_stored) { stored[at_stored] = user[at_user]; });
  }

  double SynapticOperations(const uint8_t* operand) const override {
    double active = 0;
    for (int i = 0; i < in_size_; ++i) active += operand[i] != 0;
    return active * units_;
  }

 protected:
  virtual void FormGradient(int first, int count, int worker, float* out) = 0;
  virtual void AfterApply(int /*first*/, int /*count*/, int /*worker*/) {}

  void Apply(const UpdateRule& rule, const float* gradient, size_t at, size_t n) {
    kernels_.update(rule, gradient, weight_.value + at, weight_.m ? weight_.m + at : nullptr,
                    weight_.v ? weight_.v + at : nullptr, n);
  }

  template <class Visit>
  void ForEachWeight(Visit visit) const {
    size_t user = 0;
    for (int u = 0; u < units_; ++u)
      for (int c = 0; c < below_.channels; ++c)
        for (int position = 0; position < below_.height * below_.width; ++position, ++user)
          visit(user, (static_cast<size_t>(position) * channel_stride_ + c) * out_size_ + u);
  }

  const Kernels& kernels_;
  Shape below_;
  int channel_stride_;
  int in_size_ = 0;
  int units_ = 0;
  float* tiles_ = nullptr;  // [worker][kRowBlock][out_size]

  Operand operand_;
  const float* drive_gradient_ = nullptr;  // [batch row][out_size]
  int batch_rows_ = 0;
  float scale_ = 1;
};

class DenseFloat final : public DenseBase {
 public:
  DenseFloat(const LayerSpec& spec, const Signal& below, const Kernels& kernels)
      : DenseBase(spec, below, kLanes, kernels) {}

  void Reserve(Plan& plan, const Extent& extent, int, int, int, bool input_gradient) override {
    if (!extent.training) return;
    plan.Reserve(&tiles_, static_cast<size_t>(extent.workers) * kRowBlock * out_size_);
    if (input_gradient && units_ <= kThin && in_size_ % kLanes == 0)
      plan.Reserve(&transposed_, static_cast<size_t>(units_) * in_size_);
  }

  void Forward(const uint8_t* operand, int samples, int rows, float scale, int, float* drive) override {
    kernels_.dense_forward({in_size_, out_size_, scale}, operand, samples * rows, weight_.value, drive);
  }
  void ForwardRate(const int16_t* operand, int samples, float scale, float* drive) override {
    kernels_.dense_forward_rate({in_size_, out_size_, scale}, operand, samples, weight_.value, drive);
  }

  void InputGradient(const Layer*, const Chunk& chunk, const float* drive_gradient, int rows, float scale,
                     float* out) override {
    const DenseShape shape{in_size_, out_size_, scale};
    if (transposed_)
      kernels_.dense_input_gradient_thin(shape, drive_gradient, chunk.count * rows, units_, transposed_, out);
    else
      kernels_.dense_input_gradient(shape, drive_gradient, chunk.count * rows, weight_.value, out);
  }

  void AddChunkGradient(const Chunk&, const Operand&, const float*, int) override {}

  void FinishUpdate() override { Refresh(); }

  void Refresh() override {
    if (!transposed_) return;
    for (int u = 0; u < units_; ++u)
      for (int i = 0; i < in_size_; ++i)
        transposed_[static_cast<size_t>(u) * in_size_ + i] =
            weight_.value[static_cast<size_t>(i) * out_size_ + u];
  }

 protected:
  void FormGradient(int first, int count, int, float* out) override {
    const DenseShape shape{in_size_, out_size_, scale_};
    if (operand_.bytes)
      kernels_.dense_weight_gradient(shape, operand_.bytes, batch_rows_, first, count, drive_gradient_, out);
    else
      kernels_.dense_weight_gradient_rate(shape, operand_.shorts, batch_rows_, first, count, drive_gradient_,
                                          out);
  }

 private:
  static constexpr int kThin = 64;  // outputs up to which a transposed copy of the weights is worth keeping

  float* transposed_ = nullptr;  // [units][in]
};

class DenseMixed final : public DenseBase {
 public:
  DenseMixed(const LayerSpec& spec, const Signal& below, const Kernels& kernels)
      : DenseBase(spec, below, kPanel, kernels),
        groups_(in_size_ / 4),
        panels_(out_size_ / kPanel),
        panel_bytes_(static_cast<size_t>(groups_) * 4 * kPanel),
        row_major_(static_cast<size_t>(in_size_) * out_size_),
        panel_weights_(panels_ * panel_bytes_),
        scale_of_(out_size_),
        next_scale_(out_size_),
        inverse_scale_(out_size_) {}

  void Reserve(Plan& plan, const Extent& extent, int rows, int gradient_rows, int max_count,
               bool input_gradient) override {
    const size_t workers = extent.workers;
    blocks_per_sample_ = (rows + kBlockRows - 1) / kBlockRows;
    list_size_ = static_cast<size_t>(groups_) * (1 + kMaxBlockRows) + 64;
    plan.Reserve(&lists_, workers * kChunk * blocks_per_sample_ * list_size_);
    plan.Reserve(&list_heads_, workers * kChunk * blocks_per_sample_);
    plan.Reserve(&column_scale_, workers * out_size_);
    plan.Reserve(&column_max_, workers * out_size_);
    workers_ = extent.workers;
    if (!extent.training) return;
    gradient_rows_ = gradient_rows;
    max_count_ = max_count;
    batch_pairs_ = (extent.batch * gradient_rows + 1) / 2;
    plan.Reserve(&tiles_, workers * kRowBlock * out_size_);
    segments_ = (batch_pairs_ + kSegmentPairs - 1) / kSegmentPairs;
    plan.Reserve(&segment_ends_, workers * (segments_ + 1) * kRowBlock);
    plan.Reserve(&sums_, workers * kRowBlock * kGradientPanel);
    list_stride_ = static_cast<size_t>(batch_pairs_ + segments_ * kListUnit + kListSlack);
    plan.Reserve(&list_pairs_, workers * kRowBlock * list_stride_);
    plan.Reserve(&list_coefficients_, workers * kRowBlock * list_stride_);
    plan.Reserve(&pairs_, static_cast<size_t>(batch_pairs_) * 2 * out_size_);
    plan.Reserve(&chunk_peaks_, extent.chunks());
    if (!input_gradient) return;
    rounded_stride_ = static_cast<size_t>(out_size_) + 64;
    plan.Reserve(&rounded_rows_, workers * kChunk * gradient_rows * rounded_stride_);
    plan.Reserve(&row_scales_, workers * kChunk * gradient_rows);
    plan.Reserve(&row_sums_, workers * kChunk * gradient_rows);
    plan.Reserve(&all_rows_, in_size_);
  }

  void Forward(const uint8_t* operand, int samples, int rows, float scale, int worker,
               float* drive) override {
    float* column_scale = column_scale_ + static_cast<size_t>(worker) * out_size_;
    kernels_.scale_copy(scale, scale_of_.data(), column_scale, out_size_);
    const int blocks = PackChunk(operand, samples, rows, worker, drive);
    const ListHead* heads = Heads(worker);
    for (int p = 0; p < panels_; ++p)
      for (int b = 0; b < blocks; ++b)
        kernels_.forward_panel({heads[b].index, heads[b].words, heads[b].row_sums, heads[b].entries,
                                heads[b].rows, panel_weights_.data() + p * panel_bytes_,
                                column_scale + p * kPanel, heads[b].drive, p * kPanel});
  }

  void ForwardRate(const int16_t*, int, float, float*) override {}  // linear readouts are kept in float

  void InputGradient(const Layer* below, const Chunk& chunk, const float* drive_gradient, int rows,
                     float scale, float* out) override {
    const size_t worker_rows = static_cast<size_t>(chunk.worker) * kChunk * gradient_rows_;
    int8_t* rounded = rounded_rows_ + worker_rows * rounded_stride_;
    float* scales = row_scales_ + worker_rows;
    int32_t* sums = row_sums_ + worker_rows;
    for (int r = 0; r < chunk.count * rows; ++r) {
      kernels_.quantize_gradient_row(drive_gradient + static_cast<size_t>(r) * out_size_, scale_of_.data(),
                                     out_size_, rounded + r * rounded_stride_, &scales[r], &sums[r]);
      scales[r] *= scale;
    }
    std::memset(out, 0, sizeof(float) * chunk.count * rows * in_size_);
    // As many samples at a time as keep their gradient rows in the first-level cache beside the weights that
    // pass.
    const int group = std::clamp(kCachedBytes / (rows * out_size_), 1, std::min(kChunk, 64 / rows));
    for (int first = 0; first < in_size_; first += kInputBlock)
      for (int s = 0; s < chunk.count; s += group) {
        const int samples = std::min(group, chunk.count - s);
        const uint32_t* support[kChunk];
        for (int i = 0; i < samples; ++i) {
          const uint32_t* wanted = below->Support(chunk.first + s + i);
          support[i] = wanted ? wanted : all_rows_;
        }
        const size_t row = static_cast<size_t>(s) * rows;
        kernels_.input_gradient({row_major_.data(), first, std::min(first + kInputBlock, in_size_), out_size_,
                                 samples, rows, rounded + row * rounded_stride_, rounded_stride_,
                                 scales + row, sums + row, support, out + row * in_size_,
                                 static_cast<size_t>(in_size_)});
      }
  }

  void AddChunkGradient(const Chunk& chunk, const Operand&, const float* drive_gradient, int rows) override {
    chunk_peaks_[chunk.index] =
        kernels_.max_abs(drive_gradient, static_cast<size_t>(chunk.count) * rows * out_size_);
  }

  void StartUpdate(const Operand& operand, const float* drive_gradient, int batch_rows, int samples,
                   float scale) override {
    DenseBase::StartUpdate(operand, drive_gradient, batch_rows, samples, scale);
    FindGradientScale((samples + kChunk - 1) / kChunk);
  }

  int PrepareTasks() const override { return ((batch_rows_ + 1) / 2 + kPairTask - 1) / kPairTask; }

  void Prepare(int task) override {
    const int pairs = (batch_rows_ + 1) / 2;
    const size_t panel_stride = static_cast<size_t>(batch_pairs_) * 2 * kGradientPanel;
    for (int p = task * kPairTask; p < std::min(pairs, (task + 1) * kPairTask); ++p) {
      const float* row0 = drive_gradient_ + static_cast<size_t>(2 * p) * out_size_;
      const float* row1 = 2 * p + 1 < batch_rows_ ? row0 + out_size_ : nullptr;
      kernels_.quantize_pair(row0, row1, inverse_gradient_scale_, out_size_,
                             pairs_ + static_cast<size_t>(p) * 2 * kGradientPanel, panel_stride);
    }
  }

  void FinishUpdate() override {
    std::memcpy(scale_of_.data(), next_scale_.data(), out_size_ * sizeof(float));
    MergeColumnMax();
  }

  void Refresh() override {
    FillSupport();
    ColumnMaxOfWeights();
    MergeColumnMax();
    std::memcpy(scale_of_.data(), next_scale_.data(), out_size_ * sizeof(float));
    QuantizeAll();
  }

  float* quantization_scale() override { return scale_of_.data(); }

  void RefreshQuantized() override {
    FillSupport();
    for (int j = 0; j < out_size_; ++j) inverse_scale_[j] = 1.0f / scale_of_[j];
    QuantizeAll();
    ColumnMaxOfWeights();
    MergeColumnMax();
  }

 protected:
  void FormGradient(int first, int count, int worker, float* out) override {
    const size_t list_at = static_cast<size_t>(worker) * kRowBlock * list_stride_;
    const PairLists lists{list_pairs_ + list_at, list_coefficients_ + list_at, list_stride_};
    // ends[g] and ends[g + 1] enclose what segment g adds to each list.
    int32_t* ends = segment_ends_ + static_cast<size_t>(worker) * (segments_ + 1) * kRowBlock;
    int32_t* sums = sums_ + static_cast<size_t>(worker) * kRowBlock * kGradientPanel;
    const int pairs = (batch_rows_ + 1) / 2, segments = (pairs + kSegmentPairs - 1) / kSegmentPairs;
    std::fill_n(ends, kRowBlock, 0);
    for (int g = 0; g < segments; ++g) {
      int32_t* end = ends + (g + 1) * kRowBlock;
      std::copy_n(end - kRowBlock, kRowBlock, end);
      const PairScan scan{g * kSegmentPairs,
                          std::min(pairs, (g + 1) * kSegmentPairs),
                          batch_rows_,
                          static_cast<size_t>(in_size_),
                          count,
                          lists,
                          end};
      if (operand_.bytes)
        kernels_.scan_bytes(operand_.bytes + first, scan);
      else
        kernels_.scan_shorts(operand_.shorts + first, scan);
    }
    for (int j = 0; j < out_size_; j += kGradientPanel) {
      PrefetchState(first, count, j);
      for (int g = 0; g < segments; ++g)
        kernels_.weight_gradient({lists, ends + g * kRowBlock, ends + (g + 1) * kRowBlock, count,
                                  pairs_ + static_cast<size_t>(j) * batch_pairs_ * 2, sums, g == 0,
                                  g + 1 == segments, gradient_scale_ * scale_, out + j,
                                  static_cast<size_t>(out_size_)});
    }
  }

  void AfterApply(int first, int count, int worker) override {
    float* column_max = column_max_ + static_cast<size_t>(worker) * out_size_;
    for (int i = first; i < first + count; i += 4) QuantizeGroup(i, column_max);
  }

 private:
  /// Products run from the first-level cache; meanwhile what the update will touch next can come in from
  /// memory.
  void PrefetchState(int first, int count, int column) const {
    const size_t rows = static_cast<size_t>(count) * out_size_, at = static_cast<size_t>(first) * out_size_;
    const size_t begin = rows * column / out_size_,
                 end = rows * std::min(column + kGradientPanel, out_size_) / out_size_;
    for (const float* array : {weight_.value, weight_.m, weight_.v})
      if (array)
        for (size_t i = begin; i < end; i += 16) __builtin_prefetch(array + at + i, 0, 2);
  }

  struct ListHead {
    const uint32_t* index;
    const int32_t* words;
    int entries;
    int rows;
    int32_t row_sums[kMaxBlockRows];
    float* drive[kMaxBlockRows];
  };

  static constexpr int kBlockRows = 5;     // operand rows per pass over a panel
  static constexpr int kInputBlock = 256;  // inputs whose weights stay in the second-level cache
  static constexpr int kCachedBytes = 40 << 10;
  static constexpr int kPairTask = 16;

  ListHead* Heads(int worker) {
    return list_heads_ + static_cast<size_t>(worker) * kChunk * blocks_per_sample_;
  }

  /// Lists the active inputs of every sample's rows; silent rows get their zeros here and take no further
  /// part.
  int PackChunk(const uint8_t* operand, int samples, int rows, int worker, float* drive) {
    ListHead* heads = Heads(worker);
    uint32_t* memory = lists_ + static_cast<size_t>(worker) * kChunk * blocks_per_sample_ * list_size_;
    int blocks = 0;
    for (int s = 0; s < samples; ++s) {
      const uint8_t* active[32];
      float* out[32];
      int count = 0;
      for (int row = 0; row < rows; ++row, operand += in_size_, drive += out_size_) {
        active[count] = operand;
        out[count] = drive;
        if (kernels_.any_count(operand, in_size_))
          ++count;
        else
          std::memset(drive, 0, sizeof(float) * out_size_);
      }
      const int parts = (count + kBlockRows - 1) / kBlockRows;
      for (int part = 0, row = 0; part < parts; ++part, ++blocks, memory += list_size_) {
        ListHead& head = heads[blocks];
        head.rows = (count - row) / (parts - part);
        head.index = memory;
        auto* words = reinterpret_cast<int32_t*>(memory + RoundUp(groups_, 16));
        head.words = words;
        std::copy_n(out + row, head.rows, head.drive);
        head.entries = kernels_.pack_groups(active + row, head.rows, groups_, memory, words, head.row_sums);
        row += head.rows;
      }
    }
    return blocks;
  }

  /// One scale for the whole batch: as fine as 16 bits and exact 32-bit sums allow.
  void FindGradientScale(int chunks) {
    const float peak = *std::max_element(chunk_peaks_, chunk_peaks_ + chunks);
    const double largest_sum = static_cast<double>(batch_rows_) * max_count_;
    const double levels = std::min(32767.0, std::floor(2147483647.0 / largest_sum));
    gradient_scale_ = peak > 1e-30f ? peak / static_cast<float>(levels) : 0.0f;
    inverse_gradient_scale_ = peak > 1e-30f ? static_cast<float>(levels) / peak : 0.0f;
  }

  void FillSupport() {
    if (all_rows_) std::fill_n(all_rows_, in_size_, gradient_rows_ >= 32 ? ~0u : (1u << gradient_rows_) - 1);
  }

  void QuantizeGroup(int row, float* column_max) {
    kernels_.quantize_weights(weight_.value + static_cast<size_t>(row) * out_size_, out_size_, out_size_,
                              inverse_scale_.data(), row_major_.data() + static_cast<size_t>(row) * out_size_,
                              out_size_, panel_weights_.data() + static_cast<size_t>(row / 4) * 4 * kPanel,
                              panel_bytes_, column_max);
  }

  void QuantizeAll() {
    std::vector<float> ignored(out_size_);
    for (int i = 0; i < in_size_; i += 4) QuantizeGroup(i, ignored.data());
  }

  void ColumnMaxOfWeights() {
    if (!column_max_) return;
    std::fill_n(column_max_, static_cast<size_t>(workers_) * out_size_, 0.0f);
    for (int i = 0; i < in_size_; ++i)
      for (int j = 0; j < out_size_; ++j)
        column_max_[j] =
            std::max(column_max_[j], std::fabs(weight_.value[static_cast<size_t>(i) * out_size_ + j]));
  }

  /// The next update rounds to 127 steps of the largest weight now; the maximum lags one step behind by
  /// design.
  void MergeColumnMax() {
    for (int j = 0; j < out_size_; ++j) {
      float peak = 0;
      for (int w = 0; w < workers_; ++w) {
        float& part = column_max_[static_cast<size_t>(w) * out_size_ + j];
        peak = std::max(peak, part);
        part = 0;
      }
      next_scale_[j] = peak > 1e-30f ? peak / 127.0f : 1.0f;
      inverse_scale_[j] = 1.0f / next_scale_[j];
    }
  }

  int groups_;
  int panels_;
  size_t panel_bytes_;
  AlignedBuffer<uint8_t> row_major_;      // [in][out] bytes, weight / scale + 128
  AlignedBuffer<uint8_t> panel_weights_;  // [panel][in / 4][kPanel][4]
  AlignedBuffer<float> scale_of_;         // of the rounded weights in use
  AlignedBuffer<float> next_scale_;       // of the next rounding
  AlignedBuffer<float> inverse_scale_;

  int workers_ = 1;
  int blocks_per_sample_ = 1;
  size_t list_size_ = 0;
  uint32_t* lists_ = nullptr;
  ListHead* list_heads_ = nullptr;
  float* column_scale_ = nullptr;  // [worker][out]
  float* column_max_ = nullptr;    // [worker][out]

  int gradient_rows_ = 1;
  int batch_pairs_ = 0;
  int max_count_ = 1;
  float gradient_scale_ = 0;
  float inverse_gradient_scale_ = 0;
  int segments_ = 1;
  int32_t* segment_ends_ = nullptr;  // [worker][segment + 1][kRowBlock]
  int32_t* sums_ = nullptr;          // [worker][kRowBlock][kGradientPanel]
  size_t list_stride_ = 0;
  uint32_t* list_pairs_ = nullptr;         // [worker][kRowBlock][list_stride]
  uint32_t* list_coefficients_ = nullptr;  // [worker][kRowBlock][list_stride]
  int16_t* pairs_ = nullptr;               // [out / kGradientPanel][pair][kGradientPanel][2]
  float* chunk_peaks_ = nullptr;           // [chunk] largest drive gradient
  size_t rounded_stride_ = 0;
  int8_t* rounded_rows_ = nullptr;  // [worker][chunk row][rounded_stride]
  float* row_scales_ = nullptr;
  int32_t* row_sums_ = nullptr;
  uint32_t* all_rows_ = nullptr;  // [in], every row wanted
};

}  // namespace

/// `window` is the most steps whose spikes are summed before an update.
bool DenseMixedFits(const LayerSpec& spec, const Signal& below, int window) {
  return spec.units >= kPanel && below.size() >= 128 && below.size() % 4 == 0 &&
         !(below.max_count * window > 64);
}

std::unique_ptr<Synapse> MakeDenseFloat(const LayerSpec& spec, const Signal& below, const Kernels& k) {
  return std::make_unique<DenseFloat>(spec, below, k);
}

std::unique_ptr<Synapse> MakeDenseMixed(const LayerSpec& spec, const Signal& below, const Kernels& k) {
  return std::make_unique<DenseMixed>(spec, below, k);
}

}  // namespace synfire::layers
