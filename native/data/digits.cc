// From a stroke model to pixels: jitter the points, bend and place the strokes, then lay down ink.
#include "native/data/digits.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>

#include "native/base/error.h"
#include "native/base/philox.h"
#include "native/data/digit_glyphs.h"
#include "native/data/portable_math.h"

namespace synfire {
namespace {

constexpr uint32_t kStream = 0x44494749;  // keeps these numbers apart from every other use of the seed
constexpr int kPixels = kDigitSide * kDigitSide;
constexpr int kMaxPath = 160;
constexpr int kPiecesPerSpan = 6;

// The random numbers of one digit, in the order in which they are asked for.
class DigitRandom {
 public:
  DigitRandom(uint64_t seed, uint32_t index)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32) ^ kStream}, index_(index) {}

  uint32_t Bits() {
    if (used_ == 4) {
      words_ = Philox({block_++, index_, 0, 0}, key_);
      used_ = 0;
    }
    return words_[used_++];
  }

  float Uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(Bits() >> 8) * 0x1p-24f);
  }

  bool Chance(float probability) { return Uniform(0, 1) < probability; }

  // Nearly normal with mean 0 and deviation 1, within +-3.5: the sum of four uniforms.
  float Normal() {
    const uint32_t a = Bits();
    const uint32_t b = Bits();
    const uint32_t sum = (a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16);
    return (static_cast<float>(sum) - 131070.0f) * (1.7320508f / 65536);
  }

  float Normal(float mean, float deviation, float low, float high) {
    return std::clamp(mean + deviation * Normal(), low, high);
  }

 private:
  std::array<uint32_t, 2> key_;
  uint32_t index_;
  uint32_t block_ = 0;
  int used_ = 4;
  std::array<uint32_t, 4> words_{};
};

// A point of the drawn line: where, how wide, how dark. `joined` says that a line leads here from the point
// before.
struct PathPoint {
  float x;
  float y;
  float radius;
  float ink;
  bool joined;
};

// The drawn line of one digit.
class Path {
 public:
  void Add(const PathPoint& point) {
    if (size_ < kMaxPath) points_[size_++] = point;
  }
  PathPoint* begin() { return points_.data(); }
  PathPoint* end() { return points_.data() + size_; }

 private:
  std::array<PathPoint, kMaxPath> points_;
  int size_ = 0;
};

// How one digit is written.
struct Hand {
  float jitter;    // of every point, in glyph heights
  float bend_x;    // moves the middle of the glyph sideways
  float bend_y;    // moves the middle of the glyph up or down
  float aspect;    // width over height
  float slant;     // shear
  float turn;      // radians
  float size;      // pixels of the longer side
  float warp;      // pixels of smooth distortion
  float radius;    // of the pen, in pixels
  float softness;  // pixels over which ink fades at the edge
  float darkness;  // of full ink
  float grain;     // share of ink that paper texture may take away
  float blur;      // weight of each neighbour
};

Hand DrawHand(DigitRandom& random) {
  Hand hand;
  hand.jitter = random.Uniform(0.02f, 0.065f);
  hand.bend_x = random.Normal(0, 0.2f, -0.6f, 0.6f);
  hand.bend_y = random.Normal(0, 0.3f, -0.7f, 0.7f);
  hand.aspect = random.Normal(0.88f, 0.19f, 0.55f, 1.4f);
  hand.slant = random.Normal(0.2f, 0.24f, -0.45f, 0.8f);
  hand.turn = static_cast<float>(Radians(7)) * random.Normal();
  hand.radius =
      std::min(random.Normal(1.27f, 0.36f, 0.65f, 2.0f), 1.9f * hand.aspect);  // narrow loops stay open
  hand.size = random.Normal(19.0f, 0.9f, 15.5f, 21) - hand.radius;
  hand.warp = random.Uniform(0.4f, 1.3f);
  hand.softness = random.Uniform(0.7f, 1.0f);
  hand.darkness = random.Chance(0.12f) ? random.Uniform(0.6f, 1.0f) : 1.12f;
  hand.grain = random.Chance(0.25f) ? random.Uniform(0.05f, 0.4f) : 0.01f;
  hand.blur = random.Chance(0.35f) ? random.Uniform(0.03f, 0.15f) : 0;
  return hand;
}

const Glyph& ChooseGlyph(int digit, DigitRandom& random) {
  const std::span<const Glyph> glyphs = GlyphsOf(digit);
  float rest = random.Uniform(0, 1);
  size_t choice = 0;
  while (choice + 1 < glyphs.size() && rest >= glyphs[choice].weight) rest -= glyphs[choice++].weight;
  return glyphs[choice];
}

