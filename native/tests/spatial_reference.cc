// The plain network (see the header), and what the engine answers and learns compared with it.
#include "native/tests/spatial_reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

constexpr double kResidualUnit = 0.5 / 32767;

double Logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

double FromHalf(std::uint16_t upper) {
  const std::uint32_t bits = std::uint32_t{upper} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return static_cast<double>(value);
}

double InitialGain(const SpatialSpec& spec, std::size_t layer) {
  // So that the mean of n random weights times random inputs comes out as wide as the inputs.
  const double levels = (1 << spec.bits) - 1;
  double squares = 0;
  for (int q = 0; q <= levels; ++q) squares += std::pow(2 * q / levels - 1, 2);
  return std::sqrt(spec.PageWeights(layer) / (squares / (levels + 1)));
}

}  // namespace

Curve CurveOf(Activation activation, double x) {
  constexpr double kScale = 1.0507009873554805, kAlpha = 1.6732632423543772;
  const double e = std::exp(std::min(x, 0.0));
  switch (activation) {
    case Activation::kIdentity:
      return {x, 1};
    case Activation::kRelu:
      return {std::max(x, 0.0), x > 0 ? 1.0 : 0.0};
    case Activation::kLeakyRelu:
      return {x > 0 ? x : 0.1 * x, x > 0 ? 1 : 0.1};
    case Activation::kElu:
      return {x > 0 ? x : std::expm1(x), e};
    case Activation::kSelu:
      return {kScale * (x > 0 ? x : kAlpha * std::expm1(x)), kScale * (x > 0 ? 1 : kAlpha * e)};
    case Activation::kRelu6:
      return {std::clamp(x, 0.0, 6.0), x > 0 && x < 6 ? 1.0 : 0.0};
    case Activation::kTanh:
      return {std::tanh(x), 1 - std::pow(std::tanh(x), 2)};
    case Activation::kSoftsign:
      return {x / (1 + std::abs(x)), std::pow(1 + std::abs(x), -2)};
    case Activation::kSilu:
      return {x * Logistic(x), Logistic(x) + x * Logistic(x) * Logistic(-x)};
    case Activation::kGelu:  // by the logistic function, as Hendrycks & Gimpel 2016 offer it
      return {x * Logistic(1.702 * x),
              Logistic(1.702 * x) + 1.702 * x * Logistic(1.702 * x) * Logistic(-1.702 * x)};
    case Activation::kSine:
      return {std::sin(x), std::cos(x)};
    case Activation::kHardTanh:
      return {std::clamp(x, -1.0, 1.0), std::abs(x) < 1 ? 1.0 : 0.0};
  }
  return {NAN, NAN};
}

double KinkDistance(Activation activation, double x) {
  switch (activation) {
    case Activation::kRelu:
    case Activation::kLeakyRelu:
    case Activation::kSelu:
      return std::abs(x);
    case Activation::kRelu6:
      return std::min(std::abs(x), std::abs(x - 6));
    case Activation::kHardTanh:
      return std::abs(std::abs(x) - 1);
    default:
      return 1e9;
  }
}

ReferenceNetwork::ReferenceNetwork(const SpatialSpec& spec, const NetworkState& state) : spec_(spec) {
  const double levels = (1 << spec.bits) - 1;
  for (std::size_t i = 0; i < spec.layers(); ++i) {
    const Extent size = spec.grids[i + 1];
    LayerState layer_state = state.layers[i];
    const PageFormat format = FormatOf(spec, i);
    const StoredWeights stored(layer_state, format);
    const Grid grid(size);
    Layer& layer = layers_.emplace_back();
    layer.sites.resize(Cells(size));
    std::size_t page = 0;
    for (std::size_t n = 0; n < layer_state.codes.size(); ++n) {
      const auto [x, y, z] = grid.PositionOf(layer_state.codes[n]);
      Cell& cell = layer.sites[x + size[0] * (y + std::size_t{size[1]} * z)].emplace_back();
      cell.id = layer_state.ids[n];
      cell.gain = static_cast<double>(layer_state.gains[n]);
      cell.rate = layer_state.rates[n] * static_cast<double>(spec.max_rate) / 65535;
      cell.contribution = FromHalf(layer_state.contributions[n]);
      for (std::uint32_t context = 0; context < 64; ++context) {
        if ((layer_state.stored[n] >> context & 1) == 0) continue;
        Page& own = cell.pages[context];
        for (std::size_t k = 0; k < format.weights; ++k) {
          own.weights.push_back(2 * stored.Get(page, k) / levels - 1);
          const bool kept = spec.rounding == Rounding::kResidual;
          own.residuals.push_back(kept ? layer_state.residuals[page * format.weights + k] * kResidualUnit
                                       : 0);
        }
        ++page;
      }
    }
    if (!state.temporal.empty()) layer.temporal.assign(state.temporal[i].begin(), state.temporal[i].end());
  }
  samples_ = state.samples;
}

