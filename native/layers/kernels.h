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
  int neurons;             // a multiple of 16
  bool cumulative;         // input is the running sum of the drive
  const float* drive;      // [updates][neurons]
  const float* bias;       // [neurons], added at every update
  uint8_t* const* spikes;  // per update, [neurons] of 0 or 1; null for an integrator
  float* potential;        // [updates][neurons] before the reset, or null
  const float*
      rate_weight;  // per update, weight of its spike in the rate that is read above; null = not wanted
  float* rate_derivative;       // [neurons], sum over updates of rate_weight * h, or null
  const uint32_t* support_bit;  // per update, the bit that tells that h is not zero there
  uint32_t* support;            // [neurons], or null
};

/// Back-propagation of one sample through one population.
struct NeuronBackward {
  NeuronConstants constants;
  Surrogate surrogate;
  bool detach_reset;
  int updates;
  int neurons;
  const float* potential;              // [updates][neurons]
  const uint32_t* support;             // [neurons], 0 where no derivative is anywhere, or null
  const float* const* spike_gradient;  // per update, [neurons]
  float* drive_gradient;               // [updates][neurons]
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

/// Convolution of counts with any number of channels; channel strides are in elements, out_stride a multiple
/// of 16.
struct ConvGeometry {
  int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
  int height, width, channels, in_stride;
  int out_height, out_width, out_stride;
};

/// Some operand rows through one panel of 8-bit weights, as the list of input groups that any of the rows has
/// a spike in.
struct ForwardPanelBlock {
  const uint32_t* index;    // [entries] groups of four inputs
  const int32_t* words;     // [entries][rows] their counts, a byte each
  const int32_t* row_sums;  // [rows] sum of all counts
  int entries;
  int rows;                   // 1 to kMaxBlockRows
  const uint8_t* panel;       // [group][kPanel][4], offset 128
  const float* column_scale;  // [kPanel]
  float* const* drive;        // per row, [kPanel] from `column` on
  int column;
};

/// Gradient of some samples' operand rows in a range of inputs, from rounded weights and rounded drive
/// gradients.
struct InputGradientBlock {
  const uint8_t* weights;          // [in][out_size], offset 128
  int first, last;                 // inputs
  int out_size;                    // a multiple of 64
  int samples;                     // samples * rows is at most 64
  int rows;                        // per sample, at most 32
  const int8_t* drive_gradient;    // [samples][rows][gradient_stride]
  size_t gradient_stride;          // an odd number of cache lines, so that rows do not share banks
  const float* row_scale;          // [samples][rows]
  const int32_t* row_sum;          // [samples][rows], sum of the rounded gradients
  const uint32_t* const* support;  // per sample, [in] bits of the rows wanted
  float* out;                      // [samples][rows][in_size], zero where not wanted
  size_t in_size;
};

/// Lists of the operand pairs that carry something, one per input: which pair of rows, and its two 16-bit
/// coefficients.
struct PairLists {
  uint32_t* pairs;         // [input][stride]
  uint32_t* coefficients;  // [input][stride]
  size_t stride;           // kListSlack more than the longest list
};

/// Appends, per input, the pairs [first_pair, last_pair) of operand rows in which it is not zero, then as
/// many pairs with coefficients 0 as make the lists multiples of kListUnit.
struct PairScan {
  int first_pair, last_pair;  // at most kSegmentPairs
  int batch_rows;             // a pair beyond the last row has one row only
  size_t row_stride;          // of the operand, in elements
  int columns;                // inputs, at most kRowBlock
  PairLists lists;
  int32_t* counts;  // [input], raised
};

/// Weight gradients of some inputs for one panel of outputs, from entries [begin, end) of their lists.
struct WeightGradientPanel {
  PairLists lists;
  const int32_t* begin;  // [input]
  const int32_t* end;
  int inputs;
  const int16_t* panel;  // [pair][kGradientPanel][2]
  int32_t* sums;         // [input][kGradientPanel], carried from one range of entries to the next
  bool first;            // starts from zero
  bool last;             // writes sums times scale to `out` instead of back
  float scale;
  float* out;  // [input][out_stride]
  size_t out_stride;
};

/// Rows of a float dense layer; `in` inputs, `out` outputs (a multiple of 16).
struct DenseShape {
  int in;
  int out;
  float scale;
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
constexpr int kGradientPanel = 64;  // output neurons per panel of 16-bit drive gradients
constexpr int kSegmentPairs =
    112;                      // pairs of rows whose part of a gradient panel stays in the first-level cache
constexpr int kListUnit = 4;  // pairs taken at a time
constexpr int kListSlack = 32;
constexpr int kMaxBlockRows = 6;  // operand rows that share one pass over a panel
constexpr int kRowBlock = 32;     // input rows whose weight gradients are formed together

struct Kernels {
  void (*encode)(const EncodeSample&);
  void (*neuron_forward)(const NeuronForward&);
  void (*neuron_backward)(const NeuronBackward&);

