// The table of inner loops of the layer engine: one copy per instruction set, all giving the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace synfire::layers {

enum class SurrogateKind { kFastSigmoid, kAtan, kTriangle, kRectangle, kSigmoid };

/// Surrogate derivative h(x), x = V - threshold. `slope` is k, alpha or the width w, as its kind names it.
struct Surrogate {
  SurrogateKind kind = SurrogateKind::kTriangle;
  float slope = 1.0f;
};

enum class ResetKind { kZero, kValue, kSubtract, kScale };

/// Constants of one leaky integrate-and-fire population. `spiking` false makes it a leaky integrator.
struct NeuronConstants {
  float decay = 0.9f;
  float threshold = 0.8f;
  ResetKind reset = ResetKind::kZero;
  float reset_value = 0.0f;  // the value of kValue, the factor of kScale
  bool spiking = true;
};

/// One sample through one population: `updates` updates of `neurons` neurons.
struct NeuronForward {
  NeuronConstants constants;
  Surrogate surrogate;
  int updates;
  int neurons;               // a multiple of 16
  bool cumulative;           // input is the running sum of the drive
  const float* drive;        // [updates][neurons]
  const float* bias;         // [neurons], added at every update
  uint8_t* const* spikes;    // per update, [neurons] of 0 or 1; null for an integrator
  float* potential;          // [updates][neurons] before the reset, or null
  const float* rate_weight;  // per update, weight of its spike in the rate that is read above; null = not wanted
  float* rate_derivative;    // [neurons], sum over updates of rate_weight * h, or null
  const uint32_t* support_bit;  // per update, the bit that tells that h is not zero there
  uint32_t* support;         // [neurons], or null
};

/// Back-propagation of one sample through one population.
struct NeuronBackward {
  NeuronConstants constants;
  Surrogate surrogate;
  bool detach_reset;
  int updates;
  int neurons;
  const float* potential;            // [updates][neurons]
  const float* const* spike_gradient;  // per update, [neurons]
  float* drive_gradient;             // [updates][neurons]
};

enum class EncoderKind { kHybrid, kRate, kLatency, kDirect };

struct EncodeSample {
  EncoderKind kind;
  int steps;
  int deterministic_steps;
  int pixels;
  float gain;
  uint64_t seed;
  uint32_t epoch;
  uint32_t sample;
  const uint8_t* input;  // [pixels]
  uint8_t* output;       // [steps][pixels]
};

/// Convolution of a binary one-channel picture through tables of 5-bit (kernel-width-bit) patterns.
struct PatternConv {
  int steps;
  int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
  int height, width, out_height, out_width;
  int channels;  // a multiple of 16
};

/// Convolution of counts with any number of channels; channel strides are in elements, out_stride a multiple of 16.
struct ConvGeometry {
  int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
  int height, width, channels, in_stride;
  int out_height, out_width, out_stride;
};

/// A non-zero operand of the weight gradient: a pair of rows and their two 16-bit coefficients.
struct PairEntry {
  uint32_t pair;
  uint32_t coefficients;
};

enum class OptimizerKind { kSgd, kAdam, kAdamW };

/// One optimiser step's numbers, ready for the inner loop.
struct UpdateRule {
  OptimizerKind kind = OptimizerKind::kSgd;
  float learning_rate = 0;
  float momentum = 0;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float correction1 = 1, correction2 = 1;  // 1/(1-beta1^t), 1/(1-beta2^t)
  float weight_decay = 0;
  float decay_factor = 1;
  float gradient_scale = 1;
};

constexpr int kLanes = 16;          // every population is padded to a multiple of this
constexpr int kPanel = 64;          // output neurons per panel of 8-bit forward weights
constexpr int kGradientPanel = 32;  // output neurons per panel of 16-bit drive gradients
constexpr int kMaxBlockRows = 6;    // operand rows that share one pass over a panel
constexpr int kRowBlock = 32;       // input rows whose weight gradients are formed together

