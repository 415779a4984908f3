// Exact LIF neurons against an oracle that knows no closed form: Runge-Kutta in long double with tiny steps.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

#include "native/events/exact_lif.h"
#include "native/tests/check.h"

namespace synfire::events {
namespace {

using Real = long double;

// A tick's time, to all its digits.
Real Milliseconds(Tick ticks) {
  return static_cast<Real>(ticks) / 1e9L;
}

struct Model {
  double rest = -70, reset = -70, threshold = -55, tau = 15, refractory = 1.5, drive = 0;
  double theta_plus = 0, tau_theta = 1e7;
  double relative_refractory = 5, relative_amplitude = 0, relative_tau = 3.5;
  double tau_exc = 5, tau_inh = 10;
  bool exponential = true;
};

ExactLif Build(const Model& m, std::uint32_t size = 1) {
  const Settings settings{
      .kind = "lif",
      .numbers = {{"restMv", m.rest},
                  {"resetMv", m.reset},
                  {"thresholdMv", m.threshold},
                  {"tauMs", m.tau},
                  {"refractoryMs", m.refractory},
                  {"driveMv", m.drive},
                  {"thetaPlusMv", m.theta_plus},
                  {"tauThetaMs", m.tau_theta},
                  {"relativeRefractoryMs", m.relative_refractory},
                  {"relativeAmplitudeMv", m.relative_amplitude},
                  {"relativeTauMs", m.relative_tau},
                  {"tauExcMs", m.tau_exc},
                  {"tauInhMs", m.tau_inh}},
      .choices = {{"synapse", m.exponential ? "exponential" : "delta"}, {"integration", "exact"}}};
  return ExactLif(settings, size);
}

// One neuron by its differential equations.
class Oracle {
 public:
  explicit Oracle(const Model& m) : m_(m), y_{m.rest, 0, 0, 0} {
    step_ = std::min({m.tau, m.tau_theta, m.relative_tau, m.tau_exc, m.tau_inh}) / 250;
  }

  Real v() const { return y_[0]; }
  void Set(Real v, Real ge, Real gi, Real theta) { y_ = {v, ge, gi, theta}; }
  void SetOffset(Real offset) { offset_ = offset; }
  Real now() const { return now_; }
  Real Threshold() const { return Threshold(y_, now_); }
  bool refractory() const { return now_ <= refractory_until_; }

  void Arrive(Real exc, Real inh) {
    if (m_.exponential) {
      y_[1] += exc;
      y_[2] += inh;
    } else if (!refractory()) {
      y_[0] += exc + inh;
    }
  }

  void Fire() {
    y_[0] = m_.reset;
    y_[3] += m_.theta_plus;
    last_spike_ = now_;
    refractory_until_ = now_ + m_.refractory;
  }

  // Moves on a little without looking for a crossing.
  void MoveTo(Real time) {
    y_ = Step(time - now_);
    now_ = time;
  }

  // Moves on until the first crossing (true) or `until`. Keeps the highest V - threshold seen in peak.
  bool Run(Real until) {
    while (now_ < until) {
      Real end = std::min(until, now_ + step_);
      for (const Real kink : {refractory_until_, last_spike_ + m_.relative_refractory}) {
        if (kink > now_ && kink < end) end = kink;
      }
      if (const auto at = CrossingWithin(end - now_)) {
        y_ = Step(*at);
        now_ += *at;
        return true;
      }
      y_ = Step(end - now_);
      now_ = end;
      if (!refractory() && v() >= Threshold()) return true;  // where the threshold drops
    }
    return false;
  }

  Real peak = -1e9L;
  Real peak_at = 0;

 private:
  using State = std::array<Real, 4>;  // v, ge, gi, theta

  State Change(const State& y) const {
    const bool clamped = now_ < refractory_until_;
    const Real dv = clamped ? 0 : (m_.rest + Real{m_.drive} - y[0] + y[1] + y[2]) / m_.tau;
    return {dv, -y[1] / m_.tau_exc, -y[2] / m_.tau_inh, -y[3] / m_.tau_theta};
  }

