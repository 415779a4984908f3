// Losses on a readout's scores, with their gradients.
#pragma once

#include <cstdint>

#include "native/layers/spec.h"

namespace synfire::layers {

/// One sample's loss times `weight`, and its gradient [classes] (in the scores, already times `weight` and
/// `gradient_scale`). Cross-entropy: softmax over the scores, target smoothed by `label_smoothing`. Mean
/// squared error: over the classes, between scores (mean counts) and `target_correct` / `target_incorrect`.
/// `gradient` may be null.
double SampleLoss(const LossSpec& loss, const float* scores, int classes, int32_t label, float weight,
                  float gradient_scale, float* gradient);

/// The first of the largest scores.
int ArgMax(const float* scores, int classes);

}  // namespace synfire::layers
