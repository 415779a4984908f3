// Populations that only send: spike lists and Poisson processes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "native/events/time.h"

namespace synfire::events {

struct Spike {
  Tick time;
  std::uint32_t neuron;
};
inline bool operator<(const Spike& a, const Spike& b) {
  return a.time != b.time ? a.time < b.time : a.neuron < b.neuron;
}
inline bool operator==(const Spike& a, const Spike& b) {
  return a.time == b.time && a.neuron == b.neuron;
}

/// Spikes given by the user.
class SpikeList {
 public:
  explicit SpikeList(std::uint32_t size);
  /// Times must ascend and not lie before `now` (strictly after it, or at 0 when now is 0); neurons in range.
  /// Throws Error{kInvalidArgument} (fields timesMs[i], neurons[i]) and adds nothing then.
  void Add(std::span<const double> times_ms, std::span<const std::uint32_t> neurons, Tick now);
  /// Appends all spikes up to and including `until` to `out`, sorted by (time, neuron), and forgets them.
  void Take(Tick until, std::vector<Spike>& out);
  void Clear();
  std::span<const Spike> waiting() const;
  /// For checkpoints: replaces what is waiting. False when unsorted, in the past or out of range.
  bool Restore(std::span<const Spike> spikes, Tick now);

 private:
  std::uint32_t size_;
  std::vector<Spike> spikes_;  // sorted; those before taken_ are gone
  std::size_t taken_ = 0;
};

/// Independent homogeneous Poisson processes in continuous time: exponential intervals from Philox keyed by
/// (seed, population), counted by (neuron, draw, sample). The spikes do not depend on how Take is cut.
class PoissonSource {
 public:
  PoissonSource(std::uint32_t size, std::uint64_t seed, std::uint32_t population);
  /// From `now` on; every neuron whose rate changes draws its next spike anew. At time 0, before any Take,
  /// the draws start over instead, so that a sample's spikes depend on its number and rates only. Throws
  /// Error{kInvalidArgument} (fields ratesHz, ratesHz[i]) unless there is one rate in [0, 1e6] per neuron.
  void SetRates(std::span<const double> rates_hz, Tick now);
  /// Appends all spikes in (last Take, until] to `out`, sorted by (time, neuron).
  void Take(Tick until, std::vector<Spike>& out);
  /// Back to time 0, keeping the rates; `sample` selects the random numbers.
  void Reset(std::uint64_t sample);
  std::span<const double> rates() const { return rates_hz_; }

  /// For checkpoints.
  struct State {
    std::vector<double> rates_hz;
    std::vector<Tick> next;            ///< next spike of each neuron, kNever for rate 0
    std::vector<std::uint32_t> draws;  ///< numbers drawn by each neuron in this sample
    std::uint64_t sample = 0;
  };
  State Export() const;
  /// False when a value cannot be.
  bool Import(const State& state, Tick now);

 private:
  void DrawNext(std::uint32_t neuron, Tick from);
  static void GiveBack(std::span<const Spike> spikes, std::span<Tick> next, std::span<std::uint32_t> draws);
  void Restart();
  void ChooseSpan();
  void LookAhead();
  std::span<const Spike> Pending() const { return std::span(ahead_).subspan(taken_); }

  std::array<std::uint32_t, 2> key_;
  std::uint64_t sample_ = 0;
  std::vector<double> rates_hz_;
  std::vector<Tick> next_;            // the first spike after horizon_
  std::vector<std::uint32_t> draws_;  // numbers drawn so far, next_'s included
  // All spikes up to horizon_, drawn and sorted in one go; those before taken_ are gone.
  std::vector<Spike> ahead_;
  std::size_t taken_ = 0;
  Tick now_ = 0;  // of the last Take
  Tick horizon_ = 0;
  Tick span_ = 0;  // how far to look ahead
};

}  // namespace synfire::events
