// A layer network written down once more, as plainly as its definition, in double precision: what the
// engine's spikes, losses and gradients are compared with. No batches, no padding, no fusing; cross-entropy,
// mean over the batch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "native/layers/network.h"

namespace synfire::layers {

using Vector = std::vector<double>;
using Rows = std::vector<Vector>;  // [step or update][neuron], channel, row, column order

struct ReferenceResult {
  std::map<std::string, std::vector<uint8_t>> spikes;  // [step][sample][neuron]
  Vector scores;                                       // [sample][class]
  double loss = 0;                                     // mean
  std::map<std::string, Vector> gradients;
  /// Smallest distance of a potential from where rounding could change a spike, a surrogate or a maximum.
  double margin = 1e9;
};

class ReferenceNetwork {
 public:
  ReferenceNetwork(const NetworkSpec& spec, std::map<std::string, Vector> parameters);

  /// Spikes [step][sample][input], as LayerNetwork::RunSpikes takes them.
  ReferenceResult Run(const std::vector<uint8_t>& spikes, const std::vector<int32_t>& labels);

 private:
  /// One layer's part in one sample.
  struct Activity {
    Rows out;              // [step], of neurons and pooling
    Rows operand;          // [update], of synapses
    Rows potential;        // [update] before the reset
    Rows gradient;         // through time: of `out`, [step]
    Vector rate_gradient;  // rates: of the sum of `out` weighted by `step_weight`
    Vector step_weight;    // rates: how much each step counts for the layer above
  };

  const Vector& Weight(size_t layer) const { return parameters_.at(spec_.layers[layer].name + ".weight"); }
  const Vector& Bias(size_t layer) const { return parameters_.at(spec_.layers[layer].name + ".bias"); }
  const Shape& In(size_t layer) const { return layer == 0 ? spec_.input : shapes_[layer - 1]; }
  bool last(size_t layer) const { return layer + 1 == spec_.layers.size(); }

  Rows SeenSteps(const LayerSpec& layer) const;
  void Pool(size_t layer, const Rows& in);
  void Integrate(size_t layer, const Rows& in);
  void RunNeurons(size_t layer, const Rows& drive);
  Vector Scores(Vector* read_update);
  void Backward(size_t layer, const Rows& in);
  Rows DriveGradient(size_t layer) const;
  Vector RateDriveGradient(size_t layer) const;
  void PoolBackward(size_t layer, const Rows& in);
  void ReadoutGradient(const Vector& score_gradient, const Vector& read_update);
  void Note(double distance);

  NetworkSpec spec_;
  std::vector<Shape> shapes_;
  std::map<std::string, Vector> parameters_;
  std::vector<Activity> activity_;
  Vector readout_gradient_;  // of the drive of a linear readout
  Rows membrane_gradient_;   // of the potentials of a leaky readout, [update]
  ReferenceResult result_;
};

}  // namespace synfire::layers
