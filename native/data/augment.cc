// Shift by copying; everything else by one bilinear resampling along a smooth displacement.
#include "native/data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "native/base/error.h"
#include "native/base/philox.h"
#include "native/data/portable_math.h"

namespace synfire {
namespace {

constexpr uint32_t kStream = 0x4155474d;  // keeps these numbers apart from every other use of the seed
constexpr int kFractionBits = 7;
constexpr int kOne = 1 << kFractionBits;
constexpr float kMaxSigma = 1000;

// What one sample drew.
struct Draw {
  int shift_x;
  int shift_y;
  double angle;  // radians
};

struct Random {
  uint32_t epoch;
  uint32_t sample;
  std::array<uint32_t, 2> key;

  std::array<uint32_t, 4> Block(uint32_t block) const { return Philox({block, sample, epoch, 0}, key); }
};

int Uniform(uint32_t bits, int range) {
  return static_cast<int>((bits * static_cast<uint64_t>(2 * range + 1)) >> 32) - range;
}

Draw DrawRigid(const Augmentation& augmentation, const Random& random) {
  const auto words = random.Block(0);
  const double turn = static_cast<double>(words[2]) * 0x1p-31 - 1;
  return {Uniform(words[0], augmentation.shift), Uniform(words[1], augmentation.shift),
          Radians(turn * static_cast<double>(augmentation.rotate_degrees))};
}

void Shift(const uint8_t* in, int height, int width, const Draw& draw, uint8_t* out) {
  const int rows = height - std::abs(draw.shift_y);
  const int gap = std::abs(draw.shift_x);
  const int out_row = std::max(draw.shift_y, 0);
  const int in_row = std::max(-draw.shift_y, 0);
  uint8_t* const first = out + out_row * width;
  std::memset(out, 0, static_cast<size_t>(out_row) * width);
  std::memset(first + rows * width, 0, static_cast<size_t>(height - rows - out_row) * width);
  std::memcpy(first + std::max(draw.shift_x, 0), in + in_row * width + std::max(-draw.shift_x, 0),
              static_cast<size_t>(rows) * width - gap);
  uint8_t* edge = draw.shift_x > 0 ? first : first + width - gap;
  for (int row = 0; row < rows && gap > 0; ++row, edge += width) std::memset(edge, 0, gap);
}

// Cubic B-spline weights; a spline over random controls `spacing` apart is as smooth as noise filtered with a
// Gaussian whose sigma is spacing / sqrt(3).
AugmentWorkspace::Axis MakeAxis(int size, float sigma) {
  const double spacing = static_cast<double>(sigma) * std::sqrt(3.0);
  AugmentWorkspace::Axis axis;
  axis.controls = static_cast<int>((size - 1) / spacing) + 4;
  axis.first.resize(size);
  axis.weights.resize(static_cast<size_t>(size) * 4);
  for (int i = 0; i < size; ++i) {
    const double position = i / spacing;
    const int knot = static_cast<int>(position);
    const double t = position - knot;
    const double s = 1 - t;
    float* weights = &axis.weights[static_cast<size_t>(i) * 4];
    axis.first[i] = knot;
    weights[0] = static_cast<float>(s * s * s / 6);
    weights[1] = static_cast<float>((4 - 6 * t * t + 3 * t * t * t) / 6);
    weights[2] = static_cast<float>((4 - 6 * s * s + 3 * s * s * s) / 6);
    weights[3] = static_cast<float>(t * t * t / 6);
  }
  return axis;
}

// Controls uniform in [-limit, limit], where limit makes the interpolated field's root mean square `elastic`.
void DrawControls(const Augmentation& augmentation, const Random& random, AugmentWorkspace& workspace) {
  constexpr double kSplineGain = 0.4794;           // mean root sum of squares of the 16 weights
  constexpr double kUniform = 0.5773502691896258;  // standard deviation of a uniform in [-1, 1]
  const auto unit =
      static_cast<float>(static_cast<double>(augmentation.elastic) / (kSplineGain * kUniform) / 32768);
  const size_t count = workspace.controls.size() / 2;
  for (size_t i = 0; i < count; i += 4) {
    const auto words = random.Block(1 + static_cast<uint32_t>(i / 4));
    for (size_t k = 0; k < std::min<size_t>(4, count - i); ++k) {
      workspace.controls[i + k] = unit * (static_cast<float>(words[k] & 0xffff) - 32767.5f);
      workspace.controls[count + i + k] = unit * (static_cast<float>(words[k] >> 16) - 32767.5f);
    }
  }
}

// Interpolates both fields of controls along rows: controls x columns becomes controls x width.
void InterpolateLines(int width, AugmentWorkspace& workspace) {
  const AugmentWorkspace::Axis& axis = workspace.columns;
  const int count = 2 * workspace.rows.controls;
  for (int row = 0; row < count; ++row) {
    const float* controls = &workspace.controls[static_cast<size_t>(row) * axis.controls];
    float* line = &workspace.lines[static_cast<size_t>(row) * width];
    for (int x = 0; x < width; ++x) {
      const float* c = controls + axis.first[x];
      const float* w = &axis.weights[static_cast<size_t>(x) * 4];
      line[x] = (c[0] * w[0] + c[1] * w[1]) + (c[2] * w[2] + c[3] * w[3]);
    }
  }
}

void InterpolateRow(const float* __restrict lines, const float* __restrict weights, int width,
                    float* __restrict out) {
  for (int x = 0; x < width; ++x) {
    out[x] = (lines[x] * weights[0] + lines[x + width] * weights[1]) +
             (lines[x + 2 * width] * weights[2] + lines[x + 3 * width] * weights[3]);
  }
}

// The displacement of every pixel of row y into workspace.displacement.
void DisplaceRow(int y, int width, AugmentWorkspace& workspace) {
  const AugmentWorkspace::Axis& axis = workspace.rows;
  const float* lines = &workspace.lines[static_cast<size_t>(axis.first[y]) * width];
  const float* weights = &axis.weights[static_cast<size_t>(y) * 4];
  InterpolateRow(lines, weights, width, workspace.displacement.data());
  InterpolateRow(lines + static_cast<size_t>(axis.controls) * width, weights, width,
                 workspace.displacement.data() + width);
}

// Affine part of the way from an output pixel to its source: source = origin + x * step_x + y * step_y.
struct Affine {
  float origin_x, origin_y, cosine, sine;
};

// The inverse of "rotate about the centre, then shift", in coordinates of the padded image.
Affine Inverse(const Draw& draw, int height, int width) {
  const double c = PortableCos(draw.angle);
  const double s = PortableSin(draw.angle);
  const double centre_x = (width - 1) / 2.0;
  const double centre_y = (height - 1) / 2.0;
  const double from_x = -centre_x - draw.shift_x;
  const double from_y = -centre_y - draw.shift_y;
  return {static_cast<float>(centre_x + 1 + c * from_x + s * from_y),
          static_cast<float>(centre_y + 1 - s * from_x + c * from_y), static_cast<float>(c),
          static_cast<float>(s)};
}

// Where each pixel of row y comes from: corner and fraction.
void LocateRow(const Affine& affine, int y, int height, int width, const float* __restrict displacement,
               uint32_t* __restrict corner, uint16_t* __restrict fraction) {
  const float row_x = affine.origin_x + static_cast<float>(y) * affine.sine;
  const float row_y = affine.origin_y + static_cast<float>(y) * affine.cosine;
  const auto limit_x = static_cast<float>((width + 1) * kOne - 1);
  const auto limit_y = static_cast<float>((height + 1) * kOne - 1);
  const int stride = width + 2;
  for (int x = 0; x < width; ++x) {
    const float source_x = (row_x + static_cast<float>(x) * affine.cosine + displacement[x]) * kOne;
    const float source_y = (row_y - static_cast<float>(x) * affine.sine + displacement[width + x]) * kOne;
    const int fixed_x = static_cast<int>(std::min(std::max(source_x + 0.5f, 0.0f), limit_x));
    const int fixed_y = static_cast<int>(std::min(std::max(source_y + 0.5f, 0.0f), limit_y));
    corner[x] = static_cast<uint32_t>((fixed_y >> kFractionBits) * stride + (fixed_x >> kFractionBits));
    fraction[x] = static_cast<uint16_t>((fixed_x & (kOne - 1)) | ((fixed_y & (kOne - 1)) << 8));
  }
}

void Locate(const Augmentation& augmentation, const Random& random, const Draw& draw, int height, int width,
            AugmentWorkspace& workspace) {
  const bool elastic = augmentation.elastic > 0;
  const Affine affine = Inverse(draw, height, width);
  if (elastic) {
    DrawControls(augmentation, random, workspace);
    InterpolateLines(width, workspace);
  }
  for (int y = 0; y < height; ++y) {
    if (elastic) DisplaceRow(y, width, workspace);
    const size_t first = static_cast<size_t>(y) * width;
    LocateRow(affine, y, height, width, workspace.displacement.data(), &workspace.corner[first],
              &workspace.fraction[first]);
  }
}

void Resample(const uint8_t* in, int height, int width, AugmentWorkspace& workspace, uint8_t* out) {
  const int stride = width + 2;
  for (int y = 0; y < height; ++y) {
    std::memcpy(&workspace.padded[static_cast<size_t>(y + 1) * stride + 1],
                in + static_cast<size_t>(y) * width, width);
  }
  const size_t pixels = static_cast<size_t>(height) * width;
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t* p = &workspace.padded[workspace.corner[i]];
    const int fx = workspace.fraction[i] & 0xff;
    const int fy = workspace.fraction[i] >> 8;
    const int top = p[0] * (kOne - fx) + p[1] * fx;
    const int bottom = p[stride] * (kOne - fx) + p[stride + 1] * fx;
    out[i] = static_cast<uint8_t>((top * (kOne - fy) + bottom * fy + kOne * kOne / 2) >> (2 * kFractionBits));
  }
}

template <class T>
void Require(bool valid, const char* field, T value, const std::string& expected) {
  if (!valid) throw InvalidArgument(field, std::to_string(value), expected);
}

}  // namespace

