// Spike lists kept sorted, and Poisson processes drawn some milliseconds ahead.
#include "native/events/sources.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>
#include <string>

#include "native/base/error.h"
#include "native/base/philox.h"

namespace synfire::events {
namespace {

constexpr double kMaxRateHz = 1e6;
constexpr double kTicksPerSecond = 1e12;
// Tells the keys of Poisson processes from those of other random numbers under the same seed.
constexpr std::uint32_t kPoissonStream = 0x90155011;
// Looking ahead this far, or until about this many spikes (or a quarter of the neurons) are drawn.
constexpr double kLookAheadMs = 50;
constexpr double kLookAheadSpikes = 4096;

std::string Element(const char* field, std::size_t i) {
  return std::string(field) + "[" + std::to_string(i) + "]";
}

std::array<std::uint32_t, 2> KeyOf(std::uint64_t seed, std::uint32_t population) {
  const auto words = Philox({population, kPoissonStream, 0, 0},
                            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return {words[0], words[1]};
}

bool IsRate(double hz) {
  return hz >= 0 && hz <= kMaxRateHz;
}

// Spikes may come at 0 while nothing has happened, and after `now` later.
bool InFuture(Tick time, Tick now) {
  return time < kNever && (time > now || (time == 0 && now == 0));
}

}  // namespace

SpikeList::SpikeList(std::uint32_t size) : size_(size) {}

void SpikeList::Add(std::span<const double> times_ms, std::span<const std::uint32_t> neurons, Tick now) {
  if (times_ms.size() != neurons.size()) {
    throw InvalidArgument("neurons", std::to_string(neurons.size()) + " values",
                          std::to_string(times_ms.size()) + ", one per time");
  }
  std::vector<Spike> added(times_ms.size());
  for (std::size_t i = 0; i < added.size(); ++i) {
    const double ms = times_ms[i];
    if (!(ms >= 0 && ms <= kMaxMs) || !InFuture(TicksOf(ms), now)) {
      throw InvalidArgument(Element("timesMs", i), std::to_string(ms),
                            "a time after the network's, " + std::to_string(MsOf(now)) + " ms, and at most " +
                                std::to_string(kMaxMs));
    }
    if (i > 0 && ms < times_ms[i - 1]) {
      throw InvalidArgument(Element("timesMs", i), std::to_string(ms),
                            "ascending times, at least " + std::to_string(times_ms[i - 1]));
    }
    if (neurons[i] >= size_) {
      throw InvalidArgument(Element("neurons", i), std::to_string(neurons[i]),
                            "below " + std::to_string(size_));
    }
    added[i] = {TicksOf(ms), neurons[i]};
  }
  std::sort(added.begin(), added.end());
  spikes_.erase(spikes_.begin(), spikes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  const auto middle = static_cast<std::ptrdiff_t>(spikes_.size());
  spikes_.insert(spikes_.end(), added.begin(), added.end());
  std::inplace_merge(spikes_.begin(), spikes_.begin() + middle, spikes_.end());
}

void SpikeList::Take(Tick until, std::vector<Spike>& out) {
  const auto first = spikes_.begin() + static_cast<std::ptrdiff_t>(taken_);
  if (first == spikes_.end() || first->time > until) return;
  const auto last = std::upper_bound(first, spikes_.end(), Spike{until, UINT32_MAX});
  out.insert(out.end(), first, last);
  taken_ += static_cast<std::size_t>(last - first);
  if (last == spikes_.end()) Clear();
}

void SpikeList::Clear() {
  spikes_.clear();
  taken_ = 0;
}

std::span<const Spike> SpikeList::waiting() const {
  return std::span(spikes_).subspan(taken_);
}

bool SpikeList::Restore(std::span<const Spike> spikes, Tick now) {
  if (!std::is_sorted(spikes.begin(), spikes.end())) return false;
  for (const Spike& spike : spikes) {
    if (!InFuture(spike.time, now) || spike.time > TicksOf(kMaxMs) || spike.neuron >= size_) return false;
  }
  spikes_.assign(spikes.begin(), spikes.end());
  taken_ = 0;
  return true;
}

PoissonSource::PoissonSource(std::uint32_t size, std::uint64_t seed, std::uint32_t population)
    : key_(KeyOf(seed, population)), rates_hz_(size, 0.0), next_(size, kNever), draws_(size, 0) {
  ChooseSpan();
}

// The next spike is an exponential interval after `from`: -log(u) / rate, at least a tick, u uniform in (0,
// 1].
void PoissonSource::DrawNext(std::uint32_t neuron, Tick from) {
  if (rates_hz_[neuron] == 0) {
    next_[neuron] = kNever;
    return;
  }
  const auto words = Philox({neuron, draws_[neuron]++, static_cast<std::uint32_t>(sample_),
                             static_cast<std::uint32_t>(sample_ >> 32)},
                            key_);
  const std::uint64_t bits = (std::uint64_t{words[0]} << 32 | words[1]) >> 11;
  const double u = static_cast<double>(bits + 1) * 0x1p-53;
  const double ticks = -std::log(u) / rates_hz_[neuron] * kTicksPerSecond;
  const auto limit = static_cast<double>(kNever - from);
  next_[neuron] = ticks < limit ? from + std::max<Tick>(1, std::llround(ticks)) : kNever;
}

// Undoes the drawing of spikes that have not been taken, given in the order of their times.
void PoissonSource::GiveBack(std::span<const Spike> spikes, std::span<Tick> next,
                             std::span<std::uint32_t> draws) {
  for (const Spike& spike : std::views::reverse(spikes)) {
    next[spike.neuron] = spike.time;
    --draws[spike.neuron];
  }
}

void PoissonSource::Restart() {
  ahead_.clear();
  taken_ = 0;
  now_ = horizon_ = 0;
  for (std::uint32_t i = 0; i < next_.size(); ++i) {
    draws_[i] = 0;
    DrawNext(i, 0);
  }
}

void PoissonSource::ChooseSpan() {
  const double total_hz = std::accumulate(rates_hz_.begin(), rates_hz_.end(), 0.0);
  const double spikes = std::max(kLookAheadSpikes, static_cast<double>(rates_hz_.size()) / 4);
  const double ms = total_hz > 0 ? std::min(kLookAheadMs, 1000 * spikes / total_hz) : kLookAheadMs;
  span_ = std::max<Tick>(1, TicksOf(ms));
}

void PoissonSource::SetRates(std::span<const double> rates_hz, Tick now) {
  if (rates_hz.size() != rates_hz_.size()) {
    throw InvalidArgument("ratesHz", std::to_string(rates_hz.size()) + " values",
                          std::to_string(rates_hz_.size()) + ", one per neuron");
  }
  for (std::size_t i = 0; i < rates_hz.size(); ++i) {
    if (!IsRate(rates_hz[i])) {
      throw InvalidArgument(Element("ratesHz", i), std::to_string(rates_hz[i]), "in [0, 1e6]");
    }
  }
  const Tick from = std::max(now, now_);
  while (horizon_ < from) LookAhead();
  const auto pending = Pending();
  const auto kept =
      std::upper_bound(pending.begin(), pending.end(), Spike{from, UINT32_MAX}) - pending.begin();
  GiveBack(pending.subspan(static_cast<std::size_t>(kept)), next_, draws_);
  ahead_.resize(taken_ + static_cast<std::size_t>(kept));
  horizon_ = from;
  for (std::uint32_t i = 0; i < rates_hz.size(); ++i) {
    if (rates_hz[i] == rates_hz_[i]) continue;
    rates_hz_[i] = rates_hz[i];
    DrawNext(i, from);
  }
  ChooseSpan();
  if (from == 0) Restart();
}

// Draws everything up to a later horizon.
void PoissonSource::LookAhead() {
  ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  const auto drawn = static_cast<std::ptrdiff_t>(ahead_.size());
  horizon_ += span_;
  for (std::uint32_t i = 0; i < next_.size(); ++i) {
    while (next_[i] <= horizon_) {
      ahead_.push_back({next_[i], i});
      DrawNext(i, next_[i]);
    }
  }
  std::sort(ahead_.begin() + drawn, ahead_.end());
}

void PoissonSource::Take(Tick until, std::vector<Spike>& out) {
  while (now_ < until) {
    if (taken_ == ahead_.size() && horizon_ <= now_) LookAhead();
    const Tick reached = std::min(until, horizon_);
    std::size_t last = taken_;
    while (last < ahead_.size() && ahead_[last].time <= reached) ++last;
    out.insert(out.end(), ahead_.begin() + static_cast<std::ptrdiff_t>(taken_),
               ahead_.begin() + static_cast<std::ptrdiff_t>(last));
    taken_ = last;
    now_ = reached;
  }
}

void PoissonSource::Reset(std::uint64_t sample) {
  sample_ = sample;
  Restart();
}

PoissonSource::State PoissonSource::Export() const {
  State state{rates_hz_, next_, draws_, sample_};
  GiveBack(Pending(), state.next, state.draws);
  return state;
}

bool PoissonSource::Import(const State& state, Tick now) {
  const std::size_t n = rates_hz_.size();
  if (state.rates_hz.size() != n || state.next.size() != n || state.draws.size() != n) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (!IsRate(state.rates_hz[i])) return false;
    const bool silent = state.rates_hz[i] == 0;
    if (silent ? state.next[i] != kNever
               : state.next[i] <= now || state.next[i] > kNever || state.draws[i] == 0) {
      return false;
    }
  }
  rates_hz_ = state.rates_hz;
  next_ = state.next;
  draws_ = state.draws;
  sample_ = state.sample;
  ahead_.clear();
  taken_ = 0;
  now_ = horizon_ = now;
  ChooseSpan();
  return true;
}

}  // namespace synfire::events