  State Step(Real h) const {
    const auto plus = [](const State& a, Real f, const State& b) {
      return State{a[0] + f * b[0], a[1] + f * b[1], a[2] + f * b[2], a[3] + f * b[3]};
    };
    const State k1 = Change(y_);
    const State k2 = Change(plus(y_, h / 2, k1));
    const State k3 = Change(plus(y_, h / 2, k2));
    const State k4 = Change(plus(y_, h, k3));
    return plus(plus(plus(plus(y_, h / 6, k1), h / 3, k2), h / 3, k3), h / 6, k4);
  }

  Real Threshold(const State& y, Real time) const {
    const Real since = time - last_spike_;
    const Real relative =
        since < m_.relative_refractory ? m_.relative_amplitude * std::exp(-since / m_.relative_tau) : 0;
    return m_.threshold + offset_ + y[3] + relative;
  }

  // The threshold just before the end of a step, where it may drop.
  Real Above(Real h) const {
    const State y = Step(h);
    const bool before_drop = now_ - last_spike_ < m_.relative_refractory;
    const Real since = now_ + h - last_spike_;
    const Real relative = before_drop ? m_.relative_amplitude * std::exp(-since / m_.relative_tau) : 0;
    return y[0] - (m_.threshold + offset_ + y[3] + relative);
  }

  void NotePeak(Real h) {
    if (Above(h) <= peak) return;
    peak = Above(h);
    peak_at = now_ + h;
  }

  std::optional<Real> CrossingWithin(Real h) {
    if (now_ < refractory_until_) return {};
    const Real tiny = h / 1000;
    Real top = h;
    if (Above(tiny) > Above(0) && Above(h) < Above(h - tiny)) {  // a peak within: golden section
      const Real golden = (std::sqrt(Real{5}) - 1) / 2;
      Real low = 0;
      Real high = h;
      for (int i = 0; i < 60; ++i) {
        const Real a = high - golden * (high - low);
        const Real b = low + golden * (high - low);
        Above(a) < Above(b) ? low = a : high = b;
      }
      top = (low + high) / 2;
    }
    if (!refractory()) NotePeak(0);
    NotePeak(top);
    if (Above(top) < 0) return {};
    Real low = 0;
    for (int i = 0; i < 70; ++i) {
      const Real middle = (low + top) / 2;
      (Above(middle) < 0 ? low : top) = middle;
    }
    return top;
  }

  Model m_;
  State y_;
  Real offset_ = 0;
  Real now_ = 0;
  Real last_spike_ = -1e9L;
  Real refractory_until_ = -1e9L;
  Real step_;
};

class Draws {
 public:
  explicit Draws(unsigned seed) : engine_(seed) {}
  double operator()(double low, double high) { return std::uniform_real_distribution(low, high)(engine_); }
  bool Coin(double probability = 0.5) { return (*this)(0, 1) < probability; }

