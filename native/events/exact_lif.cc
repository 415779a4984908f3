// Closed-form LIF neurons, and the search for the first root of a sum of decaying exponentials.
#include "native/events/exact_lif.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "native/base/error.h"

namespace synfire::events {
namespace {

// Far above the rounding of potentials, far below what moves a spike: bounds nearer to the threshold decide
// nothing.
constexpr double kMarginMv = 1e-9;
// Relative distance of time constants below which K is computed through expm1.
constexpr double kNear = 0.01;
// Newton steps before every other step is a bisection.
constexpr int kNewtonSteps = 8;

struct Range {
  double low;
  double high;
};
Range operator+(Range a, Range b) {
  return {a.low + b.low, a.high + b.high};
}
Range operator*(double factor, Range a) {
  return factor < 0 ? Range{factor * a.high, factor * a.low} : Range{factor * a.low, factor * a.high};
}

// What lies between V and threshold from some moment on, without further input and spikes:
// f(t) = gap + membrane e^(-t/tau_m) + ge K_e(t) + gi K_i(t) - theta e^(-t/tau_theta) - relative
// e^(-t/tau_r).
struct Path {
  double gap;  // V_inf - threshold, both without what decays
  double membrane;
  double ge;
  double gi;
  double theta;
  double relative;
  double membrane_rate;
  double theta_rate;
  double relative_rate;
  const CurrentKernel& exc;
  const CurrentKernel& inh;
};

// f and its parts at a tick after the start of the path. Parts without a coefficient are left 0.
struct Point {
  Tick tick = 0;
  double f = 0;
  double membrane = 0;  // the exponentials
  double exc = 0;
  double inh = 0;
  double theta = 0;
  double relative = 0;
  double exc_kernel = 0;
  double inh_kernel = 0;
};

// Finds the first tick with f >= 0. A stretch of time is given up when a parabola above f stays below 0 there
// (a chord, bent by the strongest downward curvature that interval arithmetic admits), and handed to Newton
// when it has one root for sure (f monotone, convex or concave, from below to above 0); all others are
// halved, the earlier half first. The stretches do not depend on `until`, which only ends the search.
class CrossingSearch {
 public:
  CrossingSearch(const Path& path, Tick until) : path_(path), until_(until) {}

  // False when a bound shows that f stays below 0 up to `until`.
  bool CanReach() const { return Peak(At(0), At(until_)) >= -kMarginMv; }

  // The first tick in (0, to] if from is 0, else in [from, to].
  Tick First(Tick from, Tick to, Tick stride) const {
    Point left = At(from);
    if (left.f >= 0 && from == 0) left = At(1);
    if (left.f >= 0) return left.tick;
    while (left.tick < std::min(to, until_) && CanReachLater(left)) {
      const Point right = At(std::min(to, left.tick + stride));
      const Tick crossing = Cross(left, right);
      if (crossing != kNever || right.f >= 0) return crossing;
      left = right;
      stride *= 2;
    }
    return kNever;
  }

 private:
  Point At(Tick tick) const {
    const double ms = MsOf(tick);
    Point p{.tick = tick, .f = path_.gap, .membrane = std::exp(-ms * path_.membrane_rate)};
    p.f += path_.membrane * p.membrane;
    if (path_.ge != 0) {
      p.exc = std::exp(-ms * path_.exc.rate());
      p.exc_kernel = path_.exc.At(ms, p.membrane, p.exc);
      p.f += path_.ge * p.exc_kernel;
    }
    if (path_.gi != 0) {
      p.inh = std::exp(-ms * path_.inh.rate());
      p.inh_kernel = path_.inh.At(ms, p.membrane, p.inh);
      p.f += path_.gi * p.inh_kernel;
    }
    if (path_.theta != 0) {
      p.theta = std::exp(-ms * path_.theta_rate);
      p.f -= path_.theta * p.theta;
    }
    if (path_.relative != 0) {
      p.relative = std::exp(-ms * path_.relative_rate);
      p.f -= path_.relative * p.relative;
    }
    return p;
  }