struct Kernels {
  void (*encode)(const EncodeSample&);
  void (*neuron_forward)(const NeuronForward&);
  void (*neuron_backward)(const NeuronBackward&);

  // Float path. n and the strides are multiples of kLanes.
  void (*add_scaled)(float a, const float* x, float* y, int n);          // y += a x
  float (*dot)(const float* x, const float* y, int n);                   // 16 partial sums, then a fixed tree
  void (*scale_copy)(float a, const float* x, float* y, int n);          // y = a x

  // Pattern convolution.
  void (*pattern_conv_forward)(const PatternConv&, const uint8_t* input, const float* table, float* drive);
  void (*pattern_conv_backward)(const PatternConv&, const uint8_t* input, const float* drive_gradient, float* bucket);

  // Convolution of counts. Weights are [tap][channel][out_stride], transposed ones [tap][out_stride][in_stride].
  void (*conv_forward)(const ConvGeometry&, const uint8_t* input, const float* weight, float* drive);
  void (*conv_input_gradient)(const ConvGeometry&, const float* drive_gradient, const float* transposed,
                              float* input_gradient);
  void (*conv_weight_gradient)(const ConvGeometry&, const uint8_t* input, const float* drive_gradient, float* gradient);
  void (*conv_weight_gradient_rate)(const ConvGeometry&, const int16_t* input, const float* drive_gradient,
                                    float* gradient);

  // 8-bit forward: entries are the groups of four inputs that carry a spike in any of `rows` operand rows.
  int (*pack_groups)(const uint8_t* operand, size_t row_stride, int rows, int groups, uint32_t* index, int32_t* words,
                     int32_t* row_sums);
  void (*forward_panel)(const uint32_t* index, const int32_t* words, int entries, int rows, const int32_t* row_sums,
                        const uint8_t* panel, const float* column_scale, float* drive, size_t drive_stride);

  // 8-bit input gradient.
  void (*quantize_gradient_row)(const float* gradient, const float* column_scale, int n, int8_t* out, float* scale,
                                int32_t* sum);
  void (*input_gradient)(const uint8_t* weight_row, const int8_t* rows, size_t row_stride, const float* row_scale,
                         const int32_t* row_sum, int n, uint32_t support, float* out, size_t out_stride);

  // 16-bit weight gradient.
  float (*max_abs)(const float* x, size_t n);
  void (*quantize_pair)(const float* row0, const float* row1, float inverse_scale, int n, int16_t* out,
                        size_t panel_stride);
  void (*scan_bytes)(const uint8_t* row0, const uint8_t* row1, uint32_t pair, int columns, PairEntry* lists,
                     size_t list_stride, int32_t* counts);
  void (*scan_shorts)(const int16_t* row0, const int16_t* row1, uint32_t pair, int columns, PairEntry* lists,
                      size_t list_stride, int32_t* counts);
  void (*weight_gradient)(const PairEntry* lists, size_t list_stride, const int32_t* counts, int rows,
                          const int16_t* panel, float scale, float* out, size_t out_stride);

  // Optimisers. `m` and `v` may be null where the rule does not use them.
  void (*update)(const UpdateRule&, const float* gradient, float* weight, float* m, float* v, size_t n);
  /// Rounds four rows of weights to 8 bits (offset 128): row-major copies and one group of every panel; column maxima.
  void (*quantize_weights)(const float* rows, size_t row_stride, int n, const float* inverse_scale, uint8_t* row_major,
                           size_t row_major_stride, uint8_t* panels, size_t panel_stride, float* column_max);
  /// out[i] += weight[t] * in_t[i] for u8 counts
  void (*accumulate_counts)(const uint8_t* counts, int16_t weight, int16_t* out, int n);
};

extern const Kernels kKernelsBase;
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;

/// The table for the instruction set this process uses (see base/cpu_features.h).
const Kernels& ActiveKernels();

}  // namespace synfire::layers