 private:
  std::mt19937_64 engine_;
};

double WholeTicks(double ms) {
  return MsOf(TicksOf(ms));
}

// Models of all sorts: time constants far apart, equal, nearly equal; driven or not; moving thresholds or
// not.
Model AnyModel(Draws& draw) {
  Model m;
  m.tau = draw(2, 30);
  m.tau_exc = draw.Coin(0.3) ? m.tau * (1 + (draw.Coin() ? 0.0 : draw(-0.02, 0.02))) : draw(1, 20);
  m.tau_inh = draw.Coin(0.2) ? m.tau_exc : draw(1, 20);
  m.drive = draw.Coin(0.3) ? draw(0, 20) : 0;
  m.refractory = draw.Coin(0.8) ? WholeTicks(draw(0.1, 5)) : 0;
  m.reset = draw(-75, -62);
  m.theta_plus = draw.Coin(0.3) ? draw(0, 3) : 0;
  m.tau_theta = draw(5, 500);
  m.relative_amplitude = draw.Coin(0.4) ? draw(1, 20) : 0;
  m.relative_tau = draw(1, 5);
  m.relative_refractory = WholeTicks(draw(1, 8));
  return m;
}

struct Start {
  double v, ge, gi, theta;
  bool fired;
};

Start AnyStart(const Model& m, Draws& draw) {
  return {draw(-75, m.threshold - 0.01), draw.Coin(0.9) ? draw(0, 90) : draw(-20, 0),
          draw.Coin(0.8) ? draw(-90, 0) : 0, draw.Coin(0.3) ? draw(0, 10) : 0, draw.Coin(0.4)};
}

void Begin(const Start& start, ExactLif& lif, Oracle& oracle) {
  if (start.fired) {
    lif.Fire(0, 0);
    oracle.Fire();
  }
  const double v = start.fired ? lif.Value("v", 0, 0) : start.v;
  lif.SetValue("v", 0, 0, v);
  lif.SetValue("ge", 0, 0, start.ge);
  lif.SetValue("gi", 0, 0, start.gi);
  lif.SetValue("theta", 0, 0, start.theta);
  oracle.Set(v, start.ge, start.gi, start.theta);
}

double ThresholdAt(const Model& m, const ExactLif& lif, Tick time, bool fired, double offset = 0) {
  const double ms = MsOf(time);
  const bool relative = fired && time < TicksOf(m.relative_refractory);
  return m.threshold + offset + lif.Value("theta", 0, time) +
         (relative ? m.relative_amplitude * std::exp(-ms / m.relative_tau) : 0);
}

TEST("the next crossing is where small steps find it, for many models and states") {
  Draws draw(1);
  int crossings = 0;
  int quiet = 0;
  for (int i = 0; i < 250; ++i) {
    const Model m = AnyModel(draw);
    const Start start = AnyStart(m, draw);
    ExactLif lif = Build(m);
    Oracle oracle(m);
    Begin(start, lif, oracle);
    const bool crosses = oracle.Run(40);
    if (!crosses && oracle.peak > -1e-9L) continue;  // too close to call
    const Tick crossing = lif.NextCrossing(0, TicksOf(40));
    CHECK_EQUAL(crossing != kNever, crosses);
    if (crosses && crossing != kNever) {
      // How late the tick may be, plus what the oracle's rounding can shift.
      const Tick before = TicksOf(static_cast<double>(oracle.now())) - 1000;
      const double slope = (lif.Value("v", 0, before + 1000) - lif.Value("v", 0, std::max<Tick>(0, before)) -
                            ThresholdAt(m, lif, before + 1000, start.fired) +
                            ThresholdAt(m, lif, std::max<Tick>(0, before), start.fired)) /
                           1e-6;
      CHECK_NEAR(static_cast<double>(crossing - oracle.now() * kTicksPerMs), 0.5,
                 0.6 + 1e-2 / std::max(slope, 1e-6));
    }
    CHECK(!crosses || lif.MayCross(0));
    ++(crosses ? crossings : quiet);
  }
  CHECK(crossings > 30);
  CHECK(quiet > 30);
}

TEST("the crossing tick is at or above threshold and the tick before is below") {
  Draws draw(2);
  int crossings = 0;
  for (int i = 0; i < 3000; ++i) {
    const Model m = AnyModel(draw);
    const Start start = AnyStart(m, draw);
    ExactLif lif = Build(m);
    Oracle unused(m);
    Begin(start, lif, unused);
    const Tick crossing = lif.NextCrossing(0, TicksOf(1000));
    if (crossing == kNever) continue;
    ++crossings;
    const Tick open = start.fired ? TicksOf(m.refractory) : 0;
    CHECK(crossing > open);
    CHECK(lif.Value("v", 0, crossing) >= ThresholdAt(m, lif, crossing, start.fired) - 1e-12);
    if (crossing - 1 > open) {
      CHECK(lif.Value("v", 0, crossing - 1) < ThresholdAt(m, lif, crossing - 1, start.fired) + 1e-12);
    }
  }
  CHECK(crossings > 400);
}

TEST("excursions above threshold by nanovolts are found, and peaks that stay below it are not") {
  Draws draw(3);
  int peaks = 0;
  for (int i = 0; i < 120; ++i) {
    const Model m = AnyModel(draw);
    const Start start = AnyStart(m, draw);
    Oracle scout(m);
    ExactLif lif = Build(m);
    Begin(start, lif, scout);
    scout.SetOffset(1e6);
    scout.Run(60);
    const Real open = start.fired ? m.refractory : 0;
    if (scout.peak_at < open + 0.1L || scout.peak_at > 59) continue;  // no peak within
    ++peaks;
    for (const double excess : {1e-2, 1e-4, 1e-6, 1e-8}) {
      for (const double sign : {1.0, -1.0}) {
        lif.SetThresholdOffset(0, 0, static_cast<double>(1e6L + scout.peak - sign * excess));
        const Tick crossing = lif.NextCrossing(0, TicksOf(60));
        CHECK_EQUAL(crossing != kNever, sign > 0);
        if (crossing != kNever) {
          CHECK(lif.MayCross(0));
          CHECK(MsOf(crossing) <= static_cast<double>(scout.peak_at) + 1e-4);
        }
      }
    }
  }
  CHECK(peaks > 25);
}

TEST("where the search ends does not move the crossing, and MayCross never denies one") {
  Draws draw(4);
  int denied = 0;
  for (int i = 0; i < 3000; ++i) {
    const Model m = AnyModel(draw);
    ExactLif lif = Build(m);
    Oracle unused(m);
    Begin(AnyStart(m, draw), lif, unused);
    const Tick crossing = lif.NextCrossing(0, kNever);
    if (!lif.MayCross(0)) {
      ++denied;
      CHECK_EQUAL(crossing, kNever);
    }
    for (int k = 0; k < 5; ++k) {
      const Tick until = TicksOf(std::pow(10, draw(-3, 3)));
      CHECK_EQUAL(lif.NextCrossing(0, until), crossing <= until ? crossing : kNever);
    }
    if (crossing == kNever) continue;
    CHECK_EQUAL(lif.NextCrossing(0, crossing), crossing);
    CHECK_EQUAL(lif.NextCrossing(0, crossing - 1), kNever);
    CHECK_EQUAL(lif.NextCrossing(0, crossing + 1), crossing);
  }
  CHECK(denied > 100);
}

TEST("whole spike trains under random input agree with small steps") {
  Draws draw(5);
  int spikes = 0;
  for (int i = 0; i < 24; ++i) {
    Model m = AnyModel(draw);
    m.exponential = draw.Coin(0.7);
    m.drive = draw.Coin() ? draw(5, 17) : 0;
    ExactLif lif = Build(m);
    Oracle oracle(m);
    Tick time = 0;
    for (int k = 0; k < 60; ++k) {
      time += TicksOf(draw(0.01, 4));
      for (Tick crossing; (crossing = lif.NextCrossing(0, time)) != kNever; ++spikes) {
        const Real crossing_ms = Milliseconds(crossing);
        CHECK(oracle.Run(crossing_ms + 1e-7L));
        CHECK_NEAR(static_cast<double>(crossing_ms - oracle.now()), 0, 5e-9);
        oracle.MoveTo(crossing_ms);
        lif.Fire(0, crossing);
        oracle.Fire();
      }
      CHECK(!oracle.Run(Milliseconds(time)));
      const double exc = draw(0, m.exponential ? 40 : 8);
      const double inh = -draw(0, m.exponential ? 20 : 4);
      oracle.Arrive(exc, inh);
      const bool fires = !oracle.refractory() && oracle.v() >= oracle.Threshold();
      if (fires) oracle.Fire();
      CHECK_EQUAL(lif.Arrive(0, time, exc, inh), fires);
      CHECK_NEAR(lif.Value("v", 0, time), static_cast<double>(oracle.v()), 1e-6);
      spikes += fires;
    }
  }
  CHECK(spikes > 100);
}

TEST("a driven neuron fires with the period of the formula") {
  Model m{.reset = -72, .tau = 20, .refractory = 2, .drive = 25, .exponential = false};
  ExactLif lif = Build(m);
  lif.SetValue("v", 0, 0, m.reset);
  const double rise = m.tau * std::log((m.rest + m.drive - m.reset) / (m.rest + m.drive - m.threshold));
  const Tick first = lif.NextCrossing(0, kNever);
  CHECK_EQUAL(first, static_cast<Tick>(std::ceil(rise * kTicksPerMs)));
  lif.Fire(0, first);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), 2 * first + TicksOf(m.refractory));
  Model weak = m;
  weak.drive = 14.9;
  CHECK(!Build(weak).MayCross(0));
  CHECK_EQUAL(Build(weak).NextCrossing(0, kNever), kNever);
}