  static Range KernelRange(const CurrentKernel& kernel, const Point& left, const Point& right, double at_left,
                           double at_right) {
    const bool peaks = MsOf(left.tick) <= kernel.peak_ms() && kernel.peak_ms() <= MsOf(right.tick);
    return {std::min(at_left, at_right), peaks ? kernel.peak() : std::max(at_left, at_right)};
  }

  // Bounds of f' in mV/ms; left == right gives f' itself. tau_m K' = e^(-t/tau_s) - K.
  Range Slope(const Point& left, const Point& right) const {
    const double rate = path_.membrane_rate;
    Range sum = -path_.membrane * rate * Range{right.membrane, left.membrane};
    if (path_.ge != 0) {
      const Range kernel = KernelRange(path_.exc, left, right, left.exc_kernel, right.exc_kernel);
      sum = sum + path_.ge * rate * (Range{right.exc, left.exc} + -1 * kernel);
    }
    if (path_.gi != 0) {
      const Range kernel = KernelRange(path_.inh, left, right, left.inh_kernel, right.inh_kernel);
      sum = sum + path_.gi * rate * (Range{right.inh, left.inh} + -1 * kernel);
    }
    sum = sum + path_.theta * path_.theta_rate * Range{right.theta, left.theta};
    return sum + path_.relative * path_.relative_rate * Range{right.relative, left.relative};
  }

  // Bounds of f'' in mV/ms^2. tau_m K'' = K / tau_m - (1/tau_s + 1/tau_m) e^(-t/tau_s).
  Range Curvature(const Point& left, const Point& right) const {
    const double rate = path_.membrane_rate;
    Range sum = path_.membrane * rate * rate * Range{right.membrane, left.membrane};
    if (path_.ge != 0) {
      const Range kernel = KernelRange(path_.exc, left, right, left.exc_kernel, right.exc_kernel);
      sum = sum + path_.ge * rate * (rate * kernel + -(path_.exc.rate() + rate) * Range{right.exc, left.exc});
    }
    if (path_.gi != 0) {
      const Range kernel = KernelRange(path_.inh, left, right, left.inh_kernel, right.inh_kernel);
      sum = sum + path_.gi * rate * (rate * kernel + -(path_.inh.rate() + rate) * Range{right.inh, left.inh});
    }
    const double theta = path_.theta * path_.theta_rate * path_.theta_rate;
    const double relative = path_.relative * path_.relative_rate * path_.relative_rate;
    sum = sum + -theta * Range{right.theta, left.theta};
    return sum + -relative * Range{right.relative, left.relative};
  }

  // An upper bound of f between two points: the top of the parabola through both with f'' = -bend.
  double Peak(const Point& left, const Point& right) const {
    const double ms = MsOf(right.tick - left.tick);
    const double bend = -Curvature(left, right).low;
    const double rise = right.f - left.f;
    if (!(std::abs(rise) < bend * ms * ms / 2)) return std::max(left.f, right.f);
    return (left.f + right.f) / 2 + bend * ms * ms / 8 + rise * rise / (2 * bend * ms * ms);
  }

  // False when f stays below 0 for ever: each part by its own supremum from `left` on.
  bool CanReachLater(const Point& left) const {
    const auto kernel_top = [&](const CurrentKernel& kernel, double now) {
      return MsOf(left.tick) < kernel.peak_ms() ? kernel.peak() : now;
    };
    return path_.gap + std::max(0.0, path_.membrane * left.membrane) +
               std::max(0.0, path_.ge) * kernel_top(path_.exc, left.exc_kernel) +
               std::max(0.0, path_.gi) * kernel_top(path_.inh, left.inh_kernel) +
               std::max(0.0, -path_.theta) * left.theta + std::max(0.0, -path_.relative) * left.relative >=
           0;
  }

  bool HasOneRoot(const Point& left, const Point& right) const {
    const Range curvature = Curvature(left, right);
    return curvature.low >= 0 || curvature.high <= 0 || Slope(left, right).low > 0;
  }

  // The first crossing in (left, right], where f < 0 at the left.
  Tick Cross(const Point& left, const Point& right) const {
    if (left.tick >= until_) return kNever;
    if (right.f < 0 && Peak(left, right) < 0) return kNever;
    if (right.tick - left.tick == 1) return right.f >= 0 ? right.tick : kNever;
    if (right.f >= 0 && HasOneRoot(left, right)) return Refine(left, right);
    const Point middle = At(left.tick + (right.tick - left.tick) / 2);
    const Tick crossing = Cross(left, middle);
    return crossing != kNever || middle.f >= 0 ? crossing : Cross(middle, right);
  }

