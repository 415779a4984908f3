// Batch-parallel training: replicas share one topology, learn on their own samples, and are merged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "native/base/thread_team.h"
#include "native/data/dataset.h"
#include "native/events/network.h"

namespace synfire::events {

/// How the weights (and adaptive thresholds) of replicas become one. kMean divides a change that only one
/// replica made by their number; kSum adds all changes; kConsensus adds them where all signs that are not
/// zero agree.
enum class Merge { kMean, kSum, kConsensus };

/// The Diehl & Cook protocol: an image drives a Poisson source at pixel/8 * intensity Hz.
struct ImageProtocol {
  std::uint32_t source = 0;  ///< the Poisson population, one neuron per pixel
  std::uint32_t output = 0;  ///< the population whose spikes count
  double show_ms = 350;
  double rest_ms = 150;
  double intensity = 2;  ///< rate of a pixel = byte / 8 * intensity Hz
  double intensity_step = 1;
  std::uint32_t min_spikes = 5;  ///< shown again, brighter, with fewer
  std::uint32_t max_attempts = 20;
  bool learn = true;
  Merge merge = Merge::kMean;
  /// Normalise(projection, total) before every presentation, for projections that have a normalisation.
  bool normalise = true;
};

/// One sample of given spikes for supervised teaching: list sources get times, and after the run every
/// teaching projection is taught with seed 0's modulation for the label.
struct TeachingProtocol {
  std::uint32_t source = 0;      ///< list population
  std::uint32_t output = 0;      ///< one neuron per class
  std::uint32_t projection = 0;  ///< with rule "teaching"
  double sample_ms = 100;
  bool learn = true;
  Merge merge = Merge::kMean;
};
struct SpikeSample {
  std::vector<double> times_ms;
  std::vector<std::uint32_t> neurons;
  std::uint32_t label = 0;
};

struct BatchReport {
  double wall_ms = 0;
  double merge_ms = 0;
  std::uint64_t spikes = 0;
  std::uint64_t synaptic_events = 0;
  std::uint32_t attempts = 0;
};

class Replicas {
 public:
  /// `count` replicas in all, the network itself included: memory per further one is weights and state only.
  Replicas(EventNetwork& network, std::uint32_t count);
  ~Replicas();
  std::uint32_t count() const;
  std::uint64_t bytes_per_replica() const;

  /// One batch: sample b (an index into the data set) goes to replica b; samples.size() <= count.
  /// counts, if not empty, gets the output's spikes: [samples][output size].
  BatchReport PresentImages(const Dataset& images, std::span<const std::uint32_t> samples,
                            std::uint64_t first_sample_number, const ImageProtocol& protocol,
                            ThreadTeam& team, std::span<std::uint16_t> counts);
  BatchReport PresentSpikes(std::span<const SpikeSample> samples, std::uint64_t first_sample_number,
                            const TeachingProtocol& protocol, ThreadTeam& team,
                            std::span<std::uint16_t> counts);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace synfire::events