void ReferenceNetwork::Note(double distance) {
  margin_ = std::min(margin_, distance);
}

double ReferenceNetwork::Clipped(double error) {
  clipped_ += std::abs(error) > 1;
  return std::clamp(error, -1.0, 1.0);
}

// Raster indices of what a site sees in the grid below, in Morton order of the places in the window.
std::vector<std::size_t> ReferenceNetwork::WindowOf(std::size_t layer, std::size_t site,
                                                    std::size_t* middle) const {
  const Extent below = spec_.grids[layer], own = spec_.grids[layer + 1], reach = spec_.reach[layer];
  const std::size_t position[3] = {site % own[0], site / own[0] % own[1], site / own[0] / own[1]};
  std::size_t start[3], size[3], centre[3];
  for (std::size_t axis = 0; axis < 3; ++axis) {
    centre[axis] = (2 * position[axis] + 1) * below[axis] / (2 * own[axis]);
    size[axis] = std::min<std::size_t>(2 * reach[axis] + 1, below[axis]);
    const std::size_t wanted = centre[axis] > reach[axis] ? centre[axis] - reach[axis] : 0;
    start[axis] = std::min(wanted, below[axis] - size[axis]);
  }
  const auto index = [&](std::size_t x, std::size_t y, std::size_t z) {
    return x + below[0] * (y + below[1] * z);
  };
  *middle = index(centre[0], centre[1], centre[2]);
  std::map<std::uint64_t, std::size_t> cells;
  for (std::size_t z = 0; z < size[2]; ++z) {
    for (std::size_t y = 0; y < size[1]; ++y) {
      for (std::size_t x = 0; x < size[0]; ++x) {
        std::uint64_t code = 0;
        for (int bit = 0; bit < 16; ++bit) {
          code |= (std::uint64_t{x} >> bit & 1) << 3 * bit | (std::uint64_t{y} >> bit & 1) << (3 * bit + 1) |
                  (std::uint64_t{z} >> bit & 1) << (3 * bit + 2);
        }
        cells[code] = index(start[0] + x, start[1] + y, start[2] + z);
      }
    }
  }
  std::vector<std::size_t> ordered;
  for (const auto& [code, cell] : cells) ordered.push_back(cell);
  return ordered;
}

std::uint32_t ReferenceNetwork::ContextOf(double middle, double mean) {
  std::uint32_t levels[2];
  for (int i = 0; i < 2; ++i) {
    const double scaled = (i == 0 ? mean : middle) * 4 + 4;
    const double border = std::round(scaled);
    // Numbers that are exact in both precisions, as 0 often is, need no margin.
    if (border >= 1 && border <= 7 && scaled != border) Note(std::abs(scaled - border));
    levels[i] = static_cast<std::uint32_t>(std::clamp(std::floor(scaled), 0.0, 7.0));
    levels[i] &= 7u << (3 - spec_.pattern_bits);
  }
  std::uint32_t context = 0;
  for (std::uint32_t bit = 0; bit < 3; ++bit)
    context |= (levels[0] >> bit & 1) << 2 * bit | (levels[1] >> bit & 1) << (2 * bit + 1);
  return context;
}

// The neuron of a site that answers for a context.
std::size_t ReferenceNetwork::Server(const std::vector<Cell>& site, std::uint32_t context) {
  std::size_t best = 0;
  for (std::size_t n = 1; n < site.size(); ++n)
    if (!site[n].pages.empty() && site[n].pages.begin()->first <= context) best = n;
  return best;
}

void ReferenceNetwork::Remember(std::vector<Cell>& site, std::uint32_t context, std::uint32_t most_pages) {
  Cell& cell = site[Server(site, context)];
  if (cell.pages.contains(context) || cell.pages.size() >= most_pages) return;
  drew_ |= cell.pages.empty();
  if (cell.pages.empty()) return;
  auto from = cell.pages.upper_bound(context);
  if (from != cell.pages.begin()) --from;
  const Page copy = from->second;
  cell.pages[context] = copy;
}