// The glyph's points as this hand places them.
struct Knots {
  static constexpr size_t kMax = 24;
  std::array<PathPoint, kMax> at;
  std::array<Pen, kMax> pen;
  size_t size = 0;

  bool starts(size_t i) const { return pen[i] == Pen::kStart; }
  bool ends(size_t i) const { return i + 1 == size || starts(i + 1); }
};

// Lengthens or shortens the stroke at its end `i`, whose neighbour is `from`.
void StretchEnd(Knots& knots, size_t i, size_t from, DigitRandom& random) {
  const float by = random.Normal(0.02f, 0.12f, -0.25f, 0.4f);
  knots.at[i].x += by * (knots.at[i].x - knots.at[from].x);
  knots.at[i].y += by * (knots.at[i].y - knots.at[from].y);
}

Knots PlaceKnots(const Glyph& glyph, const Hand& hand, DigitRandom& random) {
  Knots knots;
  float drift_x = 0, drift_y = 0;  // neighbours stray together, which keeps curves smooth
  for (const GlyphPoint& point : glyph.points) {
    drift_x = 0.6f * drift_x + 0.8f * hand.jitter * random.Normal();
    drift_y = 0.6f * drift_y + 0.8f * hand.jitter * random.Normal();
    const float x = point.x + hand.bend_x * point.y * (1 - point.y) + drift_x;
    const float y = point.y + hand.bend_y * point.y * (1 - point.y) + drift_y;
    const float pressure = random.Normal(1, 0.14f, 0.6f, 1.4f);
    knots.pen[knots.size] = point.pen;
    knots.at[knots.size++] = {x, y, hand.radius * pressure,
                              hand.darkness * random.Normal(1, 0.05f, 0.8f, 1.1f), point.pen != Pen::kStart};
  }
  for (size_t i = 0; i < knots.size; ++i) {
    if (knots.starts(i)) StretchEnd(knots, i, i + 1, random);
    if (knots.ends(i)) StretchEnd(knots, i, i - 1, random);
  }
  return knots;
}

float CatmullRom(float before, float from, float to, float after, float t) {
  return from + 0.5f * t *
                    ((to - before) +
                     t * ((2 * before - 5 * from + 4 * to - after) + t * (3 * (from - to) + after - before)));
}

// The curve through the knots, as short straight pieces.
void Trace(const Knots& knots, Path& path) {
  for (size_t i = 0; i < knots.size; ++i) {
    const PathPoint& from = knots.at[i];
    if (knots.starts(i)) path.Add(from);
    if (knots.ends(i)) continue;
    const PathPoint& to = knots.at[i + 1];
    const bool turns_here = knots.pen[i] != Pen::kSmooth;
    const bool turns_there = knots.ends(i + 1) || knots.pen[i + 1] == Pen::kCorner;
    const PathPoint& before = turns_here ? from : knots.at[i - 1];
    const PathPoint& after = turns_there ? to : knots.at[i + 2];
    for (int piece = 1; piece <= kPiecesPerSpan; ++piece) {
      const float t = static_cast<float>(piece) / kPiecesPerSpan;
      path.Add({CatmullRom(before.x, from.x, to.x, after.x, t),
                CatmullRom(before.y, from.y, to.y, after.y, t), from.radius + t * (to.radius - from.radius),
                from.ink + t * (to.ink - from.ink), true});
    }
  }
}

// Slants, turns and scales the line so that its longer side has the hand's size, starting at (0, 0).
void Fit(const Hand& hand, Path& path) {
  const auto cosine = static_cast<float>(PortableCos(static_cast<double>(hand.turn)));
  const auto sine = static_cast<float>(PortableSin(static_cast<double>(hand.turn)));
  float left = 1e9f, right = -1e9f, top = 1e9f, bottom = -1e9f;
  for (PathPoint& point : path) {
    const float x = (point.x - 0.5f) * hand.aspect + hand.slant * (0.5f - point.y);
    const float y = point.y - 0.5f;
    point.x = cosine * x - sine * y;
    point.y = sine * x + cosine * y;
    left = std::min(left, point.x);
    right = std::max(right, point.x);
    top = std::min(top, point.y);
    bottom = std::max(bottom, point.y);
  }
  const float scale = hand.size / std::max(right - left, bottom - top);
  for (PathPoint& point : path) {
    point.x = (point.x - left) * scale;
    point.y = (point.y - top) * scale;
  }
}

