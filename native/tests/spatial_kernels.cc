// Inner loops of spatial layers: every instruction set gives the bits of the portable ones.
#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include "native/base/aligned_buffer.h"
#include "native/spatial/kernels.h"
#include "native/spatial/spec.h"
#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

/// Weights of a page: around the ends of words and of vectors.
constexpr std::uint32_t kCounts[] = {2, 3, 8, 9, 15, 16, 17, 28, 33, 65};
constexpr std::uint32_t kBits[] = {1, 2, 4};

AlignedBuffer<float> Aligned(const std::vector<float>& values) {
  AlignedBuffer<float> buffer(values.size());
  std::copy(values.begin(), values.end(), buffer.begin());
  return buffer;
}

template <class T>
void Append(std::vector<double>& to, const T& values) {
  for (const auto value : values) to.push_back(static_cast<double>(value));
}

/// The same input for all, and a few lanes that no page answers.
struct Material {
  Material(std::uint32_t seed, const PageFormat& format)
      : random(seed),
        field(Aligned(random.Floats(std::size_t{(format.weights + 15) / 16 * 16} * kLanes, -2, 2))),
        bytes(kLanes, std::vector<std::uint8_t>(format.bytes)),
        residuals(kLanes, std::vector<std::int16_t>(format.weights)) {
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      field[(format.weights - 1) * kLanes + lane] = 1;
      const std::uint32_t q_bits = format.weights * format.bits;
      for (std::uint32_t i = 0; i < format.bytes; ++i) {
        const std::uint32_t used = std::min(8u, q_bits - 8 * i);
        bytes[lane][i] = static_cast<std::uint8_t>(random.Below(1u << used));
      }
      for (std::int16_t& residual : residuals[lane])
        residual = static_cast<std::int16_t>(static_cast<std::int32_t>(random.Below(65535)) - 32767);
      pages[lane] = lane % 5 == 3 ? kZeroPage : bytes[lane].data();
    }
  }

  Random random;
  AlignedBuffer<float> field;
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<std::vector<std::int16_t>> residuals;
  const std::uint8_t* pages[kLanes];
};

std::vector<double> Responses(const Kernels& kernels, const PageFormat& format, float decay) {
  Material m(format.weights, format);
  AlignedBuffer<float> scale = Aligned(m.random.Floats(kLanes, 0, 3.0 / (format.weights * format.levels)));
  AlignedBuffer<float> state = Aligned(m.random.Floats(kLanes, -1, 1)), output(kLanes), slope(kLanes);
  std::uint8_t kinds[kLanes];
  std::vector<double> seen;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane)
    if (m.pages[lane] == kZeroPage) scale[lane] = 0;
  for (std::uint8_t first = 0; first < 12; ++first) {
    for (std::uint32_t lane = 0; lane < kLanes; ++lane)
      kinds[lane] = static_cast<std::uint8_t>((first + lane) % 12);
    Response response{};
    response.field = m.field.data();
    response.pages = m.pages;
    response.scale = scale.data();
    response.kinds = kinds;
    response.decay = decay;
    response.state = decay == 0 ? nullptr : state.data();
    response.output = output.data();
    response.slope = slope.data();
    kernels.respond(format, response);
    for (const auto* values : {&state, &output, &slope}) Append(seen, *values);
    for (std::uint32_t lane = 3; lane < kLanes; lane += 5) CHECK_EQUAL(output[lane], 0.0f);
  }
  return seen;
}

std::vector<double> Changes(const Kernels& kernels, const PageFormat& format, bool residual,
                            std::uint32_t lanes) {
  Material m(format.weights + 100, format);
  AlignedBuffer<float> step = Aligned(m.random.Floats(kLanes, -3, 3)), dots(kLanes);
  std::uint32_t ids[kLanes], stream[kLanes];
  std::uint8_t* pages[kLanes];
  std::int16_t* residuals[kLanes];
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    ids[lane] = m.random.Bits();
    stream[lane] = m.random.Bits();
    pages[lane] = lane < lanes ? m.bytes[lane].data() : nullptr;
    residuals[lane] = lane < lanes ? m.residuals[lane].data() : nullptr;
    if (lane >= lanes) step[lane] = 0;
  }
  std::vector<double> seen;
  for (std::uint32_t batch = 0; batch < 4; ++batch) {
    Update update{};
    update.gradient = m.field.data();
    update.step = step.data();
    update.pages = pages;
    update.residuals = residual ? residuals : nullptr;
    update.ids = ids;
    update.stream = stream;
    update.batch = batch;
    update.key[0] = 5;
    update.key[1] = 9;
    update.lanes = lanes;
    update.dots = dots.data();
    kernels.update(format, update);
    for (const auto& page : m.bytes) Append(seen, page);
    for (const auto& rest : m.residuals) Append(seen, rest);
    seen.insert(seen.end(), dots.begin(), dots.begin() + lanes);
  }
  return seen;
}

