// Spikes under way to rows of different delays: a calendar of the windows to come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "native/events/time.h"

namespace synfire::events {

/// A spike on its way to the synapses of one row.
struct Arrival {
  Tick time;
  std::uint64_t number;  ///< of the spike in its population's log
  std::uint64_t row;
};

/// Arrivals by time, one day after another; no arrival is further ahead than the horizon.
class Calendar {
 public:
  Calendar() = default;
  Calendar(Tick day, Tick horizon)
      : day_(std::max(day, horizon / kMostDays + 1)), days_(static_cast<std::size_t>(horizon / day_) + 3) {}

  void Add(const Arrival& arrival) { days_[DayOf(arrival.time)].push_back(arrival); }

  /// Moves all arrivals up to `until` into `out`, in order of (time, spike, row). `until` never falls.
  void Take(Tick until, std::vector<Arrival>& out) {
    for (;; today_ += day_) {
      auto& day = days_[DayOf(today_)];
      const auto late = [&](const Arrival& a) { return a.time > until; };
      const bool whole = today_ + day_ - 1 <= until;
      const auto due = whole ? day.begin() : std::partition(day.begin(), day.end(), late);
      out.insert(out.end(), due, day.end());
      day.erase(due, day.end());
      if (!whole || today_ + day_ > until) break;
    }
    // Days of one moment come in order already.
    if (!std::is_sorted(out.begin(), out.end(), Before)) std::sort(out.begin(), out.end(), Before);
  }

  /// Empty, and begins at the day of `time`.
  void Restart(Tick time) {
    for (auto& day : days_) day.clear();
    today_ = time / day_ * day_;
  }

  std::uint64_t bytes() const {
    std::uint64_t bytes = days_.capacity() * sizeof(days_[0]);
    for (const auto& day : days_) bytes += day.capacity() * sizeof(Arrival);
    return bytes;
  }

 private:
  static constexpr Tick kMostDays = 4096;

  static bool Before(const Arrival& a, const Arrival& b) {
    if (a.time != b.time) return a.time < b.time;
    return a.number != b.number ? a.number < b.number : a.row < b.row;
  }
  std::size_t DayOf(Tick time) const { return static_cast<std::size_t>(time / day_) % days_.size(); }

  Tick day_ = 1;
  Tick today_ = 0;
  std::vector<std::vector<Arrival>> days_;
};

}  // namespace synfire::events