  // The only crossing between two points with f < 0 at the left and f >= 0 at the right.
  Tick Refine(const Point& left, const Point& right) const {
    Tick below = left.tick;
    Tick above = right.tick;
    Point p = -left.f < right.f ? left : right;
    for (int i = 0; above - below > 1; ++i) {
      Tick guess = below + (above - below) / 2;
      const double step_ms = -p.f / Slope(p, p).low;
      if (std::abs(step_ms) <= MsOf(above - below) && (i < kNewtonSteps || i % 2 == 0)) {
        const Tick newton = p.tick + static_cast<Tick>(std::ceil(step_ms * kTicksPerMs));
        if (newton >= below && newton <= above) guess = std::clamp(newton, below + 1, above - 1);
      }
      p = At(guess);
      (p.f < 0 ? below : above) = guess;
    }
    return above;
  }

  const Path& path_;
  Tick until_;
};

}  // namespace

CurrentKernel::CurrentKernel(double tau_ms, double membrane_tau_ms)
    : rate_(1 / tau_ms),
      membrane_rate_(1 / membrane_tau_ms),
      factor_(tau_ms / (tau_ms - membrane_tau_ms)),
      near_(std::abs(tau_ms - membrane_tau_ms) < kNear * membrane_tau_ms) {
  const double difference = tau_ms - membrane_tau_ms;
  peak_ms_ = difference == 0
                 ? tau_ms
                 : std::log1p(difference / membrane_tau_ms) / difference * tau_ms * membrane_tau_ms;
  // V stands still where K equals the current, so the peak is e^(-t/tau_s); a little more makes it a bound.
  peak_ = std::exp(-peak_ms_ * rate_) * (1 + 1e-12);
}

double CurrentKernel::At(double ms, double membrane, double current) const {
  if (!near_) return factor_ * (current - membrane);
  const double difference = membrane_rate_ - rate_;
  if (difference == 0 || membrane == 0) return ms * membrane_rate_ * membrane;
  return membrane_rate_ / difference * std::expm1(ms * difference) * membrane;
}

ExactLif::ExactLif(const Settings& model, std::uint32_t size)
    : exponential_(ChoiceOf(model, "synapse") == "exponential"),
      rest_mv_(NumberOf(model, "restMv")),
      reset_mv_(NumberOf(model, "resetMv")),
      threshold_mv_(NumberOf(model, "thresholdMv")),
      v_inf_mv_(rest_mv_ + NumberOf(model, "driveMv")),
      membrane_rate_(1 / NumberOf(model, "tauMs")),
      theta_plus_mv_(NumberOf(model, "thetaPlusMv")),
      theta_rate_(1 / NumberOf(model, "tauThetaMs")),
      relative_mv_(NumberOf(model, "relativeAmplitudeMv")),
      relative_rate_(1 / NumberOf(model, "relativeTauMs")),
      relative_ticks_(relative_mv_ == 0 ? 0 : TicksOf(NumberOf(model, "relativeRefractoryMs"))),
      refractory_ticks_(TicksOf(NumberOf(model, "refractoryMs"))),
      exc_(NumberOf(model, "tauExcMs"), NumberOf(model, "tauMs")),
      inh_(NumberOf(model, "tauInhMs"), NumberOf(model, "tauMs")),
      neurons_(size) {
  double fastest = membrane_rate_;
  if (exponential_) fastest = std::max({fastest, exc_.rate(), inh_.rate()});
  if (relative_ticks_ > 0) fastest = std::max(fastest, relative_rate_);
  stride_ = std::max<Tick>(1, TicksOf(0.5 / fastest));
  for (Neuron& neuron : neurons_) neuron.v = rest_mv_;
}

void ExactLif::Advance(Neuron& neuron, Tick time) const {
  if (time == neuron.last) return;
  const auto decay = [](double& value, double ms, double rate) {
    if (value != 0) value *= std::exp(-ms * rate);
  };
  if (learning_) decay(neuron.theta, MsOf(time - neuron.last), theta_rate_);
  const Tick deaf_until = std::min(time, neuron.refractory_until);
  if (deaf_until > neuron.last) {
    decay(neuron.ge, MsOf(deaf_until - neuron.last), exc_.rate());
    decay(neuron.gi, MsOf(deaf_until - neuron.last), inh_.rate());
    neuron.last = deaf_until;
  }
  if (time > neuron.last) {
    const double ms = MsOf(time - neuron.last);
    const double membrane = std::exp(-ms * membrane_rate_);
    neuron.v = v_inf_mv_ + (neuron.v - v_inf_mv_) * membrane;
    if (neuron.ge != 0) {
      const double current = std::exp(-ms * exc_.rate());
      neuron.v += neuron.ge * exc_.At(ms, membrane, current);
      neuron.ge *= current;
    }
    if (neuron.gi != 0) {
      const double current = std::exp(-ms * inh_.rate());
      neuron.v += neuron.gi * inh_.At(ms, membrane, current);
      neuron.gi *= current;
    }
    neuron.last = time;
  }
}

double ExactLif::ThresholdOf(const Neuron& neuron) const {
  const double threshold = threshold_mv_ + neuron.offset + neuron.theta;
  const Tick since = neuron.last - neuron.last_spike;
  return since < relative_ticks_ ? threshold + relative_mv_ * std::exp(-MsOf(since) * relative_rate_)
                                 : threshold;
}

// Fires a neuron at its last update.
void ExactLif::Spike(Neuron& neuron) const {
  neuron.v = reset_mv_;
  neuron.last_spike = neuron.last;
  neuron.refractory_until = neuron.last + refractory_ticks_;
  if (learning_) neuron.theta += theta_plus_mv_;
}

bool ExactLif::Arrive(std::uint32_t index, Tick time, double exc, double inh) {
  Neuron& neuron = neurons_[index];
  Advance(neuron, time);
  if (exponential_) {
    neuron.ge += exc;
    neuron.gi += inh;
  }
  if (time <= neuron.refractory_until) return false;
  if (!exponential_) neuron.v += exc + inh;
  if (neuron.v < ThresholdOf(neuron)) return false;
  Spike(neuron);
  return true;
}

void ExactLif::Fire(std::uint32_t index, Tick time) {
  Neuron& neuron = neurons_[index];
  Advance(neuron, time);
  Spike(neuron);
}

// Bounds without a single exponential: V rises no higher than the sum of its parts' peaks, and no faster than
// with all excitation for ever; theta falls no faster than a straight line.
bool ExactLif::CanReach(const Neuron& neuron, Tick until) const {
  const double ms = MsOf(until - neuron.last);
  const double ge = std::max(0.0, neuron.ge);
  const double gi = std::max(0.0, neuron.gi);
  const double drive = v_inf_mv_ + ge + gi;
  const double peak = std::max(neuron.v, v_inf_mv_) + ge * exc_.peak() + gi * inh_.peak();
  const double rise = neuron.v + std::max(0.0, drive - neuron.v) * std::min(1.0, ms * membrane_rate_);
  const double theta_left = learning_ && neuron.theta > 0 ? std::max(0.0, 1 - ms * theta_rate_) : 1;
  const double floor =
      threshold_mv_ + neuron.offset + neuron.theta * theta_left + std::min(0.0, relative_mv_);
  return std::min(peak, rise) >= floor - kMarginMv;
}

bool ExactLif::MayCross(std::uint32_t index) const {
  return CanReach(neurons_[index], kNever);
}

Tick ExactLif::NextCrossing(std::uint32_t index, Tick until) const {
  Neuron start = neurons_[index];
  const Tick from = std::max(start.last, start.refractory_until);
  if (until <= from) return kNever;
  Advance(start, from);
  if (!CanReach(start, until)) return kNever;

  const double lasting_theta = learning_ ? 0 : start.theta;
  Path path{.gap = v_inf_mv_ - threshold_mv_ - start.offset - lasting_theta,
            .membrane = start.v - v_inf_mv_,
            .ge = start.ge,
            .gi = start.gi,
            .theta = start.theta - lasting_theta,
            .relative = 0,
            .membrane_rate = membrane_rate_,
            .theta_rate = theta_rate_,
            .relative_rate = relative_rate_,
            .exc = exc_,
            .inh = inh_};
  const Tick span = until - from;
  const CrossingSearch search(path, span);
  // The tick at which the relative refractoriness is over.
  const Tick drop = start.last_spike + relative_ticks_ - from;
  Tick crossing = kNever;
  if (drop > 0) {
    path.relative = relative_mv_ * std::exp(-MsOf(from - start.last_spike) * relative_rate_);
    if (span < drop && !search.CanReach()) return kNever;
    if (drop > 1) crossing = search.First(0, drop - 1, stride_);
    path.relative = 0;
  } else if (!search.CanReach()) {
    return kNever;
  }
  if (crossing == kNever && drop <= span)
    crossing = search.First(std::max<Tick>(0, drop), kNever - from, stride_);
  return crossing <= span ? from + crossing : kNever;
}

double& ExactLif::Field(std::string_view variable, Neuron& neuron) const {
  if (variable == "v") return neuron.v;
  if (variable == "theta") return neuron.theta;
  if (exponential_ && variable == "ge") return neuron.ge;
  if (exponential_ && variable == "gi") return neuron.gi;
  throw Error(ErrorCode::kInternal, "lif has no variable " + std::string(variable));
}

double ExactLif::Value(std::string_view variable, std::uint32_t index, Tick time) const {
  Neuron neuron = neurons_[index];
  Advance(neuron, time);
  return Field(variable, neuron);
}

void ExactLif::SetValue(std::string_view variable, std::uint32_t index, Tick time, double value) {
  Advance(neurons_[index], time);
  Field(variable, neurons_[index]) = value;
}

void ExactLif::SetThresholdOffset(std::uint32_t index, Tick time, double offset_mv) {
  Advance(neurons_[index], time);
  neurons_[index].offset = offset_mv;
}

void ExactLif::Reset(Tick now) {
  for (Neuron& neuron : neurons_) {
    Advance(neuron, now);
    neuron = {.v = rest_mv_, .theta = neuron.theta, .offset = neuron.offset};
  }
}

void ExactLif::SetLearning(bool on, Tick now) {
  if (on == learning_) return;
  for (Neuron& neuron : neurons_) Advance(neuron, now);
  learning_ = on;
}

std::vector<double> ExactLif::ExportDoubles() const {
  std::vector<double> doubles;
  doubles.reserve(neurons_.size() * kStateDoubles);
  for (const Neuron& n : neurons_) doubles.insert(doubles.end(), {n.v, n.ge, n.gi, n.theta, n.offset});
  return doubles;
}

std::vector<Tick> ExactLif::ExportTicks() const {
  std::vector<Tick> ticks;
  ticks.reserve(neurons_.size() * kStateTicks);
  for (const Neuron& n : neurons_) ticks.insert(ticks.end(), {n.last, n.refractory_until, n.last_spike});
  return ticks;
}

bool ExactLif::Import(std::span<const double> doubles, std::span<const Tick> ticks, Tick now) {
  if (doubles.size() != neurons_.size() * kStateDoubles || ticks.size() != neurons_.size() * kStateTicks)
    return false;
  if (!std::all_of(doubles.begin(), doubles.end(), [](double x) { return std::isfinite(x); })) return false;
  std::vector<Neuron> neurons(neurons_.size());
  for (std::size_t i = 0; i < neurons.size(); ++i) {
    const double* d = &doubles[i * kStateDoubles];
    const Tick* t = &ticks[i * kStateTicks];
    const Neuron& n = neurons[i] = {d[0], d[1], d[2], d[3], d[4], t[0], t[1], t[2]};
    if (n.last < 0 || n.last > now || (!exponential_ && (n.ge != 0 || n.gi != 0))) return false;
    const bool silent = n.last_spike == -kNever && n.refractory_until == -kNever;
    const bool fired =
        n.last_spike >= 0 && n.last_spike <= n.last && n.refractory_until == n.last_spike + refractory_ticks_;
    if (!silent && !fired) return false;
  }
  neurons_ = std::move(neurons);
  return true;
}

}  // namespace synfire::events
