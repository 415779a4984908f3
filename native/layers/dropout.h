// Dropout of whole neurons for all steps of a sample.
#pragma once

#include <memory>

#include "native/layers/layer.h"

namespace synfire::layers {

/// `index` is the layer's place in the network: its key among the random streams.
std::unique_ptr<Layer> MakeDropout(const LayerSpec& spec, const NetworkSpec& network, const Signal& below,
                                   const Layer* below_layer, int index);

}  // namespace synfire::layers
