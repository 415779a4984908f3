// Stroke models of the ten digits: the ways people write them, as points that a pen passes.
#pragma once

#include <array>
#include <span>

namespace synfire {

// How the pen treats a point.
enum class Pen : unsigned char {
  kSmooth,  // passes on a curve
  kCorner,  // passes and turns sharply
  kStart,   // puts the pen down here
};

// x grows to the right and y downwards; a glyph lies in about [0, 1] x [0, 1].
struct GlyphPoint {
  float x;
  float y;
  Pen pen = Pen::kSmooth;
};

struct Glyph {
  float weight;  // share among the glyphs of its digit
  std::span<const GlyphPoint> points;
};

// The written variants of `digit`.
std::span<const Glyph> GlyphsOf(int digit);

}  // namespace synfire
