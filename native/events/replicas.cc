// Runs replicas side by side, one thread each, and merges what they have learned.
#include "native/events/replicas.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "native/events/engine.h"

namespace synfire::events {
namespace {

using Clock = std::chrono::steady_clock;

double MsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Seed 0's modulation: output neurons of the right class that fired a share f of all output spikes get more
/// the less they fired, those of wrong classes are weakened the more they fired.
double Modulation(bool right, double share) {
  if (!right) return -(1 + 2 * share);
  if (share > 0.5) return 1 + share;
  return share > 0 ? 2 + 2 * (1 - share) : 3;
}

}  // namespace

struct Replicas::Impl {
  EventNetwork& network;
  std::vector<std::unique_ptr<EventNetwork::Impl>> replicas;
  std::vector<BatchReport> reports;

  EventNetwork::Impl& master() { return *network.impl_; }

  /// One sample on each of the first `samples` replicas: present(replica, index, report); then the merge.
  BatchReport Batch(std::size_t samples, bool learn, Merge merge, ThreadTeam& team, auto&& present) {
    const Clock::time_point start = Clock::now();
    reports.assign(samples, {});
    team.Run(static_cast<int>(samples), [&](int index, int) {
      EventNetwork::Impl& replica = *replicas[static_cast<std::size_t>(index)];
      replica.CopyLearned(master());
      replica.SetLearning(learn);
      present(replica, static_cast<std::size_t>(index), reports[static_cast<std::size_t>(index)]);
    });
    BatchReport report;
    const Clock::time_point merging = Clock::now();
    if (learn) {
      std::vector<EventNetwork::Impl*> learned;
      for (std::size_t i = 0; i < samples; ++i) learned.push_back(replicas[i].get());
      master().MergeLearned(learned, merge, team);
    }
    report.merge_ms = MsSince(merging);
    report.wall_ms = MsSince(start);
    for (const BatchReport& one : reports) {
      report.spikes += one.spikes;
      report.synaptic_events += one.synaptic_events;
      report.attempts += one.attempts;
    }
    return report;
  }
};

namespace {

void Add(const RunReport& run, BatchReport& report) {
  report.spikes += run.spikes;
  report.synaptic_events += run.synaptic_events;
}

void Count(const EventNetwork::Impl& replica, std::uint32_t output, std::span<std::uint16_t> counts,
           std::size_t index) {
  if (counts.empty()) return;
  const auto spikes = replica.SpikeCounts(output);
  std::transform(
      spikes.begin(), spikes.end(), counts.begin() + static_cast<std::ptrdiff_t>(index * spikes.size()),
      [](std::uint32_t n) { return static_cast<std::uint16_t>(std::min<std::uint32_t>(n, 65535)); });
}

/// One image, shown until the output answers; the counts are those of the last time.
void PresentImage(EventNetwork::Impl& replica, std::span<const std::uint8_t> image, std::uint64_t sample,
                  const ImageProtocol& protocol, BatchReport& report) {
  const NetworkSpec& spec = replica.structure().spec;
  std::vector<double> rates(image.size());
  for (std::uint32_t attempt = 0; attempt < protocol.max_attempts; ++attempt) {
    const double intensity = protocol.intensity + attempt * protocol.intensity_step;
    std::transform(image.begin(), image.end(), rates.begin(),
                   [&](std::uint8_t p) { return p / 8.0 * intensity; });
    replica.Reset(sample * protocol.max_attempts + attempt);
    for (std::uint32_t i = 0; protocol.learn && protocol.normalise && i < spec.projections.size(); ++i) {
      if (spec.projections[i].normalisation) replica.Normalise(i, spec.projections[i].normalisation->total);
    }
    replica.SetRates(protocol.source, rates);
    Add(replica.Run(protocol.show_ms, nullptr, nullptr), report);
    ++report.attempts;
    const auto counts = replica.SpikeCounts(protocol.output);
    const auto fired = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (protocol.rest_ms > 0) {
      replica.SetRates(protocol.source, std::vector<double>(image.size()));
      Add(replica.Run(protocol.rest_ms, nullptr, nullptr), report);
    }
    if (fired >= protocol.min_spikes) return;
  }
}

void PresentTrain(EventNetwork::Impl& replica, const SpikeSample& sample, std::size_t index,
                  std::uint64_t number, const TeachingProtocol& protocol, BatchReport& report) {
  replica.Reset(number);
  try {
    replica.AddSpikes(protocol.source, sample.times_ms, sample.neurons);
  } catch (const Error& error) {
    throw InvalidArgument("samples[" + std::to_string(index) + "]." + error.field(), error.value(),
                          error.expected());
  }
  Add(replica.Run(protocol.sample_ms, nullptr, nullptr), report);
  ++report.attempts;
  if (!protocol.learn) return;
  const auto counts = replica.SpikeCounts(protocol.output);
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  std::vector<double> modulation(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    modulation[i] = Modulation(i == sample.label, total > 0 ? counts[i] / total : 0);
  }
  replica.Teach(protocol.projection, modulation);
}

void CheckBatch(std::size_t samples, std::uint32_t count, std::size_t counts, std::uint32_t output_size) {
  if (samples == 0 || samples > count) {
    throw InvalidArgument("samples", std::to_string(samples),
                          "from 1 to " + std::to_string(count) + " samples");
  }
  if (counts != 0 && counts != samples * output_size) {
    throw InvalidArgument("counts", std::to_string(counts) + " values",
                          std::to_string(samples * output_size) + " values");
  }
}

const PopulationSpec& CheckPopulation(const NetworkSpec& spec, std::uint32_t index, const char* field,
                                      std::optional<PopulationKind> kind, const char* wanted) {
  if (index < spec.populations.size() && (!kind || spec.populations[index].kind == *kind))
    return spec.populations[index];
  throw InvalidArgument(field, std::to_string(index), wanted);
}

}  // namespace

Replicas::Replicas(EventNetwork& network, std::uint32_t count) : impl_(new Impl{network, {}, {}}) {
  if (count == 0 || count > 4096)
    throw InvalidArgument("count", std::to_string(count), "a number from 1 to 4096");
  for (std::uint32_t i = 0; i < count; ++i) impl_->replicas.push_back(network.impl_->Clone());
}

Replicas::~Replicas() = default;

std::uint32_t Replicas::count() const {
  return static_cast<std::uint32_t>(impl_->replicas.size());
}

std::uint64_t Replicas::bytes_per_replica() const {
  return impl_->replicas[0]->replica_bytes();
}

BatchReport Replicas::PresentImages(const Dataset& images, std::span<const std::uint32_t> samples,
                                    std::uint64_t first_sample_number, const ImageProtocol& protocol,
                                    ThreadTeam& team, std::span<std::uint16_t> counts) {
  const NetworkSpec& spec = impl_->network.spec();
  const auto& source =
      CheckPopulation(spec, protocol.source, "source", PopulationKind::kPoisson, "a Poisson source");
  const auto& output = CheckPopulation(spec, protocol.output, "output", {}, "a population");
  if (images.sample_bytes() != source.size) {
    throw InvalidArgument("images", std::to_string(images.sample_bytes()) + " values a sample",
                          "as many as the source has neurons, " + std::to_string(source.size));
  }
  images.CheckIndices(samples);
  CheckBatch(samples.size(), count(), counts.size(), output.size);
  return impl_->Batch(samples.size(), protocol.learn, protocol.merge, team,
                      [&](EventNetwork::Impl& replica, std::size_t i, BatchReport& report) {
                        PresentImage(replica, {images.sample(samples[i]), images.sample_bytes()},
                                     first_sample_number + i, protocol, report);
                        Count(replica, protocol.output, counts, i);
                        replica.Reset(0);
                      });
}

BatchReport Replicas::PresentSpikes(std::span<const SpikeSample> samples, std::uint64_t first_sample_number,
                                    const TeachingProtocol& protocol, ThreadTeam& team,
                                    std::span<std::uint16_t> counts) {
  const NetworkSpec& spec = impl_->network.spec();
  CheckPopulation(spec, protocol.source, "source", PopulationKind::kSpikeList, "a source of listed spikes");
  const auto& output = CheckPopulation(spec, protocol.output, "output", {}, "a population");
  if (protocol.projection >= spec.projections.size()) {
    throw InvalidArgument("projection", std::to_string(protocol.projection), "a projection of the network");
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].label < output.size) continue;
    throw InvalidArgument("samples[" + std::to_string(i) + "].label", std::to_string(samples[i].label),
                          "a number below the size of the output, " + std::to_string(output.size));
  }
  CheckBatch(samples.size(), count(), counts.size(), output.size);
  return impl_->Batch(samples.size(), protocol.learn, protocol.merge, team,
                      [&](EventNetwork::Impl& replica, std::size_t i, BatchReport& report) {
                        PresentTrain(replica, samples[i], i, first_sample_number + i, protocol, report);
                        Count(replica, protocol.output, counts, i);
                        replica.Reset(0);
                      });
}

}  // namespace synfire::events