TEST("synaptic time constants equal or close to the membrane's lose no digits") {
  for (const double distance :
       {0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.00999, 0.01001, 0.03, -1e-9, -0.00999, -0.01001}) {
    Model m;
    m.tau = 12;
    m.tau_exc = 12 * (1 + distance);
    m.threshold = 0;
    ExactLif lif = Build(m);
    lif.Arrive(0, 0, 50, 0);
    for (const double ms : {1e-6, 0.1, 3.0, 12.0, 40.0, 200.0}) {
      // The integral over s of 50 / tau e^(-s/tau_e) e^(-(ms-s)/tau), with the exponent's series in s.
      const Real d = 1 / Real{m.tau} - 1 / Real{m.tau_exc};
      Real term = 1;
      Real sum = 0;
      for (int k = 1; k < 40; ++k) {
        sum += term;
        term *= d * ms / (k + 1);
      }
      const Real expected = m.rest + 50 * ms / Real{m.tau} * std::exp(-ms / Real{m.tau}) * sum;
      CHECK_NEAR(lif.Value("v", 0, TicksOf(ms)), static_cast<double>(expected), 2e-12);
    }
    const double far_ms = 1e6;
    CHECK_NEAR(lif.Value("v", 0, TicksOf(far_ms)), m.rest, 1e-12);
  }
}