std::vector<std::vector<std::vector<ReferenceNetwork::Answer>>> ReferenceNetwork::Run(
    std::uint32_t samples, const std::vector<float>& inputs, bool continues, bool learns) {
  const bool keeps = continues && samples == samples_;
  const double decay = static_cast<double>(spec_.temporal_decay);
  std::vector<std::vector<double>> values(samples);  // of the grid below
  for (std::uint32_t s = 0; s < samples; ++s) {
    const std::size_t count = Cells(spec_.grids[0]);
    values[s].assign(inputs.begin() + static_cast<std::ptrdiff_t>(s * count),
                     inputs.begin() + static_cast<std::ptrdiff_t>((s + 1) * count));
  }
  std::vector<std::vector<std::vector<Answer>>> all;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    auto& sites = layers_[layer].sites;
    auto& temporal = layers_[layer].temporal;
    if (!keeps || temporal.empty()) temporal.assign(sites.size() * samples, 0);
    const std::uint32_t most_pages = MostPages(FormatOf(spec_, layer), spec_.capacity);
    std::vector<std::vector<Answer>> answers(sites.size(), std::vector<Answer>(samples));
    std::vector<std::vector<double>> outputs(samples, std::vector<double>(sites.size()));
    for (std::size_t site = 0; site < sites.size(); ++site) {
      if (sites[site].empty()) continue;
      std::size_t middle;
      const std::vector<std::size_t> window = WindowOf(layer, site, &middle);
      std::vector<std::uint32_t> contexts(samples);
      for (std::uint32_t s = 0; s < samples; ++s) {
        Answer& answer = answers[site][s];
        double sum = 0;
        bool active = false;
        for (const std::size_t cell : window) {
          answer.seen.push_back(values[s][cell]);
          sum += values[s][cell];
          active |= values[s][cell] != 0;
        }
        answer.seen.push_back(1);
        contexts[s] = ContextOf(values[s][middle], sum / static_cast<double>(window.size()));
        if (learns && active) Remember(sites[site], contexts[s], most_pages);
      }
      for (std::uint32_t s = 0; s < samples; ++s) {
        Answer& answer = answers[site][s];
        Cell& cell = sites[site][Server(sites[site], contexts[s])];
        if (cell.pages.empty()) continue;
        auto page = cell.pages.upper_bound(contexts[s]);
        if (page != cell.pages.begin()) --page;
        answer.cell = &cell;
        answer.page = &page->second;
        double sum = 0;
        for (std::size_t k = 0; k < answer.seen.size(); ++k) sum += answer.seen[k] * answer.page->weights[k];
        double u = cell.gain * sum / static_cast<double>(answer.seen.size());
        if (decay > 0) {
          double& state = temporal[site * samples + s];
          u = state = decay * state + (1 - decay) * u;
        }
        const auto activation = static_cast<Activation>(spec_.activations[layer][contexts[s]]);
        const Curve curve = CurveOf(activation, u);
        if (u != 0) Note(KinkDistance(activation, u));
        answer.output = outputs[s][site] = curve.value;
        answer.slope = curve.slope * (1 - decay);
      }
    }
    all.push_back(std::move(answers));
    values = std::move(outputs);
  }
  samples_ = samples;
  return all;
}

std::vector<double> ReferenceNetwork::Forward(std::uint32_t samples, const std::vector<float>& inputs,
                                              bool continues) {
  const auto answers = Run(samples, inputs, continues, false);
  std::vector<double> outputs;
  for (std::uint32_t s = 0; s < samples; ++s)
    for (const auto& site : answers.back()) outputs.push_back(site[s].output);
  return outputs;
}

double ReferenceNetwork::HalfSquares(std::uint32_t samples, const std::vector<float>& inputs,
                                     const std::vector<float>& targets) {
  const std::vector<double> outputs = Forward(samples, inputs, false);
  double sum = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    sum += std::pow(outputs[i] - static_cast<double>(targets[i]), 2) / 2;
  return sum;
}

