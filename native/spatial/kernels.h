// The table of inner loops of spatial layers: one copy per instruction set, all giving the same bits. Each
// works on sixteen lanes: sixteen samples at one site, or sixteen sites with one sample.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace synfire::spatial {

inline constexpr std::uint32_t kLanes = 16;

/// How the weights of a page are stored: `weights` numbers of `bits` bits, one after another, lowest bits
/// first.
struct PageFormat {
  std::uint32_t weights;
  std::uint32_t bits;
  std::uint32_t bytes;   ///< of a page
  std::uint32_t levels;  ///< 2^bits - 1: a stored q means the weight (2q - levels) / levels
};

/// The windows of sixteen sites: parts of codes by offset and lane, first of x, then of y, then of z.
struct Windows {
  const std::uint32_t* parts;  ///< [size[0] + size[1] + size[2]][lanes]
  std::array<std::uint32_t, 3> size;
  const std::array<std::uint32_t, 3>* offsets;  ///< of the cells
  std::uint32_t cells;
};

/// The response of sixteen lanes to what they see.
struct Response {
  const float* field;                ///< [weights][lanes]
  const std::uint8_t* const* pages;  ///< by lane; kZeroPage where nothing answers
  const float* scale;                ///< by lane: gain / (weights * levels); 0 where nothing answers
  const std::uint8_t* kinds;         ///< by lane: the number of the activation
  float decay;                       ///< share of the sum before that is kept
  float* state;                      ///< by lane, or null without decay
  float* output;                     ///< by lane; 0 where nothing answers
  float* slope;                      ///< by lane, or null: derivative of the output by the sum
};

/// Sixteen samples of one site pass their errors to the cells that they see.
struct Scatter {
  const float* delta;                ///< by lane, times scale; 0 where nothing answers
  const std::uint8_t* const* pages;  ///< by lane
  float* errors;                     ///< of the grid below
  std::size_t stride;                ///< between its cells
  const std::uint32_t* codes;        ///< of the window's cells
  std::uint32_t cells;
};

/// Sixteen cells collect the errors of the sites that see them, from the last corner of their box to the
/// first.
struct Gather {
  const float* delta;           ///< by code of the grid above, times scale
  const std::uint32_t* routes;  ///< by code of the grid above: number of the page that answered, or kNoPage
  const std::uint8_t* weights;  ///< all pages
  const std::uint32_t*
      seers;  ///< per axis, [count][lanes]: parts of codes above; kNoPage where there is none
  const std::uint32_t* places;  ///< per axis, [count][lanes]: offsets of the cell in the seer's window, as
                                ///< parts of an index into `slots`
  std::uint32_t counts[3];
  const std::uint32_t* slots;  ///< number of a window's cell by its raster index
  float* sums;                 ///< by lane
};

/// The change of up to sixteen pages.
struct Update {
  const float* gradient;           ///< [weights][lanes]
  const float* step;               ///< by lane, in steps of the quantised weight per unit of the gradient
  std::uint8_t* const* pages;      ///< by lane
  std::int16_t* const* residuals;  ///< by lane, in 1/32768 of half a step; null to round at random
  const std::uint32_t* ids;        ///< by lane: of neurons
  const std::uint32_t* stream;     ///< by lane: context and layer
  std::uint32_t batch;
  std::uint32_t key[2];
  std::uint32_t lanes;
  float* dots;  ///< by lane: gradient times (2q - levels), before the change
};

inline constexpr std::uint32_t kNoPage = 0xFFFFFFFF;

/// Stands for the page of a lane that nothing answers: zeros, as many as the largest page has bytes.
inline constexpr std::uint32_t kMostPageBytes = 32768;
extern const std::uint8_t kZeroPage[kMostPageBytes];

struct Kernels {
  /// field[k][lane] = values[codes[k] * stride + lane]; the last row is 1.
  void (*load_rows)(const float* values, std::size_t stride, const std::uint32_t* codes, std::uint32_t cells,
                    float* field);
  /// The same for sixteen windows: the code of cell k is the union of the parts of its three offsets.
  void (*load_cells)(const float* values, const Windows& windows, float* field);
  /// Contexts by lane, from the windows and their middle values; returns a bit for each lane that sees
  /// anything but 0.
  std::uint32_t (*contexts)(const float* field, const float* middle, std::uint32_t cells,
                            std::uint32_t pattern_bits, std::uint8_t* contexts);
  /// By lane, the place of the page that answers for a context among those that a neuron has stored.
  void (*ranks)(const std::uint64_t* stored, const std::uint8_t* contexts, std::uint32_t* ranks);
  void (*respond)(const PageFormat&, const Response&);
  void (*scatter)(const PageFormat&, const Scatter&);
  void (*gather)(const PageFormat&, const Gather&);
  void (*update)(const PageFormat&, const Update&);
  /// sums[row[lane]][k] += delta[lane] * field[k][lane], lane by lane; rows of 255 are left out.
  void (*accumulate)(const float* field, const float* delta, const std::uint8_t* row, std::uint32_t weights,
                     std::size_t width, float* sums);
  /// Morton codes of positions x, y, z.
  void (*encode)(const std::uint16_t* positions, std::size_t count, std::uint64_t* codes);
};

extern const Kernels kKernelsBase;
#if defined(__x86_64__)
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;
#endif

/// The copy for ActiveIsa().
const Kernels& ActiveKernels();

}  // namespace synfire::spatial
