// The linear part of a synaptic layer: counts in, drive out, and both gradients back; one class per kind of
// connection.
#pragma once

#include <memory>

#include "native/layers/layer.h"

namespace synfire::layers {

/// Operand of the weight gradient: counts per gradient row of every sample of the batch.
struct Operand {
  const uint8_t* bytes = nullptr;   // through time: [sample][row][in]
  const int16_t* shorts = nullptr;  // rates: [sample][in]
};

/// `scale` turns counts into input values, gain included.
class Synapse {
 public:
  explicit Synapse(const LayerSpec& spec) { weight_.trained = spec.train_weight; }
  virtual ~Synapse() = default;

  Parameter& weight() { return weight_; }
  const Parameter& weight() const { return weight_; }
  /// Neurons of the population above, padded as this synapse wants them.
  int out_size() const { return out_size_; }
  double macs() const { return macs_; }

  /// `rows` operand rows per sample forward, `gradient_rows` back; `max_count` bounds an operand of the
  /// weight gradient.
  virtual void Reserve(Plan& plan, const Extent& extent, int rows, int gradient_rows, int max_count,
                       bool input_gradient) = 0;

  /// Operand rows [samples of chunk][rows][in] to drive [samples][rows][out_size].
  virtual void Forward(const uint8_t* operand, int samples, int rows, float scale, int worker,
                       float* drive) = 0;
  /// The same from one 16-bit row per sample.
  virtual void ForwardRate(const int16_t* operand, int samples, float scale, float* drive) = 0;
  /// Drive gradient [samples of chunk][rows][out_size] to [samples][rows][in]. `support` gives a sample's
  /// support or null.
  virtual void InputGradient(const Layer* below, const Chunk& chunk, const float* drive_gradient, int rows,
                             float scale, float* out) = 0;

  /// Takes up one chunk's drive gradient: its part of the weight gradient, or what the update needs to know
  /// of it.
  virtual void AddChunkGradient(const Chunk& chunk, const Operand& operand, const float* drive_gradient,
                                int rows) = 0;
  /// Whether the drive gradient of the whole batch is wanted at the update (else AddChunkGradient has used
  /// it).
  virtual bool needs_batch_gradient() const = 0;

  /// After all chunks: tasks that prepare the update, then tasks that form gradients and apply them.
  virtual void StartUpdate(const Operand& operand, const float* drive_gradient, int batch_rows, int samples,
                           float scale) = 0;
  virtual int PrepareTasks() const { return 0; }
  virtual void Prepare(int /*task*/) {}
  virtual int UpdateTasks() const = 0;
  /// Returns the sum of squares of the gradients this task has formed.
  virtual double Update(const UpdateStep& step, int task, int worker) = 0;
  /// Once after the last task of an update.
  virtual void FinishUpdate() {}

  /// Weights as users see them: [filters, channels, kernel rows, kernel columns] or [units, inputs in C, H, W
  /// order].
  virtual void Export(const float* stored, float* user) const = 0;
  virtual void Import(const float* user, float* stored) const = 0;
  /// Makes what is derived from the weights after they were set from outside.
  virtual void Refresh() = 0;

  /// Scales of the 8-bit forward weights, one per output; empty where there are none.
  virtual float* quantization_scale() { return nullptr; }
  virtual void RefreshQuantized() {}

  /// Spikes of one operand row times their fan-out.
  virtual double SynapticOperations(const uint8_t* operand) const = 0;

 protected:
  Parameter weight_;
  int out_size_ = 0;
  double macs_ = 0;
};

std::unique_ptr<Synapse> MakeSynapse(const LayerSpec& spec, const Signal& below, const Shape& out,
                                     const NetworkSpec& network, bool linear_readout, const Kernels& kernels);

std::unique_ptr<Synapse> MakePatternConv(const LayerSpec&, const Signal& below, const Shape& out,
                                         const Kernels&);
std::unique_ptr<Synapse> MakeConv(const LayerSpec&, const Signal& below, const Shape& out, const Kernels&);
std::unique_ptr<Synapse> MakeDenseFloat(const LayerSpec&, const Signal& below, const Kernels&);
std::unique_ptr<Synapse> MakeDenseMixed(const LayerSpec&, const Signal& below, const Kernels&);
bool PatternConvFits(const LayerSpec&, const Signal& below, const Shape& out);
bool DenseMixedFits(const LayerSpec&, const Signal& below, int window);

}  // namespace synfire::layers
