// Average, maximum and sum pooling of counts.
#pragma once

#include <memory>

#include "native/layers/layer.h"

namespace synfire::layers {

/// Throws Error{kInvalidArgument} when a window's sum would not fit a byte.
std::unique_ptr<Layer> MakePooling(const LayerSpec& spec, const NetworkSpec& network, const Signal& below,
                                   const Layer* below_layer, const Shape& out);

}  // namespace synfire::layers
