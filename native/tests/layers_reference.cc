// The plain network: see the header.
#include "native/tests/layers_reference.h"

#include <algorithm>
#include <cmath>

#include "native/tests/layers_support.h"
#include "native/tests/layers_surrogates.h"

namespace synfire::layers {
namespace {

Rows Zeros(size_t rows, size_t size) {
  return Rows(rows, Vector(size));
}

double PotentialAfter(const NeuronConstants& c, double u, bool fires) {
  if (!fires) return u;
  switch (c.reset) {
    case ResetKind::kZero:
      return 0;
    case ResetKind::kValue:
      return c.reset_value;
    case ResetKind::kSubtract:
      return u - c.threshold;
    case ResetKind::kScale:
      return u * c.reset_value;
  }
  return NAN;
}

/// Derivatives of the potential after the reset: by the potential before it, and by the spike.
struct ResetSlopes {
  double by_potential;
  double by_spike;
};

ResetSlopes SlopesOf(const NeuronConstants& c, double u, bool fires) {
  switch (c.reset) {
    case ResetKind::kZero:
      return {fires ? 0.0 : 1.0, -u};
    case ResetKind::kValue:
      return {fires ? 0.0 : 1.0, c.reset_value - u};
    case ResetKind::kSubtract:
      return {1, -c.threshold};
    case ResetKind::kScale:
      return {fires ? c.reset_value : 1.0, (c.reset_value - 1.0) * u};
  }
  return {NAN, NAN};
}

}  // namespace

ReferenceNetwork::ReferenceNetwork(const NetworkSpec& spec, std::map<std::string, Vector> parameters)
    : spec_(spec), shapes_(CheckedShapes(spec)), parameters_(std::move(parameters)) {}

ReferenceResult ReferenceNetwork::Run(const std::vector<uint8_t>& spikes,
                                      const std::vector<int32_t>& labels) {
  result_ = {};
  for (const auto& [name, values] : parameters_) result_.gradients[name] = Vector(values.size());
  const size_t samples = labels.size(), inputs = spec_.input.size(), steps = spec_.timesteps;
  for (size_t i = 0; i < spec_.layers.size(); ++i)
    result_.spikes[spec_.layers[i].name].resize(steps * samples * shapes_[i].size());
  for (size_t s = 0; s < samples; ++s) {
    activity_.assign(spec_.layers.size(), {});
    Rows in;
    for (size_t t = 0; t < steps; ++t) {
      const auto first = spikes.begin() + static_cast<ptrdiff_t>((t * samples + s) * inputs);
      in.emplace_back(first, first + static_cast<ptrdiff_t>(inputs));
    }
    const auto below = [&](size_t i) -> const Rows& { return i == 0 ? in : activity_[i - 1].out; };
    for (size_t i = 0; i < spec_.layers.size(); ++i) {
      if (spec_.layers[i].synaptic())
        Integrate(i, below(i));
      else
        Pool(i, below(i));
      for (size_t t = 0; t < activity_[i].out.size() && spec_.layers[i].synaptic(); ++t)
        for (size_t n = 0; n < activity_[i].out[t].size(); ++n)
          result_.spikes[spec_.layers[i].name][(t * samples + s) * activity_[i].out[t].size() + n] =
              static_cast<uint8_t>(activity_[i].out[t][n]);
    }
    Vector read_update;
    const Vector scores = Scores(&read_update);
    result_.scores.insert(result_.scores.end(), scores.begin(), scores.end());
    double sum = 0;
    for (const double score : scores) sum += std::exp(score);
    result_.loss += (std::log(sum) - scores[labels[s]]) / static_cast<double>(samples);
    Vector score_gradient;
    for (size_t c = 0; c < scores.size(); ++c)
      score_gradient.push_back((std::exp(scores[c]) / sum - (static_cast<int32_t>(c) == labels[s])) /
                               static_cast<double>(samples));
    ReadoutGradient(score_gradient, read_update);
    for (size_t i = spec_.layers.size(); i-- > 0;) {
      if (spec_.layers[i].synaptic())
        Backward(i, below(i));
      else
        PoolBackward(i, below(i));
    }
  }
  return result_;
}

void ReferenceNetwork::Note(double distance) {
  result_.margin = std::min(result_.margin, std::abs(distance));
}

// ---- forward
// -----------------------------------------------------------------------------------------------------

/// [update][step]: how often the update's operand contains the step.
Rows ReferenceNetwork::SeenSteps(const LayerSpec& layer) const {
  const int steps = spec_.timesteps;
  if (!layer.neuron) return {Vector(steps, 1.0 / steps)};
  Rows seen;
  for (int at = 0; at < steps; at += layer.update_every) {
    Vector row(steps);
    for (int t = 0; t <= at; ++t) {
      const bool in_window = t > at - layer.update_every;
      row[t] = layer.input == InputMode::kLatest   ? t == at
               : layer.input == InputMode::kWindow ? in_window
                                                   : 1;
    }
    seen.push_back(row);
  }
  return seen;
}

void ReferenceNetwork::Integrate(size_t i, const Rows& in) {
  const LayerSpec& layer = spec_.layers[i];
  const double gain = layer.neuron ? layer.input_gain : 1;
  Rows drive;
  const Vector &weight = Weight(i), &bias = Bias(i);
  for (const Vector& seen : SeenSteps(layer)) {
    Vector operand(In(i).size());
    for (size_t t = 0; t < in.size(); ++t)
      for (size_t n = 0; n < operand.size(); ++n) operand[n] += seen[t] * in[t][n];
    const int positions = shapes_[i].height * shapes_[i].width;
    Vector row(shapes_[i].size());
    for (size_t n = 0; n < row.size(); ++n) row[n] = gain * bias[n / positions];
    ForEachConnection(layer, In(i), shapes_[i],
                      [&](int w, int from, int to) { row[to] += gain * weight[w] * operand[from]; });
    activity_[i].operand.push_back(operand);
    drive.push_back(row);
  }
  if (layer.neuron)
    RunNeurons(i, drive);
  else
    activity_[i].potential = drive;
}

void ReferenceNetwork::RunNeurons(size_t i, const Rows& drive) {
  const LayerSpec& layer = spec_.layers[i];
  const NeuronConstants& c = *layer.neuron;
  if (c.spiking) activity_[i].out = Zeros(spec_.timesteps, shapes_[i].size());
  Vector v(shapes_[i].size());
  for (size_t k = 0; k < drive.size(); ++k) {
    for (size_t n = 0; n < v.size(); ++n) v[n] = double{c.decay} * v[n] + drive[k][n];
    activity_[i].potential.push_back(v);
    if (!c.spiking) continue;
    for (size_t n = 0; n < v.size(); ++n) {
      const double x = v[n] - c.threshold;
      Note(x);
      if (spec_.learning.surrogate.kind == SurrogateKind::kRectangle)
        Note(std::abs(x) - spec_.learning.surrogate.slope);
      const bool fires = x > 0;
      activity_[i].out[k * layer.update_every][n] = fires;
      v[n] = PotentialAfter(c, v[n], fires);
    }
  }
}

void ReferenceNetwork::Pool(size_t i, const Rows& in) {
  const LayerSpec& layer = spec_.layers[i];
  const int ins = In(i).height * In(i).width, outs = shapes_[i].height * shapes_[i].width;
  const double window = layer.kind == LayerKind::kAvgPool2d ? layer.kernel_height * layer.kernel_width : 1;
  for (const Vector& row : in) {
    Vector out(shapes_[i].size());
    for (int c = 0; c < In(i).channels; ++c)
      ForEachWindowInput(layer, In(i), shapes_[i], [&](int o, int n, int) {
        double& to = out[c * outs + o];
        if (layer.kind == LayerKind::kMaxPool2d)
          to = std::max(to, row[c * ins + n]);
        else
          to += row[c * ins + n] / window;
      });
    activity_[i].out.push_back(out);
  }
}

Vector ReferenceNetwork::Scores(Vector* read_update) {
  const Activity& a = activity_.back();
  const LayerSpec& layer = spec_.layers.back();
  if (!layer.neuron) return a.potential[0];
  Vector scores(layer.units);
  if (spec_.readout == Readout::kMeanCount) {
    for (const Vector& row : a.out)
      for (int c = 0; c < layer.units; ++c) scores[c] += row[c] / spec_.timesteps;
    return scores;
  }
  for (int c = 0; c < layer.units; ++c) {
    size_t best = a.potential.size() - 1;
    for (size_t k = 0; k < a.potential.size() && spec_.readout == Readout::kMaxMembrane; ++k) {
      if (k != best) Note(a.potential[k][c] - a.potential[best][c]);
      if (a.potential[k][c] > a.potential[best][c]) best = k;
    }
    read_update->push_back(static_cast<double>(best));
    scores[c] = a.potential[best][c];
  }
  return scores;
}

// ---- backward
// ----------------------------------------------------------------------------------------------------

void ReferenceNetwork::ReadoutGradient(const Vector& score_gradient, const Vector& read_update) {
  Activity& a = activity_.back();
  const LayerSpec& layer = spec_.layers.back();
  if (!layer.neuron) {
    readout_gradient_ = score_gradient;
  } else if (!layer.neuron->spiking) {
    membrane_gradient_ = Zeros(a.potential.size(), layer.units);
    for (int c = 0; c < layer.units; ++c)
      membrane_gradient_[static_cast<size_t>(read_update[c])][c] = score_gradient[c];
  } else {
    a.rate_gradient = score_gradient;
    a.step_weight = Vector(spec_.timesteps, 1.0 / spec_.timesteps);
    a.gradient = Zeros(spec_.timesteps, layer.units);
    for (Vector& row : a.gradient)
      for (int c = 0; c < layer.units; ++c) row[c] = score_gradient[c] / spec_.timesteps;
  }
}

/// Through time: gradient of the drive at every update.
Rows ReferenceNetwork::DriveGradient(size_t i) const {
  const LayerSpec& layer = spec_.layers[i];
  const Activity& a = activity_[i];
  if (!layer.neuron) return {readout_gradient_};
  const NeuronConstants& c = *layer.neuron;
  Rows gradient = Zeros(a.potential.size(), shapes_[i].size());
  for (size_t n = 0; n < gradient[0].size(); ++n) {
    double next = 0;  // of the potential at the next update
    for (size_t k = gradient.size(); k-- > 0;) {
      const double after = double{c.decay} * next;
      if (!c.spiking) {
        next = membrane_gradient_[k][n] + after;
      } else {
        const double u = a.potential[k][n];
        const ResetSlopes slopes = SlopesOf(c, u, u > c.threshold);
        double spike = a.gradient[k * layer.update_every][n];
        if (!spec_.learning.detach_reset) spike += after * slopes.by_spike;
        next = spike * SurrogateDerivative(spec_.learning.surrogate, u - c.threshold) +
               after * slopes.by_potential;
      }
      gradient[k][n] = next;
    }
  }
  return gradient;
}

/// Rates: gradient of the mean drive.
Vector ReferenceNetwork::RateDriveGradient(size_t i) const {
  const LayerSpec& layer = spec_.layers[i];
  const Activity& a = activity_[i];
  if (!layer.neuron) return readout_gradient_;
  const NeuronConstants& c = *layer.neuron;
  Vector gradient(shapes_[i].size());
  for (size_t n = 0; n < gradient.size(); ++n) {
    if (!c.spiking) {  // a constant drive reaches update k as a geometric sum
      double response = 0;
      for (size_t k = 0; k < a.potential.size(); ++k) {
        response = response * c.decay + 1;
        gradient[n] += membrane_gradient_[k][n] * response;
      }
      continue;
    }
    double derivative = 0, all_steps = 0;
    bool active = false;
    for (size_t k = 0; k < a.potential.size(); ++k)
      derivative += a.step_weight[k * layer.update_every] *
                    SurrogateDerivative(spec_.learning.surrogate, a.potential[k][n] - c.threshold);
    for (size_t t = 0; t < a.out.size(); ++t) {
      all_steps += a.step_weight[t];
      active = active || a.out[t][n] != 0;
    }
    if (spec_.learning.rate_derivative == RateDerivative::kIdentity) derivative = all_steps;
    if (spec_.learning.rate_derivative == RateDerivative::kActive) derivative = active ? all_steps : 0;
    gradient[n] = a.rate_gradient[n] * derivative;
  }
  return gradient;
}

void ReferenceNetwork::Backward(size_t i, const Rows& in) {
  const LayerSpec& layer = spec_.layers[i];
  const Rows seen = SeenSteps(layer);
  const bool rates = spec_.learning.mode == LearningMode::kRate;
  const double gain = layer.neuron ? layer.input_gain : 1;

  // Rates replace the updates by one, whose operand is a mean.
  Rows gradient, operand, sees;
  double weight_gain = gain;
  if (!rates) {
    gradient = DriveGradient(i), operand = activity_[i].operand, sees = seen;
  } else {
    Vector mean(in.size());
    for (size_t t = 0; t < in.size(); ++t) {
      for (const Vector& row : seen) mean[t] += row[t] / static_cast<double>(seen.size());
      if (layer.neuron && spec_.learning.rate_presynaptic == RatePresynaptic::kRate)
        mean[t] = 1.0 / spec_.timesteps;
    }
    if (layer.neuron && spec_.learning.rate_presynaptic == RatePresynaptic::kRate) weight_gain = 1;
    Vector x(In(i).size());
    for (size_t t = 0; t < in.size(); ++t)
      for (size_t n = 0; n < x.size(); ++n) x[n] += mean[t] * in[t][n];
    gradient = {RateDriveGradient(i)}, operand = {x}, sees = {mean};
  }

  const Vector& weight = Weight(i);
  Vector& weight_gradient = result_.gradients[layer.name + ".weight"];
  Vector& bias_gradient = result_.gradients[layer.name + ".bias"];
  const int positions = shapes_[i].height * shapes_[i].width;
  Rows step_gradient = Zeros(in.size(), In(i).size());
  Vector rate_gradient(In(i).size());
  for (size_t k = 0; k < gradient.size(); ++k) {
    Vector input(In(i).size());
    ForEachConnection(layer, In(i), shapes_[i], [&](int w, int from, int to) {
      weight_gradient[w] += weight_gain * gradient[k][to] * operand[k][from];
      input[from] += weight_gain * gradient[k][to] * weight[w];
    });
    for (size_t n = 0; n < gradient[k].size(); ++n) bias_gradient[n / positions] += gain * gradient[k][n];
    for (size_t t = 0; t < in.size(); ++t)
      for (size_t n = 0; n < input.size(); ++n) step_gradient[t][n] += sees[k][t] * input[n];
    rate_gradient = input;
  }
  if (i == 0) return;
  activity_[i - 1].gradient = step_gradient;
  activity_[i - 1].rate_gradient = rate_gradient;
  activity_[i - 1].step_weight = sees[0];
}

void ReferenceNetwork::PoolBackward(size_t i, const Rows& in) {
  const LayerSpec& layer = spec_.layers[i];
  const Activity& a = activity_[i];
  const int ins = In(i).height * In(i).width, outs = shapes_[i].height * shapes_[i].width;
  const double window = layer.kind == LayerKind::kAvgPool2d ? layer.kernel_height * layer.kernel_width : 1;
  const auto spread = [&](const Vector& counts, const Vector& gradient) {
    Vector below(In(i).size());
    for (int c = 0; c < In(i).channels; ++c) {
      std::vector<int> winner(outs, -1);
      ForEachWindowInput(layer, In(i), shapes_[i], [&](int o, int n, int) {
        if (layer.kind != LayerKind::kMaxPool2d)
          below[c * ins + n] += gradient[c * outs + o] / window;
        else if (winner[o] < 0 || counts[c * ins + n] > counts[c * ins + winner[o]] + 1e-9)
          winner[o] = n;
      });
      for (int o = 0; o < outs && layer.kind == LayerKind::kMaxPool2d; ++o)
        below[c * ins + winner[o]] += gradient[c * outs + o];
    }
    return below;
  };
  Activity& below = activity_[i - 1];
  below.step_weight = a.step_weight;
  for (size_t t = 0; t < in.size(); ++t) below.gradient.push_back(spread(in[t], a.gradient[t]));
  Vector counts(In(i).size());
  for (size_t t = 0; t < in.size(); ++t)
    for (size_t n = 0; n < counts.size(); ++n) counts[n] += a.step_weight[t] * in[t][n];
  below.rate_gradient = spread(counts, a.rate_gradient);
}

}  // namespace synfire::layers