double ReferenceNetwork::Learn(std::uint32_t samples, const std::vector<float>& inputs,
                               const std::vector<float>& targets, bool continues) {
  auto answers = Run(samples, inputs, continues, true);
  const std::size_t outputs = layers_.back().sites.size();
  double loss = 0;
  for (std::size_t site = 0; site < outputs; ++site) {
    for (std::uint32_t s = 0; s < samples; ++s) {
      Answer& answer = answers.back()[site][s];
      const double error = answer.output - static_cast<double>(targets[s * outputs + site]);
      loss += error * error / static_cast<double>(outputs);
      if (answer.cell != nullptr) answer.delta = Clipped(error) * answer.slope;
    }
  }
  for (std::size_t layer = layers_.size(); layer-- > 0;) {
    if (layer > 0) {
      auto& below = answers[layer - 1];
      std::vector<std::vector<double>> sums(below.size(), std::vector<double>(samples));
      for (std::size_t site = 0; site < answers[layer].size(); ++site) {
        std::size_t middle;
        const std::vector<std::size_t> window = WindowOf(layer, site, &middle);
        for (std::uint32_t s = 0; s < samples; ++s) {
          const Answer& answer = answers[layer][site][s];
          if (answer.cell == nullptr) continue;
          for (std::size_t k = 0; k < window.size(); ++k) {
            const double weight =
                answer.page->weights[k] * answer.cell->gain / static_cast<double>(window.size() + 1);
            sums[window[k]][s] += answer.delta * weight;
          }
        }
      }
      for (std::size_t cell = 0; cell < below.size(); ++cell)
        for (std::uint32_t s = 0; s < samples; ++s)
          if (below[cell][s].cell != nullptr)
            below[cell][s].delta = Clipped(sums[cell][s]) * below[cell][s].slope;
    }
    Change(layer, answers[layer], samples);
  }
  return loss;
}

// What a layer's neurons make of their errors.
void ReferenceNetwork::Change(std::size_t layer, std::vector<std::vector<Answer>>& answers,
                              std::uint32_t samples) {
  const double levels = (1 << spec_.bits) - 1, initial_gain = InitialGain(spec_, layer);
  for (std::size_t site = 0; site < answers.size(); ++site) {
    for (Cell& cell : layers_[layer].sites[site]) {
      double errors = 0, outputs = 0, moments = 0;
      std::uint32_t count = 0;
      for (auto& [context, page] : cell.pages) {
        page.changes.assign(page.weights.size(), 0);
        page.sizes.assign(page.weights.size(), 0);
      }
      for (const Answer& answer : answers[site]) {
        if (answer.cell != &cell) continue;
        ++count;
        errors += std::abs(answer.delta);
        outputs += std::abs(answer.output);
        for (std::size_t k = 0; k < answer.seen.size(); ++k) {
          const double change = -cell.rate * answer.delta * answer.seen[k] * levels / 2;
          answer.page->changes[k] += change;
          answer.page->sizes[k] += std::abs(change);
          moments += answer.delta * answer.seen[k] * answer.page->weights[k];
        }
      }
      cell.contribution += 0.1 * (outputs / samples - cell.contribution);
      if (count == 0) continue;
      const auto& [context, any] = *cell.pages.begin();
      const double step = cell.rate * cell.gain / static_cast<double>(any.weights.size()) * moments / count;
      cell.gain =
          std::clamp(cell.gain * (1 - std::clamp(step, -0.5, 0.5)), initial_gain / 16, initial_gain * 16);
      const double error = errors / count;
      Note(std::abs(error - 0.5));
      Note(std::abs(error - 0.1));
      if (error > 0.5) cell.rate = std::min(cell.rate * 1.1, static_cast<double>(spec_.max_rate));
      if (error < 0.1) cell.rate = std::max(cell.rate * 0.9, static_cast<double>(spec_.min_rate));
      for (auto& [from, page] : cell.pages) {
        for (std::size_t k = 0; k < page.weights.size(); ++k) {
          const double q = (page.weights[k] + 1) / 2 * levels;
          const double wanted = std::clamp(q + page.residuals[k] + page.changes[k], 0.0, levels);
          page.weights[k] = 2 * std::round(wanted) / levels - 1;
          page.residuals[k] = wanted - std::round(wanted);
        }
      }
    }
  }
}