// Smooth distortion: a quadratic B-spline over a coarse grid of random displacements.
void Distort(const Hand& hand, DigitRandom& random, Path& path) {
  constexpr float kSpacing = 7;
  constexpr int kControls = 6;
  constexpr float kGain = 1.55f;  // makes the root mean square of the field about hand.warp
  std::array<float, kControls * kControls> dx, dy;
  for (int i = 0; i < kControls * kControls; ++i) {
    dx[i] = kGain * hand.warp * random.Normal();
    dy[i] = kGain * hand.warp * random.Normal();
  }
  for (PathPoint& point : path) {
    const float u = std::clamp(point.x / kSpacing, 0.0f, kControls - 2.001f);
    const float v = std::clamp(point.y / kSpacing, 0.0f, kControls - 2.001f);
    const int column = static_cast<int>(u);
    const int row = static_cast<int>(v);
    const float s = u - static_cast<float>(column);
    const float t = v - static_cast<float>(row);
    const float wx[3] = {0.5f * (1 - s) * (1 - s), 0.5f + s * (1 - s), 0.5f * s * s};
    const float wy[3] = {0.5f * (1 - t) * (1 - t), 0.5f + t * (1 - t), 0.5f * t * t};
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 3; ++i) {
        const int control = (row + j) * kControls + column + i;
        point.x += wx[i] * wy[j] * dx[control];
        point.y += wx[i] * wy[j] * dy[control];
      }
    }
  }
}

// Moves the ink's centre of mass to the middle of the image, give or take a pixel.
void Centre(DigitRandom& random, Path& path) {
  float mass = 0, mass_x = 0, mass_y = 0;
  const PathPoint* before = path.begin();
  for (const PathPoint& point : path) {
    if (point.joined) {
      const float dx = point.x - before->x;
      const float dy = point.y - before->y;
      const float ink = std::sqrt(dx * dx + dy * dy) * point.radius + 1e-6f;
      mass += ink;
      mass_x += ink * 0.5f * (point.x + before->x);
      mass_y += ink * 0.5f * (point.y + before->y);
    }
    before = &point;
  }
  const float to_x = 0.5f * (kDigitSide - 1) + random.Uniform(-0.8f, 0.8f) - mass_x / mass;
  const float to_y = 0.5f * (kDigitSide - 1) + random.Uniform(-0.8f, 0.8f) - mass_y / mass;
  for (PathPoint& point : path) {
    point.x += to_x;
    point.y += to_y;
  }
}

// A slip of the pen somewhere on the paper.
void AddStray(const Hand& hand, DigitRandom& random, Path& path) {
  const float x = random.Uniform(3, kDigitSide - 4);
  const float y = random.Uniform(3, kDigitSide - 4);
  const float radius = 0.7f * hand.radius;
  path.Add({x, y, radius, hand.darkness, false});
  path.Add({x + random.Uniform(-3, 3), y + random.Uniform(-3, 3), radius, hand.darkness, true});
}

using Image = std::array<float, kPixels>;

// Lays the ink of one straight piece: full inside the pen's radius, fading across its edge.
void InkPiece(const PathPoint& from, const PathPoint& to, float softness, Image& image) {
  const float radius = 0.5f * (from.radius + to.radius);
  const float ink = 0.5f * (from.ink + to.ink);
  const float reach = radius + softness;
  const auto first = [reach](float a, float b) {
    return std::max(0, static_cast<int>(std::ceil(std::min(a, b) - reach)));
  };
  const auto last = [reach](float a, float b) {
    return std::min(kDigitSide - 1, static_cast<int>(std::floor(std::max(a, b) + reach)));
  };
  const int left = first(from.x, to.x), right = last(from.x, to.x);
  const int top = first(from.y, to.y), bottom = last(from.y, to.y);
  const float dx = to.x - from.x;
  const float dy = to.y - from.y;
  const float per_length = 1 / (dx * dx + dy * dy + 1e-12f);
  const float slope = 0.5f / (radius * softness);  // (r^2 - d^2) / 2r is about r - d near the edge
  const float level = slope * radius * radius + 0.5f;
  for (int y = top; y <= bottom; ++y) {
    const float py = static_cast<float>(y) - from.y;
    float* row = &image[static_cast<size_t>(y) * kDigitSide];
    for (int x = left; x <= right; ++x) {
      const float px = static_cast<float>(x) - from.x;
      const float t = std::min(std::max((px * dx + py * dy) * per_length, 0.0f), 1.0f);
      const float ex = px - t * dx;
      const float ey = py - t * dy;
      const float cover = std::min(level - slope * (ex * ex + ey * ey), 1.0f) * ink;
      row[x] = std::max(row[x], cover);
    }
  }
}