/// Rows, windows, contexts and sums over pages of a grid of 200 cells.
std::vector<double> Sights(const Kernels& kernels, std::uint32_t pattern_bits) {
  Random random(7 + pattern_bits);
  std::vector<double> seen;
  const std::array<std::uint32_t, 3> size = {3, 2, 3};
  std::vector<std::array<std::uint32_t, 3>> offsets;
  std::vector<std::uint32_t> parts;
  for (std::uint32_t i = 0; i < 18; ++i) offsets.push_back({i % 3, i / 3 % 2, i / 6});
  for (std::uint32_t i = 0; i < 8 * kLanes; ++i)
    parts.push_back(random.Below(8) << (i < 3 * kLanes ? 0 : i < 5 * kLanes ? 3 : 6));
  AlignedBuffer<float> values = Aligned(random.Floats(512 * kLanes, -1.2, 1.2)), field(32 * kLanes);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.Below(4) == 0 ? 0 : values[i];
  AlignedBuffer<float> middle = Aligned(random.Floats(kLanes, -1.2, 1.2)), sums(64 * 32);
  const auto contexts = [&] {
    std::uint8_t found[kLanes];
    seen.push_back(kernels.contexts(field.data(), middle.data(), 18, pattern_bits, found));
    Append(seen, found);
  };
  kernels.load_cells(values.data(), {parts.data(), size, offsets.data(), 18}, field.data());
  Append(seen, field);
  contexts();
  std::uint32_t codes[18];
  for (std::uint32_t& code : codes) code = random.Below(512);
  kernels.load_rows(values.data(), kLanes, codes, 18, field.data());
  Append(seen, field);
  contexts();
  std::fill(field.begin(), field.begin() + 18 * kLanes, 0.0f);
  field[5 * kLanes + 3] = 1e-30f;
  contexts();
  CHECK_EQUAL(seen[seen.size() - kLanes - 1], 8.0);  // one lane sees something
  return seen;
}

std::vector<double> Gradients(const Kernels& kernels, std::uint32_t weights) {
  const PageFormat format = FormatOf(weights, 4);
  Material m(weights + 200, format);
  const std::size_t width = (weights + 15) / 16 * 16;
  const AlignedBuffer<float> delta = Aligned(m.random.Floats(kLanes, -1, 1));
  AlignedBuffer<float> sums(width * 5);
  std::uint8_t rows[kLanes];
  for (std::uint32_t lane = 0; lane < kLanes; ++lane)
    rows[lane] = lane % 6 == 5 ? std::uint8_t{255} : static_cast<std::uint8_t>(m.random.Below(5));
  kernels.accumulate(m.field.data(), delta.data(), rows, weights, width, sums.data());
  kernels.accumulate(m.field.data(), delta.data(), rows, weights, width, sums.data());
  std::vector<double> seen;
  for (std::size_t row = 0; row < 5; ++row)
    for (std::size_t k = 0; k < weights; ++k) seen.push_back(static_cast<double>(sums[row * width + k]));
  return seen;
}

/// Errors that sixteen samples of one site pass to 18 cells of a grid of 32.
std::vector<double> Scattered(const Kernels& kernels, std::uint32_t bits) {
  const PageFormat format = FormatOf(19, bits);
  Material m(bits + 300, format);
  AlignedBuffer<float> delta = Aligned(m.random.Floats(kLanes, -1, 1));
  AlignedBuffer<float> errors = Aligned(m.random.Floats(32 * kLanes, -1, 1));
  std::uint32_t codes[18];
  for (std::uint32_t k = 0; k < 18; ++k) codes[k] = k * 7 % 32;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane)
    if (m.pages[lane] == kZeroPage) delta[lane] = 0;
  Scatter scatter{};
  scatter.delta = delta.data();
  scatter.pages = m.pages;
  scatter.errors = errors.data();
  scatter.stride = kLanes;
  scatter.codes = codes;
  scatter.cells = 18;
  kernels.scatter(format, scatter);
  std::vector<double> seen;
  Append(seen, errors);
  return seen;
}

