// Time mapping, integration and back-propagation of a layer with neurons.
#include "native/layers/synaptic_layer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "native/base/error.h"

namespace synfire::layers {
namespace {

constexpr int kMaxUpdates = 1000;
constexpr int kMaxSupportRows = 32;

TimeMap MakeTimeMap(const LayerSpec& spec, int steps, bool linear_readout) {
  TimeMap map;
  map.row_of_step.assign(steps, -1);
  if (linear_readout) {  // one update that sees every step; the mean is its gain
    map.mode = InputMode::kWindow;
    map.update_steps = {steps - 1};
    map.row_of_step.assign(steps, 0);
    map.gain = 1.0f / static_cast<float>(steps);
    return map;
  }
  map.mode = spec.input;
  map.gain = spec.input_gain;
  for (int t = 0; t < steps; t += spec.update_every) map.update_steps.push_back(t);
  for (int t = 0; t < steps; ++t) {
    const int next = (t + spec.update_every - 1) / spec.update_every;
    const bool read = map.mode == InputMode::kLatest ? t % spec.update_every == 0 : next < map.updates();
    if (read) map.row_of_step[t] = next;
  }
  return map;
}

bool IsCompact(SurrogateKind kind) {
  return kind == SurrogateKind::kTriangle || kind == SurrogateKind::kRectangle;
}

}  // namespace

bool TimeMap::direct() const {
  for (size_t t = 0; t < row_of_step.size(); ++t)
    if (row_of_step[t] != static_cast<int>(t)) return false;
  return true;
}

int TimeMap::window() const {
  int most = 1;
  for (int k = 0; k < updates(); ++k)
    most = std::max(most, static_cast<int>(std::count(row_of_step.begin(), row_of_step.end(), k)));
  return most;
}

std::vector<int> TimeMap::Visibility() const {
  std::vector<int> seen(row_of_step.size(), 0);
  for (size_t t = 0; t < seen.size(); ++t)
    if (row_of_step[t] >= 0) seen[t] = cumulative() ? updates() - row_of_step[t] : 1;
  return seen;
}

std::unique_ptr<Synapse> MakeSynapse(const LayerSpec& spec, const Signal& below, const Shape& out,
                                     const NetworkSpec& network, bool linear_readout,
                                     const Kernels& kernels) {
  const TimeMap map = MakeTimeMap(spec, network.timesteps, linear_readout);
  if (spec.kind == LayerKind::kConv2d)
    return map.window() == 1 && PatternConvFits(spec, below, out) ? MakePatternConv(spec, below, out, kernels)
                                                                  : MakeConv(spec, below, out, kernels);
  const bool mixed = network.precision == Precision::kMixed && !linear_readout && map.updates() <= 32 &&
                     DenseMixedFits(spec, below, map.window());
  return mixed ? MakeDenseMixed(spec, below, kernels) : MakeDenseFloat(spec, below, kernels);
}

SynapticLayer::SynapticLayer(const LayerSpec& spec, const NetworkSpec& network, const Signal& below,
                             const Shape& out, const Kernels& kernels)
    : spec_(spec),
      kernels_(kernels),
      surrogate_(network.learning.surrogate),
      detach_reset_(network.learning.detach_reset),
      rate_derivative_kind_(network.learning.rate_derivative),
      rate_presynaptic_(network.learning.rate_presynaptic),
      steps_(network.timesteps),
      time_(MakeTimeMap(spec, network.timesteps, !spec.neuron)),
      below_(below),
      synapse_(MakeSynapse(spec, below, out, network, !spec.neuron, kernels)) {
  synapse_->weight().name = spec.name + ".weight";
  synapse_->weight().learning_rate_scale = spec.learning_rate_scale;
  synapse_weight_trained_ = spec.train_weight;
  bias_.name = spec.name + ".bias";
  bias_.shape = {out.channels};
  bias_.size = synapse_->out_size() / (out.height * out.width);
  bias_.trained = spec.bias && spec.train_bias;
  bias_.learning_rate_scale = spec.learning_rate_scale;
  if (spec.neuron) constants_ = *spec.neuron;
  output_.shape = out;
  output_.channel_stride = synapse_->out_size() / (out.height * out.width);
  output_.max_count = 1;
}

void SynapticLayer::SetBelow(const Layer* below, const Signal* signal, bool gradient_below) {
  below_layer_ = below;
  below_signal_ = signal;
  gradient_below_ = gradient_below;
}

/// Operands are bytes per update and 16-bit numbers per sample.
void SynapticLayer::CheckCounts() const {
  const int window = below_.max_count * time_.window();
  if (!linear_readout() && window > UINT8_MAX)
    throw InvalidArgument(
        spec_.name + ".updateEvery", std::to_string(spec_.update_every),
        "windows of input whose sums stay below 256; these reach " + std::to_string(window));
  const int64_t weights =
      std::accumulate(rate_weight_of_step_.begin(), rate_weight_of_step_.end(), int64_t{0});
  const int64_t sum = below_.max_count * weights;
  if ((linear_readout() || mode_ == LearningMode::kRate) && sum > INT16_MAX)
    throw InvalidArgument("timesteps", std::to_string(steps_),
                          "fewer: the inputs of " + spec_.name + " sum up to " + std::to_string(sum) +
                              " over all steps, more than 32767");
}

Reader SynapticLayer::Connect(const Reader& reader, LearningMode mode) {
  reader_ = reader;
  mode_ = mode;
  const bool rates = mode == LearningMode::kRate;
  const bool plain_rate = rates && rate_presynaptic_ == RatePresynaptic::kRate;
  rate_weight_of_step_ = plain_rate ? std::vector<int>(steps_, 1) : time_.Visibility();
  gradient_rows_ = rates ? 1 : time_.updates();
  CheckCounts();

  rate_weight_of_update_.assign(time_.updates(), 0.0f);
  support_bit_.assign(time_.updates(), 0u);
  for (int k = 0; k < time_.updates(); ++k) {
    const int t = time_.update_steps[k];
    if (rates) {
      rate_weight_of_update_[k] = static_cast<float>(reader.rate_weight[t]);
      support_bit_[k] = reader.rate_weight[t] != 0 ? 1u : 0u;
    } else if (reader.row_of_step[t] >= 0 && reader.rows <= kMaxSupportRows) {
      support_bit_[k] = 1u << reader.row_of_step[t];
    }
  }
  const bool by_surrogate = !rates || rate_derivative_kind_ == RateDerivative::kSurrogate;
  compact_support_ =
      reader.wants_support && reader.rows <= kMaxSupportRows && by_surrogate && IsCompact(surrogate_.kind);

  below_reader_ = {gradient_rows_, time_.row_of_step, rate_weight_of_step_, spec_.kind == LayerKind::kDense};
  return below_reader_;
}

void SynapticLayer::Reserve(Plan& plan, const Extent& extent) {
  training_ = extent.training;
  const size_t n = neurons(), updates = time_.updates();
  const bool gradient = extent.training && gradient_below_;
  const bool rates = mode_ == LearningMode::kRate;
  const int rate_sum = std::accumulate(rate_weight_of_step_.begin(), rate_weight_of_step_.end(), 0);
  const int max_count = below_.max_count * (rates ? rate_sum : time_.window());
  synapse_->Reserve(plan, extent, time_.updates(), gradient_rows_, max_count, gradient);

  plan.Reserve(&effective_bias_, n);
  const size_t chunk_samples = static_cast<size_t>(extent.workers) * kChunk;
  plan.Reserve(&drive_, chunk_samples * updates * n);
  if (!time_.direct() && !linear_readout()) plan.Reserve(&operand_, extent.batch * updates * below_.size());
  if (linear_readout() || (rates && extent.training))
    plan.Reserve(&rate_operand_, static_cast<size_t>(extent.batch) * below_.size());
  if (spec_.neuron && constants_.spiking)
    plan.Reserve(&output_.data, static_cast<size_t>(extent.batch) * steps_ * n);
  const bool integrator = spec_.neuron && !constants_.spiking;
  if (integrator || (extent.training && !rates && spec_.neuron))
    plan.Reserve(&potential_, chunk_samples * updates * n);
  if (extent.training) ReserveTraining(plan, extent);
}

void SynapticLayer::ReserveTraining(Plan& plan, const Extent& extent) {
  const size_t n = neurons(), chunk_samples = static_cast<size_t>(extent.workers) * kChunk;
  const size_t gradient_samples = synapse_->needs_batch_gradient() ? extent.batch : chunk_samples;
  plan.Reserve(&drive_gradient_, gradient_samples * gradient_rows_ * n);
  plan.Reserve(&bias_partial_, extent.chunks() * bias_.size);
  if (mode_ == LearningMode::kRate && constants_.spiking &&
      rate_derivative_kind_ == RateDerivative::kSurrogate)
    plan.Reserve(&rate_derivative_, chunk_samples * n);
  if (compact_support_) plan.Reserve(&support_, static_cast<size_t>(extent.batch) * n);
}

float SynapticLayer::InputScale(bool training) const {
  return (training ? below_signal_->training_scale : below_signal_->scale) * time_.gain;
}

/// What turns the gradient operand's counts into the input values that the drive is linear in.
float SynapticLayer::GradientScale() const {
  const float scale = below_signal_->training_scale;
  if (mode_ == LearningMode::kBptt || linear_readout()) return scale * time_.gain;
  if (rate_presynaptic_ == RatePresynaptic::kRate) return scale / static_cast<float>(steps_);
  return scale * time_.gain / static_cast<float>(time_.updates());
}

// ---- forward
// -----------------------------------------------------------------------------------------------------

const uint8_t* SynapticLayer::OperandRows(int sample) const {
  const size_t rows = static_cast<size_t>(sample) * time_.updates() * below_.size();
  return operand_ ? operand_ + rows : below_signal_->data + rows;
}

void SynapticLayer::GatherOperand(int sample) {
  const size_t n = below_.size();
  const uint8_t* in = below_signal_->data + static_cast<size_t>(sample) * steps_ * n;
  uint8_t* rows = operand_ + static_cast<size_t>(sample) * time_.updates() * n;
  std::memset(rows, 0, time_.updates() * n);
  for (int t = 0; t < steps_; ++t) {
    if (time_.row_of_step[t] < 0) continue;
    uint8_t* row = rows + time_.row_of_step[t] * n;
    for (size_t i = 0; i < n; ++i) row[i] = static_cast<uint8_t>(row[i] + in[t * n + i]);
  }
}

void SynapticLayer::SumRateOperand(int sample) {
  const int n = below_.size();
  int16_t* sum = rate_operand_ + static_cast<size_t>(sample) * n;
  std::fill_n(sum, n, int16_t{0});
  for (int t = 0; t < steps_; ++t)
    if (rate_weight_of_step_[t] != 0)
      kernels_.accumulate_counts(below_signal_->data + (static_cast<size_t>(sample) * steps_ + t) * n,
                                 static_cast<int16_t>(rate_weight_of_step_[t]), sum, n);
}

void SynapticLayer::Forward(const Pass& pass, const Chunk& chunk) {
  const int last = chunk.first + chunk.count;
  if (operand_)
    for (int s = chunk.first; s < last; ++s) GatherOperand(s);
  if (rate_operand_ && (pass.training || linear_readout()))
    for (int s = chunk.first; s < last; ++s) SumRateOperand(s);
  float* drive = drive_ + static_cast<size_t>(chunk.worker) * kChunk * time_.updates() * neurons();
  if (linear_readout())
    synapse_->ForwardRate(rate_operand_ + static_cast<size_t>(chunk.first) * below_.size(), chunk.count,
                          InputScale(pass.training), drive);
  else
    synapse_->Forward(OperandRows(chunk.first), chunk.count, time_.updates(), InputScale(pass.training),
                      chunk.worker, drive);
  for (int s = 0; s < chunk.count; ++s) Integrate(chunk, s, pass.training);
}

void SynapticLayer::Integrate(const Chunk& chunk, int s, bool training) {
  const int n = neurons();
  const size_t slot = static_cast<size_t>(chunk.worker) * kChunk + s;
  float* drive = drive_ + slot * time_.updates() * n;
  if (linear_readout()) {
    kernels_.add_scaled(1.0f, effective_bias_, drive, n);
    return;
  }
  const int sample = chunk.first + s;
  std::array<uint8_t*, kMaxUpdates> spikes;
  // Steps between updates are never written: they stay as silent as the plan made them.
  if (constants_.spiking)
    for (int k = 0; k < time_.updates(); ++k) spikes[k] = Spikes(sample, time_.update_steps[k]);
  const size_t rows = slot * time_.updates() * n;
  kernels_.neuron_forward({
      .constants = constants_,
      .surrogate = surrogate_,
      .updates = time_.updates(),
      .neurons = n,
      .cumulative = time_.cumulative(),
      .drive = drive,
      .bias = effective_bias_,
      .spikes = spikes.data(),
      .potential = potential_ ? potential_ + rows : nullptr,
      .rate_weight = rate_weight_of_update_.data(),
      .rate_derivative = training && rate_derivative_ ? rate_derivative_ + slot * n : nullptr,
      .support_bit = support_bit_.data(),
      .support = training && support_ ? support_ + static_cast<size_t>(sample) * n : nullptr,
  });
}

const float* SynapticLayer::Readout(const Chunk& chunk, int s) const {
  const size_t rows = (static_cast<size_t>(chunk.worker) * kChunk + s) * time_.updates() * neurons();
  return (linear_readout() ? drive_ : potential_) + rows;
}

// ---- backward
// ----------------------------------------------------------------------------------------------------

const uint32_t* SynapticLayer::Support(int sample) const {
  return support_ ? support_ + static_cast<size_t>(sample) * neurons() : nullptr;
}

float* SynapticLayer::DriveGradient(const Chunk& chunk) {
  const size_t row = static_cast<size_t>(gradient_rows_) * neurons();
  const size_t sample = synapse_->needs_batch_gradient() ? chunk.first : chunk.worker * kChunk;
  return drive_gradient_ + sample * row;
}

void SynapticLayer::Backward(const Pass&, const Chunk& chunk, const float* gradient, float* below) {
  const size_t rows = static_cast<size_t>(gradient_rows_) * neurons();
  float* drive_gradient = DriveGradient(chunk);
  for (int s = 0; s < chunk.count; ++s)
    PopulationBackward(chunk, s, gradient + static_cast<size_t>(s) * reader_.rows * neurons(),
                       drive_gradient + s * rows);
  AddBiasGradient(chunk, drive_gradient);
  if (time_.cumulative() &&
      mode_ == LearningMode::kBptt)  // an operand row is seen by its own and all later updates
    for (int s = 0; s < chunk.count; ++s)
      for (int k = gradient_rows_ - 2; k >= 0; --k)
        kernels_.add_scaled(1.0f, drive_gradient + s * rows + static_cast<size_t>(k + 1) * neurons(),
                            drive_gradient + s * rows + static_cast<size_t>(k) * neurons(), neurons());
  if (weight_trained()) {
    const bool rates = rate_operand_ != nullptr;
    synapse_->AddChunkGradient(chunk, {rates ? nullptr : OperandRows(0), rate_operand_}, drive_gradient,
                               gradient_rows_);
  }
  if (gradient_below_ && below)
    synapse_->InputGradient(below_layer_, chunk, drive_gradient, gradient_rows_, GradientScale(), below);
}

void SynapticLayer::PopulationBackward(const Chunk& chunk, int s, const float* gradient,
                                       float* drive_gradient) {
  const int n = neurons();
  if (linear_readout()) {
    std::memcpy(drive_gradient, gradient, n * sizeof(float));
    return;
  }
  if (mode_ == LearningMode::kRate) return RatePopulationBackward(chunk, s, gradient, drive_gradient);
  std::array<const float*, kMaxUpdates> rows;
  for (int k = 0; k < time_.updates(); ++k) {
    const int row = reader_.row_of_step[time_.update_steps[k]];
    rows[k] = row < 0 ? nullptr : gradient + static_cast<size_t>(row) * n;
  }
  const size_t slot = static_cast<size_t>(chunk.worker) * kChunk + s;
  kernels_.neuron_backward({
      .constants = constants_,
      .surrogate = surrogate_,
      .detach_reset = detach_reset_,
      .updates = time_.updates(),
      .neurons = n,
      .potential = potential_ + slot * time_.updates() * n,
      .support = Support(chunk.first + s),
      .spike_gradient = rows.data(),
      .drive_gradient = drive_gradient,
  });
}

/// Gradient of the mean drive from that of the weighted spike count.
void SynapticLayer::RatePopulationBackward(const Chunk& chunk, int s, const float* gradient,
                                           float* out) const {
  const int n = neurons();
  if (!constants_.spiking) return ReadoutRateGradient(gradient, out);
  if (rate_derivative_) {
    const float* h = rate_derivative_ + (static_cast<size_t>(chunk.worker) * kChunk + s) * n;
    for (int j = 0; j < n; ++j) out[j] = gradient[j] * h[j];
    return;
  }
  float weight = 0;
  for (const int w : reader_.rate_weight) weight += static_cast<float>(w);
  for (int j = 0; j < n; ++j) {
    bool active = rate_derivative_kind_ == RateDerivative::kIdentity;
    for (int t = 0; t < steps_ && !active; ++t) active = Spikes(chunk.first + s, t)[j] != 0;
    out[j] = active ? gradient[j] * weight : 0.0f;
  }
}

/// A leaky readout is linear in a constant drive: each update adds what is left of it at the step that is
/// read.
void SynapticLayer::ReadoutRateGradient(const float* gradient, float* out) const {
  const int n = neurons();
  std::fill_n(out, n, 0.0f);
  float response = 0, power = 1;
  for (int k = 0; k < time_.updates(); ++k) {
    response += power;
    power *= constants_.decay;
    kernels_.add_scaled(response, gradient + static_cast<size_t>(k) * n, out, n);
  }
}

void SynapticLayer::AddBiasGradient(const Chunk& chunk, const float* drive_gradient) {
  float* sum = bias_partial_ + static_cast<size_t>(chunk.index) * bias_.size;
  std::fill_n(sum, bias_.size, 0.0f);
  const size_t positions =
      static_cast<size_t>(chunk.count) * gradient_rows_ * neurons() / output_.channel_stride;
  kernels_.sum_rows(drive_gradient, positions, sum, output_.channel_stride);
}

// ---- update
// ------------------------------------------------------------------------------------------------------

void SynapticLayer::StartUpdate(const Pass& pass) {
  const bool rates = rate_operand_ != nullptr;
  bias_chunks_ = (pass.samples + kChunk - 1) / kChunk;
  synapse_->StartUpdate({rates ? nullptr : OperandRows(0), rate_operand_}, drive_gradient_,
                        pass.samples * gradient_rows_, pass.samples, GradientScale());
}

double SynapticLayer::UpdateBias(const UpdateStep& step) {
  const int n = static_cast<int>(bias_.size);
  if (step.mode == UpdateMode::kApply || step.mode == UpdateMode::kFused) {
    if (step.mode == UpdateMode::kFused) UpdateBias({UpdateMode::kGradient, step.rule});
    UpdateRule rule = step.rule;
    rule.weight_decay = 0;
    rule.decay_factor = 1;
    kernels_.update(rule, bias_.gradient, bias_.value, bias_.m, bias_.v, bias_.size);
    return 0;
  }
  std::fill_n(bias_.gradient, n, 0.0f);
  const float gain = linear_readout() ? 1.0f : spec_.input_gain;
  for (int c = 0; c < bias_chunks_; ++c)
    kernels_.add_scaled(gain, bias_partial_ + static_cast<size_t>(c) * n, bias_.gradient, n);
  double squares = 0;
  for (int i = 0; i < n; ++i) squares += double{bias_.gradient[i]} * bias_.gradient[i];
  return squares;
}

void SynapticLayer::RefreshBias() {
  const float gain = linear_readout() ? 1.0f : spec_.input_gain;
  const int stride = output_.channel_stride;
  for (int at = 0; at < neurons(); at += stride)
    for (int c = 0; c < output_.shape.channels; ++c) effective_bias_[at + c] = bias_.value[c] * gain;
}

void SynapticLayer::AddStatistics(int sample, LayerStatistics& statistics) const {
  const int n = neurons();
  if (spec_.neuron && constants_.spiking) {
    const uint8_t* spikes = Spikes(sample, 0);
    for (size_t i = 0; i < static_cast<size_t>(steps_) * n; ++i) statistics.spikes += spikes[i];
    statistics.neuron_steps += static_cast<double>(steps_) * output_.shape.size();
  }
  const int rows = linear_readout() ? steps_ : time_.updates();
  const uint8_t* operand = linear_readout()
                               ? below_signal_->data + static_cast<size_t>(sample) * steps_ * below_.size()
                               : OperandRows(sample);
  for (int r = 0; r < rows; ++r)
    statistics.synaptic_operations +=
        synapse_->SynapticOperations(operand + static_cast<size_t>(r) * below_.size());
  statistics.dense_macs += synapse_->macs();
}

}  // namespace synfire::layers