void Ink(Path& path, float softness, Image& image) {
  image.fill(0);
  const PathPoint* before = path.begin();
  for (const PathPoint& point : path) {
    if (point.joined) InkPiece(*before, point, softness, image);
    before = &point;
  }
}

void BlurLines(const Image& in, int step, int line_step, float weight, Image& out) {
  for (int line = 0; line < kDigitSide; ++line) {
    const float* from = &in[static_cast<size_t>(line) * line_step];
    float* to = &out[static_cast<size_t>(line) * line_step];
    for (int i = 0; i < kDigitSide; ++i) {
      const float before = i > 0 ? from[(i - 1) * step] : 0;
      const float after = i + 1 < kDigitSide ? from[(i + 1) * step] : 0;
      to[i * step] = from[i * step] + weight * (before + after - 2 * from[i * step]);
    }
  }
}

void Blur(float weight, Image& image) {
  Image lines;
  BlurLines(image, 1, kDigitSide, weight, lines);
  BlurLines(lines, kDigitSide, 1, weight, image);
}

// Ink takes to the paper's texture; faint traces stay white.
void Develop(const Hand& hand, DigitRandom& random, const Image& image, uint8_t* pixels) {
  constexpr float kFaintest = 0.04f;
  uint32_t texture = 0;
  for (int i = 0; i < kPixels; ++i) {
    if (image[i] < kFaintest) {
      pixels[i] = 0;
      continue;
    }
    if (texture == 0) texture = random.Bits() | 1u << 31;
    const float grain = static_cast<float>(texture & 0xff) * (1.0f / 255);
    texture >>= 8;
    const float ink = image[i] * (1 - hand.grain * grain);
    pixels[i] = static_cast<uint8_t>(std::min(ink, 1.0f) * 255 + 0.5f);
  }
}

}  // namespace

int DrawDigit(uint64_t seed, uint32_t index, uint8_t* pixels) {
  constexpr float kStrays = 0.03f;
  DigitRandom random(seed, index);
  const int digit = static_cast<int>((random.Bits() * static_cast<uint64_t>(kDigitClasses)) >> 32);
  const Hand hand = DrawHand(random);
  const Glyph& glyph = ChooseGlyph(digit, random);
  Path path;
  Trace(PlaceKnots(glyph, hand, random), path);
  Fit(hand, path);
  Distort(hand, random, path);
  Centre(random, path);
  if (random.Chance(kStrays)) AddStray(hand, random, path);
  Image image;
  Ink(path, hand.softness, image);
  if (hand.blur > 0) Blur(hand.blur, image);
  Develop(hand, random, image, pixels);
  return digit;
}

void GenerateDigits(Dataset& dataset, uint64_t seed, uint32_t first_index, ThreadTeam& team,
                    const std::function<void(uint32_t done)>& progress) {
  constexpr uint32_t kPerTask = 64;
  constexpr uint32_t kTasksPerRun = 32;
  if (dataset.sample_bytes() != kPixels || dataset.classes() < kDigitClasses) {
    throw InvalidArgument("dataset",
                          std::to_string(dataset.sample_bytes()) + " bytes a sample and " +
                              std::to_string(dataset.classes()) + " classes",
                          "28 x 28 bytes a sample and 10 classes");
  }
  const std::span<uint8_t> pixels = dataset.MutableSamples(0, dataset.samples());
  const std::span<int32_t> labels = dataset.MutableLabels(0, dataset.samples());
  for (uint32_t done = 0; done < dataset.samples();) {
    const uint32_t count = std::min(dataset.samples() - done, kPerTask * kTasksPerRun);
    team.Run(static_cast<int>((count + kPerTask - 1) / kPerTask), [&](int task, int) {
      const uint32_t first = done + static_cast<uint32_t>(task) * kPerTask;
      for (uint32_t i = first; i < std::min(first + kPerTask, done + count); ++i) {
        labels[i] = DrawDigit(seed, first_index + i, &pixels[static_cast<size_t>(i) * kPixels]);
      }
    });
    done += count;
    progress(done);
  }
}

}  // namespace synfire