TEST("a neuron held up by relative refractoriness fires on the tick it ends") {
  Model m{.reset = -70,
          .refractory = 1,
          .relative_refractory = 5,
          .relative_amplitude = 100,
          .exponential = false};
  ExactLif lif = Build(m);
  const Tick spike = TicksOf(10);
  CHECK(lif.Arrive(0, spike, 20, 0));
  CHECK(!lif.Arrive(0, spike + TicksOf(4), 30, 0));
  CHECK(lif.MayCross(0));
  const Tick drop = spike + TicksOf(5);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), drop);
  CHECK_EQUAL(lif.NextCrossing(0, drop), drop);
  CHECK_EQUAL(lif.NextCrossing(0, drop - 1), kNever);
  CHECK(!ExactLif(lif).Arrive(0, drop - 1, 0, 0));
  CHECK(lif.Arrive(0, drop, 0, 0));
}

TEST("arrivals of one tick are summed before the test, and a refractory neuron is deaf to jumps") {
  Model m{.refractory = 2, .exponential = false};
  ExactLif lif = Build(m, 3);
  CHECK(!lif.Arrive(0, 1000, 20, -10));
  CHECK_NEAR(lif.Value("v", 0, 1000), -60, 1e-9);
  CHECK(lif.Arrive(1, 1000, 15, 0));
  CHECK_EQUAL(lif.Value("v", 1, 1000), -70.0);
  CHECK(!lif.Arrive(1, 1000, 50, 0));
  CHECK(!lif.Arrive(1, 1000 + TicksOf(2), 50, 0));
  CHECK_EQUAL(lif.Value("v", 1, 1000 + TicksOf(2)), -70.0);
  CHECK(lif.Arrive(1, 1001 + TicksOf(2), 15, 0));
  CHECK_EQUAL(lif.Value("v", 2, 5000), -70.0);
}

TEST("currents go on while a neuron is refractory, and V starts from reset when it ends") {
  Model m{.reset = -68, .threshold = -40, .refractory = 3};
  ExactLif lif = Build(m);
  lif.Fire(0, 0);
  CHECK(!lif.Arrive(0, TicksOf(1), 30, -6));
  CHECK_EQUAL(lif.Value("v", 0, TicksOf(3)), -68.0);
  CHECK_NEAR(lif.Value("ge", 0, TicksOf(6)), 30 * std::exp(-1.0), 1e-12);
  CHECK_NEAR(lif.Value("gi", 0, TicksOf(6)), -6 * std::exp(-0.5), 1e-12);
  ExactLif late = Build(m);
  late.SetValue("v", 0, TicksOf(3), -68);
  late.Arrive(0, TicksOf(3), 30 * std::exp(-0.4), -6 * std::exp(-0.2));
  CHECK_NEAR(lif.Value("v", 0, TicksOf(9)), late.Value("v", 0, TicksOf(9)), 1e-12);
}

