// A range of exactly integrated neurons within a window: who gets input, who will cross the threshold by
// itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "native/events/exact_lif.h"
#include "native/events/time.h"

namespace synfire::events {

class ExactChunk {
 public:
  ExactChunk(std::uint32_t begin, std::uint32_t end)
      : begin_(begin),
        crossing_(end - begin, kNever),
        listed_(end - begin, 1),
        touched_flag_(end - begin, 0),
        candidates_(end - begin) {
    std::iota(candidates_.begin(), candidates_.end(), begin);
  }

  /// The state was changed from outside: every neuron may cross.
  void Invalidate() {
    candidates_.resize(listed_.size());
    std::iota(candidates_.begin(), candidates_.end(), begin_);
    std::fill(listed_.begin(), listed_.end(), 1);
  }

  /// Finds the crossings of neurons without input up to `to`.
  void Begin(const ExactLif& neurons, Tick to) {
    heap_.clear();
    std::size_t kept = 0;
    for (const std::uint32_t neuron : candidates_) {
      crossing_[neuron - begin_] = kNever;
      listed_[neuron - begin_] = neurons.MayCross(neuron);
      if (!listed_[neuron - begin_]) continue;
      candidates_[kept++] = neuron;
      Schedule(neurons, neuron, to);
    }
    candidates_.resize(kept);
  }

  /// Fires all crossings before `time`, in order of time, then neuron. fire(neuron, time) is told of each.
  template <class F>
  void FireBefore(ExactLif& neurons, Tick time, Tick to, F&& fire) {
    while (!heap_.empty() && heap_.front().time < time) {
      const Crossing next = heap_.front();
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      heap_.pop_back();
      if (crossing_[next.neuron - begin_] != next.time) continue;
      neurons.Fire(next.neuron, next.time);
      fire(next.neuron, next.time);
      Reschedule(neurons, next.neuron, to);
    }
  }

  /// Notes that a neuron's summed input has changed.
  void Touch(std::uint32_t neuron) {
    if (touched_flag_[neuron - begin_]) return;
    touched_flag_[neuron - begin_] = 1;
    touched_.push_back(neuron);
  }

  /// Gives every touched neuron its input at `time`, in order of neurons, and clears it.
  template <class Real, class F>
  void Arrive(ExactLif& neurons, Real* excitatory, Real* inhibitory, Tick time, Tick to, F&& fire) {
    std::sort(touched_.begin(), touched_.end());
    for (const std::uint32_t neuron : touched_) {
      touched_flag_[neuron - begin_] = 0;
      const auto exc = static_cast<double>(excitatory[neuron]), inh = static_cast<double>(inhibitory[neuron]);
      excitatory[neuron] = inhibitory[neuron] = 0;
      if (neurons.Arrive(neuron, time, exc, inh)) fire(neuron, time);
      Reschedule(neurons, neuron, to);
    }
    touched_.clear();
  }

 private:
  struct Crossing {
    Tick time;
    std::uint32_t neuron;
  };
  static bool Later(const Crossing& a, const Crossing& b) {
    return a.time != b.time ? a.time > b.time : a.neuron > b.neuron;
  }

  void Reschedule(const ExactLif& neurons, std::uint32_t neuron, Tick to) {
    crossing_[neuron - begin_] = kNever;
    if (!neurons.MayCross(neuron)) return;
    if (!listed_[neuron - begin_]) {
      listed_[neuron - begin_] = 1;
      candidates_.push_back(neuron);
    }
    Schedule(neurons, neuron, to);
  }
  void Schedule(const ExactLif& neurons, std::uint32_t neuron, Tick to) {
    const Tick time = neurons.NextCrossing(neuron, to);
    crossing_[neuron - begin_] = time;
    if (time >= kNever) return;
    heap_.push_back({time, neuron});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  std::uint32_t begin_;
  std::vector<Tick> crossing_;        // what the heap says of each neuron, if it still holds
  std::vector<std::uint8_t> listed_;  // among the candidates
  std::vector<std::uint8_t> touched_flag_;
  std::vector<std::uint32_t> candidates_;  // all that may cross without input
  std::vector<std::uint32_t> touched_;
  std::vector<Crossing> heap_;
};

}  // namespace synfire::events
