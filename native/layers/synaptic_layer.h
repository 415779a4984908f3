// A layer with neurons: synapses, the steps at which they are read, and the population that integrates their
// drive.
#pragma once

#include <memory>
#include <vector>

#include "native/layers/synapse.h"

namespace synfire::layers {

/// When a layer updates and which steps each update reads.
struct TimeMap {
  InputMode mode = InputMode::kLatest;
  std::vector<int> update_steps;
  std::vector<int> row_of_step;  // update that first reads the step, -1 for none
  float gain = 1;

  int updates() const { return static_cast<int>(update_steps.size()); }
  bool cumulative() const { return mode == InputMode::kCumulative; }
  /// Whether operand rows are the signal's own rows.
  bool direct() const;
  /// Steps summed into one operand row, at most.
  int window() const;
  /// For each step, the number of updates that see its spikes.
  std::vector<int> Visibility() const;
};

class SynapticLayer final : public Layer {
 public:
  SynapticLayer(const LayerSpec& spec, const NetworkSpec& network, const Signal& below, const Shape& out,
                const Kernels& kernels);

  Reader Connect(const Reader& reader, LearningMode mode) override;
  void Reserve(Plan& plan, const Extent& extent) override;
  void Forward(const Pass& pass, const Chunk& chunk) override;
  void Backward(const Pass& pass, const Chunk& chunk, const float* gradient, float* below) override;
  const uint32_t* Support(int sample) const override;
  void AddStatistics(int sample, LayerStatistics& statistics) const override;

  const LayerSpec& spec() const { return spec_; }
  Synapse& synapse() { return *synapse_; }
  Parameter& bias() { return bias_; }
  /// A network tells each of its synaptic layers what lies below, and whether anything there learns.
  void SetBelow(const Layer* below, const Signal* signal, bool gradient_below);

  bool linear_readout() const { return !spec_.neuron.has_value(); }
  int neurons() const { return synapse_->out_size(); }
  int updates() const { return time_.updates(); }
  /// Of a readout: drive of sample `s` of `chunk` (linear) or membrane potentials [updates][neurons] (leaky).
  const float* Readout(const Chunk& chunk, int s) const;

  /// Whether the layer has anything to learn.
  bool learns() const { return synapse_weight_trained_ || bias_.trained; }
  bool weight_trained() const { return synapse_weight_trained_; }
  void StartUpdate(const Pass& pass);
  double UpdateBias(const UpdateStep& step);
  /// After the weights or the bias changed from outside, or after all tasks of an update.
  void RefreshBias();

 private:
  void CheckCounts() const;
  void ReserveTraining(Plan& plan, const Extent& extent);
  const uint8_t* OperandRows(int sample) const;
  void GatherOperand(int sample);
  void SumRateOperand(int sample);
  void Integrate(const Chunk& chunk, int s, bool training);
  void PopulationBackward(const Chunk& chunk, int s, const float* gradient, float* drive_gradient);
  void RatePopulationBackward(const Chunk& chunk, int s, const float* gradient, float* drive_gradient) const;
  void ReadoutRateGradient(const float* gradient, float* drive_gradient) const;
  void AddBiasGradient(const Chunk& chunk, const float* drive_gradient);

  float* DriveGradient(const Chunk& chunk);
  float InputScale(bool training) const;
  float GradientScale() const;
  uint8_t* Spikes(int sample, int step) const {
    return output_.data + (static_cast<size_t>(sample) * steps_ + step) * output_.size();
  }

  LayerSpec spec_;
  const Kernels& kernels_;
  Surrogate surrogate_;
  bool detach_reset_;
  RateDerivative rate_derivative_kind_;
  RatePresynaptic rate_presynaptic_;
  int steps_;
  TimeMap time_;
  Signal below_;
  const Layer* below_layer_ = nullptr;
  const Signal* below_signal_ = nullptr;
  bool gradient_below_ = false;
  std::unique_ptr<Synapse> synapse_;
  bool synapse_weight_trained_ = true;
  Parameter bias_;
  NeuronConstants constants_;

  LearningMode mode_ = LearningMode::kBptt;
  Reader reader_;
  Reader below_reader_;
  std::vector<int> rate_weight_of_step_;      // of this layer's own rate operand
  std::vector<float> rate_weight_of_update_;  // of its spikes, as read above
  std::vector<uint32_t> support_bit_;
  bool compact_support_ = false;
  bool training_ = false;
  int gradient_rows_ = 1;

  uint8_t* operand_ = nullptr;        // [sample][update][in], unless the signal serves
  int16_t* rate_operand_ = nullptr;   // [sample][in]
  float* drive_ = nullptr;            // [worker][chunk sample][update][neurons]
  float* potential_ = nullptr;        // [worker][chunk sample][update][neurons]
  float* rate_derivative_ = nullptr;  // [worker][chunk sample][neurons]
  uint32_t* support_ = nullptr;       // [sample][neurons]
  float* drive_gradient_ = nullptr;   // [sample or worker's chunk sample][gradient row][neurons]
  float* effective_bias_ = nullptr;   // bias times gain
  float* bias_partial_ = nullptr;     // [chunk][neurons]
  int bias_chunks_ = 0;
};

}  // namespace synfire::layers