TEST("theta rises and decays while learning, and stands still otherwise") {
  Model m{.refractory = 0.5, .theta_plus = 2, .tau_theta = 100, .exponential = false};
  ExactLif lif = Build(m);
  CHECK(lif.Arrive(0, TicksOf(10), 20, 0));
  CHECK_EQUAL(lif.Value("theta", 0, TicksOf(10)), 2.0);
  const double decayed = 2 * std::exp(-0.5);
  CHECK_NEAR(lif.Value("theta", 0, TicksOf(60)), decayed, 1e-14);
  lif.SetLearning(false, TicksOf(60));
  CHECK_NEAR(lif.Value("theta", 0, TicksOf(600)), decayed, 1e-14);
  CHECK(!lif.Arrive(0, TicksOf(600), 15 + decayed - 1e-6, 0));
  CHECK(!lif.MayCross(0));
  CHECK(lif.Arrive(0, TicksOf(900), 15 + decayed + 1e-6, 0));
  CHECK_NEAR(lif.Value("theta", 0, TicksOf(900)), decayed, 1e-14);
  lif.SetLearning(true, TicksOf(1000));
  CHECK_NEAR(lif.Value("theta", 0, TicksOf(1100)), decayed * std::exp(-1.0), 1e-14);
  lif.SetThresholdOffset(0, TicksOf(1050), 1.5);
  lif.Reset(TicksOf(1100));
  CHECK_NEAR(lif.Value("theta", 0, 0), decayed * std::exp(-1.0), 1e-14);
  CHECK_EQUAL(lif.Value("v", 0, 0), -70.0);
  CHECK(!lif.Arrive(0, 1, 16.4, 0));
}

TEST("a threshold that decays below V is crossed, however slowly") {
  Model m{.drive = 20, .theta_plus = 1, .tau_theta = 1e6, .exponential = false};
  ExactLif lif = Build(m);
  lif.SetValue("theta", 0, 0, 10);
  // V = -50 from early on; the threshold falls from -45 to it.
  CHECK_NEAR(MsOf(lif.NextCrossing(0, kNever)), 1e6 * std::log(2.0), 1e-6);
  lif.SetLearning(false, 0);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), kNever);
}

TEST("V above threshold without a spike fires on the next tick") {
  ExactLif lif = Build({});
  lif.SetValue("v", 0, 5, -50);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), Tick{6});
  lif.SetThresholdOffset(0, 5, 10);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), kNever);
  lif.SetThresholdOffset(0, 5, 0);
  lif.Fire(0, 6);
  CHECK_EQUAL(lif.NextCrossing(0, kNever), kNever);
}

TEST("a restored population goes on to the same bits, and impossible states are refused") {
  Model m{.drive = 16, .theta_plus = 1, .tau_theta = 80, .relative_amplitude = 5};
  ExactLif lif = Build(m, 2);
  lif.Arrive(0, 1000, 30, -3);
  lif.Fire(0, lif.NextCrossing(0, kNever));
  lif.SetThresholdOffset(1, 500, -2);
  const Tick now = TicksOf(200);
  const auto doubles = lif.ExportDoubles();
  const auto ticks = lif.ExportTicks();
  ExactLif copy = Build(m, 2);
  CHECK(copy.Import(doubles, ticks, now));
  CHECK(copy.ExportDoubles() == doubles);
  for (const std::uint32_t j : {0u, 1u})
    CHECK_EQUAL(copy.NextCrossing(j, kNever), lif.NextCrossing(j, kNever));

  const auto refuses = [&](std::size_t at_double, double value, std::size_t at_tick, Tick tick) {
    auto bad_doubles = doubles;
    auto bad_ticks = ticks;
    if (at_double < doubles.size()) bad_doubles[at_double] = value;
    if (at_tick < ticks.size()) bad_ticks[at_tick] = tick;
    const bool refused = !copy.Import(bad_doubles, bad_ticks, now);
    return refused && copy.ExportDoubles() == doubles && copy.ExportTicks() == ticks;
  };
  CHECK(refuses(0, std::numeric_limits<double>::quiet_NaN(), 99, 0));
  CHECK(refuses(8, std::numeric_limits<double>::infinity(), 99, 0));
  CHECK(refuses(99, 0, 0, now + 1));
  CHECK(refuses(99, 0, 0, -1));
  CHECK(refuses(99, 0, 1, ticks[1] + 1));
  CHECK(refuses(99, 0, 2, ticks[0] + 1));
  CHECK(!copy.Import(std::span(doubles).first(5), ticks, now));
  CHECK(!copy.Import(doubles, std::span(ticks).first(3), now));
}

TEST("variables that a neuron does not have are an internal error") {
  Model m{.exponential = false};
  CHECK_THROWS(Build(m).Value("ge", 0, 0), ErrorCode::kInternal);
  CHECK_THROWS(Build({}).Value("u", 0, 0), ErrorCode::kInternal);
}

}  // namespace
}  // namespace synfire::events