/// Errors that sixteen cells collect from a grid of 32, some of which say nothing, through windows of 3 x 3
/// x 2.
std::vector<double> Gathered(const Kernels& kernels, std::uint32_t bits) {
  const PageFormat format = FormatOf(19, bits);
  Material m(bits + 400, format);
  const AlignedBuffer<float> delta = Aligned(m.random.Floats(32, -1, 1));
  std::vector<std::uint8_t> weights;
  for (const auto& page : m.bytes) weights.insert(weights.end(), page.begin(), page.end());
  weights.resize(weights.size() + 8);  // vectors may read beyond the last page
  std::vector<std::uint32_t> routes(32), seers, places, slots(18);
  for (std::uint32_t& route : routes) route = m.random.Below(5) == 0 ? kNoPage : m.random.Below(kLanes);
  for (std::uint32_t k = 0; k < 18; ++k) slots[k] = k * 5 % 18;
  const std::uint32_t counts[3] = {3, 2, 2}, place_unit[3] = {1, 3, 9}, sides[3] = {3, 3, 2};
  for (std::uint32_t axis = 0; axis < 3; ++axis) {
    for (std::uint32_t i = 0; i < counts[axis] * kLanes; ++i) {
      const std::uint32_t part = m.random.Below(axis == 2 ? 2 : 4) << 2 * axis;
      seers.push_back(m.random.Below(6) == 0 ? kNoPage : part);
      places.push_back(m.random.Below(sides[axis]) * place_unit[axis]);
    }
  }
  float sums[kLanes];
  Gather gather{};
  gather.delta = delta.data();
  gather.routes = routes.data();
  gather.weights = weights.data();
  gather.seers = seers.data();
  gather.places = places.data();
  std::copy(std::begin(counts), std::end(counts), gather.counts);
  gather.slots = slots.data();
  gather.sums = sums;
  kernels.gather(format, gather);
  std::vector<double> seen;
  Append(seen, sums);
  return seen;
}

/// Calls check(the portable kernels' result, another's) for all others.
template <class Run>
void CheckAlike(Run&& run) {
  const std::vector<const Kernels*> tables = SupportedTables();
  const std::vector<double> expected = run(*tables[0]);
  CHECK(!expected.empty());
  for (const double value : expected) CHECK(std::isfinite(value));
  for (const Kernels* kernels : tables) CHECK(run(*kernels) == expected);
}

TEST("spatial kernels: every instruction set responds with the same bits") {
  for (const std::uint32_t weights : kCounts)
    for (const std::uint32_t bits : kBits)
      for (const float decay : {0.0f, 0.3f})
        CheckAlike([&](const Kernels& k) { return Responses(k, FormatOf(weights, bits), decay); });
}

TEST("spatial kernels: every instruction set changes pages to the same bits") {
  for (const std::uint32_t weights : kCounts)
    for (const std::uint32_t bits : kBits)
      for (const std::uint32_t lanes : {1u, 7u, 16u})
        for (const bool residual : {false, true})
          CheckAlike([&](const Kernels& k) { return Changes(k, FormatOf(weights, bits), residual, lanes); });
}

TEST("spatial kernels: every instruction set sees the same bits") {
  for (std::uint32_t pattern_bits = 0; pattern_bits <= 3; ++pattern_bits)
    CheckAlike([&](const Kernels& k) { return Sights(k, pattern_bits); });
}

TEST("spatial kernels: every instruction set finds the page of a context") {
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    std::uint64_t stored[kLanes];
    std::uint8_t contexts[kLanes];
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      stored[lane] = std::uint64_t{random.Bits()} << 32 | random.Bits();
      if (round % 3 == 0)
        stored[lane] &= std::uint64_t{random.Bits()} << random.Below(33) & ~std::uint64_t{1};
      if (round % 7 == 0) stored[lane] = round % 2 == 0 ? 0 : ~std::uint64_t{0};
      contexts[lane] = static_cast<std::uint8_t>(round % 5 == 0 ? 63 * random.Below(2) : random.Below(64));
    }
    for (const Kernels* kernels : SupportedTables()) {
      std::uint32_t ranks[kLanes];
      kernels->ranks(stored, contexts, ranks);
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        std::uint32_t upto = 0;
        for (std::uint32_t context = 0; context <= contexts[lane]; ++context)
          upto += stored[lane] >> context & 1;
        CHECK_EQUAL(ranks[lane], upto == 0 ? 0 : upto - 1);
      }
    }
  }
}

TEST("spatial kernels: every instruction set passes errors down with the same bits") {
  for (const std::uint32_t bits : kBits) {
    CheckAlike([&](const Kernels& k) { return Scattered(k, bits); });
    CheckAlike([&](const Kernels& k) { return Gathered(k, bits); });
  }
}

TEST("spatial kernels: every instruction set adds up gradients to the same bits") {
  for (const std::uint32_t weights : kCounts)
    CheckAlike([&](const Kernels& k) { return Gradients(k, weights); });
}

}  // namespace
}  // namespace synfire::spatial