namespace {

constexpr double kSafe = 1e-5;  // a smaller margin leaves open what is right

/// A network whose neurons all have a few pages, with weights without a pattern.
NetworkState Experienced(const SpatialSpec& spec, std::uint32_t seed, std::uint16_t rate) {
  SpatialNetwork network(Frozen(spec));
  Random random(seed);
  TeachNoise(network, random, 7, 4);
  NetworkState state = network.Export();
  Shuffle(state, spec, random, rate);
  return state;
}

SpatialSpec ThreeLayers(std::uint32_t bits, Rounding rounding, std::uint32_t pattern_bits) {
  SpatialSpec spec = Network({{4, 3, 2}, {5, 2, 2}, {3, 3, 3}, {2, 1, 4}}, Activation::kTanh);
  spec.reach = {{1, 1, 1}, {2, 1, 0}, {1, 0, 1}};
  spec.activations = {Mixed(1), Mixed(2), Mixed(3)};
  spec.bits = bits;
  spec.rounding = rounding;
  spec.pattern_bits = pattern_bits;
  spec.capacity = 130;
  spec.max_rate = 0.5f;
  spec.min_rate = 0.001f;
  spec.initial_rate = 0.1f;
  return spec;
}

void CheckOutputs(SpatialNetwork& network, ReferenceNetwork& reference, const std::vector<float>& inputs,
                  bool continues) {
  const std::vector<float> outputs = Answers(network, inputs, continues);
  const auto samples = static_cast<std::uint32_t>(inputs.size() / network.inputs());
  const std::vector<double> expected = reference.Forward(samples, inputs, continues);
  if (reference.margin() < kSafe) return;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    CHECK_NEAR(static_cast<double>(outputs[i]), expected[i], 1e-5 * (1 + std::abs(expected[i])));
}

/// Compares the state after a batch with what the reference has become.
void CheckState(const SpatialSpec& spec, const NetworkState& state, ReferenceNetwork& expected) {
  const double levels = (1 << spec.bits) - 1;
  ReferenceNetwork actual(spec, state);
  for (std::size_t layer = 0; layer < spec.layers(); ++layer) {
    const double rate_step = static_cast<double>(spec.max_rate) / 65535;
    for (std::size_t site = 0; site < actual.sites(layer).size(); ++site) {
      const auto &cells = actual.sites(layer)[site], &wanted_cells = expected.sites(layer)[site];
      CHECK_EQUAL(cells.size(), wanted_cells.size());
      for (std::size_t n = 0; n < cells.size(); ++n) {
        const auto &cell = cells[n], &wanted = wanted_cells[n];
        CHECK_EQUAL(cell.id, wanted.id);
        CHECK_NEAR(cell.gain, wanted.gain, 1e-5 * wanted.gain);
        CHECK_NEAR(cell.rate, wanted.rate, 1.01 * rate_step);
        CHECK_NEAR(cell.contribution, wanted.contribution, 1e-4 + wanted.contribution / 200);
        CHECK_EQUAL(cell.pages.size(), wanted.pages.size());
        for (const auto& [context, page] : cell.pages) {
          CHECK(wanted.pages.contains(context));
          const auto& wanted_page = wanted.pages.at(context);
          for (std::size_t k = 0; k < page.weights.size(); ++k) {
            const double q = (page.weights[k] + 1) / 2 * levels,
                         wanted_q = (wanted_page.weights[k] + 1) / 2 * levels;
            const double value = wanted_q + wanted_page.residuals[k];
            if (spec.rounding == Rounding::kResidual) {
              CHECK_NEAR(q + page.residuals[k], value,
                         kResidualUnit * 0.51 + 1e-5 * (1 + wanted_page.sizes[k]));
            } else {
              // Up or down to a whole step.
              CHECK(std::abs(q - value) < 1 + 1e-5 * (1 + wanted_page.sizes[k]));
            }
          }
        }
      }
    }
  }
}

/// Learns some batches in the engine and in the reference, which starts each one from the engine's state.
void CheckLearning(SpatialSpec spec, std::uint32_t seed, std::uint32_t samples, double width) {
  SpatialNetwork network(spec);
  network.Import(Experienced(spec, seed, 30000));
  Random random(seed + 100);
  int compared = 0, clipped = 0;
  for (int batch = 0; batch < 6; ++batch) {
    const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
    const auto targets = random.Floats(samples * network.outputs(), -width, width);
    ReferenceNetwork reference(spec, network.Export());
    const bool continues = batch % 3 != 0;
    const double loss = reference.Learn(samples, inputs, targets, continues);
    const BatchResult result = Teach(network, inputs, targets, continues);
    CHECK(!reference.drew());
    if (reference.margin() < kSafe) continue;
    ++compared;
    clipped += reference.clipped();
    CHECK_NEAR(result.loss_sum, loss, 1e-5 * loss);
    CheckState(spec, network.Export(), reference);
  }
  CHECK(compared >= 3);
  if (width > 1) CHECK(clipped > 0);
}

TEST("spatial reference: outputs agree with the model") {
  for (const std::uint32_t bits : {1u, 2u, 4u}) {
    for (const std::uint32_t pattern_bits : {0u, 1u, 3u}) {
      const SpatialSpec spec = ThreeLayers(bits, Rounding::kStochastic, pattern_bits);
      const NetworkState state = Experienced(spec, 10 * bits + pattern_bits, 1000);
      Imported network(spec, state);
      Random random(bits);
      for (const std::size_t samples : {1, 2, 16, 37}) {
        ReferenceNetwork reference(spec, state);
        CheckOutputs(network, reference, random.Floats(samples * network.inputs(), -1.2, 1.2), false);
        CHECK(reference.margin() > 0);
      }
    }
  }
}

TEST("spatial reference: outputs with a temporal state agree with the model") {
  SpatialSpec spec = ThreeLayers(4, Rounding::kStochastic, 3);
  spec.temporal_decay = 0.7f;
  NetworkState state = Experienced(spec, 5, 1000);
  for (const std::size_t samples : {1, 5}) {
    state.samples = 0;
    for (std::vector<float>& temporal : state.temporal) temporal.clear();
    Imported network(spec, state);
    ReferenceNetwork reference(spec, state);
    Random random(6);
    for (int step = 0; step < 6; ++step)
      CheckOutputs(network, reference, random.Floats(samples * network.inputs(), -1, 1), step != 4);
    const NetworkState after = network.Export();
    CHECK_EQUAL(after.samples, samples);
    for (std::size_t i = 0; i < spec.layers(); ++i) {
      CHECK_EQUAL(after.temporal[i].size(), reference.temporal(i).size());
      for (std::size_t at = 0; at < after.temporal[i].size(); ++at)
        CHECK_NEAR(static_cast<double>(after.temporal[i][at]), reference.temporal(i)[at], 1e-5);
    }
  }
}

TEST("spatial reference: learning with residuals agrees with the model") {
  for (const std::uint32_t bits : {1u, 2u, 4u})
    for (const std::uint32_t samples : {1u, 3u, 20u})
      CheckLearning(ThreeLayers(bits, Rounding::kResidual, 3), bits * 100 + samples, samples, 0.1);
}

TEST("spatial reference: learning with stochastic rounding agrees with the model") {
  for (const std::uint32_t bits : {1u, 2u, 4u})
    for (const std::uint32_t samples : {1u, 3u, 20u})
      CheckLearning(ThreeLayers(bits, Rounding::kStochastic, 2), bits * 100 + samples + 50, samples, 0.1);
}

TEST("spatial reference: learning cuts large errors") {
  for (const std::uint32_t samples : {1u, 5u})
    CheckLearning(ThreeLayers(4, Rounding::kResidual, 3), samples, samples, 9);
}

TEST("spatial reference: learning with a temporal state agrees with the model") {
  SpatialSpec spec = ThreeLayers(4, Rounding::kResidual, 3);
  spec.temporal_decay = 0.4f;
  for (const std::uint32_t samples : {1u, 4u}) CheckLearning(spec, 20 + samples, samples, 0.1);
}

TEST("spatial reference: sites with many and without neurons agree with the model") {
  SpatialSpec spec = ThreeLayers(4, Rounding::kResidual, 3);
  spec.growth_threshold = 0.3f;
  SpatialNetwork network(spec);
  Random random(9);
  for (int round = 0; round < 3; ++round) {
    TeachNoise(network, random, 6, 2);
    network.Grow();
  }
  network.Prune(0.2f, PruneBy::kSaturation);
  network.Prune(0.1f, PruneBy::kContribution);
  std::uint64_t silent = 0, shared = 0;
  for (std::size_t i = 0; i < network.layers(); ++i) {
    silent += network.layer(i).Statistics().silent_sites;
    network.layer(i).ForSites(0, network.layer(i).grid().box_cells(),
                              [&](const Site& site) { shared += site.count > 1; });
  }
  CHECK(silent > 0);
  CHECK(shared > 5);
  for (const std::uint32_t samples : {1u, 9u}) {
    int compared = 0;
    for (int batch = 0; batch < 6; ++batch) {
      ReferenceNetwork reference(spec, network.Export());
      const auto inputs = random.Floats(samples * network.inputs(), -1, 1);
      const auto targets = random.Floats(samples * network.outputs(), -1, 1);
      CheckOutputs(network, reference, inputs, false);
      reference.Learn(samples, inputs, targets, false);
      Teach(network, inputs, targets);
      if (reference.margin() < kSafe) continue;
      ++compared;
      CheckState(spec, network.Export(), reference);
    }
    CHECK(compared >= 3);
  }
}

}  // namespace
}  // namespace synfire::spatial
