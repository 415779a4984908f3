// Augmentation of one 8-bit sample: shift, rotation and elastic distortion in a single resampling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace synfire {

// Ranges that each sample draws from; all zero means that samples pass unchanged.
struct Augmentation {
  int shift = 0;             // whole pixels, uniform in [-shift, shift] per axis
  float rotate_degrees = 0;  // uniform in [-rotate_degrees, rotate_degrees] about the centre
  float elastic = 0;         // root mean square displacement per axis, in pixels
  float elastic_sigma = 4;   // smoothness of the displacement, in pixels

  bool any() const { return shift > 0 || warps(); }
  // Whether pixels must be interpolated, that is, more than a shift is asked for.
  bool warps() const { return rotate_degrees > 0 || elastic > 0; }
};

// Throws Error{kInvalidArgument} naming the field that is out of range for samples of this size.
void CheckAugmentation(const Augmentation& augmentation, int height, int width);

// Scratch memory of one worker, sized once for one augmentation and sample size so that Augment allocates
// nothing.
struct AugmentWorkspace {
  // The four spline weights of every pixel position along one axis.
  struct Axis {
    int controls = 0;
    std::vector<int> first;  // per position: first of its four controls
    std::vector<float> weights;
  };

  AugmentWorkspace() = default;
  AugmentWorkspace(const Augmentation& augmentation, int height, int width);
  size_t bytes() const;

  Axis columns, rows;
  std::vector<float> controls;      // random displacements on a coarse grid: x of every control, then y
  std::vector<float> lines;         // the grid interpolated along rows
  std::vector<float> displacement;  // one row of pixels: x, then y
  std::vector<uint32_t> corner;     // per pixel: offset of the upper left neighbour in `padded`
  std::vector<uint16_t> fraction;   // per pixel: x and y fraction in 1/128, in the low and high byte
  std::vector<uint8_t> padded;      // one channel inside a border of zeros
};

// Writes the augmented form of `in` (channels x height x width) to `out`; the two must not overlap.
// The result depends on seed, epoch and sample only. What moves in from outside is zero. `workspace` must
// have been made for the same augmentation and size.
void Augment(const Augmentation& augmentation, const uint8_t* in, int channels, int height, int width,
             uint64_t seed, uint32_t epoch, uint32_t sample, AugmentWorkspace& workspace, uint8_t* out);

}  // namespace synfire
