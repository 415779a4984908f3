// A spatial network written down once more, as plainly as its model, in double precision: what the engine's
// outputs and changes are compared with. No lanes, no codes, no tables: maps of pages by context, one sample
// after another.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "native/spatial/network.h"

namespace synfire::spatial {

class ReferenceNetwork {
 public:
  struct Page {
    std::vector<double> weights;    ///< -1 to 1, as they answer
    std::vector<double> residuals;  ///< in steps of a weight
    std::vector<double> changes;    ///< that the last batch asked for, in steps
    std::vector<double> sizes;      ///< of what those are sums of, in steps
  };
  struct Cell {
    std::uint32_t id = 0;
    double gain = 0;
    double rate = 0;
    double contribution = 0;
    std::map<std::uint32_t, Page> pages;  ///< by context
  };

  ReferenceNetwork(const SpatialSpec& spec, const NetworkState& state);

  /// Outputs [samples][outputs]; from rest or from the state before.
  std::vector<double> Forward(std::uint32_t samples, const std::vector<float>& inputs, bool continues);
  /// Half the sum over samples and outputs of the squared error, from rest.
  double HalfSquares(std::uint32_t samples, const std::vector<float>& inputs,
                     const std::vector<float>& targets);
  /// Learns a batch; returns the sum over samples of the mean squared error.
  double Learn(std::uint32_t samples, const std::vector<float>& inputs, const std::vector<float>& targets,
               bool continues);

  /// The neurons of a layer by raster index of their site.
  std::vector<std::vector<Cell>>& sites(std::size_t layer) { return layers_[layer].sites; }
  /// Temporal sums of a layer, [cells][samples].
  const std::vector<double>& temporal(std::size_t layer) const { return layers_[layer].temporal; }
  /// Smallest distance of anything from where rounding could lead to another pattern, slope or learning rate.
  double margin() const { return margin_; }
  /// Whether a neuron met its first pattern: the page that it draws then is the engine's own.
  bool drew() const { return drew_; }
  /// Errors that were cut to 1.
  int clipped() const { return clipped_; }

 private:
  struct Layer {
    std::vector<std::vector<Cell>> sites;
    std::vector<double> temporal;
  };
  /// What became of one sample at one site.
  struct Answer {
    Cell* cell = nullptr;  ///< null: nothing answers
    Page* page = nullptr;
    std::vector<double> seen;
    double output = 0, slope = 0, delta = 0;
  };

  std::vector<std::size_t> WindowOf(std::size_t layer, std::size_t site, std::size_t* middle) const;
  std::uint32_t ContextOf(double middle, double mean);
  static std::size_t Server(const std::vector<Cell>& site, std::uint32_t context);
  void Remember(std::vector<Cell>& site, std::uint32_t context, std::uint32_t most_pages);
  std::vector<std::vector<std::vector<Answer>>> Run(std::uint32_t samples, const std::vector<float>& inputs,
                                                    bool continues, bool learns);
  void Change(std::size_t layer, std::vector<std::vector<Answer>>& answers, std::uint32_t samples);
  double Clipped(double error);
  void Note(double distance);

  SpatialSpec spec_;
  std::vector<Layer> layers_;
  std::uint32_t samples_ = 0;  ///< of the temporal sums
  double margin_ = 1e9;
  bool drew_ = false;
  int clipped_ = 0;
};

/// An activation and its derivative, from the standard library's functions.
struct Curve {
  double value;
  double slope;
};
Curve CurveOf(Activation activation, double x);
/// Distance of x from the nearest place at which the derivative jumps.
double KinkDistance(Activation activation, double x);

}  // namespace synfire::spatial
