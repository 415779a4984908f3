// Losses on a readout's scores, with their gradients.
#include "native/layers/loss.h"

#include <algorithm>
#include <cmath>

namespace synfire::layers {
namespace {

double CrossEntropy(const LossSpec& loss, const float* scores, int classes, int32_t label, double weight,
                    double gradient_scale, float* gradient) {
  const double peak = *std::max_element(scores, scores + classes);
  double sum = 0;
  for (int c = 0; c < classes; ++c) sum += std::exp(scores[c] - peak);
  const double log_sum = std::log(sum) + peak;
  const double smooth = loss.label_smoothing;
  double value = 0;
  for (int c = 0; c < classes; ++c) {
    const double target = smooth / classes + (c == label ? 1.0 - smooth : 0.0);
    const double log_probability = scores[c] - log_sum;
    value -= target * log_probability;
    if (gradient)
      gradient[c] = static_cast<float>((std::exp(log_probability) - target) * weight * gradient_scale);
  }
  return value * weight;
}

double MseCount(const LossSpec& loss, const float* scores, int classes, int32_t label, double weight,
                double gradient_scale, float* gradient) {
  double value = 0;
  for (int c = 0; c < classes; ++c) {
    const double difference = scores[c] - (c == label ? loss.target_correct : loss.target_incorrect);
    value += difference * difference / classes;
    if (gradient) gradient[c] = static_cast<float>(2 * difference / classes * weight * gradient_scale);
  }
  return value * weight;
}

}  // namespace

double SampleLoss(const LossSpec& loss, const float* scores, int classes, int32_t label, float weight,
                  float gradient_scale, float* gradient) {
  const auto form = loss.kind == LossKind::kCrossEntropy ? CrossEntropy : MseCount;
  return form(loss, scores, classes, label, weight, gradient_scale, gradient);
}

int ArgMax(const float* scores, int classes) {
  return static_cast<int>(std::max_element(scores, scores + classes) - scores);
}

}  // namespace synfire::layers