void CheckAugmentation(const Augmentation& augmentation, int height, int width) {
  const int side = std::min(height, width);
  Require(augmentation.shift >= 0 && augmentation.shift < side, "augmentation.shift", augmentation.shift,
          "0 to " + std::to_string(side - 1) + " pixels");
  Require(augmentation.rotate_degrees >= 0 && augmentation.rotate_degrees <= 180, "augmentation.rotate",
          augmentation.rotate_degrees, "0 to 180 degrees");
  Require(augmentation.elastic >= 0 && augmentation.elastic <= static_cast<float>(side),
          "augmentation.elastic", augmentation.elastic, "0 to " + std::to_string(side) + " pixels");
  Require(augmentation.elastic_sigma >= 0.5f && augmentation.elastic_sigma <= kMaxSigma,
          "augmentation.elasticSigma", augmentation.elastic_sigma, "0.5 to 1000 pixels");
}

AugmentWorkspace::AugmentWorkspace(const Augmentation& augmentation, int height, int width) {
  if (!augmentation.warps()) return;
  const size_t pixels = static_cast<size_t>(height) * width;
  displacement.resize(static_cast<size_t>(width) * 2);
  corner.resize(pixels);
  fraction.resize(pixels);
  padded.resize(static_cast<size_t>(height + 2) * (width + 2));
  if (!(augmentation.elastic > 0)) return;
  columns = MakeAxis(width, augmentation.elastic_sigma);
  rows = MakeAxis(height, augmentation.elastic_sigma);
  controls.resize(static_cast<size_t>(columns.controls) * rows.controls * 2);
  lines.resize(static_cast<size_t>(rows.controls) * width * 2);
}

size_t AugmentWorkspace::bytes() const {
  return (columns.weights.size() + rows.weights.size() + controls.size() + lines.size() +
          displacement.size()) *
             sizeof(float) +
         (columns.first.size() + rows.first.size()) * sizeof(int) + corner.size() * sizeof(uint32_t) +
         fraction.size() * sizeof(uint16_t) + padded.size();
}

void Augment(const Augmentation& augmentation, const uint8_t* in, int channels, int height, int width,
             uint64_t seed, uint32_t epoch, uint32_t sample, AugmentWorkspace& workspace, uint8_t* out) {
  const Random random = {
      epoch, sample, {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32) ^ kStream}};
  const Draw draw = DrawRigid(augmentation, random);
  const size_t pixels = static_cast<size_t>(height) * width;
  const bool warps = augmentation.warps();
  if (warps) Locate(augmentation, random, draw, height, width, workspace);
  for (int channel = 0; channel < channels; ++channel, in += pixels, out += pixels) {
    if (warps) {
      Resample(in, height, width, workspace, out);
    } else {
      Shift(in, height, width, draw, out);
    }
  }
}

}  // namespace synfire
