// Spike lists in order and checked; Poisson processes with the right statistics, however they are cut.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "native/events/sources.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

using Spikes = std::vector<Spike>;

void Add(SpikeList& list, std::vector<double> times_ms, std::vector<std::uint32_t> neurons, Tick now = 0) {
  list.Add(times_ms, neurons, now);
}

template <class Source>
Spikes Take(Source& source, Tick until) {
  Spikes out;
  source.Take(until, out);
  return out;
}

// Takes up to `until` in pieces of random length.
Spikes TakeInPieces(PoissonSource& source, Tick from, Tick until, double mean_ms, unsigned seed) {
  std::mt19937 random(seed);
  Spikes out;
  while (from < until) {
    from = std::min(until, from + 1 + static_cast<Tick>(random() % TicksOf(2 * mean_ms)));
    source.Take(from, out);
  }
  return out;
}

std::vector<double> MixedRates(std::uint32_t size) {
  std::vector<double> rates(size);
  for (std::uint32_t i = 0; i < size; ++i) rates[i] = i % 5 == 0 ? 0 : 3.0 * (i % 40);
  return rates;
}

TEST("a spike list gives its spikes once, in order, up to and including a time") {
  SpikeList list(4);
  Add(list, {0, 1.5, 1.5, 2}, {3, 2, 1, 0});
  CHECK(Take(list, 0) == Spikes{{0, 3}});
  CHECK(Take(list, TicksOf(1.5) - 1).empty());
  CHECK(Take(list, TicksOf(1.5)) == Spikes({{TicksOf(1.5), 1}, {TicksOf(1.5), 2}}));
  CHECK_EQUAL(list.waiting().size(), std::size_t{1});
  Spikes out = {{5, 1}};
  list.Take(TicksOf(10), out);
  CHECK(out == Spikes({{5, 1}, {TicksOf(2), 0}}));
  CHECK(list.waiting().empty());
}

TEST("spikes added later are merged with those that wait, and equal ones are kept") {
  SpikeList list(3);
  Add(list, {1, 5, 9}, {0, 1, 2});
  CHECK_EQUAL(Take(list, TicksOf(1)).size(), std::size_t{1});
  Add(list, {2, 5, 5, 20}, {2, 0, 1, 0}, TicksOf(1));
  const Spikes expected = {{TicksOf(2), 2}, {TicksOf(5), 0}, {TicksOf(5), 1},
                           {TicksOf(5), 1}, {TicksOf(9), 2}, {TicksOf(20), 0}};
  CHECK(Take(list, TicksOf(100)) == expected);
}