  // Float path. n and the strides are multiples of kLanes.
  void (*add_scaled)(float a, const float* x, float* y, int n);          // y += a x
  void (*scale_copy)(float a, const float* x, float* y, int n);          // y = a x
  void (*sum_rows)(const float* rows, size_t count, float* sum, int n);  // sum += every row of n

  // Float dense layers. Weights are [in][out], transposed ones [units][in].
  void (*dense_forward)(const DenseShape&, const uint8_t* operand, int rows, const float* weights,
                        float* drive);
  void (*dense_forward_rate)(const DenseShape&, const int16_t* operand, int rows, const float* weights,
                             float* drive);
  void (*dense_weight_gradient)(const DenseShape&, const uint8_t* operand, int rows, int first, int count,
                                const float* drive_gradient, float* gradient);
  void (*dense_weight_gradient_rate)(const DenseShape&, const int16_t* operand, int rows, int first,
                                     int count, const float* drive_gradient, float* gradient);
  void (*dense_input_gradient)(const DenseShape&, const float* drive_gradient, int rows, const float* weights,
                               float* input_gradient);
  void (*dense_input_gradient_thin)(const DenseShape&, const float* drive_gradient, int rows, int units,
                                    const float* transposed, float* input_gradient);

  // Pattern convolution.
  void (*pattern_conv_forward)(const PatternConv&, const uint8_t* input, const float* table, float* drive);
  /// Sums drive gradients by pattern into two sets of `bucket` [2][kernel row][pattern][channels], by column
  /// parity.
  void (*pattern_conv_backward)(const PatternConv&, const uint8_t* input, const float* drive_gradient,
                                float* bucket);

  // Convolution of counts. Weights are [tap][channel][out_stride], transposed ones
  // [tap][out_stride][in_stride].
  void (*conv_forward)(const ConvGeometry&, const uint8_t* input, const float* weight, float* drive);
  void (*conv_input_gradient)(const ConvGeometry&, const float* drive_gradient, const float* transposed,
                              float* input_gradient);
  void (*conv_weight_gradient)(const ConvGeometry&, const uint8_t* input, const float* drive_gradient,
                               float* gradient);
  void (*conv_weight_gradient_rate)(const ConvGeometry&, const int16_t* input, const float* drive_gradient,
                                    float* gradient);

  // 8-bit forward: entries are the groups of four inputs that carry a spike in any of `rows` operand rows.
  bool (*any_count)(const uint8_t* counts, int n);
  int (*pack_groups)(const uint8_t* const* operand, int rows, int groups, uint32_t* index, int32_t* words,
                     int32_t* row_sums);
  void (*forward_panel)(const ForwardPanelBlock&);

  // 8-bit input gradient.
  void (*quantize_gradient_row)(const float* gradient, const float* column_scale, int n, int8_t* out,
                                float* scale, int32_t* sum);
  void (*input_gradient)(const InputGradientBlock&);

  // 16-bit weight gradient.
  float (*max_abs)(const float* x, size_t n);
  void (*quantize_pair)(const float* row0, const float* row1, float inverse_scale, int n, int16_t* out,
                        size_t panel_stride);
  void (*scan_bytes)(const uint8_t* operand, const PairScan&);
  void (*scan_shorts)(const int16_t* operand, const PairScan&);
  void (*weight_gradient)(const WeightGradientPanel&);

  // Optimisers. `m` and `v` may be null where the rule does not use them.
  void (*update)(const UpdateRule&, const float* gradient, float* weight, float* m, float* v, size_t n);
  /// Rounds four rows of weights to 8 bits (offset 128): row-major copies and one group of every panel;
  /// column maxima.
  void (*quantize_weights)(const float* rows, size_t row_stride, int n, const float* inverse_scale,
                           uint8_t* row_major, size_t row_major_stride, uint8_t* panels, size_t panel_stride,
                           float* column_max);
  /// out[i] += weight[t] * in_t[i] for u8 counts
  void (*accumulate_counts)(const uint8_t* counts, int16_t weight, int16_t* out, int n);
};

extern const Kernels kKernelsBase;
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;

/// The table for the instruction set this process uses (see base/cpu_features.h).
const Kernels& ActiveKernels();

}  // namespace synfire::layers