TEST("a list refuses what it cannot send, and then adds nothing") {
  SpikeList list(2);
  Add(list, {3}, {1});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS(Add(list, {4, 3.5}, {0, 0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {4, 5}, {0, 2}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {4}, {0, 1}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {-1}, {0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {4, nan}, {0, 0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {9e9}, {0}), ErrorCode::kInvalidArgument);
  CHECK_THROWS(Add(list, {2}, {0}, TicksOf(2)), ErrorCode::kInvalidArgument);
  try {
    Add(list, {4, 5, 4.5}, {0, 0, 0});
  } catch (const Error& error) {
    CHECK_EQUAL(error.field(), std::string("timesMs[2]"));
  }
  CHECK_EQUAL(list.waiting().size(), std::size_t{1});
  list.Clear();
  CHECK(Take(list, kNever).empty());
}

TEST("a list is restored from what waited, but not from nonsense") {
  SpikeList list(3);
  Add(list, {1, 2, 3}, {0, 1, 2});
  Take(list, TicksOf(1));
  const Spikes waiting(list.waiting().begin(), list.waiting().end());
  SpikeList copy(3);
  CHECK(copy.Restore(waiting, TicksOf(1)));
  CHECK(!copy.Restore(Spikes{{TicksOf(3), 0}, {TicksOf(2), 0}}, 0));
  CHECK(!copy.Restore(Spikes{{TicksOf(3), 3}}, 0));
  CHECK(!copy.Restore(waiting, TicksOf(2)));
  CHECK(!copy.Restore(Spikes{{kNever, 0}}, 0));
  CHECK(Take(copy, kNever) == waiting);
  CHECK(copy.Restore(Spikes{{0, 0}}, 0));
}

TEST("counts, intervals and their independence are those of Poisson processes") {
  constexpr std::uint32_t kSize = 400;
  constexpr double kSeconds = 20;
  constexpr double kRate = 50;
  PoissonSource source(kSize, 7, 0);
  source.SetRates(std::vector<double>(kSize, kRate), 0);
  const Spikes spikes = Take(source, TicksOf(kSeconds * 1000));
  const double expected = kSize * kSeconds * kRate;
  CHECK_NEAR(static_cast<double>(spikes.size()), expected, 5 * std::sqrt(expected));
  CHECK(std::is_sorted(spikes.begin(), spikes.end()));

  std::vector<double> counts(kSize);
  std::vector<double> last(kSize);
  double sum = 0;
  double squares = 0;
  double products = 0;  // of the deviations of neighbouring intervals
  std::vector<double> deviation(kSize);
  int longer_than_mean = 0;
  for (const Spike& spike : spikes) {
    const double interval = MsOf(spike.time) - last[spike.neuron];
    last[spike.neuron] = MsOf(spike.time);
    ++counts[spike.neuron];
    sum += interval;
    squares += interval * interval;
    products += deviation[spike.neuron] * (interval - 20);
    deviation[spike.neuron] = interval - 20;
    longer_than_mean += interval > 20;
  }
  const auto n = static_cast<double>(spikes.size());
  CHECK_NEAR(sum / n, 20, 20 * 5 / std::sqrt(n) + 0.03);           // cut at the end: slightly short
  CHECK_NEAR(squares / n, 800, 800 * 5 * 2.3 / std::sqrt(n) + 3);  // exponential: E x^2 = 2 mean^2
  CHECK_NEAR(longer_than_mean / n, std::exp(-1), 3 / std::sqrt(n) + 1e-3);
  CHECK_NEAR(products / n / 400, 0, 5 / std::sqrt(n));
  double variance = 0;
  for (const double count : counts) variance += (count - 1000) * (count - 1000) / kSize;
  CHECK_NEAR(variance / 1000, 1, 5 * std::sqrt(2.0 / kSize));
}

TEST("rates from 0 to the highest come out") {
  const std::vector<double> rates = {0, 0.01, 1, 1000, 1e6};
  PoissonSource source(5, 3, 1);
  CHECK(Take(source, TicksOf(100)).empty());
  source.Reset(4);
  source.SetRates(rates, 0);
  std::vector<double> counts(5);
  for (const Spike& spike : Take(source, TicksOf(1000))) ++counts[spike.neuron];
  for (int i = 0; i < 5; ++i) CHECK_NEAR(counts[i], rates[i], 5 * std::sqrt(rates[i]));
}

TEST("how the taking is cut, and changing rates and checkpoints on the way, do not move a spike") {
  constexpr std::uint32_t kSize = 784;
  const auto rates = MixedRates(kSize);
  auto changed = rates;
  for (std::uint32_t i = 0; i < kSize; i += 3) changed[i] = 70 - changed[i] / 4;
  const Tick t1 = TicksOf(123.456);
  const Tick t2 = TicksOf(350);

  PoissonSource whole(kSize, 11, 2);
  whole.SetRates(rates, 0);
  Spikes expected = Take(whole, t1);
  whole.SetRates(changed, t1);
  whole.Take(t2, expected);
  CHECK(expected.size() > 5000);

  for (const double mean_ms : {0.05, 0.5, 30.0, 90.0}) {
    PoissonSource cut(kSize, 11, 2);
    cut.SetRates(rates, 0);
    Spikes spikes = TakeInPieces(cut, 0, t1, mean_ms, 1);
    cut.SetRates(changed, t1);
    const Spikes rest = TakeInPieces(cut, t1, t2, mean_ms, 2);
    spikes.insert(spikes.end(), rest.begin(), rest.end());
    CHECK(spikes == expected);
  }

  PoissonSource first(kSize, 11, 2);
  first.SetRates(rates, 0);
  Spikes spikes = Take(first, TicksOf(60.5));
  PoissonSource second(kSize, 11, 2);
  CHECK(second.Import(first.Export(), TicksOf(60.5)));
  const auto state = second.Export();
  CHECK(state.next == first.Export().next);
  CHECK(state.draws == first.Export().draws);
  second.Take(t1, spikes);
  second.SetRates(changed, t1);
  PoissonSource third(kSize, 11, 2);
  CHECK(third.Import(second.Export(), t1));
  third.Take(t2, spikes);
  CHECK(spikes == expected);
}

TEST("new rates begin where the network stands, also when spikes before it were not yet taken") {
  constexpr std::uint32_t kSize = 100;
  const std::vector<double> slow(kSize, 20);
  const std::vector<double> fast(kSize, 60);
  const Tick now = TicksOf(80);
  PoissonSource prompt(kSize, 5, 0);
  prompt.SetRates(slow, 0);
  Spikes expected = Take(prompt, now);
  prompt.SetRates(fast, now);
  prompt.Take(TicksOf(300), expected);

  PoissonSource late(kSize, 5, 0);
  late.SetRates(slow, 0);
  Spikes spikes = Take(late, TicksOf(10));
  late.SetRates(fast, now);
  late.Take(TicksOf(300), spikes);
  CHECK(spikes == expected);
}

TEST("neurons whose rate stays keep their spikes when others change") {
  const auto of_first = [](bool change) {
    PoissonSource source(2, 9, 0);
    source.SetRates(std::vector<double>{40, 40}, 0);
    Spikes spikes = Take(source, TicksOf(100));
    if (change) source.SetRates(std::vector<double>{40, 200}, TicksOf(100));
    source.Take(TicksOf(2000), spikes);
    std::erase_if(spikes, [](const Spike& spike) { return spike.neuron == 1; });
    return spikes;
  };
  CHECK(of_first(true) == of_first(false));
}

TEST("a sample's spikes depend on seed, population, sample and rates, and on nothing before") {
  const auto rates = MixedRates(50);
  const auto spikes_of = [&](std::uint64_t seed, std::uint32_t population, std::uint64_t sample) {
    PoissonSource source(50, seed, population);
    source.Reset(sample);
    source.SetRates(rates, 0);
    return Take(source, TicksOf(500));
  };
  const Spikes expected = spikes_of(1, 2, 3);
  CHECK(spikes_of(1, 2, 3) == expected);
  CHECK(spikes_of(2, 2, 3) != expected);
  CHECK(spikes_of(1 + (1ull << 32), 2, 3) != expected);
  CHECK(spikes_of(1, 3, 3) != expected);
  CHECK(spikes_of(1, 2, 4) != expected);
  CHECK(spikes_of(1, 2, 3 + (1ull << 32)) != expected);

  PoissonSource used(50, 1, 2);
  auto other = rates;
  for (std::size_t i = 0; i < other.size(); i += 2) other[i] += 10;
  used.SetRates(other, 0);
  Take(used, TicksOf(321));
  used.Reset(3);
  used.SetRates(rates, 0);
  CHECK(Take(used, TicksOf(500)) == expected);
}

TEST("rates and states that cannot be are refused") {
  PoissonSource source(2, 1, 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS(source.SetRates(std::vector<double>{1}, 0), ErrorCode::kInvalidArgument);
  CHECK_THROWS(source.SetRates(std::vector<double>{1, -1}, 0), ErrorCode::kInvalidArgument);
  CHECK_THROWS(source.SetRates(std::vector<double>{1, 2e6}, 0), ErrorCode::kInvalidArgument);
  CHECK_THROWS(source.SetRates(std::vector<double>{nan, 1}, 0), ErrorCode::kInvalidArgument);
  source.SetRates(std::vector<double>{0, 100}, 0);
  Take(source, TicksOf(50));
  const auto good = source.Export();
  const auto refuses = [&](auto change) {
    auto bad = good;
    change(bad);
    return !source.Import(bad, TicksOf(50));
  };
  CHECK(refuses([](auto& s) { s.rates_hz.pop_back(); }));
  CHECK(refuses([](auto& s) { s.next.push_back(kNever); }));
  CHECK(refuses([](auto& s) { s.draws.clear(); }));
  CHECK(refuses([&](auto& s) { s.rates_hz[1] = nan; }));
  CHECK(refuses([](auto& s) { s.next[1] = TicksOf(50); }));
  CHECK(refuses([](auto& s) { s.next[0] = TicksOf(60); }));
  CHECK(refuses([](auto& s) { s.next[1] = INT64_MAX; }));
  CHECK(refuses([](auto& s) { s.draws[1] = 0; }));
  CHECK(source.Import(good, TicksOf(50)));
}

}  // namespace
}  // namespace synfire::events
